//! What may be read: the projection's tables and the trail behind them.

mod activity;
mod alerts;
mod answers;
mod facts;
mod findings;
mod interruption;
mod lists;
mod part;
mod session;
mod shipments;
mod sources;
mod summary;
mod trail_entry;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use trail::Reader;

use crate::journal::opening;
use crate::pool::Pool;
use crate::projection::Projection;
use crate::{Error, schema};

pub use answers::*;
pub use interruption::INTERRUPTIONS_LEN_MAX;
pub use shipments::{HOLES_LEN_MAX, Hole, Shipments};

/// Most items of one page.
pub const PAGE_LEN_MAX: usize = 1000;

/// A handle for readers; cheap to clone, safe to share.
#[derive(Clone, Debug)]
pub struct View {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    pool: Pool,
    trail: Reader,
}

impl View {
    pub(crate) fn new(dir: &Path, trail: Reader) -> View {
        let pool = Pool::new(&dir.join(opening::STATE));
        View { shared: Arc::new(Shared { dir: dir.to_owned(), pool, trail }) }
    }

    /// Opens a data directory to read only, whether or not a server runs on it. Nothing in it is
    /// changed: tables that lag behind the trail, or are missing, are replayed in memory.
    pub fn open(dir: &Path) -> Result<View, Error> {
        let trail = Reader::open(&dir.join("trail"))?;
        let path = dir.join(opening::STATE);
        let cursor = match fs::exists(&path) {
            Ok(true) => schema::open_to_read(&path)
                .and_then(|connection| schema::cursor(&connection))
                .unwrap_or(None),
            _ => None,
        };
        // Tables that are ahead belong to a server that has written since the trail was looked at.
        if cursor.is_some_and(|cursor| cursor.blocks >= trail.blocks()) {
            return Ok(View::new(dir, trail));
        }
        let mut projection = Projection::new(schema::open_in_memory()?)?;
        opening::follow(&mut projection, &trail, trail.blocks())?;
        let pool = Pool::of(projection.into_connection());
        Ok(View { shared: Arc::new(Shared { dir: dir.to_owned(), pool, trail }) })
    }

    /// Returns the trail's reader.
    pub fn trail(&self) -> &Reader {
        &self.shared.trail
    }

    /// Returns the data directory.
    pub fn directory(&self) -> &Path {
        &self.shared.dir
    }

    fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.shared.pool.ask(question)
    }
}
