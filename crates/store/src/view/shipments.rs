//! What came from nodes, and which of their numbered entries never came.

use super::View;
use crate::Error;

/// Holes that are told of for each node.
pub const HOLES_LEN_MAX: usize = 20;

/// What came from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipments {
    /// The node.
    pub node: String,
    /// Entries that never came, over all its streams.
    pub missing: u64,
    /// The newest of these, newest first.
    pub holes: Vec<Hole>,
}

/// Entries of a stream that never came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Which stream.
    pub stream: String,
    /// Number of the first.
    pub first: u64,
    /// Number of the last.
    pub last: u64,
    /// Block of the trail with the entry after them.
    pub block: u64,
}

impl View {
    /// Lists the nodes that anything came from.
    pub fn shipments(&self) -> Result<Vec<Shipments>, Error> {
        self.ask(|connection| {
            let read = "SELECT name.text, CAST(total(missing) AS INTEGER), shipment.node
                FROM shipment
                JOIN name ON name.id = shipment.node GROUP BY shipment.node ORDER BY name.text";
            let holes = "SELECT stream, first, last, block FROM hole WHERE node = ?1
                ORDER BY block DESC, first DESC LIMIT ?2";
            let (mut read, mut holes) =
                (connection.prepare_cached(read)?, connection.prepare_cached(holes)?);
            let mut rows = read.query([])?;
            let mut nodes = Vec::new();
            while let Some(row) = rows.next()? {
                let number: i64 = row.get(2)?;
                let found = holes.query_map((number, HOLES_LEN_MAX), |row| {
                    Ok(Hole {
                        stream: row.get(0)?,
                        first: row.get(1)?,
                        last: row.get(2)?,
                        block: row.get(3)?,
                    })
                })?;
                nodes.push(Shipments {
                    node: row.get(0)?,
                    missing: row.get(1)?,
                    holes: found.collect::<Result<_, _>>()?,
                });
            }
            Ok(nodes)
        })
    }
}
