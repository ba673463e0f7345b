//! The model with an adapter, forward and backward. The base stays as it is: nothing is computed for its gradient.
//! Examples of different lengths are packed into one sequence, prompts are read once for all their answers.
//!
//! It knows no loss: [`Engine::loss_and_gradients`] gives log-probabilities of tokens to a function and takes their
//! gradients from it. The numbers are worked out in a [`Place`]: on the processor by our own kernels, or on a graphics
//! card by candle's operations.

mod adapter;
mod batch;
mod card;
mod error;
mod head;
mod layer;
mod linear;
#[cfg(test)]
mod oracle;
mod processor;
mod rope;
#[cfg(test)]
mod tests;
mod times;
mod weights;

use serde::{Deserialize, Serialize};

use crate::{
    example::Example,
    kernels::Isa,
    lora::LoraWeights,
    model::{BaseModel, ModelConfig},
};

use adapter::Adapter;
pub use batch::TokenScores;
use batch::{Layout, LayoutOptions};
use card::Card;
pub use error::EngineError;
use processor::Processor;
pub use times::{Part, Times};

/// What the products with frozen weights read; sums are f32 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    F32,
    /// On a processor it needs [`Isa::Avx512Bf16`].
    Bf16,
}

/// What works the numbers out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    #[default]
    Processor,
    /// NVIDIA's card of that number, from 0; in a program that is built with the feature `cuda`.
    Cuda(usize),
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
    #[serde(default)]
    pub device: Device,
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
            device: Device::Processor,
        }
    }

    /// On a graphics card, which is fast enough in f32; the threads are those of the optimiser.
    pub fn cuda(card: usize, threads: usize) -> Self {
        Self {
            precision: Precision::F32,
            device: Device::Cuda(card),
            ..Self::fastest(threads)
        }
    }
}

/// Where the frozen model lies and its numbers are worked out.
trait Place: Send {
    /// Log-probabilities of the wanted tokens. `keep`: a backward pass follows.
    fn forward(&mut self, layout: &Layout, keep: bool) -> Result<Vec<f32>, EngineError>;

    /// From the gradients of what [`Self::forward`] gave; adds to the adapter's.
    fn backward(&mut self, layout: &Layout, gradients: &[f32]) -> Result<(), EngineError>;

    fn adapter(&self) -> &Adapter;

    fn adapter_mut(&mut self) -> &mut Adapter;

    /// Bytes of the frozen base in memory.
    fn base_size(&self) -> usize;

    fn take_times(&mut self) -> Times;
}

pub struct Engine {
    threads: rayon::ThreadPool,
    config: ModelConfig,
    options: EngineOptions,
    place: Box<dyn Place>,
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
        let on_processor = options.device == Device::Processor;
        if on_processor && options.precision == Precision::Bf16 && !options.isa.has_bf16() {
            return Err(EngineError::NoBf16);
        }
        let card = match options.device {
            Device::Processor => None,
            Device::Cuda(number) => Some(card::open(number)?),
        };
        Self::placed(model, lora, options, card)
    }

    /// On the processor in our own kernels, or on a device of candle's.
    fn placed(
        model: &BaseModel,
        lora: LoraWeights,
        options: EngineOptions,
        card: Option<candle_core::Device>,
    ) -> Result<Self, EngineError> {
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
        let place = threads.install(|| -> Result<Box<dyn Place>, EngineError> {
            Ok(match card {
                None => Box::new(
                    Processor::new(model, lora, options.clone()).map_err(EngineError::Weights)?,
                ),
                Some(device) => Box::new(Card::new(model, lora, &options, device)?),
            })
        })?;
        Ok(Self {
            threads,
            config: model.config.clone(),
            options,
            place,
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

    /// Of each example's answer tokens (and soft labels' tokens), and with `prompts` of the prompts' tokens.
    ///
    /// # Errors
    /// An example is empty, too long, or has tokens that the model does not know.
    pub fn log_probs(
        &mut self,
        examples: &[Example],
        prompts: bool,
    ) -> Result<Vec<TokenScores>, EngineError> {
        let options = self.layout_options(prompts);
        let Self { threads, place, .. } = self;
        threads.install(|| {
            let layout = Layout::new(examples, options)?;
            let numbers = place.forward(&layout, false)?;
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
        let options = self.layout_options(prompts);
        let Self { threads, place, .. } = self;
        threads.install(|| {
            let layout = Layout::new(examples, options)?;
            let numbers = place.forward(&layout, true)?;
            let (result, gradients) = loss(&layout.scores(examples, prompts, &numbers));
            place.backward(&layout, &layout.flat(&gradients)?)?;
            Ok(result)
        })
    }

    pub fn lora(&self) -> &LoraWeights {
        &self.place.adapter().lora
    }

    /// The adapter's numbers and their gradients, both in the order of [`LoraWeights::slices`].
    pub fn step(&mut self) -> (&mut [f32], &mut [f32]) {
        let adapter = self.place.adapter_mut();
        (&mut adapter.lora.values, &mut adapter.gradients)
    }

    /// Gives an optimiser what [`Self::step`] returns, on the engine's threads.
    pub fn update<R: Send>(
        &mut self,
        optimiser: impl FnOnce(&mut [f32], &mut [f32]) -> R + Send,
    ) -> R {
        let Self { threads, place, .. } = self;
        let adapter = place.adapter_mut();
        threads.install(|| optimiser(&mut adapter.lora.values, &mut adapter.gradients))
    }

    pub fn gradients(&self) -> &[f32] {
        &self.place.adapter().gradients
    }

    pub fn clear_gradients(&mut self) {
        self.place.adapter_mut().gradients.fill(0.0);
    }

    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Runs something on the engine's threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.threads.install(work)
    }

    /// Bytes of the frozen base in memory.
    pub fn base_size(&self) -> usize {
        self.place.base_size()
    }

    /// Where the time went since the last call.
    pub fn take_times(&mut self) -> Times {
        self.place.take_times()
    }
}
