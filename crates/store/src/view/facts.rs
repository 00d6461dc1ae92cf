//! The facts that controls are judged by, from the tables. [`control::Gather`] reads the same from
//! the trail; a test holds the two against each other.

mod cases;

use std::collections::BTreeMap;

use control::evidence::{Administration, Canary, Hole};
use control::facts::{
    Act, AlertCount, Facts, Planted, ROWS_MAX, RuleSet, SourceFacts, Watch, retired_object,
};
use event::{Period, Time};
use rusqlite::{Connection, Row, params};
use trail::Position;

use super::View;
use super::part::Part;
use crate::projection::{QUARTER, quarter};
use crate::{Error, row};

impl View {
    /// Returns what is known about a period at `as_of`.
    pub fn facts(&self, period: Period, as_of: Time) -> Result<Facts, Error> {
        let mut left_out = 0;
        let (sources, rule_sets, acts, canaries, cases) = self.ask(|connection| {
            Ok((
                sources(connection, period, &mut left_out)?,
                rule_sets(connection, period, &mut left_out)?,
                acts(connection, period, &mut left_out)?,
                canaries(connection, period, &mut left_out)?,
                cases::list(connection, period, &mut left_out)?,
            ))
        })?;
        let alerts = self.count_alerts(period)?;
        let cases = cases::within(self, cases, period)?;
        let mut facts =
            Facts { period, as_of, sources, rule_sets, cases, acts, alerts, canaries, left_out };
        facts.sort();
        Ok(facts)
    }

    /// Lists the entries of nodes that never came and were made in the period, and where the trail
    /// says so.
    pub fn holes(&self, period: Period) -> Result<Vec<(Hole, String)>, Error> {
        self.ask(|connection| holes(connection, period))
    }

    /// Counts the period's alerts by receipt: whole quarters from the tables, the ends by the
    /// trail's index.
    fn count_alerts(&self, period: Period) -> Result<Vec<AlertCount>, Error> {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        let whole_from = quarter(period.from.plus(QUARTER - 1));
        let edges = self.ask(|connection| {
            let newest: Option<i64> =
                connection.query_row("SELECT newest FROM cursor", [], |row| row.get(0))?;
            // A quarter that is still growing belongs to the period as a whole.
            let ended = newest.is_some_and(|newest| newest >= period.until.0);
            let until = if ended { quarter(period.until) } else { i64::MAX };
            let whole_until = until.max(whole_from);
            let read = "SELECT source.text, name.text, sum(alerts) FROM tally
                JOIN rule ON rule.name = tally.rule JOIN name ON name.id = tally.rule
                JOIN name AS source ON source.id = rule.source
                WHERE quarter >= ?1 AND quarter < ?2 GROUP BY tally.rule";
            let mut read = connection.prepare_cached(read)?;
            let mut rows = read.query([whole_from, whole_until])?;
            while let Some(row) = rows.next()? {
                counts.insert((row.get(0)?, row.get(1)?), row.get(2)?);
            }
            let mut edges = vec![quarter(period.from), quarter(period.until)];
            edges.retain(|edge| !(whole_from..whole_until).contains(edge));
            edges.dedup();
            Ok(edges)
        })?;
        let edges = edges.into_iter().map(Time);
        let edges = edges.map(|edge| Period { from: edge, until: edge.plus(QUARTER) });
        for span in edges.filter_map(|edge| edge.overlap(&period)) {
            self.count_part(span, &mut counts)?;
        }
        let counts = counts.into_iter();
        Ok(counts.map(|((source, rule), count)| AlertCount { source, rule, count }).collect())
    }

