//! The model with an adapter on a graphics card, for rigs: candle's stock operations, with the gradients written out.
//! candle's own tape would work out those of the frozen weights, too, and its fused operations cut them. Everything here
//! runs on any of candle's devices, so that the tests run it without a card.

mod attention;
mod head;
mod layer;
mod linear;
mod norm;

use candle_core::{DType, Device, Result, Tensor};

use super::{
    EngineError, EngineOptions, Place, Precision, adapter::Adapter, batch::Layout, rope,
    times::Times,
};
use crate::{
    kernels::Visible,
    lora::LoraWeights,
    model::{BaseModel, Matrix, ModelConfig},
};
use head::{Head, Scored};
use layer::{CardLayer, Saved};
use linear::Thin;
use norm::Norm;

pub(super) fn open(card: usize) -> std::result::Result<Device, EngineError> {
    Device::new_cuda(card).map_err(EngineError::NoCard)
}

pub(super) struct Card {
    device: Device,
    config: ModelConfig,
    checkpointing: bool,
    /// Shape `[vocabulary, hidden]`, in the type that the products read.
    embedding: Tensor,
    layers: Vec<CardLayer>,
    head: Head,
    speeds: Vec<f64>,
    adapter: Adapter,
    base_size: usize,
    /// What the backward pass needs of the last forward pass.
    kept: Option<Kept>,
}

struct Kept {
    batch: Batch,
    thin: Thin,
    /// Each layer's input.
    states: Vec<Tensor>,
    /// With checkpointing worked out again for the gradient.
    saved: Vec<Option<Saved>>,
    scored: Scored,
}

/// A packed batch's positions.
struct Batch {
    /// Shape `[1, tokens, head_dim / 2]`.
    cos: Tensor,
    sin: Tensor,
    /// 0 where a token (row) sees another, else minus infinity. Shape `[tokens, tokens]`.
    mask: Tensor,
}

impl Card {
    pub fn new(
        model: &BaseModel,
        lora: LoraWeights,
        options: &EngineOptions,
        device: Device,
    ) -> std::result::Result<Self, EngineError> {
        let upload = Upload {
            device: &device,
            precision: options.precision,
        };
        let embedding = upload.matrix(&model.embedding)?;
        let output = match &model.output {
            Some(output) => upload.matrix(output)?,
            None => embedding.clone(),
        };
        let epsilon = f64::from(model.config.norm_epsilon);
        let norm = Norm::new(upload.vector(&model.output_norm)?, epsilon);
        let layers = model.layers.iter().enumerate();
        let layers = layers
            .map(|(index, layer)| CardLayer::new(&upload, index, layer, &model.config, &lora))
            .collect::<std::result::Result<_, EngineError>>()?;
        let ends = model.embedding.rows
            * model.embedding.columns
            * (1 + usize::from(model.output.is_some()));
        Ok(Self {
            base_size: (model.layer_parameters() + ends) * upload.dtype().size_in_bytes(),
            config: model.config.clone(),
            checkpointing: options.checkpointing,
            embedding,
            layers,
            head: Head::new(output, norm),
            speeds: rope::speeds(model),
            adapter: Adapter::new(lora, Precision::F32),
            kept: None,
            device,
        })
    }

    fn batch(&self, layout: &Layout) -> Result<Batch> {
        let tokens = layout.tokens.len();
        let shape = (1, tokens, self.speeds.len());
        let angles = layout.positions.iter().flat_map(|position| {
            self.speeds
                .iter()
                .map(move |speed| f64::from(*position) * speed)
        });
        let angles: Vec<f64> = angles.collect();
        let table = |of: fn(f64) -> f64| {
            let numbers: Vec<f32> = angles.iter().map(|angle| of(*angle) as f32).collect();
            Tensor::from_vec(numbers, shape, &self.device)
        };
        Ok(Batch {
            cos: table(f64::cos)?,
            sin: table(f64::sin)?,
            mask: mask(&layout.visible, tokens, &self.device)?,
        })
    }

    fn embed(&self, layout: &Layout) -> Result<Tensor> {
        let tokens = Tensor::new(layout.tokens.as_slice(), &self.device)?;
        self.embedding
            .index_select(&tokens, 0)?
            .to_dtype(DType::F32)
    }
}

fn mask(visible: &Visible, tokens: usize, device: &Device) -> Result<Tensor> {
    let mut mask = vec![f32::NEG_INFINITY; tokens * tokens];
    for (query, row) in mask.chunks_exact_mut(tokens).enumerate() {
        for (key, number) in row.iter_mut().enumerate() {
            if visible.sees(query, key) {
                *number = 0.0;
            }
        }
    }
    Tensor::from_vec(mask, (tokens, tokens), device)
}

impl Place for Card {
    fn forward(
        &mut self,
        layout: &Layout,
        keep: bool,
    ) -> std::result::Result<Vec<f32>, EngineError> {
        self.kept = None;
        let batch = self.batch(layout)?;
        let thin = Thin::upload(&self.adapter.lora, &self.device)?;
        let (mut states, mut saved) = (Vec::new(), Vec::new());
        let mut x = self.embed(layout)?;
        for layer in &self.layers {
            let (after, here) = layer.forward(&self.config, &batch, &thin, &x)?;
            if keep {
                states.push(x);
                saved.push((!self.checkpointing).then_some(here));
            }
            x = after;
        }
        let (numbers, scored) = self.head.log_probs(&x, layout)?;
        self.kept = keep.then_some(Kept {
            batch,
            thin,
            states,
            saved,
            scored,
        });
        Ok(numbers)
    }

    fn backward(
        &mut self,
        layout: &Layout,
        gradients: &[f32],
    ) -> std::result::Result<(), EngineError> {
        let Some(kept) = self.kept.take() else {
            return Err(EngineError::Gradient("gradients of no forward pass".into()));
        };
        let Kept {
            batch,
            mut thin,
            states,
            saved,
            scored,
        } = kept;
        let mut d_x = self.head.backward(&scored, layout, gradients)?;
        let layers = self.layers.iter().zip(&states).zip(saved);
        for ((layer, x), saved) in layers.rev() {
            let saved = match saved {
                Some(saved) => saved,
                None => layer.forward(&self.config, &batch, &thin, x)?.1,
            };
            d_x = layer.backward(&self.config, &batch, &mut thin, x, &saved, &d_x)?;
        }
        thin.add_gradients(&self.adapter.lora.slices, &mut self.adapter.gradients)?;
        Ok(())
    }

    fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    fn adapter_mut(&mut self) -> &mut Adapter {
        &mut self.adapter
    }

    fn base_size(&self) -> usize {
        self.base_size
    }

    fn take_times(&mut self) -> Times {
        Times::default()
    }
}

/// Takes the base's numbers to the device.
struct Upload<'a> {
    device: &'a Device,
    precision: Precision,
}

impl Upload<'_> {
    fn dtype(&self) -> DType {
        match self.precision {
            Precision::F32 => DType::F32,
            Precision::Bf16 => DType::BF16,
        }
    }

    fn matrix(&self, matrix: &Matrix) -> std::result::Result<Tensor, EngineError> {
        let mut numbers = Vec::with_capacity(matrix.rows * matrix.columns);
        for index in 0..matrix.blocks() {
            numbers.extend(matrix.block(index).map_err(EngineError::Weights)?);
        }
        let tensor = Tensor::from_vec(numbers, (matrix.rows, matrix.columns), self.device)?;
        Ok(tensor.to_dtype(self.dtype())?)
    }

    fn vector(&self, numbers: &[f32]) -> Result<Tensor> {
        Tensor::new(numbers, self.device)
    }
}
