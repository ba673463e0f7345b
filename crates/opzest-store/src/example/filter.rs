//! Which rows are listed, counted and exported.
//!
//! The conditions are put together for each query instead of switched off by parameters, so that SQLite
//! chooses the index that serves them.

use crate::search;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{ExampleState, Split};
use opzest_core::ids::{ImportId, ModelId, SessionId, UseCaseId};
use opzest_core::session::Reason;
use opzest_core::workflow::WorkflowId;
use rusqlite::ToSql;

/// Which rows of the dataset are meant; `None` means all.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExampleFilter<'a> {
    pub use_case: Option<UseCaseId>,
    pub scope: Option<Scope>,
    pub split: Option<Split>,
    pub state: Option<ExampleState>,
    /// With a rejected side, or without.
    pub paired: Option<bool>,
    pub reason: Option<Reason>,
    /// It wrote one of the two sides.
    pub model: Option<&'a ModelId>,
    pub workflow: Option<&'a WorkflowId>,
    pub session: Option<SessionId>,
    pub import: Option<ImportId>,
    /// All words of it are in the prompt, or in one side with the user's words about it. The last word may be
    /// only begun, by three letters at least.
    pub query: Option<&'a str>,
}

impl ExampleFilter<'_> {
    /// Rows to train on, to judge by or to export.
    pub fn complete() -> Self {
        Self {
            state: Some(ExampleState::Complete),
            ..Self::default()
        }
    }
}

/// The conditions on columns of `example`, with their parameters.
#[derive(Default)]
pub(crate) struct Conditions {
    texts: Vec<&'static str>,
    parameters: Vec<(&'static str, Box<dyn ToSql>)>,
}

impl Conditions {
    /// All but the query.
    pub(super) fn of(filter: &ExampleFilter<'_>) -> Self {
        let mut all = Self::default();
        let mut equal = |condition, name, value: Option<&str>| {
            if let Some(value) = value {
                all.and(condition, name, value.to_owned());
            }
        };
        let use_case = filter.use_case.map(|id| id.to_string());
        let session = filter.session.map(|id| id.to_string());
        let import = filter.import.map(|id| id.to_string());
        equal(
            "use_case_id = :use_case_id",
            ":use_case_id",
            use_case.as_deref(),
        );
        equal("scope = :scope", ":scope", filter.scope.map(Scope::as_str));
        equal("split = :split", ":split", filter.split.map(Split::as_str));
        equal(
            "state = :state",
            ":state",
            filter.state.map(ExampleState::as_str),
        );
        equal(
            "reason = :reason",
            ":reason",
            filter.reason.map(Reason::as_str),
        );
        equal(
            "workflow_id = :workflow_id",
            ":workflow_id",
            filter.workflow.map(WorkflowId::as_str),
        );
        equal(
            "(chosen_model_id = :model_id OR rejected_model_id = :model_id)",
            ":model_id",
            filter.model.map(ModelId::as_str),
        );
        equal(
            "session_id = :session_id",
            ":session_id",
            session.as_deref(),
        );
        equal("import_id = :import_id", ":import_id", import.as_deref());
        match filter.paired {
            Some(true) => all.texts.push("rejected_bytes IS NOT NULL"),
            Some(false) => all.texts.push("rejected_bytes IS NULL"),
            None => {}
        }
        all
    }

    pub(super) fn and(
        &mut self,
        condition: &'static str,
        name: &'static str,
        value: impl ToSql + 'static,
    ) {
        self.texts.push(condition);
        self.give(name, value);
    }

    /// A parameter that the query uses elsewhere.
    pub(super) fn give(&mut self, name: &'static str, value: impl ToSql + 'static) {
        self.parameters.push((name, Box::new(value)));
    }

    /// ` WHERE` and all conditions, or nothing.
    pub(super) fn clause(&self) -> String {
        match self.texts.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.texts.join(" AND ")),
        }
    }

    /// The same for a search, in which `row` is the row of `example`. The rows that meet the conditions are
    /// looked up once, from an index alone.
    pub(super) fn clause_of_search(&self, row: &str) -> String {
        match self.texts.is_empty() {
            true => String::new(),
            false => format!(" AND {row} IN (SELECT seq FROM example{})", self.clause()),
        }
    }

    pub(super) fn parameters(&self) -> Vec<(&'static str, &dyn ToSql)> {
        let all = self.parameters.iter();
        all.map(|(name, value)| (*name, &**value)).collect()
    }
}

/// Fewer letters than this begin too many words.
const LEAST_BEGUN: usize = 3;

/// The filter's query as FTS5 understands it.
pub(super) fn expression(filter: &ExampleFilter<'_>) -> Option<String> {
    filter
        .query
        .and_then(|query| search::match_expression_from(query, LEAST_BEGUN))
}
