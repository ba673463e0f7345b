//! Writing a header.

use super::{Header, Kind, MAGIC, Pairs, Tensor};
use std::io::{self, Write};

const VERSION: u32 = 3;

/// A tensor that will be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTensor {
    pub name: String,
    /// ggml's order: the length of a row first.
    pub dims: Vec<u64>,
    pub kind: Kind,
    pub bytes: u64,
}

/// Where each tensor begins from the data's start, and where the last one ends.
pub fn offsets(tensors: &[NewTensor], alignment: u64) -> (Vec<u64>, u64) {
    let (mut next, mut end) = (0_u64, 0);
    let offsets = tensors
        .iter()
        .map(|tensor| {
            let offset = next;
            end = offset + tensor.bytes;
            next = end.next_multiple_of(alignment);
            offset
        })
        .collect();
    (offsets, end)
}

/// Where the tensors' data begins.
pub fn data_start(pairs: &Pairs, tensors: &[NewTensor], alignment: u64) -> u64 {
    let pairs = pairs
        .iter()
        .map(|(key, _, raw)| 8 + key.len() + 4 + raw.len());
    let tensors = tensors
        .iter()
        .map(|tensor| 8 + tensor.name.len() + 4 + 8 * tensor.dims.len() + 4 + 8);
    let bytes = 24 + pairs.chain(tensors).sum::<usize>() as u64;
    bytes.next_multiple_of(alignment)
}

/// Writes all up to the first tensor's data. Returns what [`Header::read`] will find.
pub fn write_header(
    out: &mut dyn Write,
    pairs: &Pairs,
    tensors: &[NewTensor],
    alignment: u64,
) -> io::Result<Header> {
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&(tensors.len() as u64).to_le_bytes())?;
    out.write_all(&(pairs.len() as u64).to_le_bytes())?;
    let mut written = 24;
    for (key, kind, raw) in pairs.iter() {
        string(out, key)?;
        out.write_all(&kind.to_le_bytes())?;
        out.write_all(raw)?;
        written += 8 + key.len() + 4 + raw.len();
    }
    let (offsets, _) = offsets(tensors, alignment);
    for (tensor, offset) in tensors.iter().zip(&offsets) {
        string(out, &tensor.name)?;
        out.write_all(&(tensor.dims.len() as u32).to_le_bytes())?;
        for dim in &tensor.dims {
            out.write_all(&dim.to_le_bytes())?;
        }
        out.write_all(&tensor.kind.number.to_le_bytes())?;
        out.write_all(&offset.to_le_bytes())?;
        written += 8 + tensor.name.len() + 4 + 8 * tensor.dims.len() + 12;
    }
    pad(out, written as u64, alignment)?;
    let header = Header {
        pairs: pairs.clone(),
        tensors: tensors
            .iter()
            .zip(offsets)
            .map(|(tensor, offset)| Tensor {
                name: tensor.name.clone(),
                dims: tensor.dims.clone(),
                kind: tensor.kind,
                offset,
                bytes: tensor.bytes,
            })
            .collect(),
        alignment,
        data_start: data_start(pairs, tensors, alignment),
    };
    Ok(header)
}

/// Zeros from `position` to the next multiple.
pub fn pad(out: &mut dyn Write, position: u64, alignment: u64) -> io::Result<()> {
    let zeros = position.next_multiple_of(alignment) - position;
    io::copy(&mut io::Read::take(io::repeat(0), zeros), out).map(drop)
}

fn string(out: &mut dyn Write, text: &str) -> io::Result<()> {
    out.write_all(&(text.len() as u64).to_le_bytes())?;
    out.write_all(text.as_bytes())
}
