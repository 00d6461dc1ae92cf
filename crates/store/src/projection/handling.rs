//! Findings and their cases while a block is applied: read once, changed in memory, written once.

use std::collections::{BTreeMap, HashMap};

use event::{Severity, Time};
use finding::{Action, Alert, Decision, Finding, FindingId, Seen};
use rusqlite::{Connection, OptionalExtension, params};
use trail::Position;

use super::json;
use crate::names::Names;
use crate::{Error, code, row};

/// Findings that the writer remembers between blocks; beyond this it forgets them all.
const REMEMBERED_LEN_MAX: usize = 16_384;

/// Width of a bucket of a case's alerts.
pub const DAY: i64 = 24 * 60 * Time::MINUTE;

/// Findings at hand, and which of them changed.
#[derive(Debug, Default)]
pub struct Handling {
    findings: HashMap<FindingId, Standing>,
    /// Changed ones, in the order of their first change.
    changed: Vec<FindingId>,
    /// Cases that ended because a new one began.
    ended: Vec<Case>,
    next: Option<Next>,
}

/// Numbers of the next rows.
#[derive(Clone, Copy, Debug)]
struct Next {
    finding: i64,
    case: i64,
}

#[derive(Debug)]
struct Standing {
    number: i64,
    finding: Finding,
    case: Case,
    stored: Stored,
    /// Status and severity under which it is counted.
    counted: Option<(i64, i64)>,
}

/// How much of a finding the tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    No,
    Changed,
    Yes,
}

#[derive(Clone, Debug)]
struct Case {
    number: i64,
    finding: i64,
    severity: Severity,
    opened: Time,
    happened: Time,
    position: Position,
    alerts: u64,
    last: Position,
    last_received: Time,
    concluded: Option<Time>,
    /// Days with their alerts that the tables do not have yet.
    days: Vec<Day>,
}

/// A case's alerts of one day.
#[derive(Clone, Copy, Debug)]
struct Day {
    start: i64,
    alerts: u64,
    severity: Severity,
}

impl Case {
    fn empty(position: Position, severity: Severity, received: Time) -> Case {
        Case {
            number: 0,
            finding: 0,
            severity,
            opened: received,
            happened: received,
            position,
            alerts: 0,
            last: position,
            last_received: received,
            concluded: None,
            days: Vec::new(),
        }
    }

    /// Takes in an alert.
    fn add(&mut self, position: Position, alert: &Alert, received: Time) {
        self.alerts += 1;
        self.last = position;
        self.last_received = self.last_received.max(received);
        self.severity = self.severity.min(alert.priority);
        let start = day(received);
        match self.days.last_mut().filter(|last| last.start == start) {
            Some(day) => {
                day.alerts += 1;
                day.severity = day.severity.min(alert.priority);
            }
            None => self.days.push(Day { start, alerts: 1, severity: alert.priority }),
        }
    }
}

/// Returns the start of a time's day.
pub fn day(time: Time) -> i64 {
    time.0.saturating_sub(time.0.rem_euclid(DAY))
}

impl Handling {
    /// Takes in an alert.
    pub fn see(
        &mut self,
        connection: &Connection,
        position: Position,
        id: &FindingId,
        alert: &Alert,
        received: Time,
    ) -> Result<(), Error> {
        if !self.load(connection, id)? {
            self.first(connection, position, id, alert, received)?;
            return Ok(());
        }
        let case_number = self.next(connection)?.case;
        let standing = self.findings.get_mut(id).expect("it was just loaded");
        if standing.finding.see(alert, received) == Seen::Opened {
            let case = Case {
                number: case_number,
                finding: standing.number,
                opened: standing.finding.opened,
                happened: alert.time,
                ..Case::empty(position, alert.priority, received)
            };
            self.ended.push(std::mem::replace(&mut standing.case, case));
        }
        standing.case.add(position, alert, received);
        if standing.case.number == case_number {
            self.took_case(case_number);
        }
        self.change(id);
        Ok(())
    }

