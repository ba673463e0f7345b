//! Products against a plain sum, for every instruction set that this processor has.
use super::*;
use crate::lora::SplitMix;

fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut random = SplitMix(seed);
    (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
}

fn panels(seed: u64, rows: usize, panels: usize) -> Panels {
    Panels {
        rows,
        panels,
        data: numbers(seed, rows * panels * LANES),
    }
}

fn available() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_available())
}

fn close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * size.max(1e-6),
            "{i}: {a} instead of {b}"
        );
    }
}

fn plain(
    weights: impl Fn(usize, usize) -> f32,
    rows: usize,
    depth: usize,
    right: &Panels,
) -> Panels {
    let mut out = Panels::new(rows, right.panels);
    for panel in 0..right.panels {
        for i in 0..rows {
            for l in 0..LANES {
                let sum: f64 = (0..depth)
                    .map(|k| f64::from(weights(i, k)) * f64::from(right.rows(panel, k, 1)[l]))
                    .sum();
                out.panel_mut(panel)[i * LANES + l] = sum as f32;
            }
        }
    }
    out
}

#[test]
fn every_layout_of_the_left_side_gives_the_plain_product() {
    for (rows, depth) in [(1, 1), (7, 50), (50, 7), (96, 576), (61, 601)] {
        let w = numbers(1, rows * depth);
        let right = panels(2, depth, 3);
        let blocked = |rows: usize, columns: usize, at: &dyn Fn(usize, usize) -> f32| {
            let mut data = vec![0.0; rows.next_multiple_of(LANES) * columns];
            for r in 0..rows {
                for c in 0..columns {
                    data[(r / LANES * columns + c) * LANES + r % LANES] = at(r, c);
                }
            }
            data
        };
        let expected = plain(|i, k| w[i * depth + k], rows, depth, &right);
        let turned: Vec<f32> = (0..depth * rows)
            .map(|i| w[i % rows * depth + i / rows])
            .collect();
        let by_row = blocked(rows, depth, &|r, c| w[r * depth + c]);
        let by_depth = blocked(depth, rows, &|r, c| w[c * depth + r]);
        for isa in available() {
            for left in [
                Left::rows(&w, depth, depth),
                Left::columns(&turned, depth, rows),
                Left::blocked_rows(&by_row, depth),
                Left::blocked_columns(&by_depth, depth, rows),
            ] {
                let mut out = Panels::new(rows + 2, 3);
                product(
                    isa,
                    &mut out,
                    1,
                    rows,
                    &[Term {
                        left,
                        right: &right,
                        right_row: 0,
                    }],
                    false,
                );
                for panel in 0..3 {
                    close(out.rows(panel, 1, rows), expected.panel(panel), 1e-5);
                }
                assert!(
                    out.rows(0, 0, 1)
                        .iter()
                        .chain(out.rows(2, rows + 1, 1))
                        .all(|x| *x == 0.0)
                );
            }
        }
    }
}

#[test]
fn gradients_of_weights_are_the_plain_sums() {
    for (rows, columns) in [(1, 1), (2, 40), (16, 576), (5, 7), (30, 100)] {
        let (a, b) = (panels(3, rows + 1, 2), panels(4, columns + 2, 2));
        let mut expected = vec![1.0f32; rows * columns];
        for i in 0..rows {
            for j in 0..columns {
                for panel in 0..2 {
                    expected[i * columns + j] += a
                        .rows(panel, i + 1, 1)
                        .iter()
                        .zip(b.rows(panel, j, 1))
                        .map(|(a, b)| a * b)
                        .sum::<f32>();
                }
            }
        }
        for isa in available() {
            let mut out = vec![1.0; rows * columns];
            add_outer(isa, &mut out, (columns, 1), (&a, 1, rows), (&b, 0, columns));
            close(&out, &expected, 1e-5);
        }
    }
}

#[test]
fn pairs_multiply_as_numbers_rounded_to_bf16() {
    let isa = Isa::best();
    if !isa.has_bf16() {
        return;
    }
    let (rows, depth) = (50, 33);
    let round = |x: f32| half::bf16::from_f32(x).to_f32();
    let w: Vec<f32> = numbers(5, rows * depth);
    let mut right = panels(6, depth, 2);
    let mut pairs = Panels::default();
    to_pairs(isa, &right, 0, depth, &mut pairs);
    right.data.iter_mut().for_each(|x| *x = round(*x));
    let left: Vec<Pair> = w
        .chunks(depth)
        .flat_map(|row| row.chunks(2))
        .map(|pair| {
            let bits = |x: Option<&f32>| {
                u32::from(half::bf16::from_f32(x.copied().unwrap_or(0.0)).to_bits())
            };
            Pair(bits(pair.first()) | bits(pair.get(1)) << 16)
        })
        .collect();
    let mut out = Panels::new(rows, 2);
    let depth2 = depth.div_ceil(2);
    let term = Term {
        left: Left::rows(&left, depth2, depth2),
        right: &pairs,
        right_row: 0,
    };
    product(isa, &mut out, 0, rows, &[term], false);
    close(
        &out.data,
        &plain(|i, k| round(w[i * depth + k]), rows, depth, &right).data,
        1e-5,
    );
}
