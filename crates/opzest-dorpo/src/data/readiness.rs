//! Whether there is enough of one use case to train on, in numbers. The words are the app's.
//!
//! The rule: 30 finished results, 10 of them with something rejected (without these nothing teaches what to avoid), from 5
//! sessions (fewer are too much alike), and 5 held out (fewer judge nothing). Orders of magnitude, not measurements. Who
//! wants to train earlier may.

/// What there is of one use case, after preparation or as the store counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows with something chosen; the next two count some of these.
    pub complete: usize,
    /// With something rejected as well.
    pub paired: usize,
    pub held_out: usize,
    /// Sessions with finished rows, and groups of imported rows.
    pub groups: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Demand {
    Complete,
    Paired,
    HeldOut,
    Groups,
}

impl Demand {
    pub const ALL: [Self; 4] = [Self::Complete, Self::Paired, Self::Groups, Self::HeldOut];

    pub fn need(self) -> usize {
        match self {
            Self::Complete => 30,
            Self::Paired => 10,
            Self::HeldOut | Self::Groups => 5,
        }
    }

    pub fn have(self, counts: Counts) -> usize {
        match self {
            Self::Complete => counts.complete,
            Self::Paired => counts.paired,
            Self::HeldOut => counts.held_out,
            Self::Groups => counts.groups,
        }
    }
}

/// A demand that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    pub demand: Demand,
    pub have: usize,
    pub need: usize,
}

/// What is missing, in the order of [`Demand::ALL`]; nothing: ready.
pub fn missing(counts: Counts) -> Vec<Missing> {
    let of = |demand: Demand| Missing {
        demand,
        have: demand.have(counts),
        need: demand.need(),
    };
    let all = Demand::ALL.into_iter().map(of);
    all.filter(|missing| missing.have < missing.need).collect()
}

/// From 0 to 1: that of the demand that is met least.
pub fn share(counts: Counts) -> f64 {
    let of = |demand: Demand| demand.have(counts) as f64 / demand.need() as f64;
    Demand::ALL.into_iter().map(of).fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Counts = Counts {
        complete: 30,
        paired: 10,
        held_out: 5,
        groups: 5,
    };

    #[test]
    fn enough_misses_nothing() {
        assert_eq!(missing(ENOUGH), []);
        let more = Counts {
            complete: 3000,
            ..ENOUGH
        };
        assert_eq!((share(ENOUGH), share(more)), (1.0, 1.0));
    }

    #[test]
    fn each_demand_is_counted_alone() {
        let some = Counts {
            complete: 12,
            groups: 4,
            ..ENOUGH
        };
        let complete = Missing {
            demand: Demand::Complete,
            have: 12,
            need: 30,
        };
        let groups = Missing {
            demand: Demand::Groups,
            have: 4,
            need: 5,
        };
        assert_eq!(missing(some), [complete, groups]);
        assert_eq!(share(some), 0.4);
        assert_eq!(missing(Counts::default()).len(), 4);
        assert_eq!(share(Counts::default()), 0.0);
    }
}
