//! Log-probabilities of the wanted tokens, some rows at a time: all rows' logits at once would be most of the memory.

use candle_core::{D, Device, Result, Tensor};

use super::{Layout, linear::product, norm::Norm};

/// Small in tests, whose batches shall have several.
const ROWS: usize = if cfg!(test) { 8 } else { 512 };

pub struct Head {
    /// Shape `[vocabulary, hidden]`.
    output: Tensor,
    norm: Norm,
}

/// What the gradient needs.
pub struct Scored {
    /// Of the last layer's output. Shape `[tokens, hidden]`.
    shape: (usize, usize),
    /// Where the wanted rows lie in it, and the rows themselves before the norm. Shape `[wanted, hidden]`.
    places: Tensor,
    rows: Tensor,
    /// Logarithm of the sum of each wanted row's exponentials. Shape `[wanted, 1]`.
    log_sums: Tensor,
}

impl Head {
    pub fn new(output: Tensor, norm: Norm) -> Self {
        Self { output, norm }
    }

    /// In the order of the layout's wanted tokens.
    pub fn log_probs(&self, x: &Tensor, layout: &Layout) -> Result<(Vec<f32>, Scored)> {
        let places: Vec<u32> = layout.wanted.iter().map(|row| *row as u32).collect();
        let places = Tensor::new(places, x.device())?;
        let rows = x.index_select(&places, 0)?;
        let normed = self.norm.forward(&rows)?;
        let wanted = Wanted::new(layout);
        let (mut numbers, mut log_sums) = (Vec::new(), Vec::new());
        for (start, count) in tiles(layout.wanted.len()) {
            let logits = product(&normed.narrow(0, start, count)?, &self.output.t()?)?;
            let most = logits.max_keepdim(D::Minus1)?;
            let sum = logits.broadcast_sub(&most)?.exp()?.sum_keepdim(D::Minus1)?;
            let log_sum = (sum.log()? + most)?;
            let tokens = wanted.tokens(start, count, x.device())?;
            let own = logits.gather(&tokens, 1)?.broadcast_sub(&log_sum)?;
            for (row, own) in own.to_vec2::<f32>()?.into_iter().enumerate() {
                numbers.extend(&own[..wanted.range(start + row).len()]);
            }
            log_sums.push(log_sum);
        }
        let scored = Scored {
            shape: x.dims2()?,
            places,
            rows,
            log_sums: Tensor::cat(&log_sums, 0)?,
        };
        Ok((numbers, scored))
    }

    /// The gradient of the last layer's output from those of the wanted tokens' log-probabilities.
    pub fn backward(&self, scored: &Scored, layout: &Layout, gradients: &[f32]) -> Result<Tensor> {
        let device = scored.rows.device();
        let wanted = Wanted::new(layout);
        let normed = self.norm.forward(&scored.rows)?;
        let mut d_normed = Vec::new();
        for (start, count) in tiles(layout.wanted.len()) {
            let logits = product(&normed.narrow(0, start, count)?, &self.output.t()?)?;
            let log_sums = scored.log_sums.narrow(0, start, count)?;
            let probs = logits.broadcast_sub(&log_sums)?.exp()?;
            let given = wanted.numbers(start, count, gradients, device)?;
            let all = given.sum_keepdim(D::Minus1)?.neg()?;
            let tokens = wanted.tokens(start, count, device)?;
            let d_logits = probs.broadcast_mul(&all)?.scatter_add(&tokens, &given, 1)?;
            d_normed.push(product(&d_logits, &self.output)?);
        }
        let d_rows = self
            .norm
            .backward(&scored.rows, &Tensor::cat(&d_normed, 0)?)?;
        let d_x = Tensor::zeros(scored.shape, d_rows.dtype(), device)?;
        d_x.index_add(&scored.places, &d_rows, 0)
    }
}

fn tiles(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows)
        .step_by(ROWS)
        .map(move |start| (start, ROWS.min(rows - start)))
}

/// The wanted tokens of each row, filled up to the same number: with token 0 and gradient 0.
struct Wanted<'a> {
    layout: &'a Layout,
    most: usize,
}

impl<'a> Wanted<'a> {
    fn new(layout: &'a Layout) -> Self {
        let mut wanted = Self { layout, most: 0 };
        let longest = (0..layout.wanted.len()).map(|row| wanted.range(row).len());
        wanted.most = longest.max().unwrap_or_default();
        wanted
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        let start = row
            .checked_sub(1)
            .map_or(0, |before| self.layout.ends[before]);
        start..self.layout.ends[row]
    }

    fn tokens(&self, start: usize, count: usize, device: &Device) -> Result<Tensor> {
        let tokens = self.filled(start, count, &self.layout.wanted_tokens);
        Tensor::from_vec(tokens, (count, self.most), device)
    }

    fn numbers(&self, start: usize, count: usize, all: &[f32], device: &Device) -> Result<Tensor> {
        Tensor::from_vec(self.filled(start, count, all), (count, self.most), device)
    }

    fn filled<T: Copy + Default>(&self, start: usize, count: usize, all: &[T]) -> Vec<T> {
        let mut filled = vec![T::default(); count * self.most];
        for (row, to) in (start..).zip(filled.chunks_exact_mut(self.most)) {
            let range = self.range(row);
            to[..range.len()].copy_from_slice(&all[range]);
        }
        filled
    }
}
