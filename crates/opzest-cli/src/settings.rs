//! `opzest settings`: names and values come from the settings type itself, so none is listed here.

use crate::args::{Output, SettingsCommand};
use crate::errors::mistake;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{QUIET, print_facts, print_json};
use opzest_app::calls::{ChangeSettings, NoArguments, change_settings, read_settings};
use opzest_app::dto::{Settings, SettingsView, UiError};
use serde_json::{Map, Value};
use std::io::Write;

/// What stands for "let OpZest choose".
const AUTOMATIC: &str = "auto";

pub fn run(host: &Host, command: SettingsCommand) -> anyhow::Result<()> {
    match command {
        SettingsCommand::Show(output) => show(host, output),
        SettingsCommand::Set { changes } => set(host, &changes),
    }
}

pub fn show(host: &Host, output: Output) -> anyhow::Result<()> {
    let view = host.wait(read_settings(&host.app, NoArguments {}))?;
    if output.json {
        return print_json(&view);
    }
    print(&view)
}

/// Changes settings, all or none.
pub fn set(host: &Host, changes: &[String]) -> anyhow::Result<()> {
    let before = host.wait(read_settings(&host.app, NoArguments {}))?;
    let settings = changed(&before.settings, changes)?;
    let change = ChangeSettings { settings };
    let view = host.wait(change_settings(&host.app, change))?;
    print(&view)
}

fn print(view: &SettingsView) -> anyhow::Result<()> {
    let fields = fields(&view.settings)?;
    let chosen = |name: &str| match name {
        "threads" => Some(view.threads.to_string()),
        "contextSize" => Some(view.context_size.to_string()),
        "memoryMap" => Some(view.memory_map.to_string()),
        "maxAnswerTokens" => Some("as long as there is room".to_owned()),
        "seed" => Some("another one for each answer".to_owned()),
        "systemPrompt" => Some("the model's own".to_owned()),
        _ => None,
    };
    let facts: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| {
            let shown = match (value, chosen(name)) {
                (Value::Null, Some(chosen)) => format!("{AUTOMATIC} {QUIET}({chosen}){QUIET:#}"),
                (value, _) => shown(value),
            };
            (kebab(name), shown)
        })
        .collect();
    let facts: Vec<(&str, String)> = facts
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    print_facts(&facts)?;
    writeln!(
        anstream::stdout(),
        "{QUIET}With these the model needs about {} MB of memory; {} MB are free.{QUIET:#}",
        view.needed_memory_mb,
        view.free_memory_mb
    )?;
    Ok(())
}

fn fields(settings: &Settings) -> anyhow::Result<Map<String, Value>> {
    match serde_json::to_value(settings)? {
        Value::Object(fields) => Ok(fields),
        other => anyhow::bail!("the settings are {other}, not an object"),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => AUTOMATIC.to_owned(),
        Value::String(text) => line(text),
        // As they were typed: the settings hold single precision.
        Value::Number(number) => match number.as_f64() {
            Some(number) => (number as f32).to_string(),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// "maxAnswerTokens" -> "max-answer-tokens".
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The settings after some `KEY=VALUE`.
fn changed(settings: &Settings, changes: &[String]) -> anyhow::Result<Settings> {
    let mut fields = fields(settings)?;
    for change in changes {
        let (key, value) = change.split_once('=').ok_or_else(|| {
            mistake(
                format!("`{change}` is no change of a setting."),
                "Write KEY=VALUE, such as `temperature=0.7`.",
            )
        })?;
        apply(&mut fields, key.trim(), value.trim())?;
    }
    Ok(serde_json::from_value(Value::Object(fields))?)
}

fn apply(fields: &mut Map<String, Value>, key: &str, value: &str) -> Result<(), UiError> {
    let bare = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let name = fields.keys().find(|name| bare(name) == bare(key)).cloned();
    let Some(name) = name else {
        let names: Vec<_> = fields.keys().map(|name| kebab(name)).collect();
        return Err(mistake(
            format!("There is no setting `{key}`."),
            format!("Settings are {}.", names.join(", ")),
        ));
    };
    // A text may look like a number, so each reading is tried until one fits the setting.
    let readings = [
        (value == AUTOMATIC).then_some(Value::Null),
        serde_json::from_str(value).ok(),
        Some(Value::String(value.to_owned())),
    ];
    let fitting = readings.into_iter().flatten().find(|reading| {
        let mut tried = fields.clone();
        tried.insert(name.clone(), reading.clone());
        serde_json::from_value::<Settings>(Value::Object(tried)).is_ok()
    });
    let Some(fitting) = fitting else {
        return Err(mistake(
            format!("`{value}` does not fit the setting `{}`.", kebab(&name)),
            "`opzest settings show` shows what it looks like now.",
        ));
    };
    fields.insert(name, fitting);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(changes: &[&str]) -> anyhow::Result<Settings> {
        let changes: Vec<_> = changes.iter().map(|&change| change.to_owned()).collect();
        changed(&Settings::default(), &changes)
    }

    #[test]
    fn values_are_read_as_the_setting_needs_them() {
        let settings = change(&[
            "temperature=0.7",
            "max-answer-tokens=50",
            "memory_map=false",
            "systemPrompt=42",
            "theme=dark",
        ])
        .expect("fits");
        assert_eq!(settings.temperature, 0.7);
        assert_eq!(settings.max_answer_tokens, Some(50));
        assert_eq!(settings.memory_map, Some(false));
        assert_eq!(settings.system_prompt.as_deref(), Some("42"));
        let back = changed(&settings, &["max-answer-tokens=auto".into()]).expect("fits");
        assert_eq!(back.max_answer_tokens, None);
    }

    #[test]
    fn mistakes_are_named() {
        let told = |changes: &[&str]| change(changes).expect_err("a mistake").to_string();
        assert!(told(&["threads"]).contains("KEY=VALUE"));
        assert!(told(&["colour=red"]).contains("There is no setting `colour`"));
        assert!(told(&["threads=many"]).contains("`many` does not fit the setting `threads`"));
        assert!(told(&["temperature=auto"]).contains("does not fit"));
    }

    #[test]
    fn numbers_are_shown_as_typed() {
        let fields = fields(&Settings::default()).expect("fits");
        assert_eq!(shown(&fields["topP"]), "0.95");
        assert_eq!(shown(&fields["threads"]), "auto");
        assert_eq!(kebab("maxAnswerTokens"), "max-answer-tokens");
    }
}
