//! The head: from hidden states to log-probabilities of a few tokens, and back, without ever holding all logits. It
//! knows no loss. For each wanted position it computes the logarithm of the softmax's denominator and `expected`, the
//! softmax-weighted mean of the output matrix's rows: with gradients g_j with respect to the log-probabilities of tokens
//! t_j, the hidden state's gradient is `sum_j g_j E[t_j] - (sum_j g_j) expected`.

use rayon::prelude::*;

use crate::kernels::{
    Element, LANES, Lane, Left, Panels, Shared, TILE_ROWS, add_scaled, exp_below, lane, max_into,
    rms_norm, rms_norm_backward, scale_lanes, tile,
};

use super::{
    batch::Layout,
    weights::{Arithmetic, Frozen, HeadRoom, Side},
};

/// Rows of the output matrix that are unpacked at a time, where it is stored as the file has it.
const PART: usize = 128 * LANES;
/// Rows that one job works through.
const JOB: usize = 32 * LANES;
/// Rows whose logits exist at a time: they stay in the second-level cache.
const STRIP: usize = 8 * LANES;

#[derive(Default)]
pub(super) struct Head {
    /// Hidden states of the wanted positions, before and after the last norm.
    hidden: Panels,
    normed: Panels,
    /// `expected` (not yet divided by the sum), then the largest logit, then the sum.
    state: Panels,
    partial: Panels,
    logits: Vec<f32>,
    picks: Vec<Vec<Pick>>,
    room: HeadRoom,
}

/// A logit to keep.
#[derive(Clone, Copy)]
struct Pick {
    token: usize,
    lane: usize,
    slot: usize,
}

/// What a job reads.
#[derive(Clone, Copy)]
struct Reads<'a> {
    arithmetic: Arithmetic,
    normed: &'a Panels,
    picks: &'a [Vec<Pick>],
    /// Whether `expected` is wanted.
    expected: bool,
}

