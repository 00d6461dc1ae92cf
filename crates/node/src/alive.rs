//! Until when the watch ran and what it saw was handed over, kept on disk: after any end the next
//! run knows it to the second. What is gathered before it is told reaches less far than alerts.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use detect::activity::{CONNECTION_WINDOW, Waiting};
use event::Time;

/// How often it is written.
const EVERY: Duration = Duration::from_millis(500);
/// Length of what is written: longer than any three times.
const LEN: usize = 120;

/// Until when all that happened is handed over, by what tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Alerts; nothing is watched afterwards.
    pub alerts: Time,
    /// Activity, but for what `sums` says.
    pub acts: Time,
    /// Connections that are summed up.
    pub sums: Time,
}

impl Reach {
    /// Says that nothing that happened until `time` waits.
    pub fn of(time: Time) -> Reach {
        Reach { alerts: time, acts: time, sums: time }
    }

    /// Holds it back to what waits.
    pub fn but(self, waiting: Waiting) -> Reach {
        let before = |time: Time, waits: Option<Time>| waits.map_or(time, |waits| time.min(waits));
        let (acts, sums) = (before(self.acts, waiting.acts), before(self.sums, waiting.sums));
        Reach { acts, sums, ..self }
    }

    /// Returns the farther of both, each for itself.
    pub fn max(self, other: Reach) -> Reach {
        Reach {
            alerts: self.alerts.max(other.alerts),
            acts: self.acts.max(other.acts),
            sums: self.sums.max(other.sums),
        }
    }

    /// Reads it. One time alone is of a version that said nothing of activity: what that had
    /// gathered then is as old as can be.
    fn read(text: &str) -> Option<Reach> {
        let times: Result<Vec<Time>, _> = text.split_whitespace().map(str::parse).collect();
        match times.ok()?[..] {
            [alerts, acts, sums] => Some(Reach { alerts, acts, sums }),
            [time] => {
                let gathered = time.plus(-CONNECTION_WINDOW);
                Some(Reach { alerts: time, acts: gathered, sums: gathered })
            }
            _ => None,
        }
    }
}

/// The file.
#[derive(Debug)]
pub struct Alive {
    file: File,
    written: Option<Instant>,
}

impl Alive {
    /// Opens the file; tells how far the run before reached, if it says.
    pub fn open(path: &Path) -> io::Result<(Alive, Option<Reach>)> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = Vec::new();
        (&mut file).take(LEN as u64).read_to_end(&mut text)?;
        let before = std::str::from_utf8(&text).ok().and_then(Reach::read);
        Ok((Alive { file, written: None }, before))
    }

    /// Says how far what was handed over reaches. Not synced: after a loss of power the times are
    /// older, never newer.
    pub fn tell(&mut self, reach: Reach) {
        if self.written.is_some_and(|written| written.elapsed() < EVERY) {
            return;
        }
        self.note(reach);
    }

    /// Says so at once.
    pub fn note(&mut self, reach: Reach) {
        self.written = Some(Instant::now());
        let text = format!("{} {} {}", reach.alerts, reach.acts, reach.sums);
        let text = format!("{text:<width$}\n", width = LEN - 1);
        if let Err(error) = self.file.write_all_at(text.as_bytes(), 0) {
            tracing::warn!(%error, "until when this node is watched cannot be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_knows_how_far_the_last_one_reached() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watched-until");
        let (mut alive, before) = Alive::open(&path).unwrap();
        assert_eq!(before, None);
        let at = |text: &str| text.parse::<Time>().unwrap();
        let first = Reach {
            alerts: at("2026-11-22T12:00:00.123456789Z"),
            acts: at("2026-11-22T11:59:59.987654321Z"),
            sums: at("2026-11-22T11:50:00.123456789Z"),
        };
        alive.tell(first);
        alive.tell(Reach { alerts: first.alerts.plus(1), ..first });
        assert_eq!(Alive::open(&path).unwrap().1, Some(first), "not more often than needed");
        let later = Reach::of(at("2026-11-22T12:00:01Z"));
        let (mut alive, _) = Alive::open(&path).unwrap();
        alive.tell(later);
        assert_eq!(Alive::open(&path).unwrap().1, Some(later), "shorter times replace it");
        std::fs::write(&path, "torn").unwrap();
        assert_eq!(Alive::open(&path).unwrap().1, None);
    }

    #[test]
    fn a_time_of_an_older_version_says_nothing_of_what_was_gathered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watched-until");
        std::fs::write(&path, format!("{:<39}\n", "2026-11-22T12:00:00Z")).unwrap();
        let before = Alive::open(&path).unwrap().1.unwrap();
        assert_eq!(before.alerts.to_string(), "2026-11-22T12:00:00Z");
        assert_eq!(
            (before.acts, before.sums),
            (before.sums, before.alerts.plus(-600 * Time::SECOND))
        );
    }
}
