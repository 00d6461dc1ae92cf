//! A part of a period that the tables have no sums of: its ends lie anywhere. What was received
//! between them is counted by the trail's index; only the few blocks in which an end falls are
//! read.

use std::collections::HashMap;

use control::evidence::{Entry, Line};
use event::{Period, Severity, Time};
use finding::{Alert, FindingId};
use serde::de::IgnoredAny;
use trail::Position;

use super::View;
use crate::draft::{Kind, rule_key};
use crate::{Error, code};

/// Places looked up in the trail at once.
const STEP: usize = 256;

/// Alerts that were received within a span.
#[derive(Debug)]
pub struct Part {
    span: Period,
    /// Places from and until which every alert was.
    runs: Vec<(Position, Position)>,
    /// Alerts of other blocks that were, under the keys of finding and rule.
    loose: HashMap<u64, Vec<(Position, Severity)>>,
    /// Decisions among the runs, which stand under the key of their finding as its alerts do.
    decisions: HashMap<u64, Vec<Position>>,
}

/// Alerts, and the most severe of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub alerts: u64,
    /// The most severe.
    pub severity: Option<Severity>,
}

impl Sum {
    /// Adds alerts.
    pub fn add(&mut self, alerts: u64, severity: Severity) {
        if alerts > 0 {
            self.alerts += alerts;
            self.severity = Some(self.severity.map_or(severity, |one| one.min(severity)));
        }
    }
}

impl Part {
    /// Looks up which blocks hold a span, and reads those in which its ends fall.
    pub fn of(view: &View, span: Period) -> Result<Part, Error> {
        let mut part =
            Part { span, runs: Vec::new(), loose: HashMap::new(), decisions: HashMap::new() };
        for (first, last, received) in stretches(view, span)? {
            if span.contains(received[0]) && span.contains(received[1]) {
                let until = Position { block: last.saturating_add(1), entry: 0 };
                part.runs.push((Position { block: first, entry: 0 }, until));
            } else {
                for block in first..=last {
                    part.read(view, block)?;
                }
            }
        }
        part.join();
        part.find_decisions(view)?;
        Ok(part)
    }

    /// Returns the span.
    pub fn span(&self) -> Period {
        self.span
    }

    /// Counts the alerts of a rule.
    pub fn of_rule(&self, view: &View, rule: &str) -> Result<u64, Error> {
        let key = rule_key(rule);
        let mut count = self.loose.get(&key).map_or(0, Vec::len) as u64;
        for (from, until) in &self.runs {
            count += view.trail().count(key, *from, *until)?;
        }
        Ok(count)
    }

    /// Sums up the alerts of a finding that stand from `from` to `to`. `severity` is that of all
    /// its alerts, if they have only one; else each is read.
    pub fn of_finding(
        &self,
        view: &View,
        finding: &FindingId,
        (from, to): (Position, Position),
        severity: Option<Severity>,
    ) -> Result<Sum, Error> {
        let key = finding.key();
        let mut sum = Sum::default();
        for (position, severity) in self.loose.get(&key).into_iter().flatten() {
            if (from..=to).contains(position) {
                sum.add(1, *severity);
            }
        }
        let end = Position { entry: to.entry.saturating_add(1), ..to };
        for (first, until) in &self.runs {
            let (from, until) = (from.max(*first), end.min(*until));
            match severity {
                Some(severity) => {
                    let entries = view.trail().count(key, from, until)?;
                    sum.add(entries - self.decided(key, from, until), severity);
                }
                None => read(view, finding, from, until, &mut sum)?,
            }
        }
        Ok(sum)
    }

    fn read(&mut self, view: &View, number: u64) -> Result<(), Error> {
        let block = view.trail().block(number)?;
        let mut entries: Vec<u32> = block.keys().map(|(_, entry)| entry).collect();
        entries.dedup();
        for entry in entries {
            let position = Position { block: number, entry };
            let bytes = block.entry(entry).unwrap_or_default();
            let Some((received, alerts)) = alerts(bytes, position)? else { continue };
            if !self.span.contains(received) {
                continue;
            }
            for alert in &alerts {
                for key in [rule_key(&alert.rule), FindingId::of(alert).key()] {
                    self.loose.entry(key).or_default().push((position, alert.priority));
                }
            }
        }
        Ok(())
    }

