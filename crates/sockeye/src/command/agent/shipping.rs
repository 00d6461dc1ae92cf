//! The watch's sink is the spool, and a thread of its own ships it.

use std::collections::BTreeMap;
use std::thread::{self, JoinHandle};

use agent::{Identity, Lane, Outbox, Shipping, SpoolError};
use anyhow::Context;
use node::{Kind, Ready, Refused, Sink};
use tokio::sync::watch;

/// Hands entries of the watch to the spool.
pub struct Spooled(pub Outbox);

impl Sink for Spooled {
    fn hand_over(&mut self, entries: &[Ready]) -> Result<(), Refused> {
        let lines: Vec<(Lane, &[u8])> =
            entries.iter().map(|entry| (lane(entry.kind), entry.line.as_slice())).collect();
        self.0.fill(|spool| spool.append(&lines)).map_err(|error| match error {
            SpoolError::Full => Refused::Full,
            SpoolError::TooLong(_) | SpoolError::Broken => Refused::Unfit(error.to_string()),
            SpoolError::Io { .. } | SpoolError::Held(_) => {
                Refused::Stopped(format!("{:#}", anyhow::Error::new(error)))
            }
        })
    }

    fn clock_offset_ns(&self) -> Option<i64> {
        self.0.told().clock_offset_ns
    }

    fn dropped(&mut self) -> BTreeMap<Kind, u64> {
        self.0.take_dropped().into_iter().map(|(lane, count)| (kind(lane), count)).collect()
    }
}

fn lane(kind: Kind) -> Lane {
    match kind {
        Kind::Activity => Lane::Activity,
        Kind::Status => Lane::Status,
        Kind::Finding => Lane::Finding,
    }
}

fn kind(lane: Lane) -> Kind {
    match lane {
        Lane::Activity => Kind::Activity,
        Lane::Status => Kind::Status,
        Lane::Finding => Kind::Finding,
    }
}

/// A thread that ships.
pub struct Ships {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Ships {
    /// Starts to ship.
    pub fn start(shipping: Shipping, identity: Identity, outbox: Outbox) -> anyhow::Result<Ships> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let run = move || {
            if let Err(error) = runtime.block_on(shipping.run(identity, outbox, stopped)) {
                let error = format!("{:#}", anyhow::Error::new(error));
                tracing::error!(error, "nothing is shipped any more; evidence waits in the spool");
            }
        };
        let thread = thread::Builder::new().name("ship".to_owned()).spawn(run);
        Ok(Ships { stop, thread: thread.context("cannot start a thread")? })
    }

    /// Ships the rest for a few seconds, and ends.
    pub fn stop(self) {
        let _ = self.stop.send(true);
        if self.thread.join().is_err() {
            tracing::error!("shipping did not end well");
        }
    }
}
