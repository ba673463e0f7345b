//! A layer's output, and what its gradient will need.

use rayon::prelude::*;

use crate::{
    kernels::{LANES, Panels, attention, gated, rms_norm, rotate},
    lora::Target,
};

use super::{Adapter, Context, FrozenLayer, Part, Rows, Saved, Scratch};

impl FrozenLayer {
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
}

fn copy(from: &Panels, to: &mut Panels) {
    to.reshape(from.rows, from.panels);
    to.par_panels_mut()
        .enumerate()
        .for_each(|(panel, to)| to.copy_from_slice(from.panel(panel)));
}
