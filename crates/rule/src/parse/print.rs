//! Conditions back to text, such that parsing it gives the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::quoted;
use crate::expr::{Expr, Operand, Operator, Part, Spread, Term};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(parts) => series(f, parts, " and "),
            Expr::Or(parts) => series(f, parts, " or "),
            Expr::Not(inner) => {
                f.write_str("not ")?;
                nested(f, inner)
            }
            Expr::Exists(term) => write!(f, "{term} exists"),
            Expr::Compare { left, operator, spread, right } => {
                write!(f, "{left} {}", operator.name())?;
                if let Some(spread) = spread {
                    write!(f, " {}", spread.name())?;
                }
                f.write_char(' ')?;
                operand(f, *operator, *spread, right)
            }
            Expr::Name(name) => f.write_str(name),
        }
    }
}

fn series(f: &mut Formatter<'_>, parts: &[Expr], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        nested(f, part)?;
    }
    Ok(())
}

/// Prints with parentheses around whatever binds less than a check.
fn nested(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    match expr {
        Expr::And(_) | Expr::Or(_) | Expr::Not(_) => write!(f, "({expr})"),
        _ => write!(f, "{expr}"),
    }
}

fn operand(
    f: &mut Formatter<'_>,
    operator: Operator,
    spread: Option<Spread>,
    operand: &Operand,
) -> fmt::Result {
    match operand {
        Operand::Text(text) if spread.is_some() || operator.takes_list() => {
            write!(f, "({})", value(text))
        }
        // Orderings take a number and nothing else, never in quotes.
        Operand::Text(text) if !operator.takes_spread() => f.write_str(text),
        Operand::Text(text) => f.write_str(&value(text)),
        Operand::List(values) => {
            let values: Vec<String> = values.iter().map(|text| value(text)).collect();
            write!(f, "({})", values.join(", "))
        }
        Operand::Term(term @ Term::Field { .. }) => write!(f, "val({term})"),
        Operand::Term(term) => write!(f, "{term}"),
    }
}

/// Prints a literal, in quotes unless nobody could misread it.
fn value(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:*@%+".contains(c);
    let spread = Spread::ALL.iter().any(|spread| spread.name() == text);
    if !text.is_empty() && !spread && text.chars().all(plain) {
        return text.to_owned();
    }
    quoted(text)
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let argument = match self {
            Term::Field { name, argument } => {
                f.write_str(name)?;
                argument
            }
            Term::Transform { transformer, operands, argument } => {
                write!(f, "{}(", transformer.name())?;
                parts(f, operands)?;
                f.write_char(')')?;
                argument
            }
        };
        match argument.as_deref() {
            None => Ok(()),
            Some(text) => {
                let bare = |c: char| c.is_ascii_graphic() && !"[]\"'".contains(c);
                if !text.is_empty() && text.chars().all(bare) {
                    write!(f, "[{text}]")
                } else {
                    write!(f, "[{}]", quoted(text))
                }
            }
        }
    }
}

fn parts(f: &mut Formatter<'_>, parts: &[Part]) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Part::Term(term) => write!(f, "{term}"),
            Part::Text(text) => f.write_str(&quoted(text)),
            Part::List(list) => {
                f.write_char('(')?;
                parts(f, list)?;
                f.write_char(')')
            }
        }
    }
}
