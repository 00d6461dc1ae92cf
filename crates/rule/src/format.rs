//! Output lines: a template compiled against a source and filled in from a record, as text and as
//! `output_fields`. The line is led by time and priority, as in Falco.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use event::{Fields, Severity, Value};
use serde_json::{Number, Value as Json};

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

/// Room made for a line; longer ones grow.
const LINE_BYTES: usize = 512;

/// A rule's output line, compiled.
#[derive(Debug)]
pub struct Template<S: Source> {
    /// What is read, each once.
    slots: Vec<Slot<S::Field>>,
    pieces: Vec<Part>,
    /// Names of `output_fields` with the slots they show.
    fields: Vec<(Arc<str>, usize)>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    /// A slot, cut or filled to a width unless that is 0.
    Slot(usize, usize),
}

#[derive(Debug)]
struct Slot<F> {
    term: Term,
    reading: Reading<F>,
    padded: bool,
}

impl<S: Source> Template<S> {
    /// Compiles the output of a rule. Fields must have been checked at load; what cannot be
    /// resolved is told.
    pub fn compile(output: &Output, priority: Severity) -> Result<Template<S>, String> {
        let time = Term::field("evt.time");
        let mut slots = Vec::new();
        let mut pieces = vec![
            Part::Slot(slot::<S>(&mut slots, &time)?, 0),
            Part::Text(format!(": {} ", priority.name())),
        ];
        for piece in &output.pieces {
            pieces.push(match piece {
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Term { term, width } => Part::Slot(slot::<S>(&mut slots, term)?, *width),
            });
        }
        let mut fields = vec![("evt.time".into(), slot::<S>(&mut slots, &as_json(&time))?)];
        for (name, term) in &output.fields {
            if name != "evt.time" {
                fields.push((name.as_str().into(), slot::<S>(&mut slots, &as_json(term))?));
            }
        }
        Ok(Template { slots, pieces, fields })
    }

    /// Fills in a record: the line, and the fields it names.
    pub fn print(&self, record: &mut S::Record<'_>) -> (String, Fields) {
        let mut line = Vec::with_capacity(LINE_BYTES);
        let mut shown: Vec<Option<Json>> = vec![None; self.slots.len()];
        for piece in &self.pieces {
            match piece {
                Part::Text(text) => line.extend_from_slice(text.as_bytes()),
                Part::Slot(slot, width) => {
                    let start = line.len();
                    shown[*slot] = Some(self.slots[*slot].fill::<S>(record, &mut line));
                    if *width > 0 {
                        line.resize(start + width, b' ');
                    }
                }
            }
        }
        let mut fields = Fields::with_capacity(self.fields.len());
        let end = line.len();
        for (name, slot) in &self.fields {
            // No two names show the same slot; one that the line does not print is read here.
            let value = match shown[*slot].take() {
                Some(value) => value,
                None => self.slots[*slot].fill::<S>(record, &mut line),
            };
            fields.push(name.clone(), value);
            line.truncate(end);
        }
        (text_of(line), fields)
    }
}

/// Returns the number of the slot that reads a term, adding one if there is none.
fn slot<S: Source>(slots: &mut Vec<Slot<S::Field>>, term: &Term) -> Result<usize, String> {
    if let Some(found) = slots.iter().position(|slot| slot.term == *term) {
        return Ok(found);
    }
    let padded = matches!(term, Term::Field { name, .. } if PADDED.contains(&name.as_str()));
    slots.push(Slot { term: term.clone(), reading: Reading::compile::<S>(term)?, padded });
    Ok(slots.len() - 1)
}

/// Returns what stands for a term in `output_fields`.
fn as_json(term: &Term) -> Term {
    match term {
        Term::Field { name, .. } if TIME_TEXTS.contains(&name.as_str()) => {
            Term::field("evt.rawtime")
        }
        other => other.clone(),
    }
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned())
}

impl<F> Slot<F> {
    /// Reads the record once: writes the text form, returns the JSON form.
    fn fill<S: Source<Field = F>>(&self, record: &mut S::Record<'_>, into: &mut Vec<u8>) -> Json {
        let start = into.len();
        let list = self.reading.shape.list;
        if list {
            into.push(b'(');
        }
        let mut only = None;
        let mut values = Vec::new();
        let present = self.each::<S>(record, |value| {
            if !values.is_empty() {
                into.push(b',');
            }
            let from = into.len();
            self.write(value, into);
            let json = self.to_json(value, &into[from..]);
            if list {
                values.push(json);
            } else {
                only.get_or_insert(json);
            }
        });
        if !present {
            into.truncate(start);
            into.extend_from_slice(ABSENT.as_bytes());
            return Json::Null;
        }
        if list {
            into.push(b')');
            return Json::Array(values);
        }
        only.unwrap_or(Json::Null)
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

    fn write(&self, value: Value<'_>, into: &mut Vec<u8>) {
        match value {
            Value::Text(text) => into.extend_from_slice(text),
            Value::Int(number) if self.padded => drop(write!(into, "{number:09}")),
            Value::Uint(number) if self.padded => drop(write!(into, "{number:09}")),
            Value::Int(number) => drop(write!(into, "{number}")),
            Value::Uint(number) => drop(write!(into, "{number}")),
            other => into.extend_from_slice(&transform::print(&Datum::from(other))),
        }
    }

    fn to_json(&self, value: Value<'_>, printed: &[u8]) -> Json {
        match value {
            Value::Int(number) if !self.padded => Json::Number(number.into()),
            Value::Uint(number) if !self.padded => Json::Number(number.into()),
            Value::Float(number) => Number::from_f64(number).map_or(Json::Null, Json::Number),
            Value::Bool(truth) => Json::Bool(truth),
            Value::Text(_) | Value::Int(_) | Value::Uint(_) | Value::Ip(_) => {
                Json::String(text_of(printed.to_vec()))
            }
        }
    }
}
