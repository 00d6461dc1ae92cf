//! Goes through members and elements of a JSON value in place. A value is the text from its first
//! byte on; what stands behind its end is not looked at. Of equal keys the first counts, and a key
//! means what it says once its escapes are undone.

use std::borrow::Cow;

use super::scan::{skip_blanks, string_end, value_end};
use super::text::unescape;

/// Text between quotes, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'j> {
    /// The bytes, escapes not undone.
    pub bytes: &'j [u8],
    /// Whether there are any escapes.
    pub escapes: bool,
}

impl<'j> Raw<'j> {
    /// Returns the text with its escapes undone.
    #[inline]
    pub fn text(self) -> Cow<'j, [u8]> {
        if self.escapes { Cow::Owned(unescape(self.bytes)) } else { Cow::Borrowed(self.bytes) }
    }

    /// Tells whether the text, escapes undone, is this one.
    #[inline]
    pub fn is(self, text: &str) -> bool {
        if self.escapes {
            unescape(self.bytes) == text.as_bytes()
        } else {
            self.bytes == text.as_bytes()
        }
    }
}

/// Returns the string a value is.
#[inline]
pub fn string(value: &[u8]) -> Option<Raw<'_>> {
    if value.first() != Some(&b'"') {
        return None;
    }
    let (end, escapes) = string_end(value, 1)?;
    Some(Raw { bytes: &value[1..end], escapes })
}

/// A place between the members of an object, or the elements of an array.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first.
    Start,
    /// At a value not skipped yet.
    Value,
    /// All were seen.
    End,
    /// The text is no JSON here, or stops early.
    Broken,
}

impl Cursor {
    /// Returns the place before everything in the value.
    #[inline]
    pub fn start() -> Cursor {
        Cursor { at: 0, state: State::Start }
    }

    /// Returns the place at a value that is known to begin here, with members or elements before it
    /// that need not be met.
    #[inline]
    pub fn at(at: usize) -> Cursor {
        Cursor { at, state: State::Value }
    }

    /// Returns the place behind everything.
    pub fn end() -> Cursor {
        Cursor { at: 0, state: State::End }
    }

    /// Tells whether the text turned out to be no JSON.
    pub fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Goes to the next member of the object; returns its key and where its value begins.
    #[inline]
    pub fn member<'j>(&mut self, object: &'j [u8]) -> Option<(Raw<'j>, usize)> {
        self.advance(object, b'{', b'}')?;
        if object.get(self.at) != Some(&b'"') {
            return self.broken();
        }
        let start = self.at + 1;
        let Some((end, escapes)) = string_end(object, start) else { return self.broken() };
        let colon = skip_blanks(object, end + 1);
        if object.get(colon) != Some(&b':') {
            return self.broken();
        }
        self.at = skip_blanks(object, colon + 1);
        Some((Raw { bytes: &object[start..end], escapes }, self.at))
    }

    /// Goes to the next element of the array; returns where it begins.
    pub fn element(&mut self, array: &[u8]) -> Option<usize> {
        self.advance(array, b'[', b']')?;
        Some(self.at)
    }

    /// Skips what is pending and goes behind the comma.
    #[inline]
    fn advance(&mut self, text: &[u8], open: u8, close: u8) -> Option<()> {
        match self.state {
            State::Start => {
                if text.first() != Some(&open) {
                    return self.broken();
                }
                self.at = skip_blanks(text, 1);
                if text.get(self.at) == Some(&close) {
                    self.state = State::End;
                    return None;
                }
            }
            State::Value => {
                let Some(end) = value_end(text, self.at) else { return self.broken() };
                let next = skip_blanks(text, end);
                match text.get(next) {
                    Some(b',') => self.at = skip_blanks(text, next + 1),
                    Some(byte) if *byte == close => {
                        self.state = State::End;
                        return None;
                    }
                    _ => return self.broken(),
                }
            }
            State::End | State::Broken => return None,
        }
        self.state = State::Value;
        if self.at < text.len() { Some(()) } else { self.broken() }
    }

    fn broken<T>(&mut self) -> Option<T> {
        self.state = State::Broken;
        None
    }
}

/// Goes through the members of an object; nothing when it is none.
pub fn members(object: &[u8]) -> impl Iterator<Item = (Raw<'_>, &[u8])> {
    let mut cursor = Cursor::start();
    std::iter::from_fn(move || cursor.member(object).map(|(key, at)| (key, &object[at..])))
}

/// Goes through the elements of an array; nothing when it is none.
pub fn elements(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut cursor = Cursor::start();
    std::iter::from_fn(move || cursor.element(array).map(|at| &array[at..]))
}

/// Returns the member of an object or, by number, the element of an array.
#[inline]
pub fn get<'j>(value: &'j [u8], key: &str) -> Option<&'j [u8]> {
    match value.first()? {
        b'{' => members(value).find(|(found, _)| found.is(key)).map(|(_, value)| value),
        b'[' => elements(value).nth(index(key)?),
        _ => None,
    }
}

/// Follows a path of keys.
#[inline]
pub fn path<'j>(value: &'j [u8], keys: &[&str]) -> Option<&'j [u8]> {
    keys.iter().try_fold(value, |value, key| get(value, key))
}

/// Reads an array index as Go's `Atoi` does: a sign and leading zeros are fine.
fn index(key: &str) -> Option<usize> {
    let number: i64 = key.parse().ok()?;
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'j>(text: &'j str, keys: &[&str]) -> Option<&'j str> {
        let value = path(text.as_bytes(), keys)?;
        std::str::from_utf8(&value[..value_end(value, 0)?]).ok()
    }

    #[test]
    fn a_path_goes_through_objects_and_arrays() {
        let text = r#" {"a": {"b" : [10, {"c":"d"} ] }, "e":null}"#.trim_start();
        assert_eq!(at(text, &["a", "b", "1", "c"]), Some("\"d\""));
        assert_eq!(at(text, &["a", "b", "0"]), Some("10"));
        assert_eq!(at(text, &["a", "b", "-1"]), None);
        assert_eq!(at(text, &["e"]), Some("null"));
        assert_eq!(at(text, &["e", "x"]), None);
    }

    #[test]
    fn the_first_of_equal_keys_counts_however_it_is_written() {
        assert_eq!(at(r#"{"a":1,"a":2}"#, &["a"]), Some("1"));
        assert_eq!(at(r#"{"\u0061":1,"a":2}"#, &["a"]), Some("1"));
        assert_eq!(at(r#"{"b":0,"\u0061":1}"#, &["a"]), Some("1"));
    }

    #[test]
    fn broken_text_ends_the_walk() {
        assert_eq!(at(r#"{"a" 1}"#, &["a"]), None);
        assert_eq!(at(r#"{"a":1 "b":2}"#, &["b"]), None);
        assert_eq!(at(r#"{"a":"#, &["a"]), None);
        assert_eq!(at("", &["a"]), None);
    }
}
