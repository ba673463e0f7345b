//! What the user may change, and what it comes to on this computer.

use crate::app::App;
use crate::dto::{Settings, SettingsView, Theme, UiError};
use crate::error::invalid;
use crate::local_use::LocalUse;
use crate::models::selected_model;
use opzest_llm::Sampling;
use opzest_llm::local::LoadOptions;
use opzest_llm::local::ModelFileInfo;
use opzest_llm::local::machine::{LoadChoices, Machine, choose, needed_bytes};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

const KEY: &str = "settings";

/// Sampling for a small model: warm enough to vary, cool enough to stay on the subject.
impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            system_prompt: None,
            temperature: 0.5,
            top_p: 0.95,
            min_p: 0.05,
            seed: None,
            max_answer_tokens: None,
            threads: None,
            context_size: None,
            memory_map: None,
        }
    }
}

impl Settings {
    pub(crate) fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            min_p: self.min_p,
            seed: self.seed,
        }
    }

    /// How a model is loaded with these settings. `OPZEST_THREADS` stands in for an absent choice.
    pub(crate) fn load_options(&self, machine: &Machine, model: &ModelFileInfo) -> LoadOptions {
        let from_environment = || {
            std::env::var("OPZEST_THREADS")
                .ok()
                .and_then(|threads| threads.parse().ok())
        };
        let choices = LoadChoices {
            threads: self.threads.or_else(from_environment),
            context_size: self.context_size,
            sequences: None,
            memory_map: self.memory_map,
        };
        choose(machine, model, choices)
    }

    fn check(&self) -> Result<(), UiError> {
        let between = |name: &str, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(invalid(format!(
                    "{name} must be between {low} and {high}, not {value}."
                )))
            }
        };
        between("The temperature", self.temperature, 0.0, 5.0)?;
        between("Top-p", self.top_p, 0.0, 1.0)?;
        between("Min-p", self.min_p, 0.0, 1.0)?;
        let count = |name: &str, value: Option<u32>, low: u32, high: u32| match value {
            Some(value) if !(low..=high).contains(&value) => Err(invalid(format!(
                "{name} must be between {low} and {high}, not {value}."
            ))),
            _ => Ok(()),
        };
        count("The number of threads", self.threads, 1, 512)?;
        count("The context size", self.context_size, 256, 1 << 20)?;
        count("The longest answer", self.max_answer_tokens, 1, 1 << 20)
    }
}

pub(crate) async fn settings(app: &App) -> Result<Settings, UiError> {
    Ok(app
        .store(|store| store.setting::<Settings>(KEY))
        .await?
        .unwrap_or_default())
}

/// The settings, and what they come to for the selected model.
pub async fn read_settings(
    app: &App,
    _: crate::info::NoArguments,
) -> Result<SettingsView, UiError> {
    view(app, settings(app).await?).await
}

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChangeSettings {
    pub settings: Settings,
}

/// Checks and keeps the settings. How a model is loaded takes effect with the next answer.
pub async fn change_settings(app: &App, change: ChangeSettings) -> Result<SettingsView, UiError> {
    let ChangeSettings { settings } = change;
    settings.check()?;
    let kept = settings.clone();
    app.store(move |store| store.set_setting(KEY, &kept))
        .await?;
    view(app, settings).await
}

async fn view(app: &App, settings: Settings) -> Result<SettingsView, UiError> {
    let machine = Machine::detect();
    let model = selected_model(app).await?;
    // A model that cannot be read has its own error where it is shown; the settings stay usable.
    let info = match LocalUse::of(app, &model.details).await {
        Ok(used) => app.runner().info(&used.file).await.ok(),
        Err(_) => None,
    };
    let options = info
        .as_ref()
        .map(|info| settings.load_options(&machine, info));
    let needed = info
        .as_ref()
        .zip(options.as_ref())
        .map_or(0, |(info, options)| needed_bytes(info, options));
    Ok(SettingsView {
        threads: options.map_or(machine.physical_cores, |options| options.threads),
        context_size: options.map_or(0, |options| options.context_size),
        memory_map: options.is_none_or(|options| options.memory_map),
        needed_memory_mb: (needed >> 20) as u32,
        free_memory_mb: (machine.available_bytes >> 20) as u32,
        settings,
    })
}
