//! Rows of the tables as what they stand for.

use control::evidence::{SensorStatus, SourceStatus};
use event::{Subject, Time};
use finding::{Finding, FindingId};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Error, Row};
use trail::Position;

use crate::{Placed, code};

/// Reads findings; a condition follows.
pub const FINDING: &str = "SELECT finding.finding, rule.text, source.text, severity, status,
    verdict, accepted_until, first_seen, last_seen, opened, count, subject, soc2, output, finding.id
    FROM finding JOIN name AS rule ON rule.id = finding.rule
    JOIN name AS source ON source.id = finding.source";

/// The status of a finding as it stands at the newest entry, which is at most a minute ago while
/// sources report: an acceptance that has ended is open again (0), though no alert has told yet.
pub const STANDING: &str = "iif(finding.status = 2 AND finding.accepted_until <=
    (SELECT newest FROM cursor), 0, finding.status)";

/// Returns the finding of a row of [`FINDING`].
pub fn finding(row: &Row<'_>) -> rusqlite::Result<Finding> {
    Ok(Finding {
        id: FindingId(row.get(0)?),
        rule: row.get(1)?,
        source: row.get(2)?,
        severity: code::to_severity(row.get(3)?),
        status: code::to_status(row.get(4)?),
        verdict: row.get::<_, Option<i64>>(5)?.map(code::to_verdict),
        accepted_until: row.get::<_, Option<i64>>(6)?.map(Time),
        first_seen: Time(row.get(7)?),
        last_seen: Time(row.get(8)?),
        opened: Time(row.get(9)?),
        count: row.get(10)?,
        subject: parse::<Subject>(row, 11)?,
        soc2: parse(row, 12)?,
        output: row.get(13)?,
    })
}

/// Returns the words by which a finding is found: they never change.
pub fn words(finding: &Finding) -> String {
    let subject = &finding.subject;
    let parts = [
        Some(&finding.rule),
        subject.cluster.as_ref(),
        subject.node.as_ref(),
        subject.namespace.as_ref(),
        subject.workload.as_ref(),
        subject.pod.as_ref(),
        subject.container.as_ref(),
        subject.image.as_ref(),
        subject.process.as_ref(),
        subject.principal.as_ref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join("\n")
}

/// Reads statuses; a condition follows.
pub const STATUS: &str = "SELECT source.text, instance.text, minute, records, rejected, duplicates,
    lost, bytes, alerts, newest, connected, rules.text, reason, block, entry, sensor
    FROM source_status JOIN name AS source ON source.id = source_status.source
    JOIN name AS instance ON instance.id = source_status.instance
    JOIN name AS rules ON rules.id = source_status.rules";

/// Returns the status of a row of [`STATUS`].
pub fn status(row: &Row<'_>) -> rusqlite::Result<SourceStatus> {
    Ok(SourceStatus {
        source: row.get(0)?,
        instance: row.get(1)?,
        minute: Time(row.get(2)?),
        records: row.get(3)?,
        rejected: row.get(4)?,
        duplicates: row.get(5)?,
        lost: row.get(6)?,
        bytes: row.get(7)?,
        alerts: row.get(8)?,
        newest: row.get::<_, Option<i64>>(9)?.map(Time),
        connected: row.get(10)?,
        rules: row.get(11)?,
        reason: row.get(12)?,
        sensor: sensor(row)?,
    })
}

fn sensor(row: &Row<'_>) -> rusqlite::Result<Option<Box<SensorStatus>>> {
    match row.get_ref(15)? {
        ValueRef::Null => Ok(None),
        _ => parse(row, 15).map(Some),
    }
}

/// Returns the same with its place in the trail.
pub fn placed_status(row: &Row<'_>) -> rusqlite::Result<Placed<SourceStatus>> {
    let position = Position { block: row.get(13)?, entry: row.get(14)? };
    Ok(Placed { position, entry: status(row)? })
}

/// Reads the JSON of a column.
pub fn parse<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    let broken = |error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error));
    serde_json::from_str(text).map_err(broken)
}
