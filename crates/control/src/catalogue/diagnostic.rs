//! What loading the catalogue has to say about a file.

use std::fmt;

use serde::Serialize;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The item is left out.
    Error,
    /// It is kept, but probably not as meant.
    Warning,
}

/// One problem with its place and a way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Stable word for programs, `unknown_criterion`.
    pub code: &'static str,
    /// File it is about.
    pub path: String,
    /// Line from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column from 1, in characters; 0 with line 0.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The line itself.
    pub snippet: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(f, "{level}[{}]: {}\n  --> {}", self.code, self.message, self.path)?;
        if self.line > 0 {
            write!(f, ":{}:{}\n   | {}", self.line, self.column, self.snippet)?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Returns the known word that `word` most resembles, if one is near.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), start_apart(word, candidate), candidate))
        .filter(|(distance, _, _)| *distance <= 1 + word.len() / 4)
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// Counts the letters of `word` after the common start, so that equal distances have an order.
fn start_apart(word: &str, candidate: &str) -> usize {
    let common = word.chars().zip(candidate.chars()).take_while(|(one, other)| one == other);
    word.chars().count() - common.count()
}

/// Counts the letters to change, ignoring case.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in right.iter().enumerate() {
            let cost = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
