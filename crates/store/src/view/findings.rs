//! Findings: lists, and one with its history.
//!
//! A list walks along an index in the order of `last_seen`: one walk a status, or one a rule where
//! the filter names rules. The walks are merged, so that no list sorts the whole table.

use std::cmp::Reverse;

use finding::{Decision, Finding, FindingId, Status};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use trail::Position;

use super::{DecisionItem, FindingFilter, PAGE_LEN_MAX, Page, View};
use crate::{Error, code, names, row, rules};

/// Where a page ends: the order of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    last_seen: i64,
    number: i64,
}

impl View {
    /// Lists findings, last seen first. `cursor` is a page's `next`.
    pub fn findings(
        &self,
        filter: &FindingFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Finding>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        let after = cursor.map(place).transpose()?;
        self.ask(|connection| {
            let mut found = list(connection, filter, after, limit + 1)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next = match found.last() {
                Some((place, _)) if more => Some(format!("{}.{}", place.last_seen, place.number)),
                _ => None,
            };
            Ok(Page { items: found.into_iter().map(|(_, finding)| finding).collect(), next })
        })
    }

    /// Returns one finding with all that was decided about it, oldest first.
    pub fn finding(&self, id: &FindingId) -> Result<Option<(Finding, Vec<DecisionItem>)>, Error> {
        self.ask(|connection| {
            let read = format!("{} WHERE finding.finding = ?1", row::FINDING);
            let mut read = connection.prepare_cached(&read)?;
            let found = read
                .query_row([&id.0], |row| Ok((row::finding(row)?, row.get::<_, i64>(14)?)))
                .optional()?;
            let Some((finding, number)) = found else { return Ok(None) };
            let read = "SELECT block, entry, decision FROM decision WHERE finding = ?1
                ORDER BY block, entry";
            let mut read = connection.prepare_cached(read)?;
            let decisions = read.query_map([number], |row| {
                let position = Position { block: row.get(0)?, entry: row.get(1)? };
                Ok(DecisionItem { position, decision: row::parse::<Decision>(row, 2)? })
            })?;
            Ok(Some((finding, decisions.collect::<Result<_, _>>()?)))
        })
    }
}

fn place(cursor: &str) -> Result<Place, Error> {
    let parts = cursor.split_once('.').and_then(|(last_seen, number)| {
        Some(Place { last_seen: last_seen.parse().ok()?, number: number.parse().ok()? })
    });
    parts.ok_or_else(|| Error::Cursor(cursor.to_owned()))
}

