//! The model with an adapter on the processor, in our own kernels. It keeps its memory from step to step.

use rayon::prelude::*;

use super::{
    BaseStorage, EngineError, EngineOptions, Place,
    adapter::Adapter,
    batch::Layout,
    head::Head,
    layer::{Context, FrozenLayer, Saved, Scratch},
    rope::{self, Angles},
    times::{Part, Times},
    weights::{Arithmetic, Frozen},
};
use crate::{
    kernels::{LANES, Panels},
    lora::LoraWeights,
    model::{BaseModel, ModelConfig},
};

pub(super) struct Processor {
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

impl Processor {
    pub fn new(
        model: &BaseModel,
        lora: LoraWeights,
        options: EngineOptions,
    ) -> Result<Self, String> {
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

    fn arithmetic(&self) -> Arithmetic {
        Arithmetic {
            isa: self.options.isa,
            precision: self.options.precision,
        }
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
}

impl Place for Processor {
    fn forward(&mut self, layout: &Layout, keep: bool) -> Result<Vec<f32>, EngineError> {
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
        Ok(numbers)
    }

    fn backward(&mut self, layout: &Layout, gradients: &[f32]) -> Result<(), EngineError> {
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
        Ok(())
    }

    fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    fn adapter_mut(&mut self) -> &mut Adapter {
        &mut self.adapter
    }

    fn base_size(&self) -> usize {
        let ends = self.embedding.size() + self.output.as_ref().map_or(0, Frozen::size);
        ends + self.layers.iter().map(FrozenLayer::size).sum::<usize>()
    }

    fn take_times(&mut self) -> Times {
        std::mem::take(&mut self.scratch.room.times)
    }
}
