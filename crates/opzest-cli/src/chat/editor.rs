//! The prompt: line editing, several lines, completion of commands. What is typed is remembered only
//! while the program runs; the conversation itself keeps the questions.

use crate::screen::{ACCENT, has_colours};
use crate::slash::Described;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper};

const PROMPT: &str = "› ";

pub struct Prompt {
    editor: Editor<Typing, MemHistory>,
    styled: String,
}

impl Prompt {
    /// `commands` are completed after a `/`.
    pub fn new(commands: &'static [Described]) -> anyhow::Result<Self> {
        let colours = has_colours();
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(if colours {
                ColorMode::Enabled
            } else {
                ColorMode::Disabled
            })
            .history_ignore_dups(true)?
            .build();
        let mut editor = Editor::with_history(config, MemHistory::new())?;
        editor.set_helper(Some(Typing { commands }));
        let styled = if colours {
            format!("{ACCENT}{PROMPT}{ACCENT:#}")
        } else {
            PROMPT.to_owned()
        };
        Ok(Self { editor, styled })
    }

    /// Makes a question available with the arrow keys.
    pub fn remember(&mut self, question: &str) -> anyhow::Result<()> {
        self.editor.add_history_entry(question)?;
        Ok(())
    }

    /// What was typed; `None` when the user leaves (Ctrl-C or Ctrl-D).
    pub fn read(&mut self) -> anyhow::Result<Option<String>> {
        let prompt = (PROMPT, self.styled.as_str());
        let typed = ended(self.editor.readline(&prompt))?;
        if let Some(typed) = typed.as_deref().filter(|typed| !typed.trim().is_empty()) {
            self.editor.add_history_entry(typed)?;
        }
        Ok(typed)
    }

    /// The answer to a question of the program itself.
    pub fn confirm(&mut self, question: &str) -> anyhow::Result<Option<String>> {
        ended(self.editor.readline(question))
    }
}

fn ended(read: rustyline::Result<String>) -> anyhow::Result<Option<String>> {
    match read {
        Ok(text) => Ok(Some(text)),
        Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How the prompt behaves while a line is typed.
struct Typing {
    commands: &'static [Described],
}

impl Helper for Typing {}
impl Highlighter for Typing {}

impl Hinter for Typing {
    type Hint = String;
}

impl Validator for Typing {
    /// A line that ends with `\` goes on.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if context.input().ends_with('\\') {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Completer for Typing {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let Some(typed) = line.get(..position).and_then(|line| line.strip_prefix('/')) else {
            return Ok((0, Vec::new()));
        };
        let names = self.commands.iter().map(|command| command.name);
        let fits = names.filter(|name| name.starts_with(typed));
        Ok((0, fits.map(|name| format!("/{name}")).collect()))
    }
}
