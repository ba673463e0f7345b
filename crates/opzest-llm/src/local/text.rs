//! From token bytes to text that can be shown: whole characters only, and nothing of a stop string.

/// Collects the bytes of one answer and releases what is safe to show.
#[derive(Debug)]
pub struct TextStream {
    stop: Vec<String>,
    /// Bytes that are not yet a whole character.
    partial: Vec<u8>,
    /// Characters held back because they may be the beginning of a stop string.
    held: String,
    stopped: Option<String>,
}

impl TextStream {
    /// `stop` strings end the answer; empty ones are ignored.
    pub fn new(stop: &[String]) -> Self {
        Self {
            stop: stop.iter().filter(|s| !s.is_empty()).cloned().collect(),
            partial: Vec::new(),
            held: String::new(),
            stopped: None,
        }
    }

    /// Takes one token's bytes; returns the text that became certain (maybe none).
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.partial.extend_from_slice(bytes);
        self.take_whole_characters(false);
        self.release(false)
    }

    /// No more tokens come: returns what was held back.
    pub fn finish(&mut self) -> String {
        self.take_whole_characters(true);
        self.release(true)
    }

    /// The stop string that ended the text, if one did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    fn take_whole_characters(&mut self, last: bool) {
        let mut rest: &[u8] = &self.partial;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.held.push_str(text);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.held.push_str(&String::from_utf8_lossy(valid));
                    match error.error_len() {
                        // Bytes that never become a character: shown as U+FFFD, like everywhere else.
                        Some(length) => {
                            self.held.push(char::REPLACEMENT_CHARACTER);
                            rest = &after[length..];
                        }
                        None if last => {
                            self.held.push(char::REPLACEMENT_CHARACTER);
                            rest = &[];
                            break;
                        }
                        None => {
                            rest = after;
                            break;
                        }
                    }
                }
            }
        }
        self.partial = rest.to_vec();
    }

    fn release(&mut self, last: bool) -> String {
        if self.stopped.is_some() {
            self.held.clear();
            return String::new();
        }
        let hit = self
            .stop
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()).map(|at| (at, stop)))
            .min_by_key(|(at, stop)| (*at, std::cmp::Reverse(stop.len())));
        if let Some((at, stop)) = hit {
            self.stopped = Some(stop.clone());
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let keep = if last { 0 } else { self.possible_stop_suffix() };
        let kept = self.held.split_off(self.held.len() - keep);
        std::mem::replace(&mut self.held, kept)
    }

    /// Length in bytes of the longest end of `held` that begins a stop string.
    fn possible_stop_suffix(&self) -> usize {
        self.stop
            .iter()
            .flat_map(|stop| {
                (1..stop.len().min(self.held.len() + 1))
                    .filter(|&n| stop.is_char_boundary(n) && self.held.ends_with(&stop[..n]))
            })
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream(stop: &[&str]) -> TextStream {
        TextStream::new(&stop.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn characters_are_shown_whole() {
        let mut text = stream(&[]);
        let bytes = "é🍋".as_bytes();
        let shown: Vec<String> = bytes.iter().map(|b| text.push(&[*b])).collect();
        assert_eq!(shown, ["", "é", "", "", "", "🍋"]);
        assert_eq!(text.finish(), "");
    }

    #[test]
    fn broken_bytes_become_replacement_characters() {
        let mut text = stream(&[]);
        assert_eq!(text.push(&[b'a', 0xff, b'b']), "a\u{fffd}b");
        assert_eq!(text.push(&[0xf0, 0x9f]), "");
        assert_eq!(text.finish(), "\u{fffd}");
    }

    #[test]
    fn a_stop_string_across_tokens_is_never_shown() {
        let mut text = stream(&["</end>"]);
        assert_eq!(text.push(b"done </e"), "done ");
        assert_eq!(text.push(b"nd> and more"), "");
        assert_eq!(text.stopped(), Some("</end>"));
        assert_eq!(text.push(b"never"), "");
        assert_eq!(text.finish(), "");
    }

    #[test]
    fn what_only_looked_like_a_stop_string_is_shown() {
        let mut text = stream(&["</end>"]);
        assert_eq!(text.push(b"a </e"), "a ");
        assert_eq!(text.push(b"m> b"), "</em> b");
    }

    #[test]
    fn the_earliest_and_longest_stop_string_wins() {
        let mut text = stream(&["b", "ab", "abc"]);
        assert_eq!(text.push(b"xabc"), "x");
        assert_eq!(text.stopped(), Some("abc"));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_text_is_the_same(
            text in "[ab<é🍋 ]{0,40}", stop in "[ab<é]{1,3}", cuts in prop::collection::vec(1usize..5, 0..60),
        ) {
            let mut stream = stream(&[&stop]);
            let (mut shown, mut rest) = (String::new(), text.as_bytes());
            let mut cuts = cuts.into_iter();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at(cuts.next().unwrap_or(7).min(rest.len()));
                shown.push_str(&stream.push(head));
                rest = tail;
            }
            shown.push_str(&stream.finish());
            let want = text.find(&stop).map_or(text.as_str(), |at| &text[..at]);
            prop_assert_eq!(shown, want);
        }
    }
}
