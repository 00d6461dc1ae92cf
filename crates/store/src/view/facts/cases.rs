//! Cases of a period, with what they were within it.

use control::facts::{CASES_MAX, Case, Decided};
use event::{Period, Severity, Time};
use finding::{Decision, FindingId};
use rusqlite::{Connection, OptionalExtension, params};
use trail::Position;

use super::super::View;
use super::super::alerts::event;
use super::{keep, position};
use crate::projection::handling::{DAY, day};
use crate::projection::quarter;
use crate::{Error, code, row};

/// A case as the tables have it: up to now, not up to the period's end.
pub struct Stored {
    number: i64,
    case: Case,
    last: Position,
    last_received: Time,
}

/// Alerts, and the most severe of them.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    alerts: u64,
    severity: Option<Severity>,
}

impl Sum {
    fn add(&mut self, alerts: u64, severity: Severity) {
        self.alerts += alerts;
        self.severity = Some(self.severity.map_or(severity, |one| one.min(severity)));
    }
}

/// Lists the cases that bear on the period.
pub fn list(
    connection: &Connection,
    period: Period,
    left_out: &mut u64,
) -> Result<Vec<Stored>, Error> {
    let read = "SELECT block, entry, finding.finding, rule.text, source.text, handling.severity,
        subject, handling.opened, happened, alerts, last_received, handling.id, last_block,
        last_entry FROM handling JOIN finding ON finding.id = handling.finding
        JOIN name AS rule ON rule.id = finding.rule
        JOIN name AS source ON source.id = finding.source
        WHERE handling.opened < ?2
        AND (handling.opened >= ?1 OR concluded IS NULL OR concluded >= ?1)
        ORDER BY handling.id";
    let mut read = connection.prepare_cached(read)?;
    let decided = "SELECT block, entry, decision FROM decision WHERE handling = ?1
        ORDER BY block, entry";
    let mut decided = connection.prepare_cached(decided)?;
    let rows = read.query_map([period.from.0, period.until.0], |row| {
        let number = row.get(11)?;
        let decisions = decided.query_map([number], |row| {
            Ok(Decided { decision: row::parse::<Decision>(row, 2)?, position: position(row)? })
        })?;
        let case = Case {
            finding: FindingId(row.get(2)?),
            rule: row.get(3)?,
            source: row.get(4)?,
            severity: code::to_severity(row.get(5)?),
            subject: row::parse(row, 6)?,
            opened: Time(row.get(7)?),
            happened: Time(row.get(8)?),
            position: position(row)?,
            alerts: row.get(9)?,
            decisions: decisions.collect::<Result<_, _>>()?,
        };
        let last = Position { block: row.get(12)?, entry: row.get(13)? };
        Ok(Stored { number, case, last, last_received: Time(row.get(10)?) })
    })?;
    keep(
        rows.filter(|row| !matches!(row, Ok(one) if !one.case.bears_on(period))),
        CASES_MAX,
        left_out,
    )
}

impl View {
    /// Returns the cases with their alerts within the period. Most lie in it as a whole; for others
    /// the days of it are summed, and only days that it cuts are read from the trail.
    pub(super) fn within(&self, cases: Vec<Stored>, period: Period) -> Result<Vec<Case>, Error> {
        let mut within = Vec::with_capacity(cases.len());
        for stored in cases {
            let whole = stored.case.opened >= period.from && stored.last_received < period.until;
            let mut case = stored.case.clone();
            if !whole {
                case.alerts = self.sum(&stored, period)?.alerts;
            }
            if stored.last_received >= period.until {
                let before_end = Period { from: stored.case.opened, until: period.until };
                case.severity = self.sum(&stored, before_end)?.severity.unwrap_or(case.severity);
            }
            within.push(case);
        }
        Ok(within)
    }

    fn sum(&self, stored: &Stored, period: Period) -> Result<Sum, Error> {
        let mut sum = Sum::default();
        let whole_from = day(period.from.plus(DAY - 1));
        // A day in which the case got no more alerts belongs to the period as a whole.
        let ended = stored.last_received >= period.until;
        let until = if ended { day(period.until) } else { i64::MAX };
        let whole_until = until.max(whole_from);
        self.ask(|connection| {
            let read = "SELECT alerts, severity FROM handling_day
                WHERE handling = ?1 AND day >= ?2 AND day < ?3";
            let mut read = connection.prepare_cached(read)?;
            let mut rows = read.query(params![stored.number, whole_from, whole_until])?;
            while let Some(row) = rows.next()? {
                sum.add(row.get(0)?, code::to_severity(row.get(1)?));
            }
            Ok(())
        })?;
        let mut edges = vec![day(period.from), day(period.until)];
        edges.retain(|edge| !(whole_from..whole_until).contains(edge));
        edges.dedup();
        for edge in edges {
            let edge = Period { from: Time(edge), until: Time(edge).plus(DAY) };
            if let Some(span) = edge.overlap(&period) {
                self.sum_edge(stored, span, &mut sum)?;
            }
        }
        Ok(sum)
    }

    /// Adds the case's alerts of a part of a day, from the trail.
    fn sum_edge(&self, stored: &Stored, span: Period, sum: &mut Sum) -> Result<(), Error> {
        let Some((first, last)) = self.blocks_of(span)? else { return Ok(()) };
        let opened: Position = stored.case.position.parse().unwrap_or_default();
        let oldest = opened.max(Position { block: first, entry: 0 });
        let key = [stored.case.finding.key()];
        let mut before = Some(Position { block: last.saturating_add(1), entry: 0 });
        loop {
            let found = self.trail().find(&key, before, 256)?;
            let Some(end) = found.last().copied() else { return Ok(()) };
            for position in found {
                if position < oldest {
                    return Ok(());
                }
                if position > stored.last {
                    continue;
                }
                let block = self.trail().block(position.block)?;
                let bytes = block.entry(position.entry).unwrap_or_default();
                let Some(event) = event(bytes, position)? else { continue };
                if !span.contains(event.received) {
                    continue;
                }
                for alert in &event.alerts {
                    if FindingId::of(alert) == stored.case.finding {
                        sum.add(1, alert.priority);
                    }
                }
            }
            before = Some(end);
        }
    }

    /// Returns the first and the last block with alerts received in a span.
    fn blocks_of(&self, span: Period) -> Result<Option<(u64, u64)>, Error> {
        self.ask(|connection| {
            let read = "SELECT min(block), max(last) FROM quarter WHERE start >= ?1 AND start < ?2
                HAVING count(*) > 0";
            let mut read = connection.prepare_cached(read)?;
            let span = [quarter(span.from), span.until.0];
            Ok(read.query_row(span, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })
    }
}
