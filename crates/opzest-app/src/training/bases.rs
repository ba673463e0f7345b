//! Models that can be trained on this computer, and which of them is suggested.

use crate::app::App;
use crate::dto::{BaseModelView, ErrorCode, UiError};
use crate::error::{error, invalid};
use crate::models::{registered, selected_model};
use opzest_core::ids::ModelId;
use opzest_core::model::{ModelKind, RegisteredModel};
use opzest_core::training::TrainingRun;
use opzest_dorpo::child::Conditions;
use opzest_llm::local::ModelFileInfo;
use std::path::Path;

/// What the trainer knows (`opzest_dorpo::model`).
const ARCHITECTURES: [&str; 3] = ["llama", "qwen2", "qwen3"];

/// Bytes per parameter while training, about: weights packed in both directions, and activations of the usual rows.
const BYTES_PER_PARAMETER: f64 = 7.0;

/// The base that is asked for, or the one that is suggested.
pub(super) async fn chosen(app: &App, id: Option<&str>) -> Result<RegisteredModel, UiError> {
    let model = match id {
        Some(id) => {
            let id = id.parse().map_err(|source| invalid(format!("{source}.")))?;
            registered(app, &id).await?
        }
        None => suggested(app).await?,
    };
    match problem(app, &model).await {
        Some(problem) => Err(error(
            ErrorCode::Training,
            format!("{} cannot be trained: {problem}", model.details.name),
            "Choose another base model.",
        )),
        None => Ok(model),
    }
}

/// The model that conversations use, or what that is trained on; else the embedded one.
async fn suggested(app: &App) -> Result<RegisteredModel, UiError> {
    let selected = selected_model(app).await?;
    let selected = match &selected.details.base {
        Some(base) => registered(app, base).await?,
        None => selected,
    };
    if problem(app, &selected).await.is_none() {
        return Ok(selected);
    }
    let models = app.store(|store| store.models()).await?;
    let embedded = |model: &RegisteredModel| model.details.kind == ModelKind::Embedded;
    Ok(models.into_iter().find(embedded).unwrap_or(selected))
}

/// All local models: those that can be trained first, the suggested one before them.
pub(super) async fn all(app: &App) -> Result<Vec<BaseModelView>, UiError> {
    let suggested = suggested(app).await.map(|model| model.id).ok();
    let speeds = Speeds::read(app).await?;
    let mut views = Vec::new();
    for model in app.store(|store| store.models()).await? {
        if matches!(model.details.kind, ModelKind::Remote | ModelKind::Trained) {
            continue;
        }
        let problem = problem(app, &model).await;
        let parameters = model.details.metadata.parameter_count;
        let (tokens_per_second, measured) = speeds.of(&model.id, parameters);
        views.push(BaseModelView {
            suggested: suggested.as_ref() == Some(&model.id) && problem.is_none(),
            model_id: model.id.to_string(),
            name: model.details.name,
            parameters: parameters.map(crate::models::short_count),
            problem,
            memory_bytes: parameters.map(|count| count as f64 * BYTES_PER_PARAMETER),
            tokens_per_second,
            measured,
        });
    }
    views.sort_by_key(|view| (view.problem.is_some(), !view.suggested));
    Ok(views)
}

/// How fast training has been here.
struct Speeds {
    /// Of each base, newest first: parameters and tokens per second.
    of_runs: Vec<(ModelId, Option<u64>, f64)>,
}

impl Speeds {
    async fn read(app: &App) -> Result<Self, UiError> {
        let (runs, models) = app
            .store(|store| Ok((store.runs(None)?, store.models()?)))
            .await?;
        let speed = |run: &TrainingRun| run.progress.get("tokens_per_second")?.as_f64();
        let of_run = |run: TrainingRun| {
            let base = models.iter().find(|model| model.id == run.base)?;
            let parameters = base.details.metadata.parameter_count;
            Some((run.base.clone(), parameters, speed(&run)?))
        };
        Ok(Self {
            of_runs: runs.into_iter().filter_map(of_run).collect(),
        })
    }

    /// Tokens per second, and whether this base has really been trained here. Else the work per token, which grows with
    /// the parameters, is held against that of another base.
    fn of(&self, id: &ModelId, parameters: Option<u64>) -> (Option<f64>, bool) {
        if let Some((.., speed)) = self.of_runs.iter().find(|(base, ..)| base == id) {
            return (Some(*speed), true);
        }
        let estimated = self.of_runs.first().and_then(|(_, of, speed)| {
            let ratio = (*of)? as f64 / parameters.filter(|count| *count > 0)? as f64;
            Some(speed * ratio)
        });
        (estimated, false)
    }
}

/// Why it cannot be trained here; a sentence.
async fn problem(app: &App, model: &RegisteredModel) -> Option<String> {
    match model.details.kind {
        ModelKind::Remote => return Some("it is on a server.".into()),
        ModelKind::Trained => {
            return Some("it is trained already; train its base model anew.".into());
        }
        ModelKind::Embedded | ModelKind::File => {}
    }
    let info: ModelFileInfo = match app.runner().info(Path::new(&model.details.location)).await {
        Ok(info) => info,
        Err(source) => return Some(format!("{source}.")),
    };
    if !ARCHITECTURES.contains(&info.architecture.as_str()) {
        let known = ARCHITECTURES.join(", ");
        let architecture = &info.architecture;
        return Some(format!(
            "its architecture is {architecture}, and OpZest can train {known}."
        ));
    }
    let needed = info.parameters as f64 * BYTES_PER_PARAMETER;
    match Conditions::default().free_memory() {
        Some(free) if (free as f64) < needed => Some(format!(
            "it needs about {:.1} GB of memory, and {:.1} GB are free.",
            needed / 1e9,
            free as f64 / 1e9
        )),
        _ => None,
    }
}
