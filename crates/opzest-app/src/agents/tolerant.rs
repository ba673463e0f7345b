//! Reads the planner's and the lead's answers as models really write them: in the form that was asked
//! for, as JSON with or without fences, or with the labels that models like to use.

use super::reading::split_thinking;
use serde_json::Value;

/// A text, and the thoughts before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<T> {
    pub(super) reasoning: String,
    pub(super) text: T,
}

/// An instruction: after its label, in JSON, or the only thing that was written.
pub(super) fn instruction(raw: &str) -> Option<Found<String>> {
    let (thinking, rest) = split_thinking(raw);
    if let Some(object) = json_object(rest) {
        let text = string(&object, &["instruction", "instructions", "task"])?;
        let reasoning = string(&object, &["reasoning", "thought"]).unwrap_or_default();
        return (!text.trim().is_empty()).then(|| Found {
            reasoning: joined(thinking, &reasoning),
            text: text.trim().to_owned(),
        });
    }
    let (before, text) = match labelled(rest, &["instruction", "instructions"]) {
        Some((before, text)) => (before, text),
        // One block of text without labels is the instruction itself.
        None if labelled(rest, &["thought", "reasoning"]).is_none() => ("", rest),
        None => return None,
    };
    let text = text.trim().trim_matches('*').trim();
    (!text.is_empty()).then(|| Found {
        reasoning: joined(thinking, without_label(before)),
        text: text.to_owned(),
    })
}

/// The steps of a plan: a list of any kind, or JSON.
pub(super) fn steps(raw: &str) -> Option<Found<Vec<String>>> {
    let (thinking, rest) = split_thinking(raw);
    if let Some(object) = json_object(rest) {
        let listed = ["steps", "plan"]
            .iter()
            .find_map(|key| object.get(key)?.as_array());
        let steps: Vec<_> = listed?.iter().filter_map(step_text).collect();
        let reasoning = string(&object, &["reasoning", "thought"]).unwrap_or_default();
        return (!steps.is_empty()).then(|| Found {
            reasoning: joined(thinking, &reasoning),
            text: steps,
        });
    }
    let mut before = String::new();
    let mut steps: Vec<String> = Vec::new();
    for line in rest.lines() {
        match list_item(line) {
            Some(item) => steps.extend(cleaned(item)),
            None if steps.is_empty() => {
                before.push_str(line);
                before.push('\n');
            }
            None => {}
        }
    }
    (!steps.is_empty()).then(|| Found {
        reasoning: joined(thinking, without_label(&before)),
        text: steps,
    })
}

/// At most so many characters, cut at a sentence or word where one ends near.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let cut = &text[..end];
    let at = cut.rfind(". ").map(|at| at + 1).or_else(|| cut.rfind(' '));
    let at = at.filter(|&at| at > end / 2).unwrap_or(end);
    cut[..at].trim_end().to_owned()
}

/// The first JSON object in a text, also inside fences and among words.
fn json_object(text: &str) -> Option<Value> {
    let trimmed = text.trim();
    if !trimmed.starts_with(['{', '`']) && !trimmed.contains("```json") && !trimmed.contains("{\"")
    {
        return None;
    }
    let start = trimmed.find('{')?;
    let mut values = serde_json::Deserializer::from_str(&trimmed[start..]).into_iter::<Value>();
    values.next()?.ok().filter(Value::is_object)
}

fn string(object: &Value, keys: &[&str]) -> Option<String> {
    keys.iter()
        .find_map(|key| object.get(key)?.as_str())
        .map(str::to_owned)
}

/// A step in JSON is a text, or an object that has one.
fn step_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => string(
            value,
            &["step", "text", "description", "title", "instruction"],
        )?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
    };
    cleaned(&text)
}

/// Splits at the first line that begins with one of these labels and a colon.
fn labelled<'a>(text: &'a str, labels: &[&str]) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = after_label(line, labels) {
            let start = at + line.len() - rest.len();
            return Some((&text[..at], &text[start..]));
        }
        at += line.len();
    }
    None
}

fn after_label<'a>(line: &'a str, labels: &[&str]) -> Option<&'a str> {
    let (head, rest) = line.split_once(':')?;
    let head = head.trim().trim_matches(['*', '#', '_', '-', ' ']);
    let is_label = labels.iter().any(|label| head.eq_ignore_ascii_case(label));
    is_label.then(|| rest.trim_start_matches('*'))
}

/// Reasoning without "Thought:" in front.
fn without_label(text: &str) -> &str {
    let text = text.trim();
    after_label(text, &["thought", "thoughts", "reasoning"]).map_or(text, str::trim)
}

/// The text of `1. x`, `2) x`, `- x`, `* x`, `Step 3: x`.
fn list_item(line: &str) -> Option<&str> {
    let text = line.trim_start().trim_start_matches("**");
    if let Some(rest) = text.strip_prefix(['-', '*', '•']) {
        return rest.starts_with(' ').then(|| rest.trim());
    }
    let lower = text
        .get(..5)
        .is_some_and(|head| head.eq_ignore_ascii_case("step "));
    let numbered = if lower { &text[5..] } else { text };
    let digits = numbered.chars().take_while(char::is_ascii_digit).count();
    if !(1..=2).contains(&digits) {
        return None;
    }
    let rest = numbered[digits..].trim_start_matches("**");
    rest.strip_prefix(['.', ')', ':']).map(str::trim)
}

/// One line without Markdown's stars; `None` if nothing is left.
fn cleaned(text: &str) -> Option<String> {
    let words: Vec<_> = text.split_whitespace().collect();
    let text = words.join(" ").replace("**", "");
    let text = text.trim_matches(['*', ' ', '`']).to_owned();
    text.chars().any(char::is_alphanumeric).then_some(text)
}

fn joined(thinking: &str, reasoning: &str) -> String {
    let parts = [thinking.trim(), reasoning.trim()];
    let filled: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    filled.join("\n\n")
}
