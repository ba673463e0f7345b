use super::*;
use crate::export::{Architecture, file_sha256, fixture};
use candle_core::quantized::gguf_file::Content;

fn go_on(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A tensor as candle reads it.
fn read(path: &Path, name: &str) -> Vec<f32> {
    let mut file = File::open(path).expect("it is there");
    let content = Content::read(&mut file).expect("candle reads it");
    let tensor = content
        .tensor(&mut file, name, &Device::Cpu)
        .expect("it is there");
    let tensor = tensor.dequantize(&Device::Cpu).expect("floats");
    let tensor = tensor.to_dtype(DType::F32).expect("floats").flatten_all();
    tensor.expect("flat").to_vec1().expect("floats")
}

#[test]
fn targets_are_replaced_and_everything_else_is_kept_byte_for_byte() {
    let weights = fixture::Weights::new(Architecture::Qwen2);
    let adapter = weights.adapter();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("merged.gguf");
    // F32, F16, Q4_1.
    for kind in [0, 1, 3] {
        let base = fixture::base(folder.path(), Architecture::Qwen2, kind);
        let lineage = fixture::lineage(&file_sha256(&base).expect("a hash"));
        for (precision, unit) in [
            (Precision::F32, 5e-7),
            (Precision::F16, 1.0 / 2048.0),
            (Precision::Bf16, 1.0 / 256.0),
        ] {
            let merge = Merge::plan(&base, &adapter, &lineage, precision).expect("it fits");
            let bytes = merge.bytes();
            let written = merge.write(&path, &mut go_on).expect("it is written");
            assert_eq!(written.bytes, bytes);
            assert_eq!(written.sha256, file_sha256(&path).expect("a hash"));
            for slice in &adapter.slices {
                let name = slice.target.gguf_tensor(slice.layer);
                let merged = read(&path, &name);
                for (index, before) in read(&base, &name).into_iter().enumerate() {
                    let (row, column) = (index / slice.inputs, index % slice.inputs);
                    let product: f64 = (0..adapter.rank)
                        .map(|r| {
                            let b = f64::from(slice.b[row * adapter.rank + r]);
                            b * f64::from(slice.a[r * slice.inputs + column])
                        })
                        .sum();
                    let expected = f64::from(before) + 2.0 * product;
                    let difference = (f64::from(merged[index]) - expected).abs();
                    assert!(
                        difference <= unit * expected.abs().max(1.0),
                        "{name} {index}"
                    );
                }
            }
            let [before, after] = [&base, &path].map(|path| {
                let file = File::open(path).expect("it is there");
                Header::read(file)
                    .expect("it can be read")
                    .expect("it is sound")
            });
            assert_eq!(
                read(&base, "output_norm.weight"),
                read(&path, "output_norm.weight")
            );
            let named = after.pairs.string("general.name");
            assert_eq!(named, after.pairs.string("opzest.adapter.name"));
            for key in ["tokenizer.ggml.tokens", "general.license"] {
                assert_eq!(before.pairs.raw(key), after.pairs.raw(key));
                assert!(before.pairs.raw(key).is_some());
            }
            let file_type = after.pairs.unsigned("general.file_type");
            assert_eq!(file_type, Some(precision.file_type().into()));
            assert_eq!(after.pairs.string("opzest.rows.sha256"), Some("cd34"));
        }
    }
}

#[test]
fn files_that_do_not_fit_are_named() {
    let weights = fixture::Weights::new(Architecture::Llama);
    let adapter = weights.adapter();
    let folder = tempfile::tempdir().expect("a folder");
    let base = fixture::base(folder.path(), Architecture::Llama, 0);
    let right = fixture::lineage(&file_sha256(&base).expect("a hash"));
    let plan = |path: &Path, adapter: &Adapter<'_>, lineage: &Lineage| {
        let error = Merge::plan(path, adapter, lineage, Precision::F32);
        let error = error.map(drop).expect_err("it does not fit").to_string();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    };
    let mut errors = vec![
        plan(&base, &adapter, &fixture::lineage("ab12")).replace(&right.base_sha256, "HASH"),
        plan(&folder.path().join("missing.gguf"), &adapter, &right),
        plan(folder.path(), &adapter, &right),
    ];
    let mut other = adapter.clone();
    other.architecture = Architecture::Qwen3;
    errors.push(plan(&base, &other, &right));
    let mut other = adapter.clone();
    other.slices[0].layer = 9;
    errors.push(plan(&base, &other, &right));
    let mut other = adapter.clone();
    other.slices[0].outputs = 16;
    other.slices[0].b = &other.slices[0].b[..16 * other.rank];
    errors.push(plan(&base, &other, &right));
    // IQ4_NL.
    let base = fixture::base(folder.path(), Architecture::Llama, 20);
    let lineage = fixture::lineage(&file_sha256(&base).expect("a hash"));
    errors.push(plan(&base, &adapter, &lineage));
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn cancelling_leaves_nothing_and_the_base_is_not_replaced() {
    let weights = fixture::Weights::new(Architecture::Llama);
    let adapter = weights.adapter();
    let folder = tempfile::tempdir().expect("a folder");
    let base = fixture::base(folder.path(), Architecture::Llama, 0);
    let lineage = fixture::lineage(&file_sha256(&base).expect("a hash"));
    let merge = Merge::plan(&base, &adapter, &lineage, Precision::F16).expect("it fits");
    let path = folder.path().join("merged.gguf");
    let result = merge.write(&path, &mut |done| match done {
        0..60_000 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    assert!(matches!(result, Err(ExportError::Cancelled)), "{result:?}");
    let left = std::fs::read_dir(folder.path())
        .expect("it is there")
        .count();
    assert_eq!(left, 1);
}
