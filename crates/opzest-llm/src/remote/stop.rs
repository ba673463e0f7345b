//! Ends an answer before the first stop string, whatever the server does with its `stop` field.
//!
//! OpenAI takes four stop strings and some models take none, so the client watches for all of them.

#[derive(Debug, Default)]
pub(super) struct StopFilter {
    stops: Vec<String>,
    /// Text that may be the beginning of a stop string.
    held: String,
}

impl StopFilter {
    /// Empty strings are left out: every answer would end at once.
    pub(super) fn new(stops: &[String]) -> Self {
        Self {
            stops: stops
                .iter()
                .filter(|stop| !stop.is_empty())
                .cloned()
                .collect(),
            held: String::new(),
        }
    }

    /// The text that can be shown now, and the stop string if one is complete.
    pub(super) fn push(&mut self, text: &str) -> (String, Option<String>) {
        if self.stops.is_empty() {
            return (text.to_owned(), None);
        }
        self.held.push_str(text);
        let found = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()).map(|at| (at, stop)))
            .min_by_key(|(at, _)| *at);
        if let Some((at, stop)) = found {
            let stop = stop.clone();
            self.held.truncate(at);
            return (std::mem::take(&mut self.held), Some(stop));
        }
        let keep = self.held.len() - self.possible_start();
        let rest = self.held.split_off(self.held.len() - keep);
        (std::mem::replace(&mut self.held, rest), None)
    }

    /// The held text, when the answer ended without a stop string.
    pub(super) fn flush(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Where the longest end of the held text begins that a stop string could begin with.
    fn possible_start(&self) -> usize {
        self.held
            .char_indices()
            .map(|(at, _)| at)
            .find(|at| {
                self.stops
                    .iter()
                    .any(|stop| stop.starts_with(&self.held[*at..]))
            })
            .unwrap_or(self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stops: &[&str], pieces: &[&str]) -> (String, Option<String>) {
        let stops: Vec<String> = stops.iter().map(|stop| (*stop).to_owned()).collect();
        let mut filter = StopFilter::new(&stops);
        let mut shown = String::new();
        for piece in pieces {
            let (text, stop) = filter.push(piece);
            shown.push_str(&text);
            if stop.is_some() {
                return (shown, stop);
            }
        }
        shown.push_str(&filter.flush());
        (shown, None)
    }

    #[test]
    fn nothing_of_a_stop_string_is_shown() {
        assert_eq!(
            run(&["END"], &["a E", "N", "D b"]),
            ("a ".into(), Some("END".into()))
        );
        assert_eq!(run(&["END"], &["a E", "N", "X"]), ("a ENX".into(), None));
        assert_eq!(run(&["END"], &["EN"]), ("EN".into(), None));
        assert_eq!(run(&["b", "ab"], &["xab"]), ("x".into(), Some("ab".into())));
        assert_eq!(run(&["", "ß"], &["aß"]), ("a".into(), Some("ß".into())));
        assert_eq!(
            run(&["\n\n"], &["a\n", "b\n", "\n"]),
            ("a\nb".into(), Some("\n\n".into()))
        );
        assert_eq!(run(&[], &["a", "b"]), ("ab".into(), None));
    }
}
