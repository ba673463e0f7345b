//! What is refused, and that damage never panics.

use std::path::{Path, PathBuf};

use super::*;
use crate::lora::SplitMix;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/reference/{name}.gguf"))
}

fn read_bytes(bytes: &[u8]) -> Result<BaseModel, ModelError> {
    let folder = tempfile::tempdir().expect("succeeds");
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes).expect("succeeds");
    BaseModel::read(&path)
}

/// Replaces text by text of the same length, everywhere.
fn replaced(name: &str, from: &str, to: &str) -> String {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(reference(name)).expect("succeeds");
    let mut found = false;
    for start in 0..=bytes.len() - from.len() {
        if &bytes[start..start + from.len()] == from.as_bytes() {
            bytes[start..start + from.len()].copy_from_slice(to.as_bytes());
            found = true;
        }
    }
    assert!(found);
    read_bytes(&bytes).expect_err("is refused").to_string()
}

#[test]
fn sizes_and_kinds_come_from_the_file() {
    let llama3 = BaseModel::read(&reference("llama3")).expect("succeeds");
    assert_eq!(
        (
            llama3.config.hidden,
            llama3.config.query_size(),
            llama3.config.kv_size()
        ),
        (16, 32, 16)
    );
    assert!(llama3.output.is_some() && llama3.rope_divisors.is_some());
    let qwen2 = BaseModel::read(&reference("qwen2")).expect("succeeds");
    assert!(qwen2.layers[0].q.bias.is_some() && qwen2.output.is_none());
    assert_eq!(qwen2.config.architecture.rope_pairs(), RopePairs::Halves);
    assert!(
        BaseModel::read(&reference("qwen3"))
            .expect("succeeds")
            .layers[1]
            .qk_norm
            .is_some()
    );
}

#[test]
fn what_training_does_not_know_is_refused_by_name() {
    assert!(replaced("qwen2", "qwen2", "gemma").contains("gemma"));
    assert!(
        replaced("llama", "blk.1.ffn_up.weight", "blk.1.ffn_xx.weight")
            .contains("blk.1.ffn_up.weight is missing")
    );
    assert!(
        replaced("llama3", "rope_freqs.weight", "other_thing.weigh")
            .contains("other_thing.weigh is not known")
    );
    assert!(
        replaced("llama", "llama.block_count", "llama.block_xxxxx")
            .contains("llama.block_count is missing")
    );
    let missing = BaseModel::read(Path::new("no such file.gguf"))
        .expect_err("is refused")
        .to_string();
    assert!(missing.contains("no such file.gguf"));
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let whole = std::fs::read(reference("llama3")).expect("succeeds");
    for length in [0, 3, 8, 24, 100, 500, 2000, whole.len() - 1] {
        read_bytes(&whole[..length]).expect_err("is refused");
    }
    let mut random = SplitMix(1);
    for _ in 0..2000 {
        let mut bytes = whole.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(4000);
            bytes[at] = random.next_u64() as u8;
        }
        // Many such files are still whole: what counts is that none of them panics.
        let _ = read_bytes(&bytes);
    }
    let mut bytes = whole.clone();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    let read = read_bytes(&bytes);
    let model = match read {
        Err(error) => return assert!(error.to_string().contains("not numbers")),
        Ok(model) => model,
    };
    let blocks = [&model.embedding]
        .into_iter()
        .chain(&model.output)
        .chain(model.layers.iter().map(|layer| &layer.down));
    assert!(
        blocks
            .flat_map(|m| (0..m.blocks()).map(|i| m.block(i)))
            .any(|block| block.is_err())
    );
}
