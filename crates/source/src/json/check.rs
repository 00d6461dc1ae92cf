//! Checks that text is one JSON value, in one pass and without keeping anything of it. Either as
//! tolerant as the parser in Falco's plugins, which does not look closely at what stands within
//! strings and numbers, or to the letter, for what the trail keeps.

use super::letter::{self, Letter};
use super::scan::{skip_blanks, string_end};
use super::walk::Raw;

/// Deepest nesting accepted, the same as in Falco's plugins.
pub const NESTING_MAX: usize = 300;

/// Why text is no JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It ends within the value.
    #[error("JSON ends early, after {0} bytes")]
    Early(usize),
    /// Something else stands where a token was due.
    #[error("JSON is malformed at byte {0}")]
    Malformed(usize),
    /// More stands behind the value.
    #[error("text follows the JSON value at byte {0}")]
    Trailing(usize),
    /// It is nested too deeply.
    #[error("JSON is nested deeper than {NESTING_MAX}")]
    Nesting,
    /// It is not UTF-8.
    #[error("text is not UTF-8 at byte {0}")]
    Utf8(usize),
}

/// Checks text as Falco's plugins would; shows each member of the outermost object, with the place
/// where its value begins, to `see`.
pub fn check<'j>(text: &'j [u8], see: impl FnMut(Raw<'j>, usize)) -> Result<(), Fault> {
    check_by::<Tolerant>(text, see)
}

/// Checks text to the letter of the standard, and that it is UTF-8; shows members as [`check`].
pub fn strict<'j>(text: &'j [u8], see: impl FnMut(Raw<'j>, usize)) -> Result<(), Fault> {
    std::str::from_utf8(text).map_err(|error| Fault::Utf8(error.valid_up_to()))?;
    check_by::<Letter>(text, see)
}

/// How closely strings and numbers are looked at.
pub(super) trait Closeness {
    /// Returns where a string ends, and whether it holds escapes, as [`string_end`] does.
    fn string(text: &[u8], start: usize) -> Result<(usize, bool), Fault>;
    /// Returns what stands behind a value that is neither string nor bracket.
    fn scalar(text: &[u8], at: usize) -> Result<usize, Fault>;
}

/// As Falco's plugins do.
enum Tolerant {}

impl Closeness for Tolerant {
    #[inline]
    fn string(text: &[u8], start: usize) -> Result<(usize, bool), Fault> {
        string_end(text, start).ok_or(Fault::Early(text.len()))
    }

    fn scalar(text: &[u8], at: usize) -> Result<usize, Fault> {
        let rest = &text[at..];
        if let Some(length) = letter::word(rest) {
            return Ok(at + length);
        }
        let number = |byte: &u8| byte.is_ascii_digit() || b".-+eE".contains(byte);
        let length = rest.iter().position(|byte| !number(byte)).unwrap_or(rest.len());
        let signed = length == 1 && matches!(rest[0], b'-' | b'+');
        if length == 0 || signed {
            let word = rest.get(length..length + 3).unwrap_or_default();
            let known = word.eq_ignore_ascii_case(b"nan") || word.eq_ignore_ascii_case(b"inf");
            return if known { Ok(at + length + 3) } else { Err(Fault::Malformed(at)) };
        }
        Ok(at + length)
    }
}

fn check_by<'j, C: Closeness>(
    text: &'j [u8],
    mut see: impl FnMut(Raw<'j>, usize),
) -> Result<(), Fault> {
    let end = value::<C>(text, skip_blanks(text, 0), &mut see)?;
    let rest = skip_blanks(text, end);
    if rest == text.len() { Ok(()) } else { Err(Fault::Trailing(rest)) }
}

/// Goes over one value with the brackets that are open kept aside, so that no text can exhaust the
/// stack; returns where it ends.
fn value<'j, C: Closeness>(
    text: &'j [u8],
    start: usize,
    see: &mut impl FnMut(Raw<'j>, usize),
) -> Result<usize, Fault> {
    let mut open: Vec<u8> = Vec::new();
    let mut at = start;
    loop {
        // A value is due at `at`.
        at = match text.get(at) {
            None => return Err(Fault::Early(text.len())),
            Some(bracket @ (b'{' | b'[')) => {
                let close = bracket + 2;
                let next = skip_blanks(text, at + 1);
                let empty = text.get(next) == Some(&close);
                // The plugins count a bracket's content one level deeper than the bracket.
                if open.len() + 1 + usize::from(!empty) > NESTING_MAX {
                    return Err(Fault::Nesting);
                }
                if !empty {
                    open.push(close);
                    at = if close == b'}' { key::<C>(text, next, open.len(), see)? } else { next };
                    continue;
                }
                next + 1
            }
            Some(b'"') => C::string(text, at + 1)?.0 + 1,
            Some(_) => C::scalar(text, at)?,
        };
        // A value ended at `at`: close brackets, then go on behind a comma.
        loop {
            let Some(close) = open.last() else { return Ok(at) };
            at = skip_blanks(text, at);
            match text.get(at) {
                None => return Err(Fault::Early(text.len())),
                Some(b',') => {
                    at = skip_blanks(text, at + 1);
                    if *close == b'}' {
                        at = key::<C>(text, at, open.len(), see)?;
                    }
                    break;
                }
                Some(byte) if byte == close => {
                    open.pop();
                    at += 1;
                }
                Some(_) => return Err(Fault::Malformed(at)),
            }
        }
    }
}

