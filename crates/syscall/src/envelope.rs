//! What is known of an event beside its bytes: number, time, and where it came from. The fields
//! `evt.*` that every source has read it.

use std::ops::ControlFlow;

use event::{Stamp, Time, Value};
use rule::source::{FieldError, Presence};

/// What surrounds one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope<'e> {
    /// Number since the source was opened, from 1.
    pub number: u64,
    /// Time of the first event since then.
    pub first: Option<Time>,
    /// Host that judges.
    pub host: &'e str,
}

/// A field of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Number,
    Clock(Precision),
    DateClock(Precision),
    Iso8601,
    Nanoseconds(Part),
    Since(Part),
    Plugin,
    Summary,
    Source,
    IsAsync,
    AsyncType,
    Host,
}

/// How precisely a time of day is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Precision {
    Nanosecond,
    Second,
}

/// Which part of a count of nanoseconds is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Part {
    Whole,
    Seconds,
    Fraction,
}

impl Part {
    fn of(self, nanoseconds: i64) -> Value<'static> {
        Value::Int(match self {
            Part::Whole => nanoseconds,
            Part::Seconds => nanoseconds.div_euclid(Time::SECOND),
            Part::Fraction => nanoseconds.rem_euclid(Time::SECOND),
        })
    }
}

impl Field {
    /// Reads a field's name; `None` when it is no field of the envelope.
    pub fn resolve(name: &str, argument: Option<&str>) -> Option<Result<Field, FieldError>> {
        let field = match name {
            "evt.num" => Field::Number,
            "evt.time" => Field::Clock(Precision::Nanosecond),
            "evt.time.s" => Field::Clock(Precision::Second),
            "evt.time.iso8601" => Field::Iso8601,
            "evt.datetime" => Field::DateClock(Precision::Nanosecond),
            "evt.datetime.s" => Field::DateClock(Precision::Second),
            "evt.rawtime" => Field::Nanoseconds(Part::Whole),
            "evt.rawtime.s" => Field::Nanoseconds(Part::Seconds),
            "evt.rawtime.ns" => Field::Nanoseconds(Part::Fraction),
            "evt.reltime" => Field::Since(Part::Whole),
            "evt.reltime.s" => Field::Since(Part::Seconds),
            "evt.reltime.ns" => Field::Since(Part::Fraction),
            "evt.pluginname" => Field::Plugin,
            "evt.plugininfo" => Field::Summary,
            "evt.source" => Field::Source,
            "evt.is_async" => Field::IsAsync,
            "evt.asynctype" => Field::AsyncType,
            "evt.hostname" => Field::Host,
            _ => return None,
        };
        Some(match argument {
            None => Ok(field),
            Some(_) => Err(FieldError::Argument(format!("`{name}` takes nothing in brackets"))),
        })
    }
}

/// What the source adds to the envelope of one event.
pub struct Origin<'o> {
    /// Name of the source, as a rule names it.
    pub source: &'static str,
    /// Name of the Falco plugin whose events these are; system calls have none.
    pub plugin: Option<&'static str>,
    /// The event in one line.
    pub summary: Option<&'o [u8]>,
    /// When it happened.
    pub time: Option<Time>,
}

impl Envelope<'_> {
    /// Shows one field to `see`.
    pub fn each(
        &self,
        field: Field,
        origin: &Origin<'_>,
        mut see: impl FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Presence {
        let mut show = |value: Value<'_>| {
            let _ = see(value);
            Presence::Present
        };
        let text = |text: &str, show: &mut dyn FnMut(Value<'_>) -> Presence| {
            show(Value::Text(text.as_bytes()))
        };
        match (field, origin.time) {
            (Field::Number, _) => show(Value::Uint(self.number)),
            (Field::Plugin, _) => match origin.plugin {
                Some(plugin) => text(plugin, &mut show),
                None => Presence::Absent,
            },
            (Field::Source, _) => text(origin.source, &mut show),
            (Field::Summary, _) => match origin.summary {
                Some(summary) => show(Value::Text(summary)),
                None => Presence::Absent,
            },
            (Field::IsAsync, _) => show(Value::Bool(false)),
            (Field::AsyncType, _) => Presence::Absent,
            (Field::Host, _) => text(self.host, &mut show),
            (_, None) => Presence::Absent,
            (Field::Clock(precision), Some(time)) => {
                text(clock(&time.stamp(), precision), &mut show)
            }
            (Field::DateClock(precision), Some(time)) => {
                let stamp = time.stamp();
                text(&format!("{} {}", stamp.date(), clock(&stamp, precision)), &mut show)
            }
            (Field::Iso8601, Some(time)) => {
                text(&format!("{}+0000", time.stamp().as_str()), &mut show)
            }
            (Field::Nanoseconds(part), Some(time)) => show(part.of(time.0)),
            (Field::Since(part), Some(time)) => {
                show(part.of(time.0 - self.first.unwrap_or(time).0))
            }
        }
    }
}

/// Returns the time of day, UTC.
fn clock(stamp: &Stamp, precision: Precision) -> &str {
    match precision {
        Precision::Second => stamp.clock_seconds(),
        Precision::Nanosecond => stamp.clock(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(field: &str) -> String {
        let time = "2026-11-22T04:05:06.000000789Z".parse().ok();
        let origin =
            Origin { source: "k8s_audit", plugin: Some("k8saudit"), summary: Some(b"{}"), time };
        let field = Field::resolve(field, None).unwrap().unwrap();
        let mut shown = "absent".to_owned();
        Envelope { number: 7, first: None, host: "h" }.each(field, &origin, |value| {
            shown = match value {
                Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{other:?}"),
            };
            ControlFlow::Continue(())
        });
        shown
    }

    #[test]
    fn times_read_as_in_falco() {
        assert_eq!(shown("evt.time"), "04:05:06.000000789");
        assert_eq!(shown("evt.time.s"), "04:05:06");
        assert_eq!(shown("evt.datetime"), "2026-11-22 04:05:06.000000789");
        assert_eq!(shown("evt.time.iso8601"), "2026-11-22T04:05:06.000000789+0000");
        assert_eq!(shown("evt.rawtime.ns"), "Int(789)");
        assert_eq!(shown("evt.reltime"), "Int(0)");
    }

    #[test]
    fn the_rest_tells_the_origin() {
        assert_eq!(shown("evt.num"), "Uint(7)");
        assert_eq!(shown("evt.pluginname"), "k8saudit");
        assert_eq!(shown("evt.plugininfo"), "{}");
        assert_eq!(shown("evt.asynctype"), "absent");
        assert_eq!(shown("evt.hostname"), "h");
    }
}
