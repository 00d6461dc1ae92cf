//! One-time sign-in links. Each is for a named person, works once and not for long.

use event::Time;
use rusqlite::{OptionalExtension, params};

use super::{Error, Private, Secret};

/// Seconds for which a link works.
pub const LINK_LIFE_S: i64 = 15 * 60;

/// A link that was just used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whom it signs in; empty if nobody was named.
    pub person: String,
    /// Who made it, as the system knows them.
    pub made_by: String,
    /// When it was made.
    pub created: Time,
}

impl Private {
    /// Makes a link for a person and returns its secret. Older unused links of theirs stop working.
    pub fn make_link(&self, person: &str, made_by: &str, now: Time) -> Result<Secret, Error> {
        let secret = Secret::random();
        let mut connection = self.lock();
        let step = connection.transaction()?;
        step.execute(
            "DELETE FROM link WHERE person = ?1 OR expires <= ?2",
            params![person, now.0],
        )?;
        step.execute(
            "INSERT INTO link (hash, person, made_by, created, expires)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![secret.hash(), person, made_by, now.0, now.plus(LINK_LIFE_S * Time::SECOND).0],
        )?;
        step.commit()?;
        Ok(secret)
    }

    /// Uses a link up. Returns nothing if it never was, was used before, or is too old.
    pub fn use_link(&self, secret: &Secret, now: Time) -> Result<Option<Link>, Error> {
        let connection = self.lock();
        let used = connection
            .query_row(
                "DELETE FROM link WHERE hash = ?1 RETURNING person, made_by, created, expires",
                [secret.hash()],
                |row| {
                    let link = Link {
                        person: row.get(0)?,
                        made_by: row.get(1)?,
                        created: Time(row.get(2)?),
                    };
                    Ok((link, Time(row.get(3)?)))
                },
            )
            .optional()?;
        Ok(used.filter(|(_, expires)| now < *expires).map(|(link, _)| link))
    }
}
