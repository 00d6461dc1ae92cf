//! Containers by id, each with what its runtime says. One that the runtime does not tell of is
//! asked for again, a bounded number of times.

use std::collections::HashMap;
use std::sync::Arc;

use crate::container::{Container, Place, Runtimes};

/// Containers that are kept; when there are more, all are asked for anew.
const CONTAINER_COUNT_MAX: usize = 8192;
/// How often a runtime is asked for a container that it does not tell of.
pub const ASK_COUNT_MAX: u32 = 8;
/// Nanoseconds until it is asked for the second time; then twice as long each time.
const ASK_AGAIN: u64 = 50_000_000;

/// The containers that are known.
#[derive(Debug, Default)]
pub struct Containers {
    by_id: HashMap<Arc<str>, Asked>,
    untold: u64,
}

/// A container, and how it was asked for.
#[derive(Debug)]
struct Asked {
    container: Container,
    count: u32,
    next: u64,
}

impl Containers {
    /// Returns the container with this id.
    pub fn get(&self, id: &str) -> Option<&Container> {
        self.by_id.get(id).map(|asked| &asked.container)
    }

    /// Returns of how many the runtime told nothing, however often it was asked.
    pub fn untold(&self) -> u64 {
        self.untold
    }

    /// Asks for a container, unless it is known or was asked for often or just now.
    pub fn ask(&mut self, runtimes: &Runtimes, place: &Place, now: u64) {
        let asked = self.by_id.get(&place.id);
        let (count, next) = asked.map_or((0, 0), |asked| (asked.count, asked.next));
        let is_known = asked.is_some_and(|asked| asked.container.about.is_some());
        if is_known || count >= ASK_COUNT_MAX || now < next {
            return;
        }
        if self.by_id.len() >= CONTAINER_COUNT_MAX {
            self.by_id.clear();
        }
        let about = runtimes.ask(place);
        if about.is_none() && place.runtime.tells() && count + 1 == ASK_COUNT_MAX {
            self.untold += 1;
        }
        let container = Container { id: place.id.clone(), runtime: place.runtime, about };
        let next = now + (ASK_AGAIN << count);
        self.by_id.insert(place.id.clone(), Asked { container, count: count + 1, next });
    }
}
