//! JSON Lines: one row a line.

use super::LONGEST_TEXT;
use super::columns::Exported;
use super::reading::{BadRow, Object};
use serde_json::Value;
use std::io::{self, BufRead, Write};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) fn write(row: &Exported<'_>, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")
}

/// The objects of a file with their line numbers, from 1; empty lines are passed over. Never holds more
/// than one line.
pub(super) struct Lines<R> {
    file: R,
    line: Vec<u8>,
    number: u32,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            file,
            line: Vec::new(),
            number: 0,
        }
    }

    /// The next line without its end, or `None` at the end of the file.
    fn read(&mut self) -> io::Result<Option<Result<(), BadRow>>> {
        self.line.clear();
        let (mut is_too_long, mut is_there) = (false, false);
        loop {
            let buffer = self.file.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            is_there = true;
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let part = end.map_or(buffer, |end| &buffer[..end]);
            is_too_long |= self.line.len() + part.len() > LONGEST_TEXT;
            if !is_too_long {
                self.line.extend_from_slice(part);
            }
            let read = end.map_or(buffer.len(), |end| end + 1);
            self.file.consume(read);
            if end.is_some() {
                break;
            }
        }
        if !is_there {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        Ok(Some(if is_too_long {
            Err(BadRow::TooLong)
        } else {
            Ok(())
        }))
    }

    fn object(&self) -> Option<Result<Object, BadRow>> {
        let line = match self.number {
            1 => self
                .line
                .strip_prefix(BYTE_ORDER_MARK)
                .unwrap_or(&self.line),
            _ => &self.line,
        };
        let Ok(text) = std::str::from_utf8(line) else {
            return Some(Err(BadRow::NotUtf8));
        };
        if text.trim().is_empty() {
            return None;
        }
        Some(match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(BadRow::NotAnObject),
            Err(source) => Err(BadRow::NotJson { source }),
        })
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<(u32, Result<Object, BadRow>)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = match self.read() {
                Ok(None) => return None,
                Ok(Some(Ok(()))) => match self.object() {
                    None => continue,
                    Some(row) => row,
                },
                Ok(Some(Err(bad))) => Err(bad),
                Err(error) => return Some(Err(error)),
            };
            return Some(Ok((self.number, row)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u32, String)> {
        // A small buffer cuts lines anywhere.
        let file = io::BufReader::with_capacity(3, bytes);
        let told = |row: Result<Object, BadRow>| match row {
            Ok(object) => object.keys().cloned().collect(),
            Err(bad) => bad.to_string(),
        };
        Lines::new(file)
            .map(|row| row.expect("a slice is read"))
            .map(|(number, row)| (number, told(row)))
            .collect()
    }

    #[test]
    fn lines_end_as_on_every_system() {
        let file = b"\xef\xbb\xbf{\"a\":1}\r\n\r\n \n{\"b\":1}\n{\"c\":\n\xff\n[]\n{\"d\":1}";
        let rows = read(file);
        let numbers: Vec<_> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 4, 5, 6, 7, 8]);
        assert_eq!((&*rows[0].1, &*rows[1].1, &*rows[5].1), ("a", "b", "d"));
        assert!(
            rows[2].1.starts_with("it is not JSON: EOF"),
            "{}",
            rows[2].1
        );
        assert_eq!(rows[3].1, "it is not UTF-8 text");
        assert_eq!(rows[4].1, "it is not a JSON object");
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut file = vec![b'x'; LONGEST_TEXT + 1];
        file.extend_from_slice(b"\n{\"a\":1}\n");
        let rows = Lines::new(io::BufReader::new(&*file));
        let rows: Vec<_> = rows.map(|row| row.expect("a slice is read")).collect();
        assert!(matches!(rows[0], (1, Err(BadRow::TooLong))));
        assert!(matches!(rows[1], (2, Ok(_))));
    }
}
