//! Writes small GGUF files for tests (the format: ggml's `docs/gguf.md`, version 3).

use std::path::Path;

pub enum Value<'a> {
    Text(&'a str),
    U32(u32),
    F32(f32),
}

/// A matrix of f32: `rows` rows of `columns` values, row by row.
pub struct Matrix {
    pub name: String,
    pub rows: u64,
    pub columns: u64,
    pub values: Vec<f32>,
}

pub fn write(path: &Path, keys: &[(&str, Value)], tensors: &[Matrix]) {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((keys.len() as u64).to_le_bytes());
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    };
    for (key, value) in keys {
        text(&mut out, key);
        match value {
            Value::U32(number) => {
                out.extend(4u32.to_le_bytes());
                out.extend(number.to_le_bytes());
            }
            Value::F32(number) => {
                out.extend(6u32.to_le_bytes());
                out.extend(number.to_le_bytes());
            }
            Value::Text(value) => {
                out.extend(8u32.to_le_bytes());
                text(&mut out, value);
            }
        }
    }
    let mut offset = 0u64;
    for tensor in tensors {
        text(&mut out, &tensor.name);
        out.extend(2u32.to_le_bytes());
        out.extend(tensor.columns.to_le_bytes());
        out.extend(tensor.rows.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += (tensor.values.len() as u64 * 4).next_multiple_of(32);
    }
    for tensor in tensors {
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
    }
    std::fs::write(path, out).expect("writes");
}

/// A LoRA adapter of rank 4 for the embedded model's first layers: `strength` 0 changes nothing.
pub fn adapter(path: &Path, architecture: &str, alpha: Value, strength: f32) {
    const RANK: u64 = 4;
    const WIDTH: u64 = 576;
    // A small deterministic pattern with mean 0.
    let pattern = |count: u64, salt: u64| {
        (0..count)
            .map(|i| ((i * 7919 + salt * 104_729) % 1009) as f32 / 504.0 - 1.0)
            .collect::<Vec<_>>()
    };
    let mut tensors = Vec::new();
    for layer in 0..4u64 {
        let name = format!("blk.{layer}.attn_q.weight");
        tensors.push(Matrix {
            name: format!("{name}.lora_a"),
            rows: RANK,
            columns: WIDTH,
            values: pattern(RANK * WIDTH, layer),
        });
        let b = pattern(WIDTH * RANK, layer + 100)
            .into_iter()
            .map(|value| value * strength)
            .collect();
        tensors.push(Matrix {
            name: format!("{name}.lora_b"),
            rows: WIDTH,
            columns: RANK,
            values: b,
        });
    }
    let keys = [
        ("general.architecture", Value::Text(architecture)),
        ("general.type", Value::Text("adapter")),
        ("adapter.type", Value::Text("lora")),
        ("adapter.lora.alpha", alpha),
    ];
    write(path, &keys, &tensors);
}