    fn count_part(
        &self,
        span: Period,
        counts: &mut BTreeMap<(String, String), u64>,
    ) -> Result<(), Error> {
        let part = Part::of(self, span)?;
        let rules: Vec<(String, String)> = self.ask(|connection| {
            let read = "SELECT source.text, name.text FROM rule
                JOIN name ON name.id = rule.name JOIN name AS source ON source.id = rule.source";
            let mut read = connection.prepare_cached(read)?;
            let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        for rule in rules {
            let count = part.of_rule(self, &rule.1)?;
            if count > 0 {
                *counts.entry(rule).or_default() += count;
            }
        }
        Ok(())
    }
}

fn sources(
    connection: &Connection,
    period: Period,
    left_out: &mut u64,
) -> Result<Vec<SourceFacts>, Error> {
    let mut watch = Watch::new(period);
    let read = "SELECT source.text, instance.text, first, known.source, known.instance
        FROM instance AS known JOIN name AS source ON source.id = known.source
        JOIN name AS instance ON instance.id = known.instance WHERE first < ?1";
    let mut read = connection.prepare_cached(read)?;
    let mut known: Vec<(String, String, i64, i64)> = Vec::new();
    let mut rows = read.query([period.until.0])?;
    while let Some(row) = rows.next()? {
        let (source, instance): (String, String) = (row.get(0)?, row.get(1)?);
        watch.known(&source, &instance, Time(row.get(2)?));
        known.push((source, instance, row.get(3)?, row.get(4)?));
    }
    let read = format!(
        "{} WHERE source_status.source = ?1 AND source_status.instance = ?2
        AND minute > ?3 AND minute < ?4 ORDER BY minute, block, entry",
        row::STATUS
    );
    let mut read = connection.prepare_cached(&read)?;
    for (_, _, source, instance) in &known {
        let from = period.from.plus(-Time::MINUTE).0;
        let mut rows = read.query(params![source, instance, from, period.until.0])?;
        while let Some(row) = rows.next()? {
            watch.see(&row::status(row)?);
        }
    }
    for (source, instance, time) in retired(connection, &known, period)? {
        watch.retire(&source, &instance, time);
    }
    let holes = holes(connection, period)?;
    *left_out += holes.len().saturating_sub(ROWS_MAX) as u64;
    for (hole, position) in holes.iter().take(ROWS_MAX) {
        watch.miss(hole, position);
    }
    Ok(watch.finish())
}

/// Lists the holes that bear on a period, and where the trail has them.
fn holes(connection: &Connection, period: Period) -> Result<Vec<(Hole, String)>, Error> {
    let read = "SELECT hole.block, hole.entry, source.text, node.text, stream, first, last, since,
        until FROM hole JOIN name AS source ON source.id = hole.source
        JOIN name AS node ON node.id = hole.node
        WHERE until >= ?1 OR since >= ?1 ORDER BY block, entry";
    let mut read = connection.prepare_cached(read)?;
    let from = period.from.plus(-Time::MINUTE).0;
    let rows = read.query_map([from], |row| {
        let hole = Hole {
            source: row.get(2)?,
            instance: row.get(3)?,
            stream: row.get(4)?,
            first: row.get(5)?,
            last: row.get(6)?,
            since: row.get::<_, Option<i64>>(7)?.map(Time),
            until: Time(row.get(8)?),
        };
        Ok((hole, position(row)?))
    })?;
    let bears = |row: &rusqlite::Result<(Hole, String)>| {
        row.as_ref().map_or(true, |(hole, _)| hole.period().overlap(&period).is_some())
    };
    Ok(rows.filter(bears).collect::<Result<_, _>>()?)
}

/// Lists the instances that were taken out of service and have not reported since.
fn retired(
    connection: &Connection,
    known: &[(String, String, i64, i64)],
    period: Period,
) -> Result<Vec<(String, String, Time)>, Error> {
    let read = "SELECT line FROM administration WHERE act = 'source_retired'
        ORDER BY block, entry";
    let mut read = connection.prepare_cached(read)?;
    let acts = read.query_map([], |row| row::parse::<Administration>(row, 0))?;
    let reported = "SELECT 1 FROM source_status WHERE source = ?1 AND instance = ?2
        AND minute >= ?3 AND minute < ?4";
    let mut reported = connection.prepare_cached(reported)?;
    let mut retired = Vec::new();
    for act in acts {
        let act = act?;
        let Some((source, instance)) = retired_object(&act.object) else { continue };
        let found = known.iter().find(|known| known.0 == source && known.1 == instance);
        let Some((_, _, source_number, number)) = found else { continue };
        let span = params![source_number, number, act.time.0, period.until.0];
        retired.retain(|(known, name, _): &(String, String, Time)| {
            (known.as_str(), name.as_str()) != (source, instance)
        });
        if !reported.exists(span)? {
            retired.push((source.to_owned(), instance.to_owned(), act.time));
        }
    }
    Ok(retired)
}

fn rule_sets(
    connection: &Connection,
    period: Period,
    left_out: &mut u64,
) -> Result<Vec<RuleSet>, Error> {
    let read =
        "SELECT block, entry, loaded FROM rules_loaded WHERE time < ?1 ORDER BY block, entry";
    let mut read = connection.prepare_cached(read)?;
    let rows = read.query_map([period.until.0], |row| {
        let loaded: control::evidence::RulesLoaded = row::parse(row, 2)?;
        Ok(RuleSet {
            time: loaded.time,
            hash: loaded.hash,
            rules: loaded.rules,
            approved_by: loaded.approved_by,
            position: position(row)?,
        })
    })?;
    keep(rows, ROWS_MAX, left_out)
}

fn acts(connection: &Connection, period: Period, left_out: &mut u64) -> Result<Vec<Act>, Error> {
    let read = "SELECT block, entry, line FROM administration WHERE time >= ?1 AND time < ?2
        ORDER BY block, entry";
    let mut read = connection.prepare_cached(read)?;
    let rows = read.query_map([period.from.0, period.until.0], |row| {
        let act: Administration = row::parse(row, 2)?;
        Ok(Act {
            time: act.time,
            actor: act.actor,
            act: act.act,
            object: act.object,
            detail: act.detail,
            position: position(row)?,
        })
    })?;
    keep(rows, ROWS_MAX, left_out)
}

fn canaries(
    connection: &Connection,
    period: Period,
    left_out: &mut u64,
) -> Result<Vec<Planted>, Error> {
    let read = "SELECT block, entry, line FROM canary_change WHERE time < ?1 ORDER BY block, entry";
    let mut read = connection.prepare_cached(read)?;
    let rows = read.query_map([period.until.0], |row| {
        let canary: Canary = row::parse(row, 2)?;
        Ok(Planted {
            time: canary.time,
            missed: canary.outcome.missed().unwrap_or(false),
            source: canary.source,
            instance: canary.instance,
            family: canary.family,
            rules: canary.rules,
            position: position(row)?,
        })
    })?;
    keep(rows, ROWS_MAX, left_out)
}

fn position(row: &Row<'_>) -> rusqlite::Result<String> {
    Ok(Position { block: row.get(0)?, entry: row.get(1)? }.to_string())
}

fn keep<T>(
    rows: impl Iterator<Item = rusqlite::Result<T>>,
    max: usize,
    left_out: &mut u64,
) -> Result<Vec<T>, Error> {
    let mut kept = Vec::new();
    for row in rows {
        if kept.len() < max {
            kept.push(row?);
        } else {
            row?;
            *left_out += 1;
        }
    }
    Ok(kept)
}
