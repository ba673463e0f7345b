//! Functions that the compiler vectorises, compiled once for each instruction set.

use super::LANES;

/// Compiles a function for every instruction set and adds a first argument that chooses. In its body `FMA` says whether
/// a fused multiply-add is an instruction, see [`multiply_add`].
macro_rules! vectorised {
    ($($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $return:ty)? $body:block)*) => {$(
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name(isa: $crate::kernels::Isa, $($argument: $type),*) $(-> $return)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, clippy::extra_unused_type_parameters)]
            fn body<const FMA: bool>($($argument: $type),*) $(-> $return)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512($($argument: $type),*) $(-> $return)? {
                body::<true>($($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($argument: $type),*) $(-> $return)? {
                body::<true>($($argument),*)
            }
            match isa {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Isa` values in use come from `Isa::available`, so the processor has these instructions.
                $crate::kernels::Isa::Avx512Bf16 | $crate::kernels::Isa::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::kernels::Isa::Avx2 => unsafe { avx2($($argument),*) },
                _ => body::<false>($($argument),*),
            }
        }
    )*};
}
pub(crate) use vectorised;

/// `a * b + c`; without an instruction for it the fused form is a call, 2.3 times slower in all.
#[inline(always)]
pub fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// e^x, relative error below 3e-7; 0 below -87. Cody and Waite's reduction, polynomial of degree 6.
#[inline(always)]
pub fn exp<const FMA: bool>(x: f32) -> f32 {
    let clamped = x.clamp(-87.0, 88.0);
    let rounded = multiply_add::<FMA>(clamped, std::f32::consts::LOG2_E, 12_582_912.0);
    let n = rounded - 12_582_912.0;
    let r = multiply_add::<FMA>(n, -0.693_145_75, clamped);
    let r = multiply_add::<FMA>(n, -1.428_606_8e-6, r);
    let p = multiply_add::<FMA>(1.388_888_9e-3, r, 8.333_334e-3);
    let p = multiply_add::<FMA>(p, r, 4.166_666_8e-2);
    let p = multiply_add::<FMA>(p, r, 0.166_666_67);
    let p = multiply_add::<FMA>(p, r, 0.5);
    let p = multiply_add::<FMA>(p, r, 1.0);
    let p = multiply_add::<FMA>(p, r, 1.0);
    let result = p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000));
    if x < -87.0 { 0.0 } else { result }
}

/// One number per token of a panel.
pub type Lane = [f32; LANES];

/// A row of a panel as an array, so that its length is known to the compiler.
#[inline(always)]
pub fn lane(row: &[f32]) -> &Lane {
    row.try_into().expect("a row of a panel has LANES numbers")
}

/// As [`lane`], to write.
#[inline(always)]
pub fn lane_mut(row: &mut [f32]) -> &mut Lane {
    row.try_into().expect("a row of a panel has LANES numbers")
}

vectorised! {
    /// `most = max(most, every row)`.
    pub fn max_into(rows: &[f32], most: &mut Lane) {
        let mut sum = *most;
        for row in rows.chunks_exact(LANES).map(lane) {
            for l in 0..LANES {
                sum[l] = if row[l] > sum[l] { row[l] } else { sum[l] };
            }
        }
        *most = sum;
    }

    /// `x = exp(x - most)`; adds every row to `sum`.
    pub fn exp_below(rows: &mut [f32], most: &Lane, sum: &mut Lane) {
        let mut total = *sum;
        for row in rows.chunks_exact_mut(LANES).map(lane_mut) {
            for l in 0..LANES {
                let e = exp::<FMA>(row[l] - most[l]);
                row[l] = e;
                total[l] += e;
            }
        }
        *sum = total;
    }

    /// Every row is multiplied by a number per token.
    pub fn scale_lanes(rows: &mut [f32], by: &Lane) {
        let _ = FMA;
        for row in rows.chunks_exact_mut(LANES).map(lane_mut) {
            for l in 0..LANES {
                row[l] *= by[l];
            }
        }
    }

    /// `to += by * from`, with a number per token.
    pub fn add_scaled(to: &mut [f32], from: &[f32], by: &Lane) {
        for (to, from) in to.chunks_exact_mut(LANES).map(lane_mut).zip(from.chunks_exact(LANES).map(lane)) {
            for l in 0..LANES {
                to[l] = multiply_add::<FMA>(from[l], by[l], to[l]);
            }
        }
    }
}
