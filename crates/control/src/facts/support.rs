//! Which entries of the trail facts rest on: reading only these gives the same facts again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evidence::Entry;

/// What an entry of the trail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the entries")]
pub enum Kind {
    Events,
    Statuses,
    Decisions,
    Rules,
    Administration,
    Rejected,
    Starts,
    Canaries,
    Holes,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Events,
        Kind::Statuses,
        Kind::Decisions,
        Kind::Rules,
        Kind::Administration,
        Kind::Rejected,
        Kind::Starts,
        Kind::Canaries,
        Kind::Holes,
    ];

    /// Returns the kind of an entry; none of one that no facts rest on.
    pub fn of(entry: &Entry) -> Option<Kind> {
        Some(match entry {
            Entry::Event(_) => Kind::Events,
            Entry::Status(_) => Kind::Statuses,
            Entry::Decision(_) => Kind::Decisions,
            Entry::Rules(_) => Kind::Rules,
            Entry::Administration(_) => Kind::Administration,
            Entry::Rejected(_) => Kind::Rejected,
            Entry::Start(_) => Kind::Starts,
            Entry::Canary(_) => Kind::Canaries,
            Entry::Hole(_) => Kind::Holes,
            Entry::Activity(_) => return None,
        })
    }

    /// Returns the word for it, as in JSON and in file names.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Events => "events",
            Kind::Statuses => "statuses",
            Kind::Decisions => "decisions",
            Kind::Rules => "rules",
            Kind::Administration => "administration",
            Kind::Rejected => "rejected",
            Kind::Starts => "starts",
            Kind::Canaries => "canaries",
            Kind::Holes => "holes",
        }
    }
}

/// Positions of entries, by kind, each once, in the order they were met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Support {
    positions: BTreeMap<Kind, Vec<String>>,
}

impl Support {
    /// Notes an entry. What is noted again right after is noted once.
    pub(super) fn note(&mut self, kind: Kind, position: &str) {
        let known = self.positions.entry(kind).or_default();
        if known.last().is_none_or(|last| last != position) {
            known.push(position.to_owned());
        }
    }

    /// Returns the noted positions of a kind; one may stand several times.
    pub fn of(&self, kind: Kind) -> &[String] {
        self.positions.get(&kind).map_or(&[], Vec::as_slice)
    }
}
