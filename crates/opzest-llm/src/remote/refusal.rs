//! What follows a refused request: another form of it, a later attempt, or an error.

use super::config::JsonSchemaForm;
use super::dialect::Dialect;
use super::exchange::Failed;
use super::failure::ServerFailure;
use super::retry::is_transient;
use super::{Inner, request};
use crate::error::LlmError;
use crate::model::ChatRequest;
use serde_json::Value;
use std::time::Duration;

/// Decides for a response without success; `sent` is the request's body.
pub(super) fn refused(
    inner: &Inner,
    request: &ChatRequest,
    dialect: &mut Dialect,
    failure: ServerFailure,
    retry_after: Option<Duration>,
    sent: &Value,
) -> Failed {
    // llama-cpp-python answers 500 to what it cannot validate.
    let constrained =
        request.constraint.is_some() && matches!(failure.status, 400 | 422 | 500 | 501);
    let names_constraint = ["response_format", "json_schema", "grammar"]
        .iter()
        .any(|field| failure.names(field));
    if constrained && names_constraint && failure.message.to_lowercase().contains("schema for") {
        return Failed::Final(LlmError::InvalidRequest {
            what: "JSON schema".into(),
            reason: format!("{} says: {}", inner.server.name(), failure.message),
        });
    }
    if constrained && names_constraint {
        dialect.json_schema = JsonSchemaForm::Unsupported;
        dialect.grammar = false;
        inner.remember(dialect);
        let what = format!("a fixed form of the answer ({})", failure.message);
        return Failed::Final(request::unsupported(&inner.config, &what));
    }
    if failure.overflow().is_none() && dialect.adapt(&failure, sent) {
        tracing::debug!(
            server = inner.server.name(),
            "asking again without the refused field"
        );
        return Failed::Adapted;
    }
    let is_final = failure.is_final() || failure.overflow().is_some();
    let transient = is_transient(failure.status) && !is_final;
    let error = failure.into_error(inner.server.name());
    if transient {
        Failed::Transient { error, retry_after }
    } else {
        Failed::Final(error)
    }
}
