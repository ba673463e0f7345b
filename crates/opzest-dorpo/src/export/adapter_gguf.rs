//! The adapter as a GGUF file for llama.cpp (`llama_adapter_lora_init`).

use super::gguf::{Header, Kind, NewTensor, Pairs, pad, write_header};
use super::{Adapter, ExportError, Lineage, Precision, Written, aside};
use crate::lora::{LoraConfig, LoraWeights, Target};
use crate::model::ModelConfig;
use candle_core::Device;
use candle_core::quantized::gguf_file::Content;
use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::Path;

const ALIGNMENT: u64 = 32;

/// Writes `path`, replacing a file of that name. `blk.N.X.weight.lora_a` has the shape `[rank, inputs]` and `.lora_b`
/// `[outputs, rank]`; llama.cpp's scale is alpha/rank.
pub fn write_gguf(
    adapter: &Adapter<'_>,
    lineage: &Lineage,
    precision: Precision,
    path: &Path,
) -> Result<Written, ExportError> {
    adapter.check()?;
    let kind = Kind::of(precision.kind()).expect("every precision is a type of ggml");
    let rank = adapter.rank;
    let mut tensors = Vec::new();
    let mut data = Vec::new();
    for slice in &adapter.slices {
        let name = slice.target.gguf_tensor(slice.layer);
        let sides = [
            ("lora_a", slice.a, [slice.inputs, rank]),
            ("lora_b", slice.b, [rank, slice.outputs]),
        ];
        for (side, values, dims) in sides {
            tensors.push(NewTensor {
                name: format!("{name}.{side}"),
                dims: dims.map(|dim| dim as u64).to_vec(),
                kind,
                bytes: (values.len() * precision.bytes()) as u64,
            });
            data.push(values);
        }
    }
    let pairs = metadata(adapter, lineage);
    let expected = RefCell::new(None);
    let failed = |source| ExportError::write(path, source);
    aside::write_file(
        path,
        |out: &mut dyn Write| {
            let header = write_header(out, &pairs, &tensors, ALIGNMENT).map_err(failed)?;
            *expected.borrow_mut() = Some(header);
            let mut bytes = Vec::new();
            for (tensor, values) in tensors.iter().zip(&data) {
                bytes.clear();
                if !precision.encode(values, &mut bytes) {
                    return Err(ExportError::Range {
                        tensor: tensor.name.clone(),
                        kind: precision.name(),
                    });
                }
                out.write_all(&bytes).map_err(failed)?;
                pad(out, bytes.len() as u64, ALIGNMENT).map_err(failed)?;
            }
            Ok(())
        },
        |aside| check_header(aside, path, expected.borrow().as_ref()),
    )
}

/// Reads an adapter that [`write_gguf`] wrote for this model.
///
/// # Errors
/// The file cannot be read, is damaged, or is for another model.
pub fn read_gguf(path: &Path, model: &ModelConfig) -> Result<LoraWeights, ExportError> {
    let damaged = |reason: String| ExportError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let broken = |error: candle_core::Error| damaged(error.to_string());
    let mut file = File::open(path).map_err(|source| ExportError::read(path, source))?;
    let content = Content::read(&mut file).map_err(broken)?;
    let alpha = content.metadata.get("adapter.lora.alpha");
    let alpha = alpha.and_then(|alpha| alpha.to_f32().ok());
    let alpha = alpha.ok_or_else(|| damaged("it has no alpha".into()))?;
    let has = |target: &Target| {
        let name = format!("{}.lora_a", target.gguf_tensor(0));
        content.tensor_infos.contains_key(&name)
    };
    let targets: Vec<Target> = Target::ALL.into_iter().filter(has).collect();
    let Some(first) = targets.first() else {
        return Err(damaged("it has no weights".into()));
    };
    let rank = &content.tensor_infos[&format!("{}.lora_a", first.gguf_tensor(0))];
    let rank = rank.shape.dims().first().copied().unwrap_or_default();
    let config = LoraConfig {
        rank,
        alpha,
        targets,
    };
    let mut lora = LoraWeights::zeros(model, config);
    for slice in &lora.slices {
        let name = slice.target.gguf_tensor(slice.layer);
        for (side, range) in [("lora_a", &slice.a), ("lora_b", &slice.b)] {
            let tensor = content.tensor(&mut file, &format!("{name}.{side}"), &Device::Cpu);
            let values = tensor.and_then(|tensor| tensor.dequantize(&Device::Cpu));
            let values = values.and_then(|values| values.flatten_all()?.to_vec1::<f32>());
            let values = values.map_err(broken)?;
            if values.len() != range.len() {
                return Err(ExportError::Unsuitable {
                    path: path.to_owned(),
                    reason: format!("`{name}` has another shape in this model"),
                });
            }
            lora.values[range.clone()].copy_from_slice(&values);
        }
    }
    Ok(lora)
}

