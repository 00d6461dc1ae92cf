//! Quotes and escapes of literals, both ways.

/// Undoes quotes and escapes of a quoted text.
pub(super) fn unquoted(token: &str) -> Result<String, String> {
    let (quote, inner) = token.split_at(1);
    let quote = quote.as_bytes()[0];
    let inner = &inner[..inner.len() - 1];
    if !inner.contains('\\') {
        return Ok(inner.to_owned());
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some(escape) = rest.next() else { break };
        bytes.push(match escape {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            // libs reads an escaped blank as a backslash, because old rules lean on it.
            b' ' | b'\\' => b'\\',
            b'/' => b'/',
            b'"' | b'\'' if escape == quote => escape,
            b'x' => hex(rest.next(), rest.next())?,
            other => return Err(format!("unknown escape `\\{}`", char::from(other))),
        });
    }
    String::from_utf8(bytes).map_err(|_| "`\\x` escapes must add up to UTF-8".to_owned())
}

fn hex(high: Option<u8>, low: Option<u8>) -> Result<u8, String> {
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return Err("`\\x` needs two hexadecimal digits".to_owned());
    };
    Ok((high * 16 + low) as u8)
}

/// Puts a text in quotes such that [`unquoted`] gives it back.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\u{8}' => quoted.push_str("\\b"),
            '\u{C}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '"' => quoted.push_str("\\\""),
            // A plain `\\` at the end would keep the quotes open, see `Lexer::quoted`.
            '\\' => quoted.push_str("\\x5c"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
