//! The dictionary: each name stands once in the tables, and is a number elsewhere.

use std::collections::HashMap;

use rusqlite::Connection;

/// Names that the writer remembers; beyond this it forgets and asks the table again.
const NAMES_LEN_MAX: usize = 16_384;

/// The writer's side: gives numbers to names.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<String, i64>,
}

impl Names {
    /// Returns the number of a name; gives it one if it has none.
    pub fn number(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.known.get(text) {
            return Ok(*number);
        }
        let number = match find(connection, text)? {
            Some(number) => number,
            None => {
                let mut insert =
                    connection.prepare_cached("INSERT INTO name (text) VALUES (?1)")?;
                insert.insert([text])?
            }
        };
        if self.known.len() >= NAMES_LEN_MAX {
            self.known.clear();
        }
        self.known.insert(text.to_owned(), number);
        Ok(number)
    }
}

/// Returns the number of a name, if it has one.
pub fn find(connection: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    use rusqlite::OptionalExtension;
    let mut find = connection.prepare_cached("SELECT id FROM name WHERE text = ?1")?;
    find.query_row([text], |row| row.get(0)).optional()
}
