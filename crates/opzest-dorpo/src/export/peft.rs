//! The adapter as a folder that `peft.PeftModel.from_pretrained` loads onto a transformers model.

use super::adapter::pairs_rows;
use super::{Adapter, ExportError, Lineage, Slice, Target, aside};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

const WEIGHTS: &str = "adapter_model.safetensors";

/// Makes the folder `path`, which must not exist: `adapter_model.safetensors` (F32), `adapter_config.json`, `README.md`.
/// `base` of the lineage is what PEFT calls the base model.
pub fn write_peft(
    adapter: &Adapter<'_>,
    lineage: &Lineage,
    path: &Path,
) -> Result<(), ExportError> {
    adapter.check()?;
    let tensors = tensors(adapter);
    let views = tensors.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes)
            .expect("the adapter's shapes were checked");
        (name.clone(), view)
    });
    // What transformers' own files say.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let weights = serialize(views, Some(metadata))
        .map_err(|problem| ExportError::Adapter(problem.to_string()))?;
    let config = serde_json::to_vec_pretty(&config(adapter, lineage))
        .map_err(|problem| ExportError::Adapter(problem.to_string()))?;
    let files = [
        (WEIGHTS, weights),
        ("adapter_config.json", config),
        ("README.md", readme(lineage).into_bytes()),
    ];
    aside::write_folder(path, &files, |aside| {
        let read =
            std::fs::read(aside.join(WEIGHTS)).map_err(|source| ExportError::read(path, source))?;
        let read = SafeTensors::deserialize(&read)
            .map_err(|problem| ExportError::read_back(path, problem.to_string()))?;
        let same = |(name, (shape, bytes)): (&String, &([usize; 2], Vec<u8>))| {
            read.tensor(name)
                .is_ok_and(|view| view.shape() == shape && view.data() == bytes)
        };
        if read.len() == tensors.len() && tensors.iter().all(same) {
            Ok(())
        } else {
            Err(ExportError::read_back(path, format!("in `{WEIGHTS}`")))
        }
    })
}

/// PEFT's names, shapes and bytes.
fn tensors(adapter: &Adapter<'_>) -> BTreeMap<String, ([usize; 2], Vec<u8>)> {
    let mut tensors = BTreeMap::new();
    for slice in &adapter.slices {
        let module = slice.target.module();
        let name = format!("base_model.model.model.layers.{}.{module}", slice.layer);
        let b = rows_of_transformers(adapter, slice);
        let bytes = |values: &[f32]| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        let a = ([adapter.rank, slice.inputs], bytes(slice.a));
        tensors.insert(format!("{name}.lora_A.weight"), a);
        let b = ([slice.outputs, adapter.rank], bytes(&b));
        tensors.insert(format!("{name}.lora_B.weight"), b);
    }
    tensors
}

/// B with its rows in the order of transformers' weights. In GGUF files of the llama family, the rows 2j and 2j+1 of a
/// head in q and k are transformers' j and j + head_dim/2.
fn rows_of_transformers(adapter: &Adapter<'_>, slice: &Slice<'_>) -> Vec<f32> {
    let rotated = matches!(slice.target, Target::Q | Target::K);
    if !rotated || !pairs_rows(adapter.architecture) {
        return slice.b.to_vec();
    }
    let (rank, half) = (adapter.rank, adapter.head_dim / 2);
    (0..slice.outputs)
        .flat_map(|row| {
            let (head, row) = (row / adapter.head_dim, row % adapter.head_dim);
            let paired = head * adapter.head_dim + 2 * (row % half) + row / half;
            &slice.b[paired * rank..][..rank]
        })
        .copied()
        .collect()
}

fn config(adapter: &Adapter<'_>, lineage: &Lineage) -> serde_json::Value {
    json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": lineage.base,
        "inference_mode": true,
        "r": adapter.rank,
        "lora_alpha": adapter.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": false,
        "use_rslora": false,
        "use_dora": false,
        "target_modules": target_modules(adapter),
    })
}

/// The modules' names where the layers 0 to n all have the same ones; else an expression for exactly those that are
/// adapted, because PEFT would give the others weights that the file does not have.
fn target_modules(adapter: &Adapter<'_>) -> serde_json::Value {
    let mut layers = BTreeMap::<usize, BTreeSet<Target>>::new();
    for slice in &adapter.slices {
        layers.entry(slice.layer).or_default().insert(slice.target);
    }
    let first = layers.values().next();
    let even = layers
        .iter()
        .enumerate()
        .all(|(position, (layer, targets))| position == *layer && Some(targets) == first);
    if let Some(targets) = first.filter(|_| even) {
        let name = |target: &Target| target.module().rsplit('.').next();
        return json!(targets.iter().filter_map(name).collect::<Vec<_>>());
    }
    let paths = layers.iter().flat_map(|(layer, targets)| {
        let modules = targets
            .iter()
            .map(|target| target.module().replace('.', r"\."));
        modules.map(move |module| format!(r"layers\.{layer}\.{module}"))
    });
    json!(format!(r"(.*\.)?({})", paths.collect::<Vec<_>>().join("|")))
}

