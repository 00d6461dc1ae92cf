//! Every field that a rule may ask of a system call, one file a class. The tables hold names,
//! types and meanings; what reads them lives beside the source.

use rule::source::{FieldDoc, Limit};

pub mod container;
pub mod event;
pub mod evt;
pub mod fd;
pub mod fdlist;
pub mod fs;
pub mod k8s;
pub mod own;
pub mod proc;
pub mod retired;
pub mod thread;
pub mod user;

/// Limits of a field that stands for several values at once, any of which may match.
const SEVERAL: &[Limit] = &[Limit::ConditionOnly, Limit::LiteralsOnly, Limit::Untransformed];

/// Limits of a field that is looked for in a way of its own.
const LITERALS_ONLY: &[Limit] = &[Limit::LiteralsOnly, Limit::Untransformed];

/// All tables of the source; the retired ones come last and are not meant for new rules.
pub const TABLES: &[&[FieldDoc]] = &[
    evt::FIELDS,
    event::FIELDS,
    proc::FIELDS,
    thread::FIELDS,
    user::FIELDS,
    fd::FIELDS,
    fdlist::FIELDS,
    fs::FIELDS,
    container::FIELDS,
    k8s::FIELDS,
    own::FIELDS,
    retired::FIELDS,
];

#[cfg(test)]
mod tests;
