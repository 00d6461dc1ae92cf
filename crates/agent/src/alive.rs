//! Until when this node is known to have watched, to the second, though the process be killed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use event::Time;

use crate::spool::write_whole;

/// Name of the file, within the agent's directory.
const FILE: &str = "alive";

/// A sign of life on disk.
#[derive(Debug)]
pub struct Alive {
    path: PathBuf,
}

impl Alive {
    /// Returns the sign of life of an agent's directory.
    pub fn of(dir: &Path) -> Alive {
        Alive { path: dir.join(FILE) }
    }

    /// Returns the last one that was given.
    pub fn last(&self) -> Option<Time> {
        fs::read_to_string(&self.path).ok()?.trim().parse().ok()
    }

    /// Gives one.
    pub fn give(&self, now: Time) -> io::Result<()> {
        write_whole(&self.path, format!("{now}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sign_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let alive = Alive::of(dir.path());
        assert_eq!(alive.last(), None);
        for second in [1, 2] {
            alive.give(Time(second * Time::SECOND)).unwrap();
        }
        assert_eq!(Alive::of(dir.path()).last(), Some(Time(2 * Time::SECOND)));
    }
}
