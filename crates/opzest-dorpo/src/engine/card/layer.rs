//! One layer: attention and a gated feed-forward network, each behind a norm and beside what it is added to.

use candle_core::{Result, Tensor};

use super::{
    Batch, Upload,
    attention::{Heads, Turn, attend, attend_backward, heads_first, tokens_first, turned},
    linear::{Linear, Thin},
    norm::Norm,
};
use crate::{
    engine::EngineError,
    lora::{LoraWeights, Target},
    model::{Layer, Matrix, ModelConfig},
};

pub struct CardLayer {
    attention_norm: Norm,
    q: Linear,
    k: Linear,
    v: Linear,
    /// qwen3: of each head's query and key.
    qk_norm: Option<[Norm; 2]>,
    o: Linear,
    feed_forward_norm: Norm,
    gate: Linear,
    up: Linear,
    down: Linear,
}

/// What the gradient needs besides the layer's input.
pub struct Saved {
    normed: Tensor,
    /// Queries and keys before their norm, where there is one.
    raw: Option<[Tensor; 2]>,
    heads: Heads,
    weights: Tensor,
    taken: Tensor,
    middle: Tensor,
    middle_normed: Tensor,
    gate: Tensor,
    up: Tensor,
}

impl CardLayer {
    pub fn new(
        upload: &Upload<'_>,
        index: usize,
        layer: &Layer,
        config: &ModelConfig,
        lora: &LoraWeights,
    ) -> std::result::Result<Self, EngineError> {
        let epsilon = f64::from(config.norm_epsilon);
        let norm =
            |weight: &[f32]| Ok::<_, EngineError>(Norm::new(upload.vector(weight)?, epsilon));
        let linear = |target: Target, matrix: &Matrix, bias: Option<&Vec<f32>>| {
            let mut slices = lora.slices.iter();
            let slice = slices.position(|slice| slice.layer == index && slice.target == target);
            let bias = bias.map(|bias| upload.vector(bias)).transpose()?;
            Ok::<_, EngineError>(Linear::new(upload.matrix(matrix)?, bias, slice))
        };
        Ok(Self {
            attention_norm: norm(&layer.attention_norm)?,
            q: linear(Target::Q, &layer.q.weight, layer.q.bias.as_ref())?,
            k: linear(Target::K, &layer.k.weight, layer.k.bias.as_ref())?,
            v: linear(Target::V, &layer.v.weight, layer.v.bias.as_ref())?,
            qk_norm: match &layer.qk_norm {
                Some((q, k)) => Some([norm(q)?, norm(k)?]),
                None => None,
            },
            o: linear(Target::O, &layer.o, None)?,
            feed_forward_norm: norm(&layer.feed_forward_norm)?,
            gate: linear(Target::Gate, &layer.gate, None)?,
            up: linear(Target::Up, &layer.up, None)?,
            down: linear(Target::Down, &layer.down, None)?,
        })
    }

    /// `x` has the shape `[tokens, hidden]`.
    pub fn forward(
        &self,
        config: &ModelConfig,
        batch: &Batch,
        thin: &Thin,
        x: &Tensor,
    ) -> Result<(Tensor, Saved)> {
        let normed = self.attention_norm.forward(x)?;
        let mut q = heads_first(&self.q.forward(thin, &normed)?, config.heads)?;
        let mut k = heads_first(&self.k.forward(thin, &normed)?, config.kv_heads)?;
        let v = heads_first(&self.v.forward(thin, &normed)?, config.kv_heads)?;
        let mut raw = None;
        if let Some([q_norm, k_norm]) = &self.qk_norm {
            let (new_q, new_k) = (q_norm.forward(&q)?, k_norm.forward(&k)?);
            raw = Some([q, k]);
            (q, k) = (new_q, new_k);
        }
        let pairs = config.architecture.rope_pairs();
        let heads = Heads {
            q: turned(&q, batch, pairs, Turn::Forward)?,
            k: turned(&k, batch, pairs, Turn::Forward)?,
            v,
        };
        let (taken, weights) = attend(config, batch, &heads)?;
        let taken = tokens_first(&taken)?;
        let middle = (x + self.o.forward(thin, &taken)?)?;
        let middle_normed = self.feed_forward_norm.forward(&middle)?;
        let gate = self.gate.forward(thin, &middle_normed)?;
        let up = self.up.forward(thin, &middle_normed)?;
        let after = (&middle + self.down.forward(thin, &(gate.silu()? * &up)?)?)?;
        let saved = Saved {
            normed,
            raw,
            heads,
            weights,
            taken,
            middle,
            middle_normed,
            gate,
            up,
        };
        Ok((after, saved))
    }

    /// The gradient of the layer's input from that of its output.
    pub fn backward(
        &self,
        config: &ModelConfig,
        batch: &Batch,
        thin: &mut Thin,
        x: &Tensor,
        saved: &Saved,
        d_after: &Tensor,
    ) -> Result<Tensor> {
        let d_middle = self.feed_forward_backward(thin, saved, d_after)?;
        let d_taken = self.o.backward(thin, &saved.taken, &d_middle)?;
        let d_taken = heads_first(&d_taken, config.heads)?;
        let d = attend_backward(config, &saved.heads, &saved.weights, &d_taken)?;
        let pairs = config.architecture.rope_pairs();
        let mut d_q = turned(&d.q, batch, pairs, Turn::Back)?;
        let mut d_k = turned(&d.k, batch, pairs, Turn::Back)?;
        if let (Some([q_norm, k_norm]), Some([q, k])) = (&self.qk_norm, &saved.raw) {
            d_q = q_norm.backward(q, &d_q)?;
            d_k = k_norm.backward(k, &d_k)?;
        }
        let normed = &saved.normed;
        let d_normed = self.q.backward(thin, normed, &tokens_first(&d_q)?)?;
        let d_normed = (d_normed + self.k.backward(thin, normed, &tokens_first(&d_k)?)?)?;
        let d_normed = (d_normed + self.v.backward(thin, normed, &tokens_first(&d.v)?)?)?;
        d_middle + self.attention_norm.backward(x, &d_normed)?
    }

    /// The gradient of what lies between attention and feed-forward network.
    fn feed_forward_backward(
        &self,
        thin: &mut Thin,
        saved: &Saved,
        d_after: &Tensor,
    ) -> Result<Tensor> {
        let (gate, up) = (&saved.gate, &saved.up);
        let open = gate.silu()?;
        let d_wide = self.down.backward(thin, &(&open * up)?, d_after)?;
        // silu(g) = g s(g), and its slope s(g) (1 + g (1 - s(g))) = s(g) + silu(g) (1 - s(g)).
        let sigmoid = (gate.neg()?.exp()? + 1.0)?.recip()?;
        let slope = (&sigmoid + (&open * (1.0 - &sigmoid)?)?)?;
        let d_gate = ((&d_wide * up)? * slope)?;
        let d_up = (d_wide * open)?;
        let normed = &saved.middle_normed;
        let d_normed = self.gate.backward(thin, normed, &d_gate)?;
        let d_normed = (d_normed + self.up.backward(thin, normed, &d_up)?)?;
        d_after + self.feed_forward_norm.backward(&saved.middle, &d_normed)?
    }
}
