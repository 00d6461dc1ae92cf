//! A term, resolved: which fields of the source it reads and what is done to their values.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::expr::{Part, Term, Transformer};
use crate::operator::Datum;
use crate::source::{Cost, Kind, Presence, Source};
use crate::transform::{self, Shape};

/// A resolved term.
#[derive(Clone, Debug)]
pub struct Reading<F> {
    /// What it yields.
    pub shape: Shape,
    pub what: What<F>,
}

/// What a term reads.
#[derive(Clone, Debug)]
pub enum What<F> {
    Field(F),
    Transform { transformer: Transformer, operands: Vec<Reading<F>>, argument: Option<String> },
    Literal(Vec<u8>),
    List(Vec<Reading<F>>),
}

impl<F> Reading<F> {
    /// Resolves a term's fields and checks what its transformers take.
    pub fn compile<S: Source<Field = F>>(term: &Term) -> Result<Reading<F>, String> {
        match term {
            Term::Field { name, argument } => {
                let (doc, dotted) =
                    S::DOC.lookup(name).ok_or_else(|| format!("unknown field `{name}`"))?;
                let argument = argument.as_deref().or(dotted);
                let field = S::resolve(doc.name, argument).map_err(|error| error.to_string())?;
                let shape = Shape { kind: doc.kind, list: doc.list };
                Ok(Reading { shape, what: What::Field(field) })
            }
            Term::Transform { transformer, operands, argument } => {
                let operands =
                    operands.iter().map(Self::operand::<S>).collect::<Result<Vec<_>, _>>()?;
                let shapes: Vec<Shape> = operands.iter().map(|operand| operand.shape).collect();
                let shape = transform::shape(*transformer, &shapes, argument.as_deref())?;
                let what = What::Transform {
                    transformer: *transformer,
                    operands,
                    argument: argument.clone(),
                };
                Ok(Reading { shape, what })
            }
        }
    }

    fn operand<S: Source<Field = F>>(part: &Part) -> Result<Reading<F>, String> {
        match part {
            Part::Term(term) => Self::compile::<S>(term),
            Part::Text(text) => Ok(Reading {
                shape: Shape { kind: Kind::Text, list: false },
                what: What::Literal(text.clone().into_bytes()),
            }),
            Part::List(parts) => Ok(Reading {
                shape: Shape { kind: Kind::Text, list: true },
                what: What::List(
                    parts.iter().map(Self::operand::<S>).collect::<Result<Vec<_>, _>>()?,
                ),
            }),
        }
    }

    /// Returns the field, when it is read as it is.
    pub fn plain(&self) -> Option<&F> {
        match &self.what {
            What::Field(field) => Some(field),
            _ => None,
        }
    }

    /// Adds every field that is read.
    pub fn fields<'r>(&'r self, into: &mut HashSet<&'r F>)
    where
        F: std::hash::Hash + Eq,
    {
        match &self.what {
            What::Field(field) => {
                into.insert(field);
            }
            What::Literal(_) => {}
            What::Transform { operands, .. } | What::List(operands) => {
                operands.iter().for_each(|operand| operand.fields(into));
            }
        }
    }

    /// Returns how dear the dearest field is.
    pub fn cost<S: Source<Field = F>>(&self) -> Cost {
        match &self.what {
            What::Field(field) => S::cost(field),
            What::Literal(_) => Cost::Free,
            What::Transform { operands, .. } | What::List(operands) => {
                operands.iter().map(Reading::cost::<S>).max().unwrap_or(Cost::Free)
            }
        }
    }

    /// Reads all values; `None` when the record has none. Slower than asking a plain field.
    pub fn collect<S: Source<Field = F>>(&self, record: &mut S::Record<'_>) -> Option<Vec<Datum>> {
        match &self.what {
            What::Field(field) => {
                let mut values = Vec::new();
                let presence = S::each(record, field, |value| {
                    values.push(Datum::from(value));
                    ControlFlow::Continue(())
                });
                (presence == Presence::Present && !values.is_empty()).then_some(values)
            }
            What::Literal(text) => Some(vec![Datum::Text(text.clone())]),
            What::List(operands) => {
                let mut all = Vec::new();
                for operand in operands {
                    let values = operand.collect::<S>(record)?;
                    all.extend(values.iter().map(|value| Datum::Text(transform::print(value))));
                }
                Some(all)
            }
            What::Transform { transformer, operands, argument } => {
                let mut collected = Vec::with_capacity(operands.len());
                for operand in operands {
                    collected.push((operand.shape, operand.collect::<S>(record)?));
                }
                transform::apply(*transformer, collected, argument.as_deref())
            }
        }
    }
}
