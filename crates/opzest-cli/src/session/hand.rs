//! The user's own version, from a file: it takes the main file's place, whatever it is called.

use opzest_app::dto::{CycleEnd, CycleView, FileText, SessionView, StepStatus};
use std::path::Path;

/// The attempt's files, with this one's text in the main file.
pub fn own_version(session: &SessionView, file: &str) -> anyhow::Result<Vec<FileText>> {
    let own = super::text_file(Path::new(file))?;
    let name = session.workflow.as_ref().map(|used| used.file_name.clone());
    Ok(in_place_of_main(
        name.unwrap_or(own.name),
        own.text,
        files_now(session),
    ))
}

/// The main file leads: it is what is run and shown first.
fn in_place_of_main(name: String, text: String, files: &[FileText]) -> Vec<FileText> {
    let others = files.iter().filter(|file| file.name != name).cloned();
    let others: Vec<_> = others.collect();
    let mut all = vec![FileText { name, text }];
    all.extend(others);
    all
}

/// What the user looks at: the attempt that waits or has failed, else what there was before it.
fn files_now(session: &SessionView) -> &[FileText] {
    let current = session
        .steps
        .iter()
        .find(|step| step.status == StepStatus::Current);
    let last = current.and_then(|step| step.cycles.last());
    let stands = |cycle: &&CycleView| matches!(cycle.end, None | Some(CycleEnd::Error { .. }));
    let attempt = last.filter(stands).and_then(|cycle| cycle.attempt.as_ref());
    match attempt.filter(|attempt| !attempt.files.is_empty()) {
        Some(attempt) => &attempt.files,
        None => &session.files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> FileText {
        FileText {
            name: name.into(),
            text: text.into(),
        }
    }

    #[test]
    fn the_own_text_takes_the_main_files_place_and_the_others_stay() {
        let notes = file("a_notes.txt", "notes");
        let letter = file("document.md", "their letter");
        let own = file("document.md", "my letter");
        for (before, after) in [
            (
                vec![notes.clone(), letter],
                vec![own.clone(), notes.clone()],
            ),
            (vec![notes.clone()], vec![own.clone(), notes]),
            (vec![], vec![own]),
        ] {
            let all = in_place_of_main("document.md".into(), "my letter".into(), &before);
            assert_eq!(all, after);
        }
    }
}
