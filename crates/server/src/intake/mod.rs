//! The one door: whatever becomes part of the trail comes through [`Door::keep`]. It is kept by a
//! single writer that commits everything that waits at once, and acknowledged when it is on disk
//! and in the projection; only then the feed hears of it.

mod delivery;
mod file;
mod instance;
mod judge;
mod minutes;
mod state;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use store::Draft;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

pub use delivery::{Delivery, Tally};
pub use file::{FollowSetting, follow, instance_name};
pub use instance::{Counts, Instance};
pub use judge::{AHEAD_MAX, Place};
pub use minutes::tell_minutes;
pub use state::State;
pub use writer::{Writer, WriterEnd};

/// Bytes of drafts that may wait for the writer, in KiB. Beyond it a sender has to wait.
pub const WAITING_KIB_MAX: u32 = 32 * 1024;
/// Batches that may wait for the writer.
pub const QUEUE_LEN_MAX: usize = 256;
/// Deliveries that may be read at the same time; the next one is told to come again.
pub const DELIVERIES_LEN_MAX: usize = 64;
/// How long a sender waits for room before it is told to come again.
pub const WAIT_MAX: Duration = Duration::from_secs(5);
/// When a sender that was sent away should come again.
pub const RETRY_AFTER_S: u32 = 2;

/// Why something was not kept. Nothing of it may be acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much is waiting; it may be sent again soon.
    #[error("too much is waiting to be written")]
    Busy,
    /// Nothing is taken at all, for this reason.
    #[error("intake is stopped: {0}")]
    Stopped(String),
    /// This one entry can never be kept.
    #[error("an entry is too large to be kept: {0}")]
    TooLarge(String),
}

/// What the writer is sent.
#[derive(Debug)]
pub(crate) enum Message {
    /// Something to keep.
    Keep(Batch),
    /// Nothing more is to come: write what came before, and end.
    End,
}

/// Drafts on their way to the writer.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) reply: oneshot::Sender<Result<store::Receipt, Refusal>>,
    /// Held until the batch is durable, so that what waits stays bounded.
    pub(crate) room: OwnedSemaphorePermit,
}

/// What a batch became, once the writer has told.
#[derive(Debug)]
pub struct Kept(oneshot::Receiver<Result<store::Receipt, Refusal>>);

impl Kept {
    /// Waits until the batch is durable.
    pub async fn durable(self) -> Result<store::Receipt, Refusal> {
        self.0.await.unwrap_or_else(|_| Err(Refusal::Stopped("the server is stopping".to_owned())))
    }
}

/// The way in; cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    queue: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
    deliveries: Arc<Semaphore>,
    state: State,
}

impl Door {
    /// Makes a door; the other end goes to the writer.
    pub(crate) fn new(state: State) -> (Door, mpsc::Receiver<Message>) {
        let (queue, batches) = mpsc::channel(QUEUE_LEN_MAX);
        let room = Arc::new(Semaphore::new(WAITING_KIB_MAX as usize));
        let deliveries = Arc::new(Semaphore::new(DELIVERIES_LEN_MAX));
        (Door { queue, room, deliveries, state }, batches)
    }

    /// Tells whether and what is taken.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Number of batches that wait for the writer.
    pub fn queued(&self) -> usize {
        QUEUE_LEN_MAX - self.queue.capacity()
    }

    /// Admits one more delivery, or says that there are too many.
    pub fn admit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.state.check()?;
        self.deliveries.clone().try_acquire_owned().map_err(|_| Refusal::Busy)
    }

    /// Hands drafts to the writer, waiting for room but not for the disk.
    pub async fn hand_over(&self, drafts: Vec<Draft>) -> Result<Kept, Refusal> {
        self.state.check()?;
        let bytes: usize = drafts.iter().map(Draft::len).sum();
        // An entry beyond the whole room is still let through, alone.
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(WAITING_KIB_MAX);
        let wait = tokio::time::timeout(WAIT_MAX, async {
            let room = self.room.clone().acquire_many_owned(kib).await;
            (room, self.queue.reserve().await)
        });
        let (Ok(room), Ok(place)) = wait.await.map_err(|_| Refusal::Busy)? else {
            return Err(Refusal::Stopped("the server is stopping".to_owned()));
        };
        let (reply, kept) = oneshot::channel();
        place.send(Message::Keep(Batch { drafts, reply, room }));
        Ok(Kept(kept))
    }

    /// Lets the writer end after what came before.
    pub async fn close(&self) {
        let _ = self.queue.send(Message::End).await;
    }

    /// Keeps drafts. They are durable when this returns.
    pub async fn keep(&self, drafts: Vec<Draft>) -> Result<store::Receipt, Refusal> {
        self.hand_over(drafts).await?.durable().await
    }
}
