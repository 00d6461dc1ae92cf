//! A scalar's text, what it means when asked, and where its bytes stand in the file.

use granit_parser::ScalarStyle;

use crate::diagnostic::Span;

/// Text of a scalar, with quotes, folding and escapes undone.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub text: String,
    pub style: ScalarStyle,
}

impl Scalar {
    /// Tells whether it stands for nothing.
    pub(crate) fn is_null(&self) -> bool {
        self.style == ScalarStyle::Plain
            && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Reads a truth value in the words of YAML 1.1, in one case or capitalised.
    pub(crate) fn truth(&self) -> Option<bool> {
        let text = self.text.as_str();
        let rest = text.get(1..)?;
        let cased = text.bytes().all(|byte| byte.is_ascii_uppercase())
            || rest.bytes().all(|byte| byte.is_ascii_lowercase());
        match text.to_ascii_lowercase().as_str() {
            "y" | "yes" | "true" | "on" if cased => Some(true),
            "n" | "no" | "false" | "off" if cased => Some(false),
            _ => None,
        }
    }

    /// Reads a number without sign: decimal, `0x…` or octal with a leading zero.
    pub(crate) fn number(&self) -> Option<u32> {
        let text = self.text.trim_end();
        let (digits, radix) = match text.as_bytes() {
            [b'0', b'x' | b'X', ..] => (&text[2..], 16),
            [b'0', _, ..] => (&text[1..], 8),
            _ => (text, 10),
        };
        if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, radix).ok()
    }

    /// Returns for each byte of the text the byte of the file it came from: undoes folding,
    /// indentation and escapes by walking both side by side.
    pub(crate) fn origins(&self, file: &str, span: Span) -> Vec<u32> {
        let raw = &file.as_bytes()[span.start.min(file.len())..span.end.min(file.len())];
        let mut walk = Walk { raw, at: 0, style: self.style };
        walk.skip_header();
        self.text
            .chars()
            .flat_map(|c| {
                let at = span.start + walk.find(c);
                std::iter::repeat_n(u32::try_from(at).unwrap_or(u32::MAX), c.len_utf8())
            })
            .collect()
    }
}

/// Reads the raw bytes of a scalar in step with its text.
struct Walk<'r> {
    raw: &'r [u8],
    at: usize,
    style: ScalarStyle,
}

impl Walk<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.raw.get(self.at + ahead).copied()
    }

    /// Skips the opening quote, or the line of a block scalar's indicator.
    fn skip_header(&mut self) {
        match self.style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.at = 1,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                if matches!(self.byte(0), Some(b'|' | b'>')) {
                    let end = memchr::memchr(b'\n', self.raw).unwrap_or(self.raw.len());
                    self.at = end.min(self.raw.len());
                }
            }
            ScalarStyle::Plain => {}
        }
    }

    /// Returns where this character comes from, and steps over it.
    fn find(&mut self, c: char) -> usize {
        if c == ' ' || c == '\n' {
            return self.find_blank(c);
        }
        let mut buffer = [0; 4];
        let wanted = c.encode_utf8(&mut buffer).as_bytes();
        while let Some(byte) = self.byte(0) {
            if byte == b'\\' && self.style == ScalarStyle::DoubleQuoted {
                let start = self.at;
                if self.escape() {
                    return start;
                }
                continue;
            }
            if self.raw[self.at..].starts_with(wanted) {
                let start = self.at;
                self.at += wanted.len();
                if c == '\'' && self.style == ScalarStyle::SingleQuoted {
                    self.at += usize::from(self.byte(0) == Some(b'\''));
                }
                return start;
            }
            self.at += 1;
        }
        self.raw.len()
    }

    /// Finds a blank, which may stand for a line break with the indentation behind it.
    fn find_blank(&mut self, c: char) -> usize {
        let start = self.at;
        match self.byte(0) {
            Some(b' ' | b'\t') if c == ' ' => {
                self.at += 1;
                // Blanks before a line break are folded away with it.
                let rest = &self.raw[self.at..];
                let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let broken = matches!(rest.get(blanks), Some(b'\r' | b'\n'));
                if broken && matches!(self.style, ScalarStyle::Plain) {
                    self.at += blanks;
                    self.skip_break();
                }
            }
            Some(b'\r' | b'\n') => self.skip_break(),
            Some(b'\\') if self.style == ScalarStyle::DoubleQuoted => {
                self.escape();
            }
            _ => {}
        }
        start
    }

    fn skip_break(&mut self) {
        while matches!(self.byte(0), Some(b'\r')) {
            self.at += 1;
        }
        self.at += usize::from(self.byte(0) == Some(b'\n'));
        if self.style != ScalarStyle::Literal {
            while matches!(self.byte(0), Some(b' ' | b'\t')) {
                self.at += 1;
            }
        }
    }

    /// Steps over an escape; tells whether it stands for a character.
    fn escape(&mut self) -> bool {
        let (length, stands) = match self.byte(1) {
            Some(b'x') => (4, true),
            Some(b'u') => (6, true),
            Some(b'U') => (10, true),
            Some(b'\n' | b'\r') => (2, false),
            _ => (2, true),
        };
        self.at = (self.at + length).min(self.raw.len());
        stands
    }
}
