//! Strings and numbers to the letter of the standard (RFC 8259).

use wide::u8x16;

use super::check::{Closeness, Fault};

const LANES: usize = 16;

/// To the letter.
pub enum Letter {}

impl Closeness for Letter {
    #[inline]
    fn string(text: &[u8], start: usize) -> Result<(usize, bool), Fault> {
        let mut at = start;
        let mut escapes = false;
        loop {
            at = next_mark(text, at).ok_or(Fault::Early(text.len()))?;
            match text[at] {
                b'"' => return Ok((at, escapes)),
                b'\\' => {
                    at += escape(&text[at..]).ok_or(Fault::Malformed(at))?;
                    escapes = true;
                }
                _ => return Err(Fault::Malformed(at)),
            }
        }
    }

    fn scalar(text: &[u8], at: usize) -> Result<usize, Fault> {
        let rest = &text[at..];
        let length = word(rest).or_else(|| number(rest)).ok_or(Fault::Malformed(at))?;
        Ok(at + length)
    }
}

/// Returns the length of the word that text begins with, if one stands there.
pub fn word(text: &[u8]) -> Option<usize> {
    let words = [&b"true"[..], b"false", b"null"];
    words.into_iter().find(|word| text.starts_with(word)).map(<[u8]>::len)
}

/// Returns the place of the next quote, backslash or control character.
#[inline]
fn next_mark(text: &[u8], mut at: usize) -> Option<usize> {
    while let Some(lane) = text.get(at..at + LANES) {
        let bytes = u8x16::new(lane.try_into().ok()?);
        let marks = bytes.simd_eq(u8x16::splat(b'"'))
            | bytes.simd_eq(u8x16::splat(b'\\'))
            | bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        match marks.to_bitmask() {
            0 => at += LANES,
            bits => return Some(at + bits.trailing_zeros() as usize),
        }
    }
    let rest = text.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f)).map(|found| at + found)
}

/// Returns the length of the escape that text begins with.
fn escape(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => text.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Returns the length of the number that text begins with.
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let start = usize::from(text.first() == Some(&b'-'));
    let whole = match text.get(start)? {
        b'0' => 1,
        _ => digits(start),
    };
    let mut end = start + whole;
    if whole == 0 {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        let length = digits(end + 1);
        if length == 0 {
            return None;
        }
        end += 1 + length;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let length = digits(end + 1 + sign);
        if length == 0 {
            return None;
        }
        end += 1 + sign + length;
    }
    Some(end)
}
