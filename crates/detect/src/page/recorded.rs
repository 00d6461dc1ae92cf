//! System-call events as pages write them: a JSON object that holds fields by their names, each of
//! the type its table says. Only pages are judged so: the sensor fills the same fields from records
//! of its own.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::ControlFlow;

use event::Value;
use rule::source::{
    Argument, Cost, FieldDoc, FieldError, Kind, Limit, Presence, Source, SourceDoc,
};
use serde_json::Value as Json;

/// Field that every event has.
const EVENT_TYPE: &str = "evt.type";

/// The source of pages.
#[derive(Debug)]
pub(super) struct Recorded;

/// A field with its argument, however it was spelt: `evt.arg.flags` or `evt.arg[flags]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Field {
    name: &'static str,
    argument: Option<String>,
}

/// One event.
#[derive(Debug, PartialEq)]
pub(super) struct Event {
    fields: HashMap<Field, Vec<Known>>,
}

/// One value, read and checked.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Text(String),
    Int(i64),
    Uint(u64),
    Float(f64),
    Bool(bool),
    Ip(IpAddr),
}

/// Why something is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    /// Not JSON at all.
    #[error("the event is not JSON: {0}")]
    NotJson(String),
    /// Something else than an object.
    #[error("the event must be a JSON object that holds fields by name")]
    NotAnObject,
    /// The source has no such field.
    #[error(
        "`{0}` is no field of system calls; `sockeye rules fields --source syscall` lists them"
    )]
    UnknownField(String),
    /// The field does not take this argument, or lacks one.
    #[error("`{0}` {1}")]
    Argument(String, &'static str),
    /// The field stands there in two spellings.
    #[error("`{0}` stands there twice")]
    Twice(String),
    /// A value of another type, or one that the field never has.
    #[error("`{field}` must be {wanted}")]
    Type { field: String, wanted: String },
    /// Nothing says which call it was.
    #[error("the event has no `evt.type`")]
    NoType,
}

impl Event {
    /// Reads an event, and refuses what its fields cannot hold.
    pub fn read(text: &str) -> Result<Event, Flaw> {
        let json: Json =
            serde_json::from_str(text).map_err(|error| Flaw::NotJson(error.to_string()))?;
        let Json::Object(members) = json else { return Err(Flaw::NotAnObject) };
        let mut fields = HashMap::with_capacity(members.len());
        for (spelt, json) in members {
            let (doc, field) = field(&spelt)?;
            let values = values(doc, &field, &json)
                .map_err(|wanted| Flaw::Type { field: spelt.clone(), wanted })?;
            if fields.insert(field, values).is_some() {
                return Err(Flaw::Twice(spelt));
            }
        }
        if !fields.contains_key(&Recorded::keys()[0]) {
            return Err(Flaw::NoType);
        }
        Ok(Event { fields })
    }
}

/// Finds the field that a member's name stands for.
fn field(spelt: &str) -> Result<(&'static FieldDoc, Field), Flaw> {
    let bracketed = spelt.strip_suffix(']').and_then(|rest| rest.split_once('['));
    let (name, argument) = bracketed.map_or((spelt, None), |(name, key)| (name, Some(key)));
    let unknown = || Flaw::UnknownField(spelt.to_owned());
    let (doc, dotted) = Recorded::DOC.lookup(name).ok_or_else(unknown)?;
    let argument = argument.or(dotted);
    let number = argument.is_some_and(|argument| argument.parse::<u32>().is_ok());
    let why = match (doc.argument, argument) {
        (Argument::None, Some(_)) => "takes nothing in brackets",
        (Argument::IndexRequired | Argument::KeyRequired | Argument::EitherRequired, None) => {
            "needs something in brackets"
        }
        (Argument::Index | Argument::IndexRequired, Some(_)) if !number => "takes only a number",
        _ => return Ok((doc, Field { name: doc.name, argument: argument.map(str::to_owned) })),
    };
    Err(Flaw::Argument(spelt.to_owned(), why))
}

/// Whether the field may stand for several values at once: a list, the ends of a connection, or
/// all ancestors of a process.
fn stands_for_several(doc: &FieldDoc, field: &Field) -> bool {
    let ancestors = matches!(doc.argument, Argument::Index | Argument::Either)
        && field.argument.is_none()
        && doc.is(Limit::LiteralsOnly);
    doc.list || ancestors || doc.is(Limit::ConditionOnly)
}

/// Reads a field's value or values; says what was wanted instead.
fn values(doc: &FieldDoc, field: &Field, json: &Json) -> Result<Vec<Known>, String> {
    let several = stands_for_several(doc, field);
    let wanted = |kind: &str| {
        let or_several = if several { ", or a list of such" } else { "" };
        format!("{kind}{or_several}")
    };
    let one = |json: &Json| {
        let value = known(doc.kind, json).map_err(wanted)?;
        match &value {
            Known::Text(text) if !doc.can_be(text) => Err("one of its known values".to_owned()),
            _ => Ok(value),
        }
    };
    match json {
        Json::Array(all) if several => all.iter().map(one).collect(),
        json => Ok(vec![one(json)?]),
    }
}

