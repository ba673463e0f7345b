//! AdamW (arXiv 1711.05101) with clipping by the gradient's length.

use rayon::prelude::*;

/// Numbers per job; fixed, so that sums come out the same with any number of threads.
const PART: usize = 1 << 14;
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// The moments, in the order of the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    pub steps: u64,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
}

/// What one step does.
#[derive(Clone, Copy, Debug)]
pub struct StepSize {
    pub learning_rate: f32,
    pub weight_decay: f32,
    pub clip: f32,
}

impl AdamW {
    pub fn new(parameters: usize) -> Self {
        Self {
            steps: 0,
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
        }
    }

    /// Changes `values`, sets `gradients` to 0, and returns the gradient's length before clipping. A gradient that is
    /// not finite changes nothing.
    pub fn step(&mut self, values: &mut [f32], gradients: &mut [f32], size: StepSize) -> f64 {
        let squares: Vec<f64> = gradients
            .par_chunks(PART)
            .map(|part| part.iter().map(|g| f64::from(*g) * f64::from(*g)).sum())
            .collect();
        let length = squares.iter().sum::<f64>().sqrt();
        if !length.is_finite() {
            gradients.fill(0.0);
            return length;
        }
        let shorten = (f64::from(size.clip) / length.max(1e-12)).min(1.0) as f32;
        self.steps += 1;
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let (unbias1, unbias2) = (1.0 - BETA1.powi(steps), 1.0 - BETA2.powi(steps));
        values
            .par_chunks_mut(PART)
            .zip(gradients.par_chunks_mut(PART))
            .zip(
                self.first
                    .par_chunks_mut(PART)
                    .zip(self.second.par_chunks_mut(PART)),
            )
            .for_each(|((values, gradients), (first, second))| {
                for i in 0..values.len() {
                    let g = gradients[i] * shorten;
                    first[i] = BETA1 * first[i] + (1.0 - BETA1) * g;
                    second[i] = BETA2 * second[i] + (1.0 - BETA2) * g * g;
                    let towards = first[i] / unbias1 / ((second[i] / unbias2).sqrt() + EPSILON);
                    values[i] -= size.learning_rate * (towards + size.weight_decay * values[i]);
                    gradients[i] = 0.0;
                }
            });
        length
    }
}
