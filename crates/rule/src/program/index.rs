//! What is left of each rule under given values of the key fields, worked out when first met and
//! kept. A tree with one level a key: a record goes down by its values, past keys that no rule left
//! asks of, and where no rule is left it is done. Senders choose the values, so the tree is bounded
//! and begun anew when full.

use std::collections::HashMap;
use std::ops::ControlFlow;

use event::Value;
use foldhash::fast::RandomState;

use super::node::Node;
use super::sieve::Sifted;
use super::{Level, Program};
use crate::source::Source;

/// Most places kept.
const PLACES_MAX: usize = 2048;
/// Most values that lead from one place to another.
pub(super) const VALUES_MAX: usize = 32_768;
/// Longest value kept as a key; longer ones are worked out each time.
const KEY_BYTES_MAX: usize = 256;

/// A rule's index in what was compiled, and what is left of its condition.
pub type Rest = Vec<(usize, Node)>;

/// Working memory of one judging thread: the index as far as it was needed, and the answers for the
/// record at hand.
#[derive(Debug)]
pub struct Memo {
    places: Vec<Place>,
    /// How many values lead from one place to another.
    values: usize,
    answers: Answers,
    /// Stands in for a place that is not kept.
    passing: Place,
    /// What the value of an endless key comes to.
    sifted: Sifted,
}

#[derive(Debug, Default)]
struct Place {
    rest: Rest,
    /// Bit `k` is set when the answer to one of its predicates may follow from the `k`th key.
    asks: u32,
    below: HashMap<Box<[u8]>, usize, RandomState>,
    /// The places below, each once: most values of a key lead to one.
    different: Vec<usize>,
    /// Where records without a value for the next key go.
    absent: Option<usize>,
}

/// What is left for a record.
pub enum Left<'m> {
    Nothing,
    Rules(&'m Rest),
}

/// Answers of predicates for the record at hand, each asked once.
#[derive(Debug)]
pub struct Answers {
    known: Vec<u64>,
    holding: Vec<u64>,
}

impl Answers {
    /// Returns the answer, asking if it is not known yet.
    #[inline]
    pub fn ask(&mut self, number: u32, ask: impl FnOnce() -> bool) -> bool {
        let (word, bit) = (number as usize / 64, 1_u64 << (number % 64));
        if self.known[word] & bit == 0 {
            self.known[word] |= bit;
            if ask() {
                self.holding[word] |= bit;
            } else {
                self.holding[word] &= !bit;
            }
        }
        self.holding[word] & bit != 0
    }

    /// Returns an answer that was asked for before.
    fn known(&self, number: u32) -> bool {
        self.holding[number as usize / 64] >> (number % 64) & 1 == 1
    }
}

/// Where in the tree a record is.
#[derive(Clone, Copy)]
enum Here {
    Kept(usize),
    /// At a place that is not kept.
    Passing,
}

enum Step {
    To(usize),
    /// Not met yet; what leads there, if it can be kept.
    New(Option<Key>),
}

/// What leads from one place to the next.
enum Key {
    Absent,
    Value(Box<[u8]>),
}

impl Memo {
    pub(super) fn new<S: Source>(program: &Program<S>, all: Rest) -> Memo {
        let words = program.predicates.len().div_ceil(64);
        Memo {
            places: vec![Place::new(program, all)],
            values: 0,
            answers: Answers { known: vec![0; words], holding: vec![0; words] },
            passing: Place::default(),
            sifted: Sifted::default(),
        }
    }

    /// Goes down the index with a record; returns what is left of the rules, and fresh answers.
    pub(super) fn enter<S: Source>(
        &mut self,
        program: &Program<S>,
        record: &mut S::Record<'_>,
    ) -> (Left<'_>, &mut Answers) {
        self.answers.known.fill(0);
        let mut here = Here::Kept(0);
        for level in &program.levels {
            let asks = self.place(here).asks;
            if asks == 0 {
                break;
            }
            if asks >> level.key & 1 == 1 {
                here = match self.step::<S>(record, level, here) {
                    Step::To(next) => Here::Kept(next),
                    Step::New(key) => {
                        let rest = self.work_out(program, record, here, level);
                        self.go(here, key, Place::new(program, rest))
                    }
                };
            }
        }
        let place = match here {
            Here::Kept(at) => &self.places[at],
            Here::Passing => &self.passing,
        };
        let left = if place.rest.is_empty() { Left::Nothing } else { Left::Rules(&place.rest) };
        (left, &mut self.answers)
    }

    #[cfg(test)]
    pub(super) fn place_count(&self) -> usize {
        self.places.len()
    }

    #[cfg(test)]
    pub(super) fn value_count(&self) -> usize {
        self.values
    }

