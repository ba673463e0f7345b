//! The registers of each instruction set behind one trait, so that a kernel is written once. What is added up is always
//! f32; an element is one f32, or two bf16 that are multiplied pairwise and added.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Two neighbouring bf16 numbers of a sum's direction; the first in the low half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Pair(pub u32);

/// # Safety
/// Every function needs its instruction set, and pointers to [`Self::WIDTH`] elements (for `splat`, to one).
pub(super) trait Lanes {
    type Element: Copy;
    type Operand: Copy;
    type Sum: Copy;
    const WIDTH: usize;
    unsafe fn zero() -> Self::Sum;
    unsafe fn load(from: *const Self::Element) -> Self::Operand;
    unsafe fn splat(from: *const Self::Element) -> Self::Operand;
    unsafe fn multiply_add(sum: Self::Sum, a: Self::Operand, b: Self::Operand) -> Self::Sum;
    unsafe fn load_sum(from: *const f32) -> Self::Sum;
    unsafe fn add(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    unsafe fn store(to: *mut f32, sum: Self::Sum);
}

#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512F32;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512F32 {
    type Element = f32;
    type Operand = __m512;
    type Sum = __m512;
    const WIDTH: usize = 16;
    #[inline(always)]
    unsafe fn zero() -> __m512 {
        unsafe { _mm512_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> __m512 {
        unsafe { _mm512_set1_ps(*from) }
    }
    #[inline(always)]
    unsafe fn multiply_add(sum: __m512, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, sum) }
    }
    #[inline(always)]
    unsafe fn load_sum(from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, sum: __m512) {
        unsafe { _mm512_storeu_ps(to, sum) }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512Pairs;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512Pairs {
    type Element = Pair;
    type Operand = __m512i;
    type Sum = __m512;
    const WIDTH: usize = 16;
    #[inline(always)]
    unsafe fn zero() -> __m512 {
        unsafe { _mm512_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn load(from: *const Pair) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(from: *const Pair) -> __m512i {
        unsafe { _mm512_set1_epi32((*from).0 as i32) }
    }
    #[inline(always)]
    unsafe fn multiply_add(sum: __m512, a: __m512i, b: __m512i) -> __m512 {
        // SAFETY: both types are 512 plain bits.
        unsafe {
            _mm512_dpbf16_ps(
                sum,
                std::mem::transmute::<__m512i, __m512bh>(a),
                std::mem::transmute::<__m512i, __m512bh>(b),
            )
        }
    }
    #[inline(always)]
    unsafe fn load_sum(from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, sum: __m512) {
        unsafe { _mm512_storeu_ps(to, sum) }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) struct Avx2F32;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2F32 {
    type Element = f32;
    type Operand = __m256;
    type Sum = __m256;
    const WIDTH: usize = 8;
    #[inline(always)]
    unsafe fn zero() -> __m256 {
        unsafe { _mm256_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> __m256 {
        unsafe { _mm256_broadcast_ss(&*from) }
    }
    #[inline(always)]
    unsafe fn multiply_add(sum: __m256, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, sum) }
    }
    #[inline(always)]
    unsafe fn load_sum(from: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, sum: __m256) {
        unsafe { _mm256_storeu_ps(to, sum) }
    }
}

/// Arrays that the compiler makes into whatever vectors the target has.
pub(super) struct PortableF32;

impl Lanes for PortableF32 {
    type Element = f32;
    type Operand = [f32; 4];
    type Sum = [f32; 4];
    const WIDTH: usize = 4;
    #[inline(always)]
    unsafe fn zero() -> [f32; 4] {
        [0.0; 4]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        unsafe { from.cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn splat(from: *const f32) -> [f32; 4] {
        unsafe { [*from; 4] }
    }
    #[inline(always)]
    unsafe fn multiply_add(sum: [f32; 4], a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|lane| sum[lane] + a[lane] * b[lane])
    }
    #[inline(always)]
    unsafe fn load_sum(from: *const f32) -> [f32; 4] {
        unsafe { from.cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, sum: [f32; 4]) {
        unsafe { to.cast::<[f32; 4]>().write(sum) }
    }
}
