//! JSON values as text, the way Falco's plugins show them: strings without quotes and escapes,
//! everything else as compact JSON.

use std::borrow::Cow;

use super::scan::{string_end, value_end};
use super::walk::string;

/// Returns a value as text. Text ends at a NUL, as it does on its way through Falco's plugin
/// interface.
#[inline]
pub fn text(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    match string(value) {
        Some(raw) if !raw.escapes => Some(Cow::Borrowed(raw.bytes)),
        Some(raw) => {
            let mut text = raw.text().into_owned();
            if let Some(end) = memchr::memchr(0, &text) {
                text.truncate(end);
            }
            Some(Cow::Owned(text))
        }
        None => compact(value),
    }
}

/// Returns a value as JSON without blanks between tokens; strings stay as they are written.
pub fn compact(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let value = &value[..value_end(value, 0)?];
    if !matches!(value.first(), Some(b'{' | b'[')) || !has_blanks(value) {
        return Some(Cow::Borrowed(value));
    }
    let mut out = Vec::with_capacity(value.len());
    each_token(value, |token| out.extend_from_slice(token));
    Some(Cow::Owned(out))
}

/// Returns a value as JSON spread over lines, two blanks a level.
pub fn indented(value: &[u8]) -> Option<Vec<u8>> {
    let value = &value[..value_end(value, 0)?];
    let mut out = Vec::with_capacity(value.len() * 2);
    let mut depth = 0_usize;
    // A line break is owed behind an opening bracket, unless the closing one follows at once.
    let mut opened = false;
    each_token(value, |token| {
        let closing = matches!(token, b"}" | b"]");
        if closing {
            depth = depth.saturating_sub(1);
        }
        if opened != closing {
            break_line(&mut out, depth);
        }
        opened = matches!(token, b"{" | b"[");
        depth += usize::from(opened);
        out.extend_from_slice(token);
        match token {
            b"," => break_line(&mut out, depth),
            b":" => out.push(b' '),
            _ => {}
        }
    });
    Some(out)
}

fn break_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

fn has_blanks(value: &[u8]) -> bool {
    // Looked at as a whole, without an early end, so that many bytes are compared at once; blanks
    // within strings are found only by going through the tokens.
    if !value.iter().fold(false, |any, byte| any | is_blank(*byte)) {
        return false;
    }
    let mut tokens = 0;
    each_token(value, |token| tokens += token.len());
    tokens != value.len()
}

/// Shows each bracket, comma, colon, string and scalar to `see`.
fn each_token<'j>(value: &'j [u8], mut see: impl FnMut(&'j [u8])) {
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        let end = match byte {
            byte if is_blank(*byte) => {
                at += 1;
                continue;
            }
            b'"' => string_end(value, at + 1).map_or(value.len(), |(end, _)| end + 1),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => at + 1,
            _ => {
                let ends = |byte: &u8| {
                    is_blank(*byte)
                        || matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"')
                };
                value[at..].iter().position(ends).map_or(value.len(), |length| at + length)
            }
        };
        see(&value[at..end]);
        at = end;
    }
}

/// Undoes the escapes of a string. What is no escape stays as it stands.
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some((code, behind)) = rest.split_first() else {
            return out;
        };
        rest = behind;
        match code {
            b'"' | b'\\' | b'/' => out.push(*code),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => rest = unicode(rest, &mut out),
            other => out.extend_from_slice(&[b'\\', *other]),
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Undoes a `\u` escape, whose digits `rest` begins with; returns what stands behind.
fn unicode<'j>(rest: &'j [u8], out: &mut Vec<u8>) -> &'j [u8] {
    let Some(first) = hex(rest) else {
        out.extend_from_slice(b"\\u");
        return rest;
    };
    let behind = &rest[4..];
    let (character, behind) = match first {
        0xD800..=0xDFFF => match behind.strip_prefix(b"\\u").and_then(|low| Some((hex(low)?, low)))
        {
            Some((second, low)) => {
                let paired = char::decode_utf16([first, second])
                    .next()
                    .and_then(Result::ok)
                    .unwrap_or(char::REPLACEMENT_CHARACTER);
                (paired, &low[4..])
            }
            None => {
                out.extend_from_slice(b"\\u");
                out.extend_from_slice(&rest[..4]);
                return behind;
            }
        },
        _ => (char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER), behind),
    };
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    behind
}

fn hex(digits: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
    if digits.starts_with('+') { None } else { u16::from_str_radix(digits, 16).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> String {
        String::from_utf8(text(value.as_bytes()).unwrap().into_owned()).unwrap()
    }

    #[test]
    fn strings_lose_quotes_and_escapes_the_rest_loses_blanks() {
        assert_eq!(shown(r#""a\u0062\n\"\ud83d\ude00\/""#), "ab\n\"😀/");
        assert_eq!(shown(r#"{ "a" : [ 1 , "x y" ] }"#), r#"{"a":[1,"x y"]}"#);
        assert_eq!(shown("null"), "null");
        assert_eq!(shown("true ,"), "true");
        assert_eq!(shown(r#"["\u003c"]"#), r#"["\u003c"]"#);
        assert_eq!(shown(r#""a\u0000b""#), "a");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(unescape(br"\q\u12\ud800x\ud800A"), br"\q\u12\ud800x\ud800A");
        assert_eq!(unescape(br"\ud800\u0041z"), "\u{fffd}z".as_bytes());
    }

    #[test]
    fn indented_json_reads_like_gos() {
        let lines = indented(br#"{"a":{},"b":[1,{"c":[]}]}"#).unwrap();
        let expected = "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": []\n    }\n  ]\n}";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }
}
