//! Small models with random weights, in quantised GGUF files.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use candle_core::{
    Device, Tensor,
    quantized::{
        GgmlDType, QTensor,
        gguf_file::{self, Value},
    },
};

use crate::{lora::SplitMix, model::Architecture};

pub const VOCABULARY: usize = 101;
const HIDDEN: usize = 64;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const FEED_FORWARD: usize = 96;
const LAYERS: usize = 2;

/// llama: Q4_1, the embedding serves as output; qwen2: Q8_0, biases, an output matrix of its own; qwen3: F16, norms of queries
/// and keys, heads wider than hidden / heads.
pub fn write(folder: &Path, architecture: Architecture) -> PathBuf {
    let (dtype, head_dim) = match architecture {
        Architecture::Llama => (GgmlDType::Q4_1, 16),
        Architecture::Qwen2 => (GgmlDType::Q8_0, 16),
        Architecture::Qwen3 => (GgmlDType::F16, 32),
    };
    let mut random = SplitMix(3);
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    let mut add = |name: String, shape: &[usize], dtype, size: f32, around: f32| {
        let count = shape.iter().product();
        let numbers: Vec<f32> = (0..count)
            .map(|_| around + (random.unit() - 0.5) * size)
            .collect();
        let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu).expect("the shape fits");
        let tensor = QTensor::quantize(&tensor, dtype).expect("rows are whole blocks");
        tensors.push((name, tensor));
    };
    let (query, kv) = (HEADS * head_dim, KV_HEADS * head_dim);
    let float = GgmlDType::F32;
    add(
        "token_embd.weight".into(),
        &[VOCABULARY, HIDDEN],
        dtype,
        1.0,
        0.0,
    );
    add("output_norm.weight".into(), &[HIDDEN], float, 0.4, 1.0);
    if architecture == Architecture::Qwen2 {
        add(
            "output.weight".into(),
            &[VOCABULARY, HIDDEN],
            dtype,
            1.0,
            0.0,
        );
    }
    for layer in 0..LAYERS {
        let name = |part: &str| format!("blk.{layer}.{part}");
        for norm in ["attn_norm.weight", "ffn_norm.weight"] {
            add(name(norm), &[HIDDEN], float, 0.4, 1.0);
        }
        for (part, rows) in [("attn_q", query), ("attn_k", kv), ("attn_v", kv)] {
            add(
                name(&format!("{part}.weight")),
                &[rows, HIDDEN],
                dtype,
                0.6,
                0.0,
            );
            if architecture == Architecture::Qwen2 {
                add(name(&format!("{part}.bias")), &[rows], float, 0.5, 0.0);
            }
        }
        if architecture == Architecture::Qwen3 {
            for norm in ["attn_q_norm.weight", "attn_k_norm.weight"] {
                add(name(norm), &[head_dim], float, 0.4, 1.0);
            }
        }
        add(
            name("attn_output.weight"),
            &[HIDDEN, query],
            dtype,
            0.4,
            0.0,
        );
        for part in ["ffn_gate.weight", "ffn_up.weight"] {
            add(name(part), &[FEED_FORWARD, HIDDEN], dtype, 0.4, 0.0);
        }
        add(
            name("ffn_down.weight"),
            &[HIDDEN, FEED_FORWARD],
            dtype,
            0.4,
            0.0,
        );
    }

    let size = |number: usize| Value::U32(number as u32);
    let settings = [
        ("context_length", size(512)),
        ("embedding_length", size(HIDDEN)),
        ("block_count", size(LAYERS)),
        ("feed_forward_length", size(FEED_FORWARD)),
        ("attention.head_count", size(HEADS)),
        ("attention.head_count_kv", size(KV_HEADS)),
        ("attention.key_length", size(head_dim)),
        ("attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("rope.freq_base", Value::F32(5000.0)),
        ("vocab_size", size(VOCABULARY)),
    ];
    let prefix = architecture.name();
    let mut metadata = vec![(
        "general.architecture".to_owned(),
        Value::String(prefix.to_owned()),
    )];
    metadata.extend(settings.map(|(key, value)| (format!("{prefix}.{key}"), value)));
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let path = folder.join(format!("{prefix}.gguf"));
    let mut file = File::create(&path).expect("the folder can be written");
    gguf_file::write(&mut file, &metadata, &tensors).expect("the folder can be written");
    path
}
