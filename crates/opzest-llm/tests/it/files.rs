//! Model files, good and bad, and writing them in other precisions.

use crate::gguf::{self, Value};
use crate::support::{OPTIONS, greedy, model_path, run, worker};
use opzest_llm::local::{LocalModel, QuantisedType, inspect, quantise};
use opzest_llm::{LlmError, ModelFileProblem};
use std::path::{Path, PathBuf};

#[tokio::test]
async fn the_embedded_models_metadata() {
    let info = inspect(&worker(), &model_path()).await.expect("reads");
    assert_eq!(info.architecture, "llama");
    assert_eq!(info.file_bytes, 98_362_432);
    assert_eq!(info.parameters, 134_515_008);
    assert_eq!(info.quantisation, "Q4_1");
    assert_eq!(info.trained_context, 8192);
    assert_eq!((info.layers, info.vocabulary), (30, 49152));
    assert!(info.has_chat_template);
    // 30 layers, 3 heads of 64 for keys and for values, 2 bytes each.
    assert_eq!(info.cache_bytes_per_token, 30 * 3 * 64 * 2 * 2);
}

/// Each kind of bad file, with what its error must say.
fn bad_files(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let good = std::fs::read(model_path()).expect("reads");
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("writes");
        path
    };
    // The architecture's name in the header, in place: llama -> zlama.
    let mut unsupported = good.clone();
    let key = b"general.architecture";
    let at = good
        .windows(key.len())
        .position(|window| window == key)
        .expect("the key");
    unsupported[at + key.len() + 4 + 8] = b'z';
    // A header that promises 2^60 keys.
    let mut lying = good[..4096].to_vec();
    lying[16..24].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let pipe = folder.join("pipe.gguf");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("makes a pipe");
    let adapter = folder.join("adapter.gguf");
    gguf::adapter(&adapter, "llama", Value::F32(8.0), 0.01);
    vec![
        (folder.join("missing.gguf"), "does not exist"),
        (folder.to_owned(), "it is a folder"),
        (write("empty.gguf", b""), "the file is empty"),
        (write("short.gguf", b"GGUF"), "damaged"),
        (
            write("text.gguf", b"this is a text, not a model"),
            "not a GGUF file",
        ),
        (
            write("page.gguf", b"<!doctype html><p>404"),
            "it is a web page",
        ),
        (
            write("archive.gguf", b"PK\x03\x04............"),
            "ZIP archive",
        ),
        (write("header.gguf", &good[..2000]), "damaged"),
        (
            write("half.gguf", &good[..good.len() / 2]),
            "the file is cut off: it should have 98362432",
        ),
        (write("last-byte.gguf", &good[..good.len() - 1]), "cut off"),
        (
            write("noise.gguf", &[b"GGUF".as_slice(), &[0xa5; 4096]].concat()),
            "damaged",
        ),
        (write("lying.gguf", &lying), "damaged"),
        (
            write("unsupported.gguf", &unsupported),
            "architecture, `zlama`, is not supported",
        ),
        (adapter, "it is of the type `adapter`"),
        (pipe, "not a regular file"),
    ]
}

#[tokio::test]
async fn every_bad_file_is_named_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, expected) in bad_files(folder.path()) {
        let model = LocalModel::new(worker(), &path, OPTIONS);
        let error = run(&model, greedy("Hi", 2)).await.expect_err("a bad file");
        let text = error.to_string();
        assert!(
            matches!(error, LlmError::ModelFile { .. }),
            "{}: {text}",
            path.display()
        );
        assert!(text.contains(expected), "{}: {text}", path.display());
        assert!(
            text.contains(path.to_str().expect("UTF-8")),
            "the file is named: {text}"
        );
    }
}

#[tokio::test]
async fn a_model_that_cannot_converse_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = std::fs::read(model_path()).expect("reads");
    let mut base = good;
    let key = b"tokenizer.chat_template";
    let at = base
        .windows(key.len())
        .position(|window| window == key)
        .expect("the key");
    base[at] = b'X';
    let path = folder.path().join("base.gguf");
    std::fs::write(&path, base).expect("writes");
    let error = LocalModel::new(worker(), &path, OPTIONS)
        .load()
        .await
        .expect_err("refused");
    assert!(error.to_string().contains("no chat template"), "{error}");
}

#[tokio::test]
async fn quantising_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("q8.gguf");
    let bytes = quantise(&worker(), &model_path(), &target, QuantisedType::Q8_0, 1)
        .await
        .expect("quantises");
    assert_eq!(bytes, std::fs::metadata(&target).expect("there").len());
    let info = inspect(&worker(), &target).await.expect("reads");
    assert_eq!(
        (info.quantisation.as_str(), info.parameters),
        ("Q8_0", 134_515_008)
    );
    let answer = run(
        &LocalModel::new(worker(), &target, OPTIONS),
        greedy("How many days are in a week?", 24),
    )
    .await
    .expect("answers");
    assert!(!answer.text.is_empty());

    let source = folder.path().join("half.gguf");
    let good = std::fs::read(model_path()).expect("reads");
    std::fs::write(&source, &good[..good.len() / 2]).expect("writes");
    let error = quantise(
        &worker(),
        &source,
        &folder.path().join("no.gguf"),
        QuantisedType::F16,
        1,
    )
    .await
    .expect_err("a broken source");
    assert!(
        matches!(
            error,
            LlmError::ModelFile {
                problem: ModelFileProblem::Truncated { .. },
                ..
            }
        ),
        "{error}"
    );
    let nowhere = folder.path().join("missing-folder/no.gguf");
    quantise(&worker(), &model_path(), &nowhere, QuantisedType::F16, 1)
        .await
        .expect_err("nowhere");
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .expect("lists")
        .map(|entry| {
            entry
                .expect("entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    assert_eq!(names, ["half.gguf", "q8.gguf"], "no broken file is left");
}
