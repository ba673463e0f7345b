//! Teachers: which models each agent uses, and models on servers.
//!
//! Nothing here opens a socket but the commands that say so: listing a server's models and testing a
//! teacher, both at the user's click.

mod pools;
mod remote;
mod terms;
mod test;

pub(crate) use pools::{destination, forget_model, pools_for, teachers};
pub(crate) use remote::{forget_key, remote_model};

use crate::app::App;
use crate::dto::{Agent, AgentPool, RemoteInfo, TeacherInfo, TeachersView, UiError};
use crate::info::NoArguments;
use crate::models::to_dto;
use opzest_core::model::{ModelKind, RegisteredModel};
pub use pools::{SetTeachers, set_teachers};
use remote::RemoteRecord;
pub use remote::{
    AddRemoteModel, ListRemoteModels, SetModelKey, add_remote_model, list_remote_models,
    remove_teacher, set_model_key,
};
pub use test::test_teacher;

/// What a local model gives: every token's candidates, as many as are asked for.
const LOCAL_TRACE_K: u32 = opzest_core::trace::DEFAULT_TRACE_K;

/// All models that can teach, and each agent's order.
pub async fn list_teachers(app: &App, _: NoArguments) -> Result<TeachersView, UiError> {
    let models = app.store(|store| store.models()).await?;
    let chosen = pools::chosen(app).await?;
    let mut teachers = Vec::new();
    for model in &models {
        teachers.push(teacher_info(app, model).await?);
    }
    let pools = Agent::ALL.map(|agent| AgentPool {
        agent,
        model_ids: pools::ids(&models, &chosen, agent.into())
            .iter()
            .map(ToString::to_string)
            .collect(),
    });
    Ok(TeachersView {
        teachers,
        pools: pools.to_vec(),
    })
}

async fn teacher_info(app: &App, model: &RegisteredModel) -> Result<TeacherInfo, UiError> {
    let terms = terms::terms_of(&model.details);
    let shown = to_dto(model.clone(), model.selected);
    if model.details.kind != ModelKind::Remote {
        return Ok(TeacherInfo {
            model: shown,
            remote: None,
            trace_k: Some(LOCAL_TRACE_K),
            terms,
        });
    }
    let record = remote::record(app, &model.id).await?;
    let RemoteRecord {
        config,
        tested,
        has_key,
    } = record;
    Ok(TeacherInfo {
        model: shown,
        remote: Some(RemoteInfo {
            address: config.base_url.clone(),
            name: config.model.clone(),
            has_key,
            context_size: config.context_size,
            structured: test::structured(&config, tested),
        }),
        trace_k: tested.then_some(config.features.max_trace_k),
        terms,
    })
}
