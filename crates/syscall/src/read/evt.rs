//! `evt.*` of the call itself.

use rule::source::{Cost, FieldError};

use super::index;
use super::show::Show;
use crate::arg::{self, Category, Uses};
use crate::event::Event;
use crate::name::lexical;
use crate::record::{Operation, What};

/// What is asked of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Type,
    IsType(String),
    Direction,
    Category,
    Cpu,
    Args,
    ArgAt(usize),
    Arg(String),
    RawArg(String),
    Buffer,
    BufferLength,
    Result,
    RawResult,
    Failed,
    IsIo,
    IsRead,
    IsWrite,
    IoDirection,
    One,
    CountError,
    AbsolutePath(Option<Side>),
    OpenRead,
    OpenWrite,
    OpenExec,
    OpenCreate,
    False,
    Nanoseconds,
    NoTime,
}

/// Which path, of a call with two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Side {
    Source,
    Destination,
}

impl Field {
    /// Tells how far a reader has to go.
    pub fn cost(&self) -> Cost {
        match self {
            Field::Args | Field::ArgAt(_) | Field::Arg(_) | Field::AbsolutePath(_) => Cost::Dear,
            Field::RawArg(_) | Field::Buffer => Cost::Walk,
            _ => Cost::Free,
        }
    }
}

/// Reads a field's name and argument; nothing where it is never there.
pub fn resolve(name: &str, argument: Option<&str>) -> Result<Option<Field>, FieldError> {
    Ok(Some(match (name, argument) {
        ("evt.type" | "syscall.type", _) => Field::Type,
        ("evt.type.is", Some(name)) => Field::IsType(name.to_owned()),
        ("evt.dir", _) => Field::Direction,
        ("evt.category", _) => Field::Category,
        ("evt.cpu", _) => Field::Cpu,
        ("evt.args" | "evt.info", _) => Field::Args,
        ("evt.arg", Some(name)) => match index("evt.arg", Some(name)) {
            Ok(Some(at)) => Field::ArgAt(at),
            _ => Field::Arg(name.to_owned()),
        },
        ("evt.rawarg", Some(name)) => Field::RawArg(name.to_owned()),
        ("evt.buffer", _) => Field::Buffer,
        ("evt.buflen", _) => Field::BufferLength,
        ("evt.res", _) => Field::Result,
        ("evt.rawres", _) => Field::RawResult,
        ("evt.failed", _) => Field::Failed,
        ("evt.is_io", _) => Field::IsIo,
        ("evt.is_io_read", _) => Field::IsRead,
        ("evt.is_io_write", _) => Field::IsWrite,
        ("evt.io_dir", _) => Field::IoDirection,
        ("evt.count" | "evt.count.exit", _) => Field::One,
        ("evt.count.error", _) => Field::CountError,
        ("evt.abspath", None) => Field::AbsolutePath(None),
        ("evt.abspath", Some("src")) => Field::AbsolutePath(Some(Side::Source)),
        ("evt.abspath", Some("dst")) => Field::AbsolutePath(Some(Side::Destination)),
        ("evt.is_open_read", _) => Field::OpenRead,
        ("evt.is_open_write", _) => Field::OpenWrite,
        ("evt.is_open_exec", _) => Field::OpenExec,
        ("evt.is_open_create", _) => Field::OpenCreate,
        ("evt.is_wait", _) => Field::False,
        ("evt.outputtime", _) => Field::Nanoseconds,
        ("evt.latency" | "evt.latency.s" | "evt.latency.ns", _) => Field::NoTime,
        _ => return Ok(None),
    }))
}