/// Reads a key and its colon; returns where the value is due.
#[inline]
fn key<'j, C: Closeness>(
    text: &'j [u8],
    at: usize,
    depth: usize,
    see: &mut impl FnMut(Raw<'j>, usize),
) -> Result<usize, Fault> {
    match text.get(at) {
        None => return Err(Fault::Early(text.len())),
        Some(b'"') => {}
        Some(_) => return Err(Fault::Malformed(at)),
    }
    let (end, escapes) = C::string(text, at + 1)?;
    let colon = skip_blanks(text, end + 1);
    match text.get(colon) {
        None => Err(Fault::Early(text.len())),
        Some(b':') => {
            let start = skip_blanks(text, colon + 1);
            if depth == 1 {
                see(Raw { bytes: &text[at + 1..end], escapes }, start);
            }
            Ok(start)
        }
        Some(_) => Err(Fault::Malformed(colon)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tolerantly(text: &[u8]) -> Result<(), Fault> {
        check(text, |_, _| {})
    }

    fn to_the_letter(text: &[u8]) -> Result<(), Fault> {
        strict(text, |_, _| {})
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for check in [tolerantly, to_the_letter] {
            assert_eq!(check(br#" {"a":[1,{"b":null}],"c":"\""} "#), Ok(()));
            assert_eq!(check(br#"{"a":1"#), Err(Fault::Early(6)));
            assert_eq!(check(br#"{"a":1}x"#), Err(Fault::Trailing(7)));
            assert_eq!(check(br#"{"a" 1}"#), Err(Fault::Malformed(5)));
            assert_eq!(check(br#"[1 2]"#), Err(Fault::Malformed(3)));
            assert_eq!(check(br#"[1}"#), Err(Fault::Malformed(2)));
            assert_eq!(check(b""), Err(Fault::Early(0)));
        }
        assert_eq!(to_the_letter(b"[\"\xff\"]"), Err(Fault::Utf8(2)));
        assert_eq!(to_the_letter(br#"["\q"]"#), Err(Fault::Malformed(2)));
        assert_eq!(to_the_letter(br#"["\u12x4"]"#), Err(Fault::Malformed(2)));
        assert_eq!(to_the_letter(b"[\"\n\"]"), Err(Fault::Malformed(2)));
        assert_eq!(to_the_letter(b"[01]"), Err(Fault::Malformed(2)));
        assert_eq!(to_the_letter(b"[1.]"), Err(Fault::Malformed(1)));
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b'1'], vec![b']'; depth]].concat();
        for check in [tolerantly, to_the_letter] {
            assert_eq!(check(&nested(NESTING_MAX - 1)), Ok(()));
            assert_eq!(check(&nested(NESTING_MAX)), Err(Fault::Nesting));
            assert_eq!(check(&vec![b'['; 1 << 20]), Err(Fault::Nesting));
        }
    }

    proptest! {
        #[test]
        fn to_the_letter_is_what_serde_takes(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", "\"", ":", ",", " ", "\n", "\"a\"", "\"a\":", "\\", "u",
                    "00e9", "\\u00e9", "\\n", "\\q", "\t", "\u{1}", "\u{7f}", "é",
                    "a longer text of letters",
                    "0", "1", "-", "+", ".", "e", "E", "1.5e-7", "true", "false", "null", "nan",
                ]),
                0..24,
            ),
        ) {
            let text = parts.concat();
            let taken = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            prop_assert_eq!(to_the_letter(text.as_bytes()).is_ok(), taken, "{}", text);
        }

        #[test]
        fn a_value_is_taken_by_both_as_serde_writes_it(
            text in "[ -~éł€\u{0}-\u{1f}\u{10ffff}]{0,60}",
            number in any::<f64>(),
        ) {
            let value = serde_json::json!({ "": [text, number, { text.as_str(): null }] });
            for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert_eq!(to_the_letter(json.as_bytes()), Ok(()));
                prop_assert_eq!(tolerantly(json.as_bytes()), Ok(()));
                for cut in 0..json.len() {
                    prop_assert!(to_the_letter(&json.as_bytes()[..cut]).is_err());
                }
            }
        }

        #[test]
        fn what_is_taken_to_the_letter_is_taken_tolerantly(
            text in r#"[\[\]{}",:0-9 a\\-]{0,40}"#,
        ) {
            if to_the_letter(text.as_bytes()).is_ok() {
                prop_assert_eq!(tolerantly(text.as_bytes()), Ok(()));
            }
        }
    }
}
