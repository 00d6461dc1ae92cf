//! Finds where JSON values end without parsing them. Quotes, backslashes and brackets are looked
//! for 64 bytes at a time, so that the bodies nobody asks about cost next to nothing. What is
//! skipped is not checked: see [`super::check`] for that.

use wide::u8x16;

use super::marks::{BLOCK, Lanes, Marks, Strings, Walk};

/// Bytes looked at together within a string.
const LANES: usize = 16;

/// Follows the nesting of brackets through text that may come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    depth: u32,
    strings: Strings,
}

impl Balance {
    /// Takes up text within this many open brackets.
    pub fn within(depth: u32) -> Balance {
        Balance { depth, ..Balance::default() }
    }

    /// Tells whether the text stopped within a string.
    pub fn in_string(&self) -> bool {
        self.strings.open
    }

    /// Goes on until all brackets are closed; returns how many bytes that took, or `None` when the
    /// text ends before. The first byte of all must be an opening bracket.
    pub fn feed(&mut self, text: &[u8]) -> Option<usize> {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        if let Some(end) = Lanes::best().walk(blocks, self) {
            return Some(end);
        }
        let start = blocks.len() * BLOCK;
        rest.iter().position(|byte| self.byte(*byte)).map(|at| start + at + 1)
    }

    /// Goes from bracket to bracket in a block that may hold the last one.
    fn within_block(&mut self, opening: u64, closing: u64) -> Option<usize> {
        let mut brackets = opening | closing;
        while brackets != 0 {
            let at = brackets.trailing_zeros();
            brackets &= brackets - 1;
            if opening >> at & 1 == 1 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(at as usize + 1);
                }
            }
        }
        None
    }

    /// Takes one byte; tells whether it closed the last bracket.
    fn byte(&mut self, byte: u8) -> bool {
        // A backslash takes a quote or another backslash with it; other bytes say the same behind
        // it.
        let escaped = std::mem::take(&mut self.strings.escaping);
        match byte {
            b'\\' if !escaped => self.strings.escaping = true,
            b'"' if !escaped => self.strings.open = !self.strings.open,
            _ if self.strings.open => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

impl Walk for Balance {
    #[inline(always)]
    fn block(&mut self, marks: &Marks) -> Option<usize> {
        let inside = self.strings.inside(marks);
        let opening = marks.opening & !inside;
        let closing = marks.closing & !inside;
        if opening | closing == 0 {
            return None;
        }
        let opened = opening.count_ones();
        if closing == 0 {
            self.depth += opened;
            return None;
        }
        let closed = closing.count_ones();
        if self.depth > closed {
            self.depth += opened;
            self.depth -= closed;
            return None;
        }
        self.within_block(opening, closing)
    }
}

/// Returns where a string ends, and whether it holds escapes. `start` is behind the opening quote,
/// the end is at the closing one.
#[inline]
pub fn string_end(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut escapes = false;
    loop {
        let found = match text.get(at..at + LANES) {
            Some(lane) => {
                let bytes = u8x16::new(lane.try_into().ok()?);
                let marks = bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'));
                match marks.to_bitmask() {
                    0 => {
                        at += LANES;
                        continue;
                    }
                    bits => at + bits.trailing_zeros() as usize,
                }
            }
            None => {
                let rest = text.get(at..)?;
                at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?
            }
        };
        if text[found] == b'"' {
            return Some((found, escapes));
        }
        escapes = true;
        at = found + 2;
    }
}

/// Skips blanks.
#[inline]
pub fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Returns where the value at `start` ends; `None` when the text ends first.
#[inline]
pub fn value_end(text: &[u8], start: usize) -> Option<usize> {
    match *text.get(start)? {
        b'"' => string_end(text, start + 1).map(|(end, _)| end + 1),
        b'{' | b'[' => Balance::default().feed(&text[start..]).map(|length| start + length),
        _ => {
            let ends =
                |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r');
            Some(text[start..].iter().position(ends).map_or(text.len(), |length| start + length))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The plain meaning, a byte at a time.
    fn plain(text: &[u8]) -> (Option<usize>, Balance) {
        let mut balance = Balance::default();
        let end = text.iter().position(|byte| balance.byte(*byte)).map(|at| at + 1);
        (end, balance)
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert_eq!(value_end(br#"{"a":"}\"}"} "#, 0), Some(12));
        assert_eq!(value_end(br#"["\\"]x"#, 0), Some(6));
        assert_eq!(value_end(br#"{"a":[1,{}]"#, 0), None);
        assert_eq!(value_end(b"12,", 0), Some(2));
        assert_eq!(value_end(br#""a\"b","#, 0), Some(6));
    }

    proptest! {
        #[test]
        fn blocks_see_what_bytes_see(
            parts in prop::collection::vec(
                prop::sample::select(vec!["{", "}", "[", "]", "\"", "\\", "\\\\", "a", "word and blank ", "{}"]),
                0..200,
            ),
            cut in 0_usize..400,
        ) {
            let text = format!("{{{}", parts.concat()).into_bytes();
            let (end, after) = plain(&text);
            let mut whole = Balance::default();
            prop_assert_eq!(whole.feed(&text), end);
            // In two pieces it is the same.
            let cut = cut.min(text.len());
            let mut pieces = Balance::default();
            let first = pieces.feed(&text[..cut]);
            let in_pieces =
                first.or_else(|| pieces.feed(&text[cut..]).map(|length| cut + length));
            prop_assert_eq!(in_pieces, end);
            if end.is_none() {
                prop_assert_eq!(whole.strings.open, after.strings.open);
                prop_assert_eq!(whole.strings.escaping, after.strings.escaping);
                prop_assert_eq!(whole.depth, after.depth);
            }
        }
    }
}
