//! `opzest teachers`: the models that make things with you, on this computer and on servers.

use crate::args::{Output, TeachersCommand};
use crate::errors::mistake;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{
    ACCENT, Progress, QUIET, STRONG, columns, counted, print_facts, print_json, remark, shorten,
};
use opzest_app::calls::{
    AddRemoteModel, ModelArgument, NoArguments, SetTeachers, add_remote_model, list_teachers,
    remove_teacher, set_teachers, test_teacher,
};
use opzest_app::dto::{Agent, TeacherInfo, TeacherTest, TeachersView};
use std::io::{BufRead, Read, Write};
use std::process::ExitCode;

/// Longer than any key.
const LONGEST_KEY: u64 = 64 << 10;

pub fn run(host: &Host, command: TeachersCommand) -> anyhow::Result<ExitCode> {
    match command {
        TeachersCommand::List(output) => list(host, output)?,
        TeachersCommand::Add {
            address,
            model,
            name,
            key,
            context,
            output,
        } => {
            let add = AddRemoteModel {
                name: name.unwrap_or_default(),
                address,
                remote_name: model,
                key: if key {
                    key_from_input()?
                } else {
                    String::new()
                },
                context_size: context,
            };
            let before = view(host)?;
            let after = host.wait(add_remote_model(&host.app, add))?;
            told_as_added(&before, &after, output)?;
        }
        TeachersCommand::Remove { id } => {
            let removed = host.wait(remove_teacher(&host.app, ModelArgument { id: id.clone() }))?;
            remark(format_args!("{} is off the list.", line(&id)));
            if let Some(server) = removed.forgot_key_of {
                let server = line(&server);
                remark(format_args!(
                    "The key for {server} was forgotten: no other model uses it."
                ));
            }
        }
        TeachersCommand::Set { agent, ids } => {
            let set = SetTeachers {
                agent: agent.into(),
                model_ids: ids,
            };
            print_pools(&host.wait(set_teachers(&host.app, set))?)?;
        }
        TeachersCommand::Test { id, output } => return test(host, id, output),
    }
    Ok(ExitCode::SUCCESS)
}

fn view(host: &Host) -> anyhow::Result<TeachersView> {
    Ok(host.wait(list_teachers(&host.app, NoArguments {}))?)
}

fn list(host: &Host, output: Output) -> anyhow::Result<()> {
    let view = view(host)?;
    if output.json {
        return print_json(&view);
    }
    let rows: Vec<_> = view.teachers.iter().map(row).collect();
    let mut out = anstream::stdout();
    for (teacher, [id, name, place, gives]) in view.teachers.iter().zip(columns(&rows)) {
        writeln!(
            out,
            "{ACCENT}{id}{ACCENT:#}  {name}  {QUIET}{place}  {}{QUIET:#}",
            gives.trim_end()
        )?;
        writeln!(out, "  {QUIET}{}{QUIET:#}", line(&teacher.terms.words))?;
    }
    writeln!(out)?;
    print_pools(&view)
}

fn row(teacher: &TeacherInfo) -> [String; 4] {
    let place = match &teacher.remote {
        Some(remote) => line(&remote.address),
        None => "this computer".to_owned(),
    };
    let gives = match teacher.trace_k {
        None => "not tested yet".to_owned(),
        Some(0) => "no probabilities".to_owned(),
        Some(k) => format!("{k} probabilities a token"),
    };
    let name = shorten(&line(&teacher.model.name), 40);
    [line(&teacher.model.id), name, place, gives]
}

fn print_pools(view: &TeachersView) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    for pool in &view.pools {
        let ids: Vec<_> = pool.model_ids.iter().map(|id| line(id)).collect();
        let agent = agent_name(pool.agent);
        writeln!(out, "{STRONG}{agent:<8}{STRONG:#} {}", ids.join(", "))?;
    }
    Ok(())
}

fn agent_name(agent: Agent) -> &'static str {
    match agent {
        Agent::Planner => "planner",
        Agent::Lead => "lead",
        Agent::Worker => "worker",
        Agent::Analyst => "analyst",
    }
}

/// A key is never an argument: other users of the computer see those.
fn key_from_input() -> anyhow::Result<String> {
    let mut key = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_KEY)
        .read_line(&mut key)?;
    let key = key.trim();
    if key.is_empty() {
        let hint = "Give it as one line: `opzest teachers add ... --key < key.txt`.";
        return Err(mistake("There is no key on standard input.", hint).into());
    }
    Ok(key.to_owned())
}

fn told_as_added(
    before: &TeachersView,
    after: &TeachersView,
    output: Output,
) -> anyhow::Result<()> {
    if output.json {
        return print_json(after);
    }
    let is_known = |id: &str| before.teachers.iter().any(|known| known.model.id == id);
    let new = after
        .teachers
        .iter()
        .filter(|teacher| !is_known(&teacher.model.id));
    for teacher in new {
        let id = line(&teacher.model.id);
        writeln!(anstream::stdout(), "{id}")?;
        remark(format_args!(
            "Added; `opzest teachers test {id}` asks it something small."
        ));
    }
    Ok(())
}

fn test(host: &Host, id: String, output: Output) -> anyhow::Result<ExitCode> {
    let mut progress = Progress::default();
    progress.show("Asking …");
    let tested = host.wait(test_teacher(&host.app, ModelArgument { id }));
    progress.clear();
    let tested = tested?;
    let code = match tested.reachable {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    };
    if output.json {
        print_json(&tested)?;
        return Ok(code);
    }
    if let Some(problem) = tested.problem {
        return Err(problem.into());
    }
    print_test(&tested)?;
    Ok(code)
}

fn print_test(test: &TeacherTest) -> anyhow::Result<()> {
    let probabilities = match (test.trace_k, &test.trace_problem) {
        (0, Some(why)) => format!("none: {}", line(why)),
        (0, None) => "none".to_owned(),
        (k, _) => format!("{} a token", counted(k.into(), "candidate")),
    };
    let first = test
        .first_token_ms
        .map_or("-".to_owned(), |ms| format!("{ms} ms"));
    let structured = test.structured.as_deref().map_or("no".to_owned(), line);
    print_facts(&[
        ("Answer", shorten(&line(&test.answer), 60)),
        ("First word", first),
        ("Probabilities", probabilities),
        ("Structured", structured),
    ])?;
    Ok(())
}
