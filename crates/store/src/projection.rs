//! The writer's side of the tables: applies blocks, one transaction each, with the cursor.

mod activity;
pub mod handling;
mod shipment;
mod statuses;
mod stretch;

use std::collections::HashMap;

use control::evidence::{Entry, Event, Hole, Line};
use event::Time;
use finding::FindingId;
use rusqlite::{Connection, params};
use serde::de::IgnoredAny;
use trail::Position;

use crate::draft::Mark;
use crate::names::Names;
use crate::schema::Cursor;
use crate::{Error, Identity, code, schema};
use handling::Handling;
use shipment::Shipments;
use stretch::Stretch;

/// Width of a bucket of counts.
pub const QUARTER: i64 = 15 * Time::MINUTE;
/// For how long an event is remembered so that a second delivery is known: by its event time,
/// before the newest receipt.
pub const SEEN_DAYS: i64 = 7;
/// Remembered events that one block makes forgotten, at most.
const FORGET_LEN_MAX: i64 = 8192;

/// The tables and what the writer remembers of them.
#[derive(Debug)]
pub struct Projection {
    connection: Connection,
    cursor: Cursor,
    newest: Option<Time>,
    memory: Memory,
}

/// What is only a copy of the tables. Thrown away when a transaction is taken back.
#[derive(Debug, Default)]
struct Memory {
    names: Names,
    rules: HashMap<i64, Rule>,
    handling: Handling,
    shipments: Shipments,
    stretch: Option<Stretch>,
    activity: activity::Memory,
}

/// What is known of a rule from its alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    severities: i64,
    criteria: Vec<String>,
}

/// An entry to apply, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub position: Position,
    pub entry: &'a Entry<()>,
    /// Findings of its alerts, in order.
    pub findings: &'a [FindingId],
}

impl Projection {
    /// Takes over a connection whose tables are of this version.
    pub fn new(connection: Connection) -> Result<Projection, Error> {
        let damaged = rusqlite::Error::QueryReturnedNoRows;
        let cursor = schema::cursor(&connection)?.ok_or(damaged)?;
        let newest: Option<i64> =
            connection.query_row("SELECT newest FROM cursor", [], |row| row.get(0))?;
        let memory = Memory::default();
        Ok(Projection { connection, cursor, newest: newest.map(Time), memory })
    }

    /// How far the tables are.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Newest time of an entry, by our clock.
    pub fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// Gives the connection back.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    /// Tells whether an event is remembered.
    pub fn seen(&self, identity: &Identity) -> rusqlite::Result<bool> {
        let Some(source) = crate::names::find(&self.connection, &identity.source)? else {
            return Ok(false);
        };
        let ask = "SELECT 1 FROM seen WHERE source = ?1 AND time = ?2 AND hash = ?3";
        let mut ask = self.connection.prepare_cached(ask)?;
        ask.exists(params![source, identity.time.0, identity.hash])
    }

    /// Begins a transaction.
    pub fn begin(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    /// Takes everything since [`begin`](Projection::begin) back.
    pub fn roll_back(&mut self) {
        // Some errors of SQLite have ended the transaction already.
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.memory = Memory::default();
    }

    /// Remembers entries by what tells them from others, and says for each whether it is new, and
    /// which entries of nodes never came.
    pub(crate) fn remember<'a>(
        &mut self,
        marks: impl Iterator<Item = Mark<'a>>,
    ) -> rusqlite::Result<(Vec<bool>, Vec<Hole>)> {
        let insert = "INSERT OR IGNORE INTO seen VALUES (?1, ?2, ?3)";
        let mut insert = self.connection.prepare_cached(insert)?;
        let Memory { names, shipments, .. } = &mut self.memory;
        let (mut fresh, mut holes) = (Vec::new(), Vec::new());
        for mark in marks {
            fresh.push(match mark {
                Mark::None => true,
                Mark::Number(from, happened, kept) => {
                    let (new, hole) =
                        shipments.take(&self.connection, names, from, (happened, kept))?;
                    holes.extend(hole);
                    new
                }
                Mark::Event(Identity { source, time, hash }) => {
                    let source = names.number(&self.connection, source)?;
                    insert.execute(params![source, time.0, hash])? > 0
                }
            });
        }
        shipments.write(&self.connection)?;
        Ok((fresh, holes))
    }

