//! Figures of a report, each with what lets anyone perform it again: the rows, the formula as a
//! sentence, as SQL for stock sqlite3 and for a spreadsheet, and the answer.

mod list;

use serde::{Deserialize, Serialize};

use crate::facts::Kind;
use crate::judge::{Table, Total};

pub use list::figures;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name of its folder, `coverage`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// The formula in one sentence.
    pub sentence: String,
    /// The formula.
    pub formula: Formula,
    /// The rows it is computed from.
    pub table: Table,
    /// Counts that must agree.
    pub total: Option<Total>,
    /// Which raw records it rests on.
    pub records: Records,
}

/// Which raw records of the trail a figure rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Records {
    /// All of these kinds.
    Kinds(Vec<Kind>),
    /// Those at these positions.
    Positions(Vec<String>),
}

/// How a figure is computed from its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "formula", rename_all = "snake_case")]
pub enum Formula {
    /// Number of rows.
    Count,
    /// Number of rows whose column has this value.
    CountWhere {
        /// Column.
        column: String,
        /// Value.
        equals: String,
    },
    /// Sum of a column of whole numbers.
    Sum {
        /// Column.
        column: String,
    },
    /// Sum of one column as part of the sum of another: `part|whole|thousandths of a per cent`,
    /// rounded down.
    Share {
        /// Column of the part.
        part: String,
        /// Column of the whole.
        whole: String,
    },
}

/// Why a figure could not be computed from a CSV file.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum FigureError {
    #[error("the file is no CSV with a heading")]
    Csv(#[source] csv::Error),
    #[error("there is no column `{0}`")]
    Column(String),
    #[error("row {row} has `{cell}` where a whole number belongs")]
    Cell { row: usize, cell: String },
}

impl Formula {
    /// Computes the answer from a CSV file.
    pub fn compute(&self, text: &[u8]) -> Result<String, FigureError> {
        let mut reader = csv::Reader::from_reader(text);
        let heading = reader.headers().map_err(FigureError::Csv)?.clone();
        let place = |name: &String| {
            let found = heading.iter().position(|column| column == name);
            found.ok_or_else(|| FigureError::Column(name.clone()))
        };
        let places = match self {
            Formula::Count => Vec::new(),
            Formula::CountWhere { column, .. } | Formula::Sum { column } => vec![place(column)?],
            Formula::Share { part, whole } => vec![place(part)?, place(whole)?],
        };
        let mut sums = [0_i128; 2];
        for (index, row) in reader.records().enumerate() {
            let row = row.map_err(FigureError::Csv)?;
            match self {
                Formula::Count => sums[0] += 1,
                Formula::CountWhere { equals, .. } => {
                    let same = places.first().and_then(|at| row.get(*at)) == Some(equals);
                    sums[0] += i128::from(same);
                }
                Formula::Sum { .. } | Formula::Share { .. } => {
                    for (sum, at) in sums.iter_mut().zip(&places) {
                        let cell = row.get(*at).unwrap_or("");
                        let number: i64 = cell.parse().map_err(|_| FigureError::Cell {
                            row: index + 2,
                            cell: cell.to_owned(),
                        })?;
                        *sum += i128::from(number);
                    }
                }
            }
        }
        let [first, second] = sums;
        Ok(match self {
            Formula::Share { .. } => {
                let share = if second > 0 { first * 100_000 / second } else { 0 };
                format!("{first}|{second}|{share}")
            }
            _ => first.to_string(),
        })
    }

    /// Returns a script for stock sqlite3, run in the folder of the figure.
    pub fn sql(&self) -> String {
        let name = |column: &str| format!("\"{}\"", column.replace('"', "\"\""));
        let number = |column: &str| format!("SUM(CAST({} AS INTEGER))", name(column));
        let select = match self {
            Formula::Count => "SELECT COUNT(*) FROM input;".to_owned(),
            Formula::CountWhere { column, equals } => {
                let value = equals.replace('\'', "''");
                format!("SELECT COUNT(*) FROM input WHERE {} = '{value}';", name(column))
            }
            Formula::Sum { column } => {
                format!("SELECT COALESCE({}, 0) FROM input;", number(column))
            }
            Formula::Share { part, whole } => format!(
                "SELECT COALESCE({part}, 0),\n       COALESCE({whole}, 0),\n       \
                 COALESCE({part} * 100000 / NULLIF({whole}, 0), 0)\nFROM input;",
                part = number(part),
                whole = number(whole)
            ),
        };
        format!(
            "-- Run in this folder:  sqlite3 :memory: < query.sql\n.mode csv\n\
             .import input.csv input\n.mode list\n{select}\n"
        )
    }

