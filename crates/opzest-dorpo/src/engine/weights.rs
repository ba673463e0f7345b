//! The frozen matrices in the form that the products read.

use rayon::prelude::*;

use crate::{
    kernels::{Isa, LANES, Left, Pair, round_bf16},
    model::{BLOCK_ROWS, Matrix},
};

use super::{BaseStorage, Precision};

/// A frozen matrix, shape `[rows, columns]`.
pub(super) struct Frozen {
    pub rows: usize,
    pub columns: usize,
    stored: Stored,
}

enum Stored {
    /// `[rows / 48][columns][48]`: one copy serves both directions.
    F32(Vec<f32>),
    Pairs {
        by_row: PairRows,
        by_column: PairRows,
    },
    /// As the file has it, unpacked each time that it is needed.
    Quantised(Matrix, Precision),
}

/// The matrix (or its transpose) in rows of pairs.
#[derive(Default)]
struct PairRows {
    data: Vec<Pair>,
    depth: usize,
    stride: usize,
}

/// Room for one unpacked matrix.
#[derive(Default)]
pub(super) struct Unpacked {
    numbers: Vec<f32>,
    pairs: PairRows,
}

/// One direction of a frozen matrix, ready for a product.
pub(super) enum Side<'a> {
    F32(Left<'a, f32>),
    Pairs(Left<'a, Pair>),
}

impl Frozen {
    pub fn new(
        matrix: &Matrix,
        precision: Precision,
        storage: BaseStorage,
    ) -> Result<Self, String> {
        let (rows, columns) = (matrix.rows, matrix.columns);
        let stored = match (storage, precision) {
            (BaseStorage::Quantised, _) => {
                // Damage is found now, not in the middle of a run.
                (0..matrix.blocks())
                    .into_par_iter()
                    .try_for_each(|index| matrix.block(index).map(drop))?;
                Stored::Quantised(matrix.clone(), precision)
            }
            (BaseStorage::Packed, Precision::F32) => {
                let mut numbers = Vec::new();
                unpack(matrix, &mut numbers)?;
                Stored::F32(numbers)
            }
            (BaseStorage::Packed, Precision::Bf16) => {
                let mut numbers = Vec::new();
                unpack(matrix, &mut numbers)?;
                let (mut by_row, mut by_column) = (PairRows::default(), PairRows::default());
                by_row.rows_of_blocks(&numbers, rows, columns);
                by_column.columns_of_blocks(&numbers, rows, columns);
                Stored::Pairs { by_row, by_column }
            }
        };
        Ok(Self {
            rows,
            columns,
            stored,
        })
    }

    /// For `W x`: rows of the product are the matrix's rows.
    pub fn forward<'a>(&'a self, room: &'a mut Unpacked) -> Side<'a> {
        match &self.stored {
            Stored::F32(numbers) => Side::F32(Left::blocked_rows(numbers, self.columns)),
            Stored::Pairs { by_row, .. } => Side::Pairs(by_row.left()),
            Stored::Quantised(matrix, precision) => {
                unpack_checked(matrix, &mut room.numbers);
                match precision {
                    Precision::F32 => Side::F32(Left::blocked_rows(&room.numbers, self.columns)),
                    Precision::Bf16 => {
                        room.pairs
                            .rows_of_blocks(&room.numbers, self.rows, self.columns);
                        Side::Pairs(room.pairs.left())
                    }
                }
            }
        }
    }

    /// For `W^T y`: rows of the product are the matrix's columns.
    pub fn backward<'a>(&'a self, room: &'a mut Unpacked) -> Side<'a> {
        match &self.stored {
            Stored::F32(numbers) => {
                Side::F32(Left::blocked_columns(numbers, self.rows, self.columns))
            }
            Stored::Pairs { by_column, .. } => Side::Pairs(by_column.left()),
            Stored::Quantised(matrix, precision) => {
                unpack_checked(matrix, &mut room.numbers);
                match precision {
                    Precision::F32 => Side::F32(Left::blocked_columns(
                        &room.numbers,
                        self.rows,
                        self.columns,
                    )),
                    Precision::Bf16 => {
                        room.pairs
                            .columns_of_blocks(&room.numbers, self.rows, self.columns);
                        Side::Pairs(room.pairs.left())
                    }
                }
            }
        }
    }

    /// Both directions at once, for the head; none where the matrix is stored as the file has it.
    pub fn both(&self) -> Option<(Side<'_>, Side<'_>)> {
        match &self.stored {
            Stored::F32(numbers) => Some((
                Side::F32(Left::blocked_rows(numbers, self.columns)),
                Side::F32(Left::blocked_columns(numbers, self.rows, self.columns)),
            )),
            Stored::Pairs { by_row, by_column } => {
                Some((Side::Pairs(by_row.left()), Side::Pairs(by_column.left())))
            }
            Stored::Quantised(..) => None,
        }
    }

    /// Calls `take(column, number)` for one row.
    pub fn for_row(&self, row: usize, mut take: impl FnMut(usize, f32)) {
        match &self.stored {
            Stored::F32(numbers) => {
                let block = &numbers[row / LANES * self.columns * LANES + row % LANES..];
                (0..self.columns).for_each(|column| take(column, block[column * LANES]));
            }
            Stored::Pairs { by_row, .. } => {
                for (index, pair) in by_row.data[row * by_row.stride..][..by_row.depth]
                    .iter()
                    .enumerate()
                {
                    take(2 * index, f32::from_bits(pair.0 << 16));
                    if 2 * index + 1 < self.columns {
                        take(2 * index + 1, f32::from_bits(pair.0 & 0xffff_0000));
                    }
                }
            }
            Stored::Quantised(matrix, _) => {
                let block = matrix
                    .block(row / BLOCK_ROWS)
                    .expect("every block was read when training began");
                let row = &block[row % BLOCK_ROWS * self.columns..][..self.columns];
                row.iter()
                    .enumerate()
                    .for_each(|(column, number)| take(column, *number));
            }
        }
    }

    /// Rows `[from, to)` as a matrix of their own, both directions. `from` is a multiple of 48.
    pub fn part<'a>(
        &'a self,
        from: usize,
        to: usize,
        room: &'a mut HeadRoom,
    ) -> (Side<'a>, Side<'a>) {
        let Stored::Quantised(matrix, precision) = &self.stored else {
            unreachable!("only a matrix as the file has it is read in parts");
        };
        room.numbers
            .resize((to - from).next_multiple_of(LANES) * self.columns, 0.0);
        room.numbers
            .par_chunks_exact_mut(self.columns * LANES)
            .enumerate()
            .for_each(|(index, block)| {
                let rows = matrix
                    .block(from / BLOCK_ROWS + index)
                    .expect("every block was read when training began");
                block_of_rows(&rows, self.columns, block);
            });
        let rows = to - from;
        match precision {
            Precision::F32 => (
                Side::F32(Left::blocked_rows(&room.numbers, self.columns)),
                Side::F32(Left::blocked_columns(&room.numbers, rows, self.columns)),
            ),
            Precision::Bf16 => {
                room.by_row
                    .rows_of_blocks(&room.numbers, rows, self.columns);
                room.by_column
                    .columns_of_blocks(&room.numbers, rows, self.columns);
                (
                    Side::Pairs(room.by_row.left()),
                    Side::Pairs(room.by_column.left()),
                )
            }
        }
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        match &self.stored {
            Stored::F32(numbers) => numbers.len() * 4,
            Stored::Pairs { by_row, by_column } => (by_row.data.len() + by_column.data.len()) * 4,
            Stored::Quantised(matrix, _) => matrix.size(),
        }
    }
}

