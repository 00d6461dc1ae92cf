//! The literals of all rules on one text field, looked for in its value at once. Two values that
//! bear the same ones come to the same answers, so the index goes by these *marks* of a value.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::ControlFlow;

use event::Value;

use super::predicate::Predicate;
use crate::operator::{Meaning, Place};
use crate::source::Source;

/// A predicate with a longer literal is asked by itself; no tree is deeper.
const LITERAL_LEN_MAX: usize = 256;

/// Literals of one field, and what they say of its predicates.
#[derive(Debug)]
pub struct Sieve {
    starts: Tree,
    ends: Tree,
    /// By predicate: what it means that the value bears one of these marks, in order.
    meanings: HashMap<u32, (Meaning, Vec<u32>)>,
}

/// What was found in the value at hand; kept to be used again.
#[derive(Debug, Default)]
pub struct Sifted {
    /// Whether there is a value.
    pub is_present: bool,
    /// Marks that it bears, four bytes each; equal for values that bear the same.
    pub marks: Vec<u8>,
}

/// Literals by what they have in common at one side.
#[derive(Debug, Default)]
struct Tree {
    /// What all of them have next.
    label: Box<[u8]>,
    /// Mark of a value that is all that led here.
    whole: Option<u32>,
    /// Mark of a value that has all that led here at its side.
    part: Option<u32>,
    /// The next byte of each tree below.
    next: Box<[u8]>,
    below: Box<[Tree]>,
}

/// A literal and its mark.
type Literal<'t> = (Place, &'t [u8], u32);

impl Sieve {
    /// Returns the sieve of a field; nothing where no predicate is known by literals.
    pub fn new<F: Eq + Hash + 'static>(predicates: &[Predicate<F>], field: &F) -> Option<Sieve> {
        let mut meanings = HashMap::new();
        let mut known = HashMap::new();
        for (number, predicate) in (0..).zip(predicates) {
            let Some(signs) = predicate.signs(field) else { continue };
            if signs.literals.iter().any(|literal| literal.len() > LITERAL_LEN_MAX) {
                continue;
            }
            let mut marks = Vec::with_capacity(signs.literals.len());
            for literal in signs.literals {
                let next = known.len() as u32;
                marks.push(*known.entry((signs.place, literal)).or_insert(next));
            }
            marks.sort_unstable();
            meanings.insert(number, (signs.meaning, marks));
        }
        let literals = known.into_iter().map(|((place, text), mark)| (place, text, mark));
        let (mut ends, mut starts): (Vec<Literal<'_>>, Vec<Literal<'_>>) =
            literals.partition(|(place, ..)| *place == Place::End);
        starts.sort_unstable_by_key(|(_, text, _)| *text);
        ends.sort_unstable_by(|(_, left, _), (_, right, _)| {
            left.iter().rev().cmp(right.iter().rev())
        });
        let (starts, ends) = (Tree::new(&starts, 0, Side::Start), Tree::new(&ends, 0, Side::End));
        (!meanings.is_empty()).then_some(Sieve { starts, ends, meanings })
    }

    /// Returns the predicates that it knows of.
    pub fn predicates(&self) -> impl Iterator<Item = u32> {
        self.meanings.keys().copied()
    }

    /// Looks at the value of a record.
    pub fn sift<S: Source>(&self, record: &mut S::Record<'_>, field: &S::Field, into: &mut Sifted) {
        into.is_present = false;
        into.marks.clear();
        S::each(record, field, |value| {
            if let Value::Text(text) = value {
                into.is_present = true;
                self.starts.find(text, Side::Start, &mut into.marks);
                self.ends.find(text, Side::End, &mut into.marks);
            }
            ControlFlow::Break(())
        });
    }

    /// Answers a predicate for what was found; nothing where it must be asked.
    pub fn answer(&self, predicate: u32, found: &Sifted) -> Option<bool> {
        let (meaning, marks) = self.meanings.get(&predicate)?;
        if !found.is_present {
            return Some(false);
        }
        let mut borne = found.marks.as_chunks().0.iter().map(|mark| u32::from_le_bytes(*mark));
        let bears = borne.any(|mark| marks.binary_search(&mark).is_ok());
        match meaning {
            Meaning::Holds => Some(bears),
            Meaning::Fails => Some(!bears),
            Meaning::MayHold if bears => None,
            Meaning::MayHold => Some(false),
        }
    }
}

/// The side at which literals stand.
#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

impl Side {
    fn without<'t>(self, text: &'t [u8], part: &[u8]) -> Option<&'t [u8]> {
        match self {
            Side::Start => text.strip_prefix(part),
            Side::End => text.strip_suffix(part),
        }
    }

    fn first(self, text: &[u8]) -> Option<u8> {
        match self {
            Side::Start => text.first().copied(),
            Side::End => text.last().copied(),
        }
    }

    /// Returns a text behind its first `from` bytes, up to `len` of them.
    fn part(self, text: &[u8], from: usize, len: usize) -> &[u8] {
        match self {
            Side::Start => &text[from..from + len],
            Side::End => &text[text.len() - from - len..text.len() - from],
        }
    }

    fn common(self, left: &[u8], right: &[u8]) -> usize {
        let is_same = |(left, right): &(&u8, &u8)| left == right;
        match self {
            Side::Start => left.iter().zip(right).take_while(is_same).count(),
            Side::End => left.iter().rev().zip(right.iter().rev()).take_while(is_same).count(),
        }
    }
}

impl Tree {
    /// Takes literals in order, of which `from` bytes led here.
    fn new(literals: &[Literal<'_>], from: usize, side: Side) -> Tree {
        let (Some((_, first, _)), Some((_, last, _))) = (literals.first(), literals.last()) else {
            return Tree::default();
        };
        let common = side.common(first, last);
        let mut tree =
            Tree { label: side.part(first, from, common - from).into(), ..Tree::default() };
        let ending = literals.iter().take_while(|(_, text, _)| text.len() == common).count();
        for (place, _, mark) in &literals[..ending] {
            match place {
                Place::Whole => tree.whole = Some(*mark),
                Place::Start | Place::End => tree.part = Some(*mark),
            }
        }
        let next = |text: &[u8]| side.part(text, common, 1)[0];
        let groups =
            literals[ending..].chunk_by(|(_, one, _), (_, other, _)| next(one) == next(other));
        tree.next = groups.clone().map(|group| next(group[0].1)).collect();
        tree.below = groups.map(|group| Tree::new(group, common, side)).collect();
        tree
    }

    /// Adds the marks that a text bears.
    fn find(&self, text: &[u8], side: Side, marks: &mut Vec<u8>) {
        let (mut tree, mut rest) = (self, text);
        while let Some(behind) = side.without(rest, &tree.label) {
            let whole = tree.whole.filter(|_| behind.is_empty());
            for mark in [whole, tree.part].into_iter().flatten() {
                marks.extend_from_slice(&mark.to_le_bytes());
            }
            let next = side.first(behind).and_then(|first| memchr::memchr(first, &tree.next));
            let Some(next) = next else { return };
            (tree, rest) = (&tree.below[next], behind);
        }
    }
}
