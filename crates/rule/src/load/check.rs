//! Checks a rule's condition and output against the fields of its source.

use std::collections::{BTreeSet, HashSet};

use super::condition::Tree;
use super::field::{Sources, Trouble};
use super::limit;
use super::report::{Report, Scope};
use super::trace::{Place, Traced};
use super::version::Version;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::expr::{Operand, Operator, Term, Transformer};
use crate::operator::{Test, allowed};
use crate::output::{Output, Piece};
use crate::parse::{Check, Comparison, Kind};
use crate::source::{self, SourceDoc};
use crate::transform::Shape;

/// What came out of checking one rule.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The rule cannot be used.
    pub refused: bool,
    /// The rule names a field its source does not have, and asks to be skipped then.
    pub skipped: bool,
    /// Fields of plugins that are not known here.
    pub foreign: BTreeSet<String>,
}

/// Checks one rule.
pub(super) struct Checker<'c, 'f> {
    pub sources: Sources<'c>,
    pub doc: &'c SourceDoc,
    pub scope: &'c Scope,
    /// Engine version that each file was written for, if it says.
    pub engines: &'c [Option<Version>],
    pub skip_if_unknown_filter: bool,
    pub report: &'c mut Report<'f>,
    pub findings: Findings,
    /// Left and right sides already checked: a macro may be put in many times.
    pub seen: HashSet<(Place, Place)>,
}

impl Checker<'_, '_> {
    /// Checks an output line; every term must be readable.
    pub(super) fn output(&mut self, text: &Traced, output: &Output, places: &[Span]) {
        let terms = output.pieces.iter().filter_map(|piece| match piece {
            Piece::Term { term, .. } => Some(term),
            Piece::Text(_) => None,
        });
        for (term, span) in terms.zip(places) {
            let shape = self.sources.shape(self.doc, term);
            if let Err(trouble) = shape.and_then(|_| limit::printed(self.doc, term)) {
                self.tell(Code::LoadErrCompileOutput, text.place(*span), trouble);
            }
        }
    }

    /// Checks every comparison of a condition.
    pub(super) fn condition(&mut self, tree: &Tree) {
        match &tree.kind {
            Kind::And(parts) | Kind::Or(parts) => {
                parts.iter().for_each(|part| self.condition(part));
            }
            Kind::Not(inner) => self.condition(inner),
            Kind::Check(check) => self.check(check),
            Kind::Name(_) => {}
        }
    }

    fn check(&mut self, check: &Check<Place>) {
        let right = check.comparison.as_ref().map_or(check.left_place, |it| it.right_place);
        if !self.seen.insert((check.left_place, right)) {
            return;
        }
        let left = self.sources.shape(self.doc, &check.left);
        let left = left.map_err(|trouble| self.refuse(check.left_place, trouble)).ok();
        let Some(comparison) = &check.comparison else { return };
        let right = match &comparison.right {
            Operand::Term(term) => {
                let right = self.sources.shape(self.doc, term);
                right.map_err(|trouble| self.refuse(comparison.right_place, trouble)).ok()
            }
            _ => None,
        };
        let Some(left) = left else { return };
        if let Err(message) = allowed(comparison.operator, left) {
            self.unfit(check.left_place, left, message);
            return;
        }
        match (&comparison.right, right) {
            (Operand::Term(term), Some(right)) => {
                let fit = limit::compared(self.doc, &check.left, term);
                if let Err(message) = fit.and_then(|()| fields(comparison.operator, left, right)) {
                    self.refuse(comparison.right_place, Trouble::Wrong(message));
                }
            }
            (Operand::Term(_), None) => {}
            (Operand::Text(text), _) => self.literals(check, left, std::slice::from_ref(text)),
            (Operand::List(texts), _) => self.literals(check, left, texts),
        }
    }

    /// Tells of values that the field on the left never has: the check could not hold for them.
    fn values(&mut self, left: &Term, comparison: &Comparison<Place>, texts: &[String]) {
        let Some(field) = limit::field_of(self.doc, left) else { return };
        for (text, place) in texts.iter().zip(&comparison.literals) {
            if !field.can_be(text) {
                let hint = self.sources.value_hint(field, comparison.operator, text);
                let never = Trouble::Never { field: field.name, value: text.clone(), hint };
                self.refuse(*place, never);
            }
        }
    }

    fn literals(&mut self, check: &Check<Place>, left: Shape, texts: &[String]) {
        let Some(comparison) = &check.comparison else { return };
        // Bytes and lengths of a value are not the value.
        let bytes = matches!(comparison.operator, Operator::Bcontains | Operator::Bstartswith);
        if left.kind == source::Kind::Text && !bytes {
            self.values(&check.left, comparison, texts);
        }
        let (operator, spread) = (comparison.operator, comparison.spread);
        let test = |texts| Test::new(operator, spread, left, texts);
        let mut slips = 0;
        for (text, place) in texts.iter().zip(&comparison.literals) {
            if let Err(message) = test(std::slice::from_ref(text)) {
                slips += 1;
                self.refuse(*place, Trouble::Wrong(message));
            }
            self.misused(operator, text, *place);
        }
        // What each literal passes, all of them together may still not.
        if slips == 0
            && let Err(message) = test(texts)
        {
            self.refuse(comparison.right_place, Trouble::Wrong(message));
        }
    }

