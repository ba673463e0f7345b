//! The workflows that there are: those that come with OpZest, and the user's own files in the data
//! folder's `workflows`, which add to them or replace them by id.
//!
//! A file that cannot be used is told with its place and hides nothing else: a bundled workflow that it
//! would replace stays. Nothing is cached; the files are small and read when they are needed.

use crate::agents::prompt::{self, TemplateFault};
use opzest_core::workflow::{Agent, Place, Workflow, WorkflowId, place_of};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

const BUNDLED: &[(&str, &str)] = &[
    (
        "document.toml",
        include_str!("../../../assets/workflows/document.toml"),
    ),
    (
        "script.toml",
        include_str!("../../../assets/workflows/script.toml"),
    ),
    (
        "page.toml",
        include_str!("../../../assets/workflows/page.toml"),
    ),
    (
        "data.toml",
        include_str!("../../../assets/workflows/data.toml"),
    ),
];

/// The folder of the user's own files, in the data folder.
pub const FOLDER: &str = "workflows";

/// The largest workflow file, in bytes.
const MOST_BYTES: u64 = 256 << 10;

/// Files looked at in the folder.
const MOST_FILES: usize = 200;

/// Where a workflow comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkflowSource {
    Bundled,
    File {
        path: PathBuf,
        /// It stands in the place of a bundled one.
        replaces: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowEntry {
    pub workflow: Workflow,
    pub source: WorkflowSource,
}

/// A file of the user's that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct WorkflowFault {
    pub path: PathBuf,
    /// `None`: the file as a whole.
    pub place: Option<Place>,
    pub message: String,
}

impl fmt::Display for WorkflowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{}: {place}: {}", self.path.display(), self.message),
            None => write!(f, "{}: {}", self.path.display(), self.message),
        }
    }
}

/// All workflows, the bundled ones first, and what is wrong with the user's files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Workflows {
    pub entries: Vec<WorkflowEntry>,
    pub faults: Vec<WorkflowFault>,
}

impl Workflows {
    /// Reads the folder of the user's files; it need not exist.
    pub fn load(data_folder: &Path) -> Self {
        let mut workflows = Self::bundled();
        let (files, fault) = files_in(&data_folder.join(FOLDER));
        workflows.faults.extend(fault);
        for path in files {
            match read(&path) {
                Ok(workflow) => workflows.add(workflow, path),
                Err((place, message)) => {
                    workflows.faults.push(WorkflowFault {
                        path,
                        place,
                        message,
                    });
                }
            }
        }
        workflows
    }

    /// Only what comes with OpZest.
    pub fn bundled() -> Self {
        let entry = |(name, text): &(&str, &str)| {
            let workflow = check(text)
                .unwrap_or_else(|(place, message)| panic!("{name}: {place:?}: {message}"));
            WorkflowEntry {
                workflow,
                source: WorkflowSource::Bundled,
            }
        };
        Self {
            // A test reads every one of them.
            entries: BUNDLED.iter().map(entry).collect(),
            faults: Vec::new(),
        }
    }

    pub fn get(&self, id: &WorkflowId) -> Option<&Workflow> {
        let mut workflows = self.entries.iter().map(|entry| &entry.workflow);
        workflows.find(|workflow| workflow.id == *id)
    }

    /// All of them, for the planner that chooses.
    pub fn all(&self) -> Vec<Workflow> {
        self.entries
            .iter()
            .map(|entry| entry.workflow.clone())
            .collect()
    }

    fn add(&mut self, workflow: Workflow, path: PathBuf) {
        let same = |entry: &&mut WorkflowEntry| entry.workflow.id == workflow.id;
        match self.entries.iter_mut().find(same) {
            None => {
                let source = WorkflowSource::File {
                    path,
                    replaces: false,
                };
                self.entries.push(WorkflowEntry { workflow, source });
            }
            Some(entry) if entry.source == WorkflowSource::Bundled => {
                let source = WorkflowSource::File {
                    path,
                    replaces: true,
                };
                *entry = WorkflowEntry { workflow, source };
            }
            Some(entry) => {
                let WorkflowSource::File { path: first, .. } = &entry.source else {
                    return;
                };
                let message = format!(
                    "the workflow `{}` is already in {}; give this one another id",
                    workflow.id,
                    first.display()
                );
                self.faults.push(WorkflowFault {
                    path,
                    place: None,
                    message,
                });
            }
        }
    }
}

type Fault = (Option<Place>, String);

/// The folder's `.toml` files by name, and what is wrong with the folder.
fn files_in(folder: &Path) -> (Vec<PathBuf>, Option<WorkflowFault>) {
    let whole = |message: String| {
        Some(WorkflowFault {
            path: folder.to_owned(),
            place: None,
            message,
        })
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (Vec::new(), None),
        Err(error) => {
            return (
                Vec::new(),
                whole(format!("the folder cannot be read: {error}")),
            );
        }
    };
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml");
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_toml)
        .collect();
    files.sort();
    let fault = (files.len() > MOST_FILES).then(|| {
        format!(
            "there are {} workflow files; only the first {MOST_FILES} are used",
            files.len()
        )
    });
    files.truncate(MOST_FILES);
    (files, fault.and_then(whole))
}

fn read(path: &Path) -> Result<Workflow, Fault> {
    let unreadable = |error: std::io::Error| (None, format!("the file cannot be read: {error}"));
    // Opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err((None, "this is not a file".into()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("the file is larger than {} kB", MOST_BYTES >> 10);
        return Err((None, message));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let place = Place {
            line: before.matches('\n').count() + 1,
            column: before.lines().last().map_or(0, |line| line.chars().count()) + 1,
        };
        (
            Some(place),
            "the file is not UTF-8 text; save it as UTF-8".to_owned(),
        )
    })?;
    check(text.trim_start_matches('\u{feff}'))
}

/// Reads a workflow and looks at its prompts.
fn check(text: &str) -> Result<Workflow, Fault> {
    let workflow =
        Workflow::parse(text).map_err(|error| (Some(error.place), error.message.clone()))?;
    for &agent in Agent::ALL {
        check_prompts(&workflow, agent).map_err(|(key, fault)| {
            (template_place(text, agent, key, fault.line), fault.message)
        })?;
    }
    Ok(workflow)
}

fn check_prompts(workflow: &Workflow, agent: Agent) -> Result<(), (&'static str, TemplateFault)> {
    let spec = workflow.agents.get(agent);
    let mut used = prompt::check(&spec.system, agent).map_err(|fault| ("system", fault))?;
    used.extend(prompt::check(&spec.user, agent).map_err(|fault| ("user", fault))?);
    let missing = prompt::needed(agent)
        .iter()
        .find(|name| !used.iter().any(|used| used == *name));
    match missing {
        None => Ok(()),
        Some(name) => {
            let message = format!("the {agent}'s prompt does not use {{{{ {name} }}}}");
            Err(("user", TemplateFault { line: 1, message }))
        }
    }
}

/// A template's line in its file.
fn template_place(text: &str, agent: Agent, key: &str, line: usize) -> Option<Place> {
    let start = place_of(text, &["agents", agent.as_str(), key])?;
    let first = text.lines().nth(start.line - 1)?;
    let opens = first.chars().skip(start.column - 1).collect::<String>();
    // A line break right after the opening quotes does not belong to the text.
    let skipped = usize::from(matches!(opens.trim_end(), "\"\"\"" | "'''"));
    match line + skipped {
        1 => Some(start),
        below => Some(Place {
            line: start.line + below - 1,
            column: 1,
        }),
    }
}
