//! Attention over packed sequences. Queries are the panel's 48 tokens side by side, keys go down the rows, so that the
//! softmax works on whole registers and no score is ever moved between lanes.

use rayon::prelude::*;

use super::{
    Isa, LANES, Panels, Shared,
    math::{Lane, exp_below, max_into, scale_lanes, vectorised},
    tile::{Segment, TILE_ROWS, tile},
};

/// Where the heads lie in the rows of a panel: `heads` queries from row 0, then `kv_heads` keys, then as many values.
#[derive(Clone, Copy, Debug)]
pub struct AttentionShape {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
}

impl AttentionShape {
    pub fn rows(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    pub(super) fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }

    pub(super) fn query_row(&self, head: usize) -> usize {
        head * self.head_dim
    }

    pub(super) fn key_row(&self, head: usize) -> usize {
        (self.heads + head / (self.heads / self.kv_heads)) * self.head_dim
    }

    pub(super) fn value_row(&self, head: usize) -> usize {
        self.key_row(head) + self.kv_heads * self.head_dim
    }
}

/// What each token sees: its own sequence from `own_start` up to itself, and the shared prefix
/// `[prefix_start, prefix_end)`, both earlier in the packed batch or itself.
#[derive(Clone, Debug, Default)]
pub struct Visible {
    pub own_start: Vec<u32>,
    pub prefix_start: Vec<u32>,
    pub prefix_end: Vec<u32>,
    runs: Vec<Vec<KeyRun>>,
}

/// Keys of one panel that some token of a panel of queries sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyRun {
    pub panel: usize,
    /// Both multiples of 8.
    pub first: usize,
    pub end: usize,
    /// Some of the queries do not see some of the keys.
    pub masked: bool,
}

impl Visible {
    pub fn push(&mut self, own_start: usize, prefix: std::ops::Range<usize>) {
        self.own_start.push(own_start as u32);
        self.prefix_start.push(prefix.start as u32);
        self.prefix_end.push(prefix.end as u32);
    }

    /// Fills the last panel with tokens that see themselves, and finds which panels see which.
    pub fn finish(&mut self) {
        while !self.own_start.len().is_multiple_of(LANES) {
            self.push(self.own_start.len(), 0..0);
        }
        self.runs = (0..self.own_start.len() / LANES)
            .map(|panel| self.find_runs(panel))
            .collect();
    }

    pub fn sees(&self, query: usize, key: usize) -> bool {
        (self.own_start[query] as usize <= key && key <= query)
            || (self.prefix_start[query] as usize <= key && key < self.prefix_end[query] as usize)
    }

    fn find_runs(&self, queries: usize) -> Vec<KeyRun> {
        let queries = queries * LANES..(queries + 1) * LANES;
        let find = |panel: usize| {
            let keys = panel * LANES..(panel + 1) * LANES;
            let seen = |key: &usize| queries.clone().any(|query| self.sees(query, *key));
            let first = keys.clone().find(seen)? % LANES / TILE_ROWS * TILE_ROWS;
            let end = (keys.clone().rev().find(seen)? % LANES + 1).next_multiple_of(TILE_ROWS);
            let keys = keys.start + first..keys.start + end;
            let masked = !queries
                .clone()
                .all(|query| keys.clone().all(|key| self.sees(query, key)));
            Some(KeyRun {
                panel,
                first,
                end,
                masked,
            })
        };
        (0..=queries.start / LANES).filter_map(find).collect()
    }

    pub(super) fn runs(&self, queries: usize) -> &[KeyRun] {
        &self.runs[queries]
    }

    /// Scores of keys that a query does not see become so small that their exponential is 0.
    pub(super) fn mask(&self, isa: Isa, queries: usize, run: &KeyRun, scores: &mut [f32]) {
        let range = queries * LANES..(queries + 1) * LANES;
        mask(
            isa,
            &mut scores[run.first * LANES..run.end * LANES],
            (run.panel * LANES + run.first) as u32,
            range.start as u32,
            &self.own_start[range.clone()],
            &self.prefix_start[range.clone()],
            &self.prefix_end[range],
        );
    }
}

vectorised! {
    fn mask(rows: &mut [f32], first_key: u32, first_query: u32, own: &[u32], start: &[u32], end: &[u32]) {
        let (own, start, end) = (&own[..LANES], &start[..LANES], &end[..LANES]);
        for (key, row) in (first_key..).zip(rows.chunks_exact_mut(LANES)) {
            for l in 0..LANES {
                let own = (own[l] <= key) & (key <= first_query + l as u32);
                let prefix = (start[l] <= key) & (key < end[l]);
                row[l] = if own | prefix { row[l] } else { UNSEEN };
            }
        }
    }
}

const UNSEEN: f32 = -1e30;

