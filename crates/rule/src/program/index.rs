//! What is left of each rule under given values of the key fields, worked out when first met and
//! kept. A tree with one level a key: a record goes down by its values, and where no rule is left
//! it is done. Senders choose the values, so the tree is bounded and begun anew when full.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::ControlFlow;

use event::Value;

use super::Program;
use super::node::Node;
use crate::source::Source;

/// Most places kept.
const PLACES_MAX: usize = 2048;
/// Longest value kept as a key; longer ones are worked out each time.
const KEY_BYTES_MAX: usize = 256;

/// A quick hash. Whoever makes values collide gains little: there are few places.
#[derive(Debug, Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mix = |word: u64| self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| mix((*byte).into()));
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits as well as at the lower ones.
        self.0 ^ self.0 >> 32
    }
}

/// A rule's index in what was compiled, and what is left of its condition.
pub type Rest = Vec<(usize, Node)>;

/// Working memory of one judging thread: the index as far as it was needed, and the answers for the
/// record at hand.
#[derive(Debug)]
pub struct Memo {
    places: Vec<Place>,
    answers: Answers,
    /// Stands in for a place that is not kept.
    passing: Rest,
}

#[derive(Debug)]
struct Place {
    rest: Rest,
    below: HashMap<Box<[u8]>, usize, BuildHasherDefault<Quick>>,
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
            let mut known = HashMap::new();
            node.each(&mut |number| {
                let predicate = &program.predicates[number as usize];
                if predicate.keys_only && predicate.keys & !seen == 0 {
                    let holds = answers.ask(number, || predicate.holds::<S>(record));
                    known.insert(number, holds);
                }
            });
            let node = node.fold(&|number| known.get(&number).copied());
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
        if self.places.len() >= PLACES_MAX {
            self.places.truncate(1);
            self.places[0].below.clear();
            self.places[0].absent = None;
            self.passing = rest;
            return Here::Passing;
        }
        let next = self.places.len();
        match key {
            Key::Absent => self.places[at].absent = Some(next),
            Key::Value(value) => {
                self.places[at].below.insert(value, next);
            }
        }
        self.places.push(Place::new(rest));
        Here::Kept(next)
    }
}

impl Place {
    fn new(rest: Rest) -> Place {
        Place { rest, below: HashMap::default(), absent: None }
    }

    fn step<S: Source>(&self, record: &mut S::Record<'_>, key: &S::Field) -> Step {
        let mut step = match self.absent {
            Some(next) => Step::To(next),
            None => Step::New(Some(Key::Absent)),
        };
        S::each(record, key, |value| {
            step = match value {
                Value::Text(text) => match self.below.get(text) {
                    Some(next) => Step::To(*next),
                    None if text.len() <= KEY_BYTES_MAX => Step::New(Some(Key::Value(text.into()))),
                    None => Step::New(None),
                },
                _ => Step::New(None),
            };
            ControlFlow::Break(())
        });
        step
    }
}