    /// Applies the entries of the next block and moves the cursor. Inside a transaction; an error
    /// calls for [`roll_back`](Projection::roll_back).
    pub fn apply(&mut self, root: [u8; 32], entries: &[Placed<'_>]) -> Result<(), Error> {
        trail::failpoint::reach("projection.begin").map_err(Error::Failpoint)?;
        let block = self.cursor.blocks;
        let mut tallies: HashMap<(i64, i64, i64), i64> = HashMap::new();
        let mut newest = self.newest;
        for placed in entries {
            newest = newest.max(Some(placed.entry.time()));
            match placed.entry {
                Entry::Event(event) => self.event(placed, event, &mut tallies)?,
                Entry::Decision(decision) => {
                    self.memory.handling.decide(&self.connection, placed.position, decision)?;
                }
                Entry::Activity(one) => {
                    let Memory { names, activity, .. } = &mut self.memory;
                    activity::apply(&self.connection, activity, names, placed.position, one)?;
                }
                entry => self.other(placed.position, entry)?,
            }
        }
        self.memory.handling.write(&self.connection, &mut self.memory.names)?;
        self.tally(&tallies)?;
        stretch::add(&self.connection, &mut self.memory.stretch, block, entries)?;
        self.forget(newest)?;
        let advance = "UPDATE cursor SET blocks = ?1, root = ?2, newest = ?3";
        let newest_number = newest.map(|time| time.0);
        self.connection.prepare_cached(advance)?.execute(params![
            block + 1,
            root,
            newest_number
        ])?;
        trail::failpoint::reach("projection.applied").map_err(Error::Failpoint)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.cursor = Cursor { blocks: block + 1, root };
        self.newest = newest;
        Ok(())
    }

    /// Applies the next block of the trail in a transaction of its own.
    pub fn follow(&mut self, block: &trail::Block) -> Result<(), Error> {
        let mut lines = Vec::new();
        for (index, bytes) in (0..).zip(block.entries()) {
            let position = Position { block: block.head.number, entry: index };
            let line: Line<IgnoredAny> = serde_json::from_slice(bytes)
                .map_err(|source| Error::Entry { position, source })?;
            let from = line.from;
            let (entry, _) = line.entry.split();
            let findings = match &entry {
                Entry::Event(event) => event.alerts.iter().map(FindingId::of).collect(),
                _ => Vec::new(),
            };
            lines.push((position, entry, findings, from));
        }
        let placed: Vec<Placed<'_>> = lines
            .iter()
            .map(|(position, entry, findings, _)| Placed { position: *position, entry, findings })
            .collect();
        let identities: Vec<Option<Identity>> =
            lines.iter().map(|(_, entry, ..)| Identity::of_entry(entry)).collect();
        let marks = lines.iter().zip(&identities).map(|((_, entry, _, from), identity)| {
            Mark::of(entry, from.as_ref(), identity.as_ref())
        });
        self.begin()?;
        let applied = self
            .remember(marks)
            .map_err(Error::from)
            .and_then(|_| self.apply(block.head.root, &placed));
        if applied.is_err() {
            self.roll_back();
        }
        applied
    }

    fn event(
        &mut self,
        placed: &Placed<'_>,
        event: &Event<()>,
        tallies: &mut HashMap<(i64, i64, i64), i64>,
    ) -> Result<(), Error> {
        for (alert, id) in event.alerts.iter().zip(placed.findings) {
            let rule = self.rule(alert)?;
            let quarter = quarter(event.received);
            *tallies.entry((quarter, rule, code::severity(alert.priority))).or_default() += 1;
            let Memory { handling, .. } = &mut self.memory;
            handling.see(&self.connection, placed.position, id, alert, event.received)?;
        }
        Ok(())
    }

    /// Notes what an alert tells about its rule; returns the rule's number.
    fn rule(&mut self, alert: &finding::Alert) -> Result<i64, Error> {
        let Memory { names, rules, .. } = &mut self.memory;
        let number = names.number(&self.connection, &alert.rule)?;
        let bit = 1 << code::severity(alert.priority);
        let known = match rules.get_mut(&number) {
            Some(known) => known,
            None => {
                let known = read_rule(&self.connection, number)?;
                rules.entry(number).or_insert(known)
            }
        };
        let missing = |criterion: &&String| !known.criteria.contains(criterion);
        let fresh: Vec<String> = alert.soc2.iter().filter(missing).cloned().collect();
        if known.severities & bit != 0 && fresh.is_empty() {
            return Ok(number);
        }
        known.severities |= bit;
        known.criteria.extend(fresh);
        let source = names.number(&self.connection, &alert.source)?;
        let criteria = json(&known.criteria);
        let write = "INSERT INTO rule VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET
            severities = excluded.severities, criteria = excluded.criteria";
        let mut write = self.connection.prepare_cached(write)?;
        write.execute(params![number, source, known.severities, criteria])?;
        Ok(number)
    }

    fn tally(&mut self, tallies: &HashMap<(i64, i64, i64), i64>) -> Result<(), Error> {
        let add = "INSERT INTO tally VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET alerts = alerts + excluded.alerts";
        let mut add = self.connection.prepare_cached(add)?;
        for ((quarter, rule, severity), alerts) in tallies {
            add.execute(params![quarter, rule, severity, alerts])?;
        }
        Ok(())
    }

    /// Forgets events that are too old to be delivered again, oldest first, a bounded number.
    fn forget(&mut self, newest: Option<Time>) -> Result<(), Error> {
        let Some(newest) = newest else { return Ok(()) };
        let before = newest.plus(-SEEN_DAYS * 24 * 60 * Time::MINUTE).0;
        let mut sources = self.connection.prepare_cached("SELECT DISTINCT source FROM instance")?;
        let sources: Vec<i64> =
            sources.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let forget = "DELETE FROM seen WHERE source = ?1 AND time < min(?2, coalesce(
            (SELECT time FROM seen WHERE source = ?1 ORDER BY time LIMIT 1 OFFSET ?3), ?2))";
        let oldest = "SELECT min(time) FROM seen WHERE source = ?1";
        let mut oldest = self.connection.prepare_cached(oldest)?;
        let mut forget = self.connection.prepare_cached(forget)?;
        for source in sources {
            let time: Option<i64> = oldest.query_row([source], |row| row.get(0))?;
            if time.is_some_and(|time| time < before) {
                forget.execute(params![source, before, FORGET_LEN_MAX])?;
            }
        }
        Ok(())
    }
}

fn read_rule(connection: &Connection, number: i64) -> Result<Rule, Error> {
    use rusqlite::OptionalExtension;
    let read = "SELECT severities, criteria FROM rule WHERE name = ?1";
    let row = connection
        .prepare_cached(read)?
        .query_row([number], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let (severities, criteria) = row.unwrap_or_default();
    Ok(Rule { severities, criteria: serde_json::from_str(&criteria).unwrap_or_default() })
}

/// Returns the start of the quarter of an hour that a time lies in.
pub fn quarter(time: Time) -> i64 {
    time.0.saturating_sub(time.0.rem_euclid(QUARTER))
}

/// Returns the JSON of a value that cannot fail to have one.
fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it has string keys and no failing serializer")
}
