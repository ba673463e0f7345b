//! The worker: reads an instruction and the current artifact, and writes the whole new artifact.

use super::budget::{Draft, Part};
use super::call::{Call, Reply, Spoken};
use super::cut::{Keep, Text};
use super::error::AgentError;
use super::form::{Asking, Form, Repairable};
use super::frame;
use super::grammar;
use super::live::Turn;
use super::reading::{FormProblem, read_answer};
use super::state::{self, artifact_words};
use minijinja::Value;
use opzest_core::artifact::Artifact;
use opzest_core::chat::ChatMessage;
use opzest_core::session::State;
use opzest_core::workflow::{Agent, ArtifactKind, Workflow};
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
        draft: |format| draft(workflow, instruction, current, format),
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
    format: String,
) -> Draft<'a> {
    let mut fixed = state::common(workflow, format);
    fixed.insert("example", Value::from(example(workflow, current)));
    Draft {
        agent: Agent::Worker,
        workflow,
        fixed,
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
    let main = state::main_file(workflow, current);
    let several = current.files().len() > 1;
    let others = match several {
        true => {
            " Each other file that you change follows in the same way with its own name; the rest stays as it is."
        }
        false => "",
    };
    Form {
        text: format!(
            "Answer in the form of the example: one short sentence, then the whole of {main} between its two marker lines.{others}"
        ),
        grammar: Some(grammar::files(width, main, several)),
        json: None,
        turn: Turn::Markers,
    }
}

/// What an answer looks like: small models follow an example where they do not follow a description.
fn example(workflow: &Workflow, current: &Artifact) -> String {
    let (instruction, thought, text) = match workflow.product.kind {
        ArtifactKind::Python => (
            "Print the word hello three times.",
            "I use a loop that prints three times.",
            "for _ in range(3):\n    print(\"hello\")",
        ),
        ArtifactKind::Markdown => (
            "Write one sentence that thanks Mia for the cake.",
            "I thank Mia in one friendly sentence.",
            "Dear Mia, thank you very much for the wonderful cake!",
        ),
        ArtifactKind::Page => (
            "Make a page that says hello.",
            "I make a small page with a heading.",
            "<!DOCTYPE html>\n<html>\n<head><title>Hello</title></head>\n<body>\n<h1>Hello!</h1>\n</body>\n</html>",
        ),
        ArtifactKind::Json => (
            "List the colours red and blue.",
            "I list the two colours.",
            "[\n  {\"colour\": \"red\"},\n  {\"colour\": \"blue\"}\n]",
        ),
    };
    let width = frame::width_for(current);
    let main = state::main_file(workflow, current);
    format!(
        "Example instruction: {instruction}\nExample answer:\n{thought}\n{}\n{}{}",
        frame::opening(width, main.as_str()),
        frame::fenced(main, text),
        frame::closing(width),
    )
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
