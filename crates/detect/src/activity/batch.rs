//! What will become one entry: acts of some seconds, equal ones as one.

use std::collections::HashMap;

use control::evidence::{Activity, Actor, Exit, Item, What};
use event::Time;

/// Items at which an entry is complete before its time.
pub const ITEM_COUNT: usize = 2048;
/// Items that wait to become an entry; more are counted and left out.
pub const ITEM_COUNT_MAX: usize = 8 * ITEM_COUNT;
/// Things that one item names: mounts, processes, capabilities.
const ON_COUNT_MAX: usize = 8;

/// Acts that are not told yet.
#[derive(Debug, Default)]
pub struct Batch {
    /// Counts batches, so that a place in one is not taken for a place in the next.
    serial: u64,
    actors: Vec<Actor>,
    known: HashMap<Actor, u32>,
    items: Vec<Pending>,
    index: HashMap<Key, usize>,
    since: Option<Time>,
    left_out: u64,
}

/// One act.
#[derive(Clone, Debug)]
pub struct Act {
    /// When.
    pub time: Time,
    /// Who: a number of [`Batch::actor`].
    pub by: u32,
    /// Process.
    pub pid: u32,
    /// Its name.
    pub process: String,
    /// It was in vain.
    pub failed: bool,
    /// What.
    pub what: What,
}

/// Place of an item, as long as it is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    serial: u64,
    index: usize,
}

/// What makes acts one item.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    by: u32,
    process: String,
    what: What,
}

#[derive(Debug)]
struct Pending {
    act: Act,
    last: Time,
    count: u64,
    failed: u64,
    /// Its programs ended in different ways.
    mixed: bool,
}

impl Batch {
    /// Returns the number of an actor.
    pub fn actor(&mut self, actor: Actor) -> u32 {
        if let Some(number) = self.known.get(&actor) {
            return *number;
        }
        let number = self.actors.len() as u32;
        self.actors.push(actor.clone());
        self.known.insert(actor, number);
        number
    }

    /// Adds an act as an item of its own; nothing if there is no room.
    pub fn add(&mut self, act: Act) -> Option<Slot> {
        if self.items.len() >= ITEM_COUNT_MAX {
            self.left_out += 1;
            return None;
        }
        self.since = Some(self.since.map_or(act.time, |since| since.min(act.time)));
        let index = self.items.len();
        let (last, failed) = (act.time, u64::from(act.failed));
        self.items.push(Pending { act, last, count: 1, failed, mixed: false });
        Some(Slot { serial: self.serial, index })
    }

    /// Adds an act to the item of equal ones by the same actor and name. `on` is what it was done
    /// to, where an item lists several.
    pub fn merge(&mut self, act: Act, on: Option<String>) -> Option<Slot> {
        let key = Key { by: act.by, process: act.process.clone(), what: act.what.clone() };
        let slot = match self.index.get(&key) {
            Some(index) => {
                let item = &mut self.items[*index];
                item.count += 1;
                item.failed += u64::from(act.failed);
                item.last = item.last.max(act.time);
                self.since = self.since.map(|since| since.min(act.time));
                Slot { serial: self.serial, index: *index }
            }
            None => {
                let slot = self.add(act)?;
                self.index.insert(key, slot.index);
                slot
            }
        };
        let list = match &mut self.items[slot.index].act.what {
            What::Privilege(call) | What::Module(call) => &mut call.on,
            _ => return Some(slot),
        };
        if let Some(on) = on.filter(|on| list.len() < ON_COUNT_MAX && !list.contains(on)) {
            list.push(on);
        }
        Some(slot)
    }

    /// Notes how a program ended; `false` if its item was told already.
    pub fn end(&mut self, slot: Slot, exit: Exit) -> bool {
        if slot.serial != self.serial {
            return false;
        }
        let Some(item) = self.items.get_mut(slot.index) else { return false };
        if let What::Command(command) = &mut item.act.what {
            item.mixed |= command.exit.is_some_and(|known| known != exit);
            command.exit = Some(exit).filter(|_| !item.mixed);
        }
        true
    }

    /// Returns when the first of its acts was done.
    pub fn since(&self) -> Option<Time> {
        self.since
    }

    /// Tells whether it has lasted as long as it may, or has become large.
    pub fn is_due(&self, now: Time, window: i64) -> bool {
        let old = self.since.is_some_and(|since| now.0.saturating_sub(since.0) >= window);
        old || self.items.len() >= ITEM_COUNT
    }

    /// Counts what could not be kept elsewhere.
    pub fn leave_out(&mut self, count: u64) {
        self.left_out += count;
    }

    /// Makes an entry of it, and begins anew. Nothing if nothing was done.
    pub fn take(&mut self) -> Option<Activity> {
        if self.items.is_empty() {
            return None;
        }
        let batch = std::mem::replace(self, Batch { serial: self.serial + 1, ..Batch::default() });
        let mut items = batch.items;
        items.sort_by_key(|item| item.act.time);
        let from = items.first()?.act.time;
        let until = items.iter().map(|item| item.last).max().unwrap_or(from);
        let items = items.into_iter().map(|item| item.told(from)).collect();
        Some(Activity {
            from,
            until,
            actors: batch.actors,
            items,
            left_out: batch.left_out,
            ..Activity::default()
        })
    }
}

impl Pending {
    fn told(self, from: Time) -> Item {
        let since = |time: Time| (time.0.saturating_sub(from.0).max(0) / 1000) as u64;
        let (first, last) = (since(self.act.time), since(self.last));
        Item {
            first,
            last: Some(last).filter(|last| *last != first),
            count: self.count,
            failed: self.failed,
            by: self.act.by,
            pid: self.act.pid,
            process: self.act.process,
            what: self.act.what,
        }
    }
}
