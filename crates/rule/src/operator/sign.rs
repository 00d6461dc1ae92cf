//! What the answer of a test is known by without asking it: literals that a text is, begins with or
//! ends with. Many tests of one text are so answered by one look at it.

/// Where in a text a literal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// It is the text.
    Whole,
    Start,
    End,
}

/// What it means that one of the literals stands there; none means the contrary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The test holds.
    Holds,
    /// The test fails, and without any it holds.
    Fails,
    /// The test must be asked, and without any it fails.
    MayHold,
}

/// The literals of one test of a single text.
#[derive(Debug)]
pub struct Signs<'t> {
    pub place: Place,
    pub literals: Vec<&'t [u8]>,
    pub meaning: Meaning,
}

impl<'t> Signs<'t> {
    /// Returns those of a test with one literal.
    pub fn one(place: Place, literal: &'t [u8], meaning: Meaning) -> Signs<'t> {
        Signs { place, literals: vec![literal], meaning }
    }
}
