//! Which part of the work a new model is judged by. Decided by the group that rows belong to (a session, or
//! what an import calls a group), never by the row, so that no part of a session is trained on while another
//! part of it judges.

use opzest_core::dataset::Split;
use sha2::{Digest, Sha256};

/// Of 256: about one group in five.
const HELD_OUT: u8 = 51;

/// The same for the same group, on every computer.
pub(crate) fn split_of(group: &str) -> Split {
    match Sha256::digest(group)[0] {
        ..HELD_OUT => Split::HeldOut,
        _ => Split::Train,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_group_in_five_is_held_out_and_stays_so() {
        let held_out = (0..10_000)
            .filter(|number| split_of(&format!("group {number}")) == Split::HeldOut)
            .count();
        assert!((1_800..2_200).contains(&held_out), "{held_out} of 10000");
        // By sha256sum: ca..., b8....
        assert_eq!(split_of("a"), Split::Train);
        assert_eq!(split_of("group 5"), split_of("group 5"));
    }
}
