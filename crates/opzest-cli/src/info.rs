//! `opzest info`.

use crate::args::Output;
use crate::host::Host;
use crate::plain::line;
use crate::screen::{print_facts, print_json};
use opzest_app::calls::{NoArguments, app_info, list_models, read_settings};

pub fn run(host: &Host, output: Output) -> anyhow::Result<()> {
    let info = host.wait(app_info(&host.app, NoArguments {}))?;
    if output.json {
        return print_json(&info);
    }
    let machine = &info.machine;
    let mut facts = vec![
        ("OpZest", line(&info.version)),
        ("Data folder", line(&info.data_folder)),
        ("Log folder", line(&info.log_folder)),
        (
            "Processor",
            format!(
                "{}, {} cores, {} threads",
                line(&machine.processor),
                machine.physical_cores,
                machine.logical_cores
            ),
        ),
        (
            "Memory",
            format!(
                "{} MB, {} MB free",
                machine.memory_mb, machine.free_memory_mb
            ),
        ),
    ];
    if let Some(problem) = info.problem {
        print_facts(&facts)?;
        return Err(problem.into());
    }
    let models = host.wait(list_models(&host.app, NoArguments {}))?;
    let view = host.wait(read_settings(&host.app, NoArguments {}))?;
    if let Some(model) = models.iter().find(|model| model.selected) {
        facts.push(("Model", format!("{} ({})", line(&model.name), model.id)));
        facts.push(("Model file", line(&model.location)));
    }
    facts.extend([
        ("Threads", view.threads.to_string()),
        ("Context", format!("{} tokens", view.context_size)),
        ("Needs", format!("{} MB", view.needed_memory_mb)),
    ]);
    print_facts(&facts)?;
    Ok(())
}
