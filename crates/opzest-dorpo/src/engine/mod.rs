//! The model with an adapter, forward and backward, on a processor. The base stays as it is: nothing is computed for its
//! gradient. Examples of different lengths are packed into one sequence, prompts are read once for all their answers.
//!
//! It knows no loss: [`Engine::loss_and_gradients`] gives log-probabilities of tokens to a function and takes their
//! gradients from it. It keeps its memory from step to step.

mod adapter;
mod batch;
mod error;
mod head;
mod layer;
mod linear;
#[cfg(test)]
mod oracle;
mod rope;
#[cfg(test)]
mod tests;
mod times;
mod weights;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    example::Example,
    kernels::{Isa, LANES, Panels},
    lora::LoraWeights,
    model::{BaseModel, ModelConfig},
};

use adapter::Adapter;
pub use batch::TokenScores;
use batch::{Layout, LayoutOptions};
pub use error::EngineError;
use head::Head;
use layer::{Context, FrozenLayer, Saved, Scratch};
use rope::Angles;
pub use times::{Part, Times};
use weights::{Arithmetic, Frozen};

/// What the products with frozen weights read; sums are f32 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    F32,
    /// Needs [`Isa::Avx512Bf16`].
    Bf16,
}

/// How the frozen base lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseStorage {
    /// As the products read it: 4 bytes per weight.
    Packed,
    /// As the file has it, unpacked at each use: slower, and a fraction of the memory.
    Quantised,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineOptions {
    pub isa: Isa,
    pub precision: Precision,
    pub base: BaseStorage,
    /// Keeps only each layer's input, and computes the rest again for the gradient.
    pub checkpointing: bool,
    /// Reads a prompt once for all its answers. The gradient is the same without; only slower.
    pub share_prompts: bool,
    pub threads: usize,
}

impl EngineOptions {
    /// The fastest that this processor has.
    pub fn fastest(threads: usize) -> Self {
        let isa = Isa::best();
        Self {
            isa,
            precision: if isa.has_bf16() {
                Precision::Bf16
            } else {
                Precision::F32
            },
            base: BaseStorage::Packed,
            checkpointing: false,
            share_prompts: true,
            threads,
        }
    }
}

pub struct Engine {
    threads: rayon::ThreadPool,
    inner: Inner,
}

struct Inner {
    config: ModelConfig,
    options: EngineOptions,
    embedding: Frozen,
    /// None: the embedding serves.
    output: Option<Frozen>,
    output_norm: Vec<f32>,
    layers: Vec<FrozenLayer>,
    speeds: Vec<f64>,
    adapter: Adapter,
    angles: Angles,
    /// Each layer's input, and the last one's output.
    states: Vec<Panels>,
    saved: Vec<Saved>,
    scratch: Scratch,
    head: Head,
    d_x: Panels,
}

