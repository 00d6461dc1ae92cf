//! `private.db`: sign-in links, sessions, token hashes, nodes and file cursors. No part of the
//! trail and none of the projection: losing it signs everyone out, shuts every node out until it
//! joins again, and loses no evidence. Secrets are kept as SHA-256 only; they are 244 random bits,
//! so a plain hash is enough.

mod cursors;
mod links;
mod nodes;
mod secret;
mod sessions;
mod tokens;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

pub use cursors::SavedCursor;
pub use nodes::Node;
pub use secret::Secret;
pub use sessions::SESSION_LIFE_S;
pub use tokens::{NewToken, Scope, Token};

/// Why `private.db` could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused.
    #[error("cannot use `private.db`")]
    Sql(#[from] rusqlite::Error),
    /// Its permissions could not be narrowed.
    #[error("cannot protect `private.db`")]
    Protect(#[source] std::io::Error),
}

/// The private database; cheap to clone, safe to share.
#[derive(Clone, Debug)]
pub struct Private {
    connection: Arc<Mutex<Connection>>,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS link (
        hash BLOB PRIMARY KEY, person TEXT NOT NULL, made_by TEXT NOT NULL,
        created INTEGER NOT NULL, expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS session (
        hash BLOB PRIMARY KEY, person TEXT NOT NULL,
        created INTEGER NOT NULL, expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS token (
        id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
        created INTEGER NOT NULL, created_by TEXT NOT NULL, last_used INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS node (
        name TEXT PRIMARY KEY, created INTEGER NOT NULL, created_by TEXT NOT NULL,
        joined INTEGER, revoked INTEGER, seen INTEGER, agent TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS node_invitation (
        hash BLOB PRIMARY KEY, node TEXT NOT NULL, expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS node_certificate (
        fingerprint BLOB PRIMARY KEY, node TEXT NOT NULL, until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS cursor (
        instance TEXT PRIMARY KEY, cursor TEXT NOT NULL, saved INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

impl Private {
    /// Opens the database, or makes it, readable by its owner only.
    pub fn open(path: &Path) -> Result<Private, Error> {
        protect(path).map_err(Error::Protect)?;
        let connection = Connection::open(path)?;
        // A running server and `--sign-in-link` of a second process may meet here.
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Private { connection: Arc::new(Mutex::new(connection)) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
fn protect(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    // SQLite gives its WAL the mode of the database, so the mode must stand before it opens.
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn protect(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
