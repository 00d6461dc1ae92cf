//! Entries of the trail as they stand there: any one by its place, and those that were refused.

use control::evidence::{Entry, Line, Rejected};
use data_encoding::HEXLOWER;
use trail::{Position, ReadError};

use super::{PAGE_LEN_MAX, Page, Placed, TrailEntry, View};
use crate::{Error, Kind};

/// Entries that one page of refused records looks at; what is left goes on with the next page.
const LOOKED_AT_MAX: usize = 5_000;
/// Entries that are looked up at once.
const STEP: usize = 256;

impl View {
    /// Returns any entry with what it stands under; nothing if there is none at this place.
    pub fn trail_entry(&self, position: Position) -> Result<Option<TrailEntry>, Error> {
        let block = match self.trail().block(position.block) {
            Err(ReadError::Missing(_)) => return Ok(None),
            block => block?,
        };
        let Some(bytes) = block.entry(position.entry) else { return Ok(None) };
        let text = String::from_utf8_lossy(bytes).into_owned();
        Ok(Some(TrailEntry {
            position,
            line: line(bytes, position)?,
            text,
            entries: block.len(),
            block_root: HEXLOWER.encode(&block.head.root),
            checkpoint: self.trail().checkpoint_at(position.block)?,
        }))
    }

    /// Lists the records of a source that were refused and kept with the reason, newest first,
    /// before the given place. Entries that do not tell their instance belong to every one. A page
    /// may hold less than asked for and still have a next one.
    pub fn rejected(
        &self,
        source: &str,
        instance: Option<&str>,
        mut before: Option<Position>,
        limit: usize,
    ) -> Result<Page<Placed<Rejected>>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        let mut items: Vec<Placed<Rejected>> = Vec::new();
        let mut looked_at = 0;
        loop {
            let found = self.trail().find(&[Kind::Rejected as u64], before, STEP)?;
            let Some(last) = found.last().copied() else { return Ok(Page { items, next: None }) };
            for position in found {
                looked_at += 1;
                let bytes = self.trail().entry(position)?;
                let Entry::Rejected(entry) = line(&bytes, position)?.entry else { continue };
                let other = entry.instance.as_deref().zip(instance).is_some_and(|(a, b)| a != b);
                if entry.source != source || other {
                    continue;
                }
                items.push(Placed { position, entry });
                if items.len() == limit {
                    return Ok(Page { items, next: Some(position.to_string()) });
                }
            }
            if looked_at >= LOOKED_AT_MAX {
                return Ok(Page { items, next: Some(last.to_string()) });
            }
            before = Some(last);
        }
    }
}

fn line(bytes: &[u8], position: Position) -> Result<Line, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Entry { position, source })
}