impl Engine {
    /// # Errors
    /// The options do not fit this processor, the adapter does not fit the model, or the model's numbers are damaged.
    pub fn new(
        model: &BaseModel,
        lora: LoraWeights,
        options: EngineOptions,
    ) -> Result<Self, EngineError> {
        // What the processor lacks is replaced here, so that no kernel meets an instruction that does not exist.
        let options = EngineOptions {
            isa: options.isa.available(),
            ..options
        };
        if options.precision == Precision::Bf16 && !options.isa.has_bf16() {
            return Err(EngineError::NoBf16);
        }
        let fitting = LoraWeights::zeros(&model.config, lora.config.clone());
        if lora.config.rank == 0
            || fitting.slices != lora.slices
            || fitting.values.len() != lora.values.len()
        {
            let problem = format!("rank {}, {} numbers", lora.config.rank, lora.values.len());
            return Err(EngineError::Adapter(problem));
        }
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.max(1))
            .thread_name(|index| format!("train-{index}"))
            .build()
            .map_err(|source| EngineError::Threads {
                threads: options.threads,
                source,
            })?;
        let inner = threads
            .install(|| Inner::new(model, lora, options))
            .map_err(EngineError::Weights)?;
        Ok(Self { threads, inner })
    }

    /// Of each example's answer tokens (and soft labels' tokens), and with `prompts` of the prompts' tokens.
    ///
    /// # Errors
    /// An example is empty, too long, or has tokens that the model does not know.
    pub fn log_probs(
        &mut self,
        examples: &[Example],
        prompts: bool,
    ) -> Result<Vec<TokenScores>, EngineError> {
        let Self { threads, inner } = self;
        threads.install(|| {
            let layout = Layout::new(examples, inner.layout_options(prompts))?;
            let numbers = inner.forward(&layout, false);
            Ok(layout.scores(examples, prompts, &numbers))
        })
    }

    /// Gives `loss` the log-probabilities of [`Self::log_probs`], takes from it their gradients, and adds the adapter's
    /// gradients to those that are there ([`Self::gradients`]).
    ///
    /// # Errors
    /// As [`Self::log_probs`]; the gradients have other shapes, or are not finite. Nothing is added then.
    pub fn loss_and_gradients<L: Send>(
        &mut self,
        examples: &[Example],
        prompts: bool,
        loss: impl FnOnce(&[TokenScores]) -> (L, Vec<TokenScores>) + Send,
    ) -> Result<L, EngineError> {
        let Self { threads, inner } = self;
        threads.install(|| {
            let layout = Layout::new(examples, inner.layout_options(prompts))?;
            let numbers = inner.forward(&layout, true);
            let (result, gradients) = loss(&layout.scores(examples, prompts, &numbers));
            inner.backward(&layout, &layout.flat(&gradients)?);
            Ok(result)
        })
    }

    pub fn lora(&self) -> &LoraWeights {
        &self.inner.adapter.lora
    }

    /// The adapter's numbers and their gradients, both in the order of [`LoraWeights::slices`].
    pub fn step(&mut self) -> (&mut [f32], &mut [f32]) {
        let adapter = &mut self.inner.adapter;
        (&mut adapter.lora.values, &mut adapter.gradients)
    }

    /// Gives an optimiser what [`Self::step`] returns, on the engine's threads.
    pub fn update<R: Send>(
        &mut self,
        optimiser: impl FnOnce(&mut [f32], &mut [f32]) -> R + Send,
    ) -> R {
        let Self { threads, inner } = self;
        let adapter = &mut inner.adapter;
        threads.install(|| optimiser(&mut adapter.lora.values, &mut adapter.gradients))
    }

    pub fn gradients(&self) -> &[f32] {
        &self.inner.adapter.gradients
    }

    pub fn clear_gradients(&mut self) {
        self.inner.adapter.gradients.fill(0.0);
    }

    pub fn options(&self) -> &EngineOptions {
        &self.inner.options
    }

    /// Runs something on the engine's threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.threads.install(work)
    }

    /// Bytes of the frozen base in memory.
    pub fn base_size(&self) -> usize {
        let inner = &self.inner;
        let ends = inner.embedding.size() + inner.output.as_ref().map_or(0, Frozen::size);
        ends + inner.layers.iter().map(FrozenLayer::size).sum::<usize>()
    }

    /// Where the time went since the last call.
    pub fn take_times(&mut self) -> Times {
        std::mem::take(&mut self.inner.scratch.room.times)
    }
}

impl Inner {
    fn new(model: &BaseModel, lora: LoraWeights, options: EngineOptions) -> Result<Self, String> {
        let (precision, storage) = (options.precision, options.base);
        // An embedding that is no output matrix is only looked up, row by row.
        let (looked_up, output) = match &model.output {
            Some(output) => (
                BaseStorage::Quantised,
                Some(Frozen::new(output, precision, storage)?),
            ),
            None => (storage, None),
        };
        let layers = model.layers.iter().enumerate();
        Ok(Self {
            embedding: Frozen::new(&model.embedding, precision, looked_up)?,
            output,
            output_norm: model.output_norm.clone(),
            layers: layers
                .map(|(index, layer)| FrozenLayer::new(index, layer, precision, storage))
                .collect::<Result<_, _>>()?,
            speeds: rope::speeds(model),
            adapter: Adapter::new(lora, precision),
            config: model.config.clone(),
            options,
            angles: Angles::default(),
            states: Vec::new(),
            saved: Vec::new(),
            scratch: Scratch::default(),
            head: Head::default(),
            d_x: Panels::default(),
        })
    }

