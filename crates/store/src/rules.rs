//! Rules as their alerts have shown them: what a filter means in terms of rules.

use event::Severity;
use rusqlite::Connection;

use crate::{Error, code};

/// A rule that raised an alert at least once.
#[derive(Clone, Debug)]
pub struct Known {
    pub number: i64,
    pub name: String,
}

/// Which rules are wanted; nothing named means all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub severity: &'a [Severity],
    pub rule: Option<&'a str>,
    pub source: Option<&'a str>,
    pub criterion: Option<&'a str>,
}

/// Lists the rules that may have what is wanted.
pub fn find(connection: &Connection, wanted: &Wanted<'_>) -> Result<Vec<Known>, Error> {
    let read = "SELECT rule.name, name.text, source.text, severities, criteria
        FROM rule JOIN name ON name.id = rule.name JOIN name AS source ON source.id = rule.source";
    let mut read = connection.prepare_cached(read)?;
    let mut rows = read.query([])?;
    let bits: i64 = wanted.severity.iter().map(|one| 1 << code::severity(*one)).sum();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let criteria: Vec<String> = crate::row::parse(row, 4)?;
        let source = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let fits = wanted.rule.is_none_or(|rule| rule == name)
            && wanted.source.is_none_or(|wanted| wanted == source)
            && (bits == 0 || row.get::<_, i64>(3)? & bits != 0)
            && wanted.criterion.is_none_or(|one| criteria.iter().any(|had| had == one));
        if fits {
            found.push(Known { number: row.get(0)?, name });
        }
    }
    Ok(found)
}
