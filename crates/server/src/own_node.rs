//! The node that this server runs on, if it is watched by this process. Who watches is no business
//! of the server: it gets lines of the trail, as from anywhere, through the one door.

use std::sync::{Arc, Mutex, PoisonError};

use control::evidence::{Entry, Line};
use event::Time;
use serde_json::value::RawValue;
use store::Draft;

use crate::App;
use crate::intake::{Refusal, State};

/// Name of the source that nodes watch.
pub const SOURCE: &str = "syscall";

/// Whether this process watches its node; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnWatch(Arc<Mutex<Standing>>);

#[derive(Clone, Debug, Default)]
enum Standing {
    /// Nobody was asked to.
    #[default]
    Unasked,
    /// It is watched, under this name, since then.
    Watched(String, Time),
    /// It should be watched, under this name, and is not.
    Unable(String, String),
}

impl OwnWatch {
    /// Tells since when a node is watched from here, or why it is not; nothing if it is another.
    pub(crate) fn of(&self, node: &str) -> Option<Result<Time, String>> {
        match &*self.lock() {
            Standing::Watched(name, since) if name == node => Some(Ok(*since)),
            Standing::Unable(name, why) if name == node => Some(Err(why.clone())),
            _ => None,
        }
    }

    /// Returns the name of the node that is watched from here.
    pub(crate) fn name(&self) -> Option<String> {
        match &*self.lock() {
            Standing::Watched(name, _) => Some(name.clone()),
            _ => None,
        }
    }

    /// Says why no system calls are watched from here, if none are.
    pub(crate) fn unfed(&self) -> Option<String> {
        let none = "no system calls are watched here";
        match &*self.lock() {
            Standing::Watched(..) => None,
            Standing::Unasked => Some(none.to_owned()),
            Standing::Unable(_, why) => Some(format!("{none}: {why}")),
        }
    }

    fn set(&self, standing: Standing) {
        *self.lock() = standing;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why lines were not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unkept {
    /// The door did not take them.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// One of them is none that a node may tell.
    #[error("{0}")]
    Unfit(String),
}

/// The way in for what is watched from this process; cheap to clone.
#[derive(Clone, Debug)]
pub struct OwnNode {
    app: App,
    name: String,
}

impl OwnNode {
    pub(crate) fn new(app: App, name: String) -> OwnNode {
        OwnNode { app, name }
    }

    /// Name of the node, which its entries must have.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says that it is watched from now on.
    pub fn watched(&self) {
        self.app.own_watch().set(Standing::Watched(self.name.clone(), self.app.clock().now()));
    }

    /// Says that it is not watched, and why.
    pub fn unable(&self, why: &str) {
        self.app.own_watch().set(Standing::Unable(self.name.clone(), why.to_owned()));
    }

    /// Keeps lines of the trail. They are durable when this returns.
    pub async fn keep(&self, lines: impl Iterator<Item = &[u8]>) -> Result<(), Unkept> {
        let received = self.app.clock().now();
        let (mut drafts, mut alerts) = (Vec::new(), Vec::new());
        for line in lines {
            let entry = self.read(line, received).map_err(Unkept::Unfit)?;
            alerts.push(match &entry {
                Entry::Event(event) => event.alerts.len() as u64,
                _ => 0,
            });
            drafts.push(Draft::new(entry));
        }
        let statuses: Vec<(u64, u64, u64)> = drafts
            .iter()
            .filter_map(|draft| match draft.entry() {
                Entry::Status(status) => Some((status.records, status.lost, status.bytes)),
                _ => None,
            })
            .collect();
        let receipt = self.app.door().keep(drafts).await?;
        let totals = self.app.door().state().totals();
        for (position, alerts) in receipt.positions.iter().zip(alerts) {
            State::add(&totals.alerts, if position.is_some() { alerts } else { 0 });
        }
        State::add(&totals.duplicates, receipt.duplicates);
        for (records, lost, bytes) in statuses {
            State::add(&totals.records, records);
            State::add(&totals.lost, lost);
            State::add(&totals.bytes, bytes);
        }
        Ok(())
    }

    /// Reads a line; the time of receipt and the cluster are the server's to say.
    fn read(&self, line: &[u8], received: Time) -> Result<Entry<Box<RawValue>>, String> {
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| format!("it is no trail line: {error}"))?;
        let is_ours = |source: &str, node: &str| match source == SOURCE && node == self.name {
            true => Ok(()),
            false => Err(format!("it is of `{source}` on `{node}`, not of this node")),
        };
        match line.entry {
            Entry::Event(mut event) => {
                event.received = received;
                let cluster = self.app.place().cluster.as_deref();
                for alert in &mut event.alerts {
                    is_ours(&event.source, &alert.hostname)?;
                    Arc::make_mut(&mut alert.subject).cluster = cluster.map(str::to_owned);
                }
                Ok(Entry::Event(event))
            }
            Entry::Status(status) => {
                is_ours(&status.source, &status.instance)?;
                Ok(Entry::Status(status))
            }
            Entry::Activity(activity) => Ok(Entry::Activity(activity)),
            Entry::Canary(canary) => {
                is_ours(&canary.source, &canary.instance)?;
                Ok(Entry::Canary(canary))
            }
            other => Err(format!("a node does not tell `{}`", other.kind())),
        }
    }
}
