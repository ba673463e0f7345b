//! A frozen matrix with its adapter: `y = W x + bias + s B (A x)`, and the gradients of x, A and B. Activations have one
//! row per token.

use candle_core::{DType, Device, Result, Tensor};

use crate::lora::{LoraSlice, LoraWeights};

pub struct Linear {
    /// Shape `[out, in]`.
    weight: Tensor,
    /// Shape `[out]`.
    bias: Option<Tensor>,
    /// Of the adapter's pairs.
    slice: Option<usize>,
}

/// The adapter's pairs on the device, in the order of its slices, and their gradients as far as there are some.
pub struct Thin {
    pairs: Vec<[Tensor; 2]>,
    gradients: Vec<Option<[Tensor; 2]>>,
    scale: f64,
}

impl Thin {
    pub fn upload(lora: &LoraWeights, device: &Device) -> Result<Self> {
        let rank = lora.config.rank;
        let pairs = lora.slices.iter().map(|slice| {
            let (a, b) = (&lora.values[slice.a.clone()], &lora.values[slice.b.clone()]);
            Ok([
                Tensor::from_slice(a, (rank, slice.inputs), device)?,
                Tensor::from_slice(b, (slice.outputs, rank), device)?,
            ])
        });
        Ok(Self {
            pairs: pairs.collect::<Result<_>>()?,
            gradients: vec![None; lora.slices.len()],
            scale: f64::from(lora.config.scale()),
        })
    }

    /// Adds to `to`, which lies as the adapter's numbers do.
    pub fn add_gradients(&self, slices: &[LoraSlice], to: &mut [f32]) -> Result<()> {
        for (slice, gradients) in slices.iter().zip(&self.gradients) {
            let Some([d_a, d_b]) = gradients else {
                continue;
            };
            for (range, tensor) in [(&slice.a, d_a), (&slice.b, d_b)] {
                let numbers = tensor.flatten_all()?.to_vec1::<f32>()?;
                let to = &mut to[range.clone()];
                to.iter_mut()
                    .zip(numbers)
                    .for_each(|(to, number)| *to += number);
            }
        }
        Ok(())
    }
}

impl Linear {
    pub fn new(weight: Tensor, bias: Option<Tensor>, slice: Option<usize>) -> Self {
        Self {
            weight,
            bias,
            slice,
        }
    }

    /// `x` has the shape `[tokens, in]`.
    pub fn forward(&self, thin: &Thin, x: &Tensor) -> Result<Tensor> {
        let mut y = product(x, &self.weight.t()?)?;
        if let Some(bias) = &self.bias {
            y = y.broadcast_add(bias)?;
        }
        let Some(slice) = self.slice else {
            return Ok(y);
        };
        let [a, b] = &thin.pairs[slice];
        let added = x.matmul(&a.t()?)?.matmul(&b.t()?)?;
        y + (added * thin.scale)?
    }

    /// The gradient of `x` from that of the product; keeps those of the adapter.
    pub fn backward(&self, thin: &mut Thin, x: &Tensor, d_y: &Tensor) -> Result<Tensor> {
        let d_x = product(d_y, &self.weight)?;
        let Some(slice) = self.slice else {
            return Ok(d_x);
        };
        let [a, b] = &thin.pairs[slice];
        let d_added = (d_y * thin.scale)?;
        let inner = x.matmul(&a.t()?)?;
        let d_inner = d_added.matmul(b)?;
        let d_b = d_added.t()?.matmul(&inner)?;
        let d_a = d_inner.t()?.matmul(x)?;
        let d_x = (d_x + d_inner.matmul(a)?)?;
        thin.gradients[slice] = Some([d_a, d_b]);
        Ok(d_x)
    }
}

/// In the weight's type; the result is f32.
pub fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    match weight.dtype() {
        DType::F32 => x.matmul(weight),
        other => x.to_dtype(other)?.matmul(weight)?.to_dtype(DType::F32),
    }
}
