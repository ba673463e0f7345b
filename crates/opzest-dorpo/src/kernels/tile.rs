//! The two innermost products. A *tile* is up to 8 rows by [`LANES`] tokens of a product whose sum runs over features;
//! a *dot tile* is a product whose sum runs over tokens. Both keep their sums in registers all the way.

use super::{Isa, LANES, Pair, lanes::*};

/// Rows of a full tile.
pub const TILE_ROWS: usize = 8;

/// A part of a tile's sum: `out[r][l] += sum_k a(r, k) * b[k][l]`, where `a(r, k)` lies at
/// `a[r * row_stride + (k / depth) * block_stride + (k % depth) * depth_stride]` and k < blocks * depth.
#[derive(Clone, Copy)]
pub struct Segment<'a, E> {
    pub a: &'a [E],
    pub row_stride: usize,
    pub depth_stride: usize,
    pub depth: usize,
    pub block_stride: usize,
    pub blocks: usize,
    /// Shape `[blocks * depth, LANES]`.
    pub b: &'a [E],
}

/// f32, or pairs of bf16.
pub trait Element: Copy + Default + Send + Sync + 'static {
    /// f32 numbers that one element stands for.
    const NUMBERS: usize;

    /// Rows of a panel as a product's right side; `room` is for what has to be rounded.
    fn right<'a>(isa: Isa, numbers: &'a [f32], room: &'a mut Vec<Self>) -> &'a [Self];

    /// # Safety
    /// `isa` is available, every segment's bounds hold for `rows`, and `out` has `rows * LANES` numbers.
    #[doc(hidden)]
    unsafe fn tile(isa: Isa, rows: usize, segments: &[Segment<'_, Self>], out: *mut f32, add: bool);
}

/// Writes (or adds) `rows` (at most 8) rows of [`LANES`] sums to `out`.
#[inline]
pub fn tile<E: Element>(
    isa: Isa,
    rows: usize,
    segments: &[Segment<'_, E>],
    out: &mut [f32],
    add: bool,
) {
    assert!((1..=TILE_ROWS).contains(&rows) && out.len() >= rows * LANES);
    for s in segments {
        let last = (rows - 1) * s.row_stride
            + s.blocks.saturating_sub(1) * s.block_stride
            + s.depth.saturating_sub(1) * s.depth_stride;
        assert!(
            s.blocks * s.depth == 0
                || (last < s.a.len() && s.b.len() >= s.blocks * s.depth * LANES)
        );
    }
    // SAFETY: the bounds are asserted above; `Isa` values in use come from `Isa::available`.
    unsafe { E::tile(isa, rows, segments, out.as_mut_ptr(), add) }
}

#[inline(always)]
unsafe fn body<L: Lanes, const M: usize, const V: usize>(
    segments: &[Segment<'_, L::Element>],
    row: usize,
    lane: usize,
    out: *mut f32,
    add: bool,
) {
    unsafe {
        let mut sums = [[L::zero(); V]; M];
        for s in segments {
            let mut b = s.b.as_ptr().add(lane);
            let first = s.a.as_ptr().add(row * s.row_stride);
            for block in 0..s.blocks {
                let mut a = first.add(block * s.block_stride);
                for _ in 0..s.depth {
                    let mut right = [L::load(b); V];
                    for (v, right) in right.iter_mut().enumerate().skip(1) {
                        *right = L::load(b.add(v * L::WIDTH));
                    }
                    // `wrapping_add`: behind the last step `a` may point past its slice.
                    for (r, sums) in sums.iter_mut().enumerate() {
                        let left = L::splat(a.add(r * s.row_stride));
                        for (sum, right) in sums.iter_mut().zip(right) {
                            *sum = L::multiply_add(*sum, left, right);
                        }
                    }
                    a = a.wrapping_add(s.depth_stride);
                    b = b.add(LANES);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (v, sum) in sums.iter().enumerate() {
                let to = out.add((row + r) * LANES + lane + v * L::WIDTH);
                L::store(
                    to,
                    if add {
                        L::add(L::load_sum(to), *sum)
                    } else {
                        *sum
                    },
                );
            }
        }
    }
}

/// Calls `body` for every tile of at most `M` rows, with the row count as a constant.
macro_rules! row_tiles {
    ($lanes:ty, $vectors:literal, $isa_rows:literal, $rows:ident, $segments:ident, $out:ident, $add:ident, [$($m:literal)*]) => {
        for row in (0..$rows).step_by($isa_rows) {
            for lane in (0..LANES).step_by($vectors * <$lanes>::WIDTH) {
                match ($rows - row).min($isa_rows) {
                    $($m => unsafe { body::<$lanes, $m, $vectors>($segments, row, lane, $out, $add) },)*
                    _ => unreachable!("a tile has 1 to 8 rows"),
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
unsafe fn avx512(rows: usize, segments: &[Segment<'_, f32>], out: *mut f32, add: bool) {
    row_tiles!(Avx512F32, 3, 8, rows, segments, out, add, [1 2 3 4 5 6 7 8]);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")]
unsafe fn avx512_pairs(rows: usize, segments: &[Segment<'_, Pair>], out: *mut f32, add: bool) {
    row_tiles!(Avx512Pairs, 3, 8, rows, segments, out, add, [1 2 3 4 5 6 7 8]);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(rows: usize, segments: &[Segment<'_, f32>], out: *mut f32, add: bool) {
    // Sixteen registers: with 4 by 3 sums the compiler keeps one in memory, which halves the speed.
    row_tiles!(Avx2F32, 2, 4, rows, segments, out, add, [1 2 3 4]);
}

unsafe fn portable(rows: usize, segments: &[Segment<'_, f32>], out: *mut f32, add: bool) {
    row_tiles!(PortableF32, 3, 4, rows, segments, out, add, [1 2 3 4]);
}

impl Element for f32 {
    const NUMBERS: usize = 1;

    fn right<'a>(_: Isa, numbers: &'a [f32], _: &'a mut Vec<Self>) -> &'a [Self] {
        numbers
    }

    unsafe fn tile(
        isa: Isa,
        rows: usize,
        segments: &[Segment<'_, Self>],
        out: *mut f32,
        add: bool,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512Bf16 | Isa::Avx512 => avx512(rows, segments, out, add),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => avx2(rows, segments, out, add),
                _ => portable(rows, segments, out, add),
            }
        }
    }
}

impl Element for Pair {
    const NUMBERS: usize = 2;

    fn right<'a>(isa: Isa, numbers: &'a [f32], room: &'a mut Vec<Self>) -> &'a [Self] {
        room.resize((numbers.len() / LANES).div_ceil(2) * LANES, Pair(0));
        super::pair_rows(isa, numbers, room);
        room
    }

    unsafe fn tile(
        isa: Isa,
        rows: usize,
        segments: &[Segment<'_, Self>],
        out: *mut f32,
        add: bool,
    ) {
        assert!(
            isa.has_bf16(),
            "the engine refuses bf16 where the processor has no product for it"
        );
        // SAFETY: the caller's promise.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            avx512_pairs(rows, segments, out, add);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (rows, segments, out, add);
    }
}

/// `sums[i][j] = sum over panels and lanes of a[i] * b[j]`, for up to 4 rows of `a` and 6 of `b`. Row i of panel p begins
/// at `a[p * a_panel + i * LANES]`; `b` likewise. The lanes are added up in a fixed order.
#[inline]
pub fn dot_tile(
    isa: Isa,
    panels: usize,
    a: &[f32],
    a_panel: usize,
    b: &[f32],
    b_panel: usize,
) -> [[f32; 6]; 4] {
    assert!(panels > 0);
    assert!(
        a.len() >= (panels - 1) * a_panel + 4 * LANES
            && b.len() >= (panels - 1) * b_panel + 6 * LANES
    );
    let (a, b) = (a.as_ptr(), b.as_ptr());
    // SAFETY: the bounds are asserted above; `Isa` values in use come from `Isa::available`.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Bf16 | Isa::Avx512 => dot_avx512(panels, a, a_panel, b, b_panel),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => dot_avx2(panels, a, a_panel, b, b_panel),
            _ => dot_portable(panels, a, a_panel, b, b_panel),
        }
    }
}

#[inline(always)]
unsafe fn dot_body<L: Lanes<Element = f32>, const M: usize, const N: usize>(
    panels: usize,
    (a, a_panel): (*const f32, usize),
    (b, b_panel): (*const f32, usize),
    (row, column): (usize, usize),
    out: &mut [[f32; 6]; 4],
) {
    unsafe {
        let mut sums = [[L::zero(); N]; M];
        for panel in 0..panels {
            let a = a.add(panel * a_panel + row * LANES);
            let b = b.add(panel * b_panel + column * LANES);
            for lane in (0..LANES).step_by(L::WIDTH) {
                let mut left = [L::load(a.add(lane)); M];
                for (i, left) in left.iter_mut().enumerate().skip(1) {
                    *left = L::load(a.add(i * LANES + lane));
                }
                for j in 0..N {
                    let right = L::load(b.add(j * LANES + lane));
                    for (sums, left) in sums.iter_mut().zip(left) {
                        sums[j] = L::multiply_add(sums[j], left, right);
                    }
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate() {
                let mut lanes = [0.0f32; 16];
                L::store(lanes.as_mut_ptr(), *sum);
                let mut width = L::WIDTH;
                while width > 1 {
                    width /= 2;
                    for lane in 0..width {
                        lanes[lane] += lanes[lane + width];
                    }
                }
                out[row + i][column + j] = lanes[0];
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
unsafe fn dot_avx512(
    panels: usize,
    a: *const f32,
    ap: usize,
    b: *const f32,
    bp: usize,
) -> [[f32; 6]; 4] {
    let mut out = [[0.0; 6]; 4];
    unsafe { dot_body::<Avx512F32, 4, 6>(panels, (a, ap), (b, bp), (0, 0), &mut out) };
    out
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn dot_avx2(
    panels: usize,
    a: *const f32,
    ap: usize,
    b: *const f32,
    bp: usize,
) -> [[f32; 6]; 4] {
    let mut out = [[0.0; 6]; 4];
    for column in [0, 2, 4] {
        unsafe { dot_body::<Avx2F32, 4, 2>(panels, (a, ap), (b, bp), (0, column), &mut out) };
    }
    out
}

unsafe fn dot_portable(
    panels: usize,
    a: *const f32,
    ap: usize,
    b: *const f32,
    bp: usize,
) -> [[f32; 6]; 4] {
    let mut out = [[0.0; 6]; 4];
    for row in [0, 2] {
        for column in [0, 3] {
            unsafe {
                dot_body::<PortableF32, 2, 3>(panels, (a, ap), (b, bp), (row, column), &mut out)
            };
        }
    }
    out
}
