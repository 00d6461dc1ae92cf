//! What happens on a node, told without any rule: derived from the records of system calls and
//! what is known beside them. Acts of some seconds become one entry, equal acts one item; what
//! there is no room for is counted.
//!
//! Nobody is left out: what the agent itself does is told like what anybody does, so that taking
//! it over hides nothing.

mod aged;
mod batch;
mod call;
mod change;
mod command;
mod connection;
mod mask;
pub mod sensitive;
mod session;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use control::evidence::{Activity, Actor, Login, SessionId};
use event::{Subject, Time};
use syscall::envelope::Envelope;
use syscall::record::{Operation, Record};
use syscall::selection;
use syscall::table::Process;
use syscall::{Event, Tables};

use aged::Aged;
use batch::{Act, Batch, ITEM_COUNT_MAX, Slot};
use session::Sessions;

pub use mask::{MASK, masked};

/// How long an entry lasts that tells of commands, sessions, writes and rights.
pub const WINDOW: i64 = 10 * Time::SECOND;
/// How long an entry lasts that sums up connections between ends that were told before.
pub const CONNECTION_WINDOW: i64 = 10 * Time::MINUTE;
/// Pairs of ends that are known to have been told.
const MET_COUNT: usize = 32_768;
/// Programs under way whose end is told.
const RUNNING_COUNT: usize = 16_384;

/// Derives activity from records.
#[derive(Debug)]
pub struct Activities {
    node: String,
    boot: String,
    number: u64,
    acts: Batch,
    connections: Batch,
    sessions: Sessions,
    running: Aged<(u32, u64), Running>,
    /// Hashes of connections whose first one was told.
    met: Aged<u64, ()>,
    /// Actors of processes, so that they are not made anew for each record.
    actors: HashMap<Doer, u32>,
    connection_actors: HashMap<Doer, u32>,
}

/// Since when acts wait to be told, if any do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Commands, sessions, writes, rights, and first connections between two ends.
    pub acts: Option<Time>,
    /// Connections that are summed up.
    pub sums: Option<Time>,
}

/// A program under way.
#[derive(Clone, Copy, Debug)]
struct Running {
    slot: Slot,
    /// It is part of an interactive session, so that its end is told however late.
    interactive: bool,
}

/// What tells one actor from another in a record's head: pid, start, user, cgroup.
type Doer = (u32, u64, u32, u64);

/// A record whose process is known, and where it is to be told.
struct Seen<'s> {
    record: &'s Record<'s>,
    tables: &'s Tables,
    process: &'s Process,
}

impl Activities {
    /// Returns activity of a node of which nothing was seen yet. `boot` is the id of its start.
    pub fn new(node: String, boot: String) -> Activities {
        Activities {
            node,
            boot,
            number: 0,
            acts: Batch::default(),
            connections: Batch::default(),
            sessions: Sessions::default(),
            running: Aged::new(RUNNING_COUNT),
            met: Aged::new(MET_COUNT),
            actors: HashMap::new(),
            connection_actors: HashMap::new(),
        }
    }

    /// Returns the operations that have to be told of.
    pub fn operations() -> impl Iterator<Item = Operation> {
        let all = [command::OPERATIONS, connection::OPERATIONS, call::OPERATIONS];
        all.into_iter().flatten().chain(change::operations()).copied()
    }

    /// Tells whether nothing is derived from what happens in a situation.
    pub fn ignores(what: selection::What) -> bool {
        change::ignores(what)
    }

    /// Takes in a record. [`Tables::before`] must have seen it, [`Tables::after`] must not.
    pub fn take(&mut self, record: &Record<'_>, tables: &Tables) {
        let known = tables.processes().get(record.pid(), record.start());
        let Some(process) = known else { return };
        let seen = Seen { record, tables, process };
        match record.operation {
            Operation::Execve | Operation::Execveat => self.command(&seen),
            Operation::Procexit => self.ended(&seen),
            one if connection::OPERATIONS.contains(&one) => self.connection(&seen),
            one if call::OPERATIONS.contains(&one) => self.call(&seen),
            _ => self.change(&seen),
        }
    }

    /// Returns the entries that are complete at `now`. To be asked every second or so.
    pub fn flush(&mut self, now: Time) -> Vec<Activity> {
        let mut told = Vec::new();
        if self.acts.is_due(now, WINDOW) {
            told.extend(self.take_acts());
        }
        if self.connections.is_due(now, CONNECTION_WINDOW) {
            told.extend(self.take_connections());
        }
        told
    }

