//! Query parameters of a request, read as Go's `net/url` reads them: one wrong escape or semicolon
//! makes the whole query unreadable.

use std::borrow::Cow;

/// Returns the first value of a query parameter.
pub fn parameter(uri: &[u8], name: &str) -> Option<Vec<u8>> {
    if uri.iter().any(|byte| *byte < 0x20 || *byte == 0x7f) {
        return None;
    }
    let uri = uri.split(|byte| *byte == b'#').next()?;
    let (path, query) = match memchr::memchr(b'?', uri) {
        Some(at) => (&uri[..at], &uri[at + 1..]),
        None => (uri, &[][..]),
    };
    unescape(path, Plus::IsPlus)?;
    let mut found = None;
    for pair in query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pair.contains(&b';') {
            return None;
        }
        let (key, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let (key, value) = (unescape(key, Plus::IsBlank)?, unescape(value, Plus::IsBlank)?);
        if found.is_none() && *key == *name.as_bytes() {
            found = Some(value);
        }
    }
    found.map(Cow::into_owned)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plus {
    IsPlus,
    IsBlank,
}

fn unescape(text: &[u8], plus: Plus) -> Option<Cow<'_, [u8]>> {
    if memchr::memchr2(b'%', b'+', text).is_none() {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'%' => digit(*rest.next()?)? << 4 | digit(*rest.next()?)?,
            b'+' if plus == Plus::IsBlank => b' ',
            other => *other,
        });
    }
    Some(Cow::Owned(out))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, name: &str) -> Option<String> {
        parameter(uri.as_bytes(), name).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn a_parameter_is_unescaped_and_the_first_counts() {
        let uri = "/api/v1/namespaces/a/pods/b/exec?command=sh&command=-c&x=a%2Fb+c&empty";
        assert_eq!(read(uri, "command").as_deref(), Some("sh"));
        assert_eq!(read(uri, "x").as_deref(), Some("a/b c"));
        assert_eq!(read(uri, "empty").as_deref(), Some(""));
        assert_eq!(read(uri, "none"), None);
    }

    #[test]
    fn a_wrong_query_has_no_parameters() {
        assert_eq!(read("/a?x=1&y=%zz", "x"), None);
        assert_eq!(read("/a?x=1;y=2", "x"), None);
        assert_eq!(read("/%?x=1", "x"), None);
        assert_eq!(read("/a?x=1#?x=2", "x").as_deref(), Some("1"));
    }
}