    fn layout_options(&self, with_prompts: bool) -> LayoutOptions {
        LayoutOptions {
            share_prompts: self.options.share_prompts,
            with_prompts,
            vocabulary: self.config.vocabulary,
            context: self.config.context,
        }
    }

    fn arithmetic(&self) -> Arithmetic {
        Arithmetic {
            isa: self.options.isa,
            precision: self.options.precision,
        }
    }

    /// `keep`: a backward pass follows.
    fn forward(&mut self, layout: &Layout, keep: bool) -> Vec<f32> {
        let arithmetic = self.arithmetic();
        let panels = layout.tokens.len().div_ceil(LANES);
        self.adapter.refresh();
        self.angles.set(&self.speeds, &layout.positions);
        let start = self.scratch.room.times.start();
        // Without a backward pass two states and one layer's activations are enough.
        self.states.resize_with(
            if keep { self.layers.len() + 1 } else { 2 },
            Panels::default,
        );
        let whole = keep && !self.options.checkpointing;
        self.saved
            .resize_with(if whole { self.layers.len() } else { 1 }, Saved::default);
        self.embed(layout, panels);
        self.scratch.room.times.stop(Part::Elementwise, start);
        let context = Context {
            config: &self.config,
            arithmetic,
            visible: &layout.visible,
            angles: &self.angles,
            panels,
        };
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, after) = self.states.split_at_mut(if keep { index + 1 } else { 1 });
            let x = before.last().expect("there is a state before every layer");
            let saved = &mut self.saved[if whole { index } else { 0 }];
            layer.forward(
                &context,
                &self.adapter,
                x,
                saved,
                Some(&mut after[0]),
                &mut self.scratch,
            );
            if !keep {
                self.states.swap(0, 1);
            }
        }
        let start = self.scratch.room.times.start();
        let output = self.output.as_ref().unwrap_or(&self.embedding);
        let x = if keep {
            self.states.last()
        } else {
            self.states.first()
        }
        .expect("states are never empty");
        let norm = (self.output_norm.as_slice(), self.config.norm_epsilon);
        let numbers = self
            .head
            .log_probs(arithmetic, output, norm, x, layout, keep);
        self.scratch.room.times.stop(Part::Head, start);
        numbers
    }

    fn embed(&mut self, layout: &Layout, panels: usize) {
        let embedding = &self.embedding;
        self.states[0].reshape(self.config.hidden, panels);
        self.states[0]
            .par_panels_mut()
            .enumerate()
            .for_each(|(panel, to)| {
                for lane in 0..LANES {
                    let token = layout
                        .tokens
                        .get(panel * LANES + lane)
                        .copied()
                        .unwrap_or(0);
                    embedding.for_row(token as usize, |k, number| to[k * LANES + lane] = number);
                }
            });
    }

    fn backward(&mut self, layout: &Layout, gradients: &[f32]) {
        let arithmetic = self.arithmetic();
        let panels = layout.tokens.len().div_ceil(LANES);
        let start = self.scratch.room.times.start();
        let output = self.output.as_ref().unwrap_or(&self.embedding);
        let norm = (self.output_norm.as_slice(), self.config.norm_epsilon);
        self.d_x.reshape(self.config.hidden, panels);
        self.head
            .backward(arithmetic, output, norm, layout, gradients, &mut self.d_x);
        self.scratch.room.times.stop(Part::Head, start);
        let context = Context {
            config: &self.config,
            arithmetic,
            visible: &layout.visible,
            angles: &self.angles,
            panels,
        };
        let Self {
            layers,
            adapter,
            states,
            saved,
            scratch,
            d_x,
            options,
            ..
        } = self;
        for (index, layer) in layers.iter().enumerate().rev() {
            let x = &states[index];
            let saved = if options.checkpointing {
                layer.forward(&context, adapter, x, &mut saved[0], None, scratch);
                &mut saved[0]
            } else {
                &mut saved[index]
            };
            layer.backward(&context, adapter, x, saved, d_x, scratch);
        }
    }
}
