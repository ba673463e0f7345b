//! Prompts: a workflow's Jinja templates, filled in.
//!
//! A template sees only what its agent reads, as plain text; nothing is escaped. A name that it does
//! not know is an error when the workflow is loaded, not an empty place in a prompt.

use minijinja::{Environment, UndefinedBehavior, Value};
use opzest_core::workflow::Agent;
use std::collections::BTreeMap;

/// Steps of a template's execution; a usual prompt takes a few hundred.
const FUEL: u64 = 100_000;

/// What a template can use, besides `file` (the main file's name), `kind` (of artifact) and `format`
/// and `example` (how the answer has to look): the texts that the agent reads. Empty where there is none.
pub const COMMON: &[&str] = &["file", "kind", "format", "example"];

pub fn names(agent: Agent) -> &'static [&'static str] {
    match agent {
        Agent::Planner => &["request", "artifact"],
        Agent::Lead => &[
            "request", "step", "artifact", "previous", "faulty", "error", "feedback", "redo",
        ],
        Agent::Worker => &["instruction", "artifact"],
        Agent::Analyst => &["step", "words", "artifact", "verdict"],
    }
}

/// What a template must use, in one of its agent's two texts: without it, the answer cannot be right.
pub fn needed(agent: Agent) -> &'static [&'static str] {
    match agent {
        Agent::Planner => &["request", "format", "example"],
        Agent::Lead => &["step", "format", "example"],
        Agent::Worker => &["instruction", "artifact", "format", "example"],
        Agent::Analyst => &["words", "verdict", "format"],
    }
}

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// The template's line, from 1.
    pub line: usize,
    pub message: String,
}

pub(super) type Values = BTreeMap<&'static str, Value>;

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_recursion_limit(64);
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// Fills a template in.
pub(super) fn render(source: &str, values: &Values) -> Result<String, minijinja::Error> {
    let text = environment().render_named_str("prompt", source, values)?;
    Ok(text.trim().to_owned())
}

/// Looks for faults without filling the template in: its syntax, and names that do not exist.
pub fn check(source: &str, agent: Agent) -> Result<Vec<String>, TemplateFault> {
    let environment = environment();
    let template = environment
        .template_from_named_str("prompt", source)
        .map_err(|error| TemplateFault {
            line: error.line().unwrap_or(1),
            message: format!("the {agent}'s prompt is not a template: {}", reason(&error)),
        })?;
    let mut used: Vec<_> = template.undeclared_variables(false).into_iter().collect();
    used.sort();
    let globals: Vec<_> = environment
        .globals()
        .map(|(name, _)| name.to_owned())
        .collect();
    let known = |name: &str| {
        COMMON.contains(&name)
            || names(agent).contains(&name)
            || globals.iter().any(|global| global == name)
    };
    match used.iter().find(|name| !known(name)) {
        None => Ok(used),
        Some(name) => Err(TemplateFault {
            line: line_of(source, name),
            message: format!(
                "the {agent}'s prompt uses `{name}`, which it cannot have; it can use {}",
                list(agent)
            ),
        }),
    }
}

fn reason(error: &minijinja::Error) -> String {
    error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned)
}

fn list(agent: Agent) -> String {
    let all: Vec<_> = names(agent).iter().chain(COMMON).copied().collect();
    all.join(", ")
}

/// The first line that has this word inside a template's braces.
fn line_of(source: &str, word: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let has =
        |line: &str| line.contains('{') && line.split(|c| !is_part(c)).any(|part| part == word);
    source.lines().position(has).map_or(1, |at| at + 1)
}
