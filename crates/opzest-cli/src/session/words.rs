//! What a person types to a session, or writes into a file of feedback: words, or a command.

use crate::slash::{Described, described};
use opzest_app::dto::{Agent, Verdict};

pub const COMMANDS: &[Described] = &[
    described("accept", "[WORDS]", "take the result as it is"),
    described("edit", "[WORDS]", "go on from this result"),
    described("redo", "[WORDS]", "once more, from what was there before"),
    described("hand", "FILE [WORDS]", "use your own version, from a file"),
    described(
        "overrule",
        "[WORDS]",
        "accept the last result although its check failed",
    ),
    described("undo", "", "take the last verdict back"),
    described("plan", "", "show the plan"),
    described("step", "TEXT", "add a step at the end of the plan"),
    described("approve", "", "begin with this plan"),
    described("skip", "", "leave this step out"),
    described("retry", "", "try again after trouble"),
    described(
        "teacher",
        "AGENT NUMBER",
        "let another model of the pool work",
    ),
    described("allow", "", "send the shown text to this teacher"),
    described("refuse", "", "do not send it"),
    described("show", "", "show the current result"),
    described("pause", "", "leave; `opzest session resume` goes on"),
    described("stop", "", "end the session as it is"),
    described("help", "", "these commands"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Words(String),
    Verdict(Verdict, String),
    Hand { file: String, words: String },
    Overrule(String),
    Undo,
    Plan,
    AddStep(String),
    Approve,
    Skip,
    Retry,
    Teacher(Agent, u32),
    Allow,
    Refuse,
    Show,
    Pause,
    Stop,
    Help,
}

/// The verdicts' own names: no model needs to be asked what they mean.
fn unambiguous(line: &str) -> Option<Said> {
    let word = line.strip_suffix(['.', '!']).unwrap_or(line);
    let verdict = match word.to_ascii_lowercase().as_str() {
        "accept" | "accepted" => Verdict::Accepted,
        "edit" => Verdict::FurtherEdit,
        "redo" => Verdict::Redo,
        _ => return None,
    };
    Some(Said::Verdict(verdict, String::new()))
}

/// Reads a line. A line that begins with `//` is words that begin with `/`.
pub fn read(line: &str) -> Result<Said, String> {
    let line = line.trim();
    let Some(command) = line.strip_prefix('/') else {
        return Ok(unambiguous(line).unwrap_or_else(|| Said::Words(line.to_owned())));
    };
    if command.starts_with('/') {
        return Ok(Said::Words(command.to_owned()));
    }
    let (name, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let rest = rest.trim().to_owned();
    let nothing_after = |said: Said| match rest.is_empty() {
        true => Ok(said),
        false => Err(format!("/{name} takes nothing after it.")),
    };
    match name {
        "accept" => Ok(Said::Verdict(Verdict::Accepted, rest)),
        "edit" => Ok(Said::Verdict(Verdict::FurtherEdit, rest)),
        "redo" => Ok(Said::Verdict(Verdict::Redo, rest)),
        "hand" => {
            let (file, words) = rest.split_once(char::is_whitespace).unwrap_or((&rest, ""));
            match file {
                "" => Err("/hand needs a file: /hand my-version.py".into()),
                file => Ok(Said::Hand {
                    file: file.to_owned(),
                    words: words.trim().to_owned(),
                }),
            }
        }
        "overrule" => Ok(Said::Overrule(rest)),
        "step" if rest.is_empty() => Err("/step needs the step's text.".into()),
        "step" => Ok(Said::AddStep(rest)),
        "teacher" => teacher(&rest),
        "undo" => nothing_after(Said::Undo),
        "plan" => nothing_after(Said::Plan),
        "approve" => nothing_after(Said::Approve),
        "skip" => nothing_after(Said::Skip),
        "retry" => nothing_after(Said::Retry),
        "allow" => nothing_after(Said::Allow),
        "refuse" => nothing_after(Said::Refuse),
        "show" => nothing_after(Said::Show),
        "pause" => nothing_after(Said::Pause),
        "stop" => nothing_after(Said::Stop),
        "help" => nothing_after(Said::Help),
        _ => Err(format!("There is no command /{name}. /help lists them.")),
    }
}

fn teacher(rest: &str) -> Result<Said, String> {
    const USAGE: &str = "/teacher needs an agent and a number: /teacher worker 2";
    let (agent, number) = rest.split_once(char::is_whitespace).ok_or(USAGE)?;
    let agent = match agent {
        "planner" => Agent::Planner,
        "lead" => Agent::Lead,
        "worker" => Agent::Worker,
        "analyst" => Agent::Analyst,
        _ => return Err(USAGE.into()),
    };
    let number: u32 = number.trim().parse().map_err(|_| USAGE)?;
    Ok(Said::Teacher(agent, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_commands_are_told_apart() {
        assert_eq!(
            read(" make it larger "),
            Ok(Said::Words("make it larger".into()))
        );
        assert_eq!(
            read("//etc is a path"),
            Ok(Said::Words("/etc is a path".into()))
        );
        let accepted = Said::Verdict(Verdict::Accepted, "very good".into());
        assert_eq!(read("/accept very good"), Ok(accepted));
        let hand = Said::Hand {
            file: "a.py".into(),
            words: "like this".into(),
        };
        assert_eq!(read("/hand a.py like this"), Ok(hand));
        assert_eq!(
            read("/teacher worker 2"),
            Ok(Said::Teacher(Agent::Worker, 2))
        );
        for wrong in [
            "/nonsense",
            "/undo it",
            "/hand",
            "/teacher",
            "/teacher worker x",
            "/step",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_verdicts_own_name_is_the_verdict() {
        let said = |verdict| Ok(Said::Verdict(verdict, String::new()));
        for (line, verdict) in [
            ("accept", Verdict::Accepted),
            ("Accepted.", Verdict::Accepted),
            (" REDO! ", Verdict::Redo),
            ("edit", Verdict::FurtherEdit),
        ] {
            assert_eq!(read(line), said(verdict), "{line}");
        }
        for words in ["accept it", "redo?", "edit..", "not accepted"] {
            assert_eq!(read(words), Ok(Said::Words(words.into())));
        }
    }

    #[test]
    fn every_command_is_read() {
        for described in COMMANDS {
            let line = match described.name {
                "teacher" => "/teacher lead 1".to_owned(),
                name => format!(
                    "/{name}{}",
                    if described.arguments.is_empty() {
                        ""
                    } else {
                        " x"
                    }
                ),
            };
            assert!(read(&line).is_ok(), "{line}");
        }
    }
}
