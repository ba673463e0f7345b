//! Exports an adapter for `make test-peers`: `export_peers FOLDER`, where `scripts/peers/export_models.py` has written
//! `base.gguf`, `lora.safetensors` and `lora.json`. Writes `adapter-f32.gguf`, `adapter-f16.gguf`, `merged-f32.gguf`,
//! `merged-f16.gguf` and `peft/`, which `scripts/peers/compare_export.py` loads.

use anyhow::{Context, Result, bail};
use opzest_dorpo::export::{
    Adapter, Architecture, Lineage, Merge, Precision, Slice, Target, file_sha256, write_gguf,
    write_peft,
};
use safetensors::SafeTensors;
use std::ops::ControlFlow;
use std::path::Path;

#[derive(serde::Deserialize)]
struct Description {
    architecture: String,
    head_dim: usize,
    rank: usize,
    alpha: f32,
    /// Layer, index into [`Target::ALL`].
    slices: Vec<(usize, usize)>,
}

fn main() -> Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .context("usage: export_peers FOLDER")?;
    let folder = Path::new(&folder);
    let description: Description =
        serde_json::from_slice(&std::fs::read(folder.join("lora.json"))?)?;
    let weights = std::fs::read(folder.join("lora.safetensors"))?;
    let weights = SafeTensors::deserialize(&weights)?;
    let read = |name: String| -> Result<(Vec<usize>, Vec<f32>)> {
        let view = weights.tensor(&name)?;
        let numbers = view.data().chunks_exact(4);
        let numbers =
            numbers.map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        Ok((view.shape().to_vec(), numbers.collect()))
    };
    let mut sides = Vec::new();
    for (layer, target) in &description.slices {
        let name = Target::ALL[*target].gguf_tensor(*layer);
        sides.push((read(format!("{name}.a"))?, read(format!("{name}.b"))?));
    }
    let slices = description.slices.iter().zip(&sides);
    let adapter = Adapter {
        architecture: match description.architecture.as_str() {
            "llama" => Architecture::Llama,
            "qwen2" => Architecture::Qwen2,
            "qwen3" => Architecture::Qwen3,
            other => bail!("the architecture {other} is not known"),
        },
        head_dim: description.head_dim,
        rank: description.rank,
        alpha: description.alpha,
        slices: slices
            .map(|((layer, target), ((a_shape, a), (b_shape, b)))| Slice {
                layer: *layer,
                target: Target::ALL[*target],
                inputs: a_shape[1],
                outputs: b_shape[0],
                a,
                b,
            })
            .collect(),
    };
    let base = folder.join("base.gguf");
    let lineage = Lineage {
        name: "peers".into(),
        base: folder.join("hf").display().to_string(),
        base_sha256: file_sha256(&base)?,
        base_licence: None,
        rows: 0,
        rows_sha256: String::new(),
        settings: serde_json::Value::Null,
        engine_version: env!("CARGO_PKG_VERSION").into(),
    };
    for (precision, name) in [(Precision::F32, "f32"), (Precision::F16, "f16")] {
        write_gguf(
            &adapter,
            &lineage,
            precision,
            &folder.join(format!("adapter-{name}.gguf")),
        )?;
        Merge::plan(&base, &adapter, &lineage, precision)?
            .write(&folder.join(format!("merged-{name}.gguf")), &mut |_| {
                ControlFlow::Continue(())
            })?;
    }
    write_peft(&adapter, &lineage, &folder.join("peft"))?;
    Ok(())
}
