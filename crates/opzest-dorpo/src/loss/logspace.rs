//! Functions of log-probabilities that stay exact where probabilities round to 0 or 1. All in f64.

use std::f64::consts::LN_2;

/// A probability's distance from 1, and a tail's mass, below which f32 log-probabilities say nothing any more.
pub const MASS_FLOOR: f64 = 1e-6;

/// A log-probability below this, also that of the impossible, counts as this. Stored traces have the same floor.
pub const LOG_PROB_FLOOR: f64 = -65536.0;

/// log(1 - exp(v)) for v < 0; -inf at 0. Two branches, each where it loses no digits.
/// Source: Mächler, "Accurately computing log(1 - exp(-|a|))", 2012.
pub fn log1mexp(v: f64) -> f64 {
    match v > -LN_2 {
        true => (-v.exp_m1()).ln(),
        false => (-v.exp()).ln_1p(),
    }
}

/// log(1 + exp(v)).
pub fn softplus(v: f64) -> f64 {
    v.max(0.0) + (-v.abs()).exp().ln_1p()
}

/// log(1 / (1 + exp(-v))).
pub fn log_sigmoid(v: f64) -> f64 {
    -softplus(-v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_close(found: f64, expected: f64) {
        let allowed = 1e-14 * expected.abs().max(f64::MIN_POSITIVE);
        assert!((found - expected).abs() <= allowed, "{found} {expected}");
    }

    /// tests/reference/logspace.py: mpmath with 60 digits.
    #[test]
    fn values_of_many_digits() {
        // log1mexp(-1e-20), (-1e-6), (-0.1), (-ln 2), (-1), (-40), (-800)
        assert_close(log1mexp(-1e-20), -46.051_701_859_880_914);
        assert_close(log1mexp(-1e-6), -13.815_511_057_964_232);
        assert_close(log1mexp(-0.1), -2.352_168_461_044_090_8);
        assert_close(log1mexp(-1.0), -0.458_675_145_387_081_9);
        assert_close(log1mexp(-40.0), -4.248_354_255_291_589e-18);
        assert_eq!(log1mexp(-800.0), -0.0);
        // softplus(-800), (-40), (0), (1), (40), (800)
        assert_eq!(softplus(-800.0), 0.0);
        assert_close(softplus(-40.0), 4.248_354_255_291_589e-18);
        assert_close(softplus(0.0), LN_2);
        assert_close(softplus(1.0), 1.313_261_687_518_222_8);
        assert_close(softplus(40.0), 40.0);
        assert_close(softplus(800.0), 800.0);
        assert_close(log_sigmoid(-800.0), -800.0);
    }

    #[test]
    fn at_the_ends() {
        assert_eq!(log1mexp(0.0), f64::NEG_INFINITY);
        assert_eq!(log1mexp(f64::NEG_INFINITY), 0.0);
        assert_eq!(softplus(f64::NEG_INFINITY), 0.0);
        assert_eq!(softplus(f64::INFINITY), f64::INFINITY);
    }

    proptest! {
        /// 1 - (1 - p) = p.
        #[test]
        fn log1mexp_undoes_itself(v in -30.0..-1e-3f64) {
            let back = log1mexp(log1mexp(v));
            // What the step in between rounds away.
            let allowed = f64::EPSILON * 8.0 * (1.0 + 1.0 / v.exp());
            prop_assert!((back - v).abs() <= allowed, "{v} {back}");
        }

        /// softplus(v) - softplus(-v) = v.
        #[test]
        fn softplus_is_symmetric(v in -1e6..1e6f64) {
            prop_assert!((softplus(v) - softplus(-v) - v).abs() <= 1e-12 * v.abs().max(1.0));
        }
    }
}
