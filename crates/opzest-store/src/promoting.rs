//! Which model a use case works with: promoted, and rolled back.
//!
//! Not here: whether a model deserves it.

use crate::edit::required_model;
use crate::error::{During, Failure, StoreError};
use crate::promotion::{self, Kept};
use crate::recording::required_use_case;
use crate::store::Store;
use crate::training::required_run;
use crate::{model, use_case};
use opzest_core::conversation::Scope;
use opzest_core::ids::{ModelId, UseCaseId};
use opzest_core::training::Promotion;
use rusqlite::Connection;

impl Store {
    /// Puts a model in use; `None` as the model: what is used without any.
    pub fn promote(&mut self, new: &Promotion) -> Result<Promotion, StoreError> {
        self.write("promoting the model", |transaction| {
            required_use_case(transaction, new.use_case)?;
            if let Some(model) = &new.model {
                required_model(transaction, model)?;
            }
            if let Some(run) = new.run {
                required_run(transaction, run)?;
            }
            let current = promotion::current(transaction, new.use_case, new.scope)?;
            // What is in use already is not to be gone back to from itself.
            let before = match &current {
                Some(kept) if kept.promotion.model == new.model => kept.before,
                Some(kept) => Some(kept.seq),
                None => None,
            };
            promotion::insert(transaction, new, before)?;
            Ok(new.clone())
        })
    }

    /// Puts back what was in use before the model that is: the last one before it that is still registered, or what
    /// is used without any. Again: what was in use before that. [`StoreError::NothingBefore`] if nothing was.
    pub fn rollback(
        &mut self,
        use_case: UseCaseId,
        scope: Scope,
        at_ms: u64,
    ) -> Result<Promotion, StoreError> {
        self.write("going back to the model before", |transaction| {
            required_use_case(transaction, use_case)?;
            let current = promotion::current(transaction, use_case, scope)?;
            let in_use = current
                .as_ref()
                .and_then(|kept| kept.promotion.model.clone());
            let target = match &current {
                Some(current) => before(transaction, current)?,
                None => None,
            };
            if target.is_none() && in_use.is_none() {
                return Err(nothing_before(transaction, use_case, scope)?.into());
            }
            let (model, run, forced, before) = match target {
                Some(Kept {
                    promotion, before, ..
                }) => (promotion.model, promotion.run, promotion.forced, before),
                None => (None, None, false, None),
            };
            let back = Promotion {
                use_case,
                scope,
                model,
                run,
                forced,
                at: at_ms,
            };
            promotion::insert(transaction, &back, before)?;
            Ok(back)
        })
    }

    /// The model that sessions of a use case and scope work with; `None`: what is used without any.
    pub fn model_in_use(
        &self,
        use_case: UseCaseId,
        scope: Scope,
    ) -> Result<Option<ModelId>, StoreError> {
        let current = promotion::current(&self.connection, use_case, scope)
            .during("reading which model is in use")?;
        Ok(current.and_then(|kept| kept.promotion.model))
    }

    /// What [`Store::rollback`] would put back; `None`: what is used without any model, or there is nothing to go back to.
    pub fn in_use_before(
        &self,
        use_case: UseCaseId,
        scope: Scope,
    ) -> Result<Option<Promotion>, StoreError> {
        self.read("reading which model was in use before", |connection| {
            let current = promotion::current(connection, use_case, scope)?;
            let Some(current) = current else {
                return Ok(None);
            };
            Ok(before(connection, &current)?.map(|kept| kept.promotion))
        })
    }

    /// Everything that was ever put in use in a use case, in both scopes, last first. Going back is an entry of its own.
    /// Models and runs of it may be gone.
    pub fn promotions(&self, use_case: UseCaseId) -> Result<Vec<Promotion>, StoreError> {
        promotion::of_use_case(&self.connection, use_case).during("listing the promotions")
    }
}

/// What was in use before `current`, was something else, and is still there.
fn before(connection: &Connection, current: &Kept) -> Result<Option<Kept>, Failure> {
    let mut next = current.before;
    while let Some(seq) = next {
        let kept = promotion::one(connection, seq)?;
        let is_there = match &kept.promotion.model {
            Some(id) => model::one(connection, id)?.is_some(),
            None => true,
        };
        if is_there && kept.promotion.model != current.promotion.model {
            return Ok(Some(kept));
        }
        next = kept.before;
    }
    Ok(None)
}

fn nothing_before(
    connection: &Connection,
    use_case: UseCaseId,
    scope: Scope,
) -> Result<StoreError, Failure> {
    let found = use_case::one(connection, use_case)?;
    Ok(StoreError::NothingBefore {
        use_case: found.map(|found| found.name).unwrap_or_default(),
        scope,
    })
}
