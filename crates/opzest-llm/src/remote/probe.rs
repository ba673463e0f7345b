//! Finds out what a server gives, by two very small requests. Costs a few tokens.

use super::{RemoteModel, RemoteModelInfo};
use crate::error::LlmError;
use crate::model::{ChatModel, ChatRequest, Constraint, GenerationEvent, Sampling};
use opzest_core::chat::{ChatMessage, Role};
use opzest_core::trace::DEFAULT_TRACE_K;
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;

/// Whether a server's log-probabilities can be learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TraceReport {
    /// The most candidates per token that were seen.
    Given { max_k: u32 },
    /// None, or wrong ones; why, in one sentence.
    None { reason: String },
}

/// What a server gave when it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerReport {
    /// `None`: the server has no list.
    pub models: Option<Vec<RemoteModelInfo>>,
    /// The answer came in more than one piece.
    pub streaming: bool,
    /// The server counts tokens.
    pub usage: bool,
    pub traces: TraceReport,
    /// The answer followed a JSON schema.
    pub json_schema: bool,
}

/// What one small answer looked like.
struct Answer {
    text: String,
    pieces: usize,
    widest: usize,
    counted: bool,
    trace_problem: Option<String>,
}

const SCHEMA: &str = r#"{"type":"object","properties":{"colour":{"type":"string","enum":["red","blue"]}},"required":["colour"],"additionalProperties":false}"#;

impl RemoteModel {
    /// Fails only if the model cannot be talked to at all.
    pub async fn probe(&self, cancel: CancellationToken) -> Result<ServerReport, LlmError> {
        let mut plain = small_request("Count from one to ten in words.", 12);
        plain.trace_top_k = Some(DEFAULT_TRACE_K.max(self.config().features.max_trace_k));
        let answer = self.try_out(plain, &cancel).await?;
        // One may be the written token, added to the candidates.
        let max_k = u32::try_from(answer.widest).unwrap_or(u32::MAX);
        let max_k = max_k.min(self.capabilities().max_trace_k);
        let traces = match answer.trace_problem {
            Some(reason) => TraceReport::None { reason },
            None if max_k == 0 => TraceReport::None {
                reason: "the answer had no log-probabilities".into(),
            },
            None => TraceReport::Given { max_k },
        };
        let mut shaped = small_request("Which colour has the sky? Answer in words.", 24);
        shaped.constraint = Some(Constraint::JsonSchema(SCHEMA.into()));
        let json_schema = match self.try_out(shaped, &cancel).await {
            Ok(answer) => follows_schema(&answer.text),
            Err(LlmError::Cancelled) => return Err(LlmError::Cancelled),
            Err(_) => false,
        };
        let models = self.list_models().await.ok();
        Ok(ServerReport {
            models,
            streaming: answer.pieces > 1,
            usage: answer.counted,
            traces,
            json_schema,
        })
    }

    async fn try_out(
        &self,
        request: ChatRequest,
        cancel: &CancellationToken,
    ) -> Result<Answer, LlmError> {
        let mut answer = Answer {
            text: String::new(),
            pieces: 0,
            widest: 0,
            counted: false,
            trace_problem: None,
        };
        let mut events = self.generate(request, cancel.clone()).await?;
        while let Some(event) = events.next().await {
            match event? {
                GenerationEvent::Reading { .. } => {}
                GenerationEvent::Token { text, trace } => {
                    answer.pieces += 1;
                    answer.text.push_str(&text);
                    answer.widest = answer.widest.max(trace.map_or(0, |trace| trace.top.len()));
                }
                GenerationEvent::Finished(summary) => {
                    answer.counted = summary.usage.answer_tokens > 0;
                    answer.trace_problem = summary.trace_problem;
                }
            }
        }
        if cancel.is_cancelled() {
            return Err(LlmError::Cancelled);
        }
        Ok(answer)
    }
}

fn small_request(text: &str, max_tokens: u32) -> ChatRequest {
    let mut request = ChatRequest::new(vec![ChatMessage::new(Role::User, text)], Sampling::GREEDY);
    request.max_tokens = Some(max_tokens);
    request
}

/// The whole object, or a beginning of it that only the schema explains.
fn follows_schema(text: &str) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    !dense.is_empty()
        && (dense.starts_with("{\"colour\":\"") || "{\"colour\":\"".starts_with(&dense))
}

#[cfg(test)]
mod tests {
    use super::follows_schema;

    #[test]
    fn only_the_schemas_own_form_counts() {
        assert!(follows_schema("{\n \"colour\": \"blue\"}"));
        assert!(follows_schema("{ \"col"));
        assert!(!follows_schema("The sky is blue."));
        assert!(!follows_schema("{\"answer\": 1}"));
        assert!(!follows_schema(""));
    }
}
