//! A few connections that only read, shared by all threads.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use crate::schema;

/// Questions that are answered at the same time; further ones wait.
pub const READERS_MAX: usize = 4;

/// Connections at rest, and the right to open more.
#[derive(Debug)]
pub struct Pool {
    path: Option<PathBuf>,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<Connection>,
    open: usize,
}

impl Pool {
    /// Returns a pool for the tables at `path`.
    pub fn new(path: &Path) -> Pool {
        let state = Mutex::new(State { idle: Vec::new(), open: 0 });
        Pool { path: Some(path.to_owned()), state, returned: Condvar::new() }
    }

    /// Returns a pool of this one connection.
    pub fn of(connection: Connection) -> Pool {
        let state = Mutex::new(State { idle: vec![connection], open: READERS_MAX });
        Pool { path: None, state, returned: Condvar::new() }
    }

    /// Asks a question; waits for a connection if all are busy.
    pub fn ask<T, E: From<rusqlite::Error>>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let lent = self.take()?;
        question(lent.connection.as_ref().expect("it is given back only when dropped"))
    }

    fn take(&self) -> rusqlite::Result<Lent<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = state.idle.pop() {
                return Ok(Lent { pool: self, connection: Some(connection) });
            }
            if let Some(path) = self.path.as_ref().filter(|_| state.open < READERS_MAX) {
                state.open += 1;
                drop(state);
                let mut lent = Lent { pool: self, connection: None };
                lent.connection = Some(schema::open_to_read(path)?);
                return Ok(lent);
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A connection on loan; gives itself back, also when the question panics.
struct Lent<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.connection.take() {
            Some(connection) => state.idle.push(connection),
            // It could not be opened.
            None => state.open -= 1,
        }
        self.pool.returned.notify_one();
    }
}
