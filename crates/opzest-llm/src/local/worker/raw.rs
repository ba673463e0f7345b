//! What llama-cpp-2 has no safe call for. Every pointer cast of this crate is here.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_sys_2 as sys;
use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set to end the running `decode` within one graph node (about a millisecond).
pub static ABORT: AtomicBool = AtomicBool::new(false);

unsafe extern "C" fn abort_requested(_: *mut c_void) -> bool {
    ABORT.load(Ordering::Relaxed)
}

/// Makes contexts of these parameters obey [`ABORT`].
pub fn with_abort(mut params: LlamaContextParams) -> LlamaContextParams {
    const {
        assert!(size_of::<LlamaContextParams>() == size_of::<sys::llama_context_params>());
    }
    // SAFETY: the wrapper has the C struct as its only field (the sizes are equal, checked above).
    let raw = unsafe { &mut *(&raw mut params).cast::<sys::llama_context_params>() };
    raw.abort_callback = Some(abort_requested);
    raw.abort_callback_data = std::ptr::null_mut();
    params
}

fn model_pointer(model: &LlamaModel) -> *mut sys::llama_model {
    const {
        assert!(size_of::<LlamaModel>() == size_of::<*mut sys::llama_model>());
    }
    // SAFETY: LlamaModel is repr(transparent) over a non-null pointer.
    unsafe { *(model as *const LlamaModel).cast::<*mut sys::llama_model>() }
}

fn context_pointer(context: &LlamaContext<'_>) -> *mut sys::llama_context {
    // LlamaContext is repr(Rust), so its layout is not ours to assume; its Debug text shows the pointer.
    let text = format!("{context:?}");
    let digits = text
        .split("0x")
        .nth(1)
        .map(|rest| rest.trim_end_matches(|c: char| !c.is_ascii_hexdigit()))
        .expect("llama-cpp-2 is pinned, and its LlamaContext prints its pointer");
    let address = usize::from_str_radix(digits, 16).expect("hexadecimal digits");
    address as *mut sys::llama_context
}

/// A LoRA adapter in memory. It must not outlive its model; the engine owns both and drops adapters first.
pub struct Adapter(NonNull<sys::llama_adapter_lora>);

impl Adapter {
    /// Loads an adapter beside a living context. `None` if llama.cpp refuses the file; [`take_errors`]
    /// has its reason.
    pub fn load(model: &LlamaModel, path: &Path) -> Option<Self> {
        let path = CString::new(path.to_str()?).ok()?;
        // SAFETY: the model is alive; the path is a NUL-terminated string.
        NonNull::new(unsafe { sys::llama_adapter_lora_init(model_pointer(model), path.as_ptr()) })
            .map(Self)
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        // SAFETY: loaded by llama_adapter_lora_init and freed once, while the model lives.
        unsafe { sys::llama_adapter_lora_free(self.0.as_ptr()) }
    }
}

/// Makes exactly these adapters, with their scales, act on the context's next decodes.
pub fn set_adapters(context: &mut LlamaContext<'_>, adapters: &[(&Adapter, f32)]) -> bool {
    let mut pointers: Vec<_> = adapters
        .iter()
        .map(|(adapter, _)| adapter.0.as_ptr())
        .collect();
    let mut scales: Vec<f32> = adapters.iter().map(|(_, scale)| *scale).collect();
    // SAFETY: both arrays have the given length; llama.cpp copies them.
    unsafe {
        sys::llama_set_adapters_lora(
            context_pointer(context),
            pointers.as_mut_ptr(),
            pointers.len(),
            scales.as_mut_ptr(),
        ) == 0
    }
}

/// Tokens that one sequence of the context may hold.
pub fn sequence_size(context: &LlamaContext<'_>) -> u32 {
    // SAFETY: the context is alive.
    unsafe { sys::llama_n_ctx_seq(context_pointer(context)) }
}

/// llama.cpp's one-line description of the instruction sets that it uses.
pub fn system_info() -> String {
    // SAFETY: returns a static NUL-terminated string.
    unsafe { CStr::from_ptr(sys::llama_print_system_info()) }
        .to_string_lossy()
        .trim()
        .to_owned()
}

/// Writes `source` in another precision. False if llama.cpp fails; the target may then be broken.
pub fn quantise(source: &Path, target: &Path, ftype: sys::llama_ftype, threads: u32) -> bool {
    let c_path = |path: &Path| path.to_str().and_then(|path| CString::new(path).ok());
    let (Some(source), Some(target)) = (c_path(source), c_path(target)) else {
        return false;
    };
    // SAFETY: default parameters are plain data; both paths are NUL-terminated strings.
    unsafe {
        let mut params = sys::llama_model_quantize_default_params();
        params.ftype = ftype;
        params.nthread = i32::try_from(threads).unwrap_or(1);
        params.allow_requantize = true;
        sys::llama_model_quantize(source.as_ptr(), target.as_ptr(), &params) == 0
    }
}

/// The last warnings and errors that llama.cpp logged.
static ERRORS: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

unsafe extern "C" fn keep_errors(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    // SAFETY: llama.cpp passes a NUL-terminated string.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    if level == sys::GGML_LOG_LEVEL_ERROR {
        tracing::warn!(target: "llama.cpp", "{text}");
        if let Ok(mut errors) = ERRORS.lock() {
            if errors.len() == 16 {
                errors.pop_front();
            }
            errors.push_back(text.to_owned());
        }
    } else {
        tracing::debug!(target: "llama.cpp", "{text}");
    }
}

/// Sends llama.cpp's log to tracing, and keeps its errors for [`take_errors`].
pub fn capture_log() {
    // SAFETY: the callback is a static function that needs no data.
    unsafe {
        sys::llama_log_set(Some(keep_errors), std::ptr::null_mut());
        sys::ggml_log_set(Some(keep_errors), std::ptr::null_mut());
    }
}

/// llama.cpp's errors since the last call, oldest first.
pub fn take_errors() -> Vec<String> {
    ERRORS
        .lock()
        .map(|mut errors| errors.drain(..).collect())
        .unwrap_or_default()
}
