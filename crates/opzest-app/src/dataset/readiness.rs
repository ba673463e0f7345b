//! Whether there is enough of one use case to train on.
//!
//! The rule is the trainer's ([`opzest_dorpo::data::readiness`]); here are its words. Who wants to train earlier may.

use crate::dto::Readiness;
use opzest_dorpo::data::readiness::{Counts, Demand, Missing, missing, share};

/// The share is that of the demand that is met least.
pub(crate) fn readiness(counts: Counts) -> Readiness {
    let missing: Vec<_> = missing(counts).into_iter().map(sentence).collect();
    Readiness {
        share: share(counts) as f32,
        ready: missing.is_empty(),
        words: words(counts.complete, missing.len()),
        missing,
    }
}

fn sentence(missing: Missing) -> String {
    let [one, many] = match missing.demand {
        Demand::Complete => ["Accept 1 more result.", "Accept {} more results."],
        Demand::Paired => [
            "1 more result needs a version that you did not like: say what is wrong before you accept.",
            "{} more results need a version that you did not like: say what is wrong before you accept.",
        ],
        Demand::Groups => [
            "Work in 1 more session, on something else.",
            "Work in {} more sessions, each on something else.",
        ],
        Demand::HeldOut => [
            "Hold back 1 more result, to judge the new model by.",
            "Hold back {} more results, to judge the new model by.",
        ],
    };
    match missing.need - missing.have {
        1 => one.to_owned(),
        lacks => many.replace("{}", &lacks.to_string()),
    }
}

fn words(have: usize, missing: usize) -> String {
    let need = Demand::Complete.need();
    match (need.saturating_sub(have), missing) {
        (_, 0) => format!("{have} finished results. You can train."),
        (0, _) => format!("{have} finished results, and something is still missing."),
        (lacks, 1) => {
            format!("{have} of {need} finished results. {lacks} more and you can train.")
        }
        (lacks, _) => format!("{have} of {need} finished results. {lacks} more are needed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Counts = Counts {
        complete: 30,
        paired: 10,
        held_out: 5,
        groups: 5,
    };

    #[test]
    fn enough_is_ready() {
        let ready = readiness(ENOUGH);
        assert!(ready.ready && ready.missing.is_empty());
        assert_eq!(ready.share, 1.0);
        assert_eq!(ready.words, "30 finished results. You can train.");
        let more = Counts {
            complete: 900,
            ..ENOUGH
        };
        assert_eq!(readiness(more).share, 1.0);
    }

    #[test]
    fn what_is_missing_is_said() {
        let twelve = Counts {
            complete: 12,
            ..ENOUGH
        };
        let told = readiness(twelve);
        assert_eq!(
            told.words,
            "12 of 30 finished results. 18 more and you can train."
        );
        assert_eq!(told.missing, ["Accept 18 more results."]);
        assert_eq!((told.share, told.ready), (0.4, false));

        let nothing = readiness(Counts::default());
        assert_eq!((nothing.share, nothing.missing.len()), (0.0, 4));
        assert_eq!(
            nothing.words,
            "0 of 30 finished results. 30 more are needed."
        );

        let one_kind = Counts {
            groups: 4,
            held_out: 1,
            ..ENOUGH
        };
        let told = readiness(one_kind);
        assert_eq!(
            told.words,
            "30 finished results, and something is still missing."
        );
        assert_eq!(
            told.missing,
            [
                "Work in 1 more session, on something else.",
                "Hold back 4 more results, to judge the new model by.",
            ]
        );
        assert_eq!(told.share, 0.2);
    }
}
