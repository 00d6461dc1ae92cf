//! Interactive sessions, a row each, and what alerted in them.

use control::evidence::{Entry, Line, Session, SessionId};
use event::{Period, Time};
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::Deserialize;
use trail::Position;

use super::{AlertItem, AlertPosition, PAGE_LEN_MAX, Page, SessionFilter, SessionItem, View};
use crate::{Error, names, row};

/// How much later than it happened an alert of a session may have been received.
const LATE_MAX: i64 = 5 * Time::MINUTE;
/// Blocks that are read for the alerts of a session.
const BLOCK_COUNT_MAX: usize = 4096;
/// Name of the source whose events name processes.
const SYSCALL: &str = "syscall";

const SESSION: &str =
    "SELECT activity_session.id, session, place.text, began, ended, newest, commands, block, entry,
    actor, process, told, exit, leader FROM activity_session
    JOIN name AS place ON place.id = activity_session.node";

/// What a record of a system call says of who did it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Described {
    node: String,
    process: Pid,
    lineage: Vec<Pid>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pid {
    pid: u32,
    session: u32,
}

impl Described {
    /// Returns the processes that it may belong to a session by, nearest first.
    fn pids(&self) -> Vec<u32> {
        let line = self.lineage.iter().map(|one| one.pid);
        [self.process.pid].into_iter().chain(line).chain([self.process.session]).collect()
    }
}

impl View {
    /// Lists sessions, newest first, before the given place.
    pub fn sessions(
        &self,
        filter: &SessionFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Page<SessionItem>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        self.ask(|connection| {
            let (mut conditions, mut values) = (vec!["true".to_owned()], Vec::<Value>::new());
            let mut and = |condition: &str, value: Value| {
                conditions.push(condition.to_owned());
                values.push(value);
            };
            if let Some(node) = &filter.node {
                and("node = ?", names::find(connection, node)?.unwrap_or(-1).into());
            }
            let parts = [
                ("namespace = ?", &filter.namespace),
                ("pod = ?", &filter.pod),
                ("substr(container, 1, 12) = substr(?, 1, 12)", &filter.container),
            ];
            for (condition, part) in parts {
                if let Some(part) = part {
                    and(condition, part.clone().into());
                }
            }
            if let Some(user) = &filter.user {
                let user = Value::from(user.clone());
                let is = "? IN (actor ->> '$.subject.principal', actor ->> '$.login.name',
                    CAST(actor ->> '$.uid' AS TEXT), CAST(actor ->> '$.login.uid' AS TEXT))";
                and(is, user);
            }
            if let Some(from) = filter.from {
                and("ifnull(ended, newest) >= ?", from.0.into());
            }
            if let Some(until) = filter.until {
                and("began < ?", until.0.into());
            }
            if let Some(before) = before {
                let place = before.split_once('.').and_then(|(began, id)| {
                    Some((began.parse::<i64>().ok()?, id.parse::<i64>().ok()?))
                });
                let (began, id) = place.ok_or_else(|| Error::Cursor(before.to_owned()))?;
                conditions.push("(began, activity_session.id) < (?, ?)".to_owned());
                values.extend([Value::from(began), Value::from(id)]);
            }
            let read = format!(
                "{SESSION} WHERE {} ORDER BY began DESC, activity_session.id DESC LIMIT {}",
                conditions.join(" AND "),
                limit + 1
            );
            let mut read = connection.prepare_cached(&read)?;
            let rows = read.query_map(params_from_iter(values), |row| {
                let item = item(row)?;
                let place = format!("{}.{}", item.began.0, row.get::<_, i64>(0)?);
                Ok((place, item))
            })?;
            let mut found: Vec<(String, SessionItem)> = rows.collect::<Result<_, _>>()?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|(place, _)| place.clone());
            Ok(Page { items: found.into_iter().map(|(_, item)| item).collect(), next })
        })
    }

    /// Returns one session.
    pub fn session(&self, id: &SessionId) -> Result<Option<SessionItem>, Error> {
        use rusqlite::OptionalExtension;
        self.ask(|connection| {
            let mut read = connection.prepare_cached(&format!("{SESSION} WHERE session = ?1"))?;
            Ok(read.query_row([id.to_string()], item).optional()?)
        })
    }

    /// Finds the session in which a system call was made, given its record.
    pub fn session_of(&self, record: &str, time: Time) -> Result<Option<String>, Error> {
        let Ok(described) = serde_json::from_str::<Described>(record) else { return Ok(None) };
        let pids = described.pids();
        self.ask(|connection| {
            let Some(node) = names::find(connection, &described.node)? else { return Ok(None) };
            let places = vec!["?"; pids.len()].join(", ");
            let read = format!(
                "SELECT leader, session FROM activity_session WHERE node = ? AND began <= ?
                AND ifnull(ended, ?) >= ? AND leader IN ({places}) ORDER BY began DESC"
            );
            let mut values = vec![node, time.0, i64::MAX, time.0];
            values.extend(pids.iter().map(|pid| i64::from(*pid)));
            let mut read = connection.prepare(&read)?;
            let rows = read.query_map(params_from_iter(values), |row| {
                Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?))
            })?;
            let found: Vec<(u32, String)> = rows.collect::<Result<_, _>>()?;
            let nearest = pids.iter().find_map(|pid| found.iter().find(|(one, _)| one == pid));
            Ok(nearest.map(|(_, session)| session.clone()))
        })
    }

    /// Lists the alerts that system calls of a session raised, oldest first, at most `limit`.
    pub fn session_alerts(
        &self,
        session: &SessionItem,
        limit: usize,
    ) -> Result<Vec<AlertItem>, Error> {
        let until = session.ended.unwrap_or(session.newest).plus(LATE_MAX);
        let blocks = super::part::stretches(self, Period { from: session.began, until })?;
        let mut alerts = Vec::new();
        let blocks = blocks.into_iter().flat_map(|(first, last, _)| first..=last);
        for number in blocks.take(BLOCK_COUNT_MAX) {
            let block = self.trail().block(number)?;
            let mut entries: Vec<u32> = block.keys().map(|(_, entry)| entry).collect();
            entries.dedup();
            for entry in entries {
                let position = Position { block: number, entry };
                let bytes = block.entry(entry).unwrap_or_default();
                let of_session = alerts_of(bytes, position, session)?;
                for (alert, index) in of_session.into_iter().zip(0..) {
                    let position = AlertPosition { entry: position, alert: index };
                    alerts.push(super::alerts::item(alert, position));
                }
                if alerts.len() >= limit {
                    alerts.truncate(limit);
                    return Ok(alerts);
                }
            }
        }
        Ok(alerts)
    }
}