impl Head {
    /// Log-probabilities of `layout.wanted_tokens`.
    pub fn log_probs(
        &mut self,
        arithmetic: Arithmetic,
        output: &Frozen,
        (norm, epsilon): (&[f32], f32),
        x: &Panels,
        layout: &Layout,
        expected: bool,
    ) -> Vec<f32> {
        let (size, panels) = (x.rows, layout.wanted.len().div_ceil(LANES));
        self.hidden.reshape(size, panels);
        self.hidden
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, to)| {
                for l in 0..LANES {
                    let row = layout
                        .wanted
                        .get(panel * LANES + l)
                        .copied()
                        .unwrap_or(layout.wanted[0]);
                    let from = &x.panel(row / LANES)[row % LANES..];
                    (0..size).for_each(|d| to[d * LANES + l] = from[d * LANES]);
                }
            });
        self.normed.reshape(size, panels);
        let hidden = &self.hidden;
        self.normed
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, to)| {
                rms_norm(arithmetic.isa, hidden.panel(panel), norm, epsilon, to)
            });
        self.pick(layout, panels);
        self.logits.clear();
        self.logits.resize(layout.wanted_tokens.len(), 0.0);
        self.state.reshape(size + 2, panels);
        self.state.par_panels_mut().for_each(|state| {
            state.fill(0.0);
            state[size * LANES..(size + 1) * LANES].fill(f32::MIN);
        });

        let vocabulary = output.rows;
        for from in (0..vocabulary).step_by(PART) {
            let to = vocabulary.min(from + PART);
            let reads = Reads {
                arithmetic,
                normed: &self.normed,
                picks: &self.picks,
                expected,
            };
            let logits = Shared::new(&mut self.logits);
            let (sides, base) = match output.both() {
                Some(sides) => (sides, 0),
                None => (output.part(from, to, &mut self.room), from),
            };
            match sides {
                (Side::F32(rows), Side::F32(columns)) => {
                    part(
                        &reads,
                        (rows, columns),
                        base,
                        from..to,
                        &mut self.partial,
                        logits,
                    );
                }
                (Side::Pairs(rows), Side::Pairs(columns)) => {
                    part(
                        &reads,
                        (rows, columns),
                        base,
                        from..to,
                        &mut self.partial,
                        logits,
                    );
                }
                _ => unreachable!("both directions of a matrix have one precision"),
            }
            self.merge(arithmetic, (to - from).div_ceil(JOB), expected);
        }
        let mut first = 0;
        for (row, end) in layout.ends.iter().enumerate() {
            let state = &self.state.panel(row / LANES)[size * LANES..];
            let log_sum = state[row % LANES] + state[LANES + row % LANES].ln();
            self.logits[first..*end]
                .iter_mut()
                .for_each(|logit| *logit -= log_sum);
            first = *end;
        }
        self.logits.clone()
    }

    fn pick(&mut self, layout: &Layout, panels: usize) {
        self.picks.clear();
        self.picks.resize(panels, Vec::new());
        let mut first = 0;
        for (row, end) in layout.ends.iter().enumerate() {
            let picks = &mut self.picks[row / LANES];
            picks.extend((first..*end).map(|slot| Pick {
                token: layout.wanted_tokens[slot] as usize,
                lane: row % LANES,
                slot,
            }));
            first = *end;
        }
        self.picks
            .iter_mut()
            .for_each(|picks| picks.sort_by_key(|pick| (pick.token, pick.slot)));
    }

    /// Brings the jobs' sums together, in their order.
    fn merge(&mut self, arithmetic: Arithmetic, jobs: usize, expected: bool) {
        let isa = arithmetic.isa;
        let size = self.hidden.rows;
        let partial = &self.partial;
        self.state
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, state)| {
                for job in 0..jobs {
                    let more = partial.panel(panel * jobs + job);
                    let (old, new) = (
                        *lane(&state[size * LANES..][..LANES]),
                        lane(&more[size * LANES..][..LANES]),
                    );
                    let most: Lane = std::array::from_fn(|l| old[l].max(new[l]));
                    let keep: Lane = std::array::from_fn(|l| (old[l] - most[l]).exp());
                    let take: Lane = std::array::from_fn(|l| (new[l] - most[l]).exp());
                    if expected {
                        scale_lanes(isa, &mut state[..size * LANES], &keep);
                        add_scaled(
                            isa,
                            &mut state[..size * LANES],
                            &more[..size * LANES],
                            &take,
                        );
                    }
                    for l in 0..LANES {
                        state[size * LANES + l] = most[l];
                        let sum = &mut state[(size + 1) * LANES + l];
                        *sum = *sum * keep[l] + more[(size + 1) * LANES + l] * take[l];
                    }
                }
            });
    }

    /// The hidden states' gradient, after [`Self::log_probs`] with `expected`; `d_x` is overwritten.
    pub fn backward(
        &mut self,
        arithmetic: Arithmetic,
        output: &Frozen,
        (norm, epsilon): (&[f32], f32),
        layout: &Layout,
        gradients: &[f32],
        d_x: &mut Panels,
    ) {
        let size = self.hidden.rows;
        let (state, hidden) = (&self.state, &self.hidden);
        // The normed states are used up: their gradient takes their place, and the hidden states' gradient the partial sums'.
        self.normed
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, d)| {
                let state = state.panel(panel);
                let mut whole = [0.0; LANES];
                let rows = panel * LANES..layout.ends.len().min((panel + 1) * LANES);
                d.fill(0.0);
                for (l, row) in rows.enumerate() {
                    let first = if row == 0 { 0 } else { layout.ends[row - 1] };
                    let slots = first..layout.ends[row];
                    let tokens = &layout.wanted_tokens[slots.clone()];
                    for (token, g) in tokens.iter().zip(&gradients[slots]) {
                        whole[l] -= g;
                        if *g != 0.0 {
                            let add = |k, number| d[k * LANES + l] += g * number;
                            output.for_row(*token as usize, add);
                        }
                    }
                    whole[l] /= state[(size + 1) * LANES + l];
                }
                add_scaled(arithmetic.isa, d, &state[..size * LANES], &whole);
            });
        self.partial.reshape(size, hidden.panels);
        let normed = &self.normed;
        self.partial
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, d)| {
                d.fill(0.0);
                rms_norm_backward(
                    arithmetic.isa,
                    hidden.panel(panel),
                    norm,
                    epsilon,
                    normed.panel(panel),
                    d,
                );
            });
        d_x.data.par_chunks_mut(1 << 16).for_each(|d| d.fill(0.0));
        // Several answers' first tokens follow the same token of a shared prompt: one after the other.
        for (index, row) in layout.wanted.iter().enumerate() {
            let from = &self.partial.panel(index / LANES)[index % LANES..];
            let to = &mut d_x.panel_mut(row / LANES)[row % LANES..];
            (0..size).for_each(|d| to[d * LANES] += from[d * LANES]);
        }
    }
}