/// `out` (rows: heads * head_dim) = softmax(q k / sqrt(head_dim)) v; `log_sums` (rows: heads) = log of the softmax's
/// denominator, which the gradient needs.
pub fn attention(
    isa: Isa,
    shape: &AttentionShape,
    qkv: &Panels,
    visible: &Visible,
    out: &mut Panels,
    log_sums: &mut Panels,
) {
    let dim = shape.head_dim;
    assert!(
        qkv.rows == shape.rows() && out.rows == shape.heads * dim && log_sums.rows == shape.heads
    );
    assert!(
        out.panels == qkv.panels
            && log_sums.panels == qkv.panels
            && visible.runs.len() == qkv.panels
    );
    let rows = out.rows;
    let shared_out = Shared::new(&mut out.data);
    let shared_sums = Shared::new(&mut log_sums.data);
    (0..qkv.panels * shape.heads).into_par_iter().for_each_init(
        Vec::new,
        |scores: &mut Vec<f32>, job| {
            // The last panels see the most: they come first.
            let (panel, head) = (qkv.panels - 1 - job / shape.heads, job % shape.heads);
            let runs = visible.runs(panel);
            let query = scaled_query(isa, shape, qkv, panel, head);
            scores.resize(runs.len() * LANES * LANES, 0.0);
            key_scores(isa, shape, qkv, visible, panel, head, &query, scores);
            let (mut most, mut sum) = ([f32::MIN; LANES], [0.0; LANES]);
            for (run, block) in runs.iter().zip(scores.chunks_exact(LANES * LANES)) {
                max_into(isa, &block[run.first * LANES..run.end * LANES], &mut most);
            }
            for (run, block) in runs.iter().zip(scores.chunks_exact_mut(LANES * LANES)) {
                exp_below(
                    isa,
                    &mut block[run.first * LANES..run.end * LANES],
                    &most,
                    &mut sum,
                );
            }
            // SAFETY: every job has its own panel and head.
            let to = unsafe { shared_out.part((panel * rows + head * dim) * LANES, dim * LANES) };
            sum_values(isa, qkv, shape.value_row(head), dim, runs, scores, to);
            scale_lanes(isa, to, &sum.map(|sum| 1.0 / sum));
            // SAFETY: as above.
            let sums = unsafe { shared_sums.part((panel * shape.heads + head) * LANES, LANES) };
            for l in 0..LANES {
                sums[l] = most[l] + sum[l].ln();
            }
        },
    );
}

/// The queries of a head, divided by sqrt(head_dim). Shape `[head_dim, LANES]`.
pub(super) fn scaled_query(
    isa: Isa,
    shape: &AttentionShape,
    qkv: &Panels,
    panel: usize,
    head: usize,
) -> Vec<f32> {
    let mut query = qkv
        .rows(panel, shape.query_row(head), shape.head_dim)
        .to_vec();
    scale_lanes(isa, &mut query, &[shape.scale(); LANES]);
    query
}

/// Masked scores: a block of `[48 keys, LANES]` for each run, in which the run's keys are written.
#[allow(clippy::too_many_arguments)]
pub(super) fn key_scores(
    isa: Isa,
    shape: &AttentionShape,
    qkv: &Panels,
    visible: &Visible,
    panel: usize,
    head: usize,
    query: &[f32],
    scores: &mut [f32],
) {
    for (run, block) in visible
        .runs(panel)
        .iter()
        .zip(scores.chunks_exact_mut(LANES * LANES))
    {
        by_key(
            isa,
            qkv,
            shape.key_row(head),
            shape.head_dim,
            run,
            query,
            block,
        );
        if run.masked {
            visible.mask(isa, panel, run, block);
        }
    }
}

/// `block[key][query] = sum over the head's numbers of rows(key) * right(query)`, for the run's keys.
pub(super) fn by_key(
    isa: Isa,
    keys: &Panels,
    row: usize,
    dim: usize,
    run: &KeyRun,
    right: &[f32],
    block: &mut [f32],
) {
    let keys = keys.rows(run.panel, row, dim);
    for key in (run.first..run.end).step_by(TILE_ROWS) {
        let segment = Segment {
            a: &keys[key..],
            row_stride: 1,
            depth_stride: LANES,
            depth: dim,
            block_stride: 0,
            blocks: 1,
            b: right,
        };
        tile(isa, TILE_ROWS, &[segment], &mut block[key * LANES..], false);
    }
}

/// `to[d][query] = sum over keys of rows(key)[d] * weights[key][query]`.
pub(super) fn sum_values(
    isa: Isa,
    values: &Panels,
    row: usize,
    dim: usize,
    runs: &[KeyRun],
    weights: &[f32],
    to: &mut [f32],
) {
    let mut segments = Vec::with_capacity(runs.len());
    for d in (0..dim).step_by(TILE_ROWS) {
        segments.clear();
        segments.extend(runs.iter().zip(weights.chunks_exact(LANES * LANES)).map(
            |(run, block)| Segment {
                a: &values.rows(run.panel, row + d, TILE_ROWS.min(dim - d))[run.first..],
                row_stride: LANES,
                depth_stride: 1,
                depth: run.end - run.first,
                block_stride: 0,
                blocks: 1,
                b: &block[run.first * LANES..run.end * LANES],
            },
        ));
        tile(
            isa,
            TILE_ROWS.min(dim - d),
            &segments,
            &mut to[d * LANES..],
            false,
        );
    }
}

/// One number per token from a panel's row.
pub(super) fn lane_row(panels: &Panels, panel: usize, row: usize) -> &Lane {
    super::math::lane(panels.rows(panel, row, 1))
}
