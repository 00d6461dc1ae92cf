//! The system-call source: what a sensor or a recording tells in [`record`]s, the tables of
//! processes, containers and users that are rebuilt from them ([`Tables`]), and the fields that
//! rules ask of both ([`Event`]).

use std::ops::ControlFlow;
use std::sync::LazyLock;

use ::event::Value;
use rule::source::{Cost, FieldError, Presence, Source, SourceDoc};

mod arg;
pub mod container;
mod describe;
pub mod envelope;
mod event;
pub mod field;
mod name;
mod read;
pub mod record;
#[cfg(test)]
mod sample;
pub mod selection;
pub mod table;

pub use arg::error_name;
pub use describe::Origin;
pub use event::Event;
pub use name::{last, lexical};
pub use read::{Field, Link, capabilities, link};
pub use table::{Environment, Home, Tables};

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "syscall",
    doc: "System calls of processes and containers, from a live sensor or a recording.",
    fields: field::TABLES,
    plugins: &[("container", "0.7.1")],
};

/// Fields that rules are indexed under.
const KEY_NAMES: [&str; 9] = [
    "evt.type",
    "evt.dir",
    "evt.is_open_write",
    "evt.is_open_read",
    "container.id",
    "fd.name",
    "fd.directory",
    "fd.filename",
    "proc.name",
];

/// The source.
#[derive(Clone, Copy, Debug)]
pub enum Syscall {}

impl Source for Syscall {
    const DOC: SourceDoc = DOC;
    type Record<'r> = Event<'r>;
    type Field = Field;

    fn keys() -> &'static [Field] {
        static KEYS: LazyLock<Vec<Field>> = LazyLock::new(|| {
            // Most calls are opens, and most rules for them are for one way of opening, for
            // containers, and for some paths.
            KEY_NAMES.iter().filter_map(|name| Field::resolve(name, None).ok()).collect()
        });
        &KEYS
    }

    fn is_endless(key: &Field) -> bool {
        key.is_endless()
    }

    fn resolve(name: &str, argument: Option<&str>) -> Result<Field, FieldError> {
        Field::resolve(name, argument)
    }

    fn cost(field: &Field) -> Cost {
        field.cost()
    }

    fn each(
        event: &mut Event<'_>,
        field: &Field,
        see: impl FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Presence {
        read::each(event, field, see)
    }
}
