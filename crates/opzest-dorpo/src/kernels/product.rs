//! Products of weights with activations. Weights are the left side, read where they lie; activations the right.

use rayon::prelude::*;

use super::{
    Isa, LANES, Panels, Shared,
    tile::{Element, Segment, TILE_ROWS, dot_tile, tile},
};

/// How the left matrix lies in memory. Element (i, k), 0 <= k < depth, is at
/// `(i / row_block) * row_block_stride + (i % row_block) * row_stride
///  + (k / depth_block) * depth_block_stride + (k % depth_block) * depth_stride`.
#[derive(Clone, Copy)]
pub struct Left<'a, E> {
    pub data: &'a [E],
    pub row_block: usize,
    pub row_block_stride: usize,
    pub row_stride: usize,
    pub depth: usize,
    pub depth_block: usize,
    pub depth_block_stride: usize,
    pub depth_stride: usize,
}

impl<'a, E> Left<'a, E> {
    /// Row-major, shape `[rows, depth]` with `stride` elements from row to row.
    pub fn rows(data: &'a [E], depth: usize, stride: usize) -> Self {
        Self {
            data,
            row_block: usize::MAX,
            row_block_stride: 0,
            row_stride: stride,
            depth,
            depth_block: usize::MAX,
            depth_block_stride: 0,
            depth_stride: 1,
        }
    }

    /// The transpose of a row-major matrix of shape `[depth, rows]`.
    pub fn columns(data: &'a [E], depth: usize, stride: usize) -> Self {
        Self {
            row_stride: 1,
            depth_stride: stride,
            ..Self::rows(data, depth, stride)
        }
    }

    /// A matrix of shape `[rows, depth]` in blocks of 48 rows, `[rows / 48][depth][48]`.
    pub fn blocked_rows(data: &'a [E], depth: usize) -> Self {
        Self {
            row_block: LANES,
            row_block_stride: depth * LANES,
            row_stride: 1,
            depth_stride: LANES,
            ..Self::rows(data, depth, 0)
        }
    }

    /// The transpose of a matrix of shape `[depth, rows]` in blocks of 48 rows, `[depth / 48][rows][48]`.
    pub fn blocked_columns(data: &'a [E], depth: usize, rows: usize) -> Self {
        Self {
            row_stride: LANES,
            depth_block: LANES,
            depth_block_stride: rows * LANES,
            ..Self::rows(data, depth, 0)
        }
    }

    /// The part of the sum `[from, from + chunk.depth * chunk.blocks)` for the rows from `row`, which lie in one block.
    pub fn segment<'b>(&self, row: usize, chunk: &Chunk, b: &'b [E]) -> Segment<'b, E>
    where
        'a: 'b,
    {
        let start = row / self.row_block * self.row_block_stride
            + row % self.row_block * self.row_stride
            + chunk.from / self.depth_block * self.depth_block_stride
            + chunk.from % self.depth_block * self.depth_stride;
        Segment {
            a: &self.data[start..],
            row_stride: self.row_stride,
            depth_stride: self.depth_stride,
            depth: chunk.depth,
            block_stride: self.depth_block_stride,
            blocks: chunk.blocks,
            b,
        }
    }

    /// Splits `[from, to)` of the sum into parts that a segment can express, each at most `limit` long.
    pub fn chunks(&self, from: usize, to: usize, limit: usize) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let mut at = from;
        while at < to {
            let in_block = self.depth_block - at % self.depth_block;
            let left = to - at;
            let whole = left.min(limit) / self.depth_block;
            let chunk = if in_block == self.depth_block && whole > 0 {
                Chunk {
                    from: at,
                    depth: self.depth_block,
                    blocks: whole,
                }
            } else {
                Chunk {
                    from: at,
                    depth: left.min(in_block).min(limit),
                    blocks: 1,
                }
            };
            at += chunk.length();
            chunks.push(chunk);
        }
        chunks
    }
}

/// A part of a sum: `blocks` times `depth` elements.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub from: usize,
    pub depth: usize,
    pub blocks: usize,
}

impl Chunk {
    pub fn length(&self) -> usize {
        self.depth * self.blocks
    }
}

/// `left` times the rows of `right` from `right_row` on.
#[derive(Clone, Copy)]
pub struct Term<'a, E> {
    pub left: Left<'a, E>,
    pub right: &'a Panels<E>,
    pub right_row: usize,
}

/// Elements of a sum that are worked off at a time: of it 48 tokens (36 KiB) are read again for each tile of rows.
const DEPTH: usize = 192;
/// Least number of jobs, so that the threads end together.
const JOBS: usize = 24;

