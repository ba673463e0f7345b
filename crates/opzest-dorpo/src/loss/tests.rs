//! Finite differences, extreme inputs, and what holds for any input.

use super::*;
use proptest::prelude::*;

/// One example with everything owned.
#[derive(Debug, Clone)]
struct Made {
    prompt: Vec<f32>,
    chosen: Vec<f32>,
    /// Teacher's and student's.
    soft: Vec<Option<(Vec<f32>, Vec<f32>)>>,
    rejected: Vec<Vec<f32>>,
}

impl Made {
    fn hard(chosen: &[f32], rejected: &[&[f32]]) -> Self {
        Self {
            prompt: Vec::new(),
            chosen: chosen.to_vec(),
            soft: Vec::new(),
            rejected: rejected.iter().map(|answer| answer.to_vec()).collect(),
        }
    }

    fn soft(teacher: &[f32], student: &[f32]) -> Self {
        Self {
            soft: vec![Some((teacher.to_vec(), student.to_vec()))],
            ..Self::hard(&[-1.0], &[])
        }
    }

    fn loss(&self, lambda: f64) -> Result<(LossParts, Gradients), LossError> {
        let scores = Scores {
            prompt: &self.prompt,
            chosen: &self.chosen,
            soft: self
                .soft
                .iter()
                .map(|pair| {
                    pair.as_ref()
                        .map(|(teacher, student)| SoftScores { teacher, student })
                })
                .collect(),
            rejected: self.rejected.iter().map(Vec::as_slice).collect(),
        };
        let first_term = match self.prompt.is_empty() {
            true => FirstTerm::Answer,
            false => FirstTerm::PromptAndAnswer,
        };
        let weights = Weights {
            example: 0.5,
            pair: 0.25,
        };
        dorpo(&scores, &LossSettings { lambda, first_term }, weights)
    }

    fn total(&self) -> f64 {
        self.loss(2.0).expect("a loss").0.total
    }
}

/// KL of one position, and its gradient.
fn kl(teacher: &[f32], student: &[f32]) -> (f64, Vec<f32>) {
    let made = Made::soft(teacher, student);
    let (parts, gradients) = made.loss(0.0).expect("a loss");
    let unweighted = gradients.soft[0].iter().map(|g| g / 0.5).collect();
    (parts.kl, unweighted)
}

fn logs(probabilities: &[f64]) -> Vec<f32> {
    probabilities.iter().map(|p| p.ln() as f32).collect()
}

/// The step is what f32 makes of it, and small against the distance of the answers' probabilities from 1; the loss is
/// computed in f64.
fn check_differences(made: &Made) {
    let (_, gradients) = made.loss(2.0).expect("a loss");
    let check = |found: f32, at: &dyn Fn(&mut Made) -> &mut f32| {
        let moved = |step: f32| {
            let mut made = made.clone();
            let value = at(&mut made);
            *value += step;
            let moved_to = *value;
            (f64::from(moved_to), made.total())
        };
        let ((x1, y1), (x2, y2)) = (moved(-2e-4), moved(2e-4));
        let expected = (y2 - y1) / (x2 - x1);
        let allowed = 1e-5 + 1e-4 * expected.abs();
        assert!(
            (f64::from(found) - expected).abs() <= allowed,
            "{found} {expected} in {made:?}"
        );
    };
    for (t, &gradient) in gradients.prompt.iter().enumerate() {
        check(gradient, &|made| &mut made.prompt[t]);
    }
    for (t, &gradient) in gradients.chosen.iter().enumerate() {
        check(gradient, &|made| &mut made.chosen[t]);
    }
    for (t, gradient) in gradients.soft.iter().enumerate() {
        for (j, &gradient) in gradient.iter().enumerate() {
            check(gradient, &|made| {
                &mut made.soft[t].as_mut().expect("soft").1[j]
            });
        }
    }
    for (n, gradient) in gradients.rejected.iter().enumerate() {
        for (t, &gradient) in gradient.iter().enumerate() {
            check(gradient, &|made| &mut made.rejected[n][t]);
        }
    }
}

/// A distribution over a few tokens, with at least this much left for the tail.
fn distribution(k: usize, least_tail: f64) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(0.01..1.0f64, k + 1).prop_map(move |raw| {
        let sum: f64 = raw.iter().sum::<f64>() / (1.0 - least_tail);
        raw[..k].iter().map(|p| (p / sum).ln() as f32).collect()
    })
}

