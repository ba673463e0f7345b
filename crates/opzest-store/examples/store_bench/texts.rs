//! Texts with the sizes and the word frequencies of real ones, from a seed.

use std::collections::HashSet;

/// A small generator of numbers: the texts must be the same on every computer.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        self.next() as f64 / f64::from(1_u32 << 31)
    }
}

/// Distinct words of the texts.
const WORDS: usize = 30_000;

/// Words by frequency, the most frequent first.
pub struct Vocabulary(Vec<String>);

impl Vocabulary {
    pub fn new() -> Self {
        // Letters as often as in English, so that beginnings of words are as frequent as real ones.
        const CONSONANTS: &[u8] =
            b"tttttttttnnnnnnnsssssshhhhhhrrrrrrddddllllccccmmmwwwffggyyppbbvk";
        const VOWELS: &[u8] = b"eeeeeeeeeeeeaaaaaaaaooooooooiiiiiiiuuu";
        let mut random = Random::new(3);
        let mut known = HashSet::new();
        let mut words = Vec::with_capacity(WORDS);
        while words.len() < WORDS {
            // Most of the frequent words are short.
            let rank = u64::from((words.len() + 1).ilog2());
            let letters = 1 + rank / 3 + random.below(2 + rank / 3);
            let mut word = String::new();
            for place in random.below(2)..=letters {
                let from = if place % 2 == 0 { CONSONANTS } else { VOWELS };
                word.push(char::from(from[random.below(from.len() as u64) as usize]));
            }
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        Self(words)
    }

    /// The word of this rank, from 0.
    pub fn word(&self, rank: usize) -> &str {
        &self.0[rank]
    }

    /// By Zipf's law.
    fn any(&self, random: &mut Random) -> &str {
        let rank = (WORDS as f64).powf(random.unit()) - 1.0;
        self.word((rank as usize).min(WORDS - 1))
    }

    /// Lines of words, about this long.
    pub fn text(&self, random: &mut Random, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            text += self.any(random);
            text.push(if random.below(9) == 0 { '\n' } else { ' ' });
        }
        text
    }

    /// A length between these, short ones more often.
    pub fn sized(&self, random: &mut Random, least: u64, most: u64) -> String {
        let spread = random.unit().powi(2);
        let bytes = least as f64 + (most - least) as f64 * spread;
        self.text(random, bytes as usize)
    }
}
