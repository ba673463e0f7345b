//! One generation: asked for, streamed to whoever watches, and collected with its trace.

use super::error::AgentError;
use super::live::Live;
use futures::StreamExt;
use opzest_core::chat::ChatMessage;
use opzest_core::conversation::ModelName;
use opzest_core::ids::GenerationId;
use opzest_core::session::Written;
use opzest_llm::{
    AdapterUse, ChatModel, ChatRequest, Constraint, FinishReason, Generation, GenerationEvent,
    GenerationSummary, LlmError, Sampling, TokenTrace,
};
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// A model as an agent uses it.
#[derive(Clone)]
pub struct Caller {
    pub model: Arc<dyn ChatModel>,
    pub name: ModelName,
    /// Tokens that prompt and answer may have together.
    pub context_size: u32,
    /// Candidates per token of the worker's trace; `None`: no trace. Never more than the model gives.
    pub trace_top_k: Option<u32>,
    pub adapters: Vec<AdapterUse>,
    /// The same seed gives the same answer, where the model keeps that promise.
    pub seed: Option<u32>,
}

/// What is seen of an agent at work.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentPiece {
    /// The prompt is being read.
    Reading { read: u32, total: u32, cached: u32 },
    /// Text as it is written. Where it belongs is a guess while it streams: the result decides.
    Text {
        part: TextPart,
        text: String,
        tokens: u32,
        tokens_per_second: f32,
    },
    /// The answer could not be read; the model is asked once more. What was streamed before is void.
    Repairing { problem: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextPart {
    Reasoning,
    /// The artifact, the instruction or the plan.
    Result,
}

/// Takes the pieces, in order.
pub type Sink<'a> = &'a (dyn Fn(AgentPiece) + Send + Sync);

/// One call of an agent: by whom, under which name, watched by whom, and until when.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub caller: &'a Caller,
    pub generation: GenerationId,
    pub sink: Sink<'a>,
    pub cancel: &'a CancellationToken,
}

/// What a model wrote, with its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    pub written: Written,
    /// The distribution at every token of `written.raw`, the end of the turn included.
    pub trace: Option<Vec<TokenTrace>>,
    /// Why there is no trace although one was wanted, in one sentence.
    pub trace_problem: Option<String>,
}

/// What an agent wants to be written.
pub(super) struct Ask {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) temperature: f32,
    pub(super) max_tokens: u32,
    pub(super) constraint: Option<Constraint>,
    /// Candidates per token.
    pub(super) trace_top_k: Option<u32>,
}

/// What came of it, before anybody has read it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) raw: String,
    pub(super) trace: Option<Vec<TokenTrace>>,
    pub(super) trace_problem: Option<String>,
    pub(super) summary: GenerationSummary,
    pub(super) took_ms: u32,
}

impl Reply {
    /// The answer was cut: the model had not ended it.
    pub(super) fn is_cut(&self) -> bool {
        matches!(
            self.summary.finish,
            FinishReason::MaxTokens | FinishReason::ContextFull
        )
    }
}

impl Call<'_> {
    /// Runs one generation to its end.
    pub(super) async fn speak(&self, ask: &Ask, mut live: Live) -> Result<Reply, AgentError> {
        let started = Instant::now();
        let wanted = ask.trace_top_k;
        let most = self.caller.model.capabilities().max_trace_k;
        let request = ChatRequest {
            max_tokens: Some(ask.max_tokens),
            constraint: ask.constraint.clone(),
            trace_top_k: wanted.map(|k| k.min(most)).filter(|&k| k > 0),
            adapters: self.caller.adapters.clone(),
            ..ChatRequest::new(
                ask.messages.clone(),
                sampling(ask.temperature, self.caller.seed),
            )
        };
        let mut generation = tokio::select! {
            begun = self.caller.model.generate(request, self.cancel.clone()) => begun?,
            () = self.cancel.cancelled() => return Err(AgentError::Cancelled),
        };
        let (raw, traces, summary) = self.follow(&mut generation, &mut live).await?;
        let (trace, trace_problem) = match wanted {
            None => (None, None),
            Some(_) => whole_trace(traces, &raw, &summary),
        };
        Ok(Reply {
            raw,
            trace,
            trace_problem,
            summary,
            took_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
        })
    }

    async fn follow(
        &self,
        generation: &mut Generation,
        live: &mut Live,
    ) -> Result<(String, Vec<TokenTrace>, GenerationSummary), AgentError> {
        let (mut raw, mut traces) = (String::new(), Vec::new());
        while let Some(event) = generation.next().await {
            match event? {
                GenerationEvent::Reading {
                    read,
                    total,
                    cached,
                } => {
                    (self.sink)(AgentPiece::Reading {
                        read,
                        total,
                        cached,
                    });
                }
                GenerationEvent::Token { text, trace } => {
                    raw.push_str(&text);
                    traces.extend(trace);
                    live.push(&text, self.sink);
                }
                GenerationEvent::Finished(summary) => {
                    if summary.finish == FinishReason::Cancelled {
                        return Err(AgentError::Cancelled);
                    }
                    live.finish(self.sink);
                    return Ok((raw, traces, summary));
                }
            }
        }
        if self.cancel.is_cancelled() {
            return Err(AgentError::Cancelled);
        }
        let how = "its answer broke off".into();
        Err(LlmError::WorkerDied { how }.into())
    }

    /// The session's record of a reply.
    pub(super) fn spoken(&self, reply: Reply, from: Origin, reasoning: String) -> Spoken {
        let usage = reply.summary.usage;
        Spoken {
            written: Written {
                generation: self.generation,
                model: self.caller.name.clone(),
                prompt_version: from.prompt_version,
                messages: from.messages,
                raw: reply.raw,
                reasoning,
                left_out: from.left_out,
                prompt_tokens: usage.prompt_tokens,
                answer_tokens: usage.answer_tokens,
                took_ms: reply.took_ms,
            },
            trace: reply.trace,
            trace_problem: reply.trace_problem,
        }
    }
}

/// What a reply answers to.
pub(super) struct Origin {
    pub(super) prompt_version: u32,
    pub(super) messages: Vec<ChatMessage>,
    pub(super) left_out: Vec<String>,
}

fn sampling(temperature: f32, seed: Option<u32>) -> Sampling {
    match temperature > 0.0 {
        true => Sampling {
            temperature,
            top_p: 0.95,
            min_p: 0.05,
            seed,
        },
        false => Sampling::GREEDY,
    }
}

/// A trace is of use only if it covers the whole text.
fn whole_trace(
    traces: Vec<TokenTrace>,
    raw: &str,
    summary: &GenerationSummary,
) -> (Option<Vec<TokenTrace>>, Option<String>) {
    if let Some(problem) = &summary.trace_problem {
        return (None, Some(problem.clone()));
    }
    let bytes: Vec<u8> = traces
        .iter()
        .flat_map(|trace| trace.token.bytes.clone())
        .collect();
    // Bytes that are no characters stand in the text as U+FFFD.
    let traced = String::from_utf8_lossy(&bytes).len();
    match (traces.is_empty(), traced < raw.len()) {
        (true, _) => (None, Some("the model gave no log-probabilities".into())),
        (false, true) => {
            let problem = "the log-probabilities do not cover the whole answer".into();
            (None, Some(problem))
        }
        (false, false) => (Some(traces), None),
    }
}