    /// Takes in a decision. One about an unknown finding, or that its state does not allow, changes
    /// nothing; the trail keeps it all the same.
    pub fn decide(
        &mut self,
        connection: &Connection,
        position: Position,
        decision: &Decision,
    ) -> Result<(), Error> {
        if !self.load(connection, &decision.finding)? {
            return Ok(());
        }
        let id = &decision.finding;
        let standing = self.findings.get_mut(id).expect("it was just loaded");
        if standing.finding.decide(decision).is_err() {
            return Ok(());
        }
        standing.case.concluded = match decision.action {
            Action::Accept { .. } | Action::Resolve { .. } => Some(decision.time),
            Action::Reopen => None,
            Action::Acknowledge => standing.case.concluded,
        };
        let insert = "INSERT INTO decision VALUES (?1, ?2, ?3, ?4, ?5)";
        connection.prepare_cached(insert)?.execute(params![
            position.block,
            position.entry,
            standing.number,
            standing.case.number,
            json(decision)
        ])?;
        self.change(id);
        Ok(())
    }

    /// Writes what changed.
    pub fn write(&mut self, connection: &Connection, names: &mut Names) -> Result<(), Error> {
        for mut case in self.ended.drain(..) {
            write_case(connection, &mut case)?;
        }
        let mut counts: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for id in self.changed.drain(..) {
            let Some(standing) = self.findings.get_mut(&id) else { continue };
            match standing.stored {
                Stored::No => insert(connection, names, standing)?,
                _ => update(connection, standing)?,
            }
            write_case(connection, &mut standing.case)?;
            standing.stored = Stored::Yes;
            let now = counted(&standing.finding);
            if let Some(before) = standing.counted.replace(now) {
                *counts.entry(before).or_default() -= 1;
            }
            *counts.entry(now).or_default() += 1;
        }
        let add = "INSERT INTO finding_count VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET findings = findings + excluded.findings";
        let mut add = connection.prepare_cached(add)?;
        for ((status, severity), change) in counts.into_iter().filter(|(_, change)| *change != 0) {
            add.execute([status, severity, change])?;
        }
        if self.findings.len() > REMEMBERED_LEN_MAX {
            self.findings.clear();
        }
        Ok(())
    }

    fn first(
        &mut self,
        connection: &Connection,
        position: Position,
        id: &FindingId,
        alert: &Alert,
        received: Time,
    ) -> Result<(), Error> {
        let next = self.next(connection)?;
        let finding = Finding::first(alert, received);
        let mut case = Case {
            number: next.case,
            finding: next.finding,
            opened: finding.opened,
            happened: alert.time,
            ..Case::empty(position, alert.priority, received)
        };
        case.add(position, alert, received);
        self.next = Some(Next { finding: next.finding + 1, case: next.case + 1 });
        let (number, stored, counted) = (next.finding, Stored::No, None);
        let standing = Standing { number, finding, case, stored, counted };
        self.findings.insert(id.clone(), standing);
        self.changed.push(id.clone());
        Ok(())
    }

    fn change(&mut self, id: &FindingId) {
        if let Some(standing) = self.findings.get_mut(id)
            && standing.stored == Stored::Yes
        {
            standing.stored = Stored::Changed;
            self.changed.push(id.clone());
        }
    }

    fn next(&mut self, connection: &Connection) -> Result<Next, Error> {
        if let Some(next) = self.next {
            return Ok(next);
        }
        let highest = "SELECT (SELECT coalesce(max(id), 0) FROM finding),
            (SELECT coalesce(max(id), 0) FROM handling)";
        let next = connection.query_row(highest, [], |row| {
            Ok(Next { finding: row.get::<_, i64>(0)? + 1, case: row.get::<_, i64>(1)? + 1 })
        })?;
        self.next = Some(next);
        Ok(next)
    }

    fn took_case(&mut self, number: i64) {
        if let Some(next) = &mut self.next {
            next.case = next.case.max(number + 1);
        }
    }