fn metadata(adapter: &Adapter<'_>, lineage: &Lineage) -> Pairs {
    let mut pairs = Pairs::default();
    pairs.set_string("general.architecture", adapter.architecture.name());
    pairs.set_string("general.type", "adapter");
    pairs.set_string("general.name", &lineage.name);
    if let Some(licence) = &lineage.base_licence {
        pairs.set_string("general.license", licence);
    }
    pairs.set_string("adapter.type", "lora");
    // llama.cpp aborts when this is an integer.
    pairs.set_f32("adapter.lora.alpha", adapter.alpha);
    lineage.add_to(&mut pairs);
    pairs
}

/// Reads a header back and compares it with the one that was written.
pub(super) fn check_header(
    aside: &Path,
    path: &Path,
    expected: Option<&Header>,
) -> Result<(), ExportError> {
    let file = File::open(aside).map_err(|source| ExportError::read(path, source))?;
    let header = Header::read(file)
        .map_err(|source| ExportError::read(path, source))?
        .map_err(|problem| ExportError::read_back(path, problem))?;
    if Some(&header) == expected {
        Ok(())
    } else {
        Err(ExportError::read_back(path, "its header is another"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Architecture, fixture};
    use candle_core::DType;

    /// Read by candle, which shares no code with the writer.
    #[test]
    fn candle_reads_what_was_written() {
        let weights = fixture::Weights::new(Architecture::Llama);
        let adapter = weights.adapter();
        let folder = tempfile::tempdir().expect("a folder");
        for (precision, tolerance) in [(Precision::F32, 0.0), (Precision::F16, 3e-4)] {
            let path = folder.path().join("adapter.gguf");
            let written = write_gguf(&adapter, &fixture::lineage("ab12"), precision, &path)
                .expect("it is written");
            let mut file = File::open(&path).expect("it is there");
            assert_eq!(file.metadata().expect("it is there").len(), written.bytes);
            let content = Content::read(&mut file).expect("candle reads it");
            let text = |key: &str| content.metadata[key].to_string().expect("text").clone();
            assert_eq!(text("general.type"), "adapter");
            assert_eq!(text("general.architecture"), "llama");
            assert_eq!(text("adapter.type"), "lora");
            assert_eq!(text("opzest.base.sha256"), "ab12");
            let alpha = content.metadata["adapter.lora.alpha"].to_f32();
            assert_eq!(alpha.expect("32 bits"), 6.0);
            assert_eq!(content.tensor_infos.len(), 2 * adapter.slices.len());
            for slice in &adapter.slices {
                let name = slice.target.gguf_tensor(slice.layer);
                let sides = [
                    ("lora_a", slice.a, [adapter.rank, slice.inputs]),
                    ("lora_b", slice.b, [slice.outputs, adapter.rank]),
                ];
                for (side, expected, shape) in sides {
                    let tensor = content
                        .tensor(&mut file, &format!("{name}.{side}"), &Device::Cpu)
                        .expect("it is there");
                    assert_eq!(tensor.shape().dims(), shape);
                    let read = tensor.dequantize(&Device::Cpu).expect("floats");
                    let read = read.to_dtype(DType::F32).expect("floats").flatten_all();
                    let read = read.expect("flat").to_vec1::<f32>().expect("floats");
                    for (read, expected) in read.iter().zip(expected) {
                        assert!((read - expected).abs() <= tolerance, "{read} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn unsound_adapters_are_refused() {
        let weights = fixture::Weights::new(Architecture::Llama);
        let good = weights.adapter();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("adapter.gguf");
        let refused = |change: &dyn Fn(&mut Adapter<'_>)| {
            let mut adapter = good.clone();
            change(&mut adapter);
            let lineage = fixture::lineage("");
            let error = write_gguf(&adapter, &lineage, Precision::F16, &path);
            let error = error.expect_err("it is not sound").to_string();
            assert!(!path.exists());
            error
        };
        let broken = vec![f32::NAN; good.slices[0].a.len()];
        let large = vec![7e4; good.slices[0].a.len()];
        insta::assert_snapshot!(
            [
                refused(&|adapter| adapter.rank = 0),
                refused(&|adapter| adapter.rank = 2),
                refused(&|adapter| adapter.alpha = 0.0),
                refused(&|adapter| adapter.alpha = f32::NAN),
                refused(&|adapter| adapter.slices.clear()),
                refused(&|adapter| adapter.slices[1] = adapter.slices[0]),
                refused(&|adapter| adapter.slices[0].a = &[]),
                refused(&|adapter| adapter.head_dim = 7),
                refused_with(&good, &broken, &path),
                refused_with(&good, &large, &path),
            ]
            .join("\n")
        );
    }

    fn refused_with<'a>(good: &Adapter<'a>, a: &'a [f32], path: &Path) -> String {
        let mut adapter = good.clone();
        adapter.slices[0].a = a;
        let result = write_gguf(&adapter, &fixture::lineage(""), Precision::F16, path);
        assert!(!path.exists());
        result.expect_err("it is not sound").to_string()
    }
}