    /// Counts a finding's decisions from `from` up to `until`.
    fn decided(&self, key: u64, from: Position, until: Position) -> u64 {
        let decisions = self.decisions.get(&key).into_iter().flatten();
        decisions.filter(|position| (from..until).contains(position)).count() as u64
    }

    fn find_decisions(&mut self, view: &View) -> Result<(), Error> {
        for (from, until) in &self.runs {
            let mut before = *until;
            loop {
                let found = view.trail().find(&[Kind::Decision as u64], Some(before), STEP)?;
                let within = found.iter().take_while(|position| *position >= from);
                for position in within {
                    let block = view.trail().block(position.block)?;
                    let keys = block.keys().filter(|(_, entry)| *entry == position.entry);
                    for (key, _) in keys {
                        self.decisions.entry(key).or_default().push(*position);
                    }
                }
                match found.last() {
                    Some(last) if last >= from => before = *last,
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Makes one run of those that follow on each other.
    fn join(&mut self) {
        let mut joined: Vec<(Position, Position)> = Vec::new();
        for run in self.runs.drain(..) {
            match joined.last_mut().filter(|last| last.1 == run.0) {
                Some(last) => last.1 = run.1,
                None => joined.push(run),
            }
        }
        self.runs = joined;
    }
}

/// Lists the stretches with alerts of a span: first block, last block, times of receipt.
pub(super) fn stretches(view: &View, span: Period) -> Result<Vec<(u64, u64, [Time; 2])>, Error> {
    view.ask(|connection| {
        let read = "SELECT block, last, oldest, newest FROM stretch
            WHERE newest >= ?1 AND oldest < ?2 ORDER BY block";
        let mut read = connection.prepare_cached(read)?;
        let rows = read.query_map([span.from.0, span.until.0], |row| {
            Ok((row.get(0)?, row.get(1)?, [Time(row.get(2)?), Time(row.get(3)?)]))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

/// Reads the alerts of a finding that stand from `from` up to `until`.
fn read(
    view: &View,
    finding: &FindingId,
    from: Position,
    until: Position,
    sum: &mut Sum,
) -> Result<(), Error> {
    let mut before = until;
    loop {
        let found = view.trail().find(&[finding.key()], Some(before), STEP)?;
        for position in &found {
            if *position < from {
                return Ok(());
            }
            let block = view.trail().block(position.block)?;
            let bytes = block.entry(position.entry).unwrap_or_default();
            for alert in alerts(bytes, *position)?.map(|(_, alerts)| alerts).unwrap_or_default() {
                if FindingId::of(&alert) == *finding {
                    sum.add(1, alert.priority);
                }
            }
        }
        match found.last() {
            Some(last) => before = *last,
            None => return Ok(()),
        }
    }
}

/// Reads when an entry was received, and its alerts, if it is an event.
fn alerts(bytes: &[u8], position: Position) -> Result<Option<(Time, Vec<Alert>)>, Error> {
    let line: Line<IgnoredAny> =
        serde_json::from_slice(bytes).map_err(|source| Error::Entry { position, source })?;
    Ok(match line.entry {
        Entry::Event(event) => Some((event.received, event.alerts)),
        _ => None,
    })
}

/// What is known of the severity of rules.
#[derive(Debug, Default)]
pub struct Severities {
    /// The only severity of each rule's alerts, where there is only one.
    only: HashMap<String, Severity>,
}

impl Severities {
    /// Reads it.
    pub fn read(view: &View) -> Result<Severities, Error> {
        view.ask(|connection| {
            let read = "SELECT name.text, severities FROM rule JOIN name ON name.id = rule.name";
            let mut read = connection.prepare_cached(read)?;
            let mut rows = read.query([])?;
            let mut only = HashMap::new();
            while let Some(row) = rows.next()? {
                let bits: u32 = row.get(1)?;
                if bits.count_ones() == 1 {
                    let severity = code::to_severity(i64::from(bits.trailing_zeros()));
                    only.insert(row.get(0)?, severity);
                }
            }
            Ok(Severities { only })
        })
    }

    /// Returns the only severity of a rule's alerts.
    pub fn only(&self, rule: &str) -> Option<Severity> {
        self.only.get(rule).copied()
    }
}
