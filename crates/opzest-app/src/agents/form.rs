//! Answers in a form that can be read: constrained where the model can be, else asked for in words, and
//! once more with the fault named if the answer does not have it.

use super::budget::{self, Draft, Fitted};
use super::call::{AgentPiece, Ask, Call, Origin, Reply};
use super::cut::{Keep, Text};
use super::error::AgentError;
use super::live::{Live, Turn};
use opzest_core::chat::{ChatMessage, Role};
use opzest_llm::{Constraint, LlmError};
use std::fmt::Display;

/// A form of answers, in the two ways in which models are made to keep it.
pub(super) struct Form {
    /// In words, for plain text, with an example; and the grammar of the same.
    pub(super) text: Words,
    pub(super) grammar: Option<String>,
    /// In words, for JSON; and the schema. `None`: never as JSON.
    pub(super) json: Option<(&'static str, &'static str)>,
    pub(super) turn: Turn,
}

/// How an answer has to look, as a prompt says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) format: String,
    /// Empty for JSON: there the server holds the model to the form.
    pub(super) example: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Grammar,
    Json,
    Words,
}

impl Form {
    /// A grammar holds any model to the form for free; JSON is for servers that have no grammar.
    fn way(&self, call: &Call<'_>) -> Way {
        let can = call.caller.model.capabilities();
        match (&self.grammar, self.json) {
            (Some(_), _) if can.grammar => Way::Grammar,
            (_, Some(_)) if can.json_schema => Way::Json,
            _ => Way::Words,
        }
    }

    fn words(&self, way: Way) -> Words {
        match (way, self.json) {
            (Way::Json, Some((format, _))) => Words {
                format: format.to_owned(),
                example: String::new(),
            },
            (Way::Json | Way::Grammar | Way::Words, _) => self.text.clone(),
        }
    }

    fn constraint(&self, way: Way) -> Option<Constraint> {
        match way {
            Way::Grammar => self.grammar.clone().map(Constraint::Grammar),
            Way::Json => self
                .json
                .map(|(_, schema)| Constraint::JsonSchema(schema.to_owned())),
            Way::Words => None,
        }
    }

    fn live(&self, way: Way) -> Live {
        Live::new(match way {
            Way::Json => Turn::None,
            Way::Grammar | Way::Words => self.turn,
        })
    }
}

/// What is asked for and how long it may get.
pub(super) struct Asking<'a, D> {
    pub(super) form: Form,
    /// The prompt, for a form in words.
    pub(super) draft: D,
    /// Tokens kept free for the answer.
    pub(super) answer: u32,
    pub(super) call: &'a Call<'a>,
    pub(super) trace_top_k: Option<u32>,
}

/// The last answer: read, or not readable also after the repair.
pub(super) struct Told<T, P> {
    pub(super) read: Result<T, P>,
    pub(super) reply: Reply,
    pub(super) origin: Origin,
    pub(super) repaired: bool,
}

/// A fault that the model can be asked to repair.
pub(super) trait Repairable: Display {
    /// What to tell the model; `None`: asking again would be of no use.
    fn repair(&self, form: &str) -> Option<String>;
}

impl<'d, D> Asking<'_, D>
where
    D: Fn(Words) -> Draft<'d>,
{
    pub(super) async fn ask<T, P: Repairable>(
        &self,
        read: impl Fn(&Reply) -> Result<T, P>,
    ) -> Result<Told<T, P>, AgentError> {
        let mut way = self.form.way(self.call);
        let (fitted, first) = loop {
            let fitted = self.fitted(way).await?;
            match self.say(&fitted, way).await {
                Ok(reply) => break (fitted, reply),
                // The server turned out not to do what it was believed to do.
                Err(AgentError::Model(
                    LlmError::Unsupported { .. } | LlmError::InvalidRequest { .. },
                )) if way != Way::Words => way = Way::Words,
                Err(error) => return Err(error),
            }
        };
        let fault = match read(&first) {
            Ok(read) => return Ok(self.told(Ok(read), first, fitted, false)),
            Err(fault) => fault,
        };
        let format = self.form.words(way).format;
        let repair = match fault.repair(&format) {
            Some(words) => self.repair(&fitted, &first.raw, words).await?,
            None => None,
        };
        let Some(repair) = repair else {
            return Ok(self.told(Err(fault), first, fitted, false));
        };
        (self.call.sink)(AgentPiece::Repairing {
            problem: fault.to_string(),
        });
        let second = self.say(&repair, way).await?;
        Ok(self.told(read(&second), second, repair, true))
    }

    async fn fitted(&self, way: Way) -> Result<Fitted, AgentError> {
        (self.draft)(self.form.words(way))
            .fit(self.call.caller, self.answer)
            .await
    }

    async fn say(&self, fitted: &Fitted, way: Way) -> Result<Reply, AgentError> {
        let draft = (self.draft)(Words::default());
        let spec = draft.workflow.agents.get(draft.agent);
        let room = self.call.caller.context_size.saturating_sub(fitted.tokens);
        let ask = Ask {
            messages: fitted.messages.clone(),
            temperature: spec.temperature,
            max_tokens: spec.max_tokens.min(room).max(1),
            constraint: self.form.constraint(way),
            trace_top_k: self.trace_top_k,
        };
        self.call.speak(&ask, self.form.live(way)).await
    }

    /// The conversation that goes on with the fault; `None` if there is no room for it.
    async fn repair(
        &self,
        fitted: &Fitted,
        raw: &str,
        words: String,
    ) -> Result<Option<Fitted>, AgentError> {
        let caller = self.call.caller;
        let room = caller.context_size.saturating_sub(self.answer);
        let mut answer = Text::plain("the answer to be repaired", raw, Keep::Ends);
        for _ in 0..4 {
            let mut messages = fitted.messages.clone();
            messages.push(ChatMessage::new(Role::Assistant, answer.shown()));
            messages.push(ChatMessage::new(Role::User, words.clone()));
            let tokens = budget::count(caller, &messages).await?;
            if tokens <= room {
                let mut left_out = fitted.left_out.clone();
                left_out.extend(answer.left_out());
                return Ok(Some(Fitted {
                    messages,
                    left_out,
                    tokens,
                }));
            }
            let too_much = (tokens - room) as usize * 4;
            match answer.size().checked_sub(too_much) {
                Some(size) if size > 100 => answer.cut_to(size),
                _ => break,
            }
        }
        Ok(None)
    }

    fn told<T, P>(
        &self,
        read: Result<T, P>,
        reply: Reply,
        fitted: Fitted,
        repaired: bool,
    ) -> Told<T, P> {
        let draft = (self.draft)(Words::default());
        let origin = Origin {
            prompt_version: draft.workflow.agents.get(draft.agent).prompt_version,
            messages: fitted.messages,
            left_out: fitted.left_out,
        };
        Told {
            read,
            reply,
            origin,
            repaired,
        }
    }
}
