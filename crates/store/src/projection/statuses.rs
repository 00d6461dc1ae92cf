//! Entries that are neither events nor decisions: a row each.

use control::evidence::{Canary, Entry, Hole, Rejected, SensorStatus, SourceStatus};
use event::Time;
use rusqlite::{OptionalExtension, params};
use trail::Position;

use super::{Projection, json, quarter};
use crate::Error;

impl Projection {
    /// Applies an entry that is no event and no decision.
    pub(super) fn other(&mut self, position: Position, entry: &Entry<()>) -> Result<(), Error> {
        let Position { block, entry: at } = position;
        let connection = &self.connection;
        match entry {
            Entry::Event(_) | Entry::Decision(_) | Entry::Activity(_) => (),
            Entry::Rejected(rejected) => self.rejected(rejected)?,
            Entry::Status(status) => self.status(position, status)?,
            Entry::Canary(canary) => self.canary(position, canary)?,
            Entry::Hole(hole) => self.hole(position, hole)?,
            Entry::Rules(loaded) => {
                let insert = "INSERT INTO rules_loaded VALUES (?1, ?2, ?3, ?4)";
                let mut insert = connection.prepare_cached(insert)?;
                insert.execute(params![block, at, loaded.time.0, json(loaded)])?;
            }
            Entry::Administration(act) => {
                let insert = "INSERT INTO administration VALUES (?1, ?2, ?3, ?4, ?5)";
                let mut insert = connection.prepare_cached(insert)?;
                insert.execute(params![block, at, act.time.0, act.act, json(act)])?;
            }
            Entry::Start(start) => {
                let mut insert =
                    connection.prepare_cached("INSERT INTO start VALUES (?1, ?2, ?3)")?;
                insert.execute(params![block, at, json(start)])?;
            }
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected) -> Result<(), Error> {
        let source = self.memory.names.number(&self.connection, &rejected.source)?;
        let add = "INSERT INTO rejected VALUES (?1, ?2, 1, ?3) ON CONFLICT DO UPDATE SET
            records = records + 1, bytes = bytes + excluded.bytes";
        let mut add = self.connection.prepare_cached(add)?;
        add.execute(params![quarter(rejected.received), source, rejected.bytes])?;
        Ok(())
    }

    fn canary(&mut self, position: Position, canary: &Canary) -> Result<(), Error> {
        let Position { block, entry } = position;
        let before =
            "SELECT missed FROM canary WHERE source = ?1 AND instance = ?2 AND family = ?3";
        let key = params![canary.source, canary.instance, canary.family];
        let before: Option<bool> =
            self.connection.prepare_cached(before)?.query_row(key, |row| row.get(0)).optional()?;
        let before = before.unwrap_or(false);
        let missed = canary.outcome.missed().unwrap_or(before);
        let line = json(canary);
        let write = "INSERT INTO canary VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE
            SET missed = excluded.missed, block = excluded.block, entry = excluded.entry,
            line = excluded.line";
        self.connection.prepare_cached(write)?.execute(params![
            canary.source,
            canary.instance,
            canary.family,
            missed,
            block,
            entry,
            line
        ])?;
        if missed != before {
            let insert = "INSERT INTO canary_change VALUES (?1, ?2, ?3, ?4)";
            let mut insert = self.connection.prepare_cached(insert)?;
            insert.execute(params![block, entry, canary.time.0, line])?;
        }
        Ok(())
    }

    fn hole(&mut self, position: Position, hole: &Hole) -> Result<(), Error> {
        let names = &mut self.memory.names;
        let source = names.number(&self.connection, &hole.source)?;
        let node = names.number(&self.connection, &hole.instance)?;
        let insert = "INSERT INTO hole VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.connection.prepare_cached(insert)?.execute(params![
            node,
            hole.stream,
            hole.first,
            hole.last,
            source,
            hole.since.map(|time| time.0),
            hole.until.0,
            position.block,
            position.entry,
        ])?;
        Ok(())
    }

    /// Keeps that a run of a node's watch began: what the one before had not told is missing.
    fn interruption(
        &mut self,
        position: Position,
        node: i64,
        sensor: &SensorStatus,
    ) -> Result<(), Error> {
        let Some(until) = sensor.watching_since else { return Ok(()) };
        let number = |time: Option<Time>| time.map(|time| time.0);
        // The statuses of a run's first minute say the same.
        let insert = "INSERT OR IGNORE INTO interruption VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.connection.prepare_cached(insert)?.execute(params![
            node,
            until.0,
            number(sensor.silent_since),
            number(sensor.activity_missing_since.or(sensor.silent_since)),
            number(sensor.connections_missing_since.or(sensor.silent_since)),
            position.block,
            position.entry,
        ])?;
        Ok(())
    }

    fn status(&mut self, position: Position, status: &SourceStatus) -> Result<(), Error> {
        let names = &mut self.memory.names;
        let source = names.number(&self.connection, &status.source)?;
        let instance = names.number(&self.connection, &status.instance)?;
        let rules = names.number(&self.connection, &status.rules)?;
        let insert = "INSERT INTO source_status VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        self.connection.prepare_cached(insert)?.execute(params![
            source,
            instance,
            status.minute.0,
            position.block,
            position.entry,
            status.records,
            status.rejected,
            status.duplicates,
            status.lost,
            status.bytes,
            status.alerts,
            status.newest.map(|time| time.0),
            status.connected,
            rules,
            status.reason,
            status.sensor.as_ref().map(json),
        ])?;
        if let Some(sensor) = &status.sensor {
            self.interruption(position, instance, sensor)?;
        }
        let add = "INSERT INTO instance VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT DO UPDATE SET first = min(first, excluded.first),
            last = max(last, excluded.last), minutes = minutes + excluded.minutes,
            records = records + excluded.records, rejected = rejected + excluded.rejected,
            duplicates = duplicates + excluded.duplicates, lost = lost + excluded.lost,
            bytes = bytes + excluded.bytes, alerts = alerts + excluded.alerts";
        self.connection.prepare_cached(add)?.execute(params![
            source,
            instance,
            status.minute.0,
            i64::from(status.connected),
            status.records,
            status.rejected,
            status.duplicates,
            status.lost,
            status.bytes,
            status.alerts,
        ])?;
        Ok(())
    }
}
