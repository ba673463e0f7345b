//! Root mean square norm over the last dimension (arXiv 1910.07467).

use candle_core::{D, Result, Tensor};

pub struct Norm {
    /// Shape `[n]`.
    weight: Tensor,
    epsilon: f64,
}

impl Norm {
    pub fn new(weight: Tensor, epsilon: f64) -> Self {
        Self { weight, epsilon }
    }

    /// One divided by the root of the mean square. Shape `[.., 1]`.
    fn shrink(&self, x: &Tensor) -> Result<Tensor> {
        (x.sqr()?.mean_keepdim(D::Minus1)? + self.epsilon)?
            .sqrt()?
            .recip()
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.broadcast_mul(&self.shrink(x)?)?
            .broadcast_mul(&self.weight)
    }

    /// The gradient of `x` from that of the norm.
    pub fn backward(&self, x: &Tensor, d_y: &Tensor) -> Result<Tensor> {
        let shrink = self.shrink(x)?;
        let scaled = d_y.broadcast_mul(&self.weight)?;
        let along = (&scaled * x)?.mean_keepdim(D::Minus1)?;
        let back = x.broadcast_mul(&(shrink.powf(3.0)? * along)?)?;
        scaled.broadcast_mul(&shrink)? - back
    }
}
