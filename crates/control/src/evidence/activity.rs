//! What happened on a node, told without any rule: commands, sessions, connections, writes to
//! sensitive paths, changes of privilege and of the kernel. One entry holds what a node saw in a
//! few seconds, so that a year of it fits. Nothing is judged here.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use event::{Subject, Time};
use serde::{Deserialize, Serialize};

/// What a node saw in a few seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Node that it happened on.
    pub node: String,
    /// Id of the node's start: pids mean something only until the next one.
    pub boot: String,
    /// Number of this entry since the agent started, from 1.
    pub number: u64,
    /// Time of its first item, by the node's clock.
    pub from: Time,
    /// Time of its last item.
    pub until: Time,
    /// Who acted where; items name them by their place in this list.
    pub actors: Vec<Actor>,
    /// What was done, in the order of `first`.
    pub items: Vec<Item>,
    /// Acts that were seen and not listed, for want of room.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// Who acts where: what several items have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// Container, pod, image; the user is its principal. Node and process stand elsewhere.
    #[serde(default)]
    pub subject: Subject,
    /// Effective user.
    pub uid: u32,
    /// Who logged in, if anybody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// Session that it belongs to, as the node's kernel counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Leader>,
}

/// The user that somebody logged in as, whoever they became since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Login {
    /// Number.
    pub uid: u32,
    /// Name, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Process that began a session, by which the session is known until the node starts again.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Leader {
    /// Its pid, as the host counts.
    pub pid: u32,
    /// When it started, in hundredths of a second since the node did; 0 where that is not known.
    pub start: u64,
}

/// Something done, once or several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// When first, in microseconds since the entry's `from`.
    pub first: u64,
    /// When last, if it was done more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// How often.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u64,
    /// How often in vain, of these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// Who: a place in the entry's `actors`.
    pub by: u32,
    /// Process that did it first, as the host counts.
    pub pid: u32,
    /// Its name.
    pub process: String,
    /// What.
    pub what: What,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A program was executed.
    Command(Command),
    /// A program of an interactive session ended that was told of in an earlier entry.
    Exit(Exit),
    /// An interactive session began, was found or ended.
    Session(Session),
    /// Connections between two ends.
    Connection(Connection),
    /// A sensitive path was changed.
    Write(Write),
    /// Rights or namespaces were changed, or another process was taken hold of.
    Privilege(Call),
    /// The kernel was extended or shrunk.
    Module(Call),
}

/// An executed program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Command {
    /// Path of its file; what was asked for where it could not be executed.
    pub exe: String,
    /// Arguments, the zeroth too, secrets masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// There were more arguments than are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Directory that it was executed in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// Name of the process that made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// Terminal, `pts/0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// Name of the error with which executing failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How it ended, where that was within the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(u8),
    /// By this signal.
    Signal(u8),
}

/// What became of an interactive session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Session {
    /// What is told of it.
    pub phase: Phase,
    /// Terminal; none where a shell reads its commands from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// Names of the processes that it came through, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
    /// How its leader ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
}

/// What is told of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It began.
    Began,
    /// It was under way when somebody first looked.
    Found,
    /// Its leader ended.
    Ended,
}

/// Connections of a process between two ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Connection {
    /// Who asked for them.
    pub direction: Direction,
    /// `tcp`, `udp`, `unix` …
    pub protocol: String,
    /// The node's own end; without a port where that was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<End>,
    /// The other end; without a port where that was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<End>,
    /// Path of a socket in the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Who asked for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The other side.
    In,
    /// The process.
    Out,
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct End {
    /// Address.
    pub address: IpAddr,
    /// Port; none where it was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A change to a sensitive path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Which path.
    pub path: String,
    /// What was done to it: `opened`, `created`, `removed` …
    pub act: String,
    /// Why the path is sensitive: `configuration`, `keys`, `programs` …
    pub sort: String,
    /// The other path of a renaming or a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// What the file held; nothing where content says nothing, as of a folder or a kernel setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// What a file held before a change, and some seconds after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Content {
    /// Before.
    pub before: Held,
    /// When it was measured after the change; others may have changed it in between.
    pub after: Held,
}

