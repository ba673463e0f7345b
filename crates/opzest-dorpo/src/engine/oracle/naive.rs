//! The model and the loss as plainly as they can be written, in f64.

use std::{collections::HashMap, fs::File, path::Path};

use candle_core::{D, DType, Device, Result, Tensor, Var, quantized::gguf_file::Content};

use crate::{
    example::Example,
    lora::{LoraWeights, Target},
    model::{ModelConfig, RopePairs},
};

pub struct Naive<'a> {
    config: &'a ModelConfig,
    tensors: HashMap<String, Tensor>,
    /// A and B by layer and target, in the order of the adapter's slices.
    adapter: Vec<((usize, Target), [Var; 2])>,
    scale: f64,
}

impl<'a> Naive<'a> {
    pub fn new(path: &Path, config: &'a ModelConfig, lora: &LoraWeights) -> Result<Self> {
        let mut file = File::open(path)?;
        let content = Content::read(&mut file)?;
        let mut tensors = HashMap::new();
        for name in content.tensor_infos.keys() {
            let tensor = content.tensor(&mut file, name, &Device::Cpu)?;
            let numbers = tensor.dequantize(&Device::Cpu)?.to_dtype(DType::F64)?;
            tensors.insert(name.clone(), numbers);
        }
        let rank = lora.config.rank;
        let var = |values: &[f32], shape| {
            Var::from_tensor(
                &Tensor::from_slice(values, shape, &Device::Cpu)?.to_dtype(DType::F64)?,
            )
        };
        let adapter = lora.slices.iter().map(|slice| {
            let a = var(&lora.values[slice.a.clone()], (rank, slice.inputs))?;
            let b = var(&lora.values[slice.b.clone()], (slice.outputs, rank))?;
            Ok(((slice.layer, slice.target), [a, b]))
        });
        Ok(Self {
            config,
            tensors,
            adapter: adapter.collect::<Result<_>>()?,
            scale: f64::from(lora.config.scale()),
        })
    }

    /// The loss of the batch, and its gradient in the order of the adapter's numbers.
    pub fn loss_and_gradient(&self, examples: &[Example], lambda: f64) -> Result<(f64, Vec<f64>)> {
        let pairs: usize = examples.iter().map(|example| example.rejected.len()).sum();
        let mut loss = Tensor::new(0.0, &Device::Cpu)?;
        for example in examples {
            let chosen = self.log_softmax(&example.prompt, &example.chosen.tokens)?;
            loss = (loss + (first_term(&chosen, example)? / examples.len() as f64)?)?;
            let of_chosen = log_odds(&chosen, &example.chosen.tokens)?;
            for rejected in &example.rejected {
                let scores = self.log_softmax(&example.prompt, rejected)?;
                let margin = (&of_chosen - log_odds(&scores, rejected)?)?;
                let odds = (margin.neg()?.exp()? + 1.0)?.log()?;
                loss = (loss + (odds * (lambda / pairs as f64))?)?;
            }
        }
        let gradients = loss.backward()?;
        let mut gradient = Vec::new();
        for var in self.adapter.iter().flat_map(|(_, sides)| sides) {
            let of_var = gradients
                .get(var)
                .expect("the loss depends on every matrix");
            gradient.extend(of_var.flatten_all()?.to_vec1::<f64>()?);
        }
        Ok((loss.to_scalar()?, gradient))
    }

    /// Logarithms of the distributions of each of the answer's tokens. Shape `[answer, vocabulary]`.
    fn log_softmax(&self, prompt: &[u32], answer: &[u32]) -> Result<Tensor> {
        let tokens: Vec<u32> = prompt.iter().chain(answer).copied().collect();
        let tokens = Tensor::new(tokens, &Device::Cpu)?;
        let embedding = &self.tensors["token_embd.weight"];
        let mut x = embedding.index_select(&tokens, 0)?;
        for layer in 0..self.config.layers {
            let normed = self.norm(&x, &format!("blk.{layer}.attn_norm"))?;
            let attended = self.attention(&normed, layer)?;
            x = (x + self.linear(&attended, layer, Target::O)?)?;
            let normed = self.norm(&x, &format!("blk.{layer}.ffn_norm"))?;
            let gate = self.linear(&normed, layer, Target::Gate)?;
            let gate = (&gate / (gate.neg()?.exp()? + 1.0)?)?;
            let wide = (gate * self.linear(&normed, layer, Target::Up)?)?;
            x = (x + self.linear(&wide, layer, Target::Down)?)?;
        }
        let x = self
            .norm(&x, "output_norm")?
            .narrow(0, prompt.len() - 1, answer.len())?;
        let output = self.tensors.get("output.weight").unwrap_or(embedding);
        let logits = x.matmul(&output.t()?)?;
        logits.broadcast_sub(&logits.exp()?.sum_keepdim(1)?.log()?)
    }

    fn norm(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        let square = (x.sqr()?.mean_keepdim(D::Minus1)? + f64::from(self.config.norm_epsilon))?;
        x.broadcast_div(&square.sqrt()?)?
            .broadcast_mul(&self.tensors[&format!("{name}.weight")])
    }