fn soft_pair() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
    (1..6usize).prop_flat_map(|k| (distribution(k, 0.0), distribution(k, 0.05)))
}

fn usual() -> impl Strategy<Value = Made> {
    let tokens = || prop::collection::vec(-8.0..-0.05f32, 1..5);
    let prompt = prop::collection::vec(-8.0..-0.05f32, 0..3);
    let rejected = prop::collection::vec(tokens(), 0..3);
    (prompt, tokens(), rejected)
        .prop_flat_map(|(prompt, chosen, rejected)| {
            let soft = prop::collection::vec(prop::option::of(soft_pair()), chosen.len());
            (Just((prompt, chosen, rejected)), soft)
        })
        .prop_map(|((prompt, chosen, rejected), soft)| Made {
            prompt,
            chosen,
            soft,
            rejected,
        })
}

/// Any f32 that is a log-probability, however absurd.
fn any_log_prob() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -20.0..=0.0f32,
        1 => Just(0.0f32),
        1 => -1e-6..=1e-6f32,
        1 => Just(f32::MIN),
        1 => Just(f32::NEG_INFINITY),
        1 => (any::<f32>()).prop_map(|v| if v.is_finite() { -v.abs() } else { -1.0 }),
    ]
}

fn absurd() -> impl Strategy<Value = Made> {
    let tokens = || prop::collection::vec(any_log_prob(), 1..5);
    (tokens(), prop::collection::vec(tokens(), 0..3))
        .prop_flat_map(|(chosen, rejected)| {
            let pair = (0..5usize).prop_flat_map(|k| {
                let values = || prop::collection::vec(any_log_prob(), k);
                (values(), values())
            });
            let soft = prop::collection::vec(prop::option::of(pair), chosen.len());
            (Just((chosen, rejected)), soft)
        })
        .prop_map(|((chosen, rejected), soft)| Made {
            prompt: Vec::new(),
            chosen,
            soft,
            rejected,
        })
}

fn assert_finite(made: &Made) {
    let (parts, gradients) = made.loss(2.0).expect("a loss");
    let of_pairs = parts.pairs.iter();
    let of_pairs = of_pairs.flat_map(|pair| [pair.rejected_logp, pair.odds, pair.margin]);
    let all = [parts.total, parts.kl, parts.nll, parts.chosen_logp];
    assert!(
        all.into_iter().chain(of_pairs).all(f64::is_finite),
        "{parts:?}"
    );
    let nested = gradients.soft.iter().chain(&gradients.rejected).flatten();
    let mut all = gradients
        .prompt
        .iter()
        .chain(&gradients.chosen)
        .chain(nested);
    assert!(all.all(|gradient| gradient.is_finite()), "{gradients:?}");
}

proptest! {
    #[test]
    fn gradients_are_the_differences(made in usual()) {
        check_differences(&made);
    }

    #[test]
    fn everything_is_finite(made in absurd()) {
        assert_finite(&made);
    }

    #[test]
    fn kl_is_never_negative((teacher, student) in soft_pair()) {
        prop_assert!(kl(&teacher, &student).0 >= 0.0);
    }

    #[test]
    fn kl_is_zero_where_both_agree((teacher, _) in soft_pair()) {
        let (value, gradient) = kl(&teacher, &teacher);
        prop_assert!(value < 1e-12, "{value}");
        prop_assert!(gradient.iter().all(|g| g.abs() < 1e-6), "{gradient:?}");
    }

    /// Buckets that are put together can only hide a difference.
    #[test]
    fn kl_grows_with_k((teacher, student) in soft_pair()) {
        for k in 1..teacher.len() {
            let (fewer, more) = (kl(&teacher[..k], &student[..k]).0, kl(&teacher[..k + 1], &student[..k + 1]).0);
            prop_assert!(fewer <= more + 1e-6, "{fewer} {more}");
        }
    }

    /// The more the student prefers the chosen answer, the less there is to lose.
    #[test]
    fn odds_fall_with_the_margin(chosen in -20.0..0.0f64, rejected in -20.0..0.0f64, step in 1e-3..5.0f64) {
        let before = odds::odds_ratio(chosen - step, rejected);
        let after = odds::odds_ratio(chosen, rejected);
        prop_assert!(after.margin > before.margin && after.loss <= before.loss);
        let unlearned = odds::odds_ratio(chosen, rejected - step);
        prop_assert!(unlearned.margin > after.margin && unlearned.loss <= after.loss);
        prop_assert!(after.by_chosen <= 0.0 && after.by_rejected >= 0.0);
    }

    #[test]
    fn parts_add_up(made in usual()) {
        let (parts, _) = made.loss(2.0).expect("a loss");
        let odds: f64 = parts.pairs.iter().map(|pair| pair.odds).sum();
        let sum = 0.5 * (parts.kl + parts.nll) + 2.0 * 0.25 * odds;
        prop_assert!((parts.total - sum).abs() <= 1e-12 * sum.abs());
        prop_assert_eq!(parts.positions, made.prompt.len() + made.chosen.len());
        prop_assert_eq!(parts.soft_positions, made.soft.iter().flatten().count());
    }
}