/// What a file held at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Content of this SHA-256, hex.
    Sha256(String),
    /// There was no such file.
    Absent,
    /// That is not known, for this reason.
    Unknown(String),
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Sha256(hash) => write!(f, "sha256:{hash}"),
            Held::Absent => f.write_str("no file"),
            Held::Unknown(reason) => write!(f, "not known: {reason}"),
        }
    }
}

/// Calls of one kind by one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Call {
    /// Name of the system call.
    pub call: String,
    /// On what, each once; not all where there were many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
}

/// Kinds of activity that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of `What`")]
pub enum Kind {
    Command,
    Session,
    Connection,
    Write,
    Privilege,
    Module,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [
        Kind::Command,
        Kind::Session,
        Kind::Connection,
        Kind::Write,
        Kind::Privilege,
        Kind::Module,
    ];

    /// Returns the word for it, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Command => "command",
            Kind::Session => "session",
            Kind::Connection => "connection",
            Kind::Write => "write",
            Kind::Privilege => "privilege",
            Kind::Module => "module",
        }
    }
}

impl What {
    /// Returns its kind; that a program ended is told with the commands.
    pub fn kind(&self) -> Kind {
        match self {
            What::Command(_) | What::Exit(_) => Kind::Command,
            What::Session(_) => Kind::Session,
            What::Connection(_) => Kind::Connection,
            What::Write(_) => Kind::Write,
            What::Privilege(_) => Kind::Privilege,
            What::Module(_) => Kind::Module,
        }
    }
}

impl Activity {
    /// Returns what tells this entry from any other of its node, whenever it is delivered.
    pub fn id(&self) -> String {
        format!("{}/activity/{}", self.boot, self.number)
    }

    /// Returns who did an item; none in an entry that is not sound.
    pub fn actor(&self, item: &Item) -> Option<&Actor> {
        self.actors.get(item.by as usize)
    }

    /// Returns when an item was first done.
    pub fn first(&self, item: &Item) -> Time {
        self.after(item.first)
    }

    /// Returns when an item was last done.
    pub fn last(&self, item: &Item) -> Time {
        self.after(item.last.unwrap_or(item.first))
    }

    fn after(&self, microseconds: u64) -> Time {
        self.from.plus(i64::try_from(microseconds).unwrap_or(i64::MAX).saturating_mul(1000))
    }
}

/// A session anywhere: the start of a node, and the process that began the session there. Printed
/// `<boot>.<pid>.<start>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId {
    /// Id of the node's start.
    pub boot: String,
    /// Process that began it.
    pub leader: Leader,
}

/// A text that names no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no session")]
pub struct SessionIdError(String);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.boot, self.leader.pid, self.leader.start)
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<SessionId, SessionIdError> {
        let mut parts = text.rsplitn(3, '.');
        let mut next = || parts.next().ok_or_else(|| SessionIdError(text.to_owned()));
        let (start, pid, boot) = (next()?, next()?, next()?);
        let wrong = |_| SessionIdError(text.to_owned());
        let leader =
            Leader { pid: pid.parse().map_err(wrong)?, start: start.parse().map_err(wrong)? };
        Ok(SessionId { boot: boot.to_owned(), leader })
    }
}

fn one() -> u64 {
    1
}

fn is_one(number: &u64) -> bool {
    *number == 1
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_in_one_word() {
        let text = "6f1c3a52-9c1e-4b7e-9d55-0a4c0c2f1b11.4211.98123";
        let id: SessionId = text.parse().unwrap();
        assert_eq!(id.leader, Leader { pid: 4211, start: 98_123 });
        assert_eq!(id.to_string(), text);
        for wrong in ["", "a", "a.b", "a.1.x", "a.-1.2"] {
            assert!(wrong.parse::<SessionId>().is_err(), "{wrong}");
        }
    }
}
