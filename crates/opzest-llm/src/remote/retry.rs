//! How long to wait before a request is repeated. Pure: the time and the jitter are passed in.

use super::config::RetryPolicy;
use std::time::{Duration, SystemTime};

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextAttempt {
    After(Duration),
    /// The attempts are used up.
    None,
    /// The server asks to wait longer than the policy allows.
    TooLong(Duration),
}

/// `attempt` counts from 1 and is the one that failed; `jitter` is uniform in [0, 1).
///
/// A server's `Retry-After` is kept to, plus up to a tenth so that clients do not come back all at once.
/// Without it the wait is exponential, between half and the whole of base * 2^(attempt - 1).
pub(super) fn next_attempt(
    policy: &RetryPolicy,
    attempt: u32,
    retry_after: Option<Duration>,
    jitter: f64,
) -> NextAttempt {
    if attempt >= policy.attempts {
        return NextAttempt::None;
    }
    match retry_after {
        Some(wait) if wait > policy.max_retry_after => NextAttempt::TooLong(wait),
        Some(wait) => NextAttempt::After(wait + wait.mul_f64(0.1 * jitter)),
        None => {
            let factor = 2u32.saturating_pow(attempt.saturating_sub(1).min(30));
            let full = policy.base.saturating_mul(factor).min(policy.max_backoff);
            NextAttempt::After(full.mul_f64(0.5 + 0.5 * jitter))
        }
    }
}

/// `Retry-After`: seconds (some servers send fractions) or an HTTP date; a date in the past is no wait.
pub(super) fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Whether a status can be different next time.
pub(super) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 4,
        base: Duration::from_millis(500),
        max_backoff: Duration::from_secs(1),
        max_retry_after: Duration::from_secs(60),
    };

    #[test]
    fn waits_double_up_to_the_limit_and_end() {
        let wait = |attempt, jitter| next_attempt(&POLICY, attempt, None, jitter);
        assert_eq!(wait(1, 0.0), NextAttempt::After(Duration::from_millis(250)));
        assert_eq!(wait(1, 1.0), NextAttempt::After(Duration::from_millis(500)));
        assert_eq!(wait(2, 1.0), NextAttempt::After(Duration::from_secs(1)));
        assert_eq!(wait(3, 1.0), NextAttempt::After(Duration::from_secs(1)));
        assert_eq!(wait(4, 1.0), NextAttempt::None);
        let endless = RetryPolicy {
            attempts: u32::MAX,
            ..POLICY
        };
        assert_eq!(
            next_attempt(&endless, u32::MAX - 1, None, 1.0),
            NextAttempt::After(Duration::from_secs(1))
        );
    }

    #[test]
    fn a_servers_wish_is_kept_within_the_limit() {
        let wish = |seconds| next_attempt(&POLICY, 1, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(wish(7), NextAttempt::After(Duration::from_secs(7)));
        assert_eq!(wish(61), NextAttempt::TooLong(Duration::from_secs(61)));
        assert_eq!(wish(0), NextAttempt::After(Duration::ZERO));
    }

    #[test]
    fn retry_after_as_seconds_and_as_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let parse = |text| parse_retry_after(text, now);
        assert_eq!(parse("120"), Some(Duration::from_secs(120)));
        assert_eq!(parse(" 1.5 "), Some(Duration::from_millis(1500)));
        // RFC 9110's own example date is the `now` above.
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:50:37 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(parse("Sun, 06 Nov 1994 08:40:37 GMT"), Some(Duration::ZERO));
        for hostile in ["soon", "-1", "NaN", "inf", "1e300", ""] {
            assert_eq!(parse(hostile), None, "{hostile}");
        }
    }
}
