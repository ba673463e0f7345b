//! Finding pieces of deleted text in other texts.

use super::DELETED;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::collections::{BTreeSet, HashSet};

/// Shorter pieces stand in other texts by chance.
const LEAST_BYTES: usize = 8;
/// Longer pieces are looked for by their lines; an automaton takes much memory for each byte.
const MOST_BYTES: usize = 64 * 1024;

/// The texts that are deleted and their lines, but not those that are kept somewhere else.
pub(super) struct Needles {
    /// Texts of any length: nothing else may be just this.
    whole: HashSet<String>,
    pieces: Option<AhoCorasick>,
}

impl Needles {
    pub(super) fn new(doomed: &[String], kept: &[String]) -> Self {
        let mut whole: HashSet<_> = trimmed(doomed).map(str::to_owned).collect();
        for text in trimmed(kept) {
            whole.remove(text);
        }
        let lines = doomed.iter().flat_map(|text| text.lines());
        let pieces: BTreeSet<&str> = lines
            .map(str::trim)
            .chain(trimmed(doomed))
            .filter(|piece| (LEAST_BYTES..=MOST_BYTES).contains(&piece.len()))
            .collect();
        let pieces: Vec<_> = pieces.into_iter().collect();
        let is_kept = found_in(&pieces, kept);
        let pieces = pieces
            .into_iter()
            .zip(is_kept)
            .filter_map(|(piece, is_kept)| (!is_kept).then_some(piece));
        // The longest first, so that no rest of a text is left.
        Self {
            whole,
            pieces: automaton(pieces.collect(), MatchKind::LeftmostLongest),
        }
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        self.is_whole(text)
            || self
                .pieces
                .as_ref()
                .is_some_and(|pieces| pieces.is_match(text))
    }

    fn is_whole(&self, text: &str) -> bool {
        self.whole.contains(text.trim())
    }

    /// Puts the marker in the place of what is deleted.
    pub(super) fn forget_in(&self, text: &mut String) {
        if self.is_whole(text) {
            *text = DELETED.to_owned();
            return;
        }
        let Some(pieces) = self
            .pieces
            .as_ref()
            .filter(|pieces| pieces.is_match(&**text))
        else {
            return;
        };
        let mut left = String::with_capacity(text.len());
        pieces.replace_all_with(text, &mut left, |_, _, left| {
            left.push_str(DELETED);
            true
        });
        *text = left;
    }
}

fn trimmed(texts: &[String]) -> impl Iterator<Item = &str> {
    let all = texts.iter().map(|text| text.trim());
    all.filter(|text| !text.is_empty())
}

fn automaton(pieces: Vec<&str>, kind: MatchKind) -> Option<AhoCorasick> {
    if pieces.is_empty() {
        return None;
    }
    let automaton = AhoCorasick::builder()
        .match_kind(kind)
        // The quickest to build: it is used for one log.
        .kind(Some(AhoCorasickKind::NoncontiguousNFA))
        .build(pieces);
    Some(automaton.expect("a log has fewer lines than an automaton has states"))
}

/// For each piece, whether one of the texts has it.
fn found_in(pieces: &[&str], texts: &[String]) -> Vec<bool> {
    let mut found = vec![false; pieces.len()];
    if let Some(automaton) = automaton(pieces.to_vec(), MatchKind::Standard) {
        for text in texts {
            for hit in automaton.find_overlapping_iter(text) {
                found[hit.pattern().as_usize()] = true;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forgotten(doomed: &[&str], kept: &[&str], text: &str) -> String {
        let owned = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let needles = Needles::new(&owned(doomed), &owned(kept));
        let mut left = text.to_owned();
        needles.forget_in(&mut left);
        assert_eq!(needles.is_in(text), left != text);
        left
    }

    #[test]
    fn texts_and_lines_are_replaced_unless_they_are_kept() {
        let poem = "roses are red\nviolets are blue\n";
        assert_eq!(
            forgotten(&[poem], &[], "say: roses are red\nviolets are blue"),
            "say: [deleted]"
        );
        assert_eq!(
            forgotten(&[poem], &[], "only violets are blue here"),
            "only [deleted] here"
        );
        let kept = ["violets are blue, I know"];
        assert_eq!(
            forgotten(&[poem], &kept, "roses are red, violets are blue"),
            "[deleted], violets are blue"
        );
        assert_eq!(forgotten(&[poem], &[poem], poem), poem);
    }

    #[test]
    fn short_texts_are_replaced_only_where_they_stand_alone() {
        assert_eq!(forgotten(&["no"], &[], "no"), "[deleted]");
        assert_eq!(
            forgotten(&["no"], &[], "nothing is known"),
            "nothing is known"
        );
        assert_eq!(forgotten(&["no"], &["no"], "no"), "no");
        assert_eq!(forgotten(&["", " "], &[], ""), "");
    }
}
