//! Attention over a packed batch, several query heads to one of keys and values (arXiv 2305.13245).

use candle_core::{D, Result, Tensor};

use super::Batch;
use crate::model::{ModelConfig, RopePairs};

/// Which way the pairs turn.
#[derive(Clone, Copy)]
pub enum Turn {
    Forward,
    /// The gradient's way.
    Back,
}

/// Rotary positions (arXiv 2104.09864). `x` has the shape `[heads, tokens, head_dim]`.
pub fn turned(x: &Tensor, batch: &Batch, pairs: RopePairs, turn: Turn) -> Result<Tensor> {
    let (heads, tokens, dim) = x.dims3()?;
    let half = dim / 2;
    let (low, high) = match pairs {
        RopePairs::Halves => (x.narrow(2, 0, half)?, x.narrow(2, half, half)?),
        RopePairs::Neighbours => {
            let x = x.reshape((heads, tokens, half, 2))?;
            (
                x.narrow(3, 0, 1)?.squeeze(3)?,
                x.narrow(3, 1, 1)?.squeeze(3)?,
            )
        }
    };
    let sin = match turn {
        Turn::Forward => batch.sin.clone(),
        Turn::Back => batch.sin.neg()?,
    };
    let cos = &batch.cos;
    let new_low = (low.broadcast_mul(cos)? - high.broadcast_mul(&sin)?)?;
    let new_high = (high.broadcast_mul(cos)? + low.broadcast_mul(&sin)?)?;
    match pairs {
        RopePairs::Halves => Tensor::cat(&[new_low, new_high], 2),
        RopePairs::Neighbours => {
            Tensor::stack(&[new_low, new_high], 3)?.reshape((heads, tokens, dim))
        }
    }
}

/// From `[tokens, heads * head_dim]` to `[heads, tokens, head_dim]`.
pub fn heads_first(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (tokens, width) = x.dims2()?;
    x.reshape((tokens, heads, width / heads))?
        .transpose(0, 1)?
        .contiguous()
}

/// The opposite of [`heads_first`].
pub fn tokens_first(x: &Tensor) -> Result<Tensor> {
    let (heads, tokens, dim) = x.dims3()?;
    x.transpose(0, 1)?
        .contiguous()?
        .reshape((tokens, heads * dim))
}

/// What the heads read. Shapes `[heads, tokens, head_dim]`, and of keys and values `[kv_heads, tokens, head_dim]`.
pub struct Heads {
    pub q: Tensor,
    pub k: Tensor,
    pub v: Tensor,
}

/// What each head takes from the values, shape of `q`, and its weights, shape `[heads, tokens, tokens]`.
pub fn attend(config: &ModelConfig, batch: &Batch, heads: &Heads) -> Result<(Tensor, Tensor)> {
    let (count, tokens, dim) = heads.q.dims3()?;
    let scores = (grouped(config, &heads.q)?.matmul(&heads.k.t()?)? * scale(config))?;
    let scores = scores
        .reshape((count, tokens, tokens))?
        .broadcast_add(&batch.mask)?;
    let weights = scores
        .broadcast_sub(&scores.max_keepdim(D::Minus1)?)?
        .exp()?;
    let weights = weights.broadcast_div(&weights.sum_keepdim(D::Minus1)?)?;
    let taken = grouped(config, &weights)?.matmul(&heads.v)?;
    Ok((taken.reshape((count, tokens, dim))?, weights))
}

/// The gradients of q, k and v from that of what was taken.
pub fn attend_backward(
    config: &ModelConfig,
    heads: &Heads,
    weights: &Tensor,
    d_taken: &Tensor,
) -> Result<Heads> {
    let (count, tokens, dim) = heads.q.dims3()?;
    let d_taken = grouped(config, d_taken)?;
    let of_group = grouped(config, weights)?;
    let d_v = of_group.t()?.matmul(&d_taken)?;
    let d_weights = d_taken.matmul(&heads.v.t()?)?;
    let along = (&d_weights * &of_group)?.sum_keepdim(D::Minus1)?;
    let d_scores = (d_weights.broadcast_sub(&along)? * of_group)?;
    let d_scores = (d_scores * scale(config))?;
    let d_q = d_scores.matmul(&heads.k)?.reshape((count, tokens, dim))?;
    let d_k = d_scores.t()?.matmul(&grouped(config, &heads.q)?)?;
    Ok(Heads {
        q: d_q,
        k: d_k,
        v: d_v,
    })
}

fn scale(config: &ModelConfig) -> f64 {
    1.0 / (config.head_dim as f64).sqrt()
}

/// The rows of the query heads that read the same keys, one below the other: `[kv_heads, group * tokens, n]`.
fn grouped(config: &ModelConfig, x: &Tensor) -> Result<Tensor> {
    let (heads, tokens, width) = x.dims3()?;
    x.contiguous()?
        .reshape((config.kv_heads, heads / config.kv_heads * tokens, width))
}
