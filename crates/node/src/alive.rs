//! Until when the watch ran and what it saw was handed over, kept on disk: after any end the next
//! run knows it to the second.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use event::Time;

/// How often it is written.
const EVERY: Duration = Duration::from_millis(500);
/// Length of what is written: longer than any time.
const LEN: usize = 40;

/// The file.
#[derive(Debug)]
pub struct Alive {
    file: File,
    written: Option<Instant>,
}

impl Alive {
    /// Opens the file; tells until when the run before watched, if it says.
    pub fn open(path: &Path) -> io::Result<(Alive, Option<Time>)> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = Vec::new();
        (&mut file).take(LEN as u64).read_to_end(&mut text)?;
        let before = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
        Ok((Alive { file, written: None }, before))
    }

    /// Says that all until `now` was handed over. Not synced: after a loss of power the time is
    /// older, never newer.
    pub fn tell(&mut self, now: Time) {
        if self.written.is_some_and(|written| written.elapsed() < EVERY) {
            return;
        }
        self.note(now);
    }

    /// Says so at once.
    pub fn note(&mut self, now: Time) {
        self.written = Some(Instant::now());
        let text = format!("{:<width$}\n", now.to_string(), width = LEN - 1);
        if let Err(error) = self.file.write_all_at(text.as_bytes(), 0) {
            tracing::warn!(%error, "until when this node is watched cannot be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_knows_until_when_the_last_one_watched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watched-until");
        let (mut alive, before) = Alive::open(&path).unwrap();
        assert_eq!(before, None);
        let first: Time = "2026-11-22T12:00:00.123456789Z".parse().unwrap();
        alive.tell(first);
        alive.tell(first.plus(1));
        assert_eq!(Alive::open(&path).unwrap().1, Some(first), "not more often than needed");
        let later: Time = "2026-11-22T12:00:01Z".parse().unwrap();
        let (mut alive, _) = Alive::open(&path).unwrap();
        alive.tell(later);
        assert_eq!(Alive::open(&path).unwrap().1, Some(later), "a shorter time replaces it");
        std::fs::write(&path, "torn").unwrap();
        assert_eq!(Alive::open(&path).unwrap().1, None);
    }
}
