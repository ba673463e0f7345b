//! Each agent's models in the user's order, and what a session gets of them.

use crate::app::App;
use crate::dto::{Agent as AgentDto, TeachersView, UiError};
use crate::error::invalid;
use crate::info::NoArguments;
use crate::teachers::list_teachers;
use opzest_core::conversation::ModelName;
use opzest_core::conversation::Scope;
use opzest_core::ids::{ModelId, UseCaseId};
use opzest_core::model::{ModelDetails, ModelKind, RegisteredModel};
use opzest_core::session::{Pools, Teacher};
use opzest_core::workflow::{Agent, Workflow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

const KEY: &str = "teachers";

/// The user's choices; an agent that is absent uses the selected model.
pub(super) type Chosen = BTreeMap<Agent, Vec<ModelId>>;

#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SetTeachers {
    pub agent: AgentDto,
    /// Best first; empty: the model that conversations use.
    pub model_ids: Vec<String>,
}

/// Chooses an agent's models and their order, for sessions that begin from now on.
pub async fn set_teachers(app: &App, set: SetTeachers) -> Result<TeachersView, UiError> {
    let models = app.store(|store| store.models()).await?;
    let mut ids: Vec<ModelId> = Vec::new();
    for text in &set.model_ids {
        let id = models
            .iter()
            .map(|model| &model.id)
            .find(|id| id.as_str() == text);
        let id = id.ok_or_else(|| invalid(format!("There is no model `{text}`.")))?;
        if ids.contains(id) {
            return Err(invalid(format!("`{text}` is in the list twice.")));
        }
        ids.push(id.clone());
    }
    let mut chosen = chosen(app).await?;
    match ids.is_empty() {
        true => chosen.remove(&set.agent.into()),
        false => chosen.insert(set.agent.into(), ids),
    };
    app.store(move |store| store.set_setting(KEY, &chosen))
        .await?;
    list_teachers(app, NoArguments {}).await
}

pub(super) async fn chosen(app: &App) -> Result<Chosen, UiError> {
    let chosen = app.store(|store| store.setting::<Chosen>(KEY)).await?;
    Ok(chosen.unwrap_or_default())
}

/// An agent's models that are still registered; the one of the conversations if none is chosen.
pub(super) fn ids(models: &[RegisteredModel], chosen: &Chosen, agent: Agent) -> Vec<ModelId> {
    let known = |id: &&ModelId| models.iter().any(|model| model.id == **id);
    let ids: Vec<_> = chosen
        .get(&agent)
        .into_iter()
        .flatten()
        .filter(known)
        .cloned()
        .collect();
    if !ids.is_empty() {
        return ids;
    }
    let embedded = |model: &&RegisteredModel| model.details.kind == ModelKind::Embedded;
    let usual = models.iter().find(|model| model.selected);
    let usual = usual.or_else(|| models.iter().find(embedded));
    usual.map(|model| model.id.clone()).into_iter().collect()
}

/// The models of a session: those that its workflow names for an agent, otherwise the user's order.
/// The model that was trained for the use case works before all others, which are its backup.
pub(crate) async fn pools_for(
    app: &App,
    workflow: Option<&Workflow>,
    (use_case, scope): (Option<UseCaseId>, Scope),
) -> Result<Pools, UiError> {
    let models = app.store(|store| store.models()).await?;
    let promoted = promoted(app, workflow, use_case, scope).await?;
    let chosen = chosen(app).await?;
    let pool = |agent: Agent| {
        let named = workflow.map(|workflow| workflow.agents.get(agent).pool.clone());
        let named: Vec<_> = named
            .unwrap_or_default()
            .into_iter()
            .filter(|id| models.iter().any(|model| model.id == *id))
            .collect();
        let ids = if named.is_empty() {
            ids(&models, &chosen, agent)
        } else {
            named
        };
        ids.iter().filter_map(|id| teacher(&models, id)).collect()
    };
    Ok(Pools {
        planner: pool(Agent::Planner),
        lead: pool(Agent::Lead),
        worker: {
            let mut worker = pool(Agent::Worker);
            if let Some(promoted) = promoted.and_then(|id| teacher(&models, &id)) {
                worker.retain(|teacher: &Teacher| teacher.model.id != promoted.model.id);
                worker.insert(0, promoted);
            }
            worker
        },
        analyst: pool(Agent::Analyst),
    })
}

/// The model that a use case works with; without one named, the workflow's.
async fn promoted(
    app: &App,
    workflow: Option<&Workflow>,
    use_case: Option<UseCaseId>,
    scope: Scope,
) -> Result<Option<ModelId>, UiError> {
    let workflow = workflow.map(|workflow| workflow.id.clone());
    app.store(move |store| {
        let use_case = match (use_case, workflow) {
            (Some(use_case), _) => Some(use_case),
            (None, Some(workflow)) => {
                let mut all = store.use_cases()?.into_iter();
                all.find(|one| one.workflow.as_ref() == Some(&workflow))
                    .map(|one| one.id)
            }
            (None, None) => None,
        };
        match use_case {
            Some(use_case) => store.model_in_use(use_case, scope),
            None => Ok(None),
        }
    })
    .await
}

fn teacher(models: &[RegisteredModel], id: &ModelId) -> Option<Teacher> {
    let model = models.iter().find(|model| model.id == *id)?;
    Some(Teacher {
        model: ModelName {
            id: model.id.clone(),
            name: model.details.name.clone(),
        },
        remote: model.details.kind == ModelKind::Remote,
        destination: destination(&model.details),
    })
}

/// Where text goes that is sent to a model; empty for a local one.
pub(crate) fn destination(details: &ModelDetails) -> String {
    match details.kind {
        ModelKind::Remote => {
            let name = details.remote_name.as_deref().unwrap_or_default();
            format!("{} ({name})", details.location)
        }
        ModelKind::Embedded | ModelKind::File | ModelKind::Trained => String::new(),
    }
}

/// The teachers with these ids, for a session that is running.
pub(crate) async fn teachers(app: &App, ids: &[String]) -> Result<Vec<Teacher>, UiError> {
    let models = app.store(|store| store.models()).await?;
    ids.iter()
        .map(|text| {
            let id: ModelId = text
                .parse()
                .map_err(|source| invalid(format!("{source}.")))?;
            teacher(&models, &id).ok_or_else(|| invalid(format!("There is no model `{text}`.")))
        })
        .collect()
}

/// A removed model leaves every agent's order.
pub(crate) async fn forget_model(app: &App, id: &ModelId) -> Result<(), UiError> {
    let mut chosen = chosen(app).await?;
    for ids in chosen.values_mut() {
        ids.retain(|kept| kept != id);
    }
    chosen.retain(|_, ids| !ids.is_empty());
    app.store(move |store| store.set_setting(KEY, &chosen))
        .await
        .map(drop)
}
