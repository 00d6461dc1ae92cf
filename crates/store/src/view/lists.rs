//! Rule sets, administration, starts: short lists, newest first.

use control::evidence::{Administration, RulesLoaded, Start};
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;
use trail::Position;

use super::{PAGE_LEN_MAX, Page, Placed, Size, View};
use crate::{Error, row};

impl View {
    /// Lists the rule sets that came into force, newest first.
    pub fn rules(&self, limit: usize) -> Result<Vec<Placed<RulesLoaded>>, Error> {
        self.ask(|connection| newest(connection, "rules_loaded", "loaded", None, limit))
    }

    /// Lists administration, newest first, before the given place.
    pub fn administration(
        &self,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Page<Placed<Administration>>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        self.ask(|connection| {
            let mut items = newest(connection, "administration", "line", before, limit + 1)?;
            let more = items.len() > limit;
            items.truncate(limit);
            let last = items.last().filter(|_| more);
            let next = last.map(|last: &Placed<_>| last.position.to_string());
            Ok(Page { items, next })
        })
    }

    /// Lists starts of the service, newest first.
    pub fn starts(&self, limit: usize) -> Result<Vec<Placed<Start>>, Error> {
        self.ask(|connection| newest(connection, "start", "line", None, limit))
    }

    /// Tells how large everything is.
    pub fn size(&self) -> Result<Size, Error> {
        let projection_bytes = self.ask(|connection| {
            let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            Ok(connection.query_row(pages, [], |row| row.get(0))?)
        })?;
        let trail = self.trail();
        Ok(Size {
            blocks: trail.blocks(),
            trail_bytes: trail.bytes(),
            projection_bytes,
            checkpoint: trail.checkpoint(),
            verifier_key: trail.verifier().to_string(),
        })
    }
}

fn newest<T: DeserializeOwned>(
    connection: &Connection,
    table: &str,
    column: &str,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<Placed<T>>, Error> {
    let read = format!(
        "SELECT block, entry, {column} FROM {table} WHERE (block, entry) < (?1, ?2)
        ORDER BY block DESC, entry DESC LIMIT ?3"
    );
    let before = before.unwrap_or(Position { block: i64::MAX as u64, entry: 0 });
    let mut read = connection.prepare_cached(&read)?;
    let limit = limit.min(PAGE_LEN_MAX + 1) as i64;
    let rows = read.query_map(params![before.block, before.entry, limit], placed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn placed<T: DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<Placed<T>> {
    let position = Position { block: row.get(0)?, entry: row.get(1)? };
    Ok(Placed { position, entry: row::parse(row, 2)? })
}
