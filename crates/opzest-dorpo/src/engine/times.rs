//! Where the time of a step goes, for the benchmark.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Products with frozen weights (and the adapter's B or A in the same sums).
    Frozen,
    /// The adapter's thin products.
    Adapter,
    AdapterGradient,
    Attention,
    Elementwise,
    Head,
}

impl Part {
    pub const ALL: [Self; 6] = [
        Self::Frozen,
        Self::Adapter,
        Self::AdapterGradient,
        Self::Attention,
        Self::Elementwise,
        Self::Head,
    ];
}

#[derive(Clone, Debug, Default)]
pub struct Times([Duration; 6]);

impl Times {
    pub(super) fn start(&self) -> Instant {
        Instant::now()
    }

    pub(super) fn stop(&mut self, part: Part, start: Instant) {
        self.0[part as usize] += start.elapsed();
    }

    pub fn of(&self, part: Part) -> Duration {
        self.0[part as usize]
    }
}
