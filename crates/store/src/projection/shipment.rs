//! What came from nodes: the highest number of each stream, so that each entry counts once, and the
//! numbers that never came.

use std::collections::HashMap;

use control::evidence::Origin;
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
    /// Whether the table knows.
    written: bool,
}

impl Shipments {
    /// Notes an entry that is about to stand in `block`, and tells whether it is new.
    pub fn take(
        &mut self,
        connection: &Connection,
        names: &mut Names,
        from: &Origin,
        block: u64,
    ) -> rusqlite::Result<bool> {
        let key = (from.node.clone(), from.stream.clone());
        if !self.streams.contains_key(&key) {
            if self.streams.len() >= STREAMS_LEN_MAX {
                self.write(connection)?;
                self.streams.clear();
            }
            let node = names.number(connection, &from.node)?;
            self.streams.insert(key.clone(), read(connection, node, &from.stream)?);
        }
        let Some(reached) = self.streams.get_mut(&key) else { return Ok(true) };
        if from.number <= reached.number {
            return Ok(false);
        }
        let (first, last) = (reached.number + 1, from.number - 1);
        if first <= last {
            let insert = "INSERT INTO hole VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = connection.prepare_cached(insert)?;
            insert.execute(params![reached.node, from.stream, first, last, block])?;
            reached.missing += last - first + 1;
        }
        reached.number = from.number;
        reached.written = false;
        Ok(true)
    }

    /// Writes what the tables do not know yet.
    pub fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let write = "INSERT OR REPLACE INTO shipment VALUES (?1, ?2, ?3, ?4)";
        let mut write = connection.prepare_cached(write)?;
        for ((_, stream), reached) in &mut self.streams {
            if !std::mem::replace(&mut reached.written, true) {
                let Reached { node, number, missing, .. } = *reached;
                write.execute(params![node, stream, number, missing])?;
            }
        }
        Ok(())
    }
}

fn read(connection: &Connection, node: i64, stream: &str) -> rusqlite::Result<Reached> {
    let read = "SELECT number, missing FROM shipment WHERE node = ?1 AND stream = ?2";
    let row = connection
        .prepare_cached(read)?
        .query_row(params![node, stream], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, missing) = row.unwrap_or((0, 0));
    Ok(Reached { node, number, missing, written: true })
}
