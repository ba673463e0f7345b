//! Places in a text.

use super::Place;

/// The place of a byte of a text; the end of the text for one behind it.
pub(super) fn at(text: &str, offset: usize) -> Place {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        line: number(before.matches('\n').count() + 1),
        column: number(before[line_start..].chars().count() + 1),
    }
}

/// A place inside a part of a text, as a place in the whole.
pub(super) fn within(start: Place, inner: Place) -> Place {
    Place {
        line: start.line + inner.line - 1,
        column: if inner.line == 1 {
            start.column + inner.column - 1
        } else {
            inner.column
        },
    }
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let place = |line, column| Place { line, column };
        let text = "äb\ncd";
        assert_eq!(at(text, 0), place(1, 1));
        assert_eq!(at(text, 1), place(1, 1));
        assert_eq!(at(text, 2), place(1, 2));
        assert_eq!(at(text, 4), place(2, 1));
        assert_eq!(at(text, 99), place(2, 3));
        assert_eq!(within(place(3, 5), place(1, 2)), place(3, 6));
        assert_eq!(within(place(3, 5), place(2, 2)), place(4, 2));
    }
}
