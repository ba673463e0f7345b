//! The loss against torch's autograd and TRL's own ORPO: tests/reference/loss.py has the versions and the formulas, and
//! prints the expected values below.

use super::*;
use std::f64::consts::LN_2;

const VOCABULARY: usize = 7;
const HEIGHT: f64 = 4.0;

/// A sequence with formula-made logits and tokens.
struct Sequence {
    /// Shape `[length, VOCABULARY]`.
    log_softmax: Vec<Vec<f64>>,
    tokens: Vec<usize>,
}

fn sequence(seed: usize, length: usize) -> Sequence {
    let row = |t: usize| {
        let logit =
            |v: usize| HEIGHT * (1.7 * t as f64 + 2.3 * (v * v) as f64 + 0.9 * seed as f64).sin();
        let logits: Vec<f64> = (0..VOCABULARY).map(logit).collect();
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit - sum.ln()).collect()
    };
    Sequence {
        log_softmax: (0..length).map(row).collect(),
        tokens: (0..length)
            .map(|t| (5 * seed + 3 * t * t + t) % VOCABULARY)
            .collect(),
    }
}

impl Sequence {
    /// Log-probabilities of the sequence's own tokens.
    fn own(&self) -> Vec<f32> {
        let each = self.log_softmax.iter().zip(&self.tokens);
        each.map(|(row, &token)| row[token] as f32).collect()
    }

    /// The tokens with the greatest logits at a position.
    fn top(&self, t: usize, k: usize) -> Vec<usize> {
        let row = &self.log_softmax[t];
        let mut tokens: Vec<usize> = (0..VOCABULARY).collect();
        tokens.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        tokens.truncate(k);
        tokens
    }

    fn at(&self, t: usize, tokens: &[usize]) -> Vec<f32> {
        let row = &self.log_softmax[t];
        tokens.iter().map(|&token| row[token] as f32).collect()
    }
}

/// Gradients with respect to logits. Shape `[length, VOCABULARY]`.
struct LogitGradient(Vec<[f64; VOCABULARY]>);

impl LogitGradient {
    fn new(length: usize) -> Self {
        Self(vec![[0.0; VOCABULARY]; length])
    }

    /// What the head does with the loss's gradients.
    fn add(&mut self, of: &Sequence, t: usize, token: usize, gradient: f32) {
        let gradient = f64::from(gradient);
        for (sum, log_q) in self.0[t].iter_mut().zip(&of.log_softmax[t]) {
            *sum -= gradient * log_q.exp();
        }
        self.0[t][token] += gradient;
    }

    fn told(&self) -> (f64, f64) {
        let (mut dot, mut squares) = (0.0, 0.0);
        for (t, row) in self.0.iter().enumerate() {
            for (v, gradient) in row.iter().enumerate() {
                dot += gradient * (1.1 * t as f64 + 0.7 * v as f64 + 0.3).cos();
                squares += gradient * gradient;
            }
        }
        (dot, squares)
    }
}

struct Expected<'a> {
    total: f64,
    kl: f64,
    nll: f64,
    margins: &'a [f64],
    /// Of the chosen, then of the rejected ones: dot product and sum of squares.
    gradients: &'a [(f64, f64)],
}

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    let allowed = 2e-6 * expected.abs().max(0.1);
    assert!(
        (found - expected).abs() <= allowed,
        "{found:e}, not {expected:e}"
    );
}

#[track_caller]
fn assert_told(found: &LogitGradient, expected: (f64, f64)) {
    let (dot, squares) = found.told();
    assert_near(dot, expected.0);
    assert_near(squares, expected.1);
}

