//! A frozen matrix with its adapter: `y = W x + s B (A x)`, and the gradients of x, A and B.

use crate::kernels::{Isa, LANES, Pair, Panels, Term, add_outer, product, scale, to_pairs};

use super::{
    adapter::{Adapter, Thin},
    times::{Part, Times},
    weights::{Arithmetic, Frozen, Side, Unpacked},
};
use crate::lora::Target;
use rayon::prelude::*;

/// Rows of activations, with their rounded copy where products read that.
#[derive(Default)]
pub(super) struct Rounded {
    pairs: Panels<Pair>,
}

/// What the products of a layer share.
#[derive(Default)]
pub(super) struct Room {
    pub unpacked: Unpacked,
    pub input: Rounded,
    /// Rounded rows of the adapter's inner product.
    inner: Rounded,
    /// Gradient of the adapter's inner product.
    d_inner: Panels,
    pub times: Times,
}

/// Where a linear's input or output lies in a panel.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub panels: &'a Panels,
    pub first: usize,
    pub rows: usize,
}

impl<'a> Rows<'a> {
    pub fn all(panels: &'a Panels) -> Self {
        Self {
            panels,
            first: 0,
            rows: panels.rows,
        }
    }
}

impl Rounded {
    /// Rounds, if products of this arithmetic read rounded numbers.
    pub fn set(&mut self, arithmetic: Arithmetic, rows: Rows<'_>) {
        if arithmetic.precision == super::Precision::Bf16 {
            to_pairs(
                arithmetic.isa,
                rows.panels,
                rows.first,
                rows.rows,
                &mut self.pairs,
            );
        }
    }
}

/// `side` times rows that are given in both forms.
enum Terms<'a> {
    F32(Vec<Term<'a, f32>>),
    Pairs(Vec<Term<'a, Pair>>),
}

impl<'a> Terms<'a> {
    fn new(side: &Side<'a>, numbers: Rows<'a>, rounded: &'a Rounded) -> Self {
        match side {
            Side::F32(left) => Self::F32(vec![Term {
                left: *left,
                right: numbers.panels,
                right_row: numbers.first,
            }]),
            Side::Pairs(left) => Self::Pairs(vec![Term {
                left: *left,
                right: &rounded.pairs,
                right_row: 0,
            }]),
        }
    }

    fn and(mut self, side: &Side<'a>, numbers: Rows<'a>, rounded: &'a Rounded) -> Self {
        match (&mut self, Self::new(side, numbers, rounded)) {
            (Self::F32(terms), Self::F32(more)) => terms.extend(more),
            (Self::Pairs(terms), Self::Pairs(more)) => terms.extend(more),
            _ => unreachable!("frozen weights and adapter have the engine's precision"),
        }
        self
    }

    fn product(&self, isa: Isa, out: &mut Panels, row: usize, rows: usize, add: bool) {
        match self {
            Self::F32(terms) => product(isa, out, row, rows, terms, add),
            Self::Pairs(terms) => product(isa, out, row, rows, terms, add),
        }
    }
}

/// One matrix of a layer and what belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Linear<'a> {
    pub frozen: &'a Frozen,
    pub layer: usize,
    pub target: Target,
    pub arithmetic: Arithmetic,
}

impl Linear<'_> {
    /// `out[row ..] = (or +=) W x + s B A x`; `inner` keeps s A x for the gradient. `room.input` holds x rounded.
    pub fn forward(
        &self,
        adapter: &Adapter,
        x: Rows<'_>,
        (out, row): (&mut Panels, usize),
        add: bool,
        inner: &mut Panels,
        room: &mut Room,
    ) {
        let isa = self.arithmetic.isa;
        let thin = adapter.thin(self.layer, self.target);
        self.inner(adapter, x, inner, room);
        let start = room.times.start();
        let side = self.frozen.forward(&mut room.unpacked);
        let mut terms = Terms::new(&side, x, &room.input);
        if let Some(thin) = &thin {
            terms = terms.and(&thin.b, Rows::all(inner), &room.inner);
        }
        terms.product(isa, out, row, self.frozen.rows, add);
        room.times.stop(Part::Frozen, start);
    }

    /// Only `inner` of [`Self::forward`].
    pub fn inner(&self, adapter: &Adapter, x: Rows<'_>, inner: &mut Panels, room: &mut Room) {
        let Some(thin) = adapter.thin(self.layer, self.target) else {
            return;
        };
        let start = room.times.start();
        let isa = self.arithmetic.isa;
        inner.reshape(adapter.rank(), x.panels.panels);
        Terms::new(&thin.a, x, &room.input).product(isa, inner, 0, adapter.rank(), false);
        scale_all(isa, inner, adapter.lora.config.scale());
        room.inner.set(self.arithmetic, Rows::all(inner));
        room.times.stop(Part::Adapter, start);
    }

    /// From the gradient of y: adds those of A and B, and gives x's in `d_x` (or adds it), if it is wanted.
    pub fn backward(
        &self,
        adapter: &mut Adapter,
        d_y: Rows<'_>,
        inner: &Panels,
        d_x: Option<(&mut Panels, bool)>,
        room: &mut Room,
    ) {
        let isa = self.arithmetic.isa;
        room.input.set(self.arithmetic, d_y);
        let thin = adapter.thin(self.layer, self.target);
        if let Some(thin) = &thin {
            let start = room.times.start();
            room.d_inner.reshape(adapter.rank(), d_y.panels.panels);
            Terms::new(&thin.b_turned, d_y, &room.input).product(
                isa,
                &mut room.d_inner,
                0,
                adapter.rank(),
                false,
            );
            scale_all(isa, &mut room.d_inner, adapter.lora.config.scale());
            room.inner.set(self.arithmetic, Rows::all(&room.d_inner));
            room.times.stop(Part::Adapter, start);
        }
        if let Some((d_x, add)) = d_x {
            let start = room.times.start();
            let side = self.frozen.backward(&mut room.unpacked);
            let mut terms = Terms::new(&side, d_y, &room.input);
            if let Some(thin) = &thin {
                terms = terms.and(&thin.a_turned, Rows::all(&room.d_inner), &room.inner);
            }
            terms.product(isa, d_x, 0, self.frozen.columns, add);
            room.times.stop(Part::Frozen, start);
        }
        if let Some(Thin { slice, .. }) = thin {
            let start = room.times.start();
            let (rank, range) = (adapter.lora.config.rank, slice.b.clone());
            let to = &mut adapter.gradients[range];
            add_outer(
                isa,
                to,
                (1, rank),
                (inner, 0, rank),
                (d_y.panels, d_y.first, d_y.rows),
            );
            room.times.stop(Part::AdapterGradient, start);
        }
    }

    /// Adds the gradient of A, right after [`Self::backward`] of the same matrix.
    pub fn gradient_of_a(&self, adapter: &mut Adapter, x: Rows<'_>, room: &mut Room) {
        let Some(slice) = adapter.lora.slice(self.layer, self.target) else {
            return;
        };
        let start = room.times.start();
        let (rank, range, inputs) = (adapter.lora.config.rank, slice.a.clone(), slice.inputs);
        let to = &mut adapter.gradients[range];
        add_outer(
            self.arithmetic.isa,
            to,
            (inputs, 1),
            (&room.d_inner, 0, rank),
            (x.panels, x.first, x.rows),
        );
        room.times.stop(Part::AdapterGradient, start);
    }
}

fn scale_all(isa: Isa, panels: &mut Panels, by: f32) {
    panels
        .data
        .par_chunks_mut(LANES * 64)
        .for_each(|numbers| scale(isa, numbers, by));
}
