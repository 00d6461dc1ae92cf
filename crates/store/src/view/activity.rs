//! Activity, read from the trail itself: the tables only say which stretches of it hold the words
//! that a question names. What is left is looked at item by item.

use std::collections::BinaryHeap;

use control::evidence::{Activity, Actor, Entry, Item, Kind, Line, SessionId};
use event::Time;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use trail::Position;

use super::{ActivityFilter, ActivityItem, ActivityPosition, Order, PAGE_LEN_MAX, Page, View};
use crate::activity::{About, Word, bit, node_key, session, text, users};
use crate::{Error, names};

/// Items that one page looks at; a filter that finds less goes on with the next page.
pub const LOOKED_AT_MAX: usize = 10_000;
/// Stretches that one page looks into.
const STRETCH_COUNT_MAX: usize = 512;
/// Entries that are looked up at once.
const STEP: usize = 256;
/// Letters that are looked for in the index of texts; what it finds is compared in full.
const LETTER_COUNT_MAX: usize = 24;
/// Letters of which each letter triple is a word of the index.
const TRIPLE: usize = 3;

/// Entries of one node that hold what is asked for.
#[derive(Debug)]
struct Stretch {
    key: u64,
    first: Position,
    last: Position,
}

impl View {
    /// Lists activity behind the given place. A page may hold less than asked for and still have a
    /// next one.
    pub fn activity(
        &self,
        filter: &ActivityFilter,
        order: Order,
        behind: Option<ActivityPosition>,
        limit: usize,
    ) -> Result<Page<ActivityItem>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        let wanted = Wanted::new(filter);
        let stretches = self.ask(|connection| wanted.stretches(connection, order, behind))?;
        let cut = (stretches.len() == STRETCH_COUNT_MAX).then(|| stretches.last()).flatten();
        let cut = cut.map(|last| order.far_end(last.first, last.last));
        let mut stretches = stretches.into_iter().peekable();
        let mut waiting: BinaryHeap<(u64, u32)> = BinaryHeap::new();
        let (mut items, mut looked_at) = (Vec::new(), 0);
        loop {
            let is_nearer = |one: &Stretch| {
                let nearest = order.key(order.near_end(one.first, one.last));
                waiting.peek().is_none_or(|waiting| nearest >= *waiting)
            };
            if let Some(stretch) = stretches.next_if(is_nearer) {
                let behind = behind.map(|behind| behind.entry);
                self.expand(&stretch, order, behind, &mut waiting)?;
                continue;
            }
            let Some(next) = waiting.pop() else {
                let next = cut.map(|entry| ActivityPosition::end_of(entry, order).to_string());
                return Ok(Page { items, next });
            };
            let entry = order.position(next);
            let activity = self.activity_at(entry)?;
            looked_at += activity.items.len().max(1);
            if let Some(next) = wanted.pick(activity, entry, order, behind, limit, &mut items) {
                return Ok(Page { items, next: Some(next.to_string()) });
            }
            if looked_at >= LOOKED_AT_MAX {
                let next = ActivityPosition::end_of(entry, order).to_string();
                return Ok(Page { items, next: Some(next) });
            }
        }
    }

    /// Adds the entries of a stretch that lie behind `behind`.
    fn expand(
        &self,
        stretch: &Stretch,
        order: Order,
        behind: Option<Position>,
        waiting: &mut BinaryHeap<(u64, u32)>,
    ) -> Result<(), Error> {
        let mut before = Some(Position { entry: stretch.last.entry + 1, ..stretch.last });
        loop {
            let found = self.trail().find(&[stretch.key], before, STEP)?;
            let within = found.iter().filter(|one| **one >= stretch.first);
            let keys = within.map(|one| order.key(*one));
            waiting.extend(keys.filter(|key| behind.is_none_or(|one| *key <= order.key(one))));
            match found.last() {
                Some(last) if *last > stretch.first && found.len() == STEP => before = Some(*last),
                _ => return Ok(()),
            }
        }
    }

    fn activity_at(&self, position: Position) -> Result<Activity, Error> {
        let block = self.trail().block(position.block)?;
        let bytes = block.entry(position.entry).unwrap_or_default();
        let line: Line =
            serde_json::from_slice(bytes).map_err(|source| Error::Entry { position, source })?;
        Ok(match line.entry {
            Entry::Activity(activity) => activity,
            _ => Activity::default(),
        })
    }
}

