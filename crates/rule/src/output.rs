//! A rule's output line, cut into literal text and terms to fill in.

use crate::diagnostic::Span;
use crate::expr::Term;
use crate::parse;
use crate::source::SourceDoc;

/// An output line, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Whether a leading `*` stood there. Falco prints `<NA>` for absent fields in rule output
    /// either way; elsewhere its absence means: no value, no line.
    pub lenient: bool,
    /// Pieces in order.
    pub pieces: Vec<Piece>,
    /// What `output_fields` holds, in order of first mention: plain fields only, also those
    /// inside transformers, each once, with their printed form as key.
    pub fields: Vec<(String, Term)>,
}

/// A stretch of an output line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Printed as it is.
    Text(String),
    /// Replaced by the value of a term, `<NA>` when absent.
    Term {
        /// What to read.
        term: Term,
        /// Cut or filled with blanks to this many bytes, `%20proc.name`; 0 leaves it as it is.
        width: usize,
    },
}

/// Widest that a term may be filled to, in bytes.
pub const WIDTH_MAX: usize = 64 * 1024;

/// The output line is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OutputError {
    /// Byte offset in the line where reading stopped.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl Output {
    /// Parses an output line. A field ends where the longest name that the source knows ends, so
    /// `%proc.names` is `%proc.name` and an `s`; fields nobody knows are taken as written, for the
    /// caller to refuse.
    pub fn parse(text: &str, doc: &SourceDoc) -> Result<Output, OutputError> {
        Output::parse_traced(text, doc).map(|(output, _)| output)
    }

    /// Parses an output line and tells where each of its terms stands.
    pub(crate) fn parse_traced(
        text: &str,
        doc: &SourceDoc,
    ) -> Result<(Output, Vec<Span>), OutputError> {
        let lenient = text.starts_with('*');
        let mut output = Output { lenient, pieces: Vec::new(), fields: Vec::new() };
        let mut spans = Vec::new();
        let mut at = usize::from(lenient);
        if text.is_empty() {
            return Err(OutputError { offset: 0, message: "output is empty".to_owned() });
        }
        while let Some(percent) = text[at..].find('%').map(|percent| at + percent) {
            output.literal(&text[at..percent]);
            let (width, start) = width(text, percent + 1)?;
            let (term, end) = term(text, start, doc)?;
            term.each_field(&mut |name, argument| {
                let argument = argument.map(str::to_owned);
                let field = Term::Field { name: name.to_owned(), argument };
                if !output.fields.iter().any(|(_, known)| *known == field) {
                    output.fields.push((field.to_string(), field));
                }
            });
            output.pieces.push(Piece::Term { term, width });
            spans.push(Span { start: percent, end });
            at = end;
        }
        output.literal(&text[at..]);
        Ok((output, spans))
    }

    fn literal(&mut self, text: &str) {
        if !text.is_empty() {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }
}

/// Reads the digits behind a percent sign: the width, and where the term begins.
fn width(text: &str, start: usize) -> Result<(usize, usize), OutputError> {
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    let end = start + digits;
    if end == text.len() {
        let message = "a field is missing behind `%` at the end of the output".to_owned();
        return Err(OutputError { offset: start - 1, message });
    }
    let width = text[start..end].parse().unwrap_or(if digits > 0 { usize::MAX } else { 0 });
    if width > WIDTH_MAX {
        let message = format!("a field cannot be wider than {WIDTH_MAX}");
        return Err(OutputError { offset: start, message });
    }
    Ok((width, end))
}