/// `out[out_row .. out_row + rows]` of every panel = (or +=) the sum of the terms.
pub fn product<E: Element>(
    isa: Isa,
    out: &mut Panels,
    out_row: usize,
    rows: usize,
    terms: &[Term<'_, E>],
    add: bool,
) {
    assert!(out_row + rows <= out.rows);
    for term in terms {
        assert!(
            term.right.panels == out.panels && term.right_row + term.left.depth <= term.right.rows
        );
    }
    let passes = passes(terms);
    let (panels, height) = (out.panels, out.rows);
    let row_jobs = rows.div_ceil(LANES);
    let panels_each = panels.div_ceil(JOBS.div_ceil(row_jobs.max(1)).min(panels.max(1)));
    let panel_jobs = panels.div_ceil(panels_each.max(1));
    let shared = Shared::new(&mut out.data);
    (0..row_jobs * panel_jobs).into_par_iter().for_each(|job| {
        let first_row = job / panel_jobs * LANES;
        let first_panel = job % panel_jobs * panels_each;
        let mut segments = Vec::new();
        for (pass, parts) in passes.iter().enumerate() {
            for panel in first_panel..(first_panel + panels_each).min(panels) {
                for row in (first_row..rows.min(first_row + LANES)).step_by(TILE_ROWS) {
                    segments.clear();
                    segments.extend(parts.iter().map(|(term, chunk)| {
                        let right =
                            term.right
                                .rows(panel, term.right_row + chunk.from, chunk.length());
                        term.left.segment(row, chunk, right)
                    }));
                    let height_here = TILE_ROWS.min(rows - row);
                    // SAFETY: every job has its own rows and panels.
                    let to = unsafe {
                        shared.part(
                            (panel * height + out_row + row) * LANES,
                            height_here * LANES,
                        )
                    };
                    tile(isa, height_here, &segments, to, add || pass > 0);
                }
            }
        }
    });
}

/// What is added up in registers at a time. A short term (an adapter's) goes with the one before it.
fn passes<'t, 'a, E>(terms: &'t [Term<'a, E>]) -> Vec<Vec<(&'t Term<'a, E>, Chunk)>> {
    let mut passes: Vec<Vec<(&Term<'_, E>, Chunk)>> = Vec::new();
    let mut room = 0;
    for term in terms {
        for chunk in term.left.chunks(0, term.left.depth, DEPTH) {
            let length = chunk.length();
            match passes.last_mut() {
                Some(last) if length <= room => last.push((term, chunk)),
                _ => {
                    passes.push(vec![(term, chunk)]);
                    room = DEPTH + 128;
                }
            }
            room = room.saturating_sub(length);
        }
    }
    passes
}

/// `out[i * strides.0 + j * strides.1] += sum over tokens of left[left_row + i] * right[right_row + j]`: the gradient of a
/// weight matrix, i < rows, j < columns.
pub fn add_outer(
    isa: Isa,
    out: &mut [f32],
    strides: (usize, usize),
    (left, left_row, rows): (&Panels, usize, usize),
    (right, right_row, columns): (&Panels, usize, usize),
) {
    assert!(
        left.panels == right.panels
            && left_row + rows <= left.rows
            && right_row + columns <= right.rows
    );
    assert!(
        rows > 0 && columns > 0 && (rows - 1) * strides.0 + (columns - 1) * strides.1 < out.len()
    );
    const WIDTH: usize = 6;
    const HEIGHT: usize = 4;
    let shared = Shared::new(out);
    let each = 16 * WIDTH;
    (0..columns.div_ceil(each)).into_par_iter().for_each(|job| {
        let end = columns.min((job + 1) * each);
        let mut j = job * each;
        while j < end {
            let mut i = 0;
            while i < rows {
                // A last, partial tile begins earlier, and what is already written is left out.
                let (i0, j0) = (
                    (i).min(rows.saturating_sub(HEIGHT)),
                    j.min(columns.saturating_sub(WIDTH)),
                );
                let sums = if rows >= HEIGHT && columns >= WIDTH {
                    let a = &left.data[(left_row + i0) * LANES..];
                    let b = &right.data[(right_row + j0) * LANES..];
                    dot_tile(
                        isa,
                        left.panels,
                        a,
                        left.rows * LANES,
                        b,
                        right.rows * LANES,
                    )
                } else {
                    small_dots(
                        (left, left_row + i0, rows - i0),
                        (right, right_row + j0, columns - j0),
                    )
                };
                for row in i..rows.min(i + HEIGHT) {
                    for column in j..end.min(j + WIDTH) {
                        // SAFETY: every job has its own columns; the caller's strides put each (row, column) in its own place.
                        let to = unsafe { shared.part(row * strides.0 + column * strides.1, 1) };
                        to[0] += sums[row - i0][column - j0];
                    }
                }
                i += HEIGHT;
            }
            j += WIDTH;
        }
    });
}

/// [`dot_tile`] where there are fewer rows than its tile has.
fn small_dots(
    (left, left_row, rows): (&Panels, usize, usize),
    (right, right_row, columns): (&Panels, usize, usize),
) -> [[f32; 6]; 4] {
    let mut sums = [[0.0; 6]; 4];
    for (i, sums) in sums.iter_mut().enumerate().take(rows) {
        for (j, sum) in sums.iter_mut().enumerate().take(columns) {
            for panel in 0..left.panels {
                let (a, b) = (
                    left.rows(panel, left_row + i, 1),
                    right.rows(panel, right_row + j, 1),
                );
                *sum += a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            }
        }
    }
    sums
}
