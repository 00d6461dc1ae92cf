//! What has to outlive the process beside the segments: how far each stream was acknowledged, and
//! what was dropped and is not told of yet.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Lane;

/// Version of the file.
const VERSION: u8 = 1;

/// The ledger; each change is on disk when the call returns.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    kept: Kept,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    v: u8,
    /// Highest number of each stream that the server has.
    acknowledged: BTreeMap<String, u64>,
    /// Entries that were dropped and that nobody asked for yet.
    dropped: BTreeMap<Lane, u64>,
    /// Entries that were dropped and asked for, until a status is spooled that may tell of them.
    asked: BTreeMap<Lane, u64>,
}

impl Ledger {
    /// Reads the ledger. One that cannot be read is begun anew: entries are then shipped again,
    /// which the server knows.
    pub fn open(path: PathBuf) -> Ledger {
        let read = fs::read(&path).ok();
        let kept = read.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        let mut kept = kept.filter(|kept| kept.v == VERSION).unwrap_or_default();
        kept.v = VERSION;
        for (lane, count) in std::mem::take(&mut kept.asked) {
            *kept.dropped.entry(lane).or_default() += count;
        }
        Ledger { path, kept }
    }

    /// Returns the highest number of a stream that the server has.
    pub fn acknowledged(&self, stream: &str) -> u64 {
        self.kept.acknowledged.get(stream).copied().unwrap_or(0)
    }

    /// Notes that the server has a stream up to a number.
    pub fn acknowledge(&mut self, stream: &str, number: u64) -> io::Result<()> {
        let known = self.kept.acknowledged.entry(stream.to_owned()).or_default();
        *known = number.max(*known);
        self.save()
    }

    /// Forgets streams of which nothing is left to ship.
    pub fn forget_but(&mut self, left: impl Fn(&str) -> bool) {
        self.kept.acknowledged.retain(|stream, _| left(stream));
    }

    /// Counts what was dropped.
    pub fn drop(&mut self, lane: Lane, count: u64) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        *self.kept.dropped.entry(lane).or_default() += count;
        self.save()
    }

    /// Returns what was dropped since this was asked last.
    pub fn take_dropped(&mut self) -> io::Result<BTreeMap<Lane, u64>> {
        let taken = std::mem::take(&mut self.kept.dropped);
        if taken.is_empty() {
            return Ok(taken);
        }
        for (lane, count) in &taken {
            *self.kept.asked.entry(*lane).or_default() += count;
        }
        self.save()?;
        Ok(taken)
    }

    /// Notes that a status was spooled: it tells of what was asked for before.
    pub fn told(&mut self) -> io::Result<()> {
        if self.kept.asked.is_empty() {
            return Ok(());
        }
        self.kept.asked.clear();
        self.save()
    }

    fn save(&self) -> io::Result<()> {
        write(&self.path, &serde_json::to_vec(&self.kept)?)
    }
}

/// Writes a file as a whole: whoever reads it finds the old one or the new one.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_is_told_of_though_the_process_ends_in_between() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Ledger::open(dir.path().join("ledger.json"));
        let mut ledger = open();
        ledger.drop(Lane::Activity, 3).unwrap();
        ledger.acknowledge("a", 7).unwrap();
        ledger.acknowledge("a", 5).unwrap();
        let mut ledger = { open() };
        assert_eq!((ledger.acknowledged("a"), ledger.acknowledged("b")), (7, 0));
        let told = BTreeMap::from([(Lane::Activity, 3)]);
        assert_eq!(ledger.take_dropped().unwrap(), told);
        // Asked for, and killed before a status was spooled: it is told of again.
        let mut ledger = open();
        assert_eq!(ledger.take_dropped().unwrap(), told);
        ledger.told().unwrap();
        assert_eq!(open().take_dropped().unwrap(), BTreeMap::new());
    }

    #[test]
    fn a_ledger_of_version_1_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.json");
        let v1 = r#"{"v":1,"acknowledged":{"a":7},"dropped":{"activity":3},"asked":{}}"#;
        fs::write(&path, v1).unwrap();
        let ledger = Ledger::open(path.clone());
        assert_eq!(serde_json::to_string(&ledger.kept).unwrap(), v1);
        fs::write(&path, "{").unwrap();
        assert_eq!(Ledger::open(path).acknowledged("a"), 0);
    }
}
