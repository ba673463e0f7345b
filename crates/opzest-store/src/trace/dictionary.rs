//! The distinct tokens of a generation: each is kept once, and named by its place.
//!
//! Sorted by id, so that ids are small differences; tokens without one (of remote servers) come first.

use super::TraceProblem;
use super::columns::{Reader, Writer};
use opzest_core::trace::Candidate;
use std::collections::BTreeMap;

/// Tokens of real vocabularies are shorter.
const LONGEST_TOKEN: usize = 4096;

type Token = (Option<u32>, Vec<u8>);

#[derive(Debug, Default)]
pub(super) struct Dictionary(BTreeMap<Token, u32>);

impl Dictionary {
    pub(super) fn of<'a>(
        candidates: impl Iterator<Item = &'a Candidate>,
    ) -> Result<Self, TraceProblem> {
        let mut tokens = BTreeMap::new();
        for candidate in candidates {
            if candidate.bytes.len() > LONGEST_TOKEN {
                return Err(TraceProblem::TooLong {
                    what: "bytes in a token",
                    limit: LONGEST_TOKEN,
                });
            }
            tokens.insert((candidate.id, candidate.bytes.clone()), 0);
        }
        for (place, index) in tokens.values_mut().zip(0..) {
            *place = index;
        }
        Ok(Self(tokens))
    }

    pub(super) fn place(&self, candidate: &Candidate) -> u32 {
        // The key must be owned to be looked up; tokens are a few bytes.
        self.0[&(candidate.id, candidate.bytes.clone())]
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        let nameless = self.0.keys().filter(|(id, _)| id.is_none()).count();
        writer.number(self.0.len());
        writer.number(nameless);
        let mut before = 0;
        writer.varints(self.0.keys().filter_map(|(id, _)| *id).map(|id| {
            let step = id - before;
            before = id;
            step
        }));
        writer.varints(self.0.keys().map(|(_, bytes)| bytes.len() as u32));
        let text: Vec<u8> = self
            .0
            .keys()
            .flat_map(|(_, bytes)| bytes)
            .copied()
            .collect();
        writer.bytes(&text);
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        most: usize,
        most_bytes: usize,
    ) -> Result<Vec<Token>, TraceProblem> {
        let count = reader.number(most)?;
        let nameless = reader.number(count)?;
        let steps = reader.varints(count - nameless)?;
        let lengths = reader.varints(count)?;
        if lengths
            .iter()
            .any(|&length| length as usize > LONGEST_TOKEN)
        {
            return Err(TraceProblem::Damaged("a token is impossibly long"));
        }
        let total: usize = lengths.iter().map(|&length| length as usize).sum();
        if total > most_bytes {
            return Err(TraceProblem::Damaged("its tokens are too long"));
        }
        let text = reader.exact_bytes(total)?;

        let mut rest = text.as_slice();
        let mut id = 0_u32;
        let ids = steps.into_iter().map(|step| {
            id = id.checked_add(step)?;
            Some(id)
        });
        let ids = std::iter::repeat_n(Some(None), nameless).chain(ids.map(|id| id.map(Some)));
        ids.zip(lengths)
            .map(|(id, length)| {
                let (bytes, after) = rest.split_at(length as usize);
                rest = after;
                let id = id.ok_or(TraceProblem::Damaged("a token's id is too large"))?;
                Ok((id, bytes.to_vec()))
            })
            .collect()
    }
}
