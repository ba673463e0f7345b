//! The command line.

mod dataset;
mod teachers;
mod training;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use dataset::{DatasetCommand, RowFilter};
use std::path::PathBuf;
pub use teachers::TeachersCommand;
pub use training::{
    EvalArguments, ExportModelArguments, PromoteArguments, RollbackArguments, RunsCommand,
    TrainArguments,
};

const GLOBAL: &str = "Global options";

const EXAMPLES: &str = "\
Examples:
  opzest                                          talk, in this terminal
  opzest chat \"Name three uses of vinegar.\"       one question, one answer
  opzest chat \"Sum this up:\" - < letter.txt       `-` stands for standard input
  opzest chat --continue \"Shorter, please.\"       go on where you were
  opzest models add ~/Downloads/model.gguf        use another model
  opzest session new \"A script that ...\"          make something, step by step

Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 stopped with Ctrl-C.";

/// Your own assistant: a small language model that runs on this computer
#[derive(Debug, Parser)]
#[command(name = "opzest", version, after_help = EXAMPLES, disable_help_subcommand = true, max_term_width = 80)]
pub struct Arguments {
    /// The folder with conversations and settings [env: OPZEST_DATA]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub data: Option<PathBuf>,
    /// Tell on standard error what happens; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = GLOBAL)]
    pub verbose: u8,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Talk with the model, or ask one question
    Chat(ChatArguments),
    /// See, add, choose and measure models
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Make something, step by step, and gather what you teach on the way
    #[command(subcommand)]
    Session(SessionCommand),
    /// See, export, import and delete what your sessions have gathered
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// See, add, choose and test the models that make things with you
    #[command(subcommand)]
    Teachers(TeachersCommand),
    /// Train a model of your own on what was accepted and rejected
    Train(Box<TrainArguments>),
    /// See training runs, go on with them, delete them
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Judge a trained model once more, against what is in use now
    Eval(EvalArguments),
    /// Let a trained model do the work from now on
    Promote(PromoteArguments),
    /// Put back what was in use before
    Rollback(RollbackArguments),
    /// Write a trained model for other programs
    ExportModel(ExportModelArguments),
    /// Find, read, export and delete conversations
    #[command(subcommand)]
    Conversations(ConversationsCommand),
    /// What is kept on this computer: its room, backups, checks
    #[command(subcommand)]
    Data(DataCommand),
    /// See and change settings
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Version, folders, this computer, and what was chosen for it
    Info(Output),
}

impl Default for Command {
    fn default() -> Self {
        Self::Chat(ChatArguments::default())
    }
}

