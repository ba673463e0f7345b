//! A GGUF file's header, read by ggml itself. Only in the worker: a hostile header may abort the process.

use crate::error::ModelFileProblem;
use crate::local::info::ModelFileInfo;
use llama_cpp_sys_2 as sys;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::ptr::NonNull;

/// An open GGUF header (`no_alloc`: the tensors' data is not read).
pub struct Gguf {
    context: NonNull<sys::gguf_context>,
    file_bytes: u64,
}

impl Drop for Gguf {
    fn drop(&mut self) {
        // SAFETY: the pointer came from gguf_init_from_file and is freed once.
        unsafe { sys::gguf_free(self.context.as_ptr()) }
    }
}

/// One tensor's size, and where it ends in the file.
pub struct Tensor {
    pub kind: String,
    pub elements: u64,
    /// From the file's start, in bytes.
    end: u64,
}

impl Gguf {
    /// Opens `path` after checking what can be checked without ggml, and that no tensor lies beyond
    /// the file's end.
    pub fn open(path: &Path) -> Result<Self, ModelFileProblem> {
        let file_bytes = check_beginning(path)?;
        let unreadable = |reason: &str| ModelFileProblem::Damaged(reason.to_owned());
        let c_path = path
            .to_str()
            .and_then(|path| CString::new(path).ok())
            .ok_or_else(|| ModelFileProblem::Unreadable("the path is not valid UTF-8".into()))?;
        let params = sys::gguf_init_params {
            no_alloc: true,
            ctx: std::ptr::null_mut(),
        };
        // SAFETY: the path is a NUL-terminated string; a null context asks for metadata only.
        let context = unsafe { sys::gguf_init_from_file(c_path.as_ptr(), params) };
        let context = NonNull::new(context)
            .ok_or_else(|| unreadable("its header cannot be read; it may be cut off"))?;
        let gguf = Self {
            context,
            file_bytes,
        };
        let expected = gguf.tensors().map(|tensor| tensor.end).max().unwrap_or(0);
        if expected > file_bytes {
            return Err(ModelFileProblem::Truncated {
                expected,
                actual: file_bytes,
            });
        }
        Ok(gguf)
    }

    /// The value of an unsigned (or non-negative signed) integer key of any width.
    pub fn unsigned(&self, key: &str) -> Option<u64> {
        let id = self.key(key)?;
        let context = self.context.as_ptr();
        // SAFETY: the id is valid, and each accessor is called for the type that it asserts.
        unsafe {
            match sys::gguf_get_kv_type(context, id) {
                sys::GGUF_TYPE_UINT8 => Some(sys::gguf_get_val_u8(context, id).into()),
                sys::GGUF_TYPE_UINT16 => Some(sys::gguf_get_val_u16(context, id).into()),
                sys::GGUF_TYPE_UINT32 => Some(sys::gguf_get_val_u32(context, id).into()),
                sys::GGUF_TYPE_UINT64 => Some(sys::gguf_get_val_u64(context, id)),
                sys::GGUF_TYPE_INT32 => sys::gguf_get_val_i32(context, id).try_into().ok(),
                sys::GGUF_TYPE_INT64 => sys::gguf_get_val_i64(context, id).try_into().ok(),
                _ => None,
            }
        }
    }

    /// The value of a 32-bit float key.
    pub fn float(&self, key: &str) -> Option<f32> {
        let id = self.key(key)?;
        // SAFETY: the id is valid and the type is checked before the accessor asserts it.
        unsafe {
            (sys::gguf_get_kv_type(self.context.as_ptr(), id) == sys::GGUF_TYPE_FLOAT32)
                .then(|| sys::gguf_get_val_f32(self.context.as_ptr(), id))
        }
    }

    /// The value of a string key.
    pub fn string(&self, key: &str) -> Option<String> {
        let id = self.key(key)?;
        // SAFETY: the id is valid, the type is checked, and the string lives as long as the context.
        unsafe {
            (sys::gguf_get_kv_type(self.context.as_ptr(), id) == sys::GGUF_TYPE_STRING).then(|| {
                CStr::from_ptr(sys::gguf_get_val_str(self.context.as_ptr(), id))
                    .to_string_lossy()
                    .into_owned()
            })
        }
    }

    /// How many items an array key has.
    fn array_length(&self, key: &str) -> Option<u64> {
        let id = self.key(key)?;
        // SAFETY: the id is valid and the type is checked before the accessor asserts it.
        unsafe {
            (sys::gguf_get_kv_type(self.context.as_ptr(), id) == sys::GGUF_TYPE_ARRAY)
                .then(|| sys::gguf_get_arr_n(self.context.as_ptr(), id) as u64)
        }
    }

    fn key(&self, key: &str) -> Option<i64> {
        let key = CString::new(key).ok()?;
        // SAFETY: both pointers are valid for the call.
        let id = unsafe { sys::gguf_find_key(self.context.as_ptr(), key.as_ptr()) };
        (id >= 0).then_some(id)
    }

