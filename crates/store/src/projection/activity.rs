//! Which entries hold which activity: of each node neighbouring entries as one row, until they
//! hold so many items or last so long that a reader who needs a part of them would read too much;
//! and beside it each word that an item of them is found by, once.

use std::collections::{BTreeMap, HashMap};

use control::evidence::{Activity, Item, Kind, Phase, Session, What};
use event::Time;
use rusqlite::{Connection, OptionalExtension, params};
use trail::Position;

use super::{QUARTER, json};
use crate::Error;
use crate::activity::{About, Word, bit, session, text, words};
use crate::names::Names;

/// Items of a stretch, unless a single entry has more.
const ITEM_COUNT_MAX: u64 = 2048;
/// Numbers of words that the writer remembers; beyond this it forgets and asks the table again.
const WORD_COUNT_MAX: usize = 65_536;

/// What the writer remembers of activity. All of it stands in the tables.
#[derive(Debug, Default)]
pub struct Memory {
    stretches: HashMap<i64, Stretch>,
    words: HashMap<Word, i64>,
}

/// A stretch that may still grow.
#[derive(Debug)]
struct Stretch {
    number: i64,
    last: Position,
    oldest: Time,
    newest: Time,
    items: u64,
    kinds: i64,
    /// Its words, each with the kinds that it was met with.
    words: HashMap<Word, i64>,
}

/// Applies an entry.
pub fn apply(
    connection: &Connection,
    memory: &mut Memory,
    names: &mut Names,
    position: Position,
    activity: &Activity,
) -> Result<(), Error> {
    let node = names.number(connection, &activity.node)?;
    let Memory { stretches, words } = memory;
    let stretch = match stretches.entry(node) {
        std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::hash_map::Entry::Vacant(place) => {
            place.insert(Stretch::newest(connection, node)?)
        }
    };
    if !stretch.has_room_for(activity) {
        *stretch = Stretch::begin(connection, node, position, activity)?;
    }
    stretch.add(connection, words, position, activity)?;
    sessions(connection, node, position, activity)
}

impl Stretch {
    /// Returns the newest stretch of a node; a full one if there is none.
    fn newest(connection: &Connection, node: i64) -> rusqlite::Result<Stretch> {
        let read = "SELECT id, last_block, last_entry, oldest, newest, items, kinds
            FROM activity_stretch WHERE node = ?1 ORDER BY id DESC LIMIT 1";
        let mut read = connection.prepare_cached(read)?;
        let found = read.query_row([node], |row| {
            Ok(Stretch {
                number: row.get(0)?,
                last: Position { block: row.get(1)?, entry: row.get(2)? },
                oldest: Time(row.get(3)?),
                newest: Time(row.get(4)?),
                items: row.get(5)?,
                kinds: row.get(6)?,
                words: HashMap::new(),
            })
        });
        let full = Stretch {
            number: 0,
            last: Position { block: 0, entry: 0 },
            oldest: Time(0),
            newest: Time(0),
            items: u64::MAX,
            kinds: 0,
            words: HashMap::new(),
        };
        Ok(found.optional()?.unwrap_or(full))
    }

    fn has_room_for(&self, activity: &Activity) -> bool {
        let items = self.items.saturating_add(activity.items.len() as u64);
        let oldest = self.oldest.min(activity.from);
        let newest = self.newest.max(activity.until);
        items <= ITEM_COUNT_MAX && newest.0.saturating_sub(oldest.0) <= QUARTER
    }

    fn begin(
        connection: &Connection,
        node: i64,
        first: Position,
        activity: &Activity,
    ) -> rusqlite::Result<Stretch> {
        let Activity { from: oldest, until: newest, .. } = *activity;
        let insert = "INSERT INTO activity_stretch
            (node, block, entry, last_block, last_entry, oldest, newest, items, kinds)
            VALUES (?1, ?2, ?3, ?2, ?3, ?4, ?5, 0, 0)";
        let values = params![node, first.block, first.entry, oldest.0, newest.0];
        let number = connection.prepare_cached(insert)?.insert(values)?;
        let words = HashMap::new();
        Ok(Stretch { number, last: first, oldest, newest, items: 0, kinds: 0, words })
    }