    /// Has a finding at hand, if there is one.
    fn load(&mut self, connection: &Connection, id: &FindingId) -> Result<bool, Error> {
        if self.findings.contains_key(id) {
            return Ok(true);
        }
        let read = format!("{} WHERE finding.finding = ?1", row::FINDING);
        let mut read = connection.prepare_cached(&read)?;
        let Some(finding) = read.query_row([&id.0], row::finding).optional()? else {
            return Ok(false);
        };
        let read = "SELECT handling.id, finding.id, handling.severity, handling.opened, happened,
            block, entry, alerts, last_received, concluded, last_block, last_entry
            FROM finding JOIN handling ON handling.id = finding.handling
            WHERE finding.finding = ?1";
        let case = connection.prepare_cached(read)?.query_row([&id.0], |row| {
            Ok(Case {
                number: row.get(0)?,
                finding: row.get(1)?,
                severity: code::to_severity(row.get(2)?),
                opened: Time(row.get(3)?),
                happened: Time(row.get(4)?),
                position: Position { block: row.get(5)?, entry: row.get(6)? },
                alerts: row.get(7)?,
                last_received: Time(row.get(8)?),
                concluded: row.get::<_, Option<i64>>(9)?.map(Time),
                last: Position { block: row.get(10)?, entry: row.get(11)? },
                days: Vec::new(),
            })
        })?;
        let (number, stored, counted) = (case.finding, Stored::Yes, Some(counted(&finding)));
        let standing = Standing { number, finding, case, stored, counted };
        self.findings.insert(id.clone(), standing);
        Ok(true)
    }
}

fn counted(finding: &Finding) -> (i64, i64) {
    (code::status(finding.status), code::severity(finding.severity))
}

fn insert(connection: &Connection, names: &mut Names, new: &Standing) -> Result<(), Error> {
    let finding = &new.finding;
    let (rule, source) =
        (names.number(connection, &finding.rule)?, names.number(connection, &finding.source)?);
    let subject = json(&finding.subject);
    let insert = "INSERT INTO finding VALUES
        (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    connection.prepare_cached(insert)?.execute(params![
        new.number,
        finding.id.0,
        rule,
        source,
        code::severity(finding.severity),
        code::status(finding.status),
        finding.verdict.map(code::verdict),
        finding.accepted_until.map(|time| time.0),
        finding.first_seen.0,
        finding.last_seen.0,
        finding.opened.0,
        finding.count,
        new.case.number,
        subject,
        json(&finding.soc2),
        finding.output,
    ])?;
    let words = row::words(finding);
    let mut insert =
        connection.prepare_cached("INSERT INTO finding_text (rowid, words) VALUES (?1, ?2)")?;
    insert.execute(params![new.number, words])?;
    Ok(())
}

fn update(connection: &Connection, changed: &Standing) -> Result<(), Error> {
    let finding = &changed.finding;
    let update = "UPDATE finding SET severity = ?2, status = ?3, verdict = ?4, accepted_until = ?5,
        first_seen = ?6, last_seen = ?7, opened = ?8, count = ?9, handling = ?10, soc2 = ?11,
        output = ?12 WHERE id = ?1";
    connection.prepare_cached(update)?.execute(params![
        changed.number,
        code::severity(finding.severity),
        code::status(finding.status),
        finding.verdict.map(code::verdict),
        finding.accepted_until.map(|time| time.0),
        finding.first_seen.0,
        finding.last_seen.0,
        finding.opened.0,
        finding.count,
        changed.case.number,
        json(&finding.soc2),
        finding.output,
    ])?;
    Ok(())
}

fn write_case(connection: &Connection, case: &mut Case) -> Result<(), Error> {
    let write = "INSERT INTO handling VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, alerts = excluded.alerts,
        last_block = excluded.last_block, last_entry = excluded.last_entry,
        last_received = excluded.last_received, concluded = excluded.concluded";
    connection.prepare_cached(write)?.execute(params![
        case.number,
        case.finding,
        code::severity(case.severity),
        case.opened.0,
        case.happened.0,
        case.position.block,
        case.position.entry,
        case.alerts,
        case.last.block,
        case.last.entry,
        case.last_received.0,
        case.concluded.map(|time| time.0),
    ])?;
    let add = "INSERT INTO handling_day VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET
        alerts = alerts + excluded.alerts, severity = min(severity, excluded.severity)";
    let mut add = connection.prepare_cached(add)?;
    for day in case.days.drain(..) {
        add.execute(params![case.number, day.start, day.alerts, code::severity(day.severity)])?;
    }
    Ok(())
}
