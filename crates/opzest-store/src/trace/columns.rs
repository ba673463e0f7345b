//! Columns of numbers as compressed bytes, and back with bounds on everything that a damaged value claims.

use super::TraceProblem;

/// Writes this level in about a millisecond a hundred tokens; higher ones gain less than 2 %.
const LEVEL: i32 = 9;

/// Collects columns behind each other.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn with_version(version: u8) -> Self {
        Self(vec![version])
    }

    pub(super) fn number(&mut self, value: usize) {
        push_varint(&mut self.0, value as u32);
    }

    /// Raw and compressed length, then a zstd frame.
    pub(super) fn bytes(&mut self, raw: &[u8]) {
        let packed = zstd::bulk::compress(raw, LEVEL)
            .expect("zstd compresses any bytes into a buffer of its own size");
        self.number(raw.len());
        self.number(packed.len());
        self.0.extend_from_slice(&packed);
    }

    pub(super) fn varints(&mut self, values: impl IntoIterator<Item = u32>) {
        let mut raw = Vec::new();
        for value in values {
            push_varint(&mut raw, value);
        }
        self.bytes(&raw);
    }

    /// All lowest bytes, then all second ones, and so on: each compresses better alone.
    pub(super) fn planes(&mut self, values: &[u32]) {
        for plane in 0..4 {
            let raw: Vec<u8> = values
                .iter()
                .map(|value| value.to_le_bytes()[plane])
                .collect();
            self.bytes(&raw);
        }
    }

    /// The whole, with its checksum.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let sum = crc32fast::hash(&self.0);
        self.0.extend_from_slice(&sum.to_le_bytes());
        self.0
    }
}

fn push_varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads what a [`Writer`] wrote.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// After the checksum is found right; the version comes first.
    pub(super) fn checked(bytes: &'a [u8]) -> Result<(u8, Self), TraceProblem> {
        let (body, sum) = bytes
            .split_last_chunk::<4>()
            .ok_or(TraceProblem::Damaged("it is cut off"))?;
        if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
            return Err(TraceProblem::Damaged("its checksum is wrong"));
        }
        let (version, rest) = body
            .split_first()
            .ok_or(TraceProblem::Damaged("it is empty"))?;
        Ok((*version, Self(rest)))
    }

    pub(super) fn number(&mut self, limit: usize) -> Result<usize, TraceProblem> {
        let value = take_varint(&mut self.0)? as usize;
        if value > limit {
            return Err(TraceProblem::Damaged("a length is impossible"));
        }
        Ok(value)
    }

    pub(super) fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, TraceProblem> {
        let raw_length = self.number(limit)?;
        let packed_length = self.number(self.0.len())?;
        let (packed, rest) = self
            .0
            .split_at_checked(packed_length)
            .ok_or(TraceProblem::Damaged("a column is cut off"))?;
        self.0 = rest;
        let raw = zstd::bulk::decompress(packed, raw_length)
            .map_err(|_| TraceProblem::Damaged("a column cannot be decompressed"))?;
        if raw.len() != raw_length {
            return Err(TraceProblem::Damaged("a column has another length"));
        }
        Ok(raw)
    }

    pub(super) fn exact_bytes(&mut self, length: usize) -> Result<Vec<u8>, TraceProblem> {
        let raw = self.bytes(length)?;
        if raw.len() != length {
            return Err(TraceProblem::Damaged("a column has another length"));
        }
        Ok(raw)
    }

    pub(super) fn varints(&mut self, count: usize) -> Result<Vec<u32>, TraceProblem> {
        let raw = self.bytes(count.saturating_mul(5))?;
        let mut rest = raw.as_slice();
        let values = (0..count)
            .map(|_| take_varint(&mut rest))
            .collect::<Result<_, _>>()?;
        if !rest.is_empty() {
            return Err(TraceProblem::Damaged("a column has another length"));
        }
        Ok(values)
    }

    pub(super) fn planes(&mut self, count: usize) -> Result<Vec<u32>, TraceProblem> {
        let mut values = vec![0_u32; count];
        for plane in 0..4 {
            for (value, byte) in values.iter_mut().zip(self.exact_bytes(count)?) {
                *value |= u32::from(byte) << (8 * plane);
            }
        }
        Ok(values)
    }

    pub(super) fn finish(self) -> Result<(), TraceProblem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(TraceProblem::Damaged("there is more than belongs to it"))
        }
    }
}

fn take_varint(bytes: &mut &[u8]) -> Result<u32, TraceProblem> {
    let mut value = 0_u32;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes
            .split_first()
            .ok_or(TraceProblem::Damaged("it is cut off"))?;
        *bytes = rest;
        let part = u32::from(byte & 0x7f);
        if shift == 28 && part > 0x0f {
            break;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(TraceProblem::Damaged("a number is too large"))
}
