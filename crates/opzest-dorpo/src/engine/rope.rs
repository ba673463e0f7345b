//! Rotary positions: the angles by which the pairs of a head turn.

use crate::{
    kernels::{LANES, Panels},
    model::BaseModel,
};

/// Radians per position, for each pair of a head.
pub(super) fn speeds(model: &BaseModel) -> Vec<f64> {
    let config = &model.config;
    (0..config.head_dim / 2)
        .map(|pair| {
            let speed =
                f64::from(config.rope_base).powf(-2.0 * pair as f64 / config.head_dim as f64);
            let divisor = model
                .rope_divisors
                .as_ref()
                .map_or(1.0, |divisors| f64::from(divisors[pair]));
            speed / divisor / f64::from(config.rope_position_divisor)
        })
        .collect()
}

/// Cosines and sines of a batch's tokens. Shapes: rows `head_dim / 2`.
#[derive(Default)]
pub(super) struct Angles {
    cos: Panels,
    sin: Panels,
}

impl Angles {
    pub fn set(&mut self, speeds: &[f64], positions: &[u32]) {
        let panels = positions.len().div_ceil(LANES);
        self.cos.reshape(speeds.len(), panels);
        self.sin.reshape(speeds.len(), panels);
        for panel in 0..panels {
            for (pair, speed) in speeds.iter().enumerate() {
                for lane in 0..LANES {
                    let position = positions.get(panel * LANES + lane).copied().unwrap_or(0);
                    let (sin, cos) = (f64::from(position) * speed).sin_cos();
                    self.cos.panel_mut(panel)[pair * LANES + lane] = cos as f32;
                    self.sin.panel_mut(panel)[pair * LANES + lane] = sin as f32;
                }
            }
        }
    }

    pub fn of(&self, panel: usize) -> (&[f32], &[f32]) {
        (self.cos.panel(panel), self.sin.panel(panel))
    }
}