/// Returns the alerts of an entry, if it is an event of the session.
fn alerts_of(
    bytes: &[u8],
    position: Position,
    session: &SessionItem,
) -> Result<Vec<finding::Alert>, Error> {
    let line: Line =
        serde_json::from_slice(bytes).map_err(|source| Error::Entry { position, source })?;
    let Entry::Event(event) = line.entry else { return Ok(Vec::new()) };
    if event.source != SYSCALL || event.alerts.is_empty() {
        return Ok(Vec::new());
    }
    let described: Described = serde_json::from_str(event.raw.get()).unwrap_or_default();
    let within = event.time >= session.began && session.ended.is_none_or(|end| event.time <= end);
    let same = described.node == session.node && described.pids().contains(&session.leader);
    Ok(if within && same { event.alerts } else { Vec::new() })
}

fn item(row: &Row<'_>) -> rusqlite::Result<SessionItem> {
    let exit: Option<String> = row.get(12)?;
    let told: Session = row::parse(row, 11)?;
    Ok(SessionItem {
        id: row.get(1)?,
        node: row.get(2)?,
        began: Time(row.get(3)?),
        ended: row.get::<_, Option<i64>>(4)?.map(Time),
        newest: Time(row.get(5)?),
        commands: row.get(6)?,
        position: Position { block: row.get(7)?, entry: row.get(8)? },
        actor: row::parse(row, 9)?,
        process: row.get(10)?,
        phase: told.phase,
        terminal: told.terminal,
        via: told.via,
        exit: exit.and_then(|exit| serde_json::from_str(&exit).ok()),
        leader: row.get(13)?,
    })
}
