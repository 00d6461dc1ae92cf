//! Whether entries are taken, and how many were since the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::watch;

use super::Refusal;

/// Counts since the start.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "as in `SourceStatus`")]
pub struct Totals {
    pub records: AtomicU64,
    pub rejected: AtomicU64,
    pub duplicates: AtomicU64,
    pub lost: AtomicU64,
    pub alerts: AtomicU64,
    pub bytes: AtomicU64,
    /// Rejected records of which only the count was kept.
    pub rejected_uncited: AtomicU64,
    /// Deliveries that were told to come again.
    pub sent_away: AtomicU64,
    /// Group commits.
    pub commits: AtomicU64,
    /// Entries committed.
    pub entries: AtomicU64,
    /// Time spent committing.
    pub commit_ns: AtomicU64,
}

/// Whether entries are taken; shared by all who ask.
#[derive(Clone, Debug, Default)]
pub struct State {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    stopped: watch::Sender<Option<String>>,
    totals: Totals,
}

impl State {
    /// Returns the counts.
    pub fn totals(&self) -> &Totals {
        &self.inner.totals
    }

    /// Returns why nothing is taken, if nothing is.
    pub fn stopped(&self) -> Option<String> {
        self.inner.stopped.borrow().clone()
    }

    /// Returns a watch over the same.
    pub fn watch(&self) -> watch::Receiver<Option<String>> {
        self.inner.stopped.subscribe()
    }

    /// Refuses while nothing is taken.
    pub fn check(&self) -> Result<(), Refusal> {
        self.stopped().map_or(Ok(()), |reason| Err(Refusal::Stopped(reason)))
    }

    /// Says that nothing is taken any more, and why.
    pub(crate) fn stop(&self, reason: &str) {
        self.inner.stopped.send_if_modified(|stopped| {
            let news = stopped.as_deref() != Some(reason);
            if news {
                tracing::error!(%reason, "intake stopped");
                *stopped = Some(reason.to_owned());
            }
            news
        });
    }

    /// Says that entries are taken again.
    pub(crate) fn resume(&self) {
        self.inner.stopped.send_if_modified(|stopped| {
            let news = stopped.take().is_some();
            if news {
                tracing::info!("intake resumed");
            }
            news
        });
    }

    /// Adds to one of the counts.
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }
}
