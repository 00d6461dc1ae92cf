//! When a node was not watched between two runs, and what of its activity may be missing.

use event::Time;
use rusqlite::params;
use trail::Position;

use super::{Interruption, View};
use crate::{Error, names};

/// Interruptions that one question returns.
pub const INTERRUPTIONS_LEN_MAX: usize = 100;

impl View {
    /// Lists the interruptions from which activity between `from` and `until` may be missing, of
    /// one node or all, newest first, at most [`INTERRUPTIONS_LEN_MAX`].
    pub fn interruptions(
        &self,
        node: Option<&str>,
        from: Option<Time>,
        until: Option<Time>,
    ) -> Result<Vec<Interruption>, Error> {
        self.ask(|connection| {
            let node = match node.map(|node| names::find(connection, node)).transpose()? {
                Some(None) => return Ok(Vec::new()),
                found => found.flatten(),
            };
            let read = format!(
                "SELECT name.text, since, activity, connections, until, block, entry
                FROM interruption JOIN name ON name.id = interruption.node
                WHERE until >= ?1 AND (?3 IS NULL OR node = ?3)
                AND min(ifnull(activity, ?4), ifnull(connections, ?4)) < ?2
                ORDER BY until DESC, name.text LIMIT {INTERRUPTIONS_LEN_MAX}"
            );
            let mut read = connection.prepare_cached(&read)?;
            let (from, until) = (from.unwrap_or(Time(i64::MIN)), until.unwrap_or(Time(i64::MAX)));
            let rows = read.query_map(params![from.0, until.0, node, i64::MIN], |row| {
                let time = |time: Option<i64>| time.map(Time);
                Ok(Interruption {
                    node: row.get(0)?,
                    since: time(row.get(1)?),
                    activity: time(row.get(2)?),
                    connections: time(row.get(3)?),
                    until: Time(row.get(4)?),
                    position: Position { block: row.get(5)?, entry: row.get(6)? },
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
