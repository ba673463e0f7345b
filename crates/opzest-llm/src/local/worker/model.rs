//! The loaded base model: weights, vocabulary, chat template, adapters.

use super::gguf::Gguf;
use super::raw::{self, Adapter};
use crate::error::{LlmError, ModelFileProblem};
use crate::local::distribution;
use crate::local::info::{ModelFileInfo, Vocabulary};
use crate::local::machine;
use crate::local::protocol::LoadOptions;
use crate::local::template::ChatTemplate;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_DISABLED;
use opzest_core::chat::ChatMessage;
use opzest_core::trace::{Candidate, TokenTrace};
use std::num::NonZeroU32;
use std::path::Path;

/// Tokens read by one decode.
pub const BATCH: u32 = 512;

pub struct Model {
    pub llama: LlamaModel,
    pub info: ModelFileInfo,
    backend: LlamaBackend,
    template: ChatTemplate,
}

impl Model {
    /// Checks the file, the memory and the template, then loads.
    pub fn load(path: &Path, options: &LoadOptions) -> Result<Self, LlmError> {
        let refuse = |problem| LlmError::ModelFile {
            path: path.to_owned(),
            problem,
        };
        let info = Gguf::open(path)
            .and_then(|gguf| gguf.model_info())
            .map_err(refuse)?;
        check_memory(&info, options)?;
        let backend = LlamaBackend::init().map_err(|error| LlmError::Inference {
            reason: error.to_string(),
        })?;
        let params = LlamaModelParams::default()
            .with_n_gpu_layers(0)
            .with_use_mmap(options.memory_map);
        let llama = LlamaModel::load_from_file(&backend, path, &params)
            .map_err(|_| refuse(load_problem(&info)))?;
        let template = compile_template(&llama).map_err(|error| match error {
            LlmError::Template { reason } => refuse(ModelFileProblem::Unsuitable(reason)),
            other => other,
        })?;
        Ok(Self {
            llama,
            info,
            backend,
            template,
        })
    }

    /// A context with one separate cache for each sequence. Flash attention stays off: with it, cached
    /// and fresh logits differ.
    pub fn context(&self, options: &LoadOptions) -> Result<LlamaContext<'_>, LlmError> {
        let threads = i32::try_from(options.threads).unwrap_or(1);
        let cache = match self.info.quantisation.as_str() {
            "F32" => KvCacheType::F32,
            _ => KvCacheType::F16,
        };
        let params = LlamaContextParams::default()
            .with_type_k(cache)
            .with_type_v(cache)
            .with_n_ctx(NonZeroU32::new(
                options.context_size.saturating_mul(options.sequences),
            ))
            .with_n_seq_max(options.sequences)
            .with_kv_unified(false)
            .with_n_batch(BATCH)
            .with_n_ubatch(BATCH)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_flash_attention_policy(LLAMA_FLASH_ATTN_TYPE_DISABLED)
            .with_no_perf(true);
        self.llama
            .new_context(&self.backend, raw::with_abort(params))
            .map_err(|_| LlmError::OutOfMemory {
                needed_mb: machine::needed_bytes(&self.info, options) >> 20,
                available_mb: machine::Machine::detect().available_bytes >> 20,
            })
    }

    /// The prompt for an assistant's turn, as tokens.
    pub fn prompt(&self, messages: &[ChatMessage]) -> Result<Vec<LlamaToken>, LlmError> {
        let rendered = self.template.render(messages)?;
        let vocab = self.llama.vocab();
        let mut tokens = Vec::new();
        let bos = vocab.bos();
        if vocab.should_add_bos() && !rendered.text().starts_with(&self.text_of(bos)) {
            tokens.push(bos);
        }
        for piece in &rendered.pieces {
            tokens.extend(vocab.tokenize(piece.as_bytes(), false, true));
        }
        Ok(tokens)
    }

    /// An answer's tokens; special tokens in it are ordinary text.
    pub fn answer(&self, text: &str) -> Vec<LlamaToken> {
        self.llama.vocab().tokenize(text.as_bytes(), false, false)
    }

    /// The token that ends an answer in this model's chat template. The vocabulary's own
    /// "end of turn" may be another one that the model also stops at.
    pub fn end_of_turn(&self) -> Result<LlamaToken, LlmError> {
        let vocab = self.llama.vocab();
        let after = vocab.tokenize(self.template.after_answer()?.as_bytes(), false, true);
        let marker = after.into_iter().find(|token| vocab.is_eog(*token));
        Ok(marker.unwrap_or_else(|| vocab.eos()))
    }

    /// All tokens.
    pub fn vocabulary(&self) -> Result<Vocabulary, LlmError> {
        Ok(Vocabulary {
            tokens: (0..self.llama.n_vocab())
                .map(|id| self.bytes_of(LlamaToken(id)))
                .collect(),
            end_of_turn: self.end_of_turn()?.0 as u32,
        })
    }

    /// A token's bytes; special tokens give their own text.
    pub fn bytes_of(&self, token: LlamaToken) -> Vec<u8> {
        self.llama.vocab().token_to_piece(token, true, None)
    }

    fn text_of(&self, token: LlamaToken) -> String {
        special_text(&self.llama, token)
    }

    /// The trace of `token` in the distribution that `logits` give.
    pub fn trace(&self, logits: &[f32], token: LlamaToken, k: u32) -> TokenTrace {
        let reduced = distribution::top_k(logits, token.0 as u32, k as usize);
        let candidate = |id: u32, logprob: f32| Candidate {
            id: Some(id),
            bytes: self.bytes_of(LlamaToken(id as i32)),
            logprob,
        };
        TokenTrace {
            token: candidate(token.0 as u32, reduced.logprob),
            top: reduced
                .top
                .iter()
                .map(|&(id, logprob)| candidate(id, logprob))
                .collect(),
            tail: reduced.tail,
        }
    }

    /// Loads a LoRA adapter after checking that it is one, and one for this architecture.
    pub fn adapter(&self, path: &Path) -> Result<Adapter, LlmError> {
        let refuse = |problem| LlmError::ModelFile {
            path: path.to_owned(),
            problem,
        };
        let gguf = Gguf::open(path).map_err(refuse)?;
        let unsuitable = |reason: &str| refuse(ModelFileProblem::Unsuitable(reason.to_owned()));
        if gguf.string("general.type").as_deref() != Some("adapter")
            || gguf.string("adapter.type").as_deref() != Some("lora")
        {
            return Err(unsuitable("it is not a LoRA adapter"));
        }
        // llama.cpp aborts on an alpha of another type.
        if gguf.float("adapter.lora.alpha").is_none() {
            return Err(unsuitable("its `adapter.lora.alpha` is not a 32-bit float"));
        }
        let architecture = gguf.string("general.architecture").unwrap_or_default();
        if architecture != self.info.architecture {
            return Err(refuse(ModelFileProblem::Mismatch(format!(
                "it was made for `{architecture}`, and the model is `{}`",
                self.info.architecture
            ))));
        }
        raw::take_errors();
        Adapter::load(&self.llama, path).ok_or_else(|| {
            refuse(ModelFileProblem::Mismatch(last_error(
                "llama.cpp refused it",
            )))
        })
    }
}

