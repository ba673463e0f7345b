//! Metadata: keys with values in the file's own encoding.

use super::value;

/// In file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs(Vec<Pair>);

#[derive(Clone, Debug, PartialEq)]
struct Pair {
    key: String,
    /// The value's type.
    kind: u32,
    /// The value as in the file.
    raw: Vec<u8>,
}

impl Pairs {
    /// Replaces the value, or appends the key. `raw` must be a value of this type.
    pub(in crate::export) fn set(&mut self, key: &str, kind: u32, raw: Vec<u8>) {
        match self.0.iter_mut().find(|pair| pair.key == key) {
            Some(pair) => (pair.kind, pair.raw) = (kind, raw),
            None => self.0.push(Pair {
                key: key.to_owned(),
                kind,
                raw,
            }),
        }
    }

    /// Appends a key that is known to be new.
    pub(super) fn push(&mut self, key: String, kind: u32, raw: Vec<u8>) {
        self.0.push(Pair { key, kind, raw });
    }

    pub fn set_string(&mut self, key: &str, text: &str) {
        let mut raw = (text.len() as u64).to_le_bytes().to_vec();
        raw.extend_from_slice(text.as_bytes());
        self.set(key, value::STRING, raw);
    }

    pub fn set_u32(&mut self, key: &str, number: u32) {
        self.set(key, value::U32, number.to_le_bytes().to_vec());
    }

    pub fn set_u64(&mut self, key: &str, number: u64) {
        self.set(key, value::U64, number.to_le_bytes().to_vec());
    }

    pub fn set_f32(&mut self, key: &str, number: f32) {
        self.set(key, value::F32, number.to_le_bytes().to_vec());
    }

    /// A string key's value.
    pub fn string(&self, key: &str) -> Option<&str> {
        let (kind, raw) = self.raw(key)?;
        (kind == value::STRING)
            .then(|| std::str::from_utf8(raw.get(8..)?).ok())
            .flatten()
    }

    /// The value of an integer key of any width that is not negative.
    pub fn unsigned(&self, key: &str) -> Option<u64> {
        let (kind, raw) = self.raw(key)?;
        // u8 to i32, then u64 and i64 in GGUF's numbering.
        let (signed, integer) = match kind {
            0 | 2 | 4 | 10 => (false, true),
            1 | 3 | 5 | 11 => (true, true),
            _ => (false, false),
        };
        let negative = signed && raw.last().is_some_and(|byte| byte & 0x80 != 0);
        let number = raw
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        (integer && !negative && raw.len() <= 8).then_some(number)
    }

    /// The type and the bytes of a key's value, as in the file.
    pub fn raw(&self, key: &str) -> Option<(u32, &[u8])> {
        let pair = self.0.iter().find(|pair| pair.key == key)?;
        Some((pair.kind, &pair.raw))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32, &[u8])> {
        self.0
            .iter()
            .map(|pair| (pair.key.as_str(), pair.kind, pair.raw.as_slice()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
