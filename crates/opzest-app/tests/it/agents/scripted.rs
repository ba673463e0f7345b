//! A model that plays a script and remembers what it was asked.

use async_trait::async_trait;
use futures::StreamExt;
use opzest_core::chat::ChatMessage;
use opzest_llm::{
    Candidate, Capabilities, ChatModel, ChatRequest, FinishReason, Generation, GenerationEvent,
    GenerationSummary, LlmError, ScoreRequest, TokenTrace, Usage,
};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the model does when it is asked.
#[derive(Debug, Clone)]
pub enum Says {
    /// This text, in pieces of a few bytes, and ends its turn.
    Text(String),
    /// This text, cut for a reason.
    Cut(String, FinishReason),
    /// This text, with these candidates for the first token.
    Candidates(String, Vec<(String, f32)>),
    Fails(LlmError),
    /// This text, then a failure of the connection.
    Breaks(String, LlmError),
    /// Nothing, until it is cancelled.
    Waits,
}

pub fn text(text: &str) -> Says {
    Says::Text(text.to_owned())
}

pub struct Scripted {
    pub capabilities: Capabilities,
    script: Mutex<VecDeque<Says>>,
    requests: Mutex<Vec<ChatRequest>>,
    /// Bytes per token of the tokenizer; `None`: it does not count.
    pub bytes_per_token: Option<usize>,
    /// The log-probability of an answer, by the messages before it.
    pub score: fn(&[ChatMessage], &str) -> f32,
}

/// Like a plain server.
pub const SERVER: Capabilities = Capabilities {
    max_trace_k: 0,
    score: false,
    grammar: false,
    json_schema: false,
    adapters: false,
    remote: true,
};

/// Like the local runtime.
pub const LOCAL: Capabilities = Capabilities {
    max_trace_k: u32::MAX,
    score: true,
    grammar: true,
    json_schema: true,
    adapters: true,
    remote: false,
};

impl Scripted {
    pub fn new(capabilities: Capabilities, script: Vec<Says>) -> Self {
        Self {
            capabilities,
            script: Mutex::new(script.into()),
            requests: Mutex::default(),
            bytes_per_token: Some(4),
            score: |_, _| -1.0,
        }
    }

    pub fn requests(&self) -> Vec<ChatRequest> {
        self.requests.lock().expect("not poisoned").clone()
    }

    fn tokens(&self, messages: &[ChatMessage]) -> Option<u32> {
        let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
        self.bytes_per_token.map(|each| (bytes / each + 8) as u32)
    }
}

fn traced(text: &str, top: Option<Vec<(String, f32)>>) -> TokenTrace {
    let candidate = |text: &str, logprob| Candidate {
        id: None,
        bytes: text.as_bytes().to_vec(),
        logprob,
    };
    let own = vec![(text.to_owned(), -0.1)];
    let top = top.unwrap_or(own);
    TokenTrace {
        token: candidate(text, -0.1),
        top: top
            .iter()
            .map(|(text, probability)| candidate(text, probability.ln()))
            .collect(),
        tail: 0.0,
    }
}

#[async_trait]
impl ChatModel for Scripted {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn generate(
        &self,
        request: ChatRequest,
        cancel: CancellationToken,
    ) -> Result<Generation, LlmError> {
        let says = self.script.lock().expect("not poisoned").pop_front();
        let traces = request.trace_top_k.is_some();
        let prompt_tokens = self.tokens(&request.messages).unwrap_or(0);
        self.requests.lock().expect("not poisoned").push(request);
        let (text, finish, candidates) = match says.expect("the script has an answer") {
            Says::Text(text) => (text, Ok(FinishReason::EndOfTurn), None),
            Says::Cut(text, reason) => (text, Ok(reason), None),
            Says::Candidates(text, top) => (text, Ok(FinishReason::EndOfTurn), Some(top)),
            Says::Fails(error) => return Err(error),
            Says::Breaks(text, error) => (text, Err(error), None),
            Says::Waits => {
                cancel.cancelled().await;
                (String::new(), Ok(FinishReason::Cancelled), None)
            }
        };
        let mut events = vec![Ok(GenerationEvent::Reading {
            read: prompt_tokens,
            total: prompt_tokens,
            cached: 0,
        })];
        let pieces: Vec<String> = pieces(&text);
        let answer_tokens = pieces.len() as u32 + 1;
        for (place, piece) in pieces.into_iter().enumerate() {
            let top = candidates.clone().filter(|_| place == 0);
            let trace = traces.then(|| traced(&piece, top));
            events.push(Ok(GenerationEvent::Token { text: piece, trace }));
        }
        let end = GenerationEvent::Token {
            text: String::new(),
            trace: traces.then(|| traced("<|im_end|>", None)),
        };
        match finish {
            Err(error) => events.push(Err(error)),
            Ok(finish) => {
                events.push(Ok(end));
                events.push(Ok(GenerationEvent::Finished(GenerationSummary {
                    finish,
                    usage: Usage {
                        prompt_tokens,
                        cached_tokens: 0,
                        answer_tokens,
                    },
                    reading: Duration::ZERO,
                    generating: Duration::ZERO,
                    context_size: None,
                    trace_problem: None,
                })));
            }
        }
        Ok(futures::stream::iter(events).boxed())
    }

    async fn count_tokens(&self, messages: Vec<ChatMessage>) -> Result<Option<u32>, LlmError> {
        Ok(self.tokens(&messages))
    }

    async fn score(
        &self,
        request: ScoreRequest,
        _: CancellationToken,
    ) -> Result<Vec<TokenTrace>, LlmError> {
        let mut trace = traced(&request.answer, None);
        trace.token.logprob = (self.score)(&request.messages, &request.answer);
        Ok(vec![trace])
    }
}

/// Tokens of a few characters.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(3)
        .map(|piece| piece.iter().collect())
        .collect()
}
