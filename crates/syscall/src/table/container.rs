//! Containers by id, each with what its runtime says. One that the runtime does not tell of, or not
//! yet that it runs, is asked for again, a bounded number of times.

use std::collections::HashMap;
use std::sync::Arc;

use crate::container::{Container, Place, Runtimes};

/// Containers that are kept; when there are more, all are asked for anew.
const CONTAINER_COUNT_MAX: usize = 8192;
/// How often a runtime is asked for a container of which it may have more to tell.
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
        let about = asked.and_then(|asked| asked.container.about.as_ref());
        let is_whole = about.is_some_and(|about| !about.is_beginning);
        if is_whole || count >= ASK_COUNT_MAX || now < next {
            return;
        }
        // What was told stands until more is.
        let about = runtimes.ask(place).or_else(|| about.cloned());
        if self.by_id.len() >= CONTAINER_COUNT_MAX {
            self.by_id.clear();
        }
        if about.is_none() && place.runtime.tells() && count + 1 == ASK_COUNT_MAX {
            self.untold += 1;
        }
        let container = Container { id: place.id.clone(), runtime: place.runtime, about };
        let next = now + (ASK_AGAIN << count);
        self.by_id.insert(place.id.clone(), Asked { container, count: count + 1, next });
    }
    /// Asks again for those that had not begun to run as far as their runtime knew: they may do
    /// nothing from now on by which they would be met again.
    pub fn ask_again(&mut self, runtimes: &Runtimes, now: u64) {
        let containers = self.by_id.values().map(|asked| &asked.container);
        let is_beginning =
            |found: &&Container| found.about.as_ref().is_some_and(|about| about.is_beginning);
        let place = |found: &Container| Place { id: found.id.clone(), runtime: found.runtime };
        let beginning: Vec<Place> = containers.filter(is_beginning).map(place).collect();
        beginning.iter().for_each(|place| self.ask(runtimes, place, now));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::container::Runtime;

    #[test]
    fn what_docker_notes_after_a_container_began_is_asked_for_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("var/lib/docker/containers/web");
        fs::create_dir_all(&folder).unwrap();
        let write = |text: &str| fs::write(folder.join("config.v2.json"), text).unwrap();
        write(r#"{"Name": "/web", "State": {"Running": false}}"#);
        let (runtimes, mut containers) = (Runtimes::new(root.path()), Containers::default());
        let place = Place { id: "web".into(), runtime: Runtime::Docker };
        containers.ask(&runtimes, &place, 0);
        let address = |containers: &Containers| {
            let about = containers.get("web").unwrap().about.clone().unwrap();
            (about.name, about.address)
        };
        let name = Some("web".to_owned());
        assert_eq!(address(&containers), (name.clone(), None));
        // Half a file tells nothing, and what was told stands.
        write("{");
        containers.ask_again(&runtimes, ASK_AGAIN);
        assert_eq!(address(&containers), (name.clone(), None));
        write(
            r#"{"Name": "/web", "State": {"Running": true},
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "10.9.0.2"}}}}"#,
        );
        containers.ask_again(&runtimes, 2 * ASK_AGAIN);
        assert_eq!(address(&containers).1, None, "not asked without a pause");
        containers.ask_again(&runtimes, 4 * ASK_AGAIN);
        assert_eq!(address(&containers), (name, Some("10.9.0.2".to_owned())));
    }
}
