//! Cgroups by id and by path, and the containers they belong to.

use std::collections::HashMap;
use std::sync::Arc;

use crate::container::{self, Place, Runtimes};
use foldhash::fast::RandomState;

/// Cgroups that are kept; when there are more, all are forgotten.
const CGROUP_COUNT_MAX: usize = 65_536;

/// Nanoseconds for which a cgroup may turn out to be a container's.
const YOUNG: u64 = 10_000_000_000;

/// A cgroup.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// Its path below the root of its tree.
    pub path: Box<[u8]>,
    /// The container it belongs to.
    pub place: Option<Place>,
    /// When it was first heard of.
    first: u64,
}

/// The cgroups that are known.
#[derive(Debug, Default)]
pub struct Cgroups {
    by_id: HashMap<u64, Arc<Cgroup>, RandomState>,
    by_path: HashMap<Box<[u8]>, Arc<Cgroup>>,
    /// Ids of those that belong to nothing so far.
    unsettled: Vec<u64>,
    evicted: u64,
}

impl Cgroups {
    /// Returns how many were forgotten for want of room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Returns the cgroup with this id.
    pub fn by_id(&self, id: u64) -> Option<Arc<Cgroup>> {
        self.by_id.get(&id).cloned()
    }

    /// Returns the cgroup at a path. One that belonged to nothing is looked up again: runc notes
    /// what it made only when it is made.
    pub fn by_path(&mut self, runtimes: &Runtimes, path: &[u8], now: u64) -> Arc<Cgroup> {
        let known = self.by_path.get(path);
        let settled = |known: &&Arc<Cgroup>| known.place.is_some() || now > known.first + YOUNG;
        if let Some(known) = known.filter(settled) {
            return known.clone();
        }
        let first = known.map_or(now, |known| known.first);
        let place = container::place(path).or_else(|| runtimes.unmarked(path));
        if let Some(known) = known.filter(|known| known.place == place) {
            return known.clone();
        }
        self.make_room();
        let cgroup = Arc::new(Cgroup { path: path.into(), place, first });
        self.by_path.insert(path.into(), cgroup.clone());
        cgroup
    }

    /// Returns the cgroup at a path and remembers its id.
    pub fn set(&mut self, runtimes: &Runtimes, id: u64, path: &[u8], now: u64) -> Arc<Cgroup> {
        let cgroup = self.by_path(runtimes, path, now);
        if self.by_id.get(&id).is_some_and(|known| Arc::ptr_eq(known, &cgroup)) {
            return cgroup;
        }
        self.make_room();
        if cgroup.place.is_none() {
            self.unsettled.push(id);
        }
        self.by_id.insert(id, cgroup.clone());
        cgroup
    }

    /// Returns the ids of cgroups that have become sure to belong to no container, each once.
    pub fn settled(&mut self, now: u64) -> Vec<u64> {
        let mut settled = Vec::new();
        let by_id = &self.by_id;
        self.unsettled.retain(|id| {
            let Some(cgroup) = by_id.get(id).filter(|one| one.place.is_none()) else {
                return false;
            };
            let old = now > cgroup.first + YOUNG;
            settled.extend(old.then_some(*id));
            !old
        });
        settled
    }

    fn make_room(&mut self) {
        if self.by_id.len().max(self.by_path.len()) >= CGROUP_COUNT_MAX {
            self.evicted += self.by_path.len() as u64;
            self.by_id.clear();
            self.by_path.clear();
            self.unsettled.clear();
        }
    }
}
