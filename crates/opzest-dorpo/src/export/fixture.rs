//! A small model file and an adapter for it.

use super::gguf::{Kind, NewTensor, Pairs, pad, write_header};
use super::{Adapter, Architecture, Lineage, Slice, Target};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::path::{Path, PathBuf};

const LAYERS: usize = 2;
const WIDTH: usize = 64;
const HEAD_DIM: usize = 16;
const FEED_FORWARD: usize = 96;
const RANK: usize = 3;

/// `[inputs, outputs]`: four heads, two key-value heads.
fn shape(target: Target) -> [usize; 2] {
    match target {
        Target::Q | Target::O => [WIDTH, WIDTH],
        Target::K | Target::V => [WIDTH, 2 * HEAD_DIM],
        Target::Gate | Target::Up => [WIDTH, FEED_FORWARD],
        Target::Down => [FEED_FORWARD, WIDTH],
    }
}

fn targets() -> impl Iterator<Item = (usize, Target)> {
    (0..LAYERS).flat_map(|layer| Target::ALL.map(|target| (layer, target)))
}

pub struct Weights {
    architecture: Architecture,
    sides: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Weights {
    pub fn new(architecture: Architecture) -> Self {
        let mut random = StdRng::seed_from_u64(1);
        let mut numbers = |count: usize| -> Vec<f32> {
            (0..count).map(|_| random.random_range(-0.5..0.5)).collect()
        };
        let sides = targets()
            .map(|(_, target)| {
                let [inputs, outputs] = shape(target);
                (numbers(RANK * inputs), numbers(outputs * RANK))
            })
            .collect();
        Self {
            architecture,
            sides,
        }
    }

    pub fn adapter(&self) -> Adapter<'_> {
        let slices = targets().zip(&self.sides);
        Adapter {
            architecture: self.architecture,
            head_dim: HEAD_DIM,
            rank: RANK,
            alpha: 6.0,
            slices: slices
                .map(|((layer, target), (a, b))| Slice {
                    layer,
                    target,
                    inputs: shape(target)[0],
                    outputs: shape(target)[1],
                    a,
                    b,
                })
                .collect(),
        }
    }
}

pub fn lineage(base_sha256: &str) -> Lineage {
    Lineage {
        name: "my e-mails 3".into(),
        base: "example/tiny".into(),
        base_sha256: base_sha256.into(),
        base_licence: Some("Apache-2.0".into()),
        rows: 41,
        rows_sha256: "cd34".into(),
        settings: serde_json::json!({"rank": RANK, "lambda": 0.1}),
        engine_version: "0.1.0".into(),
    }
}

/// The metadata of [`base`]: with a list of strings, one of which is not UTF-8, as tokenizers have.
pub fn metadata(architecture: Architecture) -> Pairs {
    let mut pairs = Pairs::default();
    pairs.set_string("general.architecture", architecture.name());
    pairs.set_string("general.name", "Tiny");
    pairs.set_string("general.license", "apache-2.0");
    let mut tokens = 8_u32.to_le_bytes().to_vec();
    tokens.extend_from_slice(&2_u64.to_le_bytes());
    for token in [&b"a\0b"[..], &b"\xff\xfe"[..]] {
        tokens.extend_from_slice(&(token.len() as u64).to_le_bytes());
        tokens.extend_from_slice(token);
    }
    pairs.set("tokenizer.ggml.tokens", 9, tokens);
    pairs
}

/// A base model with targets of this type, of random bytes whose scales are ordinary numbers.
pub fn base(folder: &Path, architecture: Architecture, kind: u32) -> PathBuf {
    let kind = Kind::of(kind).expect("a known type");
    let norm = Kind::of(0).expect("F32");
    let tensor = |name: String, dims: Vec<u64>, kind: Kind| NewTensor {
        bytes: dims.iter().product::<u64>() / kind.block * kind.bytes,
        name,
        dims,
        kind,
    };
    let mut tensors = vec![tensor("output_norm.weight".into(), vec![7], norm)];
    for (layer, target) in targets() {
        let dims = shape(target).map(|size| size as u64).to_vec();
        tensors.push(tensor(target.gguf_tensor(layer), dims, kind));
    }
    let mut random = StdRng::seed_from_u64(2);
    let mut file = Vec::new();
    let pairs = metadata(architecture);
    write_header(&mut file, &pairs, &tensors, 32).expect("memory is enough");
    for tensor in &tensors {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < tensor.bytes {
            if tensor.kind.block > 1 {
                // Q4_1: a scale and a least value as F16, then 4-bit numbers.
                for scale in [0.013, -0.1] {
                    bytes.extend_from_slice(&half::f16::from_f32(scale).to_le_bytes());
                }
                bytes.extend((4..tensor.kind.bytes).map(|_| random.random::<u8>()));
            } else {
                let value: f32 = random.random_range(-0.5..0.5);
                match tensor.kind.bytes {
                    2 => bytes.extend_from_slice(&half::f16::from_f32(value).to_le_bytes()),
                    _ => bytes.extend_from_slice(&value.to_le_bytes()),
                }
            }
        }
        file.extend_from_slice(&bytes);
        pad(&mut file, tensor.bytes, 32).expect("memory is enough");
    }
    let path = folder.join(format!("base-{}.gguf", kind.name));
    std::fs::write(&path, file).expect("the folder can be written");
    path
}
