//! Shell patterns as `fnmatch(3)` without flags reads them: `*` and `?` also match `/`, `[…]` is a
//! set with ranges and classes, a backslash takes the next byte as it is. Bytes, not characters.

/// Whether letter case counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `A` is not `a`.
    Exact,
    /// ASCII letters of both cases are the same.
    Folded,
}

/// Tells whether `text` as a whole matches `pattern`.
pub fn matches(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last star: one byte further in the text each time.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == b'*' {
            retry = Some((p + 1, t));
            p += 1;
            continue;
        }
        let stepped = match text.get(t) {
            None if p == pattern.len() => return true,
            None => return false,
            Some(byte) => step(&pattern[p..], *byte, case),
        };
        match (stepped, &mut retry) {
            (Some(width), _) => {
                p += width;
                t += 1;
            }
            (None, Some((after_star, from))) => {
                *from += 1;
                (p, t) = (*after_star, *from);
            }
            (None, None) => return false,
        }
    }
}

/// Returns what every text that matches begins with, and what it ends with, as far as the pattern
/// says so plainly.
pub fn literal_ends(pattern: &[u8]) -> (&[u8], &[u8]) {
    let is_special = |byte: &u8| b"*?[\\".contains(byte);
    let start = pattern.iter().position(is_special).unwrap_or(pattern.len());
    let has_sets = pattern.iter().any(|byte| b"[\\".contains(byte));
    let end = match pattern.iter().rposition(is_special) {
        Some(at) if !has_sets => at + 1,
        _ => pattern.len(),
    };
    (&pattern[..start], &pattern[end..])
}

/// Matches one byte against the head of the pattern; returns how much of the pattern that took.
fn step(pattern: &[u8], byte: u8, case: Case) -> Option<usize> {
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => same(*escaped, byte, case).then_some(2),
        [b'[', ..] => match set(pattern, byte, case) {
            Some((true, width)) => Some(width),
            Some((false, _)) => None,
            // Without a closing bracket it is an ordinary byte.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => same(*literal, byte, case).then_some(1),
    }
}

fn same(left: u8, right: u8, case: Case) -> bool {
    match case {
        Case::Exact => left == right,
        Case::Folded => left.eq_ignore_ascii_case(&right),
    }
}

/// Reads a bracket set; returns whether `byte` is in it and how long it is.
fn set(pattern: &[u8], byte: u8, case: Case) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    let mut found = false;
    loop {
        match *pattern.get(at)? {
            b']' if at > first => return Some((found != negated, at + 1)),
            b'[' if pattern.get(at + 1) == Some(&b':') => {
                let rest = &pattern[at + 2..];
                let end = memchr::memmem::find(rest, b":]")?;
                found |= in_class(&rest[..end], byte, case);
                at += end + 4;
            }
            _ => {
                let low = member(pattern, &mut at)?;
                let ranged = pattern.get(at) == Some(&b'-')
                    && pattern.get(at + 1).is_some_and(|next| *next != b']');
                if ranged {
                    at += 1;
                    let high = member(pattern, &mut at)?;
                    found |= in_range(low, high, byte, case);
                } else {
                    found |= same(low, byte, case);
                }
            }
        }
    }
}

fn member(pattern: &[u8], at: &mut usize) -> Option<u8> {
    if pattern.get(*at) == Some(&b'\\') {
        *at += 1;
    }
    let byte = *pattern.get(*at)?;
    *at += 1;
    Some(byte)
}

fn in_range(low: u8, high: u8, byte: u8, case: Case) -> bool {
    match case {
        Case::Exact => (low..=high).contains(&byte),
        Case::Folded => (low.to_ascii_lowercase()..=high.to_ascii_lowercase())
            .contains(&byte.to_ascii_lowercase()),
    }
}

fn in_class(name: &[u8], byte: u8, case: Case) -> bool {
    match name {
        b"alpha" => byte.is_ascii_alphabetic(),
        b"digit" => byte.is_ascii_digit(),
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"upper" if case == Case::Folded => byte.is_ascii_alphabetic(),
        b"lower" if case == Case::Folded => byte.is_ascii_alphabetic(),
        b"upper" => byte.is_ascii_uppercase(),
        b"lower" => byte.is_ascii_lowercase(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"blank" => byte == b' ' || byte == b'\t',
        b"punct" => byte.is_ascii_punctuation(),
        b"print" => (0x20..0x7f).contains(&byte),
        b"graph" => byte.is_ascii_graphic(),
        b"cntrl" => byte.is_ascii_control(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes(), Case::Exact)
    }

    #[test]
    fn a_star_crosses_slashes_and_backs_up() {
        assert!(glob("/usr/*/ls", "/usr/local/bin/ls"));
        assert!(glob("*a*b", "xaxbab"));
        assert!(!glob("*a*b", "xaxbac"));
        assert!(glob("*", ""));
        assert!(!glob("?", ""));
    }

    #[test]
    fn sets_have_ranges_classes_and_negation() {
        assert!(glob("[a-c]x", "bx"));
        assert!(glob("[!a-c]", "d"));
        assert!(glob("[[:digit:]]*", "7 up"));
        assert!(glob("[]]", "]"));
        assert!(glob("[", "["));
        assert!(glob("a\\*b", "a*b"));
        assert!(!glob("a\\*b", "axb"));
    }

    #[test]
    fn the_ends_of_a_pattern_are_those_of_what_matches() {
        let ends = |pattern: &'static str| {
            let (start, end) = literal_ends(pattern.as_bytes());
            (str::from_utf8(start).unwrap(), str::from_utf8(end).unwrap())
        };
        assert_eq!(ends("/proc/*/mem"), ("/proc/", "/mem"));
        assert_eq!(ends("*.so.?"), ("", ""));
        assert_eq!(ends("a[*]b"), ("a", ""));
        assert_eq!(ends(r"a\*b"), ("a", ""));
        assert_eq!(ends("plain"), ("plain", ""));
    }

    #[test]
    fn folding_is_ascii_only() {
        assert!(matches(b"HeL*", b"hello", Case::Folded));
        assert!(matches(b"[A-C]", b"b", Case::Folded));
    }
}
