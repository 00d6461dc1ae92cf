//! Finds where JSON values end without parsing them. Quotes, backslashes and brackets are looked
//! for 64 bytes at a time, so that the bodies nobody asks about cost next to nothing. What is
//! skipped is not checked: see [`super::check`] for that.

use wide::u8x16;

/// Bytes looked at together.
const BLOCK: usize = 64;
const LANES: usize = 16;

/// Where quotes, backslashes and brackets stand in a block, one bit a byte.
struct Marks {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Marks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Marks {
        let mut marks = Marks { quotes: 0, backslashes: 0, opening: 0, closing: 0 };
        let (lanes, _) = block.as_chunks::<LANES>();
        for (index, lane) in lanes.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            // `[` and `{`, `]` and `}` differ in this one bit, and no other bytes fall on them.
            let folded = bytes | u8x16::splat(0x20);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << (index * LANES);
            marks.quotes |= bits(bytes.simd_eq(u8x16::splat(b'"')));
            marks.backslashes |= bits(bytes.simd_eq(u8x16::splat(b'\\')));
            marks.opening |= bits(folded.simd_eq(u8x16::splat(b'{')));
            marks.closing |= bits(folded.simd_eq(u8x16::splat(b'}')));
        }
        marks
    }
}

/// Follows the nesting of brackets through text that may come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    depth: u32,
    in_string: bool,
    /// The last byte was a backslash that takes the next one with it.
    escaping: bool,
}

impl Balance {
    /// Takes up text within this many open brackets.
    pub fn within(depth: u32) -> Balance {
        Balance { depth, ..Balance::default() }
    }

    /// Tells whether the text stopped within a string.
    pub fn in_string(&self) -> bool {
        self.in_string
    }

    /// Goes on until all brackets are closed; returns how many bytes that took, or `None` when the
    /// text ends before. The first byte of all must be an opening bracket.
    pub fn feed(&mut self, text: &[u8]) -> Option<usize> {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = self.block(block) {
                return Some(index * BLOCK + end);
            }
        }
        let start = blocks.len() * BLOCK;
        rest.iter().position(|byte| self.byte(*byte)).map(|at| start + at + 1)
    }

    #[inline]
    fn block(&mut self, block: &[u8; BLOCK]) -> Option<usize> {
        let marks = Marks::of(block);
        let escaped = self.escaped(marks.backslashes);
        let inside = self.inside(marks.quotes & !escaped);
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

    /// Returns which bytes a backslash took with it. A run of backslashes escapes itself in pairs.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let carried = u64::from(self.escaping);
        if backslashes == 0 {
            self.escaping = false;
            return carried;
        }
        // Adding a run to the bit behind it tells odd from even lengths (simdjson's method).
        let starts = backslashes & !carried;
        let series = ((starts << 1) | ODD).wrapping_sub(starts);
        let codes = series ^ ODD;
        let escaping = codes & backslashes;
        self.escaping = escaping >> 63 == 1;
        codes ^ (backslashes | carried)
    }

    /// Returns which bytes lie within strings, opening quotes included.
    #[inline]
    fn inside(&mut self, quotes: u64) -> u64 {
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        if self.in_string {
            inside = !inside;
        }
        self.in_string = inside >> 63 == 1;
        inside
    }

    /// Takes one byte; tells whether it closed the last bracket.
    fn byte(&mut self, byte: u8) -> bool {
        // A backslash takes a quote or another backslash with it; other bytes say the same behind
        // it.
        let escaped = std::mem::take(&mut self.escaping);
        match byte {
            b'\\' if !escaped => self.escaping = true,
            b'"' if !escaped => self.in_string = !self.in_string,
            _ if self.in_string => {}
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
                prop_assert_eq!(whole.in_string, after.in_string);
                prop_assert_eq!(whole.escaping, after.escaping);
                prop_assert_eq!(whole.depth, after.depth);
            }
        }
    }
}