fn readme(lineage: &Lineage) -> String {
    // JSON strings are YAML strings.
    let quoted = |text: &str| json!(text).to_string();
    let licence = match &lineage.base_licence {
        Some(licence) => format!("license: {}\n", quoted(&licence.to_lowercase())),
        None => String::new(),
    };
    let settings = serde_json::to_string_pretty(&lineage.settings).unwrap_or_default();
    format!(
        "---\nbase_model: {base}\nlibrary_name: peft\n{licence}---\n\n# {name}\n\n\
         A LoRA adapter, trained with OpZest {version} on {rows} rows. Its layout is that of PEFT for the transformers form of\n\
         the base model.\n\n\
         | | |\n| --- | --- |\n\
         | base model | {base_text} |\n\
         | SHA-256 of the base's GGUF file | `{base_sha256}` |\n\
         | rows | {rows} |\n\
         | SHA-256 of the rows | `{rows_sha256}` |\n\
         | trained with | OpZest {version} |\n\n\
         Settings:\n\n```json\n{settings}\n```\n",
        base = quoted(&lineage.base),
        base_text = lineage.base.replace(['|', '\n'], " "),
        name = lineage.name.replace('\n', " "),
        version = lineage.engine_version,
        rows = lineage.rows,
        base_sha256 = lineage.base_sha256,
        rows_sha256 = lineage.rows_sha256,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Architecture, ExportError, fixture};

    fn read(path: &Path, name: &str) -> Vec<f32> {
        let bytes = std::fs::read(path.join(WEIGHTS)).expect("the weights");
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        let data = tensors.tensor(name).expect("the tensor").data().to_vec();
        let numbers = data.chunks_exact(4);
        numbers
            .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
            .collect()
    }

    /// `permute` of llama.cpp's convert_hf_to_gguf.py puts transformers' row r of a head at 2 r (first half) or
    /// 2 (r - half) + 1.
    #[test]
    fn q_and_k_of_the_llama_family_are_put_back() {
        let weights = fixture::Weights::new(Architecture::Llama);
        let adapter = weights.adapter();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("peft");
        write_peft(&adapter, &fixture::lineage(""), &path).expect("it is written");
        let (rank, dim) = (adapter.rank, adapter.head_dim);
        for slice in &adapter.slices {
            let name = format!(
                "base_model.model.model.layers.{}.{}.lora_B.weight",
                slice.layer,
                slice.target.module()
            );
            let b = read(&path, &name);
            for row in 0..slice.outputs {
                let (head, r) = (row / dim * dim, row % dim);
                let at = match slice.target {
                    Target::Q | Target::K if r < dim / 2 => head + 2 * r,
                    Target::Q | Target::K => head + 2 * (r - dim / 2) + 1,
                    _ => row,
                };
                assert_eq!(
                    b[row * rank..][..rank],
                    slice.b[at * rank..][..rank],
                    "{name} {row}"
                );
            }
            assert_eq!(read(&path, &name.replace("lora_B", "lora_A")), slice.a);
        }
    }

    #[test]
    fn other_families_are_as_they_are() {
        let weights = fixture::Weights::new(Architecture::Qwen2);
        let adapter = weights.adapter();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("peft");
        write_peft(&adapter, &fixture::lineage(""), &path).expect("it is written");
        let name = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight";
        assert_eq!(read(&path, name), adapter.slices[0].b);
        let again = write_peft(&adapter, &fixture::lineage(""), &path);
        assert!(matches!(again, Err(ExportError::Exists { .. })));
    }

    #[test]
    fn the_config_names_what_is_adapted() {
        let weights = fixture::Weights::new(Architecture::Llama);
        let mut adapter = weights.adapter();
        let config = config(&adapter, &fixture::lineage(""));
        assert_eq!(config["r"], 3);
        assert_eq!(config["lora_alpha"], 6.0);
        assert_eq!(
            config["target_modules"],
            json!([
                "q_proj",
                "k_proj",
                "v_proj",
                "o_proj",
                "gate_proj",
                "up_proj",
                "down_proj"
            ])
        );
        adapter
            .slices
            .retain(|slice| slice.layer == 1 && slice.target <= Target::K);
        assert_eq!(
            target_modules(&adapter),
            r"(.*\.)?(layers\.1\.self_attn\.q_proj|layers\.1\.self_attn\.k_proj)"
        );
    }

    #[test]
    fn the_readme_tells_the_lineage() {
        insta::assert_snapshot!(readme(&fixture::lineage("ab12")));
    }
}