/// `chosen`, `rejected`: (seed, length); `soft`: candidates at each position, 0 for the hard label.
#[track_caller]
fn check(
    chosen: (usize, usize),
    soft: &[usize],
    rejected: &[(usize, usize)],
    lambda: f64,
    weights: (f64, f64),
    expected: &Expected<'_>,
) {
    let y = sequence(chosen.0, chosen.1);
    let teacher = sequence(chosen.0 + 50, chosen.1);
    let top: Vec<_> = (0..).zip(soft).map(|(t, &k)| teacher.top(t, k)).collect();
    let pairs: Vec<_> = (0..)
        .zip(&top)
        .map(|(t, top)| (teacher.at(t, top), y.at(t, top)))
        .collect();
    let ns: Vec<_> = rejected
        .iter()
        .map(|&(seed, n)| sequence(seed, n))
        .collect();
    let own: Vec<_> = ns.iter().map(Sequence::own).collect();
    let scores = Scores {
        prompt: &[],
        chosen: &y.own(),
        soft: pairs
            .iter()
            .map(|(teacher, student)| {
                (!teacher.is_empty()).then_some(SoftScores { teacher, student })
            })
            .collect(),
        rejected: own.iter().map(Vec::as_slice).collect(),
    };
    let settings = LossSettings {
        lambda,
        first_term: FirstTerm::Answer,
    };
    let weights = Weights {
        example: weights.0,
        pair: weights.1,
    };
    let (parts, gradients) = dorpo(&scores, &settings, weights).expect("a loss");
    assert_near(parts.total, expected.total);
    assert_near(parts.kl, expected.kl);
    assert_near(parts.nll, expected.nll);
    assert_eq!(parts.pairs.len(), expected.margins.len());
    for (pair, &margin) in parts.pairs.iter().zip(expected.margins) {
        assert_near(pair.margin, margin);
    }

    let mut of_chosen = LogitGradient::new(chosen.1);
    for (t, top) in top.iter().enumerate() {
        of_chosen.add(&y, t, y.tokens[t], gradients.chosen[t]);
        for (&token, &gradient) in top.iter().zip(&gradients.soft[t]) {
            of_chosen.add(&y, t, token, gradient);
        }
    }
    assert_told(&of_chosen, expected.gradients[0]);
    for ((n, gradient), &expected) in ns
        .iter()
        .zip(&gradients.rejected)
        .zip(&expected.gradients[1..])
    {
        let mut of_rejected = LogitGradient::new(n.tokens.len());
        for (t, &gradient) in gradient.iter().enumerate() {
            of_rejected.add(n, t, n.tokens[t], gradient);
        }
        assert_told(&of_rejected, expected);
    }
}

#[test]
fn soft_labels_and_a_rejected_answer() {
    let expected = Expected {
        total: 1.738544448,
        kl: 1.429253013,
        nll: 0.0,
        margins: &[1.551396765e-01],
        gradients: &[
            (-9.945903043e-02, 1.773518402e-01),
            (-3.104889923e-02, 4.124995767e-02),
        ],
    };
    check((1, 3), &[3, 3, 3], &[(2, 2)], 0.5, (1.0, 1.0), &expected);
}

#[test]
fn partly_aligned_with_two_rejected_answers() {
    let expected = Expected {
        total: 1.595890818,
        kl: 1.037303851,
        nll: 1.708011559,
        margins: &[-2.479653579, -5.596590639e-01],
        gradients: &[
            (-4.148980711e-01, 6.562378230e-02),
            (1.017554543e-02, 1.264283132e-03),
            (-1.642126882e-02, 4.482106798e-04),
        ],
    };
    let rejected = [(4, 3), (5, 5)];
    check(
        (3, 4),
        &[2, 0, 1, 5],
        &rejected,
        0.25,
        (0.5, 0.25),
        &expected,
    );
}

#[test]
fn without_rejected_only_the_divergence() {
    let expected = Expected {
        total: 1.731744087,
        kl: 1.731744087,
        nll: 0.0,
        margins: &[],
        gradients: &[(3.990840543e-01, 2.242535951e-01)],
    };
    check((6, 2), &[4, 4], &[], 0.5, (1.0, 1.0), &expected);
}

#[test]
fn k_is_the_whole_vocabulary() {
    let expected = Expected {
        total: 1.206951957,
        kl: 1.167707457,
        nll: 0.0,
        margins: &[7.327273835e-01],
        gradients: &[
            (7.424097763e-02, 2.736002081e-01),
            (-1.834200511e-02, 6.233521390e-04),
        ],
    };
    check((7, 2), &[7, 7], &[(8, 2)], 0.1, (1.0, 1.0), &expected);
}

#[test]
fn one_token_without_a_trace() {
    let expected = Expected {
        total: 6.593579411,
        kl: 0.0,
        nll: 6.378296406,
        margins: &[1.426229940],
        gradients: &[
            (1.156999869, 2.090422610),
            (2.610242896e-01, 6.808763059e-02),
        ],
    };
    check((9, 1), &[0], &[(10, 1)], 1.0, (1.0, 1.0), &expected);
}

#[test]
fn lambda_zero() {
    let expected = Expected {
        total: 3.145223265,
        kl: 8.498803386e-01,
        nll: 2.295342926,
        margins: &[1.551396765e-01],
        gradients: &[(5.479633251e-02, 2.920074154e-01), (0.0, 0.0)],
    };
    check((1, 3), &[3, 0, 3], &[(2, 2)], 0.0, (1.0, 1.0), &expected);
}

/// One row of TRL's dataset: the prompt's length; seed and length of the answers.
type Pair = (usize, (usize, usize), (usize, usize));

