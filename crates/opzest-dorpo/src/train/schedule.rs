//! The learning rate: rises in a straight line, then falls along a cosine.

use super::TrainSettings;

/// Of step `step` (from 0) of `steps`.
pub fn learning_rate(settings: &TrainSettings, step: usize, steps: usize) -> f32 {
    let warm_up = (settings.warm_up * steps as f32).ceil() as usize;
    if step < warm_up {
        return settings.learning_rate * (step + 1) as f32 / warm_up as f32;
    }
    let part = (step - warm_up) as f64 / steps.saturating_sub(warm_up).max(1) as f64;
    let cosine = (0.5 + 0.5 * (part.min(1.0) * std::f64::consts::PI).cos()) as f32;
    settings.learning_rate * (settings.final_share + (1.0 - settings.final_share) * cosine)
}
