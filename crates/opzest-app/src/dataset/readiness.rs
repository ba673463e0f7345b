//! Whether there is enough of one use case to train on.
//!
//! The rule: 30 finished results, 10 of them with something rejected (without these nothing teaches what to
//! avoid), from 5 sessions (fewer are too much alike), and 5 held out (fewer judge nothing). Orders of magnitude, not
//! measurements: training itself comes later and may refine the rule by what it finds. Who wants to train
//! earlier may; this only says what is missing.

use crate::dto::Readiness;

const COMPLETE: u32 = 30;
const PAIRED: u32 = 10;
const SOURCES: u32 = 5;
const HELD_OUT: u32 = 5;

/// What there is of one use case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    /// Rows with something chosen; the next two count some of these.
    pub(super) complete: u32,
    /// With something rejected as well.
    pub(super) paired: u32,
    pub(super) held_out: u32,
    /// Sessions with finished rows, and groups of imported rows, which stand for sessions elsewhere.
    pub(super) sources: u32,
}

/// One part of the rule.
struct Demand {
    have: u32,
    need: u32,
    /// For one, and for several.
    missing: [&'static str; 2],
}

impl Demand {
    fn share(&self) -> f32 {
        (self.have as f32 / self.need as f32).min(1.0)
    }

    fn sentence(&self) -> Option<String> {
        let lacks = self.need.saturating_sub(self.have);
        let [one, many] = self.missing;
        match lacks {
            0 => None,
            1 => Some(one.to_owned()),
            _ => Some(many.replace("{}", &lacks.to_string())),
        }
    }
}

/// The share is that of the demand that is met least.
pub(super) fn readiness(gathered: Gathered) -> Readiness {
    let demands = demands(gathered);
    let share = demands.iter().map(Demand::share).fold(1.0, f32::min);
    let missing: Vec<_> = demands.iter().filter_map(Demand::sentence).collect();
    Readiness {
        share,
        ready: missing.is_empty(),
        words: words(gathered.complete, missing.len()),
        missing,
    }
}

fn demands(gathered: Gathered) -> [Demand; 4] {
    [
        Demand {
            have: gathered.complete,
            need: COMPLETE,
            missing: ["Accept 1 more result.", "Accept {} more results."],
        },
        Demand {
            have: gathered.paired,
            need: PAIRED,
            missing: [
                "1 more result needs a version that you did not like: say what is wrong before you accept.",
                "{} more results need a version that you did not like: say what is wrong before you accept.",
            ],
        },
        Demand {
            have: gathered.sources,
            need: SOURCES,
            missing: [
                "Work in 1 more session, on something else.",
                "Work in {} more sessions, each on something else.",
            ],
        },
        Demand {
            have: gathered.held_out,
            need: HELD_OUT,
            missing: [
                "Hold back 1 more result, to judge the new model by.",
                "Hold back {} more results, to judge the new model by.",
            ],
        },
    ]
}

fn words(have: u32, missing: usize) -> String {
    match (COMPLETE.saturating_sub(have), missing) {
        (_, 0) => format!("{have} finished results. You can train."),
        (0, _) => format!("{have} finished results, and something is still missing."),
        (lacks, 1) => {
            format!("{have} of {COMPLETE} finished results. {lacks} more and you can train.")
        }
        (lacks, _) => format!("{have} of {COMPLETE} finished results. {lacks} more are needed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Gathered = Gathered {
        complete: 30,
        paired: 10,
        held_out: 5,
        sources: 5,
    };

    #[test]
    fn enough_is_ready() {
        let ready = readiness(ENOUGH);
        assert!(ready.ready && ready.missing.is_empty());
        assert_eq!(ready.share, 1.0);
        assert_eq!(ready.words, "30 finished results. You can train.");
        let more = Gathered {
            complete: 900,
            ..ENOUGH
        };
        assert_eq!(readiness(more).share, 1.0);
    }

    #[test]
    fn what_is_missing_is_said() {
        let twelve = Gathered {
            complete: 12,
            ..ENOUGH
        };
        let told = readiness(twelve);
        assert_eq!(
            told.words,
            "12 of 30 finished results. 18 more and you can train."
        );
        assert_eq!(told.missing, ["Accept 18 more results."]);
        assert_eq!((told.share, told.ready), (0.4, false));

        let nothing = readiness(Gathered::default());
        assert_eq!((nothing.share, nothing.missing.len()), (0.0, 4));
        assert_eq!(
            nothing.words,
            "0 of 30 finished results. 30 more are needed."
        );

        let one_kind = Gathered {
            sources: 4,
            held_out: 1,
            ..ENOUGH
        };
        let told = readiness(one_kind);
        assert_eq!(
            told.words,
            "30 finished results, and something is still missing."
        );
        assert_eq!(
            told.missing,
            [
                "Work in 1 more session, on something else.",
                "Hold back 4 more results, to judge the new model by.",
            ]
        );
        assert_eq!(told.share, 0.2);
    }
}