#[test]
fn a_student_without_a_tail_is_pulled_towards_one() {
    // The teacher keeps a tenth for the rest, the student nothing: bounded, and downwards on its certain token.
    let (value, gradient) = kl(&logs(&[0.9]), &[0.0]);
    assert!((1.0..3.0).contains(&value), "{value}");
    assert!((9e4..1.1e5).contains(&gradient[0]), "{gradient:?}");
}

/// By hand: 0.5 ln(0.5 / 0.25) + 0.5 ln(0.5 / 0.75).
#[test]
fn the_tail_is_a_bucket() {
    let (value, gradient) = kl(&logs(&[0.5]), &logs(&[0.25]));
    assert!((value - 0.143_841_036_2).abs() < 1e-7, "{value}");
    // -0.5 + 0.5 * 0.25 / 0.75
    assert!((gradient[0] + 0.333_333_3).abs() < 1e-6, "{gradient:?}");
}

#[test]
fn a_teacher_of_more_than_everything_is_scaled_down() {
    let over = logs(&[0.6 * 1.004, 0.4 * 1.004]);
    let exact = logs(&[0.6, 0.4]);
    let student = logs(&[0.3, 0.5]);
    let (found, expected) = (kl(&over, &student), kl(&exact, &student));
    assert!((found.0 - expected.0).abs() < 1e-6);
    for (found, expected) in found.1.iter().zip(&expected.1) {
        assert!((found - expected).abs() < 1e-6);
    }
    // As if the tail were not there.
    assert!((found.1[0] + 0.6).abs() < 1e-6, "{found:?}");
}

#[test]
fn what_is_impossible_counts_as_the_floor() {
    let made = Made::hard(&[f32::NEG_INFINITY], &[&[-1.0]]);
    let (parts, gradients) = made.loss(2.0).expect("a loss");
    assert_eq!(parts.nll, 65536.0);
    // 0.5 for the likelihood, and 2 * 0.25 for the odds: it is still pushed up.
    assert!((gradients.chosen[0] + 1.0).abs() < 1e-6, "{gradients:?}");

    // 0 log 0 is 0.
    let (value, gradient) = kl(&[f32::NEG_INFINITY, -0.5], &[f32::NEG_INFINITY, -0.5]);
    assert!(value < 1e-12 && gradient[0] == 0.0, "{value} {gradient:?}");
    assert!(kl(&[-0.5], &[f32::NEG_INFINITY]).0 > 30_000.0);
}

#[test]
fn a_soft_label_without_tokens_teaches_nothing() {
    let (value, gradient) = kl(&[], &[]);
    assert_eq!((value, gradient.len()), (0.0, 0));
}

#[test]
fn bad_input_is_named() {
    let problem = |made: &Made| made.loss(1.0).expect_err("a problem").to_string();
    let mut made = Made::hard(&[-1.0], &[&[-1.0]]);
    made.chosen[0] = f32::NAN;
    insta::assert_snapshot!(problem(&made), @"a log-probability of the student is NaN; it must be a number and at most 0");
    let over = Made::soft(&[0.5], &[-1.0]);
    insta::assert_snapshot!(problem(&over), @"a log-probability of the teacher is 0.5; it must be a number and at most 0");
    insta::assert_snapshot!(problem(&Made::hard(&[], &[])), @"the chosen answer has no tokens, so there is nothing to learn from it");
    insta::assert_snapshot!(problem(&Made::hard(&[-1.0], &[&[]])), @"the rejected answer has no tokens, so there is nothing to learn from it");
    let uneven = Made::soft(&[-1.0, -2.0], &[-1.0]);
    insta::assert_snapshot!(problem(&uneven), @"1 log-probabilities of the student were given for 2");
    let mut short = Made::soft(&[-1.0], &[-1.0]);
    short.chosen.push(-1.0);
    insta::assert_snapshot!(problem(&short), @"1 soft labels were given for 2");
}
