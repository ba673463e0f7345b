//! The planner: chooses the workflow if the user has not, and turns the request into ordered steps.

use super::budget::{Draft, Part};
use super::call::{Call, Reply, Spoken};
use super::choose::{Choice, LETTERS};
use super::cut::{Keep, Text};
use super::error::AgentError;
use super::examples;
use super::form::{Asking, Form, Repairable, Words};
use super::grammar;
use super::live::Turn;
use super::state;
use super::tolerant;
use super::worker::artifact_part;
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::session::State;
use opzest_core::workflow::{Agent, Workflow, WorkflowId};

/// Steps of a plan at most, and characters of a step.
pub const MOST_STEPS: usize = 12;
const MOST_CHARACTERS: usize = 1_000;

/// Characters of the request by which a workflow is chosen.
const MOST_HEARD: usize = 300;

/// How many steps the grammar lets a local model write: small ones go on until they are stopped.
const GRAMMAR_STEPS: usize = 4;

const TEXT_FORM: &str = "Answer in the form of the example: a thought in one sentence, then as few steps as possible. One step is often enough.";

const JSON_FORM: &str = "Answer with a JSON object: \"reasoning\" says in one sentence what has to be made, \"steps\" is a list of texts, one for each step. Use as few steps as possible: one is often enough.";

const SCHEMA: &str = r#"{"type":"object","properties":{"reasoning":{"type":"string"},"steps":{"type":"array","items":{"type":"string"}}},"required":["reasoning","steps"],"additionalProperties":false}"#;

/// What the planner wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub spoken: Spoken,
    /// The user's choice, or the planner's.
    pub workflow: WorkflowId,
    /// One to [`MOST_STEPS`] texts.
    pub steps: Vec<String>,
    /// The model gave no plan: the request is its only step.
    pub fallback: bool,
}

/// Plans. `workflows` are those to choose from; they are not looked at if the session has one.
pub async fn plan(
    state: &State,
    workflows: &[Workflow],
    call: &Call<'_>,
) -> Result<Planned, AgentError> {
    let workflow = match &state.setup {
        Some(setup) => &setup.workflow,
        None => choose_workflow(state, workflows, call).await?,
    };
    let asking = Asking {
        form: Form {
            text: Words {
                format: TEXT_FORM.to_owned(),
                example: examples::planner(workflow.product.kind),
            },
            grammar: Some(grammar::plan(GRAMMAR_STEPS)),
            json: Some((JSON_FORM, SCHEMA)),
            turn: Turn::Word {
                word: "1.",
                keep: true,
            },
        },
        draft: |words| Draft {
            agent: Agent::Planner,
            workflow,
            fixed: state::common(workflow, words),
            parts: vec![
                artifact_part(&state.start.artifact, 400),
                Part {
                    name: "request",
                    text: Text::plain("your request", &state.start.request, Keep::Beginning),
                    least: 0,
                    most: usize::MAX,
                },
            ],
        },
        answer: workflow
            .agents
            .planner
            .max_tokens
            .min(call.caller.context_size / 4),
        call,
        trace_top_k: None,
    };
    let told = asking.ask(read).await?;
    let (reasoning, mut steps, fallback) = match told.read {
        Ok((reasoning, steps)) => (reasoning, steps, false),
        Err(NoPlan) => (String::new(), vec![only_step(&state.start.request)], true),
    };
    let mut spoken = call.spoken(told.reply, told.origin, reasoning);
    if fallback {
        let note = "the planner's answer had no steps: your request is the only one".into();
        spoken.written.left_out.push(note);
    }
    if steps.len() > MOST_STEPS {
        let note = format!("steps {} to {} of the plan", MOST_STEPS + 1, steps.len());
        spoken.written.left_out.push(note);
        steps.truncate(MOST_STEPS);
    }
    Ok(Planned {
        spoken,
        workflow: workflow.id.clone(),
        steps,
        fallback,
    })
}

/// Picks the workflow whose product the request asks for.
async fn choose_workflow<'a>(
    state: &State,
    workflows: &'a [Workflow],
    call: &Call<'_>,
) -> Result<&'a Workflow, AgentError> {
    let first = workflows
        .first()
        .ok_or(AgentError::NotWanted { what: "workflow" })?;
    if workflows.len() == 1 {
        return Ok(first);
    }
    let request = tolerant::clipped(&state.start.request, MOST_HEARD);
    let user = |text: String| vec![ChatMessage::new(Role::User, text)];
    let lettered = LETTERS.iter().zip(workflows).map(|(letter, workflow)| {
        format!("{letter}: {} - {}", workflow.name, workflow.description)
    });
    let choice = Choice {
        text: &request,
        speakers: workflows.iter().map(somebody_who_wants).collect(),
        question: user(format!(
            "Request: {request}\n\nWhich kind of work is it?\n{}\nAnswer with one letter, a colon and a short reason.",
            lettered.collect::<Vec<_>>().join("\n")
        )),
    };
    let probabilities = choice.ask(call).await?.probabilities;
    let best = probabilities.iter().zip(workflows).fold(
        (f32::MIN, first),
        |best, (&probability, workflow)| {
            if probability > best.0 {
                (probability, workflow)
            } else {
                best
            }
        },
    );
    Ok(best.1)
}

/// After these messages a model speaks as somebody who asks for this kind of work.
fn somebody_who_wants(workflow: &Workflow) -> Vec<ChatMessage> {
    let first_words = |request: &str| {
        let words: Vec<_> = request.split_whitespace().take(40).collect();
        let text = tolerant::clipped(&words.join(" "), 120);
        let sentence = text.split_once(". ").map_or(&*text, |(first, _)| first);
        format!(" \"{sentence}\"")
    };
    let templates = workflow.templates.iter().take(4);
    let examples: String = templates
        .map(|template| first_words(&template.request))
        .collect();
    let like = if examples.is_empty() {
        ""
    } else {
        " Examples:"
    };
    let asks = "You are a person who asks an assistant for something, in one short sentence.";
    let wish = format!("Ask for this: {}{like}{examples}", workflow.description);
    vec![
        ChatMessage::new(Role::System, asks),
        ChatMessage::new(Role::User, wish),
    ]
}

fn only_step(request: &str) -> String {
    let words: Vec<_> = request.split_whitespace().take(MOST_CHARACTERS).collect();
    let step = tolerant::clipped(&words.join(" "), MOST_CHARACTERS);
    match step.is_empty() {
        true => "Make what was asked for".to_owned(),
        false => step,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are no steps in the answer")]
struct NoPlan;

impl Repairable for NoPlan {
    fn repair(&self, form: &str) -> Option<String> {
        Some(format!("I cannot use this answer: {self}. {form}"))
    }
}

fn read(reply: &Reply) -> Result<(String, Vec<String>), NoPlan> {
    let mut found = tolerant::steps(&reply.raw).ok_or(NoPlan)?;
    // A step that was cut in the middle of a word is no step, if there are others.
    if reply.is_cut() && found.text.len() > 1 {
        found.text.pop();
    }
    let mut steps: Vec<String> = Vec::new();
    for step in found.text {
        let step = tolerant::clipped(&step, MOST_CHARACTERS);
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    Ok((found.reasoning, steps))
}
