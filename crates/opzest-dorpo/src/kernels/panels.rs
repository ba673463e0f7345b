//! Activations, 48 tokens side by side.

use rayon::prelude::*;

use super::{Isa, Pair, math::vectorised};

/// Tokens of a panel: three registers of AVX-512, two times three of AVX2.
pub const LANES: usize = 48;

/// Shape `[panels][rows][LANES]`: feature `r` of token `t` is `data[((t / 48) * rows + r) * 48 + t % 48]`.
#[derive(Clone, Debug, Default)]
pub struct Panels<E = f32> {
    pub rows: usize,
    pub panels: usize,
    pub data: Vec<E>,
}

impl<E: Copy + Default + Send + Sync> Panels<E> {
    #[cfg(test)]
    pub fn new(rows: usize, panels: usize) -> Self {
        Self {
            rows,
            panels,
            data: vec![E::default(); rows * panels * LANES],
        }
    }

    /// Takes the shape, keeping the memory; what is in it then is arbitrary.
    pub fn reshape(&mut self, rows: usize, panels: usize) {
        (self.rows, self.panels) = (rows, panels);
        self.data.resize(rows * panels * LANES, E::default());
    }

    /// Rows `[row, row + rows)` of a panel.
    pub fn rows(&self, panel: usize, row: usize, rows: usize) -> &[E] {
        &self.data[(panel * self.rows + row) * LANES..][..rows * LANES]
    }

    pub fn panel(&self, panel: usize) -> &[E] {
        self.rows(panel, 0, self.rows)
    }

    pub fn panel_mut(&mut self, panel: usize) -> &mut [E] {
        &mut self.data[panel * self.rows * LANES..][..self.rows * LANES]
    }

    pub fn par_panels_mut(&mut self) -> impl IndexedParallelIterator<Item = &mut [E]> {
        self.data.par_chunks_exact_mut((self.rows * LANES).max(1))
    }
}

/// A slice whose disjoint parts several jobs write.
#[derive(Clone, Copy)]
pub struct Shared<'a, E> {
    start: *mut E,
    length: usize,
    _slice: std::marker::PhantomData<&'a mut [E]>,
}

// SAFETY: it only hands out parts by `part`, whose caller promises that they are disjoint.
unsafe impl<E: Send> Send for Shared<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Send> Sync for Shared<'_, E> {}

impl<'a, E> Shared<'a, E> {
    pub fn new(slice: &'a mut [E]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            length: slice.len(),
            _slice: std::marker::PhantomData,
        }
    }

    /// # Safety
    /// No two parts that live at the same time overlap.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, start: usize, length: usize) -> &'a mut [E] {
        assert!(start + length <= self.length);
        // SAFETY: inside the slice, by the line above; disjoint from others by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }
}

/// Rows `[row, row + rows)` of every panel as pairs of bf16, rounded to nearest even; an odd last row gets a zero.
pub fn to_pairs(isa: Isa, from: &Panels, row: usize, rows: usize, to: &mut Panels<Pair>) {
    to.reshape(rows.div_ceil(2), from.panels);
    to.par_panels_mut()
        .enumerate()
        .for_each(|(panel, to)| pair_rows(isa, from.rows(panel, row, rows), to));
}

vectorised! {
    /// Two rows of [`LANES`] become one of pairs.
    pub fn pair_rows(from: &[f32], to: &mut [Pair]) {
        for (from, to) in from.chunks(2 * LANES).zip(to.chunks_exact_mut(LANES)) {
            let (low, high) = from.split_at(LANES);
            if high.is_empty() {
                for (to, low) in to.iter_mut().zip(low) {
                    *to = Pair(u32::from(half::bf16::from_f32(*low).to_bits()));
                }
                continue;
            }
            for ((to, low), high) in to.iter_mut().zip(low).zip(high) {
                *to = Pair((round_bf16(*low) >> 16) | (round_bf16(*high) & 0xffff_0000));
            }
        }
    }
}

/// The bits of the nearest bf16 (ties to even), in the upper half; for finite numbers.
#[inline(always)]
pub fn round_bf16(number: f32) -> u32 {
    let bits = number.to_bits();
    bits.wrapping_add(0x7fff + ((bits >> 16) & 1))
}

vectorised! {
    /// `to[c][r] = from[r][c]` for a square of [`LANES`].
    pub fn transpose(from: &[f32], to: &mut [f32]) {
        assert!(from.len() >= LANES * LANES && to.len() >= LANES * LANES);
        for r in (0..LANES).step_by(8) {
            for c in (0..LANES).step_by(8) {
                let mut square = [[0.0f32; 8]; 8];
                for (i, line) in square.iter_mut().enumerate() {
                    line.copy_from_slice(&from[(r + i) * LANES + c..][..8]);
                }
                for i in 0..8 {
                    let line: [f32; 8] = std::array::from_fn(|j| square[j][i]);
                    to[(c + i) * LANES + r..][..8].copy_from_slice(&line);
                }
            }
        }
    }
}
