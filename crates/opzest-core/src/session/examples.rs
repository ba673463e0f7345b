//! The storing rules: which rows of the dataset a session makes, as a pure function of its state, and
//! with that of its log.
//!
//! 1. A step's first instruction, as the worker was given it, is the prompt of all its rows.
//! 2. An error makes a row with the erroneous artifact as rejected.
//! 3. A redo does the same.
//! 4. A further edit does the same (and its artifact becomes the current one).
//! 5. An acceptance writes chosen into every row of the step, or makes one row with nothing rejected.
//!    A hand edit makes a row of the model's version, then is itself accepted.
//! 6. Text is always there; the generation names the trace, if there is one.
//! 7. Attempts of several teachers at a step are rows of that step alike.

use crate::artifact::Artifact;
use crate::chat::{ChatMessage, Role};
use crate::conversation::ModelName;
use crate::ids::{AttemptId, ExampleId, GenerationId, StepId};
use crate::session::event::{Event, Written};
use crate::session::machine::{Ignored, Session};
use crate::session::state::{Attempt, Cycle, CycleEnd, State, Step, Verdict};
use crate::words::words;
use serde::{Deserialize, Serialize};

/// Why an attempt was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Error,
    Redo,
    FurtherEdit,
    /// The user wrote a better one.
    HandEdit,
}

words!(Reason, "reason", {
    Error => "error",
    Redo => "redo",
    FurtherEdit => "further_edit",
    HandEdit => "hand_edit",
});

/// The rejected side of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    pub attempt: AttemptId,
    /// The worker's raw output.
    pub text: String,
    pub reasoning: String,
    /// `None`: none could be found in the text.
    pub artifact: Option<Artifact>,
    pub reason: Reason,
    /// The user's words, or the error.
    pub words: String,
    pub generation: GenerationId,
    pub model: ModelName,
    pub prompt_version: u32,
    /// The cycle of the step, from 1.
    pub cycle: u32,
}

/// The chosen side of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    pub attempt: AttemptId,
    pub text: String,
    pub reasoning: String,
    pub artifact: Artifact,
    /// The user's words; may be empty.
    pub words: String,
    /// `None`: the user wrote it, so there is no trace.
    pub generation: Option<GenerationId>,
    /// `None`: the user wrote it.
    pub model: Option<ModelName>,
    /// 0 where the user wrote it.
    pub prompt_version: u32,
    /// Accepted although the check failed.
    pub overruled: bool,
    pub cycle: u32,
}

/// One row. Pending while it has nothing chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub id: ExampleId,
    pub step: StepId,
    /// The step's text when the prompt was written.
    pub asked: String,
    pub prompt: Vec<ChatMessage>,
    pub rejected: Option<Rejected>,
    pub chosen: Option<Chosen>,
}

/// The rows that a log makes.
pub fn examples(log: &[Event]) -> Result<Vec<Example>, (usize, Ignored)> {
    Ok(Session::replay(log.iter().cloned())?.examples())
}

impl Written {
    /// The messages without a repair: up to the model's first, unusable answer. What it was given to do,
    /// and with that the prompt of a step's rows.
    pub fn asked(&self) -> &[ChatMessage] {
        let answer = |message: &ChatMessage| message.role == Role::Assistant;
        let end = self.messages.iter().position(answer);
        &self.messages[..end.unwrap_or(self.messages.len())]
    }
}

impl State {
    pub(super) fn examples(&self) -> Vec<Example> {
        self.steps.iter().flat_map(rows_of).collect()
    }
}

fn rows_of(step: &Step) -> Vec<Example> {
    let Some(prompt) = &step.prompt else {
        return Vec::new();
    };
    let asked = step.asked.as_ref().unwrap_or(&step.text);
    let numbered = || (1..).zip(&step.cycles);
    let chosen = numbered().find_map(|(number, cycle)| chosen(cycle, number));
    let row = |id, rejected| Example {
        id,
        step: step.id,
        asked: asked.clone(),
        prompt: prompt.clone(),
        rejected,
        chosen: chosen.clone(),
    };
    let mut rows: Vec<_> = numbered()
        .filter_map(|(number, cycle)| rejected(cycle, number))
        .map(|rejected| row(rejected.attempt.into(), Some(rejected)))
        .collect();
    if let (true, Some(chosen)) = (rows.is_empty(), &chosen) {
        rows.push(row(chosen.attempt.into(), None));
    }
    rows
}

/// What a cycle gives to reject.
fn rejected(cycle: &Cycle, number: u32) -> Option<Rejected> {
    let attempt = cycle.attempt.as_ref()?;
    let said = || {
        cycle
            .feedback
            .as_ref()
            .map(|feedback| feedback.words.clone())
    };
    let (reason, words) = match cycle.end.as_ref()? {
        CycleEnd::Error { error } => (Reason::Error, error.clone()),
        CycleEnd::Judged { verdict, .. } => match verdict {
            Verdict::Redo => (Reason::Redo, said().unwrap_or_default()),
            Verdict::FurtherEdit => (Reason::FurtherEdit, said().unwrap_or_default()),
            Verdict::Accepted => return None,
        },
        CycleEnd::HandEdited { words, .. } => {
            let of_edit = Some(words.clone()).filter(|words| !words.is_empty());
            (Reason::HandEdit, of_edit.or_else(said).unwrap_or_default())
        }
        CycleEnd::Overruled => return None,
    };
    Some(Rejected {
        attempt: attempt.id,
        text: attempt.written.raw.clone(),
        reasoning: attempt.written.reasoning.clone(),
        artifact: attempt.artifact.clone(),
        reason,
        words,
        generation: attempt.written.generation,
        model: attempt.written.model.clone(),
        prompt_version: attempt.written.prompt_version,
        cycle: number,
    })
}

/// What a cycle gives to choose.
fn chosen(cycle: &Cycle, number: u32) -> Option<Chosen> {
    let said = cycle
        .feedback
        .as_ref()
        .map(|feedback| feedback.words.clone());
    let of_model = |attempt: &Attempt, overruled| {
        Some(Chosen {
            attempt: attempt.id,
            text: attempt.written.raw.clone(),
            reasoning: attempt.written.reasoning.clone(),
            artifact: attempt.artifact.clone()?,
            words: said.clone().unwrap_or_default(),
            generation: Some(attempt.written.generation),
            model: Some(attempt.written.model.clone()),
            prompt_version: attempt.written.prompt_version,
            overruled,
            cycle: number,
        })
    };
    match cycle.end.as_ref()? {
        CycleEnd::Judged {
            verdict: Verdict::Accepted,
            ..
        } => of_model(cycle.attempt.as_ref()?, false),
        CycleEnd::Overruled => of_model(cycle.attempt.as_ref()?, true),
        CycleEnd::HandEdited {
            attempt,
            artifact,
            raw,
            words,
            ..
        } => Some(Chosen {
            attempt: *attempt,
            text: raw.clone(),
            reasoning: String::new(),
            artifact: artifact.clone(),
            words: words.clone(),
            generation: None,
            model: None,
            prompt_version: 0,
            overruled: false,
            cycle: number,
        }),
        CycleEnd::Error { .. } | CycleEnd::Judged { .. } => None,
    }
}
