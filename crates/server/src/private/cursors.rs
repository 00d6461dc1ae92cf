//! How far each followed file was read. Saved after the records are durable, so a crash between
//! the two reads some records again; the trail knows them.

use event::Time;
use rusqlite::{OptionalExtension, params};

use super::{Error, Private};

/// How far a file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCursor {
    /// The follower's cursor, as JSON.
    pub cursor: String,
    /// Receipt time of what was read last before it.
    pub saved: Time,
}

impl Private {
    /// Returns how far an instance was read.
    pub fn cursor(&self, instance: &str) -> Result<Option<SavedCursor>, Error> {
        let found = self
            .lock()
            .query_row("SELECT cursor, saved FROM cursor WHERE instance = ?1", [instance], |row| {
                Ok(SavedCursor { cursor: row.get(0)?, saved: Time(row.get(1)?) })
            })
            .optional()?;
        Ok(found)
    }

    /// Notes how far an instance was read.
    pub fn save_cursor(&self, instance: &str, cursor: &str, saved: Time) -> Result<(), Error> {
        self.lock()
            .prepare_cached(
                "INSERT INTO cursor (instance, cursor, saved) VALUES (?1, ?2, ?3)
                 ON CONFLICT (instance) DO UPDATE SET cursor = ?2, saved = ?3",
            )?
            .execute(params![instance, cursor, saved.0])?;
        Ok(())
    }
}
