//! The lead: turns a step into one instruction for the worker, and revises it after a failure.

use super::budget::{Draft, Part};
use super::call::{Call, Reply, Spoken};
use super::cut::{Keep, Text};
use super::error::AgentError;
use super::examples;
use super::form::{Asking, Form, Repairable, Words};
use super::grammar;
use super::live::Turn;
use super::state::{self, Before, Faulty};
use super::tolerant;
use super::worker::artifact_part;
use minijinja::Value;
use opzest_core::artifact::Artifact;
use opzest_core::session::State;
use opzest_core::workflow::Agent;

/// Characters of an instruction; what is beyond is cut.
const MOST_CHARACTERS: usize = 4_000;

/// Bytes of an error, of feedback, of a request: what matters in a longer one is in what is kept.
const MOST_WORDS: usize = 6_000;

const TEXT_FORM: &str = "Answer in the form of the example: a thought in one sentence, then one instruction in one to three sentences, all in one line.";

const JSON_FORM: &str = "Answer with a JSON object: \"reasoning\" says in one sentence what matters here, \"instruction\" says in one to three sentences what the worker shall do now.";

const SCHEMA: &str = r#"{"type":"object","properties":{"reasoning":{"type":"string"},"instruction":{"type":"string"}},"required":["reasoning","instruction"],"additionalProperties":false}"#;

/// What the lead wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Instructed {
    pub spoken: Spoken,
    pub instruction: String,
    /// The model gave none: this one was made from the step and what went wrong.
    pub fallback: bool,
}

/// Writes the instruction for the cycle that begins.
pub async fn instruct(state: &State, call: &Call<'_>) -> Result<Instructed, AgentError> {
    let workflow = state::workflow(state)?;
    let step = state
        .current_step()
        .ok_or(AgentError::NotWanted { what: "step" })?;
    let before = state::before(state);
    let asking = Asking {
        form: Form {
            text: Words {
                format: TEXT_FORM.to_owned(),
                example: examples::lead(workflow.product.kind),
            },
            grammar: Some(grammar::instruction()),
            json: Some((JSON_FORM, SCHEMA)),
            turn: Turn::Word {
                word: "Instruction:",
                keep: false,
            },
        },
        draft: |words| {
            let mut fixed = state::common(workflow, words);
            fixed.insert("redo", Value::from(before.redo));
            Draft {
                agent: Agent::Lead,
                workflow,
                fixed,
                parts: parts(state, &step.text, &before),
            }
        },
        answer: workflow
            .agents
            .lead
            .max_tokens
            .min(call.caller.context_size / 4),
        call,
        trace_top_k: None,
    };
    let told = asking.ask(read).await?;
    let (reasoning, instruction, fallback) = match told.read {
        Ok((reasoning, instruction)) => (reasoning, instruction, false),
        Err(NoInstruction) => (String::new(), made_from(&step.text, &before), true),
    };
    let mut spoken = call.spoken(told.reply, told.origin, reasoning);
    if fallback {
        let note = "the lead's answer had no instruction: the step itself was taken".into();
        spoken.written.left_out.push(note);
    }
    Ok(Instructed {
        spoken,
        instruction,
        fallback,
    })
}

/// The least important first.
fn parts(state: &State, step: &str, before: &Before<'_>) -> Vec<Part> {
    let plain = |name, label: &str, text: &str, keep, least| Part {
        name,
        text: Text::plain(label, text, keep),
        least,
        most: MOST_WORDS,
    };
    let faulty = match before.faulty {
        Some(Faulty::Files(artifact)) => Text::artifact("the failed version of ", artifact),
        Some(Faulty::Text(raw)) => Text::plain("the failed answer", raw, Keep::Ends),
        None => Text::artifact("", &Artifact::EMPTY),
    };
    vec![
        Part {
            name: "faulty",
            text: faulty,
            least: 400,
            most: usize::MAX,
        },
        artifact_part(&state.artifact, 400),
        plain(
            "request",
            "your request",
            &state.start.request,
            Keep::Beginning,
            400,
        ),
        plain(
            "previous",
            "the last instruction",
            before.instruction,
            Keep::Beginning,
            200,
        ),
        plain("error", "the error's text", before.error, Keep::End, 400),
        plain(
            "feedback",
            "your feedback",
            before.feedback,
            Keep::Beginning,
            400,
        ),
        plain("step", "the step", step, Keep::Beginning, 0),
    ]
}

/// A last resort: what the lead was to put into better words.
fn made_from(step: &str, before: &Before<'_>) -> String {
    let mut instruction = step.trim().to_owned();
    if !before.error.is_empty() {
        let lines: Vec<_> = before.error.trim().lines().collect();
        let last = lines[lines.len().saturating_sub(3)..].join("\n");
        instruction.push_str(&format!("\nThe last version failed: {last}"));
    }
    if !before.feedback.is_empty() {
        instruction.push_str(&format!("\nThe user says: {}", before.feedback.trim()));
    }
    tolerant::clipped(&instruction, MOST_CHARACTERS)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no instruction in the answer")]
struct NoInstruction;

impl Repairable for NoInstruction {
    fn repair(&self, form: &str) -> Option<String> {
        Some(format!("I cannot use this answer: {self}. {form}"))
    }
}

fn read(reply: &Reply) -> Result<(String, String), NoInstruction> {
    let found = tolerant::instruction(&reply.raw).ok_or(NoInstruction)?;
    Ok((
        found.reasoning,
        tolerant::clipped(&found.text, MOST_CHARACTERS),
    ))
}
