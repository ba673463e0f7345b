//! One transformer layer, forward and backward.

use rayon::prelude::*;

use crate::{
    kernels::{
        AttentionShape, LANES, Panels, Visible, attention, attention_backward, gated,
        gated_backward, rms_norm, rms_norm_backward, rotate,
    },
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

    /// `out` = the layer's output; `None` where only [`Saved`] is wanted.
    pub fn forward(
        &self,
        context: &Context<'_>,
        adapter: &Adapter,
        x: &Panels,
        saved: &mut Saved,
        out: Option<&mut Panels>,
        scratch: &mut Scratch,
    ) {
        let (config, panels) = (context.config, context.panels);
        let Scratch {
            room, normed, wide, ..
        } = scratch;
        let start = room.times.start();
        context.norm(x, &self.attention_norm, normed);
        room.input.set(context.arithmetic, Rows::all(normed));
        saved.qkv.reshape(context.shape().rows(), panels);
        if let Some(bias) = &self.bias {
            saved.qkv.par_panels_mut().for_each(|panel| {
                panel
                    .chunks_exact_mut(LANES)
                    .zip(bias)
                    .for_each(|(row, bias)| row.fill(*bias));
            });
        }
        room.times.stop(Part::Elementwise, start);
        for (target, row, _) in self.qkv_rows() {
            let inner = &mut saved.inner[target as usize];
            let out = (&mut saved.qkv, row);
            self.linear(target, context).forward(
                adapter,
                Rows::all(normed),
                out,
                self.bias.is_some(),
                inner,
                room,
            );
        }
        let start = room.times.start();
        self.turn(context, saved);
        room.times.stop(Part::Elementwise, start);

        let start = room.times.start();
        saved.attended.reshape(config.query_size(), panels);
        saved.log_sums.reshape(config.heads, panels);
        let shape = context.shape();
        attention(
            context.arithmetic.isa,
            &shape,
            &saved.qkv,
            context.visible,
            &mut saved.attended,
            &mut saved.log_sums,
        );
        room.times.stop(Part::Attention, start);

        let start = room.times.start();
        copy(x, &mut saved.middle);
        room.input
            .set(context.arithmetic, Rows::all(&saved.attended));
        room.times.stop(Part::Elementwise, start);
        let inner = &mut saved.inner[Target::O as usize];
        let to = (&mut saved.middle, 0);
        self.linear(Target::O, context).forward(
            adapter,
            Rows::all(&saved.attended),
            to,
            true,
            inner,
            room,
        );

        let start = room.times.start();
        context.norm(&saved.middle, &self.feed_forward_norm, normed);
        room.input.set(context.arithmetic, Rows::all(normed));
        room.times.stop(Part::Elementwise, start);
        for (target, to) in [(Target::Gate, &mut saved.gate), (Target::Up, &mut saved.up)] {
            to.reshape(config.feed_forward, panels);
            let inner = &mut saved.inner[target as usize];
            self.linear(target, context).forward(
                adapter,
                Rows::all(normed),
                (to, 0),
                false,
                inner,
                room,
            );
        }
        let start = room.times.start();
        wide.reshape(config.feed_forward, panels);
        wide.par_panels_mut().enumerate().for_each(|(panel, to)| {
            gated(
                context.arithmetic.isa,
                saved.gate.panel(panel),
                saved.up.panel(panel),
                to,
            );
        });
        room.input.set(context.arithmetic, Rows::all(wide));
        if let Some(out) = out {
            copy(&saved.middle, out);
            room.times.stop(Part::Elementwise, start);
            let inner = &mut saved.inner[Target::Down as usize];
            self.linear(Target::Down, context).forward(
                adapter,
                Rows::all(wide),
                (out, 0),
                true,
                inner,
                room,
            );
        } else {
            room.times.stop(Part::Elementwise, start);
            let inner = &mut saved.inner[Target::Down as usize];
            self.linear(Target::Down, context)
                .inner(adapter, Rows::all(wide), inner, room);
        }
    }

    /// Norms (qwen3) and turns queries and keys.
    fn turn(&self, context: &Context<'_>, saved: &mut Saved) {
        let (config, isa) = (context.config, context.arithmetic.isa);
        let head = config.head_dim * LANES;
        let turned = config.query_size() + config.kv_size();
        if self.qk_norm.is_some() {
            saved.before_norm.reshape(turned, context.panels);
            saved
                .before_norm
                .par_panels_mut()
                .enumerate()
                .for_each(|(panel, to)| {
                    to.copy_from_slice(saved.qkv.rows(panel, 0, turned));
                });
        }
        let before = &saved.before_norm;
        saved
            .qkv
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, qkv)| {
                let (cos, sin) = context.angles.of(panel);
                for (index, rows) in qkv[..turned * LANES].chunks_exact_mut(head).enumerate() {
                    if let Some((q, k)) = &self.qk_norm {
                        let weight = if index < config.heads { q } else { k };
                        let from = before.rows(panel, index * config.head_dim, config.head_dim);
                        rms_norm(isa, from, weight, config.norm_epsilon, rows);
                    }
                    rotate(isa, rows, cos, sin, context.halves(), false);
                }
            });
    }

    fn turn_back(&self, context: &Context<'_>, saved: &Saved, d_qkv: &mut Panels) {
        let (config, isa) = (context.config, context.arithmetic.isa);
        let head = config.head_dim * LANES;
        let turned = config.query_size() + config.kv_size();
        d_qkv.par_panels_mut().enumerate().for_each_init(
            Vec::new,
            |d_normed: &mut Vec<f32>, (panel, d_qkv)| {
                let (cos, sin) = context.angles.of(panel);
                for (index, rows) in d_qkv[..turned * LANES].chunks_exact_mut(head).enumerate() {
                    rotate(isa, rows, cos, sin, context.halves(), true);
                    if let Some((q, k)) = &self.qk_norm {
                        let weight = if index < config.heads { q } else { k };
                        let from =
                            saved
                                .before_norm
                                .rows(panel, index * config.head_dim, config.head_dim);
                        d_normed.clear();
                        d_normed.extend_from_slice(rows);
                        rows.fill(0.0);
                        rms_norm_backward(isa, from, weight, config.norm_epsilon, d_normed, rows);
                    }
                }
            },
        );
    }

    /// `d_x` comes as the gradient of the layer's output and leaves as that of its input. `saved` is used up.
    pub fn backward(
        &self,
        context: &Context<'_>,
        adapter: &mut Adapter,
        x: &Panels,
        saved: &mut Saved,
        d_x: &mut Panels,
        scratch: &mut Scratch,
    ) {
        let isa = context.arithmetic.isa;
        let Scratch {
            room,
            normed,
            d_normed,
            wide,
            d_attended,
            d_qkv,
            parts,
        } = scratch;
        let inner = &saved.inner;
        wide.reshape(context.config.feed_forward, context.panels);
        let down = self.linear(Target::Down, context);
        down.backward(
            adapter,
            Rows::all(d_x),
            &inner[Target::Down as usize],
            Some((wide, false)),
            room,
        );
        let start = room.times.start();
        let (gates, ups) = (&mut saved.gate, &mut saved.up);
        wide.par_panels_mut()
            .zip(gates.par_panels_mut().zip(ups.par_panels_mut()))
            .for_each(|(d, (gate, up))| gated_backward(isa, gate, up, d));
        room.times.stop(Part::Elementwise, start);
        down.gradient_of_a(adapter, Rows::all(wide), room);

        let start = room.times.start();
        context.norm(&saved.middle, &self.feed_forward_norm, normed);
        d_normed.reshape(normed.rows, context.panels);
        room.times.stop(Part::Elementwise, start);
        for (target, d_y) in [(Target::Gate, &saved.gate), (Target::Up, &saved.up)] {
            let linear = self.linear(target, context);
            let to = Some((&mut *d_normed, target == Target::Up));
            linear.backward(adapter, Rows::all(d_y), &inner[target as usize], to, room);
            linear.gradient_of_a(adapter, Rows::all(normed), room);
        }
        let start = room.times.start();
        context.norm_backward(&saved.middle, &self.feed_forward_norm, d_normed, d_x);
        room.times.stop(Part::Elementwise, start);

        d_attended.reshape(saved.attended.rows, context.panels);
        let o = self.linear(Target::O, context);
        o.backward(
            adapter,
            Rows::all(d_x),
            &inner[Target::O as usize],
            Some((d_attended, false)),
            room,
        );
        o.gradient_of_a(adapter, Rows::all(&saved.attended), room);
        let start = room.times.start();
        d_qkv.reshape(saved.qkv.rows, context.panels);
        let shape = context.shape();
        let Saved {
            qkv,
            attended,
            log_sums,
            ..
        } = &*saved;
        attention_backward(
            isa,
            &shape,
            qkv,
            context.visible,
            attended,
            log_sums,
            d_attended,
            d_qkv,
            parts,
        );
        room.times.stop(Part::Attention, start);

        let start = room.times.start();
        self.turn_back(context, saved, d_qkv);
        context.norm(x, &self.attention_norm, normed);
        room.times.stop(Part::Elementwise, start);
        for (target, first, rows) in self.qkv_rows() {
            let linear = self.linear(target, context);
            // Nothing below the first layer learns.
            let to = (self.index > 0).then_some((&mut *d_normed, target != Target::Q));
            linear.backward(
                adapter,
                Rows {
                    panels: d_qkv,
                    first,
                    rows,
                },
                &inner[target as usize],
                to,
                room,
            );
            linear.gradient_of_a(adapter, Rows::all(normed), room);
        }
        if self.index > 0 {
            let start = room.times.start();
            context.norm_backward(x, &self.attention_norm, d_normed, d_x);
            room.times.stop(Part::Elementwise, start);
        }
    }
}

fn copy(from: &Panels, to: &mut Panels) {
    to.reshape(from.rows, from.panels);
    to.par_panels_mut()
        .enumerate()
        .for_each(|(panel, to)| to.copy_from_slice(from.panel(panel)));
}
