//! The arithmetic of training on a processor: products, attention and the small functions between them, each for every
//! [`Isa`]. Activations lie in [`Panels`]: 48 tokens side by side, features one below the other, so that every function
//! works down the rows of a panel with whole registers, whatever the model's sizes.
//!
//! Every result is computed by one job in a fixed order: the same numbers come out with any number of threads.

mod attention;
mod attention_backward;
mod elementwise;
mod isa;
mod lanes;
mod math;
mod panels;
mod peak;
mod product;
#[cfg(test)]
mod tests;
mod tile;

pub(crate) use attention::{AttentionShape, Visible, attention};
pub(crate) use attention_backward::attention_backward;
pub(crate) use elementwise::*;
pub use isa::Isa;
pub(crate) use lanes::Pair;
pub(crate) use math::{Lane, add_scaled, exp_below, lane, max_into, scale_lanes};
pub(crate) use panels::{LANES, Panels, Shared, pair_rows, round_bf16, to_pairs};
pub use peak::peak;
pub(crate) use product::{Left, Term, add_outer, product};
pub(crate) use tile::{Element, TILE_ROWS, tile};