    fn place(&self, here: Here) -> &Place {
        match here {
            Here::Kept(at) => &self.places[at],
            Here::Passing => &self.passing,
        }
    }

    fn step<S: Source>(&mut self, record: &mut S::Record<'_>, level: &Level, here: Here) -> Step {
        let key = &S::keys()[level.key];
        if let Some(sieve) = &level.sieve {
            sieve.sift::<S>(record, key, &mut self.sifted);
        }
        match (here, &level.sieve) {
            (Here::Passing, _) => Step::New(None),
            (Here::Kept(at), None) => self.places[at].step::<S>(record, key),
            (Here::Kept(at), Some(_)) if self.sifted.is_present => {
                self.places[at].below(&self.sifted.marks)
            }
            (Here::Kept(at), Some(_)) => self.places[at].without_value(),
        }
    }

    /// Folds in every answer that follows from the keys up to this level: with the record's own
    /// values, or what they come to, these are known.
    fn work_out<S: Source>(
        &mut self,
        program: &Program<S>,
        record: &mut S::Record<'_>,
        here: Here,
        level: &Level,
    ) -> Rest {
        let seen = (1_u32 << (level.key + 1)) - 1;
        let place = match here {
            Here::Kept(at) => &self.places[at],
            Here::Passing => &self.passing,
        };
        let (answers, sifted) = (&mut self.answers, &self.sifted);
        let mut left = Vec::with_capacity(place.rest.len());
        for (index, node) in &place.rest {
            let is_known = |number: u32| {
                let predicate = &program.predicates[number as usize];
                (predicate.keys_only && predicate.keys & !seen == 0).then_some(predicate)
            };
            let mut node = match &level.sieve {
                Some(sieve) => node.fold(&|number| sieve.answer(number, sifted)),
                None => {
                    node.each(&mut |number| {
                        if let Some(predicate) = is_known(number) {
                            answers.ask(number, || predicate.holds::<S>(record));
                        }
                    });
                    node.fold(&|number| is_known(number).map(|_| answers.known(number)))
                }
            };
            if node != Node::Never {
                // What fell away may have been what was dear.
                node.sort(&|number| program.predicates[number as usize].price());
                left.push((*index, node));
            }
        }
        left
    }

    /// Goes to what was worked out, and keeps the way there when it has a name. When the tree is
    /// full it is begun anew from the root.
    fn go(&mut self, from: Here, key: Option<Key>, place: Place) -> Here {
        let (Here::Kept(at), Some(key)) = (from, key) else {
            self.passing = place;
            return Here::Passing;
        };
        if self.places.len() >= PLACES_MAX || self.values >= VALUES_MAX {
            self.places.truncate(1);
            self.places[0].forget();
            self.values = 0;
            self.passing = place;
            return Here::Passing;
        }
        let different = &self.places[at].different;
        let same = different.iter().find(|known| self.places[**known].rest == place.rest);
        let next = same.copied().unwrap_or(self.places.len());
        if next == self.places.len() {
            self.places.push(place);
            self.places[at].different.push(next);
        }
        match key {
            Key::Absent => self.places[at].absent = Some(next),
            Key::Value(value) => {
                self.values += 1;
                self.places[at].below.insert(value, next);
            }
        }
        Here::Kept(next)
    }
}

impl Place {
    fn new<S: Source>(program: &Program<S>, rest: Rest) -> Place {
        let mut asks = 0;
        for (_, node) in &rest {
            node.each(&mut |number| asks |= program.keys[number as usize]);
        }
        Place { rest, asks, ..Place::default() }
    }

    /// Forgets the places below.
    fn forget(&mut self) {
        self.below.clear();
        self.different.clear();
        self.absent = None;
    }

    fn step<S: Source>(&self, record: &mut S::Record<'_>, key: &S::Field) -> Step {
        let mut step = None;
        S::each(record, key, |value| {
            step = Some(match value {
                Value::Text(text) => self.below(text),
                Value::Bool(true) => self.below(b"true"),
                Value::Bool(false) => self.below(b"false"),
                _ => Step::New(None),
            });
            ControlFlow::Break(())
        });
        step.unwrap_or_else(|| self.without_value())
    }

    #[inline]
    fn below(&self, value: &[u8]) -> Step {
        match self.below.get(value) {
            Some(next) => Step::To(*next),
            None if value.len() <= KEY_BYTES_MAX => Step::New(Some(Key::Value(value.into()))),
            None => Step::New(None),
        }
    }

    #[inline]
    fn without_value(&self) -> Step {
        match self.absent {
            Some(next) => Step::To(next),
            None => Step::New(Some(Key::Absent)),
        }
    }
}
