//! The arguments of calls as rules know them (`evt.arg`): names, order and spelling are Falco's,
//! the values come from records. What a record does not hold is absent.

mod error;
mod flag;
mod print;
mod row;

use crate::event::Event;

pub use print::{error_name, raw, readable};
pub use row::row;

/// What rules know of an operation.
#[derive(Debug)]
pub struct Row {
    /// What it is about.
    pub category: Category,
    /// Which descriptor it works on.
    pub uses: Uses,
    /// Its arguments.
    pub args: &'static [Arg],
}

/// What a call is about (`evt.category`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Category {
    File,
    Net,
    Ipc,
    Memory,
    Process,
    Signal,
    User,
    Other,
    Read,
    Write,
    InOut,
}

impl Category {
    /// Returns the name that rules know. Bytes are moved through sockets here, never files.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Net | Self::Read | Self::Write => "net",
            Self::Ipc => "IPC",
            Self::Memory => "memory",
            Self::Process => "process",
            Self::Signal => "signal",
            Self::User => "user",
            Self::Other => "other",
            Self::InOut => "unknown",
        }
    }
}

/// Which descriptor a call works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// None.
    Nothing,
    /// A folder that a path is relative to.
    Folder,
    /// What it opens by name.
    Open,
    /// One that it is given or makes.
    Descriptor,
}

/// An argument.
#[derive(Debug)]
pub struct Arg {
    /// Its name in rules.
    pub name: &'static str,
    /// Where its value is.
    pub from: From,
    /// How it is spelt.
    pub form: Form,
}

/// Where the value of an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The parameter of this name.
    Param(&'static str),
    /// The result of the call.
    Result,
    /// Device of the file of this parameter.
    Device(&'static str),
    /// Inode of the file of this parameter.
    Inode(&'static str),
    /// Something of the process as it is now.
    Process(Trait),
    /// Nowhere: no record holds it.
    Missing,
}

/// What the arguments of making and executing tell of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Trait {
    Exe,
    Args,
    Tid,
    Pid,
    Parent,
    Cwd,
    Name,
    Cgroups,
    Environment,
    Terminal,
    NsGroup,
    Group,
    LoginUid,
    ExeFlags,
    Inheritable,
    Permitted,
    Effective,
    ExeInode,
    Uid,
    Gid,
    ExePath,
    NsTid,
    NsPid,
    CloneFlags,
}

/// How a value is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Form {
    Decimal,
    Signed,
    Hex,
    Octal,
    /// A result: the error's name where it is one.
    Outcome,
    /// A descriptor, with what it stands for.
    Descriptor,
    Text,
    Path,
    Bytes,
    /// Names of the bits that are set.
    Flags(&'static [(&'static str, u64)]),
    /// Name of the number.
    Name(&'static [(&'static str, u64)]),
    /// Names of the permission bits.
    Mode,
    Pid,
    Uid,
    Gid,
    Signal,
    Address,
    Tuple,
}

/// Writes all arguments, `name=value` with blanks between.
pub fn all(event: &mut Event<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    for arg in row(event.record.operation).args {
        let Some(value) = print::both(event, arg) else { continue };
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(arg.name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(&value);
    }
    text
}
