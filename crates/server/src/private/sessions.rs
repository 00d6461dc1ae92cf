//! Sessions of browsers.

use event::Time;
use rusqlite::{OptionalExtension, params};

use super::{Error, Private, Secret};

/// Seconds for which a session lasts.
pub const SESSION_LIFE_S: i64 = 12 * 60 * 60;

/// Someone's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The named person; empty if the link named nobody.
    pub person: String,
    /// When it ends.
    pub expires: Time,
}

impl Private {
    /// Starts a session and returns its secret.
    pub fn start_session(&self, person: &str, now: Time) -> Result<Secret, Error> {
        let secret = Secret::random();
        let connection = self.lock();
        connection.execute("DELETE FROM session WHERE expires <= ?1", [now.0])?;
        connection.execute(
            "INSERT INTO session (hash, person, created, expires) VALUES (?1, ?2, ?3, ?4)",
            params![secret.hash(), person, now.0, now.plus(SESSION_LIFE_S * Time::SECOND).0],
        )?;
        Ok(secret)
    }

    /// Finds a live session.
    pub fn session(&self, secret: &Secret, now: Time) -> Result<Option<Session>, Error> {
        let hash = secret.hash();
        let found = self
            .lock()
            .prepare_cached("SELECT hash, person, expires FROM session WHERE hash = ?1")?
            .query_row([hash], |row| {
                let kept: Vec<u8> = row.get(0)?;
                let session = Session { person: row.get(1)?, expires: Time(row.get(2)?) };
                Ok((kept, session))
            })
            .optional()?;
        Ok(found
            .filter(|(kept, session)| secret.matches(kept) && now < session.expires)
            .map(|(_, session)| session))
    }

    /// Ends a session.
    pub fn end_session(&self, secret: &Secret) -> Result<(), Error> {
        self.lock().execute("DELETE FROM session WHERE hash = ?1", [secret.hash()])?;
        Ok(())
    }
}
