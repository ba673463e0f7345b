//! What the processor's product instructions reach when nothing holds them up: the roofline's roof.

use std::time::Instant;

use rayon::prelude::*;

use super::{
    Isa, LANES, Pair,
    tile::{Element, Segment, TILE_ROWS, tile},
};

/// Floating-point operations per second of the current rayon threads together, from the first-level cache; the best of
/// several short runs.
pub fn peak(isa: Isa, bf16: bool) -> f64 {
    let isa = isa.available();
    if bf16 && isa.has_bf16() { of::<Pair>(isa) } else { of::<f32>(isa) }
}

fn of<E: Element>(isa: Isa) -> f64 {
    const DEPTH: usize = 64;
    const CALLS: usize = 20_000;
    let (a, b) = (vec![E::default(); TILE_ROWS * DEPTH], vec![E::default(); DEPTH * LANES]);
    let threads = rayon::current_num_threads();
    let work = (2 * TILE_ROWS * DEPTH * LANES * E::NUMBERS * CALLS * threads) as f64;
    let run = || {
        let start = Instant::now();
        (0..threads).into_par_iter().for_each(|_| {
            let mut out = vec![0.0; TILE_ROWS * LANES];
            for _ in 0..CALLS {
                let segment = Segment {
                    a: &a,
                    row_stride: DEPTH,
                    depth_stride: 1,
                    depth: DEPTH,
                    block_stride: 0,
                    blocks: 1,
                    b: &b,
                };
                tile(isa, TILE_ROWS, &[segment], std::hint::black_box(&mut out), false);
            }
        });
        work / start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| run()).fold(0.0, f64::max)
}
