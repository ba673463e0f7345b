//! `opzest models`, and how a model is named on the command line.

use crate::args::{ModelsCommand, Output};
use crate::errors::mistake;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{
    ACCENT, Progress, QUIET, WARNING, columns, file_size, print_facts, print_json, remark, shorten,
};
use opzest_app::calls::{
    AddModelFile, ModelArgument, NoArguments, add_model_file, list_models, measure_model,
    remove_model, select_model,
};
use opzest_app::dto::{Model, ModelKind, ModelSpeed};
use std::io::Write;
use std::path::Path;

pub fn run(host: &Host, command: ModelsCommand) -> anyhow::Result<()> {
    match command {
        ModelsCommand::List(output) => list(host, output),
        ModelsCommand::Add { file } => add(host, file),
        ModelsCommand::Show { id, output } => show(&find(host, &id)?, output),
        ModelsCommand::Remove { id } => remove(host, &id),
        ModelsCommand::Select { id } => {
            let model = select(host, &id)?;
            remark(format_args!("{} answers from now on.", line(&model.name)));
            Ok(())
        }
        ModelsCommand::Bench { id, output } => bench(host, id.as_deref(), output),
    }
}

fn all(host: &Host) -> anyhow::Result<Vec<Model>> {
    Ok(host.wait(list_models(&host.app, NoArguments {}))?)
}

pub fn selected(host: &Host) -> anyhow::Result<Model> {
    let selected = all(host)?.into_iter().find(|model| model.selected);
    selected.ok_or_else(|| {
        let hint = "Add one with `opzest models add FILE`.";
        mistake("There is no model yet.", hint).into()
    })
}

/// A registered model, by its id or its file.
fn find(host: &Host, named: &str) -> anyhow::Result<Model> {
    let models = all(host)?;
    let ids: Vec<_> = models.iter().map(|model| model.id.clone()).collect();
    match named_among(models, named) {
        Some(model) => Ok(model),
        None => Err(mistake(
            format!("There is no model `{named}`."),
            format!("There are: {}.", ids.join(", ")),
        )
        .into()),
    }
}

fn named_among(models: Vec<Model>, named: &str) -> Option<Model> {
    let path = std::path::absolute(named).ok();
    let location = path.as_deref().map(Path::to_string_lossy);
    models.into_iter().find(|model| {
        model.id == named
            || (model.kind == ModelKind::File && location.as_deref() == Some(&*model.location))
    })
}

/// A registered model, or a file, which is then registered.
pub fn find_or_add(host: &Host, named: &str) -> anyhow::Result<Model> {
    let looks_like_a_file =
        named.contains(std::path::MAIN_SEPARATOR) || named.ends_with(".gguf") || named == "~";
    match find(host, named) {
        Err(_) if looks_like_a_file || Path::new(named).is_file() => {
            let path = named.to_owned();
            Ok(host.wait(add_model_file(&host.app, AddModelFile { path }))?)
        }
        found => found,
    }
}

pub fn select(host: &Host, named: &str) -> anyhow::Result<Model> {
    let model = find_or_add(host, named)?;
    let id = model.id.clone();
    host.wait(select_model(&host.app, ModelArgument { id }))?;
    Ok(model)
}

pub fn list(host: &Host, output: Output) -> anyhow::Result<()> {
    let models = all(host)?;
    if output.json {
        return print_json(&models);
    }
    let rows: Vec<_> = models.iter().map(row).collect();
    let mut out = anstream::stdout();
    for (model, [mark, id, name, size]) in models.iter().zip(columns(&rows)) {
        writeln!(
            out,
            "{ACCENT}{mark}{ACCENT:#} {id}  {name}  {QUIET}{}{QUIET:#}",
            size.trim_end()
        )?;
        if let Some(problem) = &model.problem {
            writeln!(
                out,
                "  {WARNING}{}{WARNING:#} {}",
                line(&problem.message),
                line(&problem.hint)
            )?;
        }
    }
    Ok(())
}

fn row(model: &Model) -> [String; 4] {
    let mark = if model.selected { "*" } else { " " };
    let size = [
        model.parameters.as_deref().map(line),
        model.quantisation.as_deref().map(line),
        model.file_bytes.map(file_size),
    ];
    let size: Vec<_> = size.into_iter().flatten().collect();
    [
        mark.to_owned(),
        line(&model.id),
        shorten(&line(&model.name), 40),
        size.join(" · "),
    ]
}

fn add(host: &Host, file: String) -> anyhow::Result<()> {
    let model = host.wait(add_model_file(&host.app, AddModelFile { path: file }))?;
    writeln!(anstream::stdout(), "{}", line(&model.id))?;
    remark(format_args!(
        "{} was added; `opzest models select {}` makes it the one that answers.",
        line(&model.name),
        line(&model.id)
    ));
    Ok(())
}

fn show(model: &Model, output: Output) -> anyhow::Result<()> {
    if output.json {
        return print_json(model);
    }
    let kind = match model.kind {
        ModelKind::Trained => "trained here",
        ModelKind::Embedded => "comes with OpZest",
        ModelKind::File => "your file",
        ModelKind::Remote => "a server: what you write leaves this computer",
    };
    let known = |value: &Option<String>| value.as_deref().map(line);
    let facts = [
        ("ID", Some(line(&model.id))),
        ("Name", Some(line(&model.name))),
        ("Kind", Some(kind.to_owned())),
        ("Location", Some(line(&model.location))),
        ("Size", model.file_bytes.map(file_size)),
        ("Architecture", known(&model.architecture)),
        ("Parameters", known(&model.parameters)),
        ("Quantisation", known(&model.quantisation)),
        (
            "Context",
            model
                .trained_context
                .map(|tokens| format!("{tokens} tokens")),
        ),
        ("Licence", known(&model.licence)),
        (
            "Selected",
            Some(if model.selected { "yes" } else { "no" }.to_owned()),
        ),
        (
            "Problem",
            model
                .problem
                .as_ref()
                .map(|problem| line(&problem.to_string())),
        ),
    ];
    let facts: Vec<_> = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    print_facts(&facts)?;
    Ok(())
}

fn remove(host: &Host, named: &str) -> anyhow::Result<()> {
    let model = find(host, named)?;
    let id = model.id.clone();
    host.wait(remove_model(&host.app, ModelArgument { id }))?;
    remark(format_args!(
        "{} is off the list; its file stays at {}.",
        line(&model.name),
        line(&model.location)
    ));
    Ok(())
}

fn bench(host: &Host, named: Option<&str>, output: Output) -> anyhow::Result<()> {
    let model = match named {
        Some(named) => find(host, named)?,
        None => selected(host)?,
    };
    let mut progress = Progress::default();
    progress.show(format_args!("Measuring {} …", line(&model.name)));
    let measured = host.wait(measure_model(&host.app, ModelArgument { id: model.id }));
    progress.clear();
    let speed = measured?;
    if output.json {
        return print_json(&speed);
    }
    print_speed(&speed)
}

fn print_speed(speed: &ModelSpeed) -> anyhow::Result<()> {
    let rate = |tokens: f32| format!("{tokens:.1} tokens/s");
    let memory = match speed.peak_memory_mb {
        0 => "not told by this system".to_owned(),
        mb => format!("{mb} MB"),
    };
    print_facts(&[
        ("Model", line(&speed.model_name)),
        ("Threads", speed.threads.to_string()),
        ("Reading", rate(speed.reading_tokens_per_second)),
        ("Writing", rate(speed.writing_tokens_per_second)),
        ("Load time", format!("{} ms", speed.load_ms)),
        ("Memory", memory),
    ])?;
    Ok(())
}
