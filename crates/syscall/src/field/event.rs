//! What every source knows of an event: its number, time and origin.

use rule::source::{FieldDoc, Kind};

/// Fields that every source has.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::new("evt.num", Kind::Uint, "Number of the event since its source was opened."),
    FieldDoc::text("evt.time", "Time of the event, hours to nanoseconds."),
    FieldDoc::text("evt.time.s", "Time of the event, hours to seconds."),
    FieldDoc::text("evt.time.iso8601", "Time of the event in ISO 8601, UTC, with nanoseconds."),
    FieldDoc::text("evt.datetime", "Date and time of the event with nanoseconds."),
    FieldDoc::text("evt.datetime.s", "Date and time of the event to the second."),
    FieldDoc::new("evt.rawtime", Kind::Time, "Time of the event in nanoseconds since the epoch."),
    FieldDoc::new("evt.rawtime.s", Kind::Time, "Whole seconds of `evt.rawtime`."),
    FieldDoc::new(
        "evt.rawtime.ns",
        Kind::Time,
        "Nanoseconds of `evt.rawtime` beyond the whole seconds.",
    ),
    FieldDoc::new("evt.reltime", Kind::Duration, "Time since the recording began, in nanoseconds."),
    FieldDoc::new("evt.reltime.s", Kind::Duration, "Whole seconds of `evt.reltime`."),
    FieldDoc::new(
        "evt.reltime.ns",
        Kind::Duration,
        "Nanoseconds of `evt.reltime` beyond the whole seconds.",
    ),
    FieldDoc::text(
        "evt.pluginname",
        "Name of the plugin, here the source module, that delivered the event; absent on \
         system calls.",
    ),
    FieldDoc::text(
        "evt.plugininfo",
        "The event in one line, as its source sums it up; absent on system calls.",
    ),
    FieldDoc::text("evt.source", "Name of the source, as a rule's `source` names it."),
    FieldDoc::new(
        "evt.is_async",
        Kind::Bool,
        "Whether the event was injected by a source beside its stream.",
    ),
    FieldDoc::text("evt.asynctype", "Kind of an injected event, such as `container`."),
    FieldDoc::text("evt.hostname", "Name of the machine that saw the event."),
];
