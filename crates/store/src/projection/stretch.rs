//! Which blocks hold the alerts of a time: neighbouring blocks as one row, until they have so many
//! alerts or last so long that a reader who needs a part of them would read too much.

use control::evidence::Entry;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Placed, QUARTER};
use crate::Error;

/// Alerts of a stretch, unless a single block has more.
const STRETCH_LEN_MAX: u64 = 2048;

/// A stretch that may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    block: u64,
    last: u64,
    oldest: i64,
    newest: i64,
    alerts: u64,
}

impl Stretch {
    /// Returns what a block is on its own; `None` if it has no alerts.
    fn of(block: u64, entries: &[Placed<'_>]) -> Option<Stretch> {
        let mut whole: Option<Stretch> = None;
        for placed in entries {
            let Entry::Event(event) = placed.entry else { continue };
            if event.alerts.is_empty() {
                continue;
            }
            let (received, last) = (event.received.0, block);
            let new = Stretch { block, last, oldest: received, newest: received, alerts: 0 };
            let stretch = whole.get_or_insert(new);
            stretch.oldest = stretch.oldest.min(received);
            stretch.newest = stretch.newest.max(received);
            stretch.alerts += event.alerts.len() as u64;
        }
        whole
    }

    /// Returns both as one, if that is not too large.
    fn with(self, next: Stretch) -> Option<Stretch> {
        let both = Stretch {
            block: self.block,
            last: next.last,
            oldest: self.oldest.min(next.oldest),
            newest: self.newest.max(next.newest),
            alerts: self.alerts + next.alerts,
        };
        (both.alerts <= STRETCH_LEN_MAX && both.newest - both.oldest <= QUARTER).then_some(both)
    }

    fn newest(connection: &Connection) -> rusqlite::Result<Option<Stretch>> {
        let read = "SELECT block, last, oldest, newest, alerts FROM stretch
            ORDER BY block DESC LIMIT 1";
        let mut read = connection.prepare_cached(read)?;
        let row = read.query_row([], |row| {
            Ok(Stretch {
                block: row.get(0)?,
                last: row.get(1)?,
                oldest: row.get(2)?,
                newest: row.get(3)?,
                alerts: row.get(4)?,
            })
        });
        row.optional()
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let write = "INSERT OR REPLACE INTO stretch VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![self.block, self.last, self.oldest, self.newest, self.alerts];
        connection.prepare_cached(write)?.execute(values).map(drop)
    }
}

/// Adds a block to the newest stretch, or begins one. `known` is the newest stretch, once known.
pub fn add(
    connection: &Connection,
    known: &mut Option<Stretch>,
    block: u64,
    entries: &[Placed<'_>],
) -> Result<(), Error> {
    let Some(next) = Stretch::of(block, entries) else { return Ok(()) };
    if known.is_none() {
        *known = Stretch::newest(connection)?;
    }
    let stretch = known.and_then(|known| known.with(next)).unwrap_or(next);
    stretch.write(connection)?;
    *known = Some(stretch);
    Ok(())
}
