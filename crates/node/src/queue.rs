//! Entries on their way to the sink. When there is no room for all, the oldest of the least worthy
//! kind go, and are counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::alive::Reach;
use crate::ready::{Kind, Ready, Refused, Sink};

/// Bytes that may wait.
const WAITING_BYTES_MAX: usize = 32 << 20;
/// What an entry costs beside its line.
const ENTRY_BYTES: usize = 96;
/// Bytes that are handed over at once.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// How long to wait after a refusal.
const REST: Duration = Duration::from_millis(500);
/// How often the rest is handed over again when the watch has ended and nobody takes it.
const LAST_TRIES_MAX: u32 = 10;

/// The queue; cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct State {
    /// What waits, by kind and number.
    waiting: BTreeMap<Kind, BTreeMap<u64, Ready>>,
    /// Number given last.
    last: u64,
    bytes: usize,
    dropped: BTreeMap<Kind, u64>,
    clock_offset_ns: Option<i64>,
    refused: Option<Refused>,
    ended: bool,
    /// A batch is with the sink.
    in_hand: bool,
    /// How far what has been handed over reaches.
    safe: Option<Reach>,
    /// A number, and how far that reaches once all up to the number is handed over.
    mark: Option<(u64, Reach)>,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue::of(WAITING_BYTES_MAX)
    }
}

impl Queue {
    /// Returns a queue that holds so many bytes.
    pub fn of(bytes_max: usize) -> Queue {
        let (state, news) = (Mutex::default(), Condvar::new());
        Queue(Arc::new(Shared { state, news, bytes_max }))
    }

    /// Adds an entry. Never waits; what has to go instead is counted.
    pub fn push(&self, entry: Ready) {
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        state.put(Ready { number, ..entry });
        state.make_room(self.0.bytes_max);
        drop(state);
        self.0.news.notify_one();
    }

    /// Notes how far what was added reaches.
    pub fn seen(&self, reach: Reach) {
        let mut state = self.lock();
        state.settle();
        if state.is_clear() {
            state.reach(reach);
        } else if state.mark.is_none() {
            state.mark = Some((state.last, reach));
        }
    }

    /// Returns how far what has been handed over reaches.
    pub fn safe(&self) -> Option<Reach> {
        let mut state = self.lock();
        state.settle();
        state.safe
    }

    /// Tells whether all that was added has been handed over.
    pub fn is_clear(&self) -> bool {
        self.lock().is_clear()
    }

    /// Takes the counts of what was dropped since this was asked last, by kind.
    pub fn take_dropped(&self) -> BTreeMap<Kind, u64> {
        std::mem::take(&mut self.lock().dropped)
    }

    /// Tells what the sink says of the clock.
    pub fn clock_offset_ns(&self) -> Option<i64> {
        self.lock().clock_offset_ns
    }

    /// Says why the sink took nothing when it was asked last, if it did not.
    pub fn refused(&self) -> Option<Refused> {
        self.lock().refused.clone()
    }

    /// Says that nothing more is to come.
    pub fn end(&self) {
        self.lock().ended = true;
        self.0.news.notify_all();
    }

    /// Hands entries to the sink until nothing more is to come and all is handed over. When the
    /// watch has ended and nobody takes the rest, it is given up after some tries.
    pub fn hand_over(&self, sink: &mut dyn Sink) {
        let mut tries = 0;
        while let Some(batch) = self.batch() {
            let outcome = sink.hand_over(&batch);
            let unfit = matches!(outcome, Err(Refused::Unfit(_)));
            let mut state = self.lock();
            state.hear(sink, &outcome);
            state.in_hand = unfit && batch.len() > 1;
            if outcome.is_ok() {
                tries = 0;
            } else if unfit && batch.len() == 1 {
                tracing::error!(refused = ?outcome, "an entry of this node is dropped");
                state.drop_one(batch[0].kind);
            } else if unfit {
                drop(state);
                self.one_by_one(sink, batch);
                self.lock().in_hand = false;
            } else {
                batch.into_iter().for_each(|entry| state.put(entry));
                state.make_room(self.0.bytes_max);
                tries = if state.ended { tries + 1 } else { 0 };
                if tries > LAST_TRIES_MAX {
                    let left = state.len();
                    tracing::error!(left, "entries of this node are lost: nobody took them");
                    return;
                }
                drop(self.0.news.wait_timeout(state, REST));
            }
        }
    }

