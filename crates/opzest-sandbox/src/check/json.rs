//! JSON: syntax with places, doubled keys, and a schema. References of a schema to other documents are never
//! followed, neither over the network nor to files.

use super::place::number;
use super::{MOST_PROBLEMS, Place, Problem, tidy};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Steps of a schema's regular expressions.
const MOST_BACKTRACKING: usize = 100_000;

/// The schema itself cannot be used: a mistake in a workflow, not in what was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the JSON schema cannot be used: {0}")]
pub struct InvalidSchema(String);

/// Nothing to say about a valid document. A schema without `$schema` is read as draft 2020-12.
pub fn check_json(text: &str, schema: Option<&Value>) -> Result<Vec<Problem>, InvalidSchema> {
    let validator = schema.map(compile).transpose()?;
    if text.trim().is_empty() {
        return Ok(vec![Problem::error(None, "The document is empty.")]);
    }
    if text.len() > MOST_BYTES {
        let most = MOST_BYTES / (1024 * 1024);
        let message = format!("The document is larger than {most} MB and was not checked.");
        return Ok(vec![Problem::error(None, message)]);
    }
    let document = match serde_json::from_str::<Value>(text) {
        Ok(document) => document,
        Err(error) => return Ok(vec![syntax(&error)]),
    };
    let mut problems = Vec::new();
    if let Err(error) = serde_json::from_str::<DistinctKeys>(text) {
        problems.push(Problem::warning(place(&error), without_place(&error)));
    }
    if let Some(validator) = validator {
        problems.extend(violations(&validator, &document));
    }
    Ok(tidy(problems))
}

fn compile(schema: &Value) -> Result<jsonschema::Validator, InvalidSchema> {
    let patterns = jsonschema::PatternOptions::fancy_regex().backtrack_limit(MOST_BACKTRACKING);
    jsonschema::options()
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| InvalidSchema(error.to_string()))
}

fn violations(validator: &jsonschema::Validator, document: &Value) -> Vec<Problem> {
    let errors = validator.iter_errors(document).take(MOST_PROBLEMS);
    errors
        .map(|error| Problem {
            pointer: Some(error.instance_path().as_str().to_owned()),
            ..Problem::error(None, error.to_string())
        })
        .collect()
}

fn syntax(error: &serde_json::Error) -> Problem {
    Problem::error(
        place(error),
        format!("This is not valid JSON: {}", without_place(error)),
    )
}

fn place(error: &serde_json::Error) -> Option<Place> {
    (error.line() > 0).then(|| Place {
        line: number(error.line()),
        column: number(error.column().max(1)),
    })
}

/// serde_json appends the place to its messages.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Reads any document and fails at a key that its object has already. Of such keys only the last one counts,
/// so a value that was written is lost.
struct DistinctKeys;

impl<'de> Deserialize<'de> for DistinctKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctKeys)
    }
}

impl<'de> Visitor<'de> for DistinctKeys {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format_args!(
                    "The key `{key}` is there twice; only the last one counts."
                )));
            }
            seen.insert(key);
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(inner).map(|_| self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(text: &str, schema: Option<Value>) -> Vec<String> {
        let problems = check_json(text, schema.as_ref()).expect("a good schema");
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn syntax_errors_have_their_place() {
        assert_eq!(texts(r#"{"a": [1, 2]}"#, None), [""; 0]);
        assert_eq!(texts(" \n", None), ["The document is empty."]);
        assert_eq!(
            texts("{\n  \"a\": 1,\n}", None),
            ["line 3, column 1: This is not valid JSON: trailing comma"]
        );
        assert_eq!(
            texts("{'a': 1}", None),
            ["line 1, column 2: This is not valid JSON: key must be a string"]
        );
    }

    #[test]
    fn doubled_keys_are_named_wherever_they_are() {
        assert_eq!(
            texts("[{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": null}}]", None),
            ["line 2, column 18: The key `c` is there twice; only the last one counts."]
        );
        assert_eq!(texts(r#"[{"a": 1}, {"a": 1.5}, true, "a"]"#, None), [""; 0]);
    }

    #[test]
    fn violations_of_a_schema_point_to_their_value() {
        let schema = json!({
            "type": "object",
            "required": ["title"],
            "properties": {"steps": {"type": "array", "items": {"type": "string", "minLength": 1}}},
        });
        assert_eq!(
            texts(r#"{"title": "x", "steps": ["a"]}"#, Some(schema.clone())),
            [""; 0]
        );
        assert_eq!(
            texts(r#"{"steps": ["a", 2, ""]}"#, Some(schema)),
            [
                "at the top: \"title\" is a required property",
                "at /steps/1: 2 is not of type \"string\"",
                "at /steps/2: \"\" is shorter than 1 character",
            ]
        );
    }

    #[test]
    fn broken_and_remote_schemas_are_refused() {
        for schema in [
            json!({"type": 7}),
            json!({"$ref": "http://127.0.0.1:1/schema.json"}),
            json!({"$ref": "https://example.org/schema.json"}),
            json!({"$ref": "file:///etc/passwd"}),
            json!({"pattern": "("}),
        ] {
            assert!(check_json("1", Some(&schema)).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let _ = check_json("1", Some(&json!({"$ref": "#"})));
        let tree = json!({"type": ["array", "null"], "items": {"$ref": "#"}});
        assert_eq!(texts("[[[null]]]", Some(tree.clone())), [""; 0]);
        assert_eq!(texts("[[1]]", Some(tree)).len(), 1);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        for text in [
            "[".repeat(100_000),
            "{\"a\":".repeat(100_000),
            "[".repeat(100_000) + &"]".repeat(100_000),
        ] {
            let problems = texts(&text, Some(json!({"type": "array"})));
            assert_eq!(problems.len(), 1);
            assert!(problems[0].contains("recursion limit"), "{problems:?}");
        }
        let large = format!("\"{}\"", "x".repeat(MOST_BYTES));
        assert!(texts(&large, None)[0].contains("larger than 16 MB"));
    }
}
