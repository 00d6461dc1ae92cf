//! Sources: state, totals and gaps.

use control::evidence::{Canary, SourceStatus};
use event::{Period, Time};
use rusqlite::{Connection, params};
use trail::Position;

use super::{GAPS_LEN_MAX, Gap, Placed, SourceItem, View};
use crate::{Error, row};

/// Minutes back from now in which gaps are looked for.
const GAP_MINUTES: i64 = 7 * 24 * 60;
/// Status entries that one question returns.
pub const MINUTES_LEN_MAX: usize = 100_000;
/// What a gap's reason is where no status says one.
pub const NO_STATUS: &str = "no status";

impl View {
    /// Lists source instances with their state, and with their gaps of the last week until `now`.
    pub fn sources(&self, now: Time) -> Result<Vec<SourceItem>, Error> {
        self.ask(|connection| {
            let read = "SELECT source, instance, first, minutes, records, rejected, duplicates,
                lost, bytes, alerts FROM instance ORDER BY source, instance";
            let mut read = connection.prepare_cached(read)?;
            let mut rows = read.query([])?;
            let mut items = Vec::new();
            while let Some(row) = rows.next()? {
                let (source, instance): (i64, i64) = (row.get(0)?, row.get(1)?);
                let since = Time(row.get(2)?);
                let last = last(connection, source, instance)?;
                items.push(SourceItem {
                    source: last.entry.source.clone(),
                    instance: last.entry.instance.clone(),
                    gaps: gaps(connection, (source, instance), since, now)?,
                    last,
                    since,
                    minutes: row.get(3)?,
                    records: row.get(4)?,
                    rejected: row.get(5)?,
                    duplicates: row.get(6)?,
                    lost: row.get(7)?,
                    bytes: row.get(8)?,
                    alerts: row.get(9)?,
                });
            }
            items.sort_by(|a, b| (&a.source, &a.instance).cmp(&(&b.source, &b.instance)));
            Ok(items)
        })
    }

    /// Lists the newest canary of each family of rules, by source, instance and family.
    pub fn canaries(&self) -> Result<Vec<Placed<Canary>>, Error> {
        self.ask(|connection| {
            let read = "SELECT block, entry, line FROM canary ORDER BY source, instance, family";
            let mut read = connection.prepare_cached(read)?;
            let rows = read.query_map([], |row| {
                let position = Position { block: row.get(0)?, entry: row.get(1)? };
                Ok(Placed { position, entry: row::parse(row, 2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Lists the status entries of a period by source, instance and minute, at most
    /// [`MINUTES_LEN_MAX`].
    pub fn minutes(&self, period: Period) -> Result<Vec<Placed<SourceStatus>>, Error> {
        self.ask(|connection| {
            let read = format!(
                "{} WHERE (source_status.source, source_status.instance) IN
                (SELECT source, instance FROM instance) AND minute >= ?1 AND minute < ?2
                ORDER BY source.text, instance.text, minute, block, entry
                LIMIT {MINUTES_LEN_MAX}",
                row::STATUS
            );
            let mut read = connection.prepare_cached(&read)?;
            let rows = read.query_map([period.from.0, period.until.0], row::placed_status)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn last(
    connection: &Connection,
    source: i64,
    instance: i64,
) -> Result<Placed<SourceStatus>, Error> {
    let read = format!(
        "{} WHERE source_status.source = ?1 AND source_status.instance = ?2
        ORDER BY minute DESC, block DESC, entry DESC LIMIT 1",
        row::STATUS
    );
    Ok(connection.prepare_cached(&read)?.query_row([source, instance], row::placed_status)?)
}

/// Returns the newest gaps, newest first. A status is due a minute after its own.
fn gaps(
    connection: &Connection,
    (source, instance): (i64, i64),
    since: Time,
    now: Time,
) -> Result<Vec<Gap>, Error> {
    let until = now.minute().plus(-Time::MINUTE);
    let from = since.max(until.plus(-GAP_MINUTES * Time::MINUTE));
    let read = "SELECT minute, min(connected), max(reason) FROM source_status
        WHERE source = ?1 AND instance = ?2 AND minute >= ?3 AND minute < ?4
        GROUP BY minute ORDER BY minute";
    let mut read = connection.prepare_cached(read)?;
    let mut rows = read.query(params![source, instance, from.0, until.0])?;
    let mut gaps: Vec<Gap> = Vec::new();
    let mut due = from;
    while let Some(row) = rows.next()? {
        let minute = Time(row.get(0)?);
        if due < minute {
            add(&mut gaps, due, minute, NO_STATUS.to_owned());
        }
        due = minute.plus(Time::MINUTE);
        if !row.get::<_, bool>(1)? {
            let reason: Option<String> = row.get(2)?;
            add(&mut gaps, minute, due, reason.unwrap_or_else(|| "not connected".to_owned()));
        }
    }
    if due < until {
        add(&mut gaps, due, until, NO_STATUS.to_owned());
    }
    gaps.reverse();
    gaps.truncate(GAPS_LEN_MAX);
    Ok(gaps)
}

fn add(gaps: &mut Vec<Gap>, from: Time, until: Time, reason: String) {
    match gaps.last_mut() {
        Some(last) if last.until == from && last.reason == reason => last.until = until,
        _ => gaps.push(Gap { from, until, reason }),
    }
}