    /// Hands over a batch that has an unfit entry: only that one is dropped.
    fn one_by_one(&self, sink: &mut dyn Sink, batch: Vec<Ready>) {
        for entry in batch {
            match sink.hand_over(std::slice::from_ref(&entry)) {
                Ok(()) => {}
                Err(Refused::Unfit(reason)) => {
                    tracing::error!(reason, "an entry of this node is dropped");
                    self.lock().drop_one(entry.kind);
                }
                Err(_) => self.lock().put(entry),
            }
        }
    }

    /// Waits for entries; nothing when there will be none.
    fn batch(&self) -> Option<Vec<Ready>> {
        let mut state = self.lock();
        loop {
            let mut batch = Vec::new();
            let mut bytes = 0;
            while bytes < BATCH_BYTES_MAX
                && let Some(entry) = state.take_first()
            {
                bytes += entry.line.len();
                batch.push(entry);
            }
            if !batch.is_empty() {
                state.in_hand = true;
                return Some(batch);
            }
            if state.ended {
                return None;
            }
            state = self.0.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn len(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    fn put(&mut self, entry: Ready) {
        self.bytes += cost(&entry);
        self.waiting.entry(entry.kind).or_default().insert(entry.number, entry);
    }

    fn take_first(&mut self) -> Option<Ready> {
        let first = |(kind, of_kind): (&Kind, &BTreeMap<u64, Ready>)| {
            of_kind.first_key_value().map(|(number, _)| (*number, *kind))
        };
        let (_, kind) = self.waiting.iter().filter_map(first).min()?;
        let (_, entry) = self.waiting.get_mut(&kind)?.pop_first()?;
        self.bytes -= cost(&entry);
        Some(entry)
    }

    fn make_room(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max {
            let mut kinds = self.waiting.iter_mut();
            let Some((kind, (_, gone))) =
                kinds.find_map(|(kind, of_kind)| Some((*kind, of_kind.pop_first()?)))
            else {
                return;
            };
            self.bytes -= cost(&gone);
            self.drop_one(kind);
        }
    }

    fn is_clear(&self) -> bool {
        !self.in_hand && self.len() == 0
    }

    /// Moves on to the mark if all before it is handed over.
    fn settle(&mut self) {
        let Some((number, reach)) = self.mark else { return };
        let waits = |of_kind: &BTreeMap<u64, Ready>| of_kind.range(..=number).next().is_some();
        if !self.in_hand && !self.waiting.values().any(waits) {
            self.mark = None;
            self.reach(reach);
        }
    }

    fn reach(&mut self, reach: Reach) {
        self.safe = Some(self.safe.map_or(reach, |safe| safe.max(reach)));
    }

    fn drop_one(&mut self, kind: Kind) {
        *self.dropped.entry(kind).or_default() += 1;
    }

    fn hear(&mut self, sink: &mut dyn Sink, outcome: &Result<(), Refused>) {
        self.clock_offset_ns = sink.clock_offset_ns();
        for (kind, count) in sink.dropped() {
            *self.dropped.entry(kind).or_default() += count;
        }
        self.refused = outcome.as_ref().err().cloned();
    }
}

fn cost(entry: &Ready) -> usize {
    entry.line.len() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use event::Time;

    use super::*;

    fn until(time: i64) -> Reach {
        Reach::of(Time(time))
    }

    fn entry(kind: Kind, name: &str) -> Ready {
        Ready { number: 0, kind, line: name.as_bytes().to_vec() }
    }

    /// Takes everything after so many refusals, but never a line that says `unfit`.
    #[derive(Default)]
    struct Desk {
        refusals: u32,
        taken: Vec<String>,
    }

    impl Sink for Desk {
        fn hand_over(&mut self, entries: &[Ready]) -> Result<(), Refused> {
            if self.refusals > 0 {
                self.refusals -= 1;
                return Err(Refused::Full);
            }
            if entries.iter().any(|entry| entry.line == b"unfit") {
                return Err(Refused::Unfit("it says so".to_owned()));
            }
            let text = |entry: &Ready| {
                format!("{} {}", entry.number, String::from_utf8_lossy(&entry.line))
            };
            self.taken.extend(entries.iter().map(text));
            Ok(())
        }
    }

    fn taken(queue: &Queue, mut desk: Desk) -> Vec<String> {
        queue.end();
        queue.hand_over(&mut desk);
        desk.taken
    }

    #[test]
    fn entries_leave_in_order_though_refused_at_first() {
        let queue = Queue::default();
        for (kind, name) in
            [(Kind::Finding, "a"), (Kind::Activity, "b"), (Kind::Status, "c"), (Kind::Finding, "d")]
        {
            queue.push(entry(kind, name));
        }
        let desk = Desk { refusals: 1, ..Desk::default() };
        assert_eq!(taken(&queue, desk), ["1 a", "2 b", "3 c", "4 d"]);
        assert_eq!(queue.take_dropped(), BTreeMap::new());
    }

    #[test]
    fn without_room_the_oldest_activity_goes_first_and_findings_last() {
        let queue = Queue::of(3 * (1 + ENTRY_BYTES));
        for (kind, name) in [
            (Kind::Finding, "f"),
            (Kind::Activity, "a"),
            (Kind::Activity, "b"),
            (Kind::Status, "s"),
            (Kind::Finding, "g"),
        ] {
            queue.push(entry(kind, name));
        }
        assert_eq!(queue.take_dropped(), BTreeMap::from([(Kind::Activity, 2)]));
        queue.push(entry(Kind::Finding, "h"));
        queue.push(entry(Kind::Finding, "i"));
        let dropped = BTreeMap::from([(Kind::Status, 1), (Kind::Finding, 1)]);
        assert_eq!(queue.take_dropped(), dropped);
        assert_eq!(taken(&queue, Desk::default()), ["5 g", "6 h", "7 i"]);
    }

    #[test]
    fn what_happened_is_safe_once_all_before_it_is_handed_over() {
        /// Looks at the queue while it has a batch in hand.
        struct Looking(Queue, Vec<Option<Reach>>);
        impl Sink for Looking {
            fn hand_over(&mut self, _: &[Ready]) -> Result<(), Refused> {
                self.0.seen(until(3));
                self.1.push(self.0.safe());
                Ok(())
            }
        }
        let queue = Queue::default();
        assert_eq!(queue.safe(), None);
        queue.seen(until(1));
        assert_eq!(queue.safe(), Some(until(1)), "nothing waits");
        queue.push(entry(Kind::Finding, "a"));
        queue.seen(until(2));
        queue.end();
        let mut sink = Looking(queue.clone(), Vec::new());
        queue.hand_over(&mut sink);
        assert_eq!(sink.1, [Some(until(1))], "not while it is in hand");
        assert_eq!(queue.safe(), Some(until(2)));
        // Activity that is gathered and not told yet holds back what is safe of it alone.
        let gathered = Reach { sums: Time(1), ..until(4) };
        queue.seen(gathered);
        let safe = Reach { sums: Time(2), ..until(4) };
        assert_eq!((queue.safe(), queue.is_clear()), (Some(safe), true));
    }

    #[test]
    fn an_entry_that_nobody_can_take_does_not_hold_up_the_others() {
        let queue = Queue::default();
        for name in ["a", "unfit", "b"] {
            queue.push(entry(Kind::Finding, name));
        }
        assert_eq!(taken(&queue, Desk::default()), ["1 a", "3 b"]);
        assert_eq!(queue.take_dropped(), BTreeMap::from([(Kind::Finding, 1)]));
    }
}
