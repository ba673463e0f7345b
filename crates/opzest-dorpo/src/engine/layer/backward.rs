//! The gradients of a layer's input and of its adapters.

use rayon::prelude::*;

use crate::{
    kernels::{LANES, Panels, attention_backward, gated_backward, rms_norm_backward, rotate},
    lora::Target,
};

use super::{Adapter, Context, FrozenLayer, Part, Rows, Saved, Scratch};

impl FrozenLayer {
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
}
