//! What came from nodes: the highest number of each stream, so that each entry counts once, and the
//! numbers that never came.

use std::collections::HashMap;

use control::evidence::{Hole, Origin};
use control::shipment;
use event::Time;
use rusqlite::{Connection, OptionalExtension, params};

use crate::names::Names;

/// Streams that are remembered; the tables know all.
const STREAMS_LEN_MAX: usize = 1024;

/// How far each stream came. A copy of the table.
#[derive(Debug, Default)]
pub struct Shipments {
    streams: HashMap<(String, String), Reached>,
}

/// How far a stream came.
#[derive(Clone, Copy, Debug)]
struct Reached {
    node: i64,
    number: u64,
    missing: u64,
    /// When the last that says so happened.
    time: Option<Time>,
    /// Whether the table knows.
    written: bool,
}

impl Shipments {
    /// Notes an entry, with when it happened, if it says so, and when it was kept. Tells whether it
    /// is new, and which entries before it never came.
    pub fn take(
        &mut self,
        connection: &Connection,
        names: &mut Names,
        from: &Origin,
        (happened, kept): (Option<Time>, Time),
    ) -> rusqlite::Result<(bool, Option<Hole>)> {
        let key = (from.node.clone(), from.stream.clone());
        if !self.streams.contains_key(&key) {
            if self.streams.len() >= STREAMS_LEN_MAX {
                self.write(connection)?;
                self.streams.clear();
            }
            let node = names.number(connection, &from.node)?;
            self.streams.insert(key.clone(), read(connection, node, &from.stream)?);
        }
        let Some(reached) = self.streams.get(&key).copied() else { return Ok((true, None)) };
        if from.number <= reached.number {
            return Ok((false, None));
        }
        let (first, last) = (reached.number + 1, from.number - 1);
        let missing = reached.missing + (from.number - first);
        let hole = match first <= last {
            false => None,
            true => Some(Hole {
                source: shipment::SOURCE.to_owned(),
                instance: from.node.clone(),
                stream: from.stream.clone(),
                first,
                last,
                since: match reached.time {
                    None => self.before(connection, reached.node, from)?,
                    since => since,
                },
                until: happened.unwrap_or(kept),
            }),
        };
        let (number, time) = (from.number, happened.or(reached.time));
        self.streams.insert(key, Reached { number, missing, time, written: false, ..reached });
        Ok((true, hole))
    }

    /// Returns the newest that came of the node's runs before the one that a stream is of. What of
    /// a stream's first entries never came was made after it.
    fn before(
        &mut self,
        connection: &Connection,
        node: i64,
        from: &Origin,
    ) -> rusqlite::Result<Option<Time>> {
        self.write(connection)?;
        let read = "SELECT max(time) FROM shipment WHERE node = ?1 AND stream < ?2";
        let mut read = connection.prepare_cached(read)?;
        let run = shipment::run_of(&from.stream);
        let time: Option<i64> = read.query_row(params![node, run], |row| row.get(0))?;
        Ok(time.map(Time))
    }

    /// Writes what the tables do not know yet.
    pub fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let write = "INSERT OR REPLACE INTO shipment VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut write = connection.prepare_cached(write)?;
        for ((_, stream), reached) in &mut self.streams {
            let Reached { node, number, missing, time, .. } = *reached;
            if !std::mem::replace(&mut reached.written, true) {
                let time = time.map(|time| time.0);
                write.execute(params![node, stream, number, missing, time])?;
            }
        }
        Ok(())
    }
}

fn read(connection: &Connection, node: i64, stream: &str) -> rusqlite::Result<Reached> {
    let read = "SELECT number, missing, time FROM shipment WHERE node = ?1 AND stream = ?2";
    let row = connection
        .prepare_cached(read)?
        .query_row(params![node, stream], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?.map(Time)))
        })
        .optional()?;
    let (number, missing, time) = row.unwrap_or((0, 0, None));
    Ok(Reached { node, number, missing, time, written: true })
}
