//! From a row of logits to a token's trace: log-softmax, the k most probable tokens, the tail.
//!
//! This runs once per generated token over the whole vocabulary, so it is written to be vectorised:
//! one pass for the maximum of each block, one for the sum of exponentials, and a selection that only
//! looks at blocks that can hold one of the k best.

/// Logits per block of the selection.
const BLOCK: usize = 64;

/// A token's distribution as ids: `top` holds (token id, log-probability), best first.
#[derive(Debug, Clone, PartialEq)]
pub struct TopK {
    pub top: Vec<(u32, f32)>,
    /// Log-probability of the token asked for.
    pub logprob: f32,
    /// Mass outside `top`, in [0, 1].
    pub tail: f32,
}

/// Log-softmax of `logits` (one value per token of the vocabulary), reduced to the `k` most probable
/// tokens and the tail. `token` is always in `top`: it is added as the last if it is not one of the k.
///
/// # Panics
/// If `token` is not an index of `logits`.
pub fn top_k(logits: &[f32], token: u32, k: usize) -> TopK {
    let block_max: Vec<f32> = logits.chunks(BLOCK).map(max_of).collect();
    let max = max_of(&block_max);
    let log_sum = f64::from(max) + sum_exp(logits, max).ln();
    let logprob_of = |logit: f32| (f64::from(logit) - log_sum) as f32;

    let mut best = select_best(logits, &block_max, k.min(logits.len()));
    if !best.contains(&token) {
        best.push(token);
    }
    let top: Vec<(u32, f32)> = best
        .into_iter()
        .map(|id| (id, logprob_of(logits[id as usize])))
        .collect();
    let inside: f64 = top
        .iter()
        .map(|&(_, logprob)| f64::from(logprob).exp())
        .sum();
    TopK {
        top,
        logprob: logprob_of(logits[token as usize]),
        tail: (1.0 - inside).clamp(0.0, 1.0) as f32,
    }
}

/// The index of the greatest logit; the first of equals.
pub fn argmax(logits: &[f32]) -> u32 {
    let max = max_of(logits);
    logits.iter().position(|&logit| logit == max).unwrap_or(0) as u32
}

/// Ids of the `k` greatest logits, greatest first, smaller id first among equals.
fn select_best(logits: &[f32], block_max: &[f32], k: usize) -> Vec<u32> {
    if k == 0 {
        return Vec::new();
    }
    // The k-th greatest block maximum: at least k logits reach it, so nothing below it can be chosen.
    let threshold = if block_max.len() <= k {
        f32::NEG_INFINITY
    } else {
        let mut sorted = block_max.to_vec();
        let (_, kth, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        *kth
    };
    let mut candidates: Vec<u32> = Vec::with_capacity(4 * k);
    for (block, values) in logits.chunks(BLOCK).enumerate() {
        if block_max[block] >= threshold {
            let start = (block * BLOCK) as u32;
            candidates.extend(
                (start..)
                    .zip(values)
                    .filter(|(_, value)| **value >= threshold)
                    .map(|(id, _)| id),
            );
        }
    }
    let order = |a: &u32, b: &u32| {
        logits[*b as usize]
            .total_cmp(&logits[*a as usize])
            .then_with(|| a.cmp(b))
    };
    if candidates.len() > k {
        candidates.select_nth_unstable_by(k - 1, order);
        candidates.truncate(k);
    }
    candidates.sort_unstable_by(order);
    candidates
}

fn max_of(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = values.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a })
}

/// Sum of exp(value - max), accumulated in f64 per block of f32 sums.
fn sum_exp(values: &[f32], max: f32) -> f64 {
    values
        .chunks(1024)
        .map(|block| {
            let mut lanes = [0.0f32; 16];
            let chunks = block.chunks_exact(16);
            let rest = chunks.remainder();
            for chunk in chunks {
                for (lane, &value) in lanes.iter_mut().zip(chunk) {
                    *lane += exp_nonpositive(value - max);
                }
            }
            let rest: f64 = rest
                .iter()
                .map(|&value| f64::from(exp_nonpositive(value - max)))
                .sum();
            lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + rest
        })
        .sum()
}

/// exp(x) for x <= 0, to 2e-7 relative; branch-free, so that the loop around it is vectorised
/// (`f32::exp` is a library call). Range reduction to 2^n * e^r, then Cephes' expf polynomial.
#[inline(always)]
fn exp_nonpositive(x: f32) -> f32 {
    let x = if x > -87.0 { x } else { -87.0 };
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4f32;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let e = p * r * r + r + 1.0;
    e * f32::from_bits((((n as i32) + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, in f64.
    fn reference(logits: &[f32]) -> Vec<f64> {
        let max = logits
            .iter()
            .fold(f64::NEG_INFINITY, |a, &b| a.max(f64::from(b)));
        let sum: f64 = logits.iter().map(|&l| (f64::from(l) - max).exp()).sum();
        logits
            .iter()
            .map(|&l| f64::from(l) - max - sum.ln())
            .collect()
    }

    #[test]
    fn exponentials_are_exact_to_single_precision() {
        for i in 0..=87_000 {
            let x = -(i as f32) / 1000.0;
            let want = f64::from(x).exp();
            let relative = (f64::from(exp_nonpositive(x)) - want).abs() / want;
            assert!(relative < 3e-7, "exp({x}): relative error {relative}");
        }
        assert!(exp_nonpositive(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn the_written_token_is_always_there() {
        let logits: Vec<f32> = (0..200).map(|i| -(i as f32)).collect();
        let trace = top_k(&logits, 199, 4);
        assert_eq!(
            trace.top.iter().map(|t| t.0).collect::<Vec<_>>(),
            [0, 1, 2, 3, 199]
        );
        assert_eq!(trace.logprob, trace.top[4].1);
    }

    #[test]
    fn masked_tokens_carry_no_mass() {
        let mut logits = vec![f32::NEG_INFINITY; 100];
        logits[7] = 3.0;
        let trace = top_k(&logits, 7, 2);
        assert_eq!(trace.logprob, 0.0);
        assert_eq!(trace.tail, 0.0);
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(
            logits in prop::collection::vec(-40.0f32..40.0, 1..700),
            k in 0usize..80,
            pick in any::<prop::sample::Index>(),
        ) {
            let token = pick.index(logits.len()) as u32;
            let want = reference(&logits);
            let got = top_k(&logits, token, k);
            prop_assert!((f64::from(got.logprob) - want[token as usize]).abs() < 1e-5);

            let mut order: Vec<u32> = (0..logits.len() as u32).collect();
            order.sort_by(|a, b| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b)));
            order.truncate(k);
            if !order.contains(&token) {
                order.push(token);
            }
            prop_assert_eq!(got.top.iter().map(|t| t.0).collect::<Vec<_>>(), order.clone());

            let inside: f64 = order.iter().map(|id| want[*id as usize].exp()).sum();
            prop_assert!((f64::from(got.tail) - (1.0 - inside).max(0.0)).abs() < 1e-5);
            prop_assert_eq!(argmax(&logits), {
                let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                logits.iter().position(|l| *l == max).expect("not empty") as u32
            });
        }
    }
}
