//! Sessions in lists.

use crate::dto::{SessionStatus, SessionSummary};
use crate::workflows::Workflows;
use opzest_core::ids::UseCaseId;
use opzest_core::session as core;
use opzest_store::{Store, StoreError};
use std::collections::HashMap;

/// The use cases by id.
pub(crate) struct Names(HashMap<UseCaseId, String>);

impl Names {
    pub(crate) fn read(store: &Store) -> Result<Self, StoreError> {
        let all = store.use_cases()?.into_iter();
        Ok(Self(all.map(|found| (found.id, found.name)).collect()))
    }

    pub(crate) fn get(&self, id: UseCaseId) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

/// With what the session makes, as its workflow says it now.
pub(super) fn with_kind(
    session: &core::SessionSummary,
    names: &Names,
    workflows: &Workflows,
) -> SessionSummary {
    let used = session.workflow.as_ref();
    let workflow = used.and_then(|used| workflows.get(&used.id));
    SessionSummary {
        kind: workflow.map(|workflow| workflow.product.kind.into()),
        ..to_dto(session, names)
    }
}

pub(super) fn to_dto(session: &core::SessionSummary, names: &Names) -> SessionSummary {
    SessionSummary {
        id: session.id.to_string(),
        title: session.title.clone(),
        status: match session.status {
            core::SessionStatus::Working => SessionStatus::Working,
            core::SessionStatus::NeedsUser => SessionStatus::NeedsYou,
            core::SessionStatus::Finished => SessionStatus::Finished,
            core::SessionStatus::Stopped => SessionStatus::Stopped,
        },
        scope: session.scope.into(),
        use_case_id: session.use_case.to_string(),
        use_case: names.get(session.use_case),
        workflow: session.workflow.as_ref().map(|used| used.name.clone()),
        kind: None,
        created_at: session.created_at as f64,
        updated_at: session.updated_at as f64,
        versions: session.versions,
        examples: session.examples,
    }
}