/// As [`Unpacked`], for both directions of a part of the vocabulary.
#[derive(Default)]
pub(super) struct HeadRoom {
    numbers: Vec<f32>,
    by_row: PairRows,
    by_column: PairRows,
}

fn unpack_checked(matrix: &Matrix, numbers: &mut Vec<f32>) {
    unpack(matrix, numbers).expect("every block was read when training began");
}

/// Dequantises into blocks `[rows / 48][columns][48]`; rows behind the last are 0.
fn unpack(matrix: &Matrix, numbers: &mut Vec<f32>) -> Result<(), String> {
    let columns = matrix.columns;
    numbers.resize(matrix.blocks() * BLOCK_ROWS * columns, 0.0);
    numbers
        .par_chunks_exact_mut(columns * BLOCK_ROWS)
        .enumerate()
        .try_for_each(|(index, block)| {
            block_of_rows(&matrix.block(index)?, columns, block);
            Ok(())
        })
}

/// `[48][columns]` (or fewer rows) becomes `[columns][48]`.
fn block_of_rows(rows: &[f32], columns: usize, block: &mut [f32]) {
    block.fill(0.0);
    for first in (0..columns).step_by(16) {
        for (r, row) in rows.chunks_exact(columns).enumerate() {
            for column in first..columns.min(first + 16) {
                block[column * LANES + r] = row[column];
            }
        }
    }
}

impl PairRows {
    fn left(&self) -> Left<'_, Pair> {
        Left::rows(&self.data, self.depth, self.stride)
    }

    fn shape(&mut self, rows: usize, numbers: usize) {
        self.depth = numbers.div_ceil(2);
        // Rows that lie a multiple of 4096 bytes apart would share the sets of the first-level cache.
        self.stride = self.depth
            + if self.depth.is_multiple_of(512) {
                16
            } else {
                0
            };
        self.data.resize(rows * self.stride, Pair(0));
    }

    fn rows_of_blocks(&mut self, blocks: &[f32], rows: usize, columns: usize) {
        self.shape(rows, columns);
        let (stride, depth) = (self.stride, self.depth);
        self.data
            .par_chunks_mut(stride * LANES)
            .zip(blocks.par_chunks_exact(columns * LANES))
            .for_each(|(to, block)| {
                for first in (0..depth).step_by(8) {
                    for (r, to) in to.chunks_mut(stride).enumerate() {
                        for pair in first..depth.min(first + 8) {
                            let high = if 2 * pair + 1 < columns {
                                block[(2 * pair + 1) * LANES + r]
                            } else {
                                0.0
                            };
                            to[pair] = pair_of(block[2 * pair * LANES + r], high);
                        }
                    }
                }
            });
    }

    fn columns_of_blocks(&mut self, blocks: &[f32], rows: usize, columns: usize) {
        self.shape(columns, rows);
        let stride = self.stride;
        self.data
            .par_chunks_mut(stride)
            .enumerate()
            .for_each(|(column, to)| {
                for (to, block) in to
                    .chunks_mut(LANES / 2)
                    .zip(blocks.chunks_exact(columns * LANES))
                {
                    let numbers = block[column * LANES..][..LANES].chunks_exact(2);
                    to.iter_mut()
                        .zip(numbers)
                        .for_each(|(to, numbers)| *to = pair_of(numbers[0], numbers[1]));
                }
            });
    }
}

pub(super) fn pair_of(low: f32, high: f32) -> Pair {
    Pair((round_bf16(low) >> 16) | (round_bf16(high) & 0xffff_0000))
}

/// Kept beside the precision: which instructions, and whether numbers are rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arithmetic {
    pub isa: Isa,
    pub precision: Precision,
}
