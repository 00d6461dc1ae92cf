//! Counts of a period.

use std::collections::BTreeMap;

use event::{Period, Time};
use finding::Status;
use rusqlite::Connection;

use super::{FindingCount, HourCount, RuleCount, Summary, View};
use crate::{Error, code};

/// Rules that a summary names.
const RULES_LEN_MAX: i64 = 20;
const HOUR: i64 = 60 * Time::MINUTE;

impl View {
    /// Counts a period, by receipt, in whole quarters of an hour.
    pub fn summary(&self, period: Period) -> Result<Summary, Error> {
        let span = [period.from.0, period.until.0];
        self.ask(|connection| {
            Ok(Summary {
                hours: hours(connection, span)?,
                findings: findings(connection)?,
                rules: rules(connection, span)?,
                records: records(connection, span)?,
            })
        })
    }
}

fn hours(connection: &Connection, span: [i64; 2]) -> Result<Vec<HourCount>, Error> {
    let read = format!(
        "SELECT quarter - quarter % {HOUR} AS hour, severity, sum(alerts) FROM tally
        WHERE quarter >= ?1 AND quarter < ?2 GROUP BY hour, severity ORDER BY hour, severity"
    );
    let mut read = connection.prepare_cached(&read)?;
    let rows = read.query_map(span, |row| {
        let severity = code::to_severity(row.get(1)?);
        Ok(HourCount { hour: Time(row.get(0)?), severity, alerts: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn findings(connection: &Connection) -> Result<Vec<FindingCount>, Error> {
    let mut counts: BTreeMap<(i64, i64), u64> = BTreeMap::new();
    let read = "SELECT status, severity, findings FROM finding_count WHERE findings > 0";
    let mut read = connection.prepare_cached(read)?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        counts.insert((row.get(0)?, row.get(1)?), row.get(2)?);
    }
    // Acceptances that have ended count as open.
    let (open, accepted) = (code::status(Status::Open), code::status(Status::Accepted));
    let read = "SELECT severity, count(*) FROM finding WHERE status = ?1
        AND accepted_until <= (SELECT newest FROM cursor) GROUP BY severity";
    let mut read = connection.prepare_cached(read)?;
    let mut rows = read.query([accepted])?;
    while let Some(row) = rows.next()? {
        let (severity, ended): (i64, u64) = (row.get(0)?, row.get(1)?);
        *counts.entry((open, severity)).or_default() += ended;
        let before = counts.entry((accepted, severity)).or_default();
        *before = before.saturating_sub(ended);
    }
    let counts = counts.into_iter().filter(|(_, findings)| *findings > 0);
    Ok(counts
        .map(|((status, severity), findings)| FindingCount {
            status: code::to_status(status),
            severity: code::to_severity(severity),
            findings,
        })
        .collect())
}

fn rules(connection: &Connection, span: [i64; 2]) -> Result<Vec<RuleCount>, Error> {
    let read = format!(
        "SELECT name.text, sum(alerts) AS total FROM tally JOIN name ON name.id = tally.rule
        WHERE quarter >= ?1 AND quarter < ?2 GROUP BY tally.rule
        ORDER BY total DESC, name.text LIMIT {RULES_LEN_MAX}"
    );
    let mut read = connection.prepare_cached(&read)?;
    let rows =
        read.query_map(span, |row| Ok(RuleCount { rule: row.get(0)?, alerts: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn records(connection: &Connection, span: [i64; 2]) -> Result<Vec<(String, u64)>, Error> {
    let read = "SELECT name.text, sum(s.records) FROM instance
        JOIN source_status AS s ON s.source = instance.source AND s.instance = instance.instance
        AND s.minute >= ?1 AND s.minute < ?2
        JOIN name ON name.id = instance.source GROUP BY name.text ORDER BY name.text";
    let mut read = connection.prepare_cached(read)?;
    let rows = read.query_map(span, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
