//! What fields cannot be used for, and which values they never have.

use super::field::{Sources, Trouble};
use crate::expr::{Operator, Part, Term};
use crate::source::{FieldDoc, Limit, SourceDoc};

impl Sources<'_> {
    /// Refuses a transformer around a field that takes none.
    pub(super) fn transformed(&self, doc: &SourceDoc, operands: &[Part]) -> Result<(), Trouble> {
        let [Part::Term(term @ Term::Field { .. })] = operands else { return Ok(()) };
        match field_of(doc, term) {
            Some(field) if field.is(Limit::Untransformed) => {
                Err(Trouble::Wrong(format!("`{}` takes no transformer", field.name)))
            }
            _ => Ok(()),
        }
    }

    /// Says which value was probably meant, or that a pattern is none.
    pub(super) fn value_hint(
        &self,
        field: &FieldDoc,
        operator: Operator,
        text: &str,
    ) -> Option<String> {
        let known = field.values.split_ascii_whitespace();
        if let Some(near) = self.hints.nearest(text, known) {
            return Some(format!("did you mean `{near}`?"));
        }
        let exact = matches!(operator, Operator::Eq | Operator::Ne | Operator::In);
        (!exact).then(|| format!("name the values meant: `{} in (…)`", field.name))
    }
}

/// Finds the field of a term, under transformers that take nothing else.
pub(super) fn field_of(doc: &SourceDoc, term: &Term) -> Option<&'static FieldDoc> {
    match term {
        Term::Field { name, .. } => doc.lookup(name).map(|(field, _)| field),
        Term::Transform { operands, .. } => match operands.as_slice() {
            [Part::Term(inner)] => field_of(doc, inner),
            _ => None,
        },
    }
}

/// Refuses to print a field that can only be asked for.
pub(super) fn printed(doc: &SourceDoc, term: &Term) -> Result<(), Trouble> {
    let mut refused = None;
    term.each_field(&mut |name, _| {
        let field = doc.lookup(name).map(|(field, _)| field);
        refused = refused.or(field.filter(|field| field.is(Limit::ConditionOnly)));
    });
    match refused {
        Some(field) => {
            let message =
                format!("`{}` stands in conditions only; it has nothing to print", field.name);
            Err(Trouble::Wrong(message))
        }
        None => Ok(()),
    }
}

/// Refuses to compare two fields one of which is compared with literals only.
pub(super) fn compared(doc: &SourceDoc, left: &Term, right: &Term) -> Result<(), String> {
    let bound = [left, right]
        .into_iter()
        .find_map(|term| field_of(doc, term).filter(|field| field.is(Limit::LiteralsOnly)));
    match bound {
        Some(field) => Err(format!("`{}` is compared with literals only", field.name)),
        None => Ok(()),
    }
}
