//! What became of the events of an operation.

use std::ops::AddAssign;

/// Counts of one operation since the sensor started. Every event that was seen was filtered,
/// sent or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Events that the programs saw: all that were filtered, sent or lost.
    pub seen: u64,
    /// Events that a filter dropped: no rule could match them.
    pub filtered: u64,
    /// Records sent.
    pub sent: u64,
    /// Lost: the ring was full.
    pub ring_full: u64,
    /// Lost: no slot was free to put the record together.
    pub no_slot: u64,
    /// Records with a parameter that could not be read from the program's memory.
    pub unread: u64,
    /// Records with a parameter cut short or left out.
    pub truncated: u64,
}

/// Number of counters.
pub(crate) const COUNTER_COUNT: usize = 6;

impl Tally {
    /// Events that were lost.
    pub fn lost(&self) -> u64 {
        self.ring_full + self.no_slot
    }
}

impl From<[u64; COUNTER_COUNT]> for Tally {
    fn from(counters: [u64; COUNTER_COUNT]) -> Self {
        let [filtered, sent, ring_full, no_slot, unread, truncated] = counters;
        let seen = filtered + sent + ring_full + no_slot;
        Self { seen, filtered, sent, ring_full, no_slot, unread, truncated }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.seen += other.seen;
        self.filtered += other.filtered;
        self.sent += other.sent;
        self.ring_full += other.ring_full;
        self.no_slot += other.no_slot;
        self.unread += other.unread;
        self.truncated += other.truncated;
    }
}
