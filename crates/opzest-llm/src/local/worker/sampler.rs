//! Chooses tokens, by llama.cpp's own samplers.

use crate::error::LlmError;
use crate::local::distribution::argmax;
use crate::model::{Constraint, Sampling};
use llama_cpp_2::json_schema_to_grammar;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

/// The sampler of one answer.
pub struct TokenSampler {
    /// `None` takes the most probable token.
    chain: Option<LlamaSampler>,
    grammar: Option<LlamaSampler>,
    /// Tokens less probable than this fraction of the best one are never chosen.
    min_p: f32,
}

impl TokenSampler {
    /// `seed` is the request's, or a fresh one.
    pub fn new(
        model: &LlamaModel,
        sampling: &Sampling,
        constraint: Option<&Constraint>,
        seed: u32,
    ) -> Result<Self, LlmError> {
        check(sampling)?;
        let grammar = constraint
            .map(|constraint| grammar_sampler(model, constraint))
            .transpose()?;
        let chain = (sampling.temperature > 0.0).then(|| {
            // min-p comes first and is done in `probable`: it leaves few tokens for the others.
            let mut samplers = Vec::with_capacity(3);
            if sampling.top_p < 1.0 {
                samplers.push(LlamaSampler::top_p(sampling.top_p, 1));
            }
            samplers.push(LlamaSampler::temp(sampling.temperature));
            // llama.cpp reads u32::MAX as "choose a seed yourself".
            samplers.push(LlamaSampler::dist(seed.min(u32::MAX - 1)));
            LlamaSampler::chain_simple(samplers)
        });
        Ok(Self {
            chain,
            grammar,
            min_p: sampling.min_p,
        })
    }

    /// Chooses the next token from a row of logits.
    pub fn choose(&mut self, logits: &[f32]) -> Result<LlamaToken, LlmError> {
        // The grammar first judges the token that would be chosen without it: trying every token of
        // the vocabulary costs ten times as much, and is needed only when that one does not fit.
        let free = match &mut self.chain {
            None => LlamaToken(argmax(logits) as i32),
            Some(chain) => choose_by(chain, probable(logits, self.min_p)),
        };
        let Some(grammar) = &mut self.grammar else {
            return Ok(free);
        };
        let mut single = LlamaTokenDataArray::new(vec![LlamaTokenData::new(free, 1.0, 0.0)], false);
        single.apply_sampler(grammar);
        let chosen = if single.data[0].logit().is_finite() {
            free
        } else {
            let mut allowed = all_tokens(logits);
            allowed.apply_sampler(grammar);
            allowed.data.retain(|token| token.logit().is_finite());
            if allowed.data.is_empty() {
                return Err(invalid(
                    "constraint",
                    "the model knows no token that continues it",
                ));
            }
            let best = greatest_logit(&allowed);
            allowed
                .data
                .retain(|token| token.logit() >= best + self.min_p.ln());
            match &mut self.chain {
                None => greatest(&allowed),
                Some(chain) => choose_by(chain, allowed),
            }
        };
        grammar
            .try_accept(chosen)
            .map_err(|_| invalid("constraint", "the grammar cannot go on"))?;
        Ok(chosen)
    }
}

fn all_tokens(logits: &[f32]) -> LlamaTokenDataArray {
    LlamaTokenDataArray::from_iter(
        logits
            .iter()
            .zip(0..)
            .map(|(logit, id)| LlamaTokenData::new(LlamaToken(id), *logit, 0.0)),
        false,
    )
}

/// min-p (arXiv 2407.01082) on logits: p >= min_p * p_max exactly where logit >= max + ln(min_p). Done here,
/// in one pass without sorting, so that the samplers see some tokens and not the whole vocabulary.
fn probable(logits: &[f32], min_p: f32) -> LlamaTokenDataArray {
    if min_p <= 0.0 {
        return all_tokens(logits);
    }
    let least = logits[argmax(logits) as usize] + min_p.ln();
    let tokens = logits.iter().zip(0..).filter(|(logit, _)| **logit >= least);
    LlamaTokenDataArray::from_iter(
        tokens.map(|(logit, id)| LlamaTokenData::new(LlamaToken(id), *logit, 0.0)),
        false,
    )
}

fn choose_by(chain: &mut LlamaSampler, mut tokens: LlamaTokenDataArray) -> LlamaToken {
    tokens.apply_sampler(chain);
    tokens.selected_token().unwrap_or_else(|| greatest(&tokens))
}

fn greatest_logit(tokens: &LlamaTokenDataArray) -> f32 {
    tokens
        .data
        .iter()
        .map(LlamaTokenData::logit)
        .fold(f32::NEG_INFINITY, f32::max)
}

fn greatest(tokens: &LlamaTokenDataArray) -> LlamaToken {
    tokens
        .data
        .iter()
        .max_by(|a, b| a.logit().total_cmp(&b.logit()))
        .map_or(LlamaToken(0), LlamaTokenData::id)
}

fn grammar_sampler(model: &LlamaModel, constraint: &Constraint) -> Result<LlamaSampler, LlmError> {
    let (grammar, what) = match constraint {
        Constraint::Grammar(text) => (text.clone(), "grammar"),
        Constraint::JsonSchema(schema) => {
            serde_json::from_str::<serde_json::Value>(schema)
                .map_err(|error| invalid("JSON schema", &error.to_string()))?;
            let grammar = json_schema_to_grammar(schema)
                .map_err(|_| invalid("JSON schema", "llama.cpp cannot turn it into a grammar"))?;
            (grammar, "JSON schema")
        }
    };
    LlamaSampler::grammar(model, &grammar, "root").map_err(|error| {
        invalid(
            what,
            &format!("llama.cpp cannot read the grammar ({error})"),
        )
    })
}

fn check(sampling: &Sampling) -> Result<(), LlmError> {
    let in_range = |name: &str, value: f32, range: std::ops::RangeInclusive<f32>| {
        if range.contains(&value) {
            Ok(())
        } else {
            let reason = format!(
                "{value} is not between {} and {}",
                range.start(),
                range.end()
            );
            Err(invalid(name, &reason))
        }
    };
    in_range("temperature", sampling.temperature, 0.0..=10.0)?;
    in_range("top-p", sampling.top_p, 0.0..=1.0)?;
    in_range("min-p", sampling.min_p, 0.0..=1.0)
}

fn invalid(what: &str, reason: &str) -> LlmError {
    LlmError::InvalidRequest {
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}