    /// Tells of an operator that cannot stand behind a field. A file written for an engine that
    /// let it pass still loads, without the rule: it could not be judged then either.
    fn unfit(&mut self, place: Place, left: Shape, message: String) {
        let engine = self.engines.get(place.file).copied().flatten();
        if !left.list || engine.is_none_or(|engine| engine >= Version::LISTS_CHECKED) {
            self.refuse(place, Trouble::Wrong(message));
            return;
        }
        self.findings.skipped = true;
        let message = format!("{message}; the rule is skipped");
        let diagnostic = Diagnostic::new(Code::LoadCompileCondition, message)
            .hint("compare lists with `in`, `intersects` or `exists`");
        self.report.add(place, self.scope, diagnostic);
    }

    fn refuse(&mut self, place: Place, trouble: Trouble) {
        self.tell(Code::LoadErrCompileCondition, place, trouble);
    }

    fn tell(&mut self, code: Code, place: Place, trouble: Trouble) {
        let diagnostic = match trouble {
            Trouble::Wrong(message) => {
                self.findings.refused = true;
                Diagnostic::new(code, message)
            }
            Trouble::Foreign { field, hint } => {
                let message = format!(
                    "field `{field}` is of a plugin, or a version of one, that is not known \
                     here; the rule is not judged"
                );
                self.findings.foreign.insert(field);
                hinted(Diagnostic::new(Code::LoadUnknownFilter, message), hint)
            }
            Trouble::Never { field, value, hint } if self.skip_if_unknown_filter => {
                self.findings.skipped = true;
                let message =
                    format!("`{field}` is never `{value}`; the rule is skipped, as it asks");
                hinted(Diagnostic::new(Code::LoadUnknownFilter, message), hint)
            }
            Trouble::Never { field, value, hint } => {
                self.findings.refused = true;
                hinted(Diagnostic::new(code, format!("`{field}` is never `{value}`")), hint)
            }
            Trouble::Unknown { field, hint } if self.skip_if_unknown_filter => {
                self.findings.skipped = true;
                let message = format!("unknown field `{field}`; the rule is skipped, as it asks");
                hinted(Diagnostic::new(Code::LoadUnknownFilter, message), hint)
            }
            Trouble::Unknown { field, hint } => {
                self.findings.refused = true;
                let message = format!("source `{}` has no field `{field}`", self.doc.name);
                hinted(Diagnostic::new(code, message), hint)
            }
        };
        self.report.add(place, self.scope, diagnostic);
    }

    /// Warns of a literal that looks like a field or a transformer, or is a regular expression
    /// without need.
    fn misused(&mut self, operator: Operator, text: &str, place: Place) {
        let plain: String = text.split_ascii_whitespace().collect();
        let transformers = Transformer::ALL.iter().map(|transformer| transformer.name());
        let called = transformers.chain(["val"]).any(|name| {
            let rest = plain.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')'))
        });
        let (message, hint) = if self.doc.field(&plain).is_some() {
            let message = format!("`{text}` is text here, though there is a field of that name");
            (message, "a field on the right is written `val(field)`, without quotes")
        } else if called {
            let message = format!("`{text}` is text here, though it looks like a transformer");
            (message, "a transformer on the right is written without quotes")
        } else if operator == Operator::Regex && is_needless(text) {
            let message = format!("`{text}` needs no regular expression");
            (message, "`=`, `contains`, `startswith` or `endswith` do the same at less cost")
        } else {
            return;
        };
        let diagnostic = Diagnostic::new(Code::LoadCompileCondition, message).hint(hint);
        self.report.add(place, self.scope, diagnostic);
    }
}

fn hinted(mut diagnostic: Diagnostic, hint: Option<String>) -> Diagnostic {
    diagnostic.hint = hint;
    diagnostic
}

fn fields(operator: Operator, left: Shape, right: Shape) -> Result<(), String> {
    if matches!(operator, Operator::Pmatch | Operator::Regex) {
        return Err(format!("`{}` takes no field on the right", operator.name()));
    }
    if left != right {
        return Err("the fields on both sides are of different types".to_owned());
    }
    Ok(())
}

/// Tells whether nothing in an expression is special but anchors and `.*` at its ends.
fn is_needless(text: &str) -> bool {
    let text = text.strip_prefix('^').unwrap_or(text);
    let text = text.strip_suffix('$').unwrap_or(text);
    let repeats = |text: &str| text.starts_with('.') && text[1..].starts_with(['+', '*', '?']);
    let text = if repeats(text) { &text[2..] } else { text };
    let tail = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at));
    let text = match tail {
        Some(at) if repeats(&text[at..]) => &text[..at],
        _ => text,
    };
    !text.contains(['.', '+', '*', '?', '^', '$', '(', ')', '[', ']', '{', '}', '|', '\\'])
}