/// Total, and the gradients of all chosen, then of all rejected sequences.
fn as_trl(batch: &[Pair], lambda: f64) -> (f64, f64, Vec<LogitGradient>) {
    let settings = LossSettings {
        lambda,
        first_term: FirstTerm::PromptAndAnswer,
    };
    let tokens = |&(prompt, (_, answer), _): &Pair| prompt - 1 + answer;
    let batch_tokens = batch.iter().map(tokens).sum();
    let (mut total, mut nll, mut of_chosen, mut of_rejected) = (0.0, 0.0, vec![], vec![]);
    for pair in batch {
        let &(prompt, (chosen, chosen_length), (rejected, rejected_length)) = pair;
        // Logits at one position are of the token at the next.
        let shifted = |seed, length| {
            let mut made = sequence(seed, prompt + length);
            made.tokens.remove(0);
            made.log_softmax.truncate(made.tokens.len());
            made
        };
        let (y, n) = (
            shifted(chosen, chosen_length),
            shifted(rejected, rejected_length),
        );
        let (own_y, own_n) = (y.own(), n.own());
        let scores = Scores {
            prompt: &own_y[..prompt - 1],
            chosen: &own_y[prompt - 1..],
            soft: Vec::new(),
            rejected: vec![&own_n[prompt - 1..]],
        };
        let weights = Weights::by_tokens(tokens(pair), batch_tokens, batch.len());
        let (parts, gradients) = dorpo(&scores, &settings, weights).expect("a loss");
        total += parts.total;
        nll += weights.example * parts.nll;

        let mut gradient = LogitGradient::new(y.tokens.len());
        for (t, &g) in gradients.prompt.iter().chain(&gradients.chosen).enumerate() {
            gradient.add(&y, t, y.tokens[t], g);
        }
        of_chosen.push(gradient);
        let mut gradient = LogitGradient::new(n.tokens.len());
        for (t, &g) in gradients.rejected[0].iter().enumerate() {
            let t = prompt - 1 + t;
            gradient.add(&n, t, n.tokens[t], g);
        }
        of_rejected.push(gradient);
    }
    of_chosen.extend(of_rejected);
    (total, nll, of_chosen)
}

#[test]
fn trl_with_one_pair() {
    let (total, nll, gradients) = as_trl(&[(3, (11, 4), (12, 2))], 0.1);
    assert_near(total, 3.772966722);
    assert_near(nll, 3.699516752);
    assert_told(&gradients[0], (-1.704533212e-02, 1.944879004e-01));
    assert_told(&gradients[1], (-1.575450697e-02, 2.299645270e-03));
}

#[test]
fn trl_with_a_padded_batch() {
    let batch = [(2, (13, 2), (14, 4)), (4, (15, 5), (16, 3))];
    let (total, nll, gradients) = as_trl(&batch, 0.3);
    assert_near(total, 5.344787241);
    assert_near(nll, 4.899772764);
    assert_told(&gradients[0], (1.889095368e-01, 4.556671911e-02));
    assert_told(&gradients[1], (-4.876862070e-02, 1.179023660e-01));
    assert_told(&gradients[2], (4.169789337e-02, 6.476462850e-03));
    assert_told(&gradients[3], (-7.966455098e-02, 2.926443510e-03));
}

/// Means of log-probabilities: loss, margin, derivatives.
#[test]
fn odds_at_the_ends() {
    let check = |chosen, rejected, [loss, margin, by_chosen, by_rejected]: [f64; 4]| {
        let found = odds::odds_ratio(chosen, rejected);
        let near = |found: f64, expected: f64| {
            assert!(
                (found - expected).abs() <= 1e-8 * expected.abs(),
                "{found:e} {expected:e}"
            );
        };
        near(found.loss, loss);
        near(found.margin, margin);
        near(found.by_chosen, by_chosen);
        near(found.by_rejected, by_rejected);
    };
    let even = [LN_2, 0.0, -1.270747041, 1.270747041];
    check(-0.5, -0.5, even);
    let certain = [
        1.565177087596e-07,
        1.567009660010e+01,
        -1.565177748e-01,
        1.810154774e-07,
    ];
    check(-1e-9, -2.0, certain);
    let certain_of_the_wrong = [
        1.567009675661e+01,
        -1.567009660010e+01,
        -1.156517462,
        1.000000343e+06,
    ];
    check(-2.0, -1e-9, certain_of_the_wrong);
    let impossible = [2.999986341003e+03, -2.999986341003e+03, -1.0, 1.986433864];
    check(-3000.0, -0.7, impossible);
    check(-0.7, -3000.0, [0.0, 2.999986341003e+03, 0.0, 0.0]);
    let both_certain = [
        2.397936182348,
        -2.302630093407,
        -9.091400836e+03,
        9.090991735e+04,
    ];
    check(-1e-4, -1e-5, both_certain);
}
