//! Regular expressions as Falco reads them: RE2's POSIX syntax over the whole value, where `^` and
//! `$` also match at line ends. What the two engines write differently is put in the other's words.

use regex::{Regex, RegexBuilder};

/// Largest compiled expression, in bytes.
const PATTERN_BYTES_MAX: usize = 4 << 20;

/// Compiles an expression that has to match a value from end to end.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let whole = format!(r"\A(?:{})\z", translate(pattern));
    RegexBuilder::new(&whole)
        .multi_line(true)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| format!("`{pattern}` is no regular expression: {}", last_line(&error)))
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Rewrites what RE2 takes literally and this engine does not: brackets and set operators within a
/// class, braces that are no repetition, escaped angle brackets.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let width = match first {
            '\\' => escape(rest, &mut out),
            '[' => class(rest, &mut out),
            '{' if !is_repetition(rest) => {
                out.push_str(r"\{");
                1
            }
            '}' if !out_ends_repetition(&out) => {
                out.push_str(r"\}");
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[width..];
    }
    out
}

fn escape(rest: &str, out: &mut String) -> usize {
    match rest[1..].chars().next() {
        Some(angle @ ('<' | '>')) => {
            out.push(angle);
            2
        }
        Some(other) => {
            out.push('\\');
            out.push(other);
            1 + other.len_utf8()
        }
        None => {
            out.push('\\');
            1
        }
    }
}

/// Copies a bracket class, escaping what would nest or operate; returns its length.
fn class(rest: &str, out: &mut String) -> usize {
    out.push('[');
    let mut at = 1;
    if rest[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(byte) = rest[at..].chars().next() {
        match byte {
            ']' if at > first => {
                out.push(']');
                return at + 1;
            }
            ']' => out.push_str(r"\]"),
            '[' if rest[at..].starts_with("[:") => {
                let Some(end) = rest[at..].find(":]") else {
                    out.push_str(r"\[");
                    at += 1;
                    continue;
                };
                out.push_str(&rest[at..at + end + 2]);
                at += end + 2;
                continue;
            }
            '[' => out.push_str(r"\["),
            '&' | '~' => {
                out.push('\\');
                out.push(byte);
            }
            '-' if rest[at..].starts_with("--") => out.push_str(r"\-"),
            '\\' => {
                out.push('\\');
                if let Some(next) = rest[at + 1..].chars().next() {
                    out.push(next);
                    at += next.len_utf8();
                }
            }
            other => out.push(other),
        }
        at += byte.len_utf8();
    }
    at
}

fn is_repetition(rest: &str) -> bool {
    let Some(end) = rest.find('}') else { return false };
    let inside = &rest[1..end];
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

/// Tells whether what was copied last is an open repetition, so that a brace closes it.
fn out_ends_repetition(out: &str) -> bool {
    out.rfind('{').is_some_and(|at| {
        !out[..at].ends_with('\\')
            && out.len() > at + 1
            && out[at + 1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
    })
}

#[cfg(test)]
mod tests {
    use super::compile;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap().is_match(text)
    }

    #[test]
    fn the_whole_value_has_to_match() {
        assert!(matches("[a-z]+", "abc"));
        assert!(!matches("[a-z]+", "abc1"));
        assert!(matches("a|bc", "bc"));
        assert!(!matches("a|bc", "abc"));
    }

    #[test]
    fn what_re2_takes_literally_is_literal() {
        assert!(matches("a{b}", "a{b}"));
        assert!(matches("a{2}", "aa"));
        assert!(matches(r"\<x\>", "<x>"));
        assert!(matches("[[a]", "["));
        assert!(matches("[a&&b]+", "&ab"));
        assert!(matches("[]x]+", "]x"));
        assert!(matches("[[:digit:]-]+", "1-2"));
    }

    #[test]
    fn a_wrong_expression_says_so() {
        assert!(compile("a(").unwrap_err().contains("unclosed group"));
    }
}
