//! Output lines: a template compiled against a source and filled in from a record, as text and as
//! `output_fields`. The line is led by time and priority, as in Falco.

use std::ops::ControlFlow;

use event::{Severity, Value};
use serde_json::{Map, Number, Value as Json};

use crate::expr::Term;
use crate::operator::Datum;
use crate::output::{Output, Piece};
use crate::program::Reading;
use crate::source::{Presence, Source};
use crate::transform;

/// What stands for an absent field.
const ABSENT: &str = "<NA>";
/// Text forms of the event time; as JSON they are all nanoseconds since the epoch.
const TIME_TEXTS: [&str; 5] =
    ["evt.time", "evt.time.s", "evt.time.iso8601", "evt.datetime", "evt.datetime.s"];
/// Numbers that Falco prints with nine digits, zeros in front.
const PADDED: [&str; 5] =
    ["evt.rawtime.ns", "evt.reltime", "evt.reltime.ns", "evt.latency.ns", "evt.deltatime.ns"];

/// A rule's output line, compiled.
#[derive(Debug)]
pub struct Template<S: Source> {
    pieces: Vec<Part<S::Field>>,
    fields: Vec<(String, Slot<S::Field>)>,
}

#[derive(Debug)]
enum Part<F> {
    Text(String),
    Slot(Slot<F>, usize),
}

#[derive(Debug)]
struct Slot<F> {
    reading: Reading<F>,
    padded: bool,
}

impl<S: Source> Template<S> {
    /// Compiles the output of a rule. Fields must have been checked at load; what cannot be resolved
    /// is told.
    pub fn compile(output: &Output, priority: Severity) -> Result<Template<S>, String> {
        let time = Term::field("evt.time");
        let mut pieces = vec![
            Part::Slot(Slot::new::<S>(&time)?, 0),
            Part::Text(format!(": {} ", priority.name())),
        ];
        for piece in &output.pieces {
            pieces.push(match piece {
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Term { term, width } => Part::Slot(Slot::new::<S>(term)?, *width),
            });
        }
        let mut fields = vec![("evt.time".to_owned(), Slot::new_json::<S>(&time)?)];
        for (name, term) in &output.fields {
            if name != "evt.time" {
                fields.push((name.clone(), Slot::new_json::<S>(term)?));
            }
        }
        Ok(Template { pieces, fields })
    }

    /// Fills in a record: the line, and the fields it names.
    pub fn print(&self, record: &mut S::Record<'_>) -> (String, Map<String, Json>) {
        let mut line = Vec::new();
        for piece in &self.pieces {
            match piece {
                Part::Text(text) => line.extend_from_slice(text.as_bytes()),
                Part::Slot(slot, width) => {
                    let start = line.len();
                    slot.text::<S>(record, &mut line);
                    if *width > 0 {
                        line.resize(start + width, b' ');
                    }
                }
            }
        }
        let fields =
            self.fields.iter().map(|(name, slot)| (name.clone(), slot.json::<S>(record))).collect();
        (String::from_utf8_lossy(&line).into_owned(), fields)
    }
}

impl<F> Slot<F> {
    fn new<S: Source<Field = F>>(term: &Term) -> Result<Slot<F>, String> {
        let padded = matches!(term, Term::Field { name, .. } if PADDED.contains(&name.as_str()));
        Ok(Slot { reading: Reading::compile::<S>(term)?, padded })
    }

    fn new_json<S: Source<Field = F>>(term: &Term) -> Result<Slot<F>, String> {
        match term {
            Term::Field { name, .. } if TIME_TEXTS.contains(&name.as_str()) => {
                Slot::new::<S>(&Term::field("evt.rawtime"))
            }
            _ => Slot::new::<S>(term),
        }
    }

    /// Shows each value to `see`; tells whether there was any.
    fn each<S: Source<Field = F>>(
        &self,
        record: &mut S::Record<'_>,
        mut see: impl FnMut(Value<'_>),
    ) -> bool {
        if let Some(field) = self.reading.plain() {
            let mut any = false;
            let presence = S::each(record, field, |value| {
                any = true;
                see(value);
                ControlFlow::Continue(())
            });
            return any && presence == Presence::Present;
        }
        match self.reading.collect::<S>(record) {
            Some(values) => {
                values.iter().for_each(|value| value.with(&mut see));
                true
            }
            None => false,
        }
    }

    fn text<S: Source<Field = F>>(&self, record: &mut S::Record<'_>, into: &mut Vec<u8>) {
        let start = into.len();
        let list = self.reading.shape.list;
        if list {
            into.push(b'(');
        }
        let mut any = false;
        let present = self.each::<S>(record, |value| {
            if any {
                into.push(b',');
            }
            any = true;
            self.print(value, into);
        });
        if !present {
            into.truncate(start);
            into.extend_from_slice(ABSENT.as_bytes());
        } else if list {
            into.push(b')');
        }
    }

    fn print(&self, value: Value<'_>, into: &mut Vec<u8>) {
        match value {
            Value::Text(text) => into.extend_from_slice(text),
            Value::Int(number) if self.padded => {
                into.extend_from_slice(format!("{number:09}").as_bytes());
            }
            Value::Uint(number) if self.padded => {
                into.extend_from_slice(format!("{number:09}").as_bytes());
            }
            other => into.extend_from_slice(&transform::print(&Datum::from(other))),
        }
    }

    fn json<S: Source<Field = F>>(&self, record: &mut S::Record<'_>) -> Json {
        let mut values = Vec::new();
        let present = self.each::<S>(record, |value| values.push(self.to_json(value)));
        match (present, self.reading.shape.list) {
            (false, _) => Json::Null,
            (true, true) => Json::Array(values),
            (true, false) => values.into_iter().next().unwrap_or(Json::Null),
        }
    }

    fn to_json(&self, value: Value<'_>) -> Json {
        match value {
            _ if self.padded => {
                let mut text = Vec::new();
                self.print(value, &mut text);
                Json::String(String::from_utf8_lossy(&text).into_owned())
            }
            Value::Text(text) => Json::String(String::from_utf8_lossy(text).into_owned()),
            Value::Int(number) => Json::Number(number.into()),
            Value::Uint(number) => Json::Number(number.into()),
            Value::Float(number) => Number::from_f64(number).map_or(Json::Null, Json::Number),
            Value::Bool(truth) => Json::Bool(truth),
            Value::Ip(address) => Json::String(address.to_string()),
        }
    }
}
