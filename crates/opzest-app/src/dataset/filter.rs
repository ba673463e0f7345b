//! The window's filter as the store's.

use crate::dto::{ExampleFilter, UiError};
use crate::error::invalid;
use opzest_core::conversation::Scope;
use opzest_core::dataset::{ExampleState, Split};
use opzest_core::ids::{ExampleId, InvalidId, SessionId, UseCaseId};
use opzest_core::session::Reason;

/// [`opzest_store::ExampleFilter`], owned, so that it can go to another thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    query: Option<String>,
    use_case: Option<UseCaseId>,
    session: Option<SessionId>,
    scope: Option<Scope>,
    split: Option<Split>,
    reason: Option<Reason>,
    state: Option<ExampleState>,
    paired: Option<bool>,
}

impl Filter {
    pub(super) fn read(filter: &ExampleFilter) -> Result<Self, UiError> {
        let state = |pending| match pending {
            true => ExampleState::Pending,
            false => ExampleState::Complete,
        };
        // Without a chosen side, a row is no pair and has not "only chosen".
        let pending = filter.pending.or(filter.paired.map(|_| false));
        Ok(Self {
            query: filter
                .query
                .clone()
                .filter(|query| !query.trim().is_empty()),
            use_case: id(filter.use_case_id.as_deref())?,
            session: id(filter.session_id.as_deref())?,
            scope: filter.scope.map(Into::into),
            split: filter.split.map(Into::into),
            reason: filter.reason.map(Into::into),
            state: pending.map(state),
            paired: filter.paired,
        })
    }

    /// The same with rows of this state only.
    pub(super) fn only(self, state: ExampleState) -> Self {
        Self {
            state: Some(state),
            ..self
        }
    }

    pub(super) fn store(&self) -> opzest_store::ExampleFilter<'_> {
        opzest_store::ExampleFilter {
            use_case: self.use_case,
            scope: self.scope,
            split: self.split,
            state: self.state,
            paired: self.paired,
            reason: self.reason,
            session: self.session,
            query: self.query.as_deref(),
            ..opzest_store::ExampleFilter::default()
        }
    }
}

fn id<T: std::str::FromStr<Err = InvalidId>>(text: Option<&str>) -> Result<Option<T>, UiError> {
    let read = text.map(str::parse::<T>).transpose();
    read.map_err(|source| invalid(format!("{source}.")))
}

pub(super) fn example_id(text: &str) -> Result<ExampleId, UiError> {
    text.parse().map_err(|source| invalid(format!("{source}.")))
}

pub(super) fn use_case_id(text: &str) -> Result<UseCaseId, UiError> {
    text.parse().map_err(|source| invalid(format!("{source}.")))
}

pub(super) fn example_ids(texts: &[String]) -> Result<Vec<ExampleId>, UiError> {
    texts.iter().map(|text| example_id(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_looked_for_among_finished_rows() {
        let read = |filter: ExampleFilter| Filter::read(&filter).expect("valid");
        let state = |filter| read(filter).state;
        let paired = Some(true);
        let pending = Some(true);
        assert_eq!(state(ExampleFilter::default()), None);
        let only_paired = ExampleFilter {
            paired,
            ..ExampleFilter::default()
        };
        assert_eq!(state(only_paired), Some(ExampleState::Complete));
        let only_pending = ExampleFilter {
            pending,
            ..ExampleFilter::default()
        };
        assert_eq!(state(only_pending), Some(ExampleState::Pending));
        let wrong = ExampleFilter {
            session_id: Some("7".into()),
            ..ExampleFilter::default()
        };
        let told = Filter::read(&wrong).expect_err("no id").message;
        assert_eq!(told, "`7` is not a session id.");
    }
}