    /// Returns since when acts wait to be told: what a process that is killed now would not tell.
    pub fn waiting(&self) -> Waiting {
        Waiting { acts: self.acts.since(), sums: self.connections.since() }
    }

    /// Returns what is left, at the end.
    pub fn finish(&mut self) -> Vec<Activity> {
        let acts = self.take_acts();
        acts.into_iter().chain(self.take_connections()).collect()
    }

    /// Returns the interactive session that a process belongs to.
    pub fn session(&self, tables: &Tables, process: &Process) -> Option<SessionId> {
        let leader = self.sessions.of(tables, process)?;
        Some(SessionId { boot: self.boot.clone(), leader })
    }

    fn take_acts(&mut self) -> Option<Activity> {
        self.actors.clear();
        let taken = self.acts.take();
        taken.map(|one| self.numbered(one))
    }

    fn take_connections(&mut self) -> Option<Activity> {
        self.connection_actors.clear();
        let taken = self.connections.take();
        taken.map(|one| self.numbered(one))
    }

    fn numbered(&mut self, activity: Activity) -> Activity {
        self.number += 1;
        let (node, boot) = (self.node.clone(), self.boot.clone());
        Activity { node, boot, number: self.number, ..activity }
    }

    /// Returns who acts, as a number in the batch of acts.
    fn actor(&mut self, seen: &Seen<'_>) -> u32 {
        let doer = seen.doer();
        if let Some(number) = self.actors.get(&doer) {
            return *number;
        }
        let actor = self.describe(seen);
        let number = self.acts.actor(actor);
        if self.actors.len() < ITEM_COUNT_MAX {
            self.actors.insert(doer, number);
        }
        number
    }

    /// Returns who acts, as a number in the batch of connections.
    fn connection_actor(&mut self, seen: &Seen<'_>) -> u32 {
        let doer = seen.doer();
        if let Some(number) = self.connection_actors.get(&doer) {
            return *number;
        }
        let actor = self.describe(seen);
        let number = self.connections.actor(actor);
        if self.connection_actors.len() < ITEM_COUNT_MAX {
            self.connection_actors.insert(doer, number);
        }
        number
    }

    fn describe(&self, seen: &Seen<'_>) -> Actor {
        let event = Event::new(*seen.record, seen.tables, Envelope::default());
        let names = seen.process.names.as_deref();
        let name = |uid| names.and_then(|names| names.user(uid)).map(|user| text(&user.name));
        let uid = seen.record.uid();
        let login_uid = Some(seen.process.facts.login_uid).filter(|uid| *uid != u32::MAX);
        let login_uid = login_uid.filter(|_| seen.process.is_whole());
        Actor {
            subject: Subject { process: None, node: None, principal: name(uid), ..event.subject() },
            uid,
            login: login_uid.map(|uid| Login { uid, name: name(uid) }),
            session: self.sessions.of(seen.tables, seen.process),
        }
    }
}

impl Seen<'_> {
    fn doer(&self) -> Doer {
        let record = self.record;
        (record.pid(), record.start(), record.uid(), record.cgroup())
    }

    fn time(&self) -> Time {
        self.tables.time(self.record.time())
    }

    /// Returns an act of the process.
    fn act(&self, by: u32, what: control::evidence::What) -> Act {
        Act {
            time: self.time(),
            by,
            pid: self.record.pid(),
            process: text(&self.process.program.name),
            failed: !self.record.succeeded(),
            what,
        }
    }

    /// Returns the value of a parameter.
    fn param(&self, name: &str) -> Option<syscall::record::What<'_>> {
        self.record.param(name).map(|value| value.what)
    }

    /// Returns a parameter that is a number.
    fn number(&self, name: &str) -> Option<u64> {
        match self.param(name)? {
            syscall::record::What::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns a parameter that is a path, made absolute; of a file the kernel's own path.
    fn path(&self, name: &str) -> Option<Vec<u8>> {
        match self.param(name)? {
            syscall::record::What::Path(path, base) => Some(syscall::lexical(base, path)),
            syscall::record::What::Text(text) => Some(text.to_vec()),
            syscall::record::What::File(file) if !file.path.is_empty() => Some(file.path.to_vec()),
            _ => None,
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
