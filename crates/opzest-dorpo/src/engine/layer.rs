//! One transformer layer: its frozen weights and its buffers. The passes are in [`forward`] and [`backward`].

mod backward;
mod forward;

use rayon::prelude::*;

use crate::{
    kernels::{AttentionShape, Panels, Visible, rms_norm, rms_norm_backward},
    lora::Target,
    model::{self, ModelConfig, RopePairs},
};

use super::{
    BaseStorage, Precision,
    adapter::Adapter,
    linear::{Linear, Room, Rows},
    rope::Angles,
    times::Part,
    weights::{Arithmetic, Frozen},
};

pub(super) struct FrozenLayer {
    pub index: usize,
    attention_norm: Vec<f32>,
    feed_forward_norm: Vec<f32>,
    q: Frozen,
    k: Frozen,
    v: Frozen,
    o: Frozen,
    gate: Frozen,
    up: Frozen,
    down: Frozen,
    /// Of q, k and v in one, `[rows of qkv]`.
    bias: Option<Vec<f32>>,
    qk_norm: Option<(Vec<f32>, Vec<f32>)>,
}

/// What the backward pass reads of the forward pass, of one layer.
#[derive(Default)]
pub(super) struct Saved {
    /// Queries and keys before their norm; only where the model has one.
    before_norm: Panels,
    /// Turned queries, turned keys, values.
    qkv: Panels,
    attended: Panels,
    log_sums: Panels,
    /// Between attention and feed-forward.
    middle: Panels,
    gate: Panels,
    up: Panels,
    /// s A x by target.
    inner: [Panels; 7],
}

/// Buffers that every layer uses in turn.
#[derive(Default)]
pub(super) struct Scratch {
    pub room: Room,
    /// Hidden size: a normed input, and its gradient.
    normed: Panels,
    d_normed: Panels,
    wide: Panels,
    d_attended: Panels,
    d_qkv: Panels,
    parts: Panels,
}

/// What all layers of a batch share.
pub(super) struct Context<'a> {
    pub config: &'a ModelConfig,
    pub arithmetic: Arithmetic,
    pub visible: &'a Visible,
    pub angles: &'a Angles,
    pub panels: usize,
}

impl Context<'_> {
    fn shape(&self) -> AttentionShape {
        let config = self.config;
        AttentionShape {
            heads: config.heads,
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
        }
    }

    fn halves(&self) -> bool {
        self.config.architecture.rope_pairs() == RopePairs::Halves
    }

    fn norm(&self, x: &Panels, weight: &[f32], to: &mut Panels) {
        to.reshape(x.rows, x.panels);
        let epsilon = self.config.norm_epsilon;
        to.par_panels_mut().enumerate().for_each(|(panel, to)| {
            rms_norm(self.arithmetic.isa, x.panel(panel), weight, epsilon, to)
        });
    }

    fn norm_backward(&self, x: &Panels, weight: &[f32], d_to: &Panels, d_x: &mut Panels) {
        let epsilon = self.config.norm_epsilon;
        d_x.par_panels_mut().enumerate().for_each(|(panel, d_x)| {
            rms_norm_backward(
                self.arithmetic.isa,
                x.panel(panel),
                weight,
                epsilon,
                d_to.panel(panel),
                d_x,
            );
        });
    }
}

impl FrozenLayer {
    pub fn new(
        index: usize,
        layer: &model::Layer,
        precision: Precision,
        storage: BaseStorage,
    ) -> Result<Self, String> {
        let frozen = |matrix| Frozen::new(matrix, precision, storage);
        let projections = [&layer.q, &layer.k, &layer.v];
        let bias = projections
            .iter()
            .any(|projection| projection.bias.is_some())
            .then(|| {
                let zeros = |rows| vec![0.0; rows];
                projections
                    .iter()
                    .flat_map(|p| p.bias.clone().unwrap_or_else(|| zeros(p.weight.rows)))
                    .collect()
            });
        Ok(Self {
            index,
            attention_norm: layer.attention_norm.clone(),
            feed_forward_norm: layer.feed_forward_norm.clone(),
            q: frozen(&layer.q.weight)?,
            k: frozen(&layer.k.weight)?,
            v: frozen(&layer.v.weight)?,
            o: frozen(&layer.o)?,
            gate: frozen(&layer.gate)?,
            up: frozen(&layer.up)?,
            down: frozen(&layer.down)?,
            bias,
            qk_norm: layer.qk_norm.clone(),
        })
    }

    pub fn size(&self) -> usize {
        [
            &self.q, &self.k, &self.v, &self.o, &self.gate, &self.up, &self.down,
        ]
        .into_iter()
        .map(Frozen::size)
        .sum()
    }

    fn linear(&self, target: Target, context: &Context<'_>) -> Linear<'_> {
        let frozen = match target {
            Target::Q => &self.q,
            Target::K => &self.k,
            Target::V => &self.v,
            Target::O => &self.o,
            Target::Gate => &self.gate,
            Target::Up => &self.up,
            Target::Down => &self.down,
        };
        Linear {
            frozen,
            layer: self.index,
            target,
            arithmetic: context.arithmetic,
        }
    }

    /// First rows of q, k and v in a panel of all three.
    fn qkv_rows(&self) -> [(Target, usize, usize); 3] {
        let (q, k) = (self.q.rows, self.k.rows);
        [
            (Target::Q, 0, q),
            (Target::K, q, k),
            (Target::V, q + k, self.v.rows),
        ]
    }
}
