//! The tokens. There is no token stream: what a stretch of text is depends on where it stands
//! (`in` may be a word of a list), so the parser asks for what it can take at this point.

/// A position in a text.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

/// What separates tokens. The grammar names the backspace too.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x08 | b'\r' | b'\n')
}

/// POSIX `[[:space:]]`, which ends words.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to an earlier position.
    pub(super) fn reset(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips blanks; tells whether there were any.
    pub(super) fn blank(&mut self) -> bool {
        let length = self.rest().bytes().take_while(|byte| is_blank(*byte)).count();
        self.at += length;
        length > 0
    }

    /// Takes exactly this text.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes a word that must be followed by a blank, and the blanks.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let start = self.at;
        if self.take(word) && self.blank() {
            return true;
        }
        self.at = start;
        false
    }

    /// Takes `not` with the space behind it.
    pub(super) fn take_not(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix("not") else { return false };
        let spaces = rest.bytes().take_while(|byte| is_space(char::from(*byte))).count();
        if spaces > 0 {
            self.at += "not".len() + spaces;
        }
        spaces > 0
    }

    fn take_length(&mut self, length: usize) -> Option<&'t str> {
        let token = &self.rest()[..length];
        self.at += length;
        (length > 0).then_some(token)
    }

    /// Takes a macro's or list's name.
    pub(super) fn identifier(&mut self) -> Option<&'t str> {
        self.take_length(identifier_length(self.rest()))
    }

    /// Takes a field's name: at least two identifiers with a dot between.
    pub(super) fn field_name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let mut length = identifier_length(rest);
        let mut parts = usize::from(length > 0);
        while parts > 0 && rest[length..].starts_with('.') {
            match identifier_length(&rest[length + 1..]) {
                0 => break,
                more => length += 1 + more,
            }
            parts += 1;
        }
        self.take_length(if parts > 1 { length } else { 0 })
    }

    /// Takes what may stand in brackets without quotes.
    pub(super) fn bare_argument(&mut self) -> Option<&'t str> {
        self.take_until(|c| matches!(c, '[' | ']' | '"' | '\'') || is_space(c))
    }

    /// Takes a value without quotes.
    pub(super) fn bare_text(&mut self) -> Option<&'t str> {
        self.take_until(|c| matches!(c, '(' | ')' | '"' | '\'' | '=' | ',') || is_space(c))
    }

    fn take_until(&mut self, ends: impl Fn(char) -> bool) -> Option<&'t str> {
        let rest = self.rest();
        self.take_length(rest.find(ends).unwrap_or(rest.len()))
    }

    /// Takes a number, hexadecimal or decimal.
    pub(super) fn number(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        self.take_length(match hex_length(rest) {
            0 => decimal_length(rest),
            length => length,
        })
    }

    /// Takes a quoted text, quotes included. `None` when there is no quote or it is not closed.
    pub(super) fn quoted(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let quote = rest.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let mut previous = b'\\';
        for (index, byte) in rest.bytes().enumerate() {
            // As in libs, any backslash before a quote keeps the text open, even an escaped one.
            if byte == quote && previous != b'\\' {
                return self.take_length(index + 1);
            }
            previous = byte;
        }
        None
    }
}

fn identifier_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

fn hex_length(text: &str) -> usize {
    if !(text.starts_with("0x") || text.starts_with("0X")) {
        return 0;
    }
    match text[2..].bytes().take_while(u8::is_ascii_hexdigit).count() {
        0 => 0,
        digits => 2 + digits,
    }
}

fn decimal_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(sign);
    if whole == 0 {
        return 0;
    }
    let mut length = sign + whole;
    if text[length..].starts_with('.') {
        length += 1;
        length += digits(length);
    }
    // An exponent needs its sign: `1e5` is the number 1 and something else.
    if text[length..].starts_with(['e', 'E']) && text[length + 1..].starts_with(['+', '-']) {
        let exponent = digits(length + 2);
        if exponent > 0 {
            length += 2 + exponent;
        }
    }
    length
}
