//! The header of a GGUF file, kept as it lies in the file, so that what is copied is copied byte for byte. Candle's reader
//! loses the order of keys and repairs strings; reading weights is still candle's.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3, little-endian.

mod kind;
mod pairs;
mod read;
mod write;

pub use kind::Kind;
pub use pairs::Pairs;
pub use read::{Header, Tensor};
pub(super) use write::{NewTensor, data_start, offsets, pad, write_header};

/// Of the tensors' data, unless `general.alignment` says otherwise.
const DEFAULT_ALIGNMENT: u64 = 32;
const MAGIC: &[u8; 4] = b"GGUF";

/// Types of metadata values.
mod value {
    pub const U32: u32 = 4;
    pub const F32: u32 = 6;
    pub const STRING: u32 = 8;
    pub const ARRAY: u32 = 9;
    pub const U64: u32 = 10;

    /// Bytes of a value of a fixed size.
    pub fn size(kind: u32) -> Option<u64> {
        match kind {
            0 | 1 | 7 => Some(1),
            2 | 3 => Some(2),
            4..=6 => Some(4),
            10..=12 => Some(8),
            _ => None,
        }
    }
}
