//! What lies between the products: norms, rotary positions, the gated activation. One call works on one panel.

use super::{
    LANES,
    math::{Lane, exp, lane, lane_mut, multiply_add, vectorised},
};

vectorised! {
    /// `to = x / rms(x) * weight`, shape `[weight.len(), LANES]`.
    pub fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, to: &mut [f32]) {
        let inverse = inverse_rms::<FMA>(x, epsilon);
        for ((to, x), weight) in to.chunks_exact_mut(LANES).map(lane_mut).zip(x.chunks_exact(LANES).map(lane)).zip(weight) {
            for l in 0..LANES {
                to[l] = x[l] * inverse[l] * weight;
            }
        }
    }

    /// `d_x += ` the gradient of [`rms_norm`] with respect to x.
    pub fn rms_norm_backward(x: &[f32], weight: &[f32], epsilon: f32, d_to: &[f32], d_x: &mut [f32]) {
        let inverse = inverse_rms::<FMA>(x, epsilon);
        let mut sum = [0.0; LANES];
        for ((x, d), weight) in x.chunks_exact(LANES).map(lane).zip(d_to.chunks_exact(LANES).map(lane)).zip(weight) {
            for l in 0..LANES {
                sum[l] = multiply_add::<FMA>(x[l] * d[l], *weight, sum[l]);
            }
        }
        let size = weight.len() as f32;
        let mut along = [0.0; LANES];
        for l in 0..LANES {
            along[l] = sum[l] * inverse[l] * inverse[l] * inverse[l] / size;
        }
        let rows = d_x.chunks_exact_mut(LANES).map(lane_mut);
        for (((d_x, x), d), weight) in
            rows.zip(x.chunks_exact(LANES).map(lane)).zip(d_to.chunks_exact(LANES).map(lane)).zip(weight)
        {
            for l in 0..LANES {
                d_x[l] += d[l] * weight * inverse[l] - x[l] * along[l];
            }
        }
    }

    /// Turns the pairs of one head by the tokens' angles. `cos` and `sin` have the shape `[head_dim / 2, LANES]`;
    /// `halves`: (0, d/2) are a pair, else (0, 1); `back`: the other way, which is the gradient.
    pub fn rotate(head: &mut [f32], cos: &[f32], sin: &[f32], halves: bool, back: bool) {
        let half = head.len() / 2;
        let sign = if back { -1.0 } else { 1.0 };
        let turn = |a: &mut Lane, b: &mut Lane, i: usize| {
            let (cos, sin) = (lane(&cos[i * LANES..(i + 1) * LANES]), lane(&sin[i * LANES..(i + 1) * LANES]));
            for l in 0..LANES {
                let sin = sin[l] * sign;
                let (x, y) = (a[l], b[l]);
                a[l] = x * cos[l] - y * sin;
                b[l] = multiply_add::<FMA>(x, sin, y * cos[l]);
            }
        };
        if halves {
            let (low, high) = head.split_at_mut(half);
            for (i, (a, b)) in low.chunks_exact_mut(LANES).zip(high.chunks_exact_mut(LANES)).enumerate() {
                turn(lane_mut(a), lane_mut(b), i);
            }
        } else {
            for (i, pair) in head.chunks_exact_mut(2 * LANES).enumerate() {
                let (a, b) = pair.split_at_mut(LANES);
                turn(lane_mut(a), lane_mut(b), i);
            }
        }
    }

    /// `to = silu(gate) * up`.
    pub fn gated(gate: &[f32], up: &[f32], to: &mut [f32]) {
        for ((to, gate), up) in to.iter_mut().zip(gate).zip(up) {
            *to = gate / (1.0 + exp::<FMA>(-gate)) * up;
        }
    }

    /// `gate` and `up` become their gradients, `d_to` becomes [`gated`]'s result.
    pub fn gated_backward(gate: &mut [f32], up: &mut [f32], d_to: &mut [f32]) {
        for ((d, gate), up) in d_to.iter_mut().zip(gate).zip(up) {
            let sigmoid = 1.0 / (1.0 + exp::<FMA>(-*gate));
            let silu = *gate * sigmoid;
            let d_gate = *d * *up * multiply_add::<FMA>(silu, 1.0 - sigmoid, sigmoid);
            let d_up = *d * silu;
            *d = silu * *up;
            (*gate, *up) = (d_gate, d_up);
        }
    }

    /// `to += from`.
    pub fn add(to: &mut [f32], from: &[f32]) {
        let _ = FMA;
        for (to, from) in to.iter_mut().zip(from) {
            *to += from;
        }
    }

    /// Every number times `by`.
    pub fn scale(numbers: &mut [f32], by: f32) {
        let _ = FMA;
        for number in numbers {
            *number *= by;
        }
    }
}

#[inline(always)]
fn inverse_rms<const FMA: bool>(x: &[f32], epsilon: f32) -> Lane {
    let mut sum = [0.0; LANES];
    for x in x.chunks_exact(LANES).map(lane) {
        for l in 0..LANES {
            sum[l] = multiply_add::<FMA>(x[l], x[l], sum[l]);
        }
    }
    let size = (x.len() / LANES) as f32;
    for sum in &mut sum {
        *sum = 1.0 / (*sum / size + epsilon).sqrt();
    }
    sum
}
