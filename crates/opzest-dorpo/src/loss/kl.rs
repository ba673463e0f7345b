//! The divergence of the student from a teacher that is known at k tokens: KL over k + 1 buckets, the last of
//! which is everything else. Without that bucket a top-k divergence is biased (arXiv 2503.16870).

use super::logspace::{LOG_PROB_FLOOR, MASS_FLOOR};

/// KL(teacher || student) at one position, in nats, at least 0.
///
/// `teacher` and `student` are log-probabilities of the same k different tokens. `gradient` (shape `[k]`) gets
/// the derivatives with respect to `student`, times `weight`.
///
/// - The teacher's mass may exceed 1 by rounding: then it is scaled down to 1, and the tail is empty.
/// - A tail below [`MASS_FLOOR`] is more rounding than mass. There the logarithm goes on as its tangent, for teacher and
///   student alike: the gradient stays bounded and continuous, and goes on pushing the tail up where it is too small.
/// - 0 log 0 is 0; a student's log-probability of -inf counts as [`LOG_PROB_FLOOR`].
pub(super) fn tail_bucket_kl(
    teacher: &[f32],
    student: &[f32],
    weight: f64,
    gradient: &mut [f32],
) -> f64 {
    let mass = |log_probs: &[f32]| -> f64 { log_probs.iter().map(|&v| f64::from(v).exp()).sum() };
    let teacher_mass = mass(teacher);
    let scale = teacher_mass.max(1.0);
    let teacher_tail = 1.0 - teacher_mass / scale;
    let student_tail = 1.0 - mass(student);
    let tail_pull = teacher_tail / student_tail.max(MASS_FLOOR);

    let mut kl = 0.0;
    for ((&p, &q), gradient) in teacher.iter().zip(student).zip(gradient) {
        let (log_p, log_q) = (f64::from(p) - scale.ln(), f64::from(q).max(LOG_PROB_FLOOR));
        let p = log_p.exp();
        if p > 0.0 {
            kl += p * (log_p - log_q);
        }
        *gradient = (weight * (tail_pull * log_q.exp() - p)) as f32;
    }
    if teacher_tail > 0.0 {
        kl += teacher_tail * (tail_log(teacher_tail) - tail_log(student_tail));
    }
    kl.max(0.0)
}

/// The logarithm, below the floor its tangent there.
fn tail_log(mass: f64) -> f64 {
    match mass >= MASS_FLOOR {
        true => mass.ln(),
        false => MASS_FLOOR.ln() + mass / MASS_FLOOR - 1.0,
    }
}
