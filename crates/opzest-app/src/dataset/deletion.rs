//! What a deletion left, in sentences.

use opzest_core::ids::{ModelId, SessionId};
use opzest_store::{Remains, Store, StoreError};
use std::collections::BTreeSet;

/// One sentence for each place in which a deleted text still stands. Several sessions are told apart by their
/// titles.
pub(super) fn sentences(store: &Store, remains: &[Remains]) -> Result<Vec<String>, StoreError> {
    let sessions: BTreeSet<_> = remains.iter().map(session_of).collect();
    let told = remains.iter().map(|place| {
        let sentence = sentence(place);
        match sessions.len() {
            ..=1 => Ok(sentence),
            _ => {
                let title = store.session(session_of(place))?.title;
                Ok(format!("\u{201c}{title}\u{201d}: {sentence}"))
            }
        }
    });
    told.collect()
}

/// One sentence for each trained model that has learned from a deleted row.
pub(crate) fn learned(store: &Store, models: &[ModelId]) -> Result<Vec<String>, StoreError> {
    let told = models.iter().map(|id| {
        let name = store.model(id)?.details.name;
        Ok(format!(
            "The model \u{201c}{name}\u{201d} has learned from it. Delete its training run if it is to go, too."
        ))
    });
    told.collect()
}

fn session_of(place: &Remains) -> SessionId {
    match place {
        Remains::OtherRows { session, .. }
        | Remains::LaterPrompts { session, .. }
        | Remains::Product { session, .. }
        | Remains::InWork { session } => *session,
    }
}

fn sentence(place: &Remains) -> String {
    match place {
        Remains::OtherRows { rows, .. } => format!(
            "The accepted text is still in {} of the same step, and goes with the last of them.",
            counted(*rows, "other row")
        ),
        Remains::LaterPrompts { rows, .. } => format!(
            "A file of it is still in the prompt of {} of later steps.",
            counted(*rows, "row")
        ),
        Remains::Product { versions, .. } => format!(
            "A file of it is still in {} of the product.",
            counted(*versions, "version")
        ),
        Remains::InWork { .. } => "The session still works on a file of it.".to_owned(),
    }
}

fn counted(count: u32, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_told() {
        let session = SessionId::new(1, [0; 10]);
        let told = [
            Remains::OtherRows { session, rows: 2 },
            Remains::LaterPrompts { session, rows: 1 },
            Remains::Product {
                session,
                versions: 3,
            },
            Remains::InWork { session },
        ]
        .map(|place| sentence(&place));
        assert_eq!(
            told,
            [
                "The accepted text is still in 2 other rows of the same step, and goes with the last of them.",
                "A file of it is still in the prompt of 1 row of later steps.",
                "A file of it is still in 3 versions of the product.",
                "The session still works on a file of it.",
            ]
        );
    }
}