    /// Returns a formula for a spreadsheet in which `input.csv` is opened as sheet `input`.
    pub fn spreadsheet(&self, table: &Table) -> String {
        let range = |column: &str| {
            let at = table.columns.iter().position(|name| *name == column).unwrap_or(0);
            let letter = letters(at);
            format!("input!{letter}2:{letter}1048576")
        };
        match self {
            Formula::Count => "=COUNTA(input!A2:A1048576)".to_owned(),
            Formula::CountWhere { column, equals } => {
                format!("=COUNTIF({},\"{}\")", range(column), equals.replace('"', "\"\""))
            }
            Formula::Sum { column } => format!("=SUM({})", range(column)),
            Formula::Share { part, whole } => {
                let (part, whole) = (range(part), range(whole));
                format!("=SUM({part})   =SUM({whole})   =INT(SUM({part})*100000/SUM({whole}))")
            }
        }
    }
}

/// Returns the name of a spreadsheet's column.
fn letters(mut index: usize) -> String {
    let mut name = String::new();
    loop {
        let letter = u8::try_from(index % 26).unwrap_or(0);
        name.insert(0, char::from(b'A' + letter));
        if index < 26 {
            return name;
        }
        index = index / 26 - 1;
    }
}

impl Figure {
    /// Returns the answer.
    pub fn answer(&self) -> String {
        let csv = self.table.csv();
        self.formula.compute(csv.as_bytes()).unwrap_or_else(|error| format!("error: {error}"))
    }
}

/// Returns an answer for people: `95.833 % (82,800 of 86,400)`.
pub fn shown(answer: &str) -> String {
    let parts: Vec<&str> = answer.split('|').collect();
    match parts.as_slice() {
        [part, whole, share] => {
            let share: i64 = share.parse().unwrap_or(0);
            let (whole_share, rest) = (share / 1000, share % 1000);
            format!("{whole_share}.{rest:03} % ({} of {})", grouped(part), grouped(whole))
        }
        _ => grouped(answer),
    }
}

/// Puts commas between groups of three digits.
pub fn grouped(number: &str) -> String {
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if !plain {
        return number.to_owned();
    }
    let mut text = String::new();
    for (index, digit) in number.chars().enumerate() {
        if index > 0 && (number.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |name: &str, part: &str, whole: &str| {
            vec![name.to_owned(), part.to_owned(), whole.to_owned()]
        };
        Table {
            columns: vec!["name", "part", "whole"],
            rows: vec![row("a,\"b\"", "2", "3"), row("=1+1", "5", "9"), row("c\nd", "0", "0")],
        }
    }

    fn answer(formula: Formula) -> String {
        formula.compute(table().csv().as_bytes()).unwrap()
    }

    #[test]
    fn formulas_are_computed_from_the_file() {
        assert_eq!(answer(Formula::Count), "3");
        assert_eq!(answer(Formula::Sum { column: "whole".into() }), "12");
        let share = Formula::Share { part: "part".into(), whole: "whole".into() };
        assert_eq!(answer(share), "7|12|58333");
        let wanted = Formula::CountWhere { column: "name".into(), equals: "a,\"b\"".into() };
        assert_eq!(answer(wanted), "1");
    }

    #[test]
    fn what_cannot_be_computed_is_said() {
        let sum = Formula::Sum { column: "name".into() };
        let said = sum.compute(table().csv().as_bytes()).unwrap_err().to_string();
        assert_eq!(said, "row 2 has `a,\"b\"` where a whole number belongs");
        let none = Formula::Sum { column: "nothing".into() };
        assert_eq!(
            none.compute(b"a\n1\n").unwrap_err().to_string(),
            "there is no column `nothing`"
        );
    }

    #[test]
    fn answers_read_well() {
        assert_eq!(shown("82800|86400|95833"), "95.833 % (82,800 of 86,400)");
        assert_eq!(
            [grouped("999"), grouped("1000"), grouped("1234567")],
            ["999", "1,000", "1,234,567"]
        );
        assert_eq!([letters(0), letters(25), letters(26)], ["A", "Z", "AA"]);
    }

    #[test]
    fn a_script_has_at_most_twenty_lines() {
        let share = Formula::Share { part: "part".into(), whole: "whole".into() };
        assert!(share.sql().lines().count() <= 20);
    }
}
