//! `opzest session`: from a request to a product, in the terminal or from a script.

mod drive;
mod hand;
mod list;
mod live;
mod news;
mod show;
mod source;
mod words;
mod workflows;

use crate::args::{NewSessionArguments, Output, SessionCommand};
use crate::chat::{STANDARD_INPUT, question};
use crate::errors::mistake;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{ACCENT, QUIET, counted, print_json, remark};
use crate::wrap::wrapped;
use drive::Drive;
use list::{identify, latest_open, list, status};
use news::Parts;
use opzest_app::calls::{
    ActOnSession, ExportProduct, NewSession, SessionArgument, act_on_session, delete_session,
    export_product, list_use_cases, new_session, open_session,
};
use opzest_app::calls::{CreateUseCase, NoArguments, create_use_case};
use opzest_app::dto::{FileText, Scope, SessionAct, SessionStatus, SessionView};
use source::Source;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// All text that a session can begin with; the app says so, too.
const LARGEST_FILE: u64 = 4 << 20;

pub fn run(host: &Host, command: SessionCommand) -> anyhow::Result<ExitCode> {
    match command {
        SessionCommand::New(arguments) => return begin(host, arguments),
        SessionCommand::Resume {
            id,
            feedback_from,
            output,
        } => return resume(host, id, feedback_from.as_deref(), output),
        SessionCommand::List { limit, output } => list(host, limit, output)?,
        SessionCommand::Workflows(output) => workflows::list(host, output)?,
        SessionCommand::Show { id, output } => show_one(host, &id, output)?,
        SessionCommand::Export {
            id,
            folder,
            version,
        } => export(host, &id, &folder, version)?,
        SessionCommand::Delete { id, yes } => delete(host, &id, yes)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn begin(host: &Host, arguments: NewSessionArguments) -> anyhow::Result<ExitCode> {
    let reads_input = arguments.request.iter().any(|word| word == STANDARD_INPUT);
    if reads_input && arguments.feedback_from.as_deref() == Some(Path::new(STANDARD_INPUT)) {
        let hint = "Write the request as words, or the feedback into a file.";
        let what = "The request and the feedback cannot both come from standard input.";
        return Err(mistake(what, hint).into());
    }
    let source = source(arguments.feedback_from.as_deref())?;
    workflows::check(host, arguments.workflow.as_deref())?;
    let files = arguments.files.iter().map(|file| text_file(file));
    let use_case_id = match &arguments.use_case {
        Some(name) => Some(use_case(host, name)?),
        None => None,
    };
    let new = NewSession {
        request: question(arguments.request)?,
        files: files.collect::<anyhow::Result<_>>()?,
        workflow: arguments.workflow,
        use_case_id,
        scope: match arguments.communal {
            true => Scope::Communal,
            false => Scope::Private,
        },
        plan: arguments.steps,
    };
    let session = host.wait(new_session(&host.app, new))?;
    if !arguments.output.json {
        remark(format_args!("Session {}", session.summary.id));
    }
    finish(
        host,
        session,
        source,
        arguments.output,
        arguments.export.as_deref(),
    )
}

fn resume(
    host: &Host,
    id: Option<String>,
    feedback_from: Option<&Path>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let source = source(feedback_from)?;
    let id = match id {
        Some(id) => identify(host, &id)?,
        None => latest_open(host)?,
    };
    let mut session = open(host, &id)?;
    if session.summary.status == SessionStatus::Stopped {
        let act = ActOnSession {
            id,
            act: SessionAct::Resume,
        };
        session = host.wait(act_on_session(&host.app, act))?;
    }
    finish(host, session, source, output, None)
}

fn finish(
    host: &Host,
    session: SessionView,
    source: Source,
    output: Output,
    export_to: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let (session, code) = Drive::new(host, session, source, output.json).run()?;
    if let (Some(folder), SessionStatus::Finished) = (export_to, session.summary.status) {
        export(host, &session.summary.id, folder, None)?;
    }
    if output.json {
        print_json(&session)?;
    } else {
        let (rows, versions) = (session.summary.examples, session.summary.versions);
        remark(format_args!(
            "{}, {}.",
            counted(versions.into(), "version"),
            counted(rows.into(), "row")
        ));
    }
    Ok(code)
}

fn source(feedback_from: Option<&Path>) -> anyhow::Result<Source> {
    match feedback_from {
        Some(file) => Source::script(file),
        None if std::io::stdin().is_terminal() => Source::typed(),
        None => Err(mistake(
            "A session asks questions, and standard input is no terminal.",
            "Give the answers with `--feedback-from FILE` (`-` is standard input).",
        )
        .into()),
    }
}

/// A text file as an artifact's file, under its own name.
pub(crate) fn text_file(path: &Path) -> anyhow::Result<FileText> {
    let shown = path.display();
    let problem = |what: String, hint: &str| mistake(what, hint);
    let unread = |source| {
        let what = format!("{shown} cannot be read: {source}.");
        problem(what, "Name a text file that is there.")
    };
    let size = std::fs::metadata(path).map_err(unread)?.len();
    if size > LARGEST_FILE {
        let what = format!("{shown} has {} MB, and 4 MB is the most.", size >> 20);
        return Err(problem(what, "Take the part that matters.").into());
    }
    let bytes = std::fs::read(path).map_err(unread)?;
    let text = String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'));
    let text = text.ok_or_else(|| {
        let hint = "Models read text; convert it to UTF-8 first.";
        problem(format!("{shown} is not a text file."), hint)
    })?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(FileText {
        name: name.unwrap_or_default(),
        text,
    })
}

/// The use case of this name; made if there is none.
pub(crate) fn use_case(host: &Host, name: &str) -> anyhow::Result<String> {
    let all = host.wait(list_use_cases(&host.app, NoArguments {}))?;
    if let Some(found) = all
        .iter()
        .find(|found| found.name.eq_ignore_ascii_case(name))
    {
        return Ok(found.id.clone());
    }
    let name = name.to_owned();
    let made = host.wait(create_use_case(&host.app, CreateUseCase { name }))?;
    Ok(made.id)
}

fn open(host: &Host, id: &str) -> anyhow::Result<SessionView> {
    let session = SessionArgument { id: id.to_owned() };
    Ok(host.wait(open_session(&host.app, session))?)
}

fn show_one(host: &Host, id: &str, output: Output) -> anyhow::Result<()> {
    let session = open(host, &identify(host, id)?)?;
    if output.json {
        return print_json(&session);
    }
    let mut out = anstream::stdout();
    writeln!(out, "{}", wrapped(&line(&session.summary.title)))?;
    writeln!(
        out,
        "{QUIET}{} · {}{QUIET:#}\n",
        session.summary.id,
        status(session.summary.status)
    )?;
    show::plan(&session)?;
    for step in &session.steps {
        if !step.cycles.is_empty() {
            writeln!(out, "\n{ACCENT}{}{ACCENT:#}", wrapped(&line(&step.text)))?;
        }
        for cycle in &step.cycles {
            show::cycle(cycle, Parts::ALL)?;
        }
    }
    writeln!(out)?;
    show::difference(&[], &session.files)?;
    Ok(())
}

fn export(host: &Host, id: &str, folder: &Path, version: Option<u32>) -> anyhow::Result<()> {
    let folder = std::path::absolute(folder)?.display().to_string();
    let export = ExportProduct {
        id: identify(host, id)?,
        version,
        folder,
    };
    for path in host.wait(export_product(&host.app, export))? {
        remark(format_args!("Wrote {}", line(&path)));
    }
    Ok(())
}

fn delete(host: &Host, id: &str, yes: bool) -> anyhow::Result<()> {
    let id = identify(host, id)?;
    let session = open(host, &id)?;
    if !yes {
        let what = format!(
            "This deletes \"{}\" with its product and {} for good.",
            line(&session.summary.title),
            counted(session.summary.examples.into(), "row")
        );
        return Err(mistake(what, "Add --yes if you want that.").into());
    }
    let deleted = host.wait(delete_session(&host.app, SessionArgument { id }))?;
    for sentence in deleted.remains {
        remark(line(&sentence));
    }
    Ok(())
}