    /// The file's tensors, in file order.
    pub fn tensors(&self) -> impl Iterator<Item = Tensor> + '_ {
        let context = self.context.as_ptr();
        // SAFETY: indices stay below the count; names and type names are NUL-terminated and static or
        // owned by the context.
        let (count, data) = unsafe {
            (
                sys::gguf_get_n_tensors(context),
                sys::gguf_get_data_offset(context) as u64,
            )
        };
        (0..count).map(move |i| unsafe {
            let kind = sys::gguf_get_tensor_type(context, i);
            let size = sys::gguf_get_tensor_size(context, i) as u64;
            let block_bytes = (sys::ggml_type_size(kind) as u64).max(1);
            Tensor {
                kind: CStr::from_ptr(sys::ggml_type_name(kind))
                    .to_string_lossy()
                    .to_uppercase(),
                elements: size / block_bytes * sys::ggml_blck_size(kind) as u64,
                end: data
                    .saturating_add(sys::gguf_get_tensor_offset(context, i) as u64)
                    .saturating_add(size),
            }
        })
    }

    /// What the app shows and decides by. Fails for files that are no language model.
    pub fn model_info(&self) -> Result<ModelFileInfo, ModelFileProblem> {
        let architecture = self
            .string("general.architecture")
            .ok_or_else(|| ModelFileProblem::Damaged("it names no architecture".into()))?;
        if let Some(kind) = self.string("general.type").filter(|kind| kind != "model") {
            return Err(ModelFileProblem::Unsuitable(format!(
                "it is of the type `{kind}`"
            )));
        }
        let number = |key: &str| self.unsigned(&format!("{architecture}.{key}")).unwrap_or(0);
        let (mut parameters, mut by_kind) = (0, std::collections::BTreeMap::new());
        for tensor in self.tensors() {
            parameters += tensor.elements;
            *by_kind.entry(tensor.kind).or_insert(0) += tensor.elements;
        }
        if parameters == 0 {
            return Err(ModelFileProblem::Unsuitable("it has no weights".into()));
        }
        let quantisation = by_kind
            .into_iter()
            .max_by_key(|(_, elements)| *elements)
            .map(|(kind, _)| kind)
            .unwrap_or_default();
        for (key, most) in SENSIBLE {
            if number(key) > most {
                let reason = format!("its `{architecture}.{key}` is {}", number(key));
                return Err(ModelFileProblem::Damaged(reason));
            }
        }
        let heads = number("attention.head_count").max(1);
        let kv_heads = match number("attention.head_count_kv") {
            0 => heads,
            kv_heads => kv_heads,
        };
        let head_size = |key| match number(key) {
            0 => number("embedding_length") / heads,
            size => size,
        };
        let per_layer =
            kv_heads * (head_size("attention.key_length") + head_size("attention.value_length"));
        Ok(ModelFileInfo {
            name: self.string("general.name"),
            licence: self.string("general.license"),
            file_bytes: self.file_bytes,
            parameters,
            trained_context: number("context_length") as u32,
            layers: number("block_count") as u32,
            heads: heads as u32,
            vocabulary: self.array_length("tokenizer.ggml.tokens").unwrap_or(0) as u32,
            has_chat_template: self.key("tokenizer.chat_template").is_some(),
            cache_bytes_per_token: number("block_count") * per_layer * cache_bytes(&quantisation),
            quantisation,
            architecture,
        })
    }
}

/// Numbers of a header that are multiplied later, with the most that any model could mean.
const SENSIBLE: [(&str, u64); 7] = [
    ("block_count", 1 << 12),
    ("context_length", 1 << 28),
    ("embedding_length", 1 << 20),
    ("attention.head_count", 1 << 12),
    ("attention.head_count_kv", 1 << 12),
    ("attention.key_length", 1 << 16),
    ("attention.value_length", 1 << 16),
];

/// Bytes of one value in the cache: it is as precise as the weights, at least 16 bits.
fn cache_bytes(quantisation: &str) -> u64 {
    if quantisation == "F32" { 4 } else { 2 }
}

/// Exists, is not empty, begins like a GGUF file. Returns its length.
fn check_beginning(path: &Path) -> Result<u64, ModelFileProblem> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ModelFileProblem::Missing,
        _ => ModelFileProblem::Unreadable(error.to_string()),
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(ModelFileProblem::NotGguf("it is a folder".into()));
    }
    // Opening a pipe would wait for ever.
    if !metadata.is_file() {
        return Err(ModelFileProblem::NotGguf("it is not a regular file".into()));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut magic = Vec::with_capacity(8);
    file.by_ref()
        .take(8)
        .read_to_end(&mut magic)
        .map_err(unreadable)?;
    if metadata.len() == 0 {
        return Err(ModelFileProblem::Empty);
    }
    if !magic.starts_with(b"GGUF") {
        let looks = match magic.as_slice() {
            [b'P', b'K', ..] => "it is a ZIP archive",
            [b'<', ..] => "it is a web page; was the download redirected?",
            [_, _, _, _, _, _, 0, 0, ..] => {
                "it may be a safetensors file; convert it to GGUF first"
            }
            _ if magic.starts_with(b"version ") => "it is a Git LFS pointer; fetch the real file",
            _ => "it does not begin with GGUF",
        };
        return Err(ModelFileProblem::NotGguf(looks.into()));
    }
    if metadata.len() < 24 {
        return Err(ModelFileProblem::Damaged(
            "its header cannot be read; it may be cut off".into(),
        ));
    }
    Ok(metadata.len())
}