impl Order {
    /// Returns a place as a number that is greater the earlier the place is listed.
    fn key(self, position: Position) -> (u64, u32) {
        match self {
            Order::NewestFirst => (position.block, position.entry),
            Order::OldestFirst => (u64::MAX - position.block, u32::MAX - position.entry),
        }
    }

    fn position(self, key: (u64, u32)) -> Position {
        match self {
            Order::NewestFirst => Position { block: key.0, entry: key.1 },
            Order::OldestFirst => Position { block: u64::MAX - key.0, entry: u32::MAX - key.1 },
        }
    }

    fn near_end(self, first: Position, last: Position) -> Position {
        match self {
            Order::NewestFirst => last,
            Order::OldestFirst => first,
        }
    }

    fn far_end(self, first: Position, last: Position) -> Position {
        self.near_end(last, first)
    }
}

impl ActivityPosition {
    /// Returns the place behind all items of an entry.
    fn end_of(entry: Position, order: Order) -> ActivityPosition {
        let item = match order {
            Order::NewestFirst => 0,
            Order::OldestFirst => u32::MAX,
        };
        ActivityPosition { entry, item }
    }

    fn is_behind(self, other: ActivityPosition, order: Order) -> bool {
        match order {
            Order::NewestFirst => self < other,
            Order::OldestFirst => self > other,
        }
    }
}

/// A filter, made ready.
struct Wanted<'f> {
    filter: &'f ActivityFilter,
    kinds: i64,
    session: Option<String>,
    text: Option<String>,
}