/// Works through the vocabulary's `range`; row `v` of the matrix is at `v - base` of its sides. Every job writes its own
/// panel of `partial`.
fn part<E: Element>(
    reads: &Reads<'_>,
    sides: (Left<'_, E>, Left<'_, E>),
    base: usize,
    range: std::ops::Range<usize>,
    partial: &mut Panels,
    logits: Shared<'_, f32>,
) {
    let (size, panels) = (reads.normed.rows, reads.normed.panels);
    let jobs = range.len().div_ceil(JOB);
    partial.reshape(size + 2, panels * jobs);
    partial
        .par_panels_mut()
        .enumerate()
        .for_each(|(index, partial)| {
            let (panel, job) = (index / jobs, index % jobs);
            let from = range.start + job * JOB;
            let rows = from..range.end.min(from + JOB);
            strip_by_strip(reads, sides, base, rows, panel, partial, logits);
        });
}

fn strip_by_strip<E: Element>(
    reads: &Reads<'_>,
    (rows, columns): (Left<'_, E>, Left<'_, E>),
    base: usize,
    range: std::ops::Range<usize>,
    panel: usize,
    partial: &mut [f32],
    logits: Shared<'_, f32>,
) {
    let (isa, size) = (reads.arithmetic.isa, reads.normed.rows);
    let (mut right_room, mut score_room) = (Vec::new(), Vec::new());
    let right = E::right(isa, reads.normed.panel(panel), &mut right_room);
    let depth = rows.chunks(0, rows.depth, usize::MAX);
    let mut scores = vec![0.0; STRIP * LANES];
    let (expected, sums) = partial.split_at_mut(size * LANES);
    expected.fill(0.0);
    let (mut most, mut sum) = ([f32::MIN; LANES], [0.0; LANES]);
    let picks = &reads.picks[panel];
    for from in range.clone().step_by(STRIP) {
        let count = (range.end - from).min(STRIP);
        for row in (0..count).step_by(TILE_ROWS) {
            let segments = depth
                .iter()
                .map(|c| rows.segment(from - base + row, c, &right[c.from * LANES..]));
            let segments: Vec<_> = segments.collect();
            tile(
                isa,
                TILE_ROWS.min(count - row),
                &segments,
                &mut scores[row * LANES..],
                false,
            );
        }
        let scores = &mut scores[..count * LANES];
        let first = picks.partition_point(|pick| pick.token < from);
        for pick in picks[first..]
            .iter()
            .take_while(|pick| pick.token < from + count)
        {
            // SAFETY: a slot belongs to one token of one panel, so that one job writes it.
            let to = unsafe { logits.part(pick.slot, 1) };
            to[0] = scores[(pick.token - from) * LANES + pick.lane];
        }
        let before = most;
        max_into(isa, scores, &mut most);
        let keep: Lane = std::array::from_fn(|l| (before[l] - most[l]).exp());
        (0..LANES).for_each(|l| sum[l] *= keep[l]);
        exp_below(isa, scores, &most, &mut sum);
        if reads.expected {
            scale_lanes(isa, expected, &keep);
            let weights = E::right(isa, scores, &mut score_room);
            let start = (from - base) / E::NUMBERS;
            let parts = columns.chunks(start, start + count.div_ceil(E::NUMBERS), usize::MAX);
            for d in (0..size).step_by(TILE_ROWS) {
                let segments = parts
                    .iter()
                    .map(|c| columns.segment(d, c, &weights[(c.from - start) * LANES..]));
                let segments: Vec<_> = segments.collect();
                tile(
                    isa,
                    TILE_ROWS.min(size - d),
                    &segments,
                    &mut expected[d * LANES..],
                    true,
                );
            }
        }
    }
    sums[..LANES].copy_from_slice(&most);
    sums[LANES..2 * LANES].copy_from_slice(&sum);
}