impl Command {
    /// Whether it needs the data folder for itself.
    pub fn writes(&self) -> bool {
        match self {
            Self::Chat(_) => true,
            Self::Models(command) => match command {
                ModelsCommand::Add { .. }
                | ModelsCommand::Remove { .. }
                | ModelsCommand::Select { .. } => true,
                ModelsCommand::List(_)
                | ModelsCommand::Show { .. }
                | ModelsCommand::Bench { .. } => false,
            },
            Self::Session(command) => match command {
                SessionCommand::New(_)
                | SessionCommand::Resume { .. }
                | SessionCommand::Delete { .. } => true,
                SessionCommand::List { .. }
                | SessionCommand::Workflows(_)
                | SessionCommand::Show { .. }
                | SessionCommand::Export { .. } => false,
            },
            Self::Data(command) => match command {
                DataCommand::Show(_) => false,
                DataCommand::Backup | DataCommand::Check(_) | DataCommand::Restore { .. } => true,
            },
            Self::Dataset(command) => command.writes(),
            Self::Teachers(command) => command.writes(),
            Self::Conversations(command) => match command {
                ConversationsCommand::Rename { .. } | ConversationsCommand::Delete { .. } => true,
                ConversationsCommand::List { .. }
                | ConversationsCommand::Search { .. }
                | ConversationsCommand::Show { .. }
                | ConversationsCommand::Export { .. } => false,
            },
            Self::Settings(command) => match command {
                SettingsCommand::Set { .. } => true,
                SettingsCommand::Show(_) => false,
            },
            Self::Info(_) | Self::ExportModel(_) => false,
            // Planning writes nothing but its own files, in the data folder.
            Self::Train(_) | Self::Eval(_) | Self::Promote(_) | Self::Rollback(_) => true,
            Self::Runs(command) => command.writes(),
        }
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Args)]
pub struct Output {
    /// Print JSON, for scripts
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Default, Args)]
pub struct ChatArguments {
    /// Ask this model: an ID of `opzest models list`, or a GGUF file
    #[arg(long, value_name = "ID_OR_FILE")]
    pub model: Option<String>,
    /// Go on with the latest conversation
    #[arg(long = "continue", short = 'c', conflicts_with = "conversation")]
    pub go_on: bool,
    /// Go on with this conversation: an ID, or a number of `opzest conversations list`
    #[arg(long, value_name = "ID")]
    pub conversation: Option<String>,
    /// One question; the answer, and nothing else, goes to standard output
    #[arg(value_name = "PROMPT")]
    pub prompt: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// All models; `*` marks the one that answers
    List(Output),
    /// Add a GGUF file, which stays where it is
    Add { file: String },
    /// What is known of a model
    Show {
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Take a model off the list; its file stays
    Remove { id: String },
    /// Choose the model that answers from now on
    Select { id: String },
    /// Measure how fast a model reads and writes on this computer
    Bench {
        /// The selected model if not given
        id: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Args)]
pub struct NewSessionArguments {
    /// What you want (`-`: standard input)
    #[arg(required = true, value_name = "REQUEST")]
    pub request: Vec<String>,
    /// document, script, page, data, or one of your own; chosen for you if not given
    #[arg(long, short, value_name = "ID")]
    pub workflow: Option<String>,
    /// A text file to work on; may be given several times
    #[arg(long = "file", short, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A step of your own plan; may be given several times
    #[arg(long = "step", value_name = "TEXT")]
    pub steps: Vec<String>,
    /// The kind of work that it belongs to; made if there is none of this name
    #[arg(long, value_name = "NAME")]
    pub use_case: Option<String>,
    /// Its rows may be shared with your community, and teachers on servers may be used without asking
    #[arg(long)]
    pub communal: bool,
    /// What you say to it, one line each: words, or commands such as /accept (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub feedback_from: Option<PathBuf>,
    /// Write the finished product into this folder
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Begin with a request
    New(NewSessionArguments),
    /// Go on: an ID, a number of the list, or the latest that is not finished
    Resume {
        id: Option<String>,
        /// What you say to it, one line each: words, or commands such as /accept (`-`: standard input)
        #[arg(long, value_name = "FILE")]
        feedback_from: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// The latest sessions
    List {
        /// At most this many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        output: Output,
    },
    /// What can be made, also by your own files, and what is wrong with them
    Workflows(Output),
    /// Print a session: its plan, its cycles, its result
    Show {
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Write a session's product into a folder; nothing there is replaced
    Export {
        id: String,
        folder: PathBuf,
        /// An older version, from 1
        #[arg(long)]
        version: Option<u32>,
    },
    /// Delete a session with its product and its rows for good
    Delete {
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConversationsCommand {
    /// The latest conversations
    List {
        /// At most this many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Conversations that contain these words
    Search {
        #[arg(required = true)]
        text: Vec<String>,
        /// At most this many
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Print a conversation: an ID, or a number of the list
    Show {
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Give a conversation another title
    Rename {
        id: String,
        #[arg(required = true)]
        title: Vec<String>,
    },
    /// Delete a conversation for good
    Delete {
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Write a conversation to a file, or to standard output
    Export {
        id: String,
        /// Ends in .md or .json; standard output if not given
        file: Option<PathBuf>,
        /// The format on standard output
        #[arg(long, value_enum, default_value_t = Format::Markdown, conflicts_with = "file")]
        format: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// How much room it takes, and the backups
    Show(Output),
    /// Make a backup now
    Backup,
    /// Check everything that can be checked
    Check(Output),
    /// Go back to a backup; what is there now is set aside
    Restore {
        /// Its name, from `opzest data show`
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    Markdown,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// All settings, and what they come to on this computer
    Show(Output),
    /// Change settings, such as `temperature=0.7` or `threads=auto`
    Set {
        #[arg(required = true, value_name = "KEY=VALUE")]
        changes: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_what_changes_something_needs_the_folder_alone() {
        let writes = |line: &str| {
            Arguments::parse_from(line.split(' '))
                .command
                .unwrap_or_default()
                .writes()
        };
        for line in [
            "opzest",
            "opzest chat hello",
            "opzest models add x.gguf",
            "opzest conversations delete 1",
            "opzest settings set threads=1",
            "opzest dataset import rows.jsonl",
            "opzest dataset delete 1",
            "opzest teachers set worker",
        ] {
            assert!(writes(line), "{line}");
        }
        for line in [
            "opzest info",
            "opzest models list",
            "opzest models bench",
            "opzest conversations export 1",
            "opzest settings show",
            "opzest dataset export rows.parquet",
            "opzest dataset stats",
            "opzest session workflows",
            "opzest teachers list",
        ] {
            assert!(!writes(line), "{line}");
        }
    }
}
