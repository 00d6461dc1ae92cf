//! Cuts a stream into audit events: JSON lines of a log file, or the body of a webhook's request
//! with an event, a list of events or an array of them. Bytes come in pieces of any size. Only one
//! event is ever held, never a batch; what is no event is refused alone, with a reason, and its
//! neighbours go on.

use super::record::{Member, Record};
use super::reject::{Reason, Refusal, Reject};
use super::{EVENT_BYTES_MAX, is_blank, trim};
use crate::envelope::Envelope;
use crate::json::check::NESTING_MAX;
use crate::json::scan::Balance;
use crate::json::walk::Cursor;

/// After this many bytes of an object that may be a list, its head is looked at.
const HEAD_BYTES: usize = 64 << 10;

/// A buffer larger than this is not kept for the next event.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the stream is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A log file: a line is an event, a list or an array. One spread over lines is read as well.
    Lines,
    /// The body of one request.
    Body,
}

/// One part of the stream.
#[derive(Debug)]
pub enum Piece<'p> {
    /// A JSON object that is to be an event. Its brackets match; more was not checked.
    Event(&'p [u8]),
    /// Something that is none.
    Rejected(Reject),
}

/// Cuts a stream into pieces.
#[derive(Debug)]
pub struct Splitter {
    layout: Layout,
    /// Beginning of a line whose end has not come yet.
    line: Vec<u8>,
    /// The rest of the line at hand belongs to a document under way.
    in_line: bool,
    document: Document,
}

impl Splitter {
    /// Returns a splitter at the start of a stream.
    pub fn new(layout: Layout) -> Splitter {
        Splitter { layout, line: Vec::new(), in_line: false, document: Document::default() }
    }

