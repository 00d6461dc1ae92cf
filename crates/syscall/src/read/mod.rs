//! Reading fields: which field reads what. What a record does not tell and the tables do not know
//! is absent.

mod container;
mod evt;
mod fd;
mod link;
mod path;
mod pod;
mod proc;
mod show;
mod stream;
mod user;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use event::Value;
use rule::source::{Cost, FieldError, Presence};

use crate::envelope::{self, Origin};
use crate::event::Event;

pub(crate) use evt::{Opening, opening};
pub(crate) use fd::{Descriptor, FILES, descriptor};
pub use link::{Link, link};
pub(crate) use link::{address, socket_seen};
pub use proc::capabilities;
pub(crate) use proc::exe_flags;
use show::Show;
pub(crate) use user::name_of as user_name;

/// A field of a system call, its argument read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `evt.*` that every source has.
    Envelope(envelope::Field),
    /// `evt.*` of the call.
    Event(evt::Field),
    /// `proc.*` and `thread.*`.
    Process(proc::Who, proc::Field),
    /// `fd.*`.
    Descriptor(fd::Field),
    /// `fs.path.*`.
    Path(path::Field),
    /// `user.*` and `group.*`.
    User(user::Field),
    /// `container.*` and `k8s.*`.
    Container(container::Field),
    /// Known by name, and never there.
    Absent,
}

impl Field {
    /// Reads a field's name and argument.
    pub fn resolve(name: &str, argument: Option<&str>) -> Result<Field, FieldError> {
        if let Some(field) = envelope::Field::resolve(name, argument) {
            return field.map(Field::Envelope);
        }
        if crate::DOC.field(name).is_none() {
            return Err(FieldError::Unknown(name.to_owned()));
        }
        let found = match name.split('.').next() {
            Some("evt" | "syscall") => evt::resolve(name, argument)?.map(Field::Event),
            Some("proc" | "thread") => {
                proc::resolve(name, argument)?.map(|(who, field)| Field::Process(who, field))
            }
            Some("fd") => fd::resolve(name, argument)?.map(Field::Descriptor),
            Some("fs") => path::resolve(name).map(Field::Path),
            Some("user" | "group") => user::resolve(name).map(Field::User),
            Some("container" | "k8s") => container::resolve(name, argument)?.map(Field::Container),
            _ => None,
        };
        Ok(found.unwrap_or(Field::Absent))
    }

    /// Tells whether there is no end of its values, where rules are indexed under it.
    pub fn is_endless(&self) -> bool {
        matches!(self, Field::Descriptor(_) | Field::Container(_))
    }

    /// Tells how dear a field is.
    pub fn cost(&self) -> Cost {
        match self {
            Field::Absent => Cost::Free,
            Field::Event(field) => field.cost(),
            Field::Process(_, proc::Field::Stream(..)) => Cost::Dear,
            Field::Process(who, _) => who.cost(),
            Field::Envelope(_) | Field::User(_) | Field::Container(_) | Field::Descriptor(_) => {
                Cost::Cheap
            }
            Field::Path(_) => Cost::Dear,
        }
    }
}

/// Shows the values of a field.
pub fn each(
    event: &mut Event<'_>,
    field: &Field,
    mut see: impl FnMut(Value<'_>) -> ControlFlow<()>,
) -> Presence {
    if let Field::Envelope(field) = field {
        let time = Some(event.time());
        let origin = Origin { source: "syscall", plugin: None, summary: None, time };
        return event.envelope.each(*field, &origin, see);
    }
    let mut show = Show::new(&mut see);
    match field {
        Field::Envelope(_) | Field::Absent => {}
        Field::Event(field) => evt::read(event, field, &mut show),
        Field::Process(who, field) => proc::read(event, *who, field, &mut show),
        Field::Descriptor(field) => fd::read(event, *field, &mut show),
        Field::Path(field) => path::read(event, *field, &mut show),
        Field::User(field) => user::read(event, *field, &mut show),
        Field::Container(field) => container::read(event, field, &mut show),
    }
    show.presence()
}

/// Refuses an argument that is no number.
fn index(name: &str, argument: Option<&str>) -> Result<Option<usize>, FieldError> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| FieldError::Argument(format!("`{name}` takes a number in brackets")))
    };
    argument.map(parse).transpose()
}