/// Reads one value; says what was wanted instead.
fn known(kind: Kind, json: &Json) -> Result<Known, &'static str> {
    let (value, wanted) = match kind {
        Kind::Text | Kind::Bytes => (json.as_str().map(|text| Known::Text(text.into())), "text"),
        Kind::Int | Kind::Time | Kind::Duration => (json.as_i64().map(Known::Int), "a number"),
        Kind::Uint => (json.as_u64().map(Known::Uint), "a number that is not negative"),
        Kind::Port => {
            let port = json.as_u64().filter(|port| *port <= u64::from(u16::MAX));
            (port.map(Known::Uint), "a port, 0 to 65535")
        }
        Kind::Float => (json.as_f64().map(Known::Float), "a number"),
        Kind::Bool => (json.as_bool().map(Known::Bool), "true or false"),
        Kind::Ip | Kind::Net => {
            let address = json.as_str().and_then(|text| text.parse().ok());
            (address.map(Known::Ip), "an address in quotes")
        }
    };
    value.ok_or(wanted)
}

impl Source for Recorded {
    const DOC: SourceDoc = syscall::DOC;
    type Record<'r> = &'r Event;
    type Field = Field;

    fn keys() -> &'static [Field] {
        const KEYS: &[Field] = &[Field { name: EVENT_TYPE, argument: None }];
        KEYS
    }

    fn resolve(name: &str, argument: Option<&str>) -> Result<Field, FieldError> {
        let doc = Self::DOC.field(name).ok_or_else(|| FieldError::Unknown(name.to_owned()))?;
        Ok(Field { name: doc.name, argument: argument.map(str::to_owned) })
    }

    fn cost(_: &Field) -> Cost {
        Cost::Free
    }

    fn each(
        record: &mut &Event,
        field: &Field,
        mut see: impl FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Presence {
        let Some(values) = record.fields.get(field) else { return Presence::Absent };
        for value in values {
            let value = match value {
                Known::Text(text) => Value::Text(text.as_bytes()),
                Known::Int(number) => Value::Int(*number),
                Known::Uint(number) => Value::Uint(*number),
                Known::Float(number) => Value::Float(*number),
                Known::Bool(truth) => Value::Bool(*truth),
                Known::Ip(address) => Value::Ip(*address),
            };
            if see(value) == ControlFlow::Break(()) {
                break;
            }
        }
        Presence::Present
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&match Event::read(text) {
            Ok(event) => format!("{} fields", event.fields.len()),
            Err(flaw) => flaw.to_string(),
        });
    }

    #[test]
    fn an_event_holds_fields_by_name() {
        check(
            r#"{"evt.type": "connect", "evt.arg.flags": "O_RDONLY", "proc.env[PATH]": "/bin",
                "fd.sip": "10.0.0.1", "fd.net": ["10.0.0.1", "10.0.0.2"], "fd.sport": 22,
                "proc.aname": ["bash", "sshd"], "proc.aname[2]": "sshd", "fd.num": -1}"#,
            expect![["9 fields"]],
        );
    }

    #[test]
    fn both_spellings_are_one_field() {
        let (_, dotted) = field("evt.arg.flags").unwrap();
        let (_, bracketed) = field("evt.arg[flags]").unwrap();
        assert_eq!(dotted, bracketed);
        assert_eq!(Ok(dotted), Recorded::resolve("evt.arg", Some("flags")).map_err(drop));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        check(
            "{",
            expect![["the event is not JSON: EOF while parsing an object at line 1 column 1"]],
        );
        check("[]", expect![["the event must be a JSON object that holds fields by name"]]);
        check("{}", expect![["the event has no `evt.type`"]]);
        check(
            r#"{"evt.type": "open", "proc.nmae": "sh"}"#,
            expect![[
                "`proc.nmae` is no field of system calls; `sockeye rules fields --source syscall` \
                 lists them"
            ]],
        );
        check(
            r#"{"evt.type": "open", "evt.arg.x": "a", "evt.arg[x]": "b"}"#,
            expect![["`evt.arg[x]` stands there twice"]],
        );
        check(r#"{"evt.type": "opne"}"#, expect![["`evt.type` must be one of its known values"]]);
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let with = |member: &str, expected| {
            check(&format!(r#"{{"evt.type": "open", {member}}}"#), expected);
        };
        with(r#""proc.name": 1"#, expect![["`proc.name` must be text"]]);
        with(r#""proc.name": ["a"]"#, expect![["`proc.name` must be text"]]);
        with(r#""proc.aname": [1]"#, expect![["`proc.aname` must be text, or a list of such"]]);
        with(r#""proc.aname[1]": ["a"]"#, expect![["`proc.aname[1]` must be text"]]);
        with(r#""proc.tty": -1"#, expect![["`proc.tty` must be a number that is not negative"]]);
        with(r#""fd.num": "3""#, expect![["`fd.num` must be a number"]]);
        with(r#""fd.sport": 65536"#, expect![["`fd.sport` must be a port, 0 to 65535"]]);
        with(r#""fd.sip": "10.0.0""#, expect![["`fd.sip` must be an address in quotes"]]);
        with(r#""evt.failed": "no""#, expect![["`evt.failed` must be true or false"]]);
        with(r#""proc.name[1]": "a""#, expect![["`proc.name[1]` takes nothing in brackets"]]);
        with(r#""proc.aname[x]": "a""#, expect![["`proc.aname[x]` takes only a number"]]);
        with(r#""evt.arg": "a""#, expect![["`evt.arg` needs something in brackets"]]);
    }
}
