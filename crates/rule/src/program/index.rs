//! What is left of each rule under given values of the key fields, worked out when first met and
//! kept. A tree with one level a key: a record goes down by its values, and where no rule is left
//! it is done. Senders choose the values, so the tree is bounded and begun anew when full.

use std::collections::HashMap;
use std::ops::ControlFlow;

use event::Value;
use foldhash::fast::RandomState;

use super::Program;
use super::node::Node;
use crate::source::Source;

/// Most places kept.
const PLACES_MAX: usize = 2048;
/// Most values that lead from one place to another.
const VALUES_MAX: usize = 32_768;
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
    passing: Rest,
}

#[derive(Debug)]
struct Place {
    rest: Rest,
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
    pub(super) fn new(predicates: usize, all: Rest) -> Memo {
        let words = predicates.div_ceil(64);
        Memo {
            places: vec![Place::new(all)],
            values: 0,
            answers: Answers { known: vec![0; words], holding: vec![0; words] },
            passing: Vec::new(),
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
        for &level in &program.levels {
            if self.rest(here).is_empty() {
                return (Left::Nothing, &mut self.answers);
            }
            let step = match here {
                Here::Kept(at) => self.places[at].step::<S>(record, &S::keys()[level]),
                Here::Passing => Step::New(None),
            };
            here = match step {
                Step::To(next) => Here::Kept(next),
                Step::New(key) => {
                    let rest = self.work_out(program, record, here, level);
                    self.go(here, key, rest)
                }
            };
        }
        let rest = match here {
            Here::Kept(at) => &self.places[at].rest,
            Here::Passing => &self.passing,
        };
        (if rest.is_empty() { Left::Nothing } else { Left::Rules(rest) }, &mut self.answers)
    }

    fn rest(&self, here: Here) -> &Rest {
        match here {
            Here::Kept(at) => &self.places[at].rest,
            Here::Passing => &self.passing,
        }
    }

    /// Folds in the answers of every predicate that reads only keys up to this level, the last of
    /// them included: with the record's own values these are known.
    fn work_out<S: Source>(
        &mut self,
        program: &Program<S>,
        record: &mut S::Record<'_>,
        here: Here,
        level: usize,
    ) -> Rest {
        let seen = (1_u32 << (level + 1)) - 1;
        let rest = match here {
            Here::Kept(at) => &self.places[at].rest,
            Here::Passing => &self.passing,
        };
        let mut left = Vec::with_capacity(rest.len());
        for (index, node) in rest {
            let answers = &mut self.answers;
            let is_known = |number: u32| {
                let predicate = &program.predicates[number as usize];
                (predicate.keys_only && predicate.keys & !seen == 0).then_some(predicate)
            };
            node.each(&mut |number| {
                if let Some(predicate) = is_known(number) {
                    answers.ask(number, || predicate.holds::<S>(record));
                }
            });
            let node = node.fold(&|number| is_known(number).map(|_| answers.known(number)));
            if node != Node::Never {
                left.push((*index, node));
            }
        }
        left
    }

    /// Goes to what was worked out, and keeps the way there when it has a name. When the tree is
    /// full it is begun anew from the root.
    fn go(&mut self, from: Here, key: Option<Key>, rest: Rest) -> Here {
        let (Here::Kept(at), Some(key)) = (from, key) else {
            self.passing = rest;
            return Here::Passing;
        };
        if self.places.len() >= PLACES_MAX || self.values >= VALUES_MAX {
            self.places.truncate(1);
            self.places[0] = Place::new(std::mem::take(&mut self.places[0].rest));
            self.values = 0;
            self.passing = rest;
            return Here::Passing;
        }
        let different = &self.places[at].different;
        let same = different.iter().find(|place| self.places[**place].rest == rest);
        let next = same.copied().unwrap_or(self.places.len());
        if next == self.places.len() {
            self.places.push(Place::new(rest));
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
    fn new(rest: Rest) -> Place {
        Place { rest, below: HashMap::default(), different: Vec::new(), absent: None }
    }

    fn step<S: Source>(&self, record: &mut S::Record<'_>, key: &S::Field) -> Step {
        let mut step = match self.absent {
            Some(next) => Step::To(next),
            None => Step::New(Some(Key::Absent)),
        };
        S::each(record, key, |value| {
            let text = match value {
                Value::Text(text) => text,
                Value::Bool(true) => b"true",
                Value::Bool(false) => b"false",
                _ => {
                    step = Step::New(None);
                    return ControlFlow::Break(());
                }
            };
            step = match self.below.get(text) {
                Some(next) => Step::To(*next),
                None if text.len() <= KEY_BYTES_MAX => Step::New(Some(Key::Value(text.into()))),
                None => Step::New(None),
            };
            ControlFlow::Break(())
        });
        step
    }
}
