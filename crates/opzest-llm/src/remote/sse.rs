//! Server-sent events, read from bytes as they arrive.
//!
//! Follows the WHATWG rules (any line end, comments, several `data` lines, a byte order mark), with two
//! liberties that real servers need: a bare JSON object without a field name is data, and what
//! stands after the last line end is still given out by [`SseParser::finish`].

/// The data of one event, joined by line feeds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SseEvent {
    pub(super) data: String,
}

/// One event is larger than the limit allows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventTooLarge;

#[derive(Debug)]
pub(super) struct SseParser {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_cr: bool,
    at_start: bool,
    /// Bytes of a line, and of an event's data.
    limit: usize,
}

impl SseParser {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            after_cr: false,
            at_start: true,
            limit,
        }
    }

    /// Takes the next bytes; appends the events that they complete.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        events: &mut Vec<SseEvent>,
    ) -> Result<(), EventTooLarge> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                return self.extend_line(bytes);
            };
            self.extend_line(&bytes[..end])?;
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(events)?;
        }
        Ok(())
    }

    /// The end of the stream: gives out what was not closed by an empty line.
    pub(super) fn finish(mut self) -> Option<SseEvent> {
        let mut events = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut events).ok()?;
        }
        self.dispatch(&mut events);
        events.pop()
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        if self.line.len() + bytes.len() > self.limit {
            return Err(EventTooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<SseEvent>) -> Result<(), EventTooLarge> {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.at_start) {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        if text.is_empty() {
            self.dispatch(events);
            return Ok(());
        }
        let value = if text[0] == b'{' {
            text
        } else {
            let colon = text.iter().position(|b| *b == b':').unwrap_or(text.len());
            // Comments (an empty name), `event`, `id` and `retry` carry nothing for us.
            if &text[..colon] != b"data" {
                return Ok(());
            }
            let value = text.get(colon + 1..).unwrap_or_default();
            value.strip_prefix(b" ").unwrap_or(value)
        };
        if self.data.len() + value.len() + 1 > self.limit {
            return Err(EventTooLarge);
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
        Ok(())
    }

    fn dispatch(&mut self, events: &mut Vec<SseEvent>) {
        if std::mem::take(&mut self.has_data) {
            let data = std::mem::take(&mut self.data);
            events.push(SseEvent {
                data: String::from_utf8_lossy(&data).into_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(pieces: &[&[u8]]) -> Vec<String> {
        let mut parser = SseParser::new(1000);
        let mut events = Vec::new();
        for piece in pieces {
            parser.push(piece, &mut events).expect("small");
        }
        events.extend(parser.finish());
        events.into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn line_ends_comments_fields_and_joined_data() {
        assert_eq!(
            parse(&[b"data: a\n\ndata: b\r\n\r\ndata: c\r\rdata:d\n\n"]),
            ["a", "b", "c", "d"]
        );
        assert_eq!(
            parse(&[b": ping\n\nevent: x\nid: 7\ndata: a\ndata: b\n\n"]),
            ["a\nb"]
        );
        assert_eq!(parse(&[b"\xef\xbb\xbfdata: a\n\n\n\n"]), ["a"]);
        assert_eq!(parse(&[b"data\n\n"]), [""]);
        assert_eq!(parse(&[b"database: x\n\n"]), [""; 0]);
        assert_eq!(parse(&[b"{\"error\":1}\n"]), ["{\"error\":1}"]);
    }

    #[test]
    fn the_end_without_an_empty_line_is_given_out() {
        assert_eq!(parse(&[b"data: a\n\ndata: [DONE]"]), ["a", "[DONE]"]);
        assert_eq!(parse(&[b"data: a\n"]), ["a"]);
    }

    #[test]
    fn a_crlf_split_between_pieces_is_one_line_end() {
        assert_eq!(
            parse(&[b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"]),
            ["a\nb"]
        );
    }

    #[test]
    fn long_lines_and_long_events_are_refused() {
        let mut parser = SseParser::new(10);
        let mut events = Vec::new();
        assert_eq!(parser.push(&[b'x'; 11], &mut events), Err(EventTooLarge));
        let mut parser = SseParser::new(10);
        let refused = (0..10).find_map(|_| parser.push(b"data: ab\n", &mut events).err());
        assert_eq!(refused, Some(EventTooLarge));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(cut in 0usize..60, second in 0usize..60) {
            let stream = "data: grüße 😀\r\n: c\r\ndata: ü\n\ndata: {\"a\":1}\r\rdata: [DONE]\n\n".as_bytes();
            let (a, b) = (cut.min(second).min(stream.len()), cut.max(second).min(stream.len()));
            let whole = parse(&[stream]);
            prop_assert_eq!(whole, parse(&[&stream[..a], &stream[a..b], &stream[b..]]));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut parser = SseParser::new(64);
            let mut events = Vec::new();
            let _refused = parser.push(&bytes, &mut events);
            let _last = parser.finish();
        }
    }
}
