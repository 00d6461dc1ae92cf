//! The live feed: what the writer made durable, told to whoever listens. Nobody is waited for: a
//! listener that falls too far behind is told so, and reads on from the trail.

use std::sync::Arc;

use control::evidence::Entry;
use finding::{Alert, FindingId};
use serde::Serialize;
use store::{AlertPosition, Draft};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use trail::Position;

/// Alerts that a listener may be behind before it has to read the trail.
pub const BEHIND_LEN_MAX: usize = 4096;
/// Listeners at the same time.
pub const LISTENERS_LEN_MAX: usize = 256;

/// An alert as listeners get it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where it stands.
    pub position: AlertPosition,
    /// The item of `/v1/alerts`, as JSON.
    pub json: Arc<str>,
}

/// The feed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    sender: broadcast::Sender<Told>,
    places: Arc<Semaphore>,
}

/// A listener's seat, given up when dropped.
#[derive(Debug)]
pub struct Seat {
    /// What is told from now on.
    pub live: broadcast::Receiver<Told>,
    _place: OwnedSemaphorePermit,
}

/// An alert that is about to become durable.
#[derive(Debug)]
pub(crate) struct Prepared {
    draft: usize,
    alert: u32,
    finding: FindingId,
    content: Alert,
}

#[derive(Serialize)]
struct Item<'a> {
    position: AlertPosition,
    finding: &'a FindingId,
    alert: &'a Alert,
}

impl Default for Feed {
    fn default() -> Feed {
        let places = Arc::new(Semaphore::new(LISTENERS_LEN_MAX));
        Feed { sender: broadcast::channel(BEHIND_LEN_MAX).0, places }
    }
}

impl Feed {
    /// Takes a seat, if one is free.
    pub fn listen(&self) -> Option<Seat> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Seat { live: self.sender.subscribe(), _place: place })
    }

    /// Number of listeners.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Copies the alerts that a commit holds; nothing if nobody listens.
    pub(crate) fn prepare(&self, drafts: &[Draft]) -> Vec<Prepared> {
        if self.listeners() == 0 {
            return Vec::new();
        }
        let mut prepared = Vec::new();
        for (draft, one) in drafts.iter().enumerate() {
            let Entry::Event(event) = one.entry() else { continue };
            prepared.extend((0..).zip(&event.alerts).map(|(alert, content)| Prepared {
                draft,
                alert,
                finding: FindingId::of(content),
                content: content.clone(),
            }));
        }
        prepared
    }

    /// Tells of what is durable now; duplicates have no position and are not told.
    pub(crate) fn tell(&self, prepared: Vec<Prepared>, positions: &[Option<Position>]) {
        for one in prepared {
            let Some(entry) = positions.get(one.draft).copied().flatten() else { continue };
            let position = AlertPosition { entry, alert: one.alert };
            let item = Item { position, finding: &one.finding, alert: &one.content };
            match serde_json::to_string(&item) {
                Ok(json) => drop(self.sender.send(Told { position, json: json.into() })),
                Err(error) => tracing::error!(%error, "an alert could not be told"),
            }
        }
    }
}
