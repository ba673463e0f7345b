//! The worker: reads an instruction and the current artifact, and writes the whole new artifact.

use super::budget::{Draft, Part};
use super::call::{Call, Reply, Spoken};
use super::cut::{Keep, Text};
use super::error::AgentError;
use super::examples;
use super::form::{Asking, Form, Repairable, Words};
use super::frame;
use super::grammar;
use super::live::Turn;
use super::product;
use super::reading::{FormProblem, read_answer};
use super::state::{self, artifact_words};
use opzest_core::artifact::Artifact;
use opzest_core::chat::ChatMessage;
use opzest_core::session::State;
use opzest_core::workflow::{Agent, Workflow};
use opzest_llm::FinishReason;

/// What a worker answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    pub spoken: Spoken,
    /// The new artifact; or why there is none, also after the model was asked to repair its answer:
    /// that is an error of the attempt, with a row.
    pub artifact: Result<Artifact, FormProblem>,
    /// The model needed the repair request.
    pub repaired: bool,
}

/// Carries the lead's instruction out.
pub async fn work(state: &State, call: &Call<'_>) -> Result<Worked, AgentError> {
    let workflow = state::workflow(state)?;
    let instruction = state::instruction(state).ok_or(AgentError::NotWanted {
        what: "instruction",
    })?;
    let current = &state.artifact;
    let asking = Asking {
        form: form(workflow, current),
        draft: |words| draft(workflow, instruction, current, words),
        answer: room_for(workflow, current, call.caller.context_size),
        call,
        trace_top_k: call.caller.trace_top_k,
    };
    let told = asking.ask(|reply| read(reply, workflow, current)).await?;
    let (reasoning, artifact) = match told.read {
        Ok((reasoning, artifact)) => (reasoning, Ok(artifact)),
        Err(problem) => (String::new(), Err(problem)),
    };
    Ok(Worked {
        spoken: call.spoken(told.reply, told.origin, reasoning),
        artifact,
        repaired: told.repaired,
    })
}

/// What a worker would have read for the user's own version: no model is called and nothing is cut.
pub fn messages_for_hand_edit(state: &State) -> Result<Vec<ChatMessage>, AgentError> {
    let workflow = state::workflow(state)?;
    let step = state
        .current_step()
        .ok_or(AgentError::NotWanted { what: "step" })?;
    let instruction = state::instruction(state).unwrap_or(&step.text);
    let current = &state.artifact;
    draft(workflow, instruction, current, form(workflow, current).text).messages()
}

fn draft<'a>(
    workflow: &'a Workflow,
    instruction: &str,
    current: &Artifact,
    words: Words,
) -> Draft<'a> {
    Draft {
        agent: Agent::Worker,
        workflow,
        fixed: state::common(workflow, words),
        parts: vec![
            Part {
                name: "artifact",
                text: Text::artifact("", current),
                least: 600,
                most: usize::MAX,
            },
            Part {
                name: "instruction",
                text: Text::plain("the instruction", instruction, Keep::Beginning),
                least: 0,
                most: usize::MAX,
            },
        ],
    }
}

fn form(workflow: &Workflow, current: &Artifact) -> Form {
    let width = frame::width_for(current);
    let main = product::main_file(&workflow.product, current);
    let several = product::has_several(&workflow.product, current);
    let others = match several {
        true => {
            " Each other file that you change follows in the same way with its own name; the rest stays as it is."
        }
        false => "",
    };
    Form {
        text: Words {
            format: format!(
                "Answer in the form of the example: one short sentence, then the whole of {main} between its two marker lines.{others}"
            ),
            example: examples::worker(workflow.product.kind, main, width),
        },
        grammar: Some(grammar::files(width, main, several)),
        json: None,
        turn: Turn::Markers,
    }
}

/// Tokens to keep free: the whole artifact again, and some more; never more than half of the context.
fn room_for(workflow: &Workflow, current: &Artifact, context_size: u32) -> u32 {
    let now = u32::try_from(current.bytes() / 3).unwrap_or(u32::MAX);
    let again = now.saturating_add(now / 4).saturating_add(512);
    again
        .min(workflow.agents.worker.max_tokens)
        .min(context_size / 2)
}

fn read(
    reply: &Reply,
    workflow: &Workflow,
    current: &Artifact,
) -> Result<(String, Artifact), FormProblem> {
    let answer = read_answer(&reply.raw, &workflow.product, current);
    let cut = || match reply.summary.finish {
        FinishReason::ContextFull => FormProblem::ContextFull,
        _ => FormProblem::CutOff {
            tokens: reply.summary.usage.answer_tokens,
        },
    };
    match answer {
        Ok(answer) if answer.open && reply.is_cut() => Err(cut()),
        Ok(answer) => Ok((answer.reasoning, answer.artifact)),
        Err(_) if reply.is_cut() => Err(cut()),
        Err(problem) => Err(problem),
    }
}

impl Repairable for FormProblem {
    fn repair(&self, form: &str) -> Option<String> {
        match self {
            // There is nothing to repair, and no room to repeat it.
            Self::CutOff { .. } | Self::ContextFull | Self::Empty => None,
            Self::NoFile | Self::EmptyFile | Self::FileName { .. } => Some(format!(
                "I cannot use this answer: {self}. Write it once more, in this form. {form}"
            )),
        }
    }
}

/// The current artifact in words for a template; empty where there is none.
pub(super) fn artifact_part(current: &Artifact, least: usize) -> Part {
    Part {
        name: "artifact",
        text: artifact_words(current),
        least,
        most: usize::MAX,
    }
}
