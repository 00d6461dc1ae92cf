//! Cases of a period, with what they were within it.

use control::facts::{CASES_MAX, Case, Decided};
use event::{Period, Time};
use finding::{Decision, FindingId};
use rusqlite::{Connection, params};
use trail::Position;

use super::super::View;
use super::super::part::{Part, Severities, Sum};
use super::{keep, position};
use crate::projection::handling::{DAY, day};
use crate::{Error, code, row};

/// A case as the tables have it: up to now, not up to the period's end.
pub struct Stored {
    number: i64,
    case: Case,
    last: Position,
    last_received: Time,
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

/// Returns the cases with their alerts within the period. Most lie in it as a whole; for others the
/// days of it are summed, and days that it cuts are counted by the trail's index.
pub fn within(view: &View, cases: Vec<Stored>, period: Period) -> Result<Vec<Case>, Error> {
    let mut summing = Summing { view, parts: Vec::new(), severities: Severities::read(view)? };
    let mut within = Vec::with_capacity(cases.len());
    for stored in cases {
        let whole = stored.case.opened >= period.from && stored.last_received < period.until;
        let mut case = stored.case.clone();
        if !whole {
            case.alerts = summing.sum(&stored, period)?.alerts;
        }
        if stored.last_received >= period.until {
            let before_end = Period { from: Time(0), until: period.until };
            case.severity = summing.sum(&stored, before_end)?.severity.unwrap_or(case.severity);
        }
        within.push(case);
    }
    Ok(within)
}

/// Sums up cases; a part of a day is looked up once for all of them.
struct Summing<'a> {
    view: &'a View,
    parts: Vec<Part>,
    severities: Severities,
}

impl Summing<'_> {
    fn sum(&mut self, stored: &Stored, period: Period) -> Result<Sum, Error> {
        let mut sum = Sum::default();
        let whole_from = day(period.from.plus(DAY - 1));
        // A day in which the case got no more alerts belongs to the period as a whole.
        let ended = stored.last_received >= period.until;
        let until = if ended { day(period.until) } else { i64::MAX };
        let whole_until = until.max(whole_from);
        let mut edges = vec![day(period.from), day(period.until)];
        edges.retain(|edge| !(whole_from..whole_until).contains(edge));
        edges.dedup();
        self.view.ask(|connection| {
            let read = "SELECT alerts, severity FROM handling_day
                WHERE handling = ?1 AND day >= ?2 AND day < ?3";
            let mut read = connection.prepare_cached(read)?;
            let mut rows = read.query(params![stored.number, whole_from, whole_until])?;
            while let Some(row) = rows.next()? {
                sum.add(row.get(0)?, code::to_severity(row.get(1)?));
            }
            let active = "SELECT 1 FROM handling_day WHERE handling = ?1 AND day = ?2";
            let mut active = connection.prepare_cached(active)?;
            for edge in std::mem::take(&mut edges) {
                if active.exists(params![stored.number, edge])? {
                    edges.push(edge);
                }
            }
            Ok::<_, Error>(())
        })?;
        for edge in edges {
            let edge = Period { from: Time(edge), until: Time(edge).plus(DAY) };
            if let Some(span) = edge.overlap(&period) {
                self.add_part(stored, span, &mut sum)?;
            }
        }
        Ok(sum)
    }

    /// Adds the case's alerts of a part of a day.
    fn add_part(&mut self, stored: &Stored, span: Period, sum: &mut Sum) -> Result<(), Error> {
        let at = match self.parts.iter().position(|part| part.span() == span) {
            Some(at) => at,
            None => {
                self.parts.push(Part::of(self.view, span)?);
                self.parts.len() - 1
            }
        };
        let opened: Position = stored.case.position.parse().unwrap_or_default();
        let severity = self.severities.only(&stored.case.rule);
        let places = (opened, stored.last);
        let more = self.parts[at].of_finding(self.view, &stored.case.finding, places, severity)?;
        sum.add(more.alerts, more.severity.unwrap_or(stored.case.severity));
        Ok(())
    }
}
