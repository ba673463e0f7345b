//! Sessions, their products and use cases as lists and pages show them, and what the user changes about them.

use crate::erase::mark_deletion;
use crate::error::{During, Failure, StoreError};
use crate::product::{self, Product, ProductSummary};
use crate::recording::{required_session, required_use_case};
use crate::store::Store;
use crate::use_case::UseCaseStats;
use crate::{example, search, session, session_event, training_run_row, use_case};
use opzest_core::dataset::{Split, UseCase};
use opzest_core::ids::{ModelId, SessionId, UseCaseId};
use opzest_core::session::{Event, SessionStatus, SessionSummary};
use rusqlite::Connection;

/// Which sessions are listed; `None` means all.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionFilter<'a> {
    pub use_case: Option<UseCaseId>,
    pub status: Option<SessionStatus>,
    /// All words of it, the last of which may be only begun, are in the title or the request.
    pub query: Option<&'a str>,
}

/// Sessions, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionPage {
    pub items: Vec<SessionSummary>,
    /// How many there are in all.
    pub total: u32,
}

/// Products, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductPage {
    pub items: Vec<ProductSummary>,
    /// How many there are in all.
    pub total: u32,
}

impl Store {
    pub fn sessions(
        &self,
        filter: &SessionFilter<'_>,
        limit: u32,
        offset: u32,
    ) -> Result<SessionPage, StoreError> {
        let expression = filter.query.and_then(search::match_expression);
        let filter = session::Filter {
            use_case: filter.use_case,
            status: filter.status,
            expression: expression.as_deref(),
        };
        self.read("listing the sessions", |connection| {
            Ok(SessionPage {
                items: session::list(connection, &filter, limit, offset)?,
                total: session::count(connection, &filter)?,
            })
        })
    }

    pub fn session(&self, id: SessionId) -> Result<SessionSummary, StoreError> {
        self.read("opening the session", |connection| {
            required_session(connection, id)
        })
    }

    /// Everything that has happened in a session: its state follows by replaying.
    pub fn session_log(&self, id: SessionId) -> Result<Vec<Event>, StoreError> {
        self.read("opening the session", |connection| {
            required_session(connection, id)?;
            session_event::of_session(connection, id)
        })
    }

    /// Gives a session the user's own title; its product is called the same unless it has its own name.
    pub fn rename_session(
        &mut self,
        id: SessionId,
        title: &str,
    ) -> Result<SessionSummary, StoreError> {
        self.write("renaming the session", |transaction| {
            session::rename(transaction, id, title)?;
            product::follow_title(transaction, id, title)?;
            required_session(transaction, id)
        })
    }

    /// Keeps a session and its rows for training, or for judging new models.
    pub fn set_session_split(
        &mut self,
        id: SessionId,
        split: Split,
    ) -> Result<SessionSummary, StoreError> {
        self.write("saving what the session is used for", |transaction| {
            session::set_split(transaction, id, split)?;
            example::set_split_of_group(transaction, &id.to_string(), split)?;
            required_session(transaction, id)
        })
    }

    /// Puts a session with its rows into another use case.
    pub fn move_session(
        &mut self,
        id: SessionId,
        use_case: UseCaseId,
    ) -> Result<SessionSummary, StoreError> {
        self.write("moving the session", |transaction| {
            required_use_case(transaction, use_case)?;
            session::set_use_case(transaction, id, use_case)?;
            example::set_use_case_of_session(transaction, id, use_case)?;
            required_session(transaction, id)
        })
    }

    /// Deletes a session with all that belongs to it: log, rows, traces, product. Its text is out of the
    /// files after the next [`crate::Upkeep::erase`]. Gives the models that were trained on its rows: what they have
    /// learned, deleting does not take from them.
    pub fn delete_session(&mut self, id: SessionId) -> Result<Vec<ModelId>, StoreError> {
        self.write("deleting the session", |transaction| {
            let rows = session::rows_ever(transaction, id)?;
            let learned_by = training_run_row::learned_by(transaction, &rows)?;
            if session::delete(transaction, id)? == 0 {
                return Err(StoreError::not_found("session", id).into());
            }
            mark_deletion(transaction, &id.to_string())?;
            Ok(learned_by)
        })
    }

    pub fn products(
        &self,
        use_case: Option<UseCaseId>,
        limit: u32,
        offset: u32,
    ) -> Result<ProductPage, StoreError> {
        self.read("listing the products", |connection| {
            Ok(ProductPage {
                items: product::list(connection, use_case, limit, offset)?,
                total: product::count(connection, use_case)?,
            })
        })
    }

    /// The product of a session.
    pub fn product(&self, session: SessionId) -> Result<Product, StoreError> {
        self.read("opening the product", |connection| {
            Ok(Product {
                summary: required_product(connection, session)?,
                versions: product::versions(connection, session)?,
            })
        })
    }

    /// Gives a product a name of its own.
    pub fn rename_product(
        &mut self,
        session: SessionId,
        name: &str,
    ) -> Result<ProductSummary, StoreError> {
        self.write("renaming the product", |transaction| {
            product::rename(transaction, session, name)?;
            required_product(transaction, session)
        })
    }

    /// The default one first, the others by name.
    pub fn use_cases(&self) -> Result<Vec<UseCase>, StoreError> {
        use_case::all(&self.connection).during("listing the use cases")
    }

    /// What has been gathered for each use case, in the same order.
    pub fn dataset_stats(&self) -> Result<Vec<UseCaseStats>, StoreError> {
        use_case::stats(&self.connection).during("counting the dataset")
    }

    /// [`StoreError::NameTaken`] if there is one of this name. Workflows get theirs when they are first used.
    pub fn add_use_case(
        &mut self,
        id: UseCaseId,
        name: &str,
        now_ms: u64,
    ) -> Result<UseCase, StoreError> {
        self.write("adding the use case", |transaction| {
            refuse_taken_name(transaction, id, name)?;
            use_case::insert(transaction, id, name, None, now_ms)?;
            whole_use_case(transaction, id)
        })
    }

    /// [`StoreError::NameTaken`] if another one has this name.
    pub fn rename_use_case(&mut self, id: UseCaseId, name: &str) -> Result<UseCase, StoreError> {
        self.write("renaming the use case", |transaction| {
            refuse_taken_name(transaction, id, name)?;
            use_case::rename(transaction, id, name)?;
            whole_use_case(transaction, id)
        })
    }
}

fn refuse_taken_name(connection: &Connection, id: UseCaseId, name: &str) -> Result<(), Failure> {
    match use_case::named(connection, name)? {
        Some(other) if other != id => Err(StoreError::NameTaken {
            what: "use case",
            name: name.to_owned(),
        }
        .into()),
        _ => Ok(()),
    }
}

fn whole_use_case(connection: &Connection, id: UseCaseId) -> Result<UseCase, Failure> {
    Ok(use_case::one(connection, id)?.ok_or_else(|| StoreError::not_found("use case", id))?)
}

fn required_product(
    connection: &Connection,
    session: SessionId,
) -> Result<ProductSummary, Failure> {
    let found = product::one(connection, session)?;
    Ok(found.ok_or_else(|| StoreError::not_found("product of session", session))?)
}
