//! Checks that text is one JSON value, without keeping anything of it. As tolerant as the parser in
//! Falco's plugins: what stands within strings and numbers is not looked at closely. What the trail
//! keeps is checked strictly as well, see [`strict`].

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

/// Checks text as Falco's plugins would.
pub fn check(text: &[u8]) -> Result<(), Fault> {
    check_members(text, |_, _| {})
}

/// Checks text as Falco's plugins would; shows each member of the outermost object, with the place
/// where its value begins, to `see`.
pub fn check_members<'j>(text: &'j [u8], mut see: impl FnMut(Raw<'j>, usize)) -> Result<(), Fault> {
    let end = value(text, skip_blanks(text, 0), &mut see)?;
    let rest = skip_blanks(text, end);
    if rest == text.len() { Ok(()) } else { Err(Fault::Trailing(rest)) }
}

/// Checks text that passed [`check`] to the letter of the standard, and that it is UTF-8.
pub fn strict(text: &[u8]) -> Result<&serde_json::value::RawValue, Fault> {
    let text = std::str::from_utf8(text).map_err(|error| Fault::Utf8(error.valid_up_to()))?;
    serde_json::from_str(text).map_err(|error| {
        let line_start = text.lines().take(error.line().saturating_sub(1)).map(|l| l.len() + 1);
        let at = line_start.sum::<usize>() + error.column().saturating_sub(1);
        if error.is_eof() { Fault::Early(text.len()) } else { Fault::Malformed(at) }
    })
}

/// Goes over one value with the brackets that are open kept aside, so that no text can exhaust the
/// stack; returns where it ends.
fn value<'j>(
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
                    at = if close == b'}' { key(text, next, open.len(), see)? } else { next };
                    continue;
                }
                next + 1
            }
            Some(b'"') => string_end(text, at + 1).ok_or(Fault::Early(text.len()))?.0 + 1,
            Some(_) => scalar(text, at)?,
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
                        at = key(text, at, open.len(), see)?;
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
fn key<'j>(
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
    let (end, escapes) = string_end(text, at + 1).ok_or(Fault::Early(text.len()))?;
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

fn scalar(text: &[u8], at: usize) -> Result<usize, Fault> {
    let rest = &text[at..];
    for word in [&b"true"[..], b"false", b"null"] {
        if rest.starts_with(word) {
            return Ok(at + word.len());
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(check(br#" {"a":[1,{"b":null}],"c":"\""} "#), Ok(()));
        assert_eq!(check(br#"{"a":1"#), Err(Fault::Early(6)));
        assert_eq!(check(br#"{"a":1}x"#), Err(Fault::Trailing(7)));
        assert_eq!(check(br#"{"a" 1}"#), Err(Fault::Malformed(5)));
        assert_eq!(check(br#"[1 2]"#), Err(Fault::Malformed(3)));
        assert_eq!(check(br#"[1}"#), Err(Fault::Malformed(2)));
        assert_eq!(check(b""), Err(Fault::Early(0)));
        assert_eq!(strict(b"[\"\xff\"]").unwrap_err(), Fault::Utf8(2));
        assert_eq!(strict(br#"["\q"]"#).unwrap_err(), Fault::Malformed(3));
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b'1'], vec![b']'; depth]].concat();
        assert_eq!(check(&nested(NESTING_MAX - 1)), Ok(()));
        assert_eq!(check(&nested(NESTING_MAX)), Err(Fault::Nesting));
        assert_eq!(check(&vec![b'['; 1 << 20]), Err(Fault::Nesting));
    }

    proptest! {
        #[test]
        fn nothing_that_serde_accepts_is_refused(text in r#"[\[\]{}",:0-9 a\\-]{0,40}"#) {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert_eq!(check(text.as_bytes()), Ok(()));
            }
        }
    }
}
