//! Held-out rows and general text, with the base alone and with an adapter.

use std::path::Path;

use anyhow::Context;
use opzest_dorpo::child::GoldenAnswer;
use opzest_dorpo::engine::{Engine, EngineOptions};
use opzest_dorpo::example::{Answer, Example};
use opzest_dorpo::export::read_gguf;
use opzest_dorpo::lora::{LoraConfig, LoraWeights};
use opzest_dorpo::model::{BaseModel, ModelConfig};

/// Examples that are computed together.
const TOGETHER: usize = 16;

pub struct Evaluator {
    engine: Engine,
    config: ModelConfig,
    held_out: Vec<Example>,
    general: Vec<Example>,
}

/// Of each held-out row, in order.
#[derive(Clone)]
pub struct Scores {
    /// Mean negative log-probability of the chosen answer's tokens, in nats.
    pub nll: Vec<f64>,
    /// 1 where the chosen answer's mean log-probability is above the rejected one's, 0 where below.
    pub preferred: Vec<f64>,
    /// Mean negative log-probability of the general text's tokens.
    pub general: f64,
}

impl Evaluator {
    /// # Errors
    /// The model cannot be read.
    pub fn new(
        model: &Path,
        held_out: &[Example],
        general: &[GoldenAnswer],
        options: EngineOptions,
    ) -> anyhow::Result<Self> {
        let model = BaseModel::read(model)?;
        let lora = LoraWeights::zeros(&model.config, LoraConfig::default());
        let general = general.iter().map(|text| Example {
            group: String::new(),
            prompt: text.prompt.clone(),
            chosen: Answer {
                tokens: text.answer.clone(),
                soft: Vec::new(),
            },
            rejected: Vec::new(),
        });
        Ok(Self {
            engine: Engine::new(&model, lora, options)?,
            config: model.config,
            held_out: held_out.to_vec(),
            general: general.collect(),
        })
    }

    /// With the adapter of this file, or with the base alone.
    ///
    /// # Errors
    /// The adapter is missing or of another shape.
    pub fn scores(&mut self, adapter: Option<&Path>) -> anyhow::Result<Scores> {
        let values = self.engine.step().0;
        match adapter {
            Some(path) => values.copy_from_slice(&read_gguf(path, &self.config)?.values),
            None => values.fill(0.0),
        }
        let mut scores = Scores {
            nll: Vec::new(),
            preferred: Vec::new(),
            general: 0.0,
        };
        for rows in self.held_out.chunks(TOGETHER) {
            for row in self.engine.log_probs(rows, false)? {
                let chosen = mean(&row.chosen);
                let rejected = row.rejected.first().context("every row is a pair")?;
                scores.nll.push(-chosen);
                scores
                    .preferred
                    .push(f64::from(u8::from(chosen > mean(rejected))));
            }
        }
        let mut tokens = Vec::new();
        for text in self.general.chunks(TOGETHER) {
            let texts = self.engine.log_probs(text, false)?;
            tokens.extend(texts.into_iter().flat_map(|text| text.chosen));
        }
        scores.general = -mean(&tokens);
        Ok(scores)
    }
}

fn mean(log_probs: &[f32]) -> f64 {
    let sum: f64 = log_probs.iter().map(|value| f64::from(*value)).sum();
    sum / log_probs.len() as f64
}
