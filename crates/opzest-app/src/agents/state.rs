//! What the agents read, taken from a session's state.

use super::cut::Text;
use super::error::AgentError;
use super::form::Words;
use super::prompt::Values;
use minijinja::Value;
use opzest_core::artifact::Artifact;
use opzest_core::session::{Cycle, CycleEnd, State, Verdict};
use opzest_core::workflow::{ArtifactKind, Workflow};

pub(super) fn workflow(state: &State) -> Result<&Workflow, AgentError> {
    let setup = state.setup.as_ref();
    setup
        .map(|setup| &setup.workflow)
        .ok_or(AgentError::NotWanted { what: "workflow" })
}

/// The lead's instruction of the cycle that runs.
pub(super) fn instruction(state: &State) -> Option<&str> {
    let instruction = state.current_cycle()?.instruction.as_ref()?;
    Some(&instruction.text)
}

/// The values that every template has.
pub(super) fn common(workflow: &Workflow, words: Words) -> Values {
    let mut values = Values::new();
    values.insert("file", Value::from(workflow.product.file.as_str()));
    values.insert("kind", Value::from(kind_in_words(workflow.product.kind)));
    values.insert("format", Value::from(words.format));
    values.insert("example", Value::from(words.example));
    values
}

pub(super) fn kind_in_words(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Markdown => "a document in Markdown",
        ArtifactKind::Python => "a Python script",
        ArtifactKind::Page => "a web page in one HTML file",
        ArtifactKind::Json => "a JSON file",
    }
}

pub(super) fn artifact_words(current: &Artifact) -> Text {
    Text::artifact("", current)
}

/// What came of the step's last attempt, for the instruction after it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Before<'a> {
    pub(super) instruction: &'a str,
    /// The attempt that was of no use: its files, or its raw text if it had none. A further edit's
    /// attempt is the current artifact, and not here.
    pub(super) faulty: Option<Faulty<'a>>,
    pub(super) error: &'a str,
    pub(super) feedback: &'a str,
    pub(super) redo: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Faulty<'a> {
    Files(&'a Artifact),
    Text(&'a str),
}

/// The last ended cycle of the current step.
pub(super) fn before(state: &State) -> Before<'_> {
    let cycles = state.current_step().map_or(&[][..], |step| &step.cycles);
    let Some(cycle) = cycles.iter().rev().find(|cycle| cycle.end.is_some()) else {
        return Before::default();
    };
    let instruction = cycle
        .instruction
        .as_ref()
        .map_or("", |written| &written.text);
    let feedback = cycle
        .feedback
        .as_ref()
        .map_or("", |feedback| &feedback.words);
    let of_no_use = Before {
        instruction,
        faulty: faulty(cycle),
        ..Before::default()
    };
    match cycle.end.as_ref() {
        Some(CycleEnd::Error { error }) => Before { error, ..of_no_use },
        Some(CycleEnd::Judged {
            verdict: Verdict::Redo,
            ..
        }) => Before {
            feedback,
            redo: true,
            ..of_no_use
        },
        Some(CycleEnd::Judged {
            verdict: Verdict::FurtherEdit,
            ..
        }) => Before {
            feedback,
            faulty: None,
            ..of_no_use
        },
        // These end a step: nothing comes after them in it.
        Some(
            CycleEnd::Judged {
                verdict: Verdict::Accepted,
                ..
            }
            | CycleEnd::HandEdited { .. }
            | CycleEnd::Overruled,
        )
        | None => Before::default(),
    }
}

fn faulty(cycle: &Cycle) -> Option<Faulty<'_>> {
    let attempt = cycle.attempt.as_ref()?;
    Some(match &attempt.artifact {
        Some(artifact) => Faulty::Files(artifact),
        None => Faulty::Text(&attempt.written.raw),
    })
}
