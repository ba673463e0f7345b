//! The gradient of attention. Scores are computed again from the stored logarithms of their sums.

use rayon::prelude::*;

use super::{
    AttentionShape, Isa, LANES, Panels, Shared, Visible, add,
    attention::{KeyRun, by_key, key_scores, lane_row, scaled_query, sum_values},
    math::{Lane, exp_below, lane, lane_mut, multiply_add, scale_lanes, vectorised},
    panels::transpose,
    tile::{Segment, TILE_ROWS, tile},
};

vectorised! {
    /// `sum over rows of a * b`, per token.
    fn row_products(a: &[f32], b: &[f32], sum: &mut Lane) {
        let mut total = *sum;
        for (a, b) in a.chunks_exact(LANES).map(lane).zip(b.chunks_exact(LANES).map(lane)) {
            for l in 0..LANES {
                total[l] = multiply_add::<FMA>(a[l], b[l], total[l]);
            }
        }
        *sum = total;
    }

    /// The softmax's gradient: `gradient = probability * (gradient - mean)`.
    fn through_softmax(gradient: &mut [f32], probability: &[f32], mean: &Lane) {
        let _ = FMA;
        for (g, p) in gradient.chunks_exact_mut(LANES).map(lane_mut).zip(probability.chunks_exact(LANES).map(lane)) {
            for l in 0..LANES {
                g[l] = p[l] * (g[l] - mean[l]);
            }
        }
    }
}

/// `d_qkv` (rows as `qkv`, overwritten) from `d_out`, with what [`super::attention`] read and wrote. `parts` is scratch.
#[allow(clippy::too_many_arguments)]
pub fn attention_backward(
    isa: Isa,
    shape: &AttentionShape,
    qkv: &Panels,
    visible: &Visible,
    out: &Panels,
    log_sums: &Panels,
    d_out: &Panels,
    d_qkv: &mut Panels,
    parts: &mut Panels,
) {
    let (dim, height) = (shape.head_dim, shape.rows());
    assert!(qkv.rows == height && d_qkv.rows == height && d_qkv.panels == qkv.panels);
    assert!(
        out.rows == shape.heads * dim && d_out.rows == out.rows && log_sums.rows == shape.heads
    );
    // A head's own sums over its queries: key gradients, then value gradients; panel by panel, head by head.
    parts.reshape(2 * dim, shape.heads * qkv.panels);
    let head_part = 2 * dim * qkv.panels * LANES;
    let shared = Shared::new(&mut d_qkv.data);
    parts
        .data
        .par_chunks_exact_mut(head_part)
        .enumerate()
        .for_each(|(head, part)| {
            part.fill(0.0);
            let mut scratch = Scratch::default();
            for panel in 0..qkv.panels {
                // SAFETY: every job has its own head.
                let d_query = unsafe {
                    shared.part(
                        (panel * height + shape.query_row(head)) * LANES,
                        dim * LANES,
                    )
                };
                scratch.queries(
                    isa,
                    shape,
                    (qkv, visible, out, log_sums, d_out),
                    (panel, head),
                    d_query,
                    part,
                );
            }
        });
    let group = shape.heads / shape.kv_heads;
    let parts = &parts.data;
    d_qkv.par_panels_mut().enumerate().for_each(|(panel, to)| {
        for kv_head in 0..shape.kv_heads {
            for kind in 0..2 {
                let to = &mut to[(shape.heads + kind * shape.kv_heads + kv_head) * dim * LANES..]
                    [..dim * LANES];
                to.fill(0.0);
                for head in kv_head * group..(kv_head + 1) * group {
                    let from = &parts[head * head_part + (panel * 2 + kind) * dim * LANES..]
                        [..dim * LANES];
                    add(isa, to, from);
                }
            }
        }
    });
}

#[derive(Default)]
struct Scratch {
    probabilities: Vec<f32>,
    gradients: Vec<f32>,
    turned: Vec<f32>,
}

impl Scratch {
    /// The queries of one panel and head: writes their gradient, adds those of the keys and values that they see.
    fn queries(
        &mut self,
        isa: Isa,
        shape: &AttentionShape,
        (qkv, visible, out, log_sums, d_out): (&Panels, &Visible, &Panels, &Panels, &Panels),
        (panel, head): (usize, usize),
        d_query: &mut [f32],
        part: &mut [f32],
    ) {
        const BLOCK: usize = LANES * LANES;
        let dim = shape.head_dim;
        let runs = visible.runs(panel);
        self.probabilities.resize(runs.len() * BLOCK, 0.0);
        self.gradients.resize(runs.len() * BLOCK, 0.0);
        self.turned.resize(BLOCK, 0.0);
        let query = scaled_query(isa, shape, qkv, panel, head);
        let d_out = d_out.rows(panel, head * dim, dim);
        let mut mean = [0.0; LANES];
        row_products(isa, out.rows(panel, head * dim, dim), d_out, &mut mean);

        key_scores(
            isa,
            shape,
            qkv,
            visible,
            panel,
            head,
            &query,
            &mut self.probabilities,
        );
        let log_sums = lane_row(log_sums, panel, head);
        let blocks = self
            .probabilities
            .chunks_exact_mut(BLOCK)
            .zip(self.gradients.chunks_exact_mut(BLOCK));
        for (run, (probabilities, gradients)) in runs.iter().zip(blocks) {
            let rows = run.first * LANES..run.end * LANES;
            exp_below(
                isa,
                &mut probabilities[rows.clone()],
                log_sums,
                &mut [0.0; LANES],
            );
            by_key(isa, qkv, shape.value_row(head), dim, run, d_out, gradients);
            through_softmax(
                isa,
                &mut gradients[rows.clone()],
                &probabilities[rows],
                &mean,
            );
            clear_outside(run, probabilities);
            clear_outside(run, gradients);
            let (d_key, d_value) =
                part[run.panel * 2 * dim * LANES..][..2 * dim * LANES].split_at_mut(dim * LANES);
            transpose(isa, gradients, &mut self.turned);
            add_by_query(isa, dim, &query, &self.turned, d_key);
            transpose(isa, probabilities, &mut self.turned);
            add_by_query(isa, dim, d_out, &self.turned, d_value);
        }
        sum_values(
            isa,
            qkv,
            shape.key_row(head),
            dim,
            runs,
            &self.gradients,
            d_query,
        );
        scale_lanes(isa, d_query, &[shape.scale(); LANES]);
    }
}

/// What an earlier panel left in the rows that this run does not have.
fn clear_outside(run: &KeyRun, block: &mut [f32]) {
    block[..run.first * LANES].fill(0.0);
    block[run.end * LANES..].fill(0.0);
}

/// `to[d][key] += sum over queries of left[d][query] * right[query][key]`.
fn add_by_query(isa: Isa, dim: usize, left: &[f32], right: &[f32], to: &mut [f32]) {
    for d in (0..dim).step_by(TILE_ROWS) {
        let segment = Segment {
            a: &left[d * LANES..],
            row_stride: LANES,
            depth_stride: 1,
            depth: LANES,
            block_stride: 0,
            blocks: 1,
            b: right,
        };
        tile(
            isa,
            TILE_ROWS.min(dim - d),
            &[segment],
            &mut to[d * LANES..],
            true,
        );
    }
}