    fn linear(&self, x: &Tensor, layer: usize, target: Target) -> Result<Tensor> {
        let weight = target.gguf_tensor(layer);
        let mut y = x.matmul(&self.tensors[&weight].t()?)?;
        if let Some(bias) = self.tensors.get(&weight.replace(".weight", ".bias")) {
            y = y.broadcast_add(bias)?;
        }
        let mut sides = self.adapter.iter();
        let (_, [a, b]) = sides
            .find(|(place, _)| *place == (layer, target))
            .expect("every matrix has an adapter");
        y + (x.matmul(&a.t()?)?.matmul(&b.t()?)? * self.scale)?
    }

    fn attention(&self, x: &Tensor, layer: usize) -> Result<Tensor> {
        let (config, dim) = (self.config, self.config.head_dim);
        let q = self.linear(x, layer, Target::Q)?;
        let k = self.linear(x, layer, Target::K)?;
        let v = self.linear(x, layer, Target::V)?;
        let length = x.dim(0)?;
        let unseen: Vec<f64> = (0..length * length)
            .map(|i| {
                if i % length > i / length {
                    f64::NEG_INFINITY
                } else {
                    0.0
                }
            })
            .collect();
        let unseen = Tensor::from_vec(unseen, (length, length), &Device::Cpu)?;
        let mut heads = Vec::new();
        for head in 0..config.heads {
            let kv_head = head / (config.heads / config.kv_heads);
            let mut query = q.narrow(1, head * dim, dim)?;
            let mut key = k.narrow(1, kv_head * dim, dim)?;
            let norm = format!("blk.{layer}.attn_q_norm");
            if self.tensors.contains_key(&format!("{norm}.weight")) {
                query = self.norm(&query, &norm)?;
                key = self.norm(&key, &format!("blk.{layer}.attn_k_norm"))?;
            }
            let (query, key) = (self.turned(&query)?, self.turned(&key)?);
            let scores = ((query.matmul(&key.t()?)? / (dim as f64).sqrt())? + &unseen)?.exp()?;
            let weights = scores.broadcast_div(&scores.sum_keepdim(1)?)?;
            heads.push(weights.matmul(&v.narrow(1, kv_head * dim, dim)?.contiguous()?)?);
        }
        Tensor::cat(&heads, 1)
    }

    /// Rotary positions: `x cos + (x R) sin`, where R takes each number to its partner.
    fn turned(&self, x: &Tensor) -> Result<Tensor> {
        let (length, dim) = x.dims2()?;
        let halves = self.config.architecture.rope_pairs() == RopePairs::Halves;
        let (mut cos, mut sin) = (vec![0.0; length * dim], vec![0.0; length * dim]);
        let mut partners = vec![0.0; dim * dim];
        for pair in 0..dim / 2 {
            let (low, high) = match halves {
                true => (pair, pair + dim / 2),
                false => (2 * pair, 2 * pair + 1),
            };
            partners[high * dim + low] = -1.0;
            partners[low * dim + high] = 1.0;
            let speed = f64::from(self.config.rope_base).powf(-2.0 * pair as f64 / dim as f64);
            for position in 0..length {
                for at in [low, high] {
                    let angle = position as f64 * speed;
                    cos[position * dim + at] = angle.cos();
                    sin[position * dim + at] = angle.sin();
                }
            }
        }
        let table = |numbers, rows| Tensor::from_vec(numbers, (rows, dim), &Device::Cpu);
        let across = x.contiguous()?.matmul(&table(partners, dim)?)?;
        (x * table(cos, length)?)? + (across * table(sin, length)?)?
    }
}

/// The mean over the positions of the divergence over k + 1 buckets, or of -log p where there is no soft label.
fn first_term(log_probs: &Tensor, example: &Example) -> Result<Tensor> {
    let mut sum = Tensor::new(0.0, &Device::Cpu)?;
    let answer = &example.chosen;
    for (position, (token, label)) in answer.tokens.iter().zip(&answer.soft).enumerate() {
        let here = log_probs.get(position)?;
        let Some(label) = label else {
            sum = (sum - here.get(*token as usize)?)?;
            continue;
        };
        let mut tail = (1.0, Tensor::new(1.0, &Device::Cpu)?);
        for (token, log_p) in label.tokens.iter().zip(&label.log_probs) {
            let (log_p, log_q) = (f64::from(*log_p), here.get(*token as usize)?);
            tail = (tail.0 - log_p.exp(), (tail.1 - log_q.exp()?)?);
            sum = (sum + ((log_p - log_q)? * log_p.exp())?)?;
        }
        sum = (sum + ((tail.0.ln() - tail.1.log()?)? * tail.0)?)?;
    }
    sum / answer.tokens.len() as f64
}

/// log(P / (1 - P)) of the mean log-probability.
fn log_odds(log_probs: &Tensor, tokens: &[u32]) -> Result<Tensor> {
    let tokens = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(1)?;
    let mean = log_probs.gather(&tokens, 1)?.mean_all()?;
    &mean - (1.0 - mean.exp()?)?.log()?
}
