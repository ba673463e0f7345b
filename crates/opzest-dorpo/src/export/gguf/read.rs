//! Reading a header. The file may be hostile: no size is believed before it is compared with what is left of the file.

use super::{DEFAULT_ALIGNMENT, Kind, MAGIC, Pairs, value};
use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek};

/// ggml's own limit, `GGML_MAX_NAME`, with the byte that ends a C string.
const LONGEST_NAME: u64 = 63;
/// No key of the format comes near.
const LONGEST_KEY: u64 = 1 << 16;
const MOST_DIMENSIONS: u32 = 4;
const LARGEST_ALIGNMENT: u64 = 1 << 16;

#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub pairs: Pairs,
    /// In file order, without gaps: [`Header::read`] checks it, as llama.cpp does.
    pub tensors: Vec<Tensor>,
    pub alignment: u64,
    /// Where the tensors' data begins, from the file's start.
    pub data_start: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub name: String,
    /// ggml's order: the length of a row first.
    pub dims: Vec<u64>,
    pub kind: Kind,
    /// From `data_start`.
    pub offset: u64,
    pub bytes: u64,
}

impl Tensor {
    /// `[inputs, outputs]` of a matrix.
    pub fn matrix(&self) -> Option<[usize; 2]> {
        match self.dims[..] {
            [inputs, outputs] => Some([inputs.try_into().ok()?, outputs.try_into().ok()?]),
            _ => None,
        }
    }
}

/// A file that is no GGUF, or a damaged one: what is wrong with it.
pub type Problem = String;

impl Header {
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Reads the header of `file` from its beginning. `Ok(Err)` is a file that is not as it should be.
    pub fn read(file: impl Read + Seek) -> io::Result<Result<Self, Problem>> {
        let mut input = Input::new(file)?;
        match input.header() {
            Ok(header) => Ok(Ok(header)),
            Err(Failure::Problem(problem)) => Ok(Err(problem)),
            Err(Failure::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Err(CUT_OFF.into()))
            }
            Err(Failure::Io(error)) => Err(error),
        }
    }
}

const CUT_OFF: &str = "it is cut off";

