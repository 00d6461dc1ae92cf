//! Reads conditions and terms. A recursive descent parser with libs' grammar, its precedence and
//! its depth cap; every tree node knows the bytes it came from. Knows no field and no macro.

mod check;
mod lexer;
mod literal;
mod print;
#[cfg(test)]
mod tests;

use crate::diagnostic::Span;
use crate::expr::{Expr, Operand, Operator, Spread, Term};

use lexer::Lexer;

pub(crate) use literal::quoted;

/// Nested grammar steps that a condition of a rule may take, as in Falco: about two hundred nested
/// parentheses. Keeps the stack within bounds.
pub const DEPTH_MAX: u32 = 1000;

/// A condition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Byte offset where reading stopped.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

/// Parses a condition; macros stay as [`Expr::Name`].
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    condition(text).map(Expr::from)
}

/// A condition's tree with the place of each node: bytes of the text it was parsed from, until
/// the loader says where those stand in a file.
#[derive(Clone, Debug)]
pub(crate) struct Node<P = Span> {
    pub kind: Kind<P>,
    pub place: P,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind<P = Span> {
    And(Vec<Node<P>>),
    Or(Vec<Node<P>>),
    Not(Box<Node<P>>),
    Name(String),
    // Boxed, so that a nested condition needs little stack.
    Check(Box<Check<P>>),
}

/// A term and what is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Check<P = Span> {
    pub left: Term,
    pub left_place: P,
    /// Nothing but its existence, or a comparison.
    pub comparison: Option<Comparison<P>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Comparison<P = Span> {
    pub operator: Operator,
    pub spread: Option<Spread>,
    pub right: Operand,
    pub right_place: P,
    /// Place of each literal on the right.
    pub literals: Vec<P>,
}

impl<P: Copy> Node<P> {
    /// Says every place anew.
    pub(crate) fn map<Q>(self, to: &impl Fn(P) -> Q) -> Node<Q> {
        let all = |parts: Vec<Node<P>>| parts.into_iter().map(|part| part.map(to)).collect();
        let kind = match self.kind {
            Kind::And(parts) => Kind::And(all(parts)),
            Kind::Or(parts) => Kind::Or(all(parts)),
            Kind::Not(inner) => Kind::Not(Box::new(inner.map(to))),
            Kind::Name(name) => Kind::Name(name),
            Kind::Check(check) => {
                let Check { left, left_place, comparison } = *check;
                let comparison = comparison.map(|comparison| Comparison {
                    operator: comparison.operator,
                    spread: comparison.spread,
                    right: comparison.right,
                    right_place: to(comparison.right_place),
                    literals: comparison.literals.into_iter().map(to).collect(),
                });
                Kind::Check(Box::new(Check { left, left_place: to(left_place), comparison }))
            }
        };
        Node { kind, place: to(self.place) }
    }
}

impl<P> From<Node<P>> for Expr {
    fn from(node: Node<P>) -> Expr {
        match node.kind {
            Kind::And(parts) => Expr::And(parts.into_iter().map(Expr::from).collect()),
            Kind::Or(parts) => Expr::Or(parts.into_iter().map(Expr::from).collect()),
            Kind::Not(inner) => Expr::Not(Box::new(Expr::from(*inner))),
            Kind::Name(name) => Expr::Name(name),
            Kind::Check(check) => {
                let left = check.left;
                match check.comparison {
                    None => Expr::Exists(left),
                    Some(Comparison { operator, spread, right, .. }) => {
                        Expr::Compare { left, operator, spread, right }
                    }
                }
            }
        }
    }
}

/// Parses a whole condition.
pub(crate) fn condition(text: &str) -> Result<Node, ParseError> {
    let mut parser = Parser::new(text);
    if text.is_empty() {
        return Err(parser.error("condition is empty"));
    }
    let node = parser.or()?;
    if parser.lexer.at_end() {
        return Ok(node);
    }
    Err(parser.error(match parser.lexer.rest().as_bytes()[0] {
        b')' => "this `)` closes nothing",
        b',' => "unexpected `,`; a list of values needs parentheses around it",
        _ => "expected `and`, `or` or the end of the condition",
    }))
}

/// Parses a field or transformer at the start of a text; returns how many bytes it took.
pub(crate) fn term(text: &str) -> Result<(Term, usize), ParseError> {
    let mut parser = Parser::new(text);
    let term = parser.field_or_transformer()?;
    match term {
        Some(term) => Ok((term, parser.lexer.at())),
        None => Err(parser.error("expected a field or a transformer")),
    }
}

/// The parser: a lexer and how deep the grammar is nested.
struct Parser<'t> {
    lexer: Lexer<'t>,
    depth: u32,
    /// Places of the literals of the right side being read.
    literals: Vec<Span>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Parser<'t> {
        Parser { lexer: Lexer::new(text), depth: 0, literals: Vec::new() }
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError { offset: self.lexer.at(), message: message.into() }
    }

    /// Enters a grammar step; [`Parser::leave`] ends it, an error ends everything.
    fn enter(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth >= DEPTH_MAX {
            return Err(self.error("condition is nested too deeply"));
        }
        Ok(())
    }

    fn leave<T>(&mut self, done: T) -> Result<T, ParseError> {
        self.depth -= 1;
        Ok(done)
    }

    fn or(&mut self) -> Result<Node, ParseError> {
        self.series("or", Self::and, Kind::Or)
    }

    fn and(&mut self) -> Result<Node, ParseError> {
        self.series("and", Self::not, Kind::And)
    }

    /// Parses parts with a word between them; the word must be followed by a blank or by `(`.
    fn series(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Node, ParseError>,
        join: fn(Vec<Node>) -> Kind,
    ) -> Result<Node, ParseError> {
        self.enter()?;
        self.lexer.blank();
        let start = self.lexer.at();
        let mut parts = vec![part(self)?];
        self.lexer.blank();
        while self.lexer.take(word) {
            parts.push(if self.lexer.blank() {
                part(self)?
            } else if self.lexer.take("(") {
                self.remainder()?
            } else {
                return Err(self.error(format!("expected a blank or `(` after `{word}`")));
            });
            self.lexer.blank();
        }
        if parts.len() > 1 {
            let end = parts.last().map_or(start, |part| part.place.end);
            return self.leave(Node { kind: join(parts), place: Span { start, end } });
        }
        self.leave(parts.remove(0))
    }

    fn not(&mut self) -> Result<Node, ParseError> {
        self.enter()?;
        self.lexer.blank();
        let start = self.lexer.at();
        let mut negated = false;
        while self.lexer.take_not() {
            negated = !negated;
        }
        let inner = if self.lexer.take("not(") {
            negated = !negated;
            self.remainder()?
        } else {
            self.check()?
        };
        if !negated {
            return self.leave(inner);
        }
        let place = Span { start, end: inner.place.end };
        self.leave(Node { kind: Kind::Not(Box::new(inner)), place })
    }

    /// Parses what follows an opening parenthesis, and the closing one.
    fn remainder(&mut self) -> Result<Node, ParseError> {
        self.enter()?;
        let node = self.or()?;
        self.lexer.blank();
        if self.lexer.take(")") {
            return self.leave(node);
        }
        Err(self.error(if self.lexer.at_end() {
            "a `(` is not closed: expected `)`"
        } else {
            "expected `and`, `or` or `)`"
        }))
    }
}