/// Shows a field.
pub fn read(event: &mut Event<'_>, field: &Field, show: &mut Show<'_>) {
    let operation = event.record.operation;
    let row = arg::row(operation);
    match field {
        Field::Type => show.text(operation.name()),
        Field::IsType(name) => show.uint((name == operation.name()).into()),
        Field::Direction => show.text("<"),
        Field::Category => show.text(row.category.name()),
        Field::Cpu => show.int(event.record.cpu().into()),
        Field::Args => show.text(arg::all(event)),
        Field::ArgAt(at) => {
            if let Some(arg) = row.args.get(*at) {
                show.some_text(arg::readable(event, arg));
            }
        }
        Field::Arg(name) => {
            if let Some(arg) = row.args.iter().find(|arg| arg.name == name) {
                show.some_text(arg::readable(event, arg));
            }
        }
        Field::RawArg(name) => {
            if let Some(arg) = row.args.iter().find(|arg| arg.name == name) {
                show.some_text(arg::raw(event, arg));
            }
        }
        Field::Result => match event.result() {
            error if error < 0 && operation != Operation::Procexit => {
                show.text(arg::error_name(error));
            }
            _ if operation == Operation::Procexit => {}
            _ => show.text("SUCCESS"),
        },
        Field::RawResult if operation != Operation::Procexit => show.int(event.result()),
        Field::Failed => show.bool(event.result() < 0),
        Field::CountError if event.result() < 0 => show.uint(1),
        Field::One => show.uint(1),
        Field::False => show.bool(false),
        Field::NoTime => show.int(0),
        Field::Nanoseconds => show.text(event.time().0.to_string()),
        Field::AbsolutePath(side) => show.some_text(absolute_path(event, *side)),
        Field::OpenRead | Field::OpenWrite | Field::OpenExec | Field::OpenCreate => {
            opened(event, field, show);
        }
        _ => moving(event, row.category, field, show),
    }
}

/// The fields of bytes that are moved through a descriptor.
fn moving(event: &Event<'_>, category: Category, field: &Field, show: &mut Show<'_>) {
    let (reads, writes) = (category == Category::Read, category == Category::Write);
    match field {
        Field::IsIo => show.bool(reads || writes),
        Field::IsRead => show.bool(reads),
        Field::IsWrite => show.bool(writes),
        Field::IoDirection if reads => show.text("read"),
        Field::IoDirection if writes => show.text("write"),
        Field::Buffer => match (event.param("data"), event.param("message")) {
            (Some(What::Bytes(data)), _) | (_, Some(What::Message(_, data))) => show.text(data),
            _ => {}
        },
        Field::BufferLength if (reads || writes) && event.result() >= 0 => {
            show.uint(event.result() as u64);
        }
        _ => {}
    }
}

/// The flags that say what an open is for; all of them are those of one that is for nothing.
const ACCESS: u64 = 3;

/// What a call asks for that opens; any other opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    flags: u64,
    mode: u64,
}

/// Tells what an event asks for.
pub fn opening(event: &Event<'_>) -> Opening {
    let opens = arg::row(event.record.operation).uses == Uses::Open;
    let flags = |_: &u64| opens && event.record.operation != Operation::Creat;
    Opening {
        flags: event.number("flags").filter(flags).unwrap_or(ACCESS),
        mode: event.number("mode").unwrap_or(0),
    }
}

/// The fields of calls that open.
fn opened(event: &mut Event<'_>, field: &Field, show: &mut Show<'_>) {
    const CREATE: u64 = 0o100;
    const TEMPORARY: u64 = 0o20_000_000;
    const EXECUTE: u64 = 0o111;
    let operation = event.record.operation;
    let creat = operation == Operation::Creat;
    let opens = arg::row(operation).uses == Uses::Open;
    let Opening { flags, mode } = event.opening();
    let makes = flags & (CREATE | TEMPORARY) != 0 && flags != ACCESS;
    match field {
        Field::OpenRead => show.bool(matches!(flags & ACCESS, 0 | 2)),
        Field::OpenWrite => show.bool(matches!(flags & ACCESS, 1 | 2)),
        Field::OpenExec => show.bool(opens && (makes || creat) && mode & EXECUTE != 0),
        Field::OpenCreate if event.result() < 0 || !(makes || creat) => show.bool(false),
        Field::OpenCreate if flags & TEMPORARY != 0 => show.bool(true),
        Field::OpenCreate => {
            if let Some(What::File(file)) = event.param("file").filter(|_| opens) {
                show.bool(file.created);
            }
        }
        _ => {}
    }
}

fn absolute_path(event: &Event<'_>, side: Option<Side>) -> Option<Vec<u8>> {
    let name = match side {
        None => ["name", "from"],
        Some(Side::Source) => ["from", "from"],
        Some(Side::Destination) => ["to", "name"],
    };
    name.into_iter().find_map(|name| match event.param(name)? {
        What::Path(path, base) => Some(lexical(base, path)),
        _ => None,
    })
}
