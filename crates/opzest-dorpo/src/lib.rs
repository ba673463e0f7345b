//! Training a LoRA adapter by DORPO on a processor: distillation of stored teacher distributions (KL) together with the
//! odds-ratio preference loss, over a frozen base that is read from the GGUF file that the runtime serves.
//!
//! It knows no database, no llama.cpp and no interface: rows come in as tokens ([`example`]), adapters and metrics go out. The
//! app runs it in a process of its own ([`child`]).

pub mod child;
pub mod data;
pub mod engine;
pub mod example;
pub mod export;
pub mod judge;
pub mod kernels;
pub mod lora;
pub mod loss;
pub mod model;
pub mod train;
