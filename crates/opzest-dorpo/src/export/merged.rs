//! The base file with the adapter merged into it: W + alpha/rank * B A in place of each adapted W, everything else copied
//! byte for byte. Tensor by tensor and block by block, so that memory does not grow with the model.

use super::adapter_gguf::check_header;
use super::gguf::{Header, Kind, NewTensor, Pairs, data_start, offsets, pad, write_header};
use super::lineage::sha256_of;
use super::{Adapter, ExportError, Lineage, Precision, Slice, Written, aside};
use candle_core::quantized::{GgmlDType, ggml_file::qtensor_from_ggml};
use candle_core::{DType, Device};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Numbers of a block of rows, about: 4 MiB as F32.
const BLOCK: usize = 1 << 20;

/// A merge that fits, not yet written.
#[derive(Debug)]
pub struct Merge<'a> {
    base: File,
    base_path: PathBuf,
    header: Header,
    adapter: &'a Adapter<'a>,
    precision: Precision,
    pairs: Pairs,
    tensors: Vec<NewTensor>,
    /// For each tensor of the base, the adapter's slice that changes it.
    changes: Vec<Option<Change<'a>>>,
}

#[derive(Clone, Copy, Debug)]
struct Change<'a> {
    slice: Slice<'a>,
    from: GgmlDType,
}

impl<'a> Merge<'a> {
    /// Checks that `base` is the file that the adapter was trained on and that every slice fits a tensor of it. Reads the
    /// whole file once for its hash. The adapted tensors will be of `precision`, the others stay as they are.
    pub fn plan(
        base_path: &Path,
        adapter: &'a Adapter<'a>,
        lineage: &Lineage,
        precision: Precision,
    ) -> Result<Self, ExportError> {
        adapter.check()?;
        let (base, header) = open(base_path, lineage)?;
        let unsuitable = |reason: String| ExportError::Unsuitable {
            path: base_path.to_owned(),
            reason,
        };
        check_model(&header, adapter).map_err(unsuitable)?;
        let mut changes = vec![None; header.tensors.len()];
        for slice in &adapter.slices {
            let name = slice.target.gguf_tensor(slice.layer);
            let found = header.tensors.iter().position(|tensor| tensor.name == name);
            let index = found.ok_or_else(|| unsuitable(format!("it has no tensor `{name}`")))?;
            let tensor = &header.tensors[index];
            if tensor.matrix() != Some([slice.inputs, slice.outputs]) {
                let reason = format!(
                    "`{name}` is {:?}, the adapter's [{}, {}]",
                    tensor.dims, slice.inputs, slice.outputs
                );
                return Err(unsuitable(reason));
            }
            let from = tensor
                .kind
                .candle()
                .ok_or_else(|| ExportError::Quantisation {
                    path: base_path.to_owned(),
                    tensor: name,
                    kind: tensor.kind.name.to_owned(),
                })?;
            changes[index] = Some(Change {
                slice: *slice,
                from,
            });
        }
        let tensors = new_tensors(&header, &changes, precision);
        let mut pairs = header.pairs.clone();
        pairs.set_u32("general.file_type", precision.file_type());
        lineage.add_to(&mut pairs);
        // Other programs show it by this name.
        pairs.set_string("general.name", &lineage.name);
        Ok(Self {
            base,
            base_path: base_path.to_owned(),
            header,
            adapter,
            precision,
            pairs,
            tensors,
            changes,
        })
    }

    /// The size of the file that will be written.
    pub fn bytes(&self) -> u64 {
        let alignment = self.header.alignment;
        let (_, end) = offsets(&self.tensors, alignment);
        data_start(&self.pairs, &self.tensors, alignment) + end.next_multiple_of(alignment)
    }

