//! The parts of a page that hold no row, and may still hold the bytes of one that moved away.
//!
//! The layout is that of <https://www.sqlite.org/fileformat2.html#b_tree_pages>. Overflow and free pages need
//! nothing: `secure_delete` overwrites them when they are freed. Up to three bytes between two rows cannot be
//! told from a row and stay.

/// Page kinds: interior and leaf pages of indexes and tables.
const INTERIOR: [u8; 2] = [2, 5];
const LEAF: [u8; 2] = [10, 13];

/// A database with more pages could have an overflow page that looks like another kind: its first four bytes
/// are a page number.
pub(super) const MOST_PAGES: u32 = 0x0200_0000;

/// Zeros all that is in no row, and tells whether that changed anything. `page` is without the bytes
/// reserved at its end; `first` is the database's first page, where a header of 100 bytes comes before. A page
/// that does not make sense is left alone: the check will tell.
pub(super) fn wipe(page: &mut [u8], first: bool) -> bool {
    let Some(ranges) = slack(page, if first { 100 } else { 0 }) else {
        return false;
    };
    let mut changed = false;
    for range in ranges {
        let bytes = &mut page[range];
        if bytes.iter().any(|&byte| byte != 0) {
            bytes.fill(0);
            changed = true;
        }
    }
    changed
}

fn slack(page: &[u8], header: usize) -> Option<Vec<std::ops::Range<usize>>> {
    let number = |at: usize| -> Option<usize> {
        let bytes = page.get(at..at + 2)?;
        Some(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    };
    let kind = *page.get(header)?;
    let header_bytes = match kind {
        kind if INTERIOR.contains(&kind) => 12,
        kind if LEAF.contains(&kind) => 8,
        _ => return None,
    };
    let cells = number(header + 3)?;
    let content = match number(header + 5)? {
        0 => 65536,
        start => start,
    };
    let pointers_end = header + header_bytes + 2 * cells;
    if pointers_end > content || content > page.len() {
        return None;
    }
    let gap = pointers_end..content;
    let mut freed = Vec::new();
    let mut block = number(header + 1)?;
    let mut end_before = content;
    while block != 0 {
        let end = block + number(block + 2)?;
        if block < end_before || end < block + 4 || end > page.len() {
            return None;
        }
        freed.push(block + 4..end);
        end_before = end;
        block = number(block)?;
    }
    freed.push(gap);
    Some(freed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf of 64 bytes with two cells at its end, a freed one between them, and old bytes in the gap.
    fn page() -> Vec<u8> {
        let mut page = vec![b'x'; 64];
        page[..12].copy_from_slice(&[13, 0, 50, 0, 2, 0, 40, 0, 0, 40, 0, 58]);
        page[50..54].copy_from_slice(&[0, 0, 0, 8]);
        page
    }

    #[test]
    fn what_is_in_no_row_becomes_zero() {
        let mut wiped = page();
        assert!(wipe(&mut wiped, false));
        let mut expected = page();
        expected[12..40].fill(0);
        expected[54..58].fill(0);
        assert_eq!(wiped, expected);
        assert!(!wipe(&mut wiped, false), "nothing is left to do");
    }

    #[test]
    fn the_first_page_begins_after_its_header() {
        let mut first = vec![b'h'; 100];
        first.extend(page());
        for at in [100 + 1, 100 + 5, 100 + 8, 100 + 10, 150] {
            let moved = u16::from_be_bytes([first[at], first[at + 1]]);
            if moved != 0 {
                first[at..at + 2].copy_from_slice(&(moved + 100).to_be_bytes());
            }
        }
        assert!(wipe(&mut first, true));
        assert_eq!(&first[..100], &[b'h'; 100]);
        assert_eq!(first[112..140], [0; 28]);
        assert_eq!(first[154..158], [0; 4]);
    }

    #[test]
    fn pages_without_rows_and_senseless_ones_are_left_alone() {
        let with = |changes: &[(usize, u8)]| {
            let mut page = page();
            for &(at, value) in changes {
                page[at] = value;
            }
            page
        };
        for senseless in [
            with(&[(0, 0)]),   // an overflow or free page
            with(&[(4, 60)]),  // more cells than fit
            with(&[(5, 1)]),   // content behind the end
            with(&[(2, 30)]),  // a freed block before the content
            with(&[(53, 3)]),  // a freed block that is too small
            with(&[(53, 60)]), // one that leaves the page
            with(&[(51, 50)]), // one that follows itself
        ] {
            let mut page = senseless.clone();
            assert!(!wipe(&mut page, false));
            assert_eq!(page, senseless);
        }
        assert!(!wipe(&mut [], false));
        assert!(!wipe(&mut [13; 5], true));
    }
}