fn check_memory(info: &ModelFileInfo, options: &LoadOptions) -> Result<(), LlmError> {
    let needed = machine::needed_bytes(info, options);
    let available = machine::Machine::detect().available_bytes;
    if needed > available {
        return Err(LlmError::OutOfMemory {
            needed_mb: needed >> 20,
            available_mb: available >> 20,
        });
    }
    Ok(())
}

/// Why llama.cpp refused a file whose header is fine.
fn load_problem(info: &ModelFileInfo) -> ModelFileProblem {
    let errors = raw::take_errors();
    if errors
        .iter()
        .any(|line| line.contains("unknown model architecture"))
    {
        return ModelFileProblem::UnsupportedArchitecture(info.architecture.clone());
    }
    let detail = errors
        .iter()
        .find_map(|line| line.split_once("error loading model: "));
    ModelFileProblem::Damaged(detail.map_or_else(
        || "llama.cpp could not load it".to_owned(),
        |(_, reason)| reason.to_owned(),
    ))
}

fn last_error(otherwise: &str) -> String {
    raw::take_errors()
        .pop()
        .unwrap_or_else(|| otherwise.to_owned())
}

fn special_text(model: &LlamaModel, token: LlamaToken) -> String {
    if token.0 < 0 {
        return String::new();
    }
    String::from_utf8_lossy(&model.vocab().token_to_piece(token, true, None)).into_owned()
}

fn compile_template(model: &LlamaModel) -> Result<ChatTemplate, LlmError> {
    let source = model
        .chat_template(None)
        .ok()
        .and_then(|template| template.to_string().ok());
    let source = source.ok_or_else(|| LlmError::Template {
        reason: "it has no chat template; it may be a base model that was not taught to converse"
            .into(),
    })?;
    let vocab = model.vocab();
    let control_texts = vocab
        .tokens()
        .filter(|token| vocab.is_control(*token))
        .map(|token| special_text(model, token))
        .filter(|text| text.chars().count() > 1)
        .collect();
    ChatTemplate::new(
        source,
        special_text(model, vocab.bos()),
        special_text(model, vocab.eos()),
        control_texts,
    )
}