    /// Writes `path`, replacing a file of that name unless it is the base. `progress` hears how many bytes are written and
    /// may cancel.
    pub fn write(
        mut self,
        path: &Path,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Written, ExportError> {
        let [here, base] = [path, &self.base_path].map(|path| path.canonicalize().ok());
        if here.is_some() && here == base {
            let path = path.to_owned();
            return Err(ExportError::Exists { path });
        }
        let expected = RefCell::new(None);
        aside::write_file(
            path,
            |out| {
                let header = self.write_all(path, out, progress)?;
                *expected.borrow_mut() = Some(header);
                Ok(())
            },
            |aside| check_header(aside, path, expected.borrow().as_ref()),
        )
    }

    fn write_all(
        &mut self,
        path: &Path,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Header, ExportError> {
        let alignment = self.header.alignment;
        let failed = |source| ExportError::write(path, source);
        let written = write_header(out, &self.pairs, &self.tensors, alignment).map_err(failed)?;
        let mut blocks = Blocks {
            path,
            out,
            done: written.data_start,
            progress,
        };
        for index in 0..self.tensors.len() {
            let start = self.header.data_start + self.header.tensors[index].offset;
            self.base
                .seek(SeekFrom::Start(start))
                .map_err(|source| ExportError::read(&self.base_path, source))?;
            match self.changes[index] {
                Some(change) => self.merge(change, &mut blocks)?,
                None => self.copy(self.header.tensors[index].bytes, &mut blocks)?,
            }
            pad(blocks.out, self.tensors[index].bytes, alignment).map_err(failed)?;
        }
        Ok(written)
    }

    fn copy(&mut self, bytes: u64, out: &mut Blocks<'_>) -> Result<(), ExportError> {
        let mut left = bytes;
        while left > 0 {
            let length = left.min(4 * BLOCK as u64);
            let block = self.read(length as usize)?;
            out.write(&block)?;
            left -= length;
        }
        Ok(())
    }

    fn merge(&mut self, change: Change<'_>, out: &mut Blocks<'_>) -> Result<(), ExportError> {
        let Change { slice, from } = change;
        let row_bytes = slice.inputs / from.block_size() * from.type_size();
        let at_once = (BLOCK / slice.inputs).max(1);
        let mut encoded = Vec::new();
        for first in (0..slice.outputs).step_by(at_once) {
            let rows = at_once.min(slice.outputs - first);
            let raw = self.read(rows * row_bytes)?;
            let mut weights =
                floats(from, &raw, rows, slice.inputs).map_err(|problem| ExportError::Damaged {
                    path: self.base_path.clone(),
                    reason: problem.to_string(),
                })?;
            add_product(&mut weights, first, &slice, self.adapter);
            encoded.clear();
            if !self.precision.encode(&weights, &mut encoded) {
                return Err(ExportError::Range {
                    tensor: slice.target.gguf_tensor(slice.layer),
                    kind: self.precision.name(),
                });
            }
            out.write(&encoded)?;
        }
        Ok(())
    }

    fn read(&mut self, bytes: usize) -> Result<Vec<u8>, ExportError> {
        let mut block = vec![0; bytes];
        self.base
            .read_exact(&mut block)
            .map_err(|source| ExportError::read(&self.base_path, source))?;
        Ok(block)
    }
}

/// The output, block by block.
struct Blocks<'a> {
    path: &'a Path,
    out: &'a mut dyn Write,
    done: u64,
    progress: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
}

impl Blocks<'_> {
    fn write(&mut self, block: &[u8]) -> Result<(), ExportError> {
        self.out
            .write_all(block)
            .map_err(|source| ExportError::write(self.path, source))?;
        self.done += block.len() as u64;
        match (self.progress)(self.done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ExportError::Cancelled),
        }
    }
}

/// The base file, if it is the one that the adapter was trained on.
fn open(path: &Path, lineage: &Lineage) -> Result<(File, Header), ExportError> {
    let failed = |source| ExportError::read(path, source);
    // Opening a pipe would wait for ever.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    let mut base = File::open(path).map_err(failed)?;
    // The header first: a file that is no model at all deserves a better word than "another file".
    let header =
        Header::read(&mut base)
            .map_err(failed)?
            .map_err(|reason| ExportError::Damaged {
                path: path.to_owned(),
                reason,
            })?;
    let found = sha256_of(&mut base).map_err(failed)?;
    if found != lineage.base_sha256 {
        return Err(ExportError::Replaced {
            path: path.to_owned(),
            expected: lineage.base_sha256.clone(),
            found,
        });
    }
    Ok((base, header))
}

fn check_model(header: &Header, adapter: &Adapter<'_>) -> Result<(), String> {
    let pairs = &header.pairs;
    let expected = adapter.architecture.name();
    match pairs.string("general.architecture") {
        Some(architecture) if architecture == expected => {}
        Some(architecture) => {
            return Err(format!(
                "it is a {architecture} model, the adapter's is {expected}"
            ));
        }
        None => return Err("it names no architecture".into()),
    }
    if let Some(kind) = pairs.string("general.type").filter(|kind| *kind != "model") {
        return Err(format!("it is of the type `{kind}`, not a model"));
    }
    if pairs.unsigned("split.count").is_some_and(|count| count > 1) {
        return Err(
            "it is one of several parts; join them first (llama-gguf-split --merge)".into(),
        );
    }
    Ok(())
}

fn new_tensors(
    header: &Header,
    changes: &[Option<Change<'_>>],
    precision: Precision,
) -> Vec<NewTensor> {
    let merged = Kind::of(precision.kind()).expect("every precision is a type of ggml");
    let tensors = header.tensors.iter().zip(changes);
    tensors
        .map(|(tensor, change)| {
            let (kind, bytes) = match change {
                None => (tensor.kind, tensor.bytes),
                Some(change) => {
                    let elements = change.slice.inputs * change.slice.outputs;
                    (merged, (elements * precision.bytes()) as u64)
                }
            };
            NewTensor {
                name: tensor.name.clone(),
                dims: tensor.dims.clone(),
                kind,
                bytes,
            }
        })
        .collect()
}

/// Whole rows as floats. Shape `[rows, inputs]`.
fn floats(
    from: GgmlDType,
    raw: &[u8],
    rows: usize,
    inputs: usize,
) -> candle_core::Result<Vec<f32>> {
    qtensor_from_ggml(from, raw, vec![rows, inputs], &Device::Cpu)?
        .dequantize(&Device::Cpu)?
        .to_dtype(DType::F32)?
        .flatten_all()?
        .to_vec1()
}

/// `weights` are the rows from `first` on: adds alpha/rank * B A to them.
fn add_product(weights: &mut [f32], first: usize, slice: &Slice<'_>, adapter: &Adapter<'_>) {
    let (rank, scale) = (adapter.rank, adapter.scale());
    for (row, weights) in weights.chunks_exact_mut(slice.inputs).enumerate() {
        let b = &slice.b[(first + row) * rank..][..rank];
        for (b, a) in b.iter().zip(slice.a.chunks_exact(slice.inputs)) {
            let factor = scale * b;
            for (weight, a) in weights.iter_mut().zip(a) {
                *weight += factor * a;
            }
        }
    }
}

#[cfg(test)]
mod tests;
