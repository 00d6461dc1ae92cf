//! Comparisons of text, byte by byte.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use memchr::memmem::Finder;
use regex::Regex;

use super::glob::{self, Case};
use super::path::PathSet;
use super::pattern;
use super::sign::{Meaning, Place, Signs};
use crate::expr::Operator;

/// Up to this many literals are compared one after the other; more are hashed.
const COMPARE_ONE_BY_ONE_MAX: usize = 4;

/// A comparison of text with its right side.
#[derive(Debug)]
pub enum TextTest {
    /// `=`, `in` and `intersects` with few literals.
    Few(Vec<Box<[u8]>>),
    /// `in` and `intersects` with many.
    Many(HashSet<Box<[u8]>, RandomState>),
    /// `!= < <= > >=`.
    Ordered(Operator, Box<[u8]>),
    Contains(Box<Finder<'static>>),
    /// Literal in lower case.
    ContainsFolded(Box<[u8]>),
    Startswith(Box<[u8]>),
    Endswith(Box<[u8]>),
    Glob(Box<[u8]>, Case),
    Regex(Regex),
    Path(PathSet),
}

impl TextTest {
    /// Prepares a comparison; operators without a list take the first literal.
    pub fn new(operator: Operator, literals: Vec<Vec<u8>>) -> Result<TextTest, String> {
        let mut literals = literals.into_iter();
        if operator == Operator::Pmatch {
            let mut paths = PathSet::default();
            literals.for_each(|path| paths.add(&path));
            return Ok(TextTest::Path(paths));
        }
        if operator.takes_list() {
            let words = literals.map(Vec::into_boxed_slice);
            return Ok(if words.len() <= COMPARE_ONE_BY_ONE_MAX {
                TextTest::Few(words.collect())
            } else {
                TextTest::Many(words.collect())
            });
        }
        let literal = literals.next().unwrap_or_default().into_boxed_slice();
        Ok(match operator {
            Operator::Eq | Operator::In | Operator::Intersects | Operator::Pmatch => {
                TextTest::Few(vec![literal])
            }
            Operator::Ne | Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge => {
                TextTest::Ordered(operator, literal)
            }
            Operator::Contains | Operator::Bcontains => {
                TextTest::Contains(Box::new(Finder::new(&literal).into_owned()))
            }
            Operator::Icontains => TextTest::ContainsFolded(literal.to_ascii_lowercase().into()),
            Operator::Startswith | Operator::Bstartswith => TextTest::Startswith(literal),
            Operator::Endswith => TextTest::Endswith(literal),
            Operator::Glob => TextTest::Glob(literal, Case::Exact),
            Operator::Iglob => TextTest::Glob(literal, Case::Folded),
            Operator::Regex => {
                TextTest::Regex(pattern::compile(&String::from_utf8_lossy(&literal))?)
            }
        })
    }

    /// Tells whether the comparison holds.
    #[inline]
    pub fn holds(&self, text: &[u8]) -> bool {
        match self {
            TextTest::Few(words) => words.iter().any(|word| **word == *text),
            TextTest::Many(words) => words.contains(text),
            TextTest::Ordered(operator, word) => match operator {
                Operator::Lt => text < &**word,
                Operator::Le => text <= &**word,
                Operator::Gt => text > &**word,
                Operator::Ge => text >= &**word,
                _ => text != &**word,
            },
            TextTest::Contains(finder) => finder.find(text).is_some(),
            TextTest::ContainsFolded(word) => contains_folded(text, word),
            TextTest::Startswith(word) => text.starts_with(word),
            TextTest::Endswith(word) => text.ends_with(word),
            TextTest::Glob(pattern, case) => glob::matches(pattern, text, *case),
            TextTest::Regex(regex) => regex.is_match(&String::from_utf8_lossy(text)),
            TextTest::Path(paths) => paths.matches(text),
        }
    }

    /// Returns the literals by which the answer is known, where there are such.
    pub fn signs(&self) -> Option<Signs<'_>> {
        Some(match self {
            TextTest::Few(words) => Signs {
                place: Place::Whole,
                literals: words.iter().map(|word| &**word).collect(),
                meaning: Meaning::Holds,
            },
            TextTest::Many(words) => Signs {
                place: Place::Whole,
                literals: words.iter().map(|word| &**word).collect(),
                meaning: Meaning::Holds,
            },
            TextTest::Ordered(Operator::Ne, word) => Signs::one(Place::Whole, word, Meaning::Fails),
            TextTest::Startswith(word) => Signs::one(Place::Start, word, Meaning::Holds),
            TextTest::Endswith(word) => Signs::one(Place::End, word, Meaning::Holds),
            TextTest::Glob(pattern, Case::Exact) => match glob::literal_ends(pattern) {
                ([], []) => return None,
                ([], end) => Signs::one(Place::End, end, Meaning::MayHold),
                (start, _) => Signs::one(Place::Start, start, Meaning::MayHold),
            },
            _ => return None,
        })
    }
}

fn contains_folded(text: &[u8], lower: &[u8]) -> bool {
    lower.is_empty() || text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: Operator, literal: &str, text: &str) -> bool {
        TextTest::new(operator, vec![literal.into()]).unwrap().holds(text.as_bytes())
    }

    #[test]
    fn each_operator_means_what_its_name_says() {
        assert!(holds(Operator::Eq, "a", "a") && !holds(Operator::Eq, "a", "A"));
        assert!(holds(Operator::Ne, "a", "b") && holds(Operator::Lt, "b", "a"));
        assert!(holds(Operator::Contains, "ell", "hello") && holds(Operator::Contains, "", ""));
        assert!(holds(Operator::Icontains, "ELL", "hEllo"));
        assert!(holds(Operator::Startswith, "he", "hello"));
        assert!(holds(Operator::Endswith, "lo", "hello") && !holds(Operator::Endswith, "lo", "o"));
        assert!(holds(Operator::Iglob, "H*O", "hello") && !holds(Operator::Glob, "H*O", "hello"));
        assert!(holds(Operator::Regex, "h.*o", "hello") && !holds(Operator::Regex, "ell", "hello"));
    }
}
