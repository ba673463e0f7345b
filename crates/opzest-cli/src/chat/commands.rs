//! What can be typed at the prompt: a question, or a command that begins with `/`.

use crate::slash::{Described, described};

pub const COMMANDS: &[Described] = &[
    described("new", "", "begin a new conversation"),
    described("list", "", "the latest conversations"),
    described("search", "TEXT", "conversations that contain these words"),
    described("open", "N", "go on with a conversation of the list"),
    described("show", "", "print this conversation from its beginning"),
    described("regenerate", "", "another answer to the last question"),
    described(
        "variant",
        "[N]",
        "the answers to the last question; choose one",
    ),
    described("rename", "TITLE", "give this conversation another title"),
    described(
        "export",
        "[FILE]",
        "write this conversation to a .md or .json file",
    ),
    described("delete", "", "delete this conversation for good"),
    described("models", "", "all models"),
    described(
        "model",
        "[ID]",
        "which model answers; choose another one, or a GGUF file",
    ),
    described("settings", "[KEY=VALUE]", "see or change settings"),
    described("stats", "", "how the last answer was made"),
    described("help", "", "this list"),
    described("quit", "", "leave; everything is kept"),
];

#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    Nothing,
    Question(String),
    Command(Command),
    /// Begins with `/`, but is no command.
    Unknown(String),
    /// A command that lacks something, by name.
    Incomplete(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    New,
    List,
    Search(String),
    Open(String),
    Show,
    Regenerate,
    Variant(Option<String>),
    Rename(String),
    Export(Option<String>),
    Delete,
    Models,
    Model(Option<String>),
    Settings(Vec<String>),
    Stats,
    Help,
    Quit,
}

/// Reads what was typed. A space before a `/` makes it a question.
pub fn read(typed: &str) -> Input {
    let text = typed.replace("\\\n", "\n");
    if text.trim().is_empty() {
        return Input::Nothing;
    }
    let Some(line) = text.strip_prefix('/') else {
        return Input::Question(text.trim().to_owned());
    };
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let optional = (!rest.is_empty()).then(|| rest.to_owned());
    let command = match name.to_lowercase().as_str() {
        "new" => Command::New,
        "list" => Command::List,
        "search" => match optional {
            Some(text) => Command::Search(text),
            None => return Input::Incomplete("search"),
        },
        "open" => match optional {
            Some(number) => Command::Open(number),
            None => return Input::Incomplete("open"),
        },
        "show" => Command::Show,
        "regenerate" => Command::Regenerate,
        "variant" | "variants" => Command::Variant(optional),
        "rename" => match optional {
            Some(title) => Command::Rename(title),
            None => return Input::Incomplete("rename"),
        },
        "export" => Command::Export(optional),
        "delete" => Command::Delete,
        "models" => Command::Models,
        "model" => Command::Model(optional),
        // One change, whose value may have spaces.
        "settings" => Command::Settings(optional.into_iter().collect()),
        "stats" => Command::Stats,
        "help" | "?" => Command::Help,
        "quit" | "exit" | "q" => Command::Quit,
        _ => return Input::Unknown(name.to_owned()),
    };
    Input::Command(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_command_is_understood() {
        for described in COMMANDS {
            let bare = read(&format!("/{}", described.name));
            let needs_more =
                !described.arguments.is_empty() && !described.arguments.starts_with('[');
            match bare {
                Input::Command(_) => assert!(!needs_more, "{}", described.name),
                Input::Incomplete(name) => {
                    assert!(needs_more);
                    assert_eq!(name, described.name);
                    let whole = read(&format!("/{} x", described.name));
                    assert!(matches!(whole, Input::Command(_)));
                }
                other => panic!("/{}: {other:?}", described.name),
            }
        }
    }

    #[test]
    fn questions_are_what_does_not_begin_with_a_slash() {
        assert_eq!(read("  \n "), Input::Nothing);
        assert_eq!(read(" hello "), Input::Question("hello".into()));
        assert_eq!(
            read(" /etc is what?"),
            Input::Question("/etc is what?".into())
        );
        assert_eq!(read("/etc is what?"), Input::Unknown("etc".into()));
        assert_eq!(read("one\\\ntwo"), Input::Question("one\ntwo".into()));
    }

    #[test]
    fn arguments_keep_their_spaces() {
        assert_eq!(
            read("/rename  My  letter "),
            Input::Command(Command::Rename("My  letter".into()))
        );
        assert_eq!(
            read("/settings system-prompt=Be brief."),
            Input::Command(Command::Settings(vec!["system-prompt=Be brief.".into()]))
        );
        assert_eq!(read("/Q"), Input::Command(Command::Quit));
    }
}
