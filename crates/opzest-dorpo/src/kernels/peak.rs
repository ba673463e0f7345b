//! What the processor's product instructions reach when nothing holds them up: the roofline's roof.

use super::{
    Isa, LANES, Pair,
    tile::{Element, Segment, TILE_ROWS, tile},
};

/// Floating-point operations per second of the current rayon threads together, from the first-level cache; the best of
/// several short runs. `clock` gives a thread's seconds: of the wall, or on the processor where others use it too.
pub fn peak(isa: Isa, bf16: bool, clock: impl Fn() -> f64 + Sync) -> f64 {
    let isa = isa.available();
    if bf16 && isa.has_bf16() {
        of::<Pair>(isa, clock)
    } else {
        of::<f32>(isa, clock)
    }
}

fn of<E: Element>(isa: Isa, clock: impl Fn() -> f64 + Sync) -> f64 {
    const DEPTH: usize = 64;
    // Long enough for a clock that moves a few hundred times a second.
    const CALLS: usize = 400_000;
    let (a, b) = (
        vec![E::default(); TILE_ROWS * DEPTH],
        vec![E::default(); DEPTH * LANES],
    );
    let work = (2 * TILE_ROWS * DEPTH * LANES * E::NUMBERS * CALLS) as f64;
    let run = || {
        let start = clock();
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
            tile(
                isa,
                TILE_ROWS,
                &[segment],
                std::hint::black_box(&mut out),
                false,
            );
        }
        work / (clock() - start)
    };
    let together = || rayon::broadcast(|_| run()).into_iter().sum();
    (0..5).map(|_| together()).fold(0.0, f64::max)
}