/// Reads a term, and where it ends.
fn term(text: &str, start: usize, doc: &SourceDoc) -> Result<(Term, usize), OutputError> {
    let rest = &text[start..];
    let bracket = rest.find('[').unwrap_or(rest.len());
    let (term, length) = parse::term(rest)
        // A bracket that opens no argument is text.
        .or_else(|error| parse::term(&rest[..bracket]).map_err(|_| error))
        .map_err(|error| {
            let offset = start + error.offset;
            let message = match error.offset {
                0 => "a field is missing behind `%`; `%` itself cannot be printed".to_owned(),
                _ => error.message,
            };
            OutputError { offset, message }
        })?;
    if let Term::Field { name, .. } = &term
        && doc.lookup(name).is_none()
    {
        let shorter = (1..name.len()).rev().find(|end| doc.field(&name[..*end]).is_some());
        if let Some(end) = shorter {
            return Ok((Term::field(&name[..end]), start + end));
        }
    }
    Ok((term, start + length))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::source::{Argument, FieldDoc};

    const DOC: SourceDoc = SourceDoc {
        name: "test",
        doc: "",
        fields: &[&[
            FieldDoc::text("proc.name", ""),
            FieldDoc::text("proc.aname", "").takes(Argument::Index),
            FieldDoc::text("evt.arg", "").takes(Argument::EitherRequired),
        ]],
        plugins: &[],
    };

    fn check(text: &str, expected: Expect) {
        let shown = match Output::parse(text, &DOC) {
            Ok(output) => {
                let pieces = output.pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => format!("{text:?}"),
                    Piece::Term { term, width: 0 } => format!("<{term}>"),
                    Piece::Term { term, width } => format!("<{term} {width}>"),
                });
                let pieces: Vec<_> = pieces.collect();
                let fields: Vec<_> = output.fields.iter().map(|(key, _)| key.as_str()).collect();
                format!("{}\nfields: {}", pieces.join(" "), fields.join(" "))
            }
            Err(error) => format!("{}: {error}", error.offset),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn text_and_fields_take_turns() {
        check(
            "a %proc.name, %proc.aname[2]!",
            expect![[r#"
                "a " <proc.name> ", " <proc.aname[2]> "!"
                fields: proc.name proc.aname[2]"#]],
        );
        check(
            "*%proc.name%proc.name",
            expect![[r#"
            <proc.name> <proc.name>
            fields: proc.name"#]],
        );
        check(
            "plain",
            expect![[r#"
            "plain"
            fields: "#]],
        );
    }

    #[test]
    fn a_width_stands_before_the_field() {
        check(
            "%10proc.name",
            expect![[r#"
            <proc.name 10>
            fields: proc.name"#]],
        );
        check("%99999999999999999999proc.name", expect!["1: a field cannot be wider than 65536"]);
    }

    #[test]
    fn a_field_ends_with_its_longest_known_name() {
        check(
            "%proc.names.x",
            expect![[r#"
            <proc.name> "s.x"
            fields: proc.name"#]],
        );
        check(
            "%proc.name.",
            expect![[r#"
            <proc.name> "."
            fields: proc.name"#]],
        );
        check(
            "%proc.name[x y",
            expect![[r#"
            <proc.name> "[x y"
            fields: proc.name"#]],
        );
        check(
            "%evt.arg.flags",
            expect![[r#"
            <evt.arg.flags>
            fields: evt.arg.flags"#]],
        );
    }

    #[test]
    fn transformers_print_but_only_fields_are_listed() {
        check(
            "%toupper(proc.name)",
            expect![[r#"
            <toupper(proc.name)>
            fields: proc.name"#]],
        );
        check(
            "%join(\",\", (proc.name, evt.arg[x]))",
            expect![[r#"
                <join(",", (proc.name, evt.arg[x]))>
                fields: proc.name evt.arg[x]"#]],
        );
    }

    #[test]
    fn a_percent_sign_needs_a_field() {
        check("100%", expect!["3: a field is missing behind `%` at the end of the output"]);
        check("100% of", expect!["4: a field is missing behind `%`; `%` itself cannot be printed"]);
        check(
            "%%proc.name",
            expect!["1: a field is missing behind `%`; `%` itself cannot be printed"],
        );
        check("%5", expect!["0: a field is missing behind `%` at the end of the output"]);
        check("%tolower(proc.name", expect!["18: expected `,` or `)` in `tolower(`"]);
        check("", expect!["0: output is empty"]);
    }
}
