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
    #[error("the graphics card cannot be used ({0}); train on the processor")]
    NoCard(candle_core::Error),
    #[error(
        "the graphics card gave up ({0}); choose a shorter longest row, or train on the processor"
    )]
    Card(#[from] candle_core::Error),
    #[error("the loss gave {0}, so that no step can be made")]
    Gradient(String),
}