enum Failure {
    Io(io::Error),
    Problem(Problem),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn problem<T>(text: impl Into<Problem>) -> Result<T, Failure> {
    Err(Failure::Problem(text.into()))
}

struct Input<R> {
    inner: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Input<R> {
    fn new(mut file: R) -> io::Result<Self> {
        let length = file.seek(io::SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self {
            inner: BufReader::new(file),
            position: 0,
            length,
        })
    }

    fn header(&mut self) -> Result<Header, Failure> {
        if self.length < 4 || &self.array::<4>()? != MAGIC {
            return problem("it does not begin with GGUF");
        }
        match self.u32()? {
            2 | 3 => {}
            1 => return problem("it is of the old version 1; convert the model anew"),
            version => return problem(format!("its version {version:#x} is not known")),
        }
        let (tensors, pairs) = (self.u64()?, self.u64()?);
        // A tensor takes at least 32 bytes of the header and a pair 13.
        self.fits(
            tensors
                .saturating_mul(32)
                .saturating_add(pairs.saturating_mul(13)),
        )?;
        let pairs = self.pairs(pairs)?;
        let alignment = match pairs.raw("general.alignment") {
            None => DEFAULT_ALIGNMENT,
            Some(_) => pairs.unsigned("general.alignment").unwrap_or(0),
        };
        if !alignment.is_power_of_two() || alignment > LARGEST_ALIGNMENT {
            return problem("its `general.alignment` is not a power of two");
        }
        let tensors = self.tensors(tensors, alignment)?;
        let data_start = self.position.next_multiple_of(alignment);
        let end = tensors
            .last()
            .map_or(Some(0), |last| last.offset.checked_add(last.bytes))
            .and_then(|end| end.checked_add(data_start));
        match end {
            Some(end) if end <= self.length || tensors.is_empty() => {}
            _ => return problem(CUT_OFF),
        }
        Ok(Header {
            pairs,
            tensors,
            alignment,
            data_start,
        })
    }

    fn pairs(&mut self, count: u64) -> Result<Pairs, Failure> {
        let mut seen = HashSet::new();
        let mut pairs = Pairs::default();
        for _ in 0..count {
            let key = self.name(LONGEST_KEY)?;
            let kind = self.u32()?;
            let mut raw = Vec::new();
            self.value(kind, &key, &mut raw)?;
            if !seen.insert(key.clone()) {
                return problem(format!("it has the key `{key}` twice"));
            }
            pairs.push(key, kind, raw);
        }
        Ok(pairs)
    }

    /// Copies a value as it is.
    fn value(&mut self, kind: u32, key: &str, raw: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(size) = value::size(kind) {
            return self.copy(size, raw);
        }
        match kind {
            value::STRING => self.string(raw),
            value::ARRAY => {
                let item = self.u32()?;
                let count = self.u64()?;
                raw.extend_from_slice(&item.to_le_bytes());
                raw.extend_from_slice(&count.to_le_bytes());
                match value::size(item) {
                    Some(size) => self.copy(count.saturating_mul(size), raw),
                    None if item == value::STRING => {
                        self.fits(count.saturating_mul(8))?;
                        (0..count).try_for_each(|_| self.string(raw))
                    }
                    None => problem(format!("`{key}` is a list of the unknown type {item}")),
                }
            }
            kind => problem(format!("`{key}` is of the unknown type {kind}")),
        }
    }

    fn tensors(&mut self, count: u64, alignment: u64) -> Result<Vec<Tensor>, Failure> {
        let mut seen = HashSet::new();
        let mut tensors = Vec::new();
        let mut next = 0_u64;
        for _ in 0..count {
            let tensor = self.tensor()?;
            let name = &tensor.name;
            if !seen.insert(name.clone()) {
                return problem(format!("it has the tensor `{name}` twice"));
            }
            if tensor.offset != next {
                return problem(format!(
                    "the tensor `{name}` does not follow the one before it"
                ));
            }
            next = match next.checked_add(tensor.bytes) {
                Some(end) if end <= self.length => end.next_multiple_of(alignment),
                _ => return problem(CUT_OFF),
            };
            tensors.push(tensor);
        }
        Ok(tensors)
    }

    fn tensor(&mut self) -> Result<Tensor, Failure> {
        let name = self.name(LONGEST_NAME)?;
        let count = self.u32()?;
        if !(1..=MOST_DIMENSIONS).contains(&count) {
            return problem(format!("the tensor `{name}` has {count} dimensions"));
        }
        let dims = (0..count)
            .map(|_| self.u64())
            .collect::<Result<Vec<_>, _>>()?;
        let number = self.u32()?;
        let offset = self.u64()?;
        let Some(kind) = Kind::of(number) else {
            return problem(format!(
                "the tensor `{name}` is of the unknown type {number}"
            ));
        };
        let elements = dims
            .iter()
            .try_fold(1_u64, |product, dim| product.checked_mul(*dim));
        let bytes = elements
            .filter(|elements| *elements > 0 && dims[0].is_multiple_of(kind.block))
            .and_then(|elements| (elements / kind.block).checked_mul(kind.bytes));
        match bytes {
            Some(bytes) => Ok(Tensor {
                name,
                dims,
                kind,
                offset,
                bytes,
            }),
            None => problem(format!("the tensor `{name}` has an impossible shape")),
        }
    }

    fn name(&mut self, longest: u64) -> Result<String, Failure> {
        let mut raw = Vec::new();
        self.string(&mut raw)?;
        let text = raw.split_off(8);
        if text.len() as u64 > longest {
            return problem("it has a name that is too long");
        }
        String::from_utf8(text).or_else(|_| problem("it has a name that is not UTF-8"))
    }

    /// Copies a string with its length.
    fn string(&mut self, raw: &mut Vec<u8>) -> Result<(), Failure> {
        let length = self.u64()?;
        raw.extend_from_slice(&length.to_le_bytes());
        self.copy(length, raw)
    }

    fn copy(&mut self, bytes: u64, raw: &mut Vec<u8>) -> Result<(), Failure> {
        self.fits(bytes)?;
        let copied = self.inner.by_ref().take(bytes).read_to_end(raw)? as u64;
        self.position += copied;
        if copied == bytes {
            Ok(())
        } else {
            problem(CUT_OFF)
        }
    }

    fn fits(&self, bytes: u64) -> Result<(), Failure> {
        if bytes <= self.length.saturating_sub(self.position) {
            Ok(())
        } else {
            problem(CUT_OFF)
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.position += N as u64;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Failure> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Failure> {
        self.array().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Architecture, fixture};
    use proptest::prelude::*;
    use std::io::Cursor;

    fn sound() -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = fixture::base(folder.path(), Architecture::Llama, 3);
        std::fs::read(path).expect("it is there")
    }

    fn read(bytes: &[u8]) -> Result<Header, Problem> {
        Header::read(Cursor::new(bytes)).expect("memory can be read")
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused() {
        let bytes = sound();
        let header = read(&bytes).expect("it is sound");
        let last = header.tensors.last().expect("it has tensors");
        let end = (header.data_start + last.offset + last.bytes) as usize;
        for length in (0..header.data_start as usize).chain([end - 1]) {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
        assert_eq!(read(&bytes[..end]), Ok(header));
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in [
            &b""[..],
            b"GG",
            b"PK\x03\x04 a ZIP archive",
            b"GGUF\x01\0\0\0",
            b"GGUF\0\0\0\x03",
        ] {
            assert!(read(bytes).is_err());
        }
        // A promise of 2^60 pairs.
        let mut many = b"GGUF\x03\0\0\0".to_vec();
        many.extend_from_slice(&0_u64.to_le_bytes());
        many.extend_from_slice(&(1_u64 << 60).to_le_bytes());
        assert_eq!(read(&many), Err(CUT_OFF.into()));
    }

    proptest! {
        /// No panic, and no memory for what is not there.
        #[test]
        fn a_damaged_header_is_read_or_refused(
            at in 0_usize..3000, bytes in proptest::collection::vec(any::<u8>(), 1..9)
        ) {
            let mut file = sound();
            let end = (at + bytes.len()).min(file.len());
            file[at..end].copy_from_slice(&bytes[..end - at]);
            if let Ok(header) = read(&file) {
                for tensor in &header.tensors {
                    prop_assert!(header.data_start + tensor.offset + tensor.bytes <= file.len() as u64);
                }
            }
        }
    }
}