    fn add(
        &mut self,
        connection: &Connection,
        known: &mut HashMap<Word, i64>,
        position: Position,
        activity: &Activity,
    ) -> Result<(), Error> {
        let of_actors: Vec<Vec<Word>> = activity
            .actors
            .iter()
            .map(|actor| {
                let session = session(activity, actor);
                let session = session.map(|session| Word::of(About::Session, &session));
                words(actor).into_iter().chain(session).collect()
            })
            .collect();
        for item in &activity.items {
            let kind = bit(item.what.kind());
            self.kinds |= kind;
            for word in of_actors.get(item.by as usize).into_iter().flatten() {
                self.word(connection, known, *word, kind, None)?;
            }
            let text = text(item);
            self.word(connection, known, Word::of(About::Text, &text), kind, Some(&text))?;
        }
        self.last = position;
        self.oldest = self.oldest.min(activity.from);
        self.newest = self.newest.max(activity.until);
        self.items += activity.items.len() as u64;
        let write = "UPDATE activity_stretch SET last_block = ?2, last_entry = ?3, oldest = ?4,
            newest = ?5, items = ?6, kinds = ?7 WHERE id = ?1";
        connection.prepare_cached(write)?.execute(params![
            self.number,
            position.block,
            position.entry,
            self.oldest.0,
            self.newest.0,
            self.items,
            self.kinds,
        ])?;
        Ok(())
    }

    /// Notes that the stretch holds a word with an item of this kind.
    fn word(
        &mut self,
        connection: &Connection,
        known: &mut HashMap<Word, i64>,
        word: Word,
        kind: i64,
        text: Option<&str>,
    ) -> rusqlite::Result<()> {
        let kinds = self.words.entry(word).or_default();
        if *kinds & kind != 0 {
            return Ok(());
        }
        *kinds |= kind;
        let number = number(connection, known, word, text)?;
        let write = "INSERT INTO activity_in VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET kinds = kinds | excluded.kinds";
        connection.prepare_cached(write)?.execute(params![number, self.number, kind])?;
        Ok(())
    }
}

/// Returns the number of a word; gives it one if it has none.
fn number(
    connection: &Connection,
    known: &mut HashMap<Word, i64>,
    word: Word,
    text: Option<&str>,
) -> rusqlite::Result<i64> {
    if let Some(number) = known.get(&word) {
        return Ok(*number);
    }
    let mut find = connection.prepare_cached("SELECT id FROM activity_word WHERE hash = ?1")?;
    let number = match find.query_row([word.0], |row| row.get(0)).optional()? {
        Some(number) => number,
        None => {
            let insert = "INSERT INTO activity_word (hash) VALUES (?1)";
            let number = connection.prepare_cached(insert)?.insert([word.0])?;
            if let Some(text) = text {
                let insert = "INSERT INTO activity_text (rowid, words) VALUES (?1, ?2)";
                connection.prepare_cached(insert)?.execute(params![number, text])?;
            }
            number
        }
    };
    if known.len() >= WORD_COUNT_MAX {
        known.clear();
    }
    known.insert(word, number);
    Ok(number)
}

/// What an entry adds to a session.
#[derive(Debug, Default)]
struct Added {
    commands: u64,
    newest: Time,
}

fn sessions(
    connection: &Connection,
    node: i64,
    position: Position,
    activity: &Activity,
) -> Result<(), Error> {
    let mut added: BTreeMap<String, Added> = BTreeMap::new();
    for item in &activity.items {
        let Some(actor) = activity.actor(item) else { continue };
        let Some(name) = session(activity, actor) else { continue };
        if let What::Session(told) = &item.what {
            phase(connection, node, position, activity, item, told, &name)?;
        }
        let one = added.entry(name).or_default();
        one.newest = one.newest.max(activity.last(item));
        if matches!(item.what, What::Command(_)) && item.what.kind() == Kind::Command {
            one.commands += item.count;
        }
    }
    let write = "UPDATE activity_session SET commands = commands + ?2, newest = max(newest, ?3)
        WHERE session = ?1";
    let mut write = connection.prepare_cached(write)?;
    for (name, one) in added {
        write.execute(params![name, one.commands, one.newest.0])?;
    }
    Ok(())
}

fn phase(
    connection: &Connection,
    node: i64,
    position: Position,
    activity: &Activity,
    item: &Item,
    told: &Session,
    name: &str,
) -> Result<(), Error> {
    let time = activity.first(item).0;
    if told.phase == Phase::Ended {
        let end = "UPDATE activity_session SET ended = ?2, exit = ?3 WHERE session = ?1";
        let exit = told.exit.as_ref().map(json);
        connection.prepare_cached(end)?.execute(params![name, time, exit])?;
        return Ok(());
    }
    let Some(actor) = activity.actor(item) else { return Ok(()) };
    let subject = &actor.subject;
    let begin = "INSERT OR IGNORE INTO activity_session
        (session, node, leader, began, newest, commands, block, entry, namespace, pod, container,
        actor, process, told)
        VALUES (?1, ?2, ?3, ?4, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    connection.prepare_cached(begin)?.execute(params![
        name,
        node,
        actor.session.map(|leader| leader.pid),
        time,
        position.block,
        position.entry,
        subject.namespace,
        subject.pod,
        subject.container,
        json(actor),
        item.process,
        json(told),
    ])?;
    Ok(())
}
