//! Workflow files: TOML read into a [`Workflow`], with the place of whatever is wrong.

use super::{Agent, ArtifactKind, Workflow};
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest texts of a workflow, in bytes: they stand in lists and on cards.
const LONGEST_NAME: usize = 80;
const LONGEST_DESCRIPTION: usize = 1_000;

/// Where something stands in a file; both numbers from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A workflow file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct WorkflowError {
    pub place: Place,
    pub message: String,
}

impl Workflow {
    /// Reads a workflow file.
    pub fn parse(text: &str) -> Result<Self, WorkflowError> {
        let workflow: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let message = one_line(error.message());
            WorkflowError {
                place: place_at(text, at),
                message,
            }
        })?;
        match workflow.fault() {
            None => Ok(workflow),
            Some((path, message)) => {
                let place = place_of(text, &path).unwrap_or(Place { line: 1, column: 1 });
                Err(WorkflowError { place, message })
            }
        }
    }

    /// What is wrong although the file can be read: the value's path, and the message.
    fn fault(&self) -> Option<(Vec<&'static str>, String)> {
        let too_long = |text: &str, most: usize| text.trim().is_empty() || text.len() > most;
        if too_long(&self.name, LONGEST_NAME) {
            let message = format!("the name must have 1 to {LONGEST_NAME} characters");
            return Some((vec!["name"], message));
        }
        if too_long(&self.description, LONGEST_DESCRIPTION) {
            let message =
                format!("the description must have 1 to {LONGEST_DESCRIPTION} characters");
            return Some((vec!["description"], message));
        }
        if !(1..=20).contains(&self.attempts) {
            let message = format!("attempts is {}; give 1 to 20", self.attempts);
            return Some((vec!["attempts"], message));
        }
        if !(0.34..=1.0).contains(&self.confidence) {
            let found = self.confidence;
            let message = format!("confidence is {found}; give a probability from 0.34 to 1");
            return Some((vec!["confidence"], message));
        }
        if self.product.kind != ArtifactKind::Json && self.product.schema.is_some() {
            let message = "only a product of kind json has a schema".into();
            return Some((vec!["product", "schema"], message));
        }
        Agent::ALL.iter().find_map(|&agent| self.fault_of(agent))
    }

    fn fault_of(&self, agent: Agent) -> Option<(Vec<&'static str>, String)> {
        let spec = self.agents.get(agent);
        let fault = |key, message| Some((vec!["agents", agent.as_str(), key], message));
        if !(0.0..=2.0).contains(&spec.temperature) {
            let found = spec.temperature;
            let message = format!("the {agent}'s temperature is {found}; give 0 to 2");
            return fault("temperature", message);
        }
        if spec.max_tokens == 0 {
            return fault(
                "max_tokens",
                format!("the {agent} may write no token at all"),
            );
        }
        if spec.user.trim().is_empty() {
            return fault("user", format!("the {agent} is told nothing"));
        }
        None
    }
}

/// Where the value with this path begins; the nearest table around it if it is not set.
pub fn place_of(text: &str, path: &[&str]) -> Option<Place> {
    let root = DeTable::parse(text).ok()?;
    let mut span: Range<usize> = 0..0;
    let mut table: &DeTable<'_> = root.get_ref();
    for key in path {
        let Some(value) = value_of(table, key) else {
            break;
        };
        span = value.span();
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    Some(place_at(text, span.start))
}

fn value_of<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table
        .iter()
        .find(|(name, _)| name.get_ref() == key)
        .map(|(_, value)| value)
}

fn place_at(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

fn one_line(message: &str) -> String {
    message
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"id = "notes"
version = 1
name = "Notes"
description = "Notes in Markdown."

[product]
kind = "markdown"
file = "notes.md"

[agents.planner]
prompt_version = 1
system = "p"
user = "{{ request }}"
max_tokens = 10

[agents.lead]
prompt_version = 1
system = "l"
user = "{{ step }}"
max_tokens = 10

[agents.worker]
prompt_version = 1
system = "w"
user = "{{ instruction }}"
max_tokens = 10

[agents.analyst]
prompt_version = 1
system = ""
user = "{{ words }}"
max_tokens = 10
"#;

    fn error_of(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "`{from}` stands in the good file");
        Workflow::parse(&GOOD.replacen(from, to, 1))
            .expect_err("the change makes it a bad one")
            .to_string()
    }

    #[test]
    fn a_small_file_is_enough() {
        let workflow = Workflow::parse(GOOD).expect("reads");
        assert_eq!((workflow.attempts, workflow.confidence), (3, 0.75));
        assert_eq!(workflow.agents.get(Agent::Lead).temperature, 0.7);
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let errors = [
            error_of("version = 1\n", "version = 1\nvesion = 2\n"),
            error_of("version = 1", "version = \"one\""),
            error_of("name = \"Notes\"", "name = "),
            error_of("id = \"notes\"", "id = \"My Notes\""),
            error_of("kind = \"markdown\"", "kind = \"poem\""),
            error_of("notes.md", "../notes.md"),
            error_of("[agents.lead]", "[agents.leader]"),
            GOOD.split("[agents.analyst]")
                .next()
                .map(|text| {
                    Workflow::parse(text)
                        .expect_err("an agent is missing")
                        .to_string()
                })
                .expect("a first part"),
            error_of(
                "max_tokens = 10\n\n[agents.analyst]",
                "max_tokens = 0\n\n[agents.analyst]",
            ),
            error_of("system = \"w\"", "temperature = 9\nsystem = \"w\""),
            error_of("user = \"{{ step }}\"", "user = \" \""),
            error_of("name = \"Notes\"", "name = \"\"\nattempts = 0"),
            error_of("version = 1\n", "version = 1\nattempts = 0\n"),
            error_of("version = 1\n", "version = 1\nconfidence = 0.1\n"),
            error_of(
                "file = \"notes.md\"",
                "file = \"notes.md\"\nschema = \"{}\"",
            ),
            Workflow::parse("").expect_err("nothing").to_string(),
        ];
        insta::assert_snapshot!(errors.join("\n"), @r#"
        line 3, column 1: unknown field `vesion`, expected one of `id`, `version`, `name`, `description`, `product`, `attempts`, `confidence`, `agents`, `templates`
        line 2, column 11: invalid type: string "one", expected u32
        line 3, column 8: string values must be quoted, expected literal string
        line 1, column 6: `My Notes` is not a workflow id
        line 7, column 8: unknown variant `poem`, expected one of `markdown`, `python`, `page`, `json`
        line 8, column 8: `../notes.md` cannot name a file of an artifact: use letters, digits, `.`, `_`, `-` and folders separated by `/`
        line 16, column 9: unknown field `leader`, expected one of `planner`, `lead`, `worker`, `analyst`
        line 10, column 2: missing field `analyst`
        line 26, column 14: the worker may write no token at all
        line 24, column 15: the worker's temperature is 9; give 0 to 2
        line 19, column 8: the lead is told nothing
        line 3, column 8: the name must have 1 to 80 characters
        line 3, column 12: attempts is 0; give 1 to 20
        line 3, column 14: confidence is 0.1; give a probability from 0.34 to 1
        line 9, column 10: only a product of kind json has a schema
        line 1, column 1: missing field `id`
        "#);
    }
}
