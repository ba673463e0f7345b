//! Why training on a batch cannot begin.

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("{0}")]
    Weights(String),
    #[error("example {example} of the batch {problem}")]
    Example { example: usize, problem: String },
    #[error("the adapter does not fit this base model: {0}")]
    Adapter(String),
    #[error("this processor has no products of bf16 numbers; train in f32")]
    NoBf16,
    #[error("cannot start the {threads} threads of training: {source}")]
    Threads {
        threads: usize,
        source: rayon::ThreadPoolBuildError,
    },
    #[error("the loss gave {0}, so that no step can be made")]
    Gradient(String),
}