impl<'f> Wanted<'f> {
    fn new(filter: &'f ActivityFilter) -> Wanted<'f> {
        let all: &[Kind] = if filter.kind.is_empty() { &Kind::ALL } else { &filter.kind };
        let text = filter.text.as_ref().map(|text| text.trim().to_lowercase());
        Wanted {
            filter,
            kinds: all.iter().map(|kind| bit(*kind)).fold(0, |all, one| all | one),
            session: filter.session.as_ref().map(SessionId::to_string),
            text: text.filter(|text| !text.is_empty()),
        }
    }

    /// Finds the stretches that hold every word of the filter.
    fn stretches(
        &self,
        connection: &Connection,
        order: Order,
        behind: Option<ActivityPosition>,
    ) -> Result<Vec<Stretch>, Error> {
        let filter = self.filter;
        let mut conditions = vec![format!("kinds & {} != 0", self.kinds)];
        let mut values: Vec<Value> = Vec::new();
        let mut and = |condition: &str, value: &mut Vec<Value>| {
            conditions.push(condition.to_owned());
            values.append(value);
        };
        if let Some(node) = &filter.node {
            and("node = ?", &mut vec![names::find(connection, node)?.unwrap_or(-1).into()]);
        }
        if let Some(from) = filter.from {
            and("newest >= ?", &mut vec![from.0.into()]);
        }
        if let Some(until) = filter.until {
            and("oldest < ?", &mut vec![until.0.into()]);
        }
        let places = ["block", "entry", "last_block", "last_entry"];
        let (columns, sign) = match order {
            Order::NewestFirst => (&places[..2], "<="),
            Order::OldestFirst => (&places[2..], ">="),
        };
        if let Some(ActivityPosition { entry, .. }) = behind {
            let condition = format!("({}) {sign} (?, ?)", columns.join(", "));
            let block = i64::try_from(entry.block).unwrap_or(i64::MAX);
            and(&condition, &mut vec![block.into(), i64::from(entry.entry).into()]);
        }
        let holds = "id IN (SELECT stretch FROM activity_in WHERE kinds & ? != 0 AND word =
            (SELECT id FROM activity_word WHERE hash = ?))";
        for word in self.words() {
            and(holds, &mut vec![self.kinds.into(), word.0.into()]);
        }
        if let Some(query) = self.text.as_deref().and_then(triples) {
            let holds = "id IN (SELECT stretch FROM activity_in WHERE kinds & ? != 0 AND word IN
                (SELECT rowid FROM activity_text WHERE activity_text MATCH ?))";
            and(holds, &mut vec![self.kinds.into(), query.into()]);
        }
        let sorted = match order {
            Order::NewestFirst => "last_block DESC, last_entry DESC",
            Order::OldestFirst => "block, entry",
        };
        let read = format!(
            "SELECT (SELECT text FROM name WHERE id = node), block, entry, last_block, last_entry
            FROM activity_stretch WHERE {} ORDER BY {sorted} LIMIT {STRETCH_COUNT_MAX}",
            conditions.join(" AND ")
        );
        let mut read = connection.prepare_cached(&read)?;
        let rows = read.query_map(params_from_iter(values), |row| {
            Ok(Stretch {
                key: node_key(&row.get::<_, String>(0)?),
                first: Position { block: row.get(1)?, entry: row.get(2)? },
                last: Position { block: row.get(3)?, entry: row.get(4)? },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn words(&self) -> impl Iterator<Item = Word> {
        let filter = self.filter;
        let parts = [
            (About::Namespace, &filter.namespace),
            (About::Pod, &filter.pod),
            (About::Container, &filter.container),
            (About::User, &filter.user),
            (About::Session, &self.session),
        ];
        parts.into_iter().filter_map(|(about, part)| Some(Word::of(about, part.as_ref()?)))
    }

    /// Adds what fits of an entry; returns where the next page begins once there is enough.
    fn pick(
        &self,
        activity: Activity,
        entry: Position,
        order: Order,
        behind: Option<ActivityPosition>,
        limit: usize,
        items: &mut Vec<ActivityItem>,
    ) -> Option<ActivityPosition> {
        let mut numbers: Vec<usize> = (0..activity.items.len()).collect();
        if order == Order::NewestFirst {
            numbers.reverse();
        }
        for number in numbers {
            let position = ActivityPosition { entry, item: number as u32 };
            if behind.is_some_and(|behind| !position.is_behind(behind, order)) {
                continue;
            }
            let item = &activity.items[number];
            let Some(actor) = activity.actor(item) else { continue };
            if !self.fits(&activity, actor, item) {
                continue;
            }
            items.push(ActivityItem {
                position,
                node: activity.node.clone(),
                boot: activity.boot.clone(),
                actor: actor.clone(),
                first: activity.first(item),
                last: activity.last(item),
                item: item.clone(),
            });
            if items.len() == limit {
                return Some(position);
            }
        }
        None
    }

    fn fits(&self, activity: &Activity, actor: &Actor, item: &Item) -> bool {
        let filter = self.filter;
        let subject = &actor.subject;
        let is = |asked: &Option<String>, part: &Option<String>| {
            asked.is_none() || asked.as_deref() == part.as_deref()
        };
        let container = filter.container.as_ref().is_none_or(|asked| {
            let own = subject.container.as_deref();
            own.is_some_and(|own| own == asked || (asked.len() >= 12 && own.starts_with(asked)))
        });
        let within = |from: Option<Time>, until: Option<Time>| {
            from.is_none_or(|from| activity.last(item) >= from)
                && until.is_none_or(|until| activity.first(item) < until)
        };
        bit(item.what.kind()) & self.kinds != 0
            && filter.node.as_ref().is_none_or(|node| *node == activity.node)
            && is(&filter.namespace, &subject.namespace)
            && is(&filter.pod, &subject.pod)
            && container
            && filter.user.as_ref().is_none_or(|user| users(actor).contains(user))
            && (self.session.is_none() || self.session == session(activity, actor))
            && within(filter.from, filter.until)
            && self.text.as_ref().is_none_or(|asked| text(item).contains(asked))
    }
}

/// Returns what finds texts that may hold this one; nothing if it is too short to be found so.
fn triples(asked: &str) -> Option<String> {
    let letters: Vec<char> = asked.chars().take(LETTER_COUNT_MAX).collect();
    let quoted = |triple: &[char]| {
        let triple: String = triple.iter().collect();
        format!("\"{}\"", triple.replace('"', "\"\""))
    };
    let all: Vec<String> = letters.windows(TRIPLE).map(quoted).collect();
    (!all.is_empty()).then(|| all.join(" AND "))
}