fn list(
    connection: &Connection,
    filter: &FindingFilter,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<(Place, Finding)>, Error> {
    if let Some(text) = filter.text.as_ref().filter(|text| text.chars().count() >= TRIGRAM) {
        return by_text(connection, filter, text, after, limit);
    }
    let mut found = Vec::new();
    for walk in walks(connection, filter)? {
        found.extend(one_walk(connection, filter, walk, after, limit)?);
    }
    found.sort_by_key(|(place, _)| Reverse(*place));
    found.truncate(limit);
    Ok(found)
}

/// Shortest text that the text index can find.
const TRIGRAM: usize = 3;

/// One walk along an index.
#[derive(Clone, Copy, Debug)]
enum Walk {
    Status(i64),
    Rule(i64),
}

fn walks(connection: &Connection, filter: &FindingFilter) -> Result<Vec<Walk>, Error> {
    if filter.rule.is_some() || filter.criterion.is_some() || filter.source.is_some() {
        let wanted = rules::Wanted {
            severity: &[],
            rule: filter.rule.as_deref(),
            source: filter.source.as_deref(),
            criterion: filter.criterion.as_deref(),
        };
        let numbers = rules::find(connection, &wanted)?.into_iter().map(|rule| rule.number);
        return Ok(numbers.map(Walk::Rule).collect());
    }
    let statuses = if filter.status.is_empty() { &code::STATUSES[..] } else { &filter.status };
    let mut numbers: Vec<i64> = statuses.iter().map(|status| code::status(*status)).collect();
    if statuses.contains(&Status::Open) {
        // Among the accepted ones are those whose acceptance has ended.
        numbers.push(code::status(Status::Accepted));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers.into_iter().map(Walk::Status).collect())
}

fn one_walk(
    connection: &Connection,
    filter: &FindingFilter,
    walk: Walk,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<(Place, Finding)>, Error> {
    let mut question = Question::default();
    match walk {
        Walk::Status(status) => question.and("finding.status = ?", [Value::from(status)]),
        Walk::Rule(rule) => question.and("finding.rule = ?", [Value::from(rule)]),
    }
    question.filter(connection, filter)?;
    question.read(connection, after, limit)
}

fn by_text(
    connection: &Connection,
    filter: &FindingFilter,
    text: &str,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<(Place, Finding)>, Error> {
    let mut question = Question::default();
    let phrase = format!("\"{}\"", text.replace('"', "\"\""));
    question.and(
        "finding.id IN (SELECT rowid FROM finding_text WHERE words MATCH ?)",
        [Value::from(phrase)],
    );
    let mut rest = filter.clone();
    rest.text = None;
    question.filter(connection, &rest)?;
    question.read(connection, after, limit)
}

/// Conditions and the values in them.
#[derive(Debug, Default)]
struct Question {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Question {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.conditions.push(condition.to_owned());
        self.values.extend(values);
    }

    fn one_of(&mut self, column: &str, numbers: impl Iterator<Item = i64>) {
        let values: Vec<Value> = numbers.map(Value::from).collect();
        if !values.is_empty() {
            let places = vec!["?"; values.len()].join(", ");
            self.and(&format!("finding.{column} IN ({places})"), values);
        }
    }

    fn filter(&mut self, connection: &Connection, filter: &FindingFilter) -> Result<(), Error> {
        if !filter.status.is_empty() {
            let numbers = filter.status.iter().map(|status| code::status(*status).to_string());
            let numbers: Vec<String> = numbers.collect();
            self.and(&format!("{} IN ({})", row::STANDING, numbers.join(", ")), []);
        }
        self.one_of("severity", filter.severity.iter().map(|severity| code::severity(*severity)));
        for (column, name) in [("rule", &filter.rule), ("source", &filter.source)] {
            if let Some(name) = name {
                // A name that no entry had finds nothing.
                let number = names::find(connection, name)?.unwrap_or(-1);
                self.and(&format!("finding.{column} = ?"), [Value::from(number)]);
            }
        }
        if let Some(criterion) = &filter.criterion {
            let member = "EXISTS (SELECT 1 FROM json_each(finding.soc2) WHERE value = ?)";
            self.and(member, [Value::from(criterion.clone())]);
        }
        if let Some(text) = &filter.text {
            let like = "(rule.text LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM
                json_each(finding.subject) WHERE value LIKE ? ESCAPE '\\'))";
            let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let pattern = Value::from(format!("%{escaped}%"));
            self.and(like, [pattern.clone(), pattern]);
        }
        Ok(())
    }

    fn read(
        mut self,
        connection: &Connection,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<(Place, Finding)>, Error> {
        if let Some(after) = after {
            // The first part lets the index begin at the right place.
            self.and(
                "finding.last_seen <= ? AND (finding.last_seen, finding.id) < (?, ?)",
                [after.last_seen, after.last_seen, after.number].map(Value::from),
            );
        }
        let read = format!(
            "{} WHERE {} ORDER BY last_seen DESC, finding.id DESC LIMIT {limit}",
            row::FINDING,
            self.conditions.join(" AND ")
        );
        let mut read = connection.prepare_cached(&read)?;
        let rows = read.query_map(params_from_iter(self.values), |row| {
            let finding = row::finding(row)?;
            let place = Place { last_seen: finding.last_seen.0, number: row.get(14)? };
            Ok((place, finding))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
