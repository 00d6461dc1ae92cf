//! The event itself: which call, its arguments, how it ended.

use rule::source::{Argument, FieldDoc, Kind, Limit};

use super::{LITERALS_ONLY, SEVERAL};

/// Names of events: system calls of every architecture, and what else the kernel or a container
/// runtime reports.
pub const TYPES: &str = include_str!("types.txt");

/// Fields of a system-call event; those every source has are in [`super::event`].
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::new("evt.deltatime", Kind::Duration, "Time since the event before, in nanoseconds."),
    FieldDoc::new("evt.deltatime.s", Kind::Duration, "Whole seconds of `evt.deltatime`."),
    FieldDoc::new(
        "evt.deltatime.ns",
        Kind::Duration,
        "Nanoseconds of `evt.deltatime` beyond the whole seconds.",
    ),
    FieldDoc::text("evt.outputtime", "Time of the event as the output is set to show it.")
        .limited(&[Limit::OutputOnly]),
    FieldDoc::new(
        "evt.around",
        Kind::Uint,
        "Holds within so many milliseconds before or after the time in brackets, which is \
         an `evt.rawtime`: `evt.around[1795320306500000000] = 1000`.",
    )
    .takes(Argument::IndexRequired)
    .limited(SEVERAL),
    FieldDoc::text("evt.type", "Name of the event; for a system call the call's name, `openat`.")
        .one_of(TYPES),
    FieldDoc::new(
        "evt.type.is",
        Kind::Uint,
        "1 when the event is of the type named in the argument, else 0.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "evt.category",
        "What the event is about: `file`, `net`, `process`, `memory` and so on.",
    ),
    FieldDoc::new("evt.cpu", Kind::Int, "Processor on which the event happened."),
    FieldDoc::text("evt.args", "All arguments of the event as one text, `name=value` pairs."),
    FieldDoc::text(
        "evt.arg",
        "One argument of the event by name or number, in readable form: descriptors and error \
         codes are spelt out.",
    )
    .takes(Argument::EitherRequired),
    FieldDoc::text(
        "evt.rawarg",
        "One argument of the event by name, as the number or bytes it is.",
    )
    .takes(Argument::KeyRequired)
    .limited(LITERALS_ONLY),
    FieldDoc::text("evt.info", "The same text as `evt.args`."),
    FieldDoc::new(
        "evt.buffer",
        Kind::Bytes,
        "Bytes that were read or written, as far as they were recorded.",
    ),
    FieldDoc::new("evt.buflen", Kind::Uint, "Length of the bytes that were read or written."),
    FieldDoc::text("evt.res", "`SUCCESS`, or the name of the error such as `ENOENT`."),
    FieldDoc::new(
        "evt.rawres",
        Kind::Int,
        "What the call returned as a number; negative when it failed.",
    ),
    FieldDoc::new("evt.failed", Kind::Bool, "Whether the call returned an error."),
    FieldDoc::new("evt.is_io", Kind::Bool, "Whether the event moves bytes through a descriptor."),
    FieldDoc::new("evt.is_io_read", Kind::Bool, "Whether the event reads from a descriptor."),
    FieldDoc::new("evt.is_io_write", Kind::Bool, "Whether the event writes to a descriptor."),
    FieldDoc::text("evt.io_dir", "`r` when the event reads from a descriptor, `w` when it writes."),
    FieldDoc::new(
        "evt.is_wait",
        Kind::Bool,
        "Whether the event makes its thread wait, as sleep and poll do.",
    ),
    FieldDoc::new("evt.is_syslog", Kind::Bool, "Whether the event writes to the system log."),
    FieldDoc::new("evt.count", Kind::Uint, "Always 1; there to be summed."),
    FieldDoc::new("evt.count.error", Kind::Uint, "1 when the call failed."),
    FieldDoc::new("evt.count.error.file", Kind::Uint, "1 when a call on files failed."),
    FieldDoc::new("evt.count.error.net", Kind::Uint, "1 when a call on the network failed."),
    FieldDoc::new("evt.count.error.memory", Kind::Uint, "1 when a call on memory failed."),
    FieldDoc::new(
        "evt.count.error.other",
        Kind::Uint,
        "1 when a call failed that is none of file, network or memory.",
    ),
    FieldDoc::new("evt.count.exit", Kind::Uint, "1 when the event is the return of a call."),
    FieldDoc::text(
        "evt.abspath",
        "Absolute path a call names relative to a directory descriptor. `.src` and `.dst` \
         choose the side where a call has two.",
    )
    .takes(Argument::Key),
    FieldDoc::new("evt.is_open_read", Kind::Bool, "Whether an open asks to read."),
    FieldDoc::new("evt.is_open_write", Kind::Bool, "Whether an open asks to write."),
    FieldDoc::new(
        "evt.is_open_exec",
        Kind::Bool,
        "Whether an open or creat makes a file that may be executed.",
    ),
    FieldDoc::new("evt.is_open_create", Kind::Bool, "Whether an open made the file."),
    FieldDoc::text("syscall.type", "Name of the system call; absent on every event that is none."),
];
