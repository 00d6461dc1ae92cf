//! What leaves the watch, and where to.

use std::collections::BTreeMap;

use control::evidence::{Entry, Line, VERSION};

/// What an entry is, in the order in which entries go when there is no room for all: activity
/// first, findings last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What happened, without any rule.
    Activity,
    /// What the watch did in a minute.
    Status,
    /// An event with its alerts.
    Finding,
}

impl Kind {
    /// Every kind, first to go first.
    pub const ALL: [Kind; 3] = [Kind::Activity, Kind::Status, Kind::Finding];

    /// Returns its name, as counts of what was dropped have it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Activity => "activity",
            Kind::Status => "status",
            Kind::Finding => "finding",
        }
    }
}

/// An entry that is ready to leave: a line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Number within this run of the watch, from 1, which the queue gives. One that is missing was
    /// dropped.
    pub number: u64,
    /// What it is.
    pub kind: Kind,
    /// The line, as JSON without a line break.
    pub line: Vec<u8>,
}

impl Ready {
    /// Writes an entry as a line of the trail.
    pub fn new(kind: Kind, entry: Entry) -> Ready {
        let line = Line { v: VERSION, from: None, entry };
        let line =
            serde_json::to_vec(&line).expect("an entry has string keys and no failing serializer");
        Ready { number: 0, kind, line }
    }
}

/// Why entries were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no room now; the same entries are handed over again after a while.
    #[error("there is no room now")]
    Full,
    /// Nothing is taken until something changes; the same entries are handed over again.
    #[error("nothing is taken: {0}")]
    Stopped(String),
    /// One of the entries can never be taken; they are dropped and counted.
    #[error("an entry can never be taken: {0}")]
    Unfit(String),
}

/// Where entries go. It is called on a thread of its own, which may wait.
pub trait Sink: Send {
    /// Takes entries, in order. They are safe when this returns: with a server, or on disk. On an
    /// error none of them counts as taken.
    fn hand_over(&mut self, entries: &[Ready]) -> Result<(), Refused>;

    /// Tells by how many nanoseconds this machine's clock is ahead of the server's, if it was
    /// measured.
    fn clock_offset_ns(&self) -> Option<i64> {
        None
    }

    /// Counts what was taken and had to be dropped later, since this was asked last.
    fn dropped(&mut self) -> BTreeMap<Kind, u64> {
        BTreeMap::new()
    }
}
