//! One check of a condition: a term, an operator, and what it is compared with.

use super::{Check, Comparison, Kind, Node, ParseError, Parser, literal};
use crate::diagnostic::Span;
use crate::expr::{Operand, Operator, Part, Spread, Term, Transformer};

/// Operators that are signs, in the order they are tried: a longer one before its prefix.
const SIGNS: [(&str, Operator); 7] = [
    ("<=", Operator::Le),
    ("<", Operator::Lt),
    (">=", Operator::Ge),
    (">", Operator::Gt),
    ("==", Operator::Eq),
    ("=", Operator::Eq),
    ("!=", Operator::Ne),
];
/// Operators that are words and need a blank behind them.
const WORDS: [Operator; 9] = [
    Operator::Glob,
    Operator::Iglob,
    Operator::Contains,
    Operator::Icontains,
    Operator::Bcontains,
    Operator::Startswith,
    Operator::Bstartswith,
    Operator::Endswith,
    Operator::Regex,
];
const LISTS: [Operator; 3] = [Operator::Intersects, Operator::In, Operator::Pmatch];

/// Whether an operand of a transformer may be a list; lists do not nest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListAllowed {
    Yes,
    No,
}

impl Parser<'_> {
    pub(super) fn check(&mut self) -> Result<Node, ParseError> {
        self.enter()?;
        self.lexer.blank();
        let start = self.lexer.at();
        let node = if self.lexer.take("(") {
            self.remainder()?
        } else {
            let kind = self.leaf(start)?;
            Node { kind, place: self.span(start) }
        };
        self.leave(node)
    }

    fn leaf(&mut self, start: usize) -> Result<Kind, ParseError> {
        if let Some(left) = self.field_or_transformer()? {
            let left_place = self.span(start);
            let comparison = self.comparison()?;
            return Ok(Kind::Check(Box::new(Check { left, left_place, comparison })));
        }
        match self.lexer.identifier() {
            Some(name) => Ok(Kind::Name(name.to_owned())),
            None => Err(self.error("expected a field, a macro or `(`")),
        }
    }

    fn span(&self, start: usize) -> Span {
        Span { start, end: self.lexer.at() }
    }

    /// Parses the operator behind a term, and its right side; `None` is `exists`.
    fn comparison(&mut self) -> Result<Option<Comparison>, ParseError> {
        self.enter()?;
        self.lexer.blank();
        if self.lexer.take("exists") {
            return self.leave(None);
        }
        let (operator, mut spread) = (self.operator()?, None);
        let right = if operator.takes_list() {
            Self::list_or_term
        } else if !operator.takes_spread() {
            Self::number_or_term
        } else {
            // The blank is there behind a word anyway, but behind a sign only perhaps.
            let parted = self.lexer.blank() || operator.name().starts_with(char::is_alphabetic);
            spread = if parted { self.spread() } else { None };
            if spread.is_some() { Self::list } else { Self::text_or_term }
        };
        self.lexer.blank();
        let start = self.lexer.at();
        self.literals.clear();
        let right = right(self)?;
        let right_place = self.span(start);
        let literals = match right {
            Operand::Term(_) => Vec::new(),
            Operand::Text(_) => vec![right_place],
            Operand::List(_) => std::mem::take(&mut self.literals),
        };
        self.leave(Some(Comparison { operator, spread, right, right_place, literals }))
    }

    fn operator(&mut self) -> Result<Operator, ParseError> {
        let sign = SIGNS.into_iter().find(|(sign, _)| self.lexer.take(sign)).map(|(_, sign)| sign);
        sign.or_else(|| WORDS.into_iter().find(|word| self.lexer.take_word(word.name())))
            .or_else(|| LISTS.into_iter().find(|list| self.lexer.take(list.name())))
            .ok_or_else(|| {
                let names: Vec<_> = Operator::ALL.iter().map(|operator| operator.name()).collect();
                self.error(format!("expected an operator: exists {}", names.join(" ")))
            })
    }

    /// Takes `oneof`, `anyof` or `allof`, if a list follows. These may also be plain values:
    /// `proc.name = oneof`.
    fn spread(&mut self) -> Option<Spread> {
        let start = self.lexer.at();
        let spread = Spread::ALL.into_iter().find(|spread| self.lexer.take_word(spread.name()));
        if spread.is_some() && self.lexer.peek() != Some(b'(') {
            let list = self.lexer.at();
            let word = self.lexer.identifier().unwrap_or_default();
            self.lexer.reset(list);
            if word.is_empty() || matches!(word, "and" | "or" | "not") {
                self.lexer.reset(start);
                return None;
            }
        }
        spread
    }

    fn number_or_term(&mut self) -> Result<Operand, ParseError> {
        if let Some(term) = self.right_term()? {
            return Ok(Operand::Term(term));
        }
        match self.lexer.number() {
            Some(number) => Ok(Operand::Text(number.to_owned())),
            None => Err(self.error("expected a number, `val(field)` or a transformer")),
        }
    }

    fn text_or_term(&mut self) -> Result<Operand, ParseError> {
        if let Some(term) = self.right_term()? {
            return Ok(Operand::Term(term));
        }
        match self.text()? {
            Some(text) => Ok(Operand::Text(text)),
            None if self.lexer.peek() == Some(b'(') => {
                Err(self.error("expected one value; a list needs `in`, `intersects` or `pmatch`"))
            }
            None => Err(self.no_value("a value, `val(field)` or a transformer")),
        }
    }

    fn list(&mut self) -> Result<Operand, ParseError> {
        if let Some(values) = self.values()? {
            return Ok(Operand::List(values));
        }
        let start = self.lexer.at();
        match self.lexer.identifier() {
            Some(name) => {
                self.literals.push(self.span(start));
                Ok(Operand::List(vec![name.to_owned()]))
            }
            None => Err(self.no_value("a list in parentheses or the name of one")),
        }
    }

    fn list_or_term(&mut self) -> Result<Operand, ParseError> {
        if self.lexer.peek() != Some(b'(')
            && let Some(term) = self.right_term()?
        {
            return Ok(Operand::Term(term));
        }
        self.list()
    }

    /// Says what was expected, or that a quote is not closed.
    fn no_value(&self, expected: &str) -> ParseError {
        match self.lexer.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.error(format!("this `{}` is not closed", char::from(quote)))
            }
            _ => self.error(format!("expected {expected}")),
        }
    }

    /// Takes a text, quoted or bare.
    fn text(&mut self) -> Result<Option<String>, ParseError> {
        match self.quoted()? {
            Some(text) => Ok(Some(text)),
            None => Ok(self.lexer.bare_text().map(str::to_owned)),
        }
    }

    fn quoted(&mut self) -> Result<Option<String>, ParseError> {
        let offset = self.lexer.at();
        let Some(token) = self.lexer.quoted() else { return Ok(None) };
        let text = literal::unquoted(token).map_err(|message| ParseError { offset, message })?;
        Ok(Some(text))
    }

    /// Takes values in parentheses.
    fn values(&mut self) -> Result<Option<Vec<String>>, ParseError> {
        if !self.lexer.take("(") {
            return Ok(None);
        }
        let mut values = Vec::new();
        self.lexer.blank();
        if self.lexer.take(")") {
            return Ok(Some(values));
        }
        loop {
            self.lexer.blank();
            let start = self.lexer.at();
            match self.text()? {
                Some(value) => {
                    values.push(value);
                    self.literals.push(self.span(start));
                }
                None => return Err(self.no_value("a value")),
            }
            self.lexer.blank();
            if self.lexer.take(")") {
                return Ok(Some(values));
            }
            if !self.lexer.take(",") {
                return Err(self.error("expected `,` or `)` in the list"));
            }
        }
    }

    /// Takes a term on the right side: `val(field)` or a transformer.
    fn right_term(&mut self) -> Result<Option<Term>, ParseError> {
        if !self.lexer.take("val(") {
            return self.transformer();
        }
        self.lexer.blank();
        let Some(name) = self.lexer.field_name() else {
            return Err(self.error("expected a field within `val(…)`"));
        };
        let term = self.field(name)?;
        self.lexer.blank();
        if !self.lexer.take(")") {
            return Err(self.error("expected `)` to close `val(`"));
        }
        if self.lexer.peek() == Some(b'[') {
            return Err(self.error("`val(…)` takes no argument; the field inside may"));
        }
        Ok(Some(term))
    }

    pub(super) fn field_or_transformer(&mut self) -> Result<Option<Term>, ParseError> {
        match self.lexer.field_name() {
            Some(name) => self.field(name).map(Some),
            None => self.transformer(),
        }
    }

    fn field(&mut self, name: &str) -> Result<Term, ParseError> {
        let argument = self.argument()?;
        Ok(Term::Field { name: name.to_owned(), argument })
    }

    /// Takes what stands in brackets, if they are there.
    fn argument(&mut self) -> Result<Option<String>, ParseError> {
        if !self.lexer.take("[") {
            return Ok(None);
        }
        let argument = match self.quoted()? {
            Some(text) => text,
            None => match self.lexer.bare_argument() {
                Some(text) => text.to_owned(),
                None => return Err(self.no_value("an argument in the brackets")),
            },
        };
        if !self.lexer.take("]") {
            return Err(self.error("expected `]`"));
        }
        Ok(Some(argument))
    }

    fn transformer(&mut self) -> Result<Option<Term>, ParseError> {
        let start = self.lexer.at();
        let called = |transformer: &Transformer| {
            if self.lexer.take(transformer.name()) && self.lexer.take("(") {
                return true;
            }
            self.lexer.reset(start);
            false
        };
        match Transformer::ALL.into_iter().find(called) {
            Some(transformer) => self.operands(transformer).map(Some),
            None => Ok(None),
        }
    }

    fn operands(&mut self, transformer: Transformer) -> Result<Term, ParseError> {
        self.enter()?;
        let mut operands = Vec::new();
        loop {
            self.lexer.blank();
            operands.push(self.operand(ListAllowed::Yes)?);
            self.lexer.blank();
            if !self.lexer.take(",") {
                break;
            }
        }
        if !self.lexer.take(")") {
            return Err(self.error(format!("expected `,` or `)` in `{}(`", transformer.name())));
        }
        let argument = self.argument()?;
        self.leave(Term::Transform { transformer, operands, argument })
    }

    /// Takes one operand of a transformer.
    fn operand(&mut self, list: ListAllowed) -> Result<Part, ParseError> {
        self.enter()?;
        if let Some(term) = self.field_or_transformer()? {
            return self.leave(Part::Term(term));
        }
        if let Some(text) = self.quoted()? {
            return self.leave(Part::Text(text));
        }
        if let Some(number) = self.lexer.number() {
            return self.leave(Part::Text(number.to_owned()));
        }
        if list == ListAllowed::No || !self.lexer.take("(") {
            return Err(self.no_value("a field, a transformer, a quoted text or a number"));
        }
        let parts = self.parts()?;
        self.leave(Part::List(parts))
    }

    /// Takes the values of a list within a transformer, and the closing parenthesis.
    fn parts(&mut self) -> Result<Vec<Part>, ParseError> {
        let mut parts = Vec::new();
        self.lexer.blank();
        while !self.lexer.take(")") {
            parts.push(self.operand(ListAllowed::No)?);
            self.lexer.blank();
            if self.lexer.take(",") {
                self.lexer.blank();
                if self.lexer.peek() == Some(b')') {
                    return Err(self.error("expected another value after `,`"));
                }
            } else if self.lexer.peek() != Some(b')') {
                return Err(self.error("expected `,` or `)` in the list"));
            }
        }
        Ok(parts)
    }
}
