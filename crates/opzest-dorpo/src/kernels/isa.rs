//! Which of the processor's instruction sets the kernels use: found once, or chosen by the caller.

use serde::{Deserialize, Serialize};

/// From the fastest to the one that every processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isa {
    /// AVX-512 with products of bf16 numbers.
    Avx512Bf16,
    Avx512,
    /// AVX2 and FMA.
    Avx2,
    Portable,
}

impl Isa {
    pub const ALL: [Self; 4] = [Self::Avx512Bf16, Self::Avx512, Self::Avx2, Self::Portable];

    /// The fastest that this processor has.
    pub fn best() -> Self {
        Self::ALL
            .into_iter()
            .find(|isa| isa.is_available())
            .unwrap_or(Self::Portable)
    }

    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match self {
                Self::Avx512Bf16 => avx512 && is_x86_feature_detected!("avx512bf16"),
                Self::Avx512 => avx512,
                Self::Avx2 => avx2,
                Self::Portable => true,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Portable
        }
    }

    /// Whether it multiplies bf16 numbers.
    pub fn has_bf16(self) -> bool {
        self == Self::Avx512Bf16
    }

    /// The one that is asked for, or the best below it: kernels never run instructions that the processor lacks.
    /// Every kernel's `unsafe` rests on this call at its border.
    pub(crate) fn available(self) -> Self {
        Self::ALL
            .into_iter()
            .find(|isa| *isa >= self && isa.is_available())
            .unwrap_or(Self::Portable)
    }
}
