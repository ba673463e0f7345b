//! The adapter's matrices as the products read them: the f32 numbers where they lie, or copies in bf16.

use rayon::prelude::*;

use crate::{
    kernels::{Left, Pair},
    lora::{LoraSlice, LoraWeights, Target},
};

use super::{
    Precision,
    weights::{Side, pair_of},
};

pub(super) struct Adapter {
    pub lora: LoraWeights,
    pub gradients: Vec<f32>,
    precision: Precision,
    copies: Vec<Copies>,
}

/// Rows of pairs: of A, of its transpose, of B, of its transpose.
#[derive(Clone, Default)]
struct Copies {
    a: Vec<Pair>,
    a_turned: Vec<Pair>,
    b: Vec<Pair>,
    b_turned: Vec<Pair>,
}

/// One pair of matrices: A is `[rank, in]`, B is `[out, rank]`.
pub(super) struct Thin<'a> {
    pub slice: &'a LoraSlice,
    pub a: Side<'a>,
    pub a_turned: Side<'a>,
    pub b: Side<'a>,
    pub b_turned: Side<'a>,
}

impl Adapter {
    pub fn new(lora: LoraWeights, precision: Precision) -> Self {
        let copies = vec![
            Copies::default();
            if precision == Precision::Bf16 {
                lora.slices.len()
            } else {
                0
            }
        ];
        let gradients = vec![0.0; lora.values.len()];
        Self {
            lora,
            gradients,
            precision,
            copies,
        }
    }

    /// Makes the copies anew, after the optimiser has changed the numbers.
    pub fn refresh(&mut self) {
        let (values, rank) = (&self.lora.values, self.lora.config.rank);
        self.copies
            .par_iter_mut()
            .zip(&self.lora.slices)
            .for_each(|(copies, slice)| {
                let (a, b) = (&values[slice.a.clone()], &values[slice.b.clone()]);
                pairs(&mut copies.a, rank, slice.inputs, |row, k| {
                    a[row * slice.inputs + k]
                });
                pairs(&mut copies.a_turned, slice.inputs, rank, |row, k| {
                    a[k * slice.inputs + row]
                });
                pairs(&mut copies.b, slice.outputs, rank, |row, k| {
                    b[row * rank + k]
                });
                pairs(&mut copies.b_turned, rank, slice.outputs, |row, k| {
                    b[k * rank + row]
                });
            });
    }

    pub fn rank(&self) -> usize {
        self.lora.config.rank
    }

    pub fn thin(&self, layer: usize, target: Target) -> Option<Thin<'_>> {
        let index = self
            .lora
            .slices
            .iter()
            .position(|slice| slice.layer == layer && slice.target == target)?;
        let slice = &self.lora.slices[index];
        let rank = self.rank();
        Some(match self.precision {
            Precision::F32 => {
                let (a, b) = (
                    &self.lora.values[slice.a.clone()],
                    &self.lora.values[slice.b.clone()],
                );
                Thin {
                    slice,
                    a: Side::F32(Left::rows(a, slice.inputs, slice.inputs)),
                    a_turned: Side::F32(Left::columns(a, rank, slice.inputs)),
                    b: Side::F32(Left::rows(b, rank, rank)),
                    b_turned: Side::F32(Left::columns(b, slice.outputs, rank)),
                }
            }
            Precision::Bf16 => {
                let copies = &self.copies[index];
                let side = |data, numbers: usize| {
                    Side::Pairs(Left::rows(data, numbers.div_ceil(2), numbers.div_ceil(2)))
                };
                Thin {
                    slice,
                    a: side(&copies.a, slice.inputs),
                    a_turned: side(&copies.a_turned, rank),
                    b: side(&copies.b, rank),
                    b_turned: side(&copies.b_turned, slice.outputs),
                }
            }
        })
    }
}

fn pairs(to: &mut Vec<Pair>, rows: usize, numbers: usize, at: impl Fn(usize, usize) -> f32) {
    let depth = numbers.div_ceil(2);
    to.resize(rows * depth, Pair(0));
    for (row, to) in to.chunks_exact_mut(depth).enumerate() {
        for (pair, to) in to.iter_mut().enumerate() {
            let high = if 2 * pair + 1 < numbers {
                at(row, 2 * pair + 1)
            } else {
                0.0
            };
            *to = pair_of(at(row, 2 * pair), high);
        }
    }
}