    /// Takes the next bytes and shows every piece that ends in them to `see`.
    pub fn feed(&mut self, bytes: &[u8], mut see: impl FnMut(Piece<'_>)) {
        match self.layout {
            Layout::Body => self.document.feed(bytes, &mut see),
            Layout::Lines => self.feed_lines(bytes, &mut see),
        }
    }

    /// Ends the stream: shows what it ended in.
    pub fn finish(&mut self, mut see: impl FnMut(Piece<'_>)) {
        if self.layout == Layout::Lines {
            let line = std::mem::take(&mut self.line);
            if !line.is_empty() {
                self.line(&line, &mut see);
            }
        }
        self.in_line = false;
        self.document.end(&mut see);
    }

    /// Tells how many bytes are held back for a piece that has not ended yet.
    pub fn held(&self) -> usize {
        self.line.len() + self.document.held()
    }

    fn feed_lines(&mut self, mut bytes: &[u8], see: &mut dyn FnMut(Piece<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.in_line {
                self.document.feed(line, see);
                self.in_line = false;
                self.document.line_end(see);
            } else if self.line.is_empty() {
                self.line(line, see);
            } else {
                self.line.extend_from_slice(line);
                let whole = std::mem::take(&mut self.line);
                self.line(&whole, see);
                // The buffer is used again, unless one long line blew it up.
                self.line = whole;
                self.line.clear();
                self.line.shrink_to(KEPT_BYTES_MAX);
            }
        }
        if self.in_line {
            self.document.feed(bytes, see);
        } else if self.line.len() + bytes.len() <= EVENT_BYTES_MAX {
            self.line.extend_from_slice(bytes);
        } else {
            // Longer than any event: a list, or nothing that can be read. Not held as a whole.
            let start = std::mem::take(&mut self.line);
            self.document.line_start(&start, see);
            self.document.feed(&start, see);
            self.document.feed(bytes, see);
            self.in_line = true;
        }
    }

    /// Takes one whole line.
    fn line(&mut self, line: &[u8], see: &mut dyn FnMut(Piece<'_>)) {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        self.document.line_start(line, see);
        let text = trim(line);
        if self.document.is_idle() {
            match text.first() {
                None => return,
                Some(b'{' | b'[') => {}
                Some(_) => return reject(text, Reason::NotJson, see),
            }
            if is_closed_object(text) {
                return document(text, see);
            }
        }
        self.document.feed(line, see);
        self.document.line_end(see);
    }
}

fn is_closed_object(text: &[u8]) -> bool {
    text.first() == Some(&b'{')
        && text.last() == Some(&b'}')
        && text.len() <= EVENT_BYTES_MAX
        && text.len() > 1
}

/// Shows what a whole document holds: it begins and ends with a brace. That the braces match is
/// found out by whoever reads it.
fn document(text: &[u8], see: &mut dyn FnMut(Piece<'_>)) {
    let mut record = Record::new(text, Envelope::default());
    match Shape::of(&mut record) {
        Shape::Event => see(Piece::Event(text)),
        Shape::List => list(record.find(Member::Items).unwrap_or_default(), see),
        Shape::Other if record.is_broken() => reject(text, Reason::NotJson, see),
        Shape::Other => reject(text, Reason::NotAnEvent, see),
    }
}

/// Shows the items of a list, as far as it can be read; the text begins with their bracket.
fn list(items: &[u8], see: &mut dyn FnMut(Piece<'_>)) {
    let mut cursor = Cursor::start();
    let mut behind = Some(1);
    while let Some(at) = cursor.element(items) {
        behind = item(&items[at..], see).map(|length| at + length);
    }
    if cursor.is_broken()
        && let Some(behind) = behind
    {
        let rest = trim(&items[behind..]);
        reject(rest, if rest.is_empty() { Reason::EndsEarly } else { Reason::NotJson }, see);
    }
}

/// Shows an item of a list; it needs no `kind`. Returns its length, unless it has no end.
fn item(start: &[u8], see: &mut dyn FnMut(Piece<'_>)) -> Option<usize> {
    let end = crate::json::scan::value_end(start, 0);
    match end {
        Some(end) if start[0] == b'{' => see(Piece::Event(&start[..end])),
        Some(end) => reject(&start[..end], Reason::NotAnObject, see),
        None if b"{[\"".contains(&start[0]) => reject(start, Reason::EndsEarly, see),
        None => reject(start, Reason::NotJson, see),
    }
    end
}

fn reject(text: &[u8], reason: Reason, see: &mut dyn FnMut(Piece<'_>)) {
    let mut refusal = Refusal::new(reason);
    refusal.add(text);
    see(Piece::Rejected(refusal.end()));
}

/// What an object says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Event,
    /// An `EventList` with an array of items.
    List,
    Other,
}

impl Shape {
    fn of(record: &mut Record<'_>) -> Shape {
        match record.find_text(Member::Kind) {
            Some(kind) if kind.is("Event") => Shape::Event,
            Some(kind) if kind.is("EventList") => match record.find(Member::Items) {
                Some(items) if items.first() == Some(&b'[') => Shape::List,
                _ => Shape::Other,
            },
            _ => Shape::Other,
        }
    }
}

/// A document under way, at any byte of it.
#[derive(Debug, Default)]
struct Document {
    state: State,
    /// Arrays of documents that are open.
    arrays: usize,
    /// Bytes of the object under way.
    held: Vec<u8>,
    /// How far its head has been looked at.
    looked_at: usize,
    balance: Balance,
}

#[derive(Debug, Default)]
enum State {
    /// Between documents.
    #[default]
    Between,
    /// In an object: an event or a list.
    Object,
    /// Between the items of a list.
    Items,
    /// In an item of a list.
    Item,
    /// Behind the items, before the list's closing brace. What stands there says nothing.
    Tail,
    /// In something that is refused, until something else can begin.
    Refused { refusal: Box<Refusal>, until: Until, of: Object },
}

/// What an object is among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    /// Stands for itself: an event or a list.
    Document,
    /// One of a list's items.
    Item,
}

impl Object {
    /// Returns the state behind one.
    fn behind(self) -> State {
        match self {
            Object::Document => State::Between,
            Object::Item => State::Items,
        }
    }
}

/// Where a refused stretch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Where its brackets are closed.
    Closed,
    /// Before the next bracket or comma.
    Bracket,
}

impl Document {
    fn is_idle(&self) -> bool {
        matches!(self.state, State::Between) && self.arrays == 0
    }

    fn held(&self) -> usize {
        self.held.len()
    }

    /// A line begins: an object at its very start cuts off one that was left open.
    fn line_start(&mut self, line: &[u8], see: &mut dyn FnMut(Piece<'_>)) {
        let within = match &self.state {
            State::Between | State::Items => false,
            State::Refused { until, .. } => *until == Until::Closed,
            State::Object | State::Item | State::Tail => true,
        };
        if within && line.first() == Some(&b'{') {
            self.end(see);
        }
    }

    /// A line ended: no string goes on behind it, and garbage is told line by line.
    fn line_end(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        let broken = match &self.state {
            State::Between | State::Items => false,
            State::Refused { until: Until::Bracket, .. } => true,
            State::Refused { .. } | State::Object | State::Item | State::Tail => {
                self.balance.in_string()
            }
        };
        if broken {
            self.end(see);
        } else if !self.held.is_empty() {
            self.held.push(b'\n');
        }
    }

    /// Ends the document where it stands. Of a list cut short every whole item comes.
    fn end(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        if matches!(self.state, State::Object) {
            self.look_at_head(see);
        }
        match std::mem::take(&mut self.state) {
            State::Between if self.arrays == 0 => {}
            State::Tail => {}
            // Whether there was more, nobody knows: that the end is missing is all that is known.
            State::Between | State::Items => reject(&[], Reason::EndsEarly, see),
            State::Object | State::Item => reject(&self.held, Reason::EndsEarly, see),
            State::Refused { refusal, .. } => see(Piece::Rejected(refusal.end())),
        }
        self.release();
        self.arrays = 0;
    }

    fn release(&mut self) {
        self.held.clear();
        self.held.shrink_to(KEPT_BYTES_MAX);
        self.looked_at = 0;
        self.balance = Balance::default();
    }

    fn feed(&mut self, mut bytes: &[u8], see: &mut dyn FnMut(Piece<'_>)) {
        while !bytes.is_empty() {
            let used = match &mut self.state {
                State::Between | State::Items => self.between(bytes, see),
                State::Object | State::Item => self.within(bytes, see),
                State::Tail => match self.balance.feed(bytes) {
                    Some(end) => {
                        self.release();
                        self.state = State::Between;
                        end
                    }
                    None => bytes.len(),
                },
                State::Refused { .. } => self.refused(bytes, see),
            };
            bytes = &bytes[used..];
        }
    }

    /// Takes blanks, commas and brackets between objects; returns how much that was.
    fn between(&mut self, bytes: &[u8], see: &mut dyn FnMut(Piece<'_>)) -> usize {
        let of = if matches!(self.state, State::Items) { Object::Item } else { Object::Document };
        let in_items = of == Object::Item;
        let skipped = bytes.iter().take_while(|byte| is_blank(**byte) || **byte == b',').count();
        let Some(byte) = bytes.get(skipped) else { return skipped };
        match byte {
            b'{' => self.state = if in_items { State::Item } else { State::Object },
            b'[' if !in_items && self.arrays < NESTING_MAX => {
                self.arrays += 1;
                return skipped + 1;
            }
            b']' if in_items => {
                // The list's own brace is still open, and the array was counted with it.
                self.balance = Balance::within(1);
                self.state = State::Tail;
                return skipped + 1;
            }
            b']' if self.arrays > 0 => {
                self.arrays -= 1;
                return skipped + 1;
            }
            b'[' => self.refuse(Reason::NotAnObject, Until::Closed, of),
            b']' | b'}' => {
                reject(&[*byte], Reason::NotJson, see);
                return skipped + 1;
            }
            _ => {
                let reason =
                    if in_items || self.arrays > 0 { Reason::NotAnObject } else { Reason::NotJson };
                self.refuse(reason, Until::Bracket, of);
            }
        }
        skipped
    }

    fn object(&self) -> Object {
        if matches!(self.state, State::Item) { Object::Item } else { Object::Document }
    }

    fn refuse(&mut self, reason: Reason, until: Until, of: Object) {
        let refusal = Box::new(Refusal::new(reason));
        self.state = State::Refused { refusal, until, of };
    }

    /// Takes bytes of an object; returns how many belong to it.
    fn within(&mut self, bytes: &[u8], see: &mut dyn FnMut(Piece<'_>)) -> usize {
        let end = self.balance.feed(bytes);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let of = self.object();
        if self.held.len() + part.len() > EVENT_BYTES_MAX {
            return self.too_long(bytes, see);
        }
        if end.is_some() {
            if self.held.is_empty() {
                whole(part, of, see);
            } else {
                self.held.extend_from_slice(part);
                whole(&self.held, of, see);
            }
            self.release();
            self.state = of.behind();
            return part.len();
        }
        self.held.extend_from_slice(part);
        if of == Object::Item || self.held.len() < HEAD_BYTES.max(2 * self.looked_at) {
            return part.len();
        }
        self.look_at_head(see);
        part.len()
    }

    /// Looks whether the object under way is a list; if so its items are cut out of it from here
    /// on.
    fn look_at_head(&mut self, see: &mut dyn FnMut(Piece<'_>)) {
        self.looked_at = self.held.len();
        let mut record = Record::new(&self.held, Envelope::default());
        if Shape::of(&mut record) != Shape::List {
            return;
        }
        let items = record.find(Member::Items).unwrap_or_default();
        let rest = items[1..].to_vec();
        self.release();
        self.state = State::Items;
        self.feed(&rest, see);
    }

    /// The object exceeds every bound. A list that has begun to show its items goes on as one.
    fn too_long(&mut self, bytes: &[u8], see: &mut dyn FnMut(Piece<'_>)) -> usize {
        let of = self.object();
        // The balance has seen these bytes already; it is taken up anew.
        let mut balance = Balance::default();
        balance.feed(&self.held);
        let room = EVENT_BYTES_MAX.saturating_sub(self.held.len()).min(bytes.len());
        if room > 0 && of == Object::Document {
            self.held.extend_from_slice(&bytes[..room]);
            self.balance = balance.clone();
            self.balance.feed(&bytes[..room]);
            self.look_at_head(see);
            if !matches!(self.state, State::Object) {
                return room;
            }
            balance = self.balance.clone();
        } else if room > 0 {
            self.held.extend_from_slice(&bytes[..room]);
            balance.feed(&bytes[..room]);
        }
        let mut refusal = Box::new(Refusal::new(Reason::TooLong));
        refusal.add(&self.held);
        self.release();
        self.balance = balance;
        self.state = State::Refused { refusal, until: Until::Closed, of };
        room
    }

    /// Takes bytes of a refused stretch; returns how many belong to it.
    fn refused(&mut self, bytes: &[u8], see: &mut dyn FnMut(Piece<'_>)) -> usize {
        let State::Refused { refusal, until, of } = &mut self.state else { return 0 };
        let end = match until {
            Until::Closed => self.balance.feed(bytes),
            Until::Bracket => bytes.iter().position(|byte| b"{}[],".contains(byte)),
        };
        refusal.add(&bytes[..end.unwrap_or(bytes.len())]);
        let Some(end) = end else { return bytes.len() };
        let next = of.behind();
        if let State::Refused { refusal, .. } = std::mem::replace(&mut self.state, next) {
            see(Piece::Rejected(refusal.end()));
        }
        self.release();
        end
    }
}

/// Shows a whole object.
fn whole(text: &[u8], of: Object, see: &mut dyn FnMut(Piece<'_>)) {
    match of {
        Object::Item => see(Piece::Event(text)),
        Object::Document => document(text, see),
    }
}
