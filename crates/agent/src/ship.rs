//! Ships what is spooled, until the server has it: findings first, in batches, again after any
//! failure, with growing pauses. A batch is forgotten only when the server has said that it is
//! durable; one that the server has already is known there by its numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use control::shipment::{self, Head, JoinRequest, JoinToken, Joined, Receipt, RenewRequest};
use event::Time;
use hyper::StatusCode;
use tokio::sync::{Notify, watch};

use crate::client::{Address, Client, ClientError, Kind};
use crate::identity::{Asking, Identity, IdentityError};
use crate::spool::{Lane, Parcel, Spool, SpoolError};
use crate::trust::{self, TrustError};

/// Bytes of the spool that are shipped together.
const PARCEL_BYTES: u64 = 1 << 20;
/// How often the spool is looked at though nobody said that something came, and is synced.
const LOOK: Duration = Duration::from_secs(1);
/// First pause after a failure; each is twice as long as the one before.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Compression of batches.
const ZSTD_LEVEL: i32 = 3;
/// How long a stop waits for what is still spooled.
const LAST_WAIT_MAX: Duration = Duration::from_secs(5);

/// Why nothing is shipped any more.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum ShipError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The spool as both ends see it: who fills it, and who ships it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    spool: Mutex<Spool>,
    news: Notify,
    told: watch::Sender<Told>,
}

/// What shipping is like at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// By how many nanoseconds this machine's clock is ahead of the server's.
    pub clock_offset_ns: Option<i64>,
    /// Why the last try failed, if it did.
    pub failure: Option<String>,
    /// Entries that the server has taken since the start.
    pub shipped: u64,
}

impl Outbox {
    /// Takes a spool.
    pub fn new(spool: Spool) -> Outbox {
        let (told, news) = (watch::Sender::new(Told::default()), Notify::new());
        Outbox(Arc::new(Shared { spool: Mutex::new(spool), news, told }))
    }

    /// Does something with the spool, and has what came shipped.
    pub fn fill<T>(&self, act: impl FnOnce(&mut Spool) -> T) -> T {
        let done = act(&mut self.spool());
        self.0.news.notify_one();
        done
    }

    /// Returns what was dropped from the spool since this was asked last, by kind.
    pub fn take_dropped(&self) -> BTreeMap<Lane, u64> {
        self.spool().take_dropped()
    }

    /// Says what shipping is like at the moment.
    pub fn told(&self) -> Told {
        self.0.told.borrow().clone()
    }

    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.0.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What shipping needs beside the spool.
#[derive(Clone, Debug)]
pub struct Shipping {
    /// Where the server is.
    pub server: Address,
    /// The agent's directory, in which its identity is.
    pub dir: PathBuf,
    /// Version of this program.
    pub version: &'static str,
    /// Where the time comes from.
    pub now: fn() -> Time,
}

impl Shipping {
    /// Joins the server of a token, and keeps what this node is from then on.
    pub async fn join(&self, token: &JoinToken) -> Result<Identity, ShipError> {
        let asking = Asking::new()?;
        let asked = JoinRequest {
            v: shipment::VERSION,
            secret: token.secret.clone(),
            request: asking.request.clone(),
            agent: self.version.to_owned(),
        };
        let config = trust::joining(token.authority)?;
        let mut client = Client::new(self.server.clone(), config);
        let joined: Joined = client.post("/v1/join", Kind::Json, json(&asked)).await?;
        let identity = asking.answered(self.server.to_string(), joined);
        identity.write(&self.dir)?;
        Ok(identity)
    }

    /// Ships until `stop` says so, and then what is left, for a few seconds.
    pub async fn run(
        self,
        mut identity: Identity,
        outbox: Outbox,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), ShipError> {
        let mut client = Client::new(self.server.clone(), trust::joined(&identity)?);
        let mut pause = Pause::default();
        loop {
            if let Err(error) = outbox.spool().sync() {
                tracing::warn!(%error, "the spool could not be brought to the disk");
            }
            let outcome = self.round(&mut client, &mut identity, &outbox).await;
            let wait = match outcome {
                Ok(true) => {
                    pause = Pause::default();
                    continue;
                }
                Ok(false) => LOOK,
                Err(error) => {
                    tell_failure(&outbox, &error);
                    pause.next(&error)
                }
            };
            let failing = outbox.0.told.borrow().failure.is_some();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = outbox.0.news.notified(), if !failing => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        let rest =
            async { while let Ok(true) = self.round(&mut client, &mut identity, &outbox).await {} };
        let _ = tokio::time::timeout(LAST_WAIT_MAX, rest).await;
        let _ = outbox.spool().sync();
        Ok(())
    }

    /// Ships one parcel; says whether there was one.
    async fn round(
        &self,
        client: &mut Client,
        identity: &mut Identity,
        outbox: &Outbox,
    ) -> Result<bool, ShipError> {
        if identity.is_due((self.now)()) {
            *identity = self.renew(client).await?;
            *client = Client::new(self.server.clone(), trust::joined(identity)?);
            tracing::info!(until = %identity.until, "the certificate was renewed");
        }
        let parcel = outbox.spool().next(PARCEL_BYTES)?;
        let Some(parcel) = parcel else { return Ok(false) };
        if parcel.lines.is_empty() {
            outbox.spool().acknowledge(&parcel, 0)?;
            return Ok(true);
        }
        let sent = (self.now)();
        let body = pack(&parcel, sent, self.version)?;
        let receipt: Receipt = client.post("/v1/batch", Kind::Batch, body).await?;
        let back = (self.now)();
        for refused in &receipt.reasons {
            let (number, reason) = (refused.number, &refused.reason);
            tracing::error!(number, reason, stream = parcel.stream, "the server refused an entry");
        }
        outbox.spool().acknowledge(&parcel, receipt.refused)?;
        outbox.0.told.send_modify(|told| {
            told.clock_offset_ns = Some(ahead(sent, back, &receipt));
            told.shipped += receipt.accepted + receipt.duplicates;
            if told.failure.take().is_some() {
                tracing::info!("the server takes evidence again");
            }
        });
        Ok(true)
    }

    async fn renew(&self, client: &mut Client) -> Result<Identity, ShipError> {
        let asking = Asking::new()?;
        let asked = RenewRequest { v: shipment::VERSION, request: asking.request.clone() };
        let joined: Joined = client.post("/v1/renew", Kind::Json, json(&asked)).await?;
        let identity = asking.answered(self.server.to_string(), joined);
        identity.write(&self.dir)?;
        Ok(identity)
    }
}

fn tell_failure(outbox: &Outbox, error: &ShipError) {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    outbox.0.told.send_modify(|told| {
        if told.failure.as_ref() != Some(&text) {
            let waiting = outbox.spool().waiting();
            tracing::warn!(error = text, waiting, "evidence waits in the spool");
            told.failure = Some(text);
        }
    });
}

/// Writes a parcel as a batch.
fn pack(parcel: &Parcel, sent: Time, version: &str) -> Result<Vec<u8>, ShipError> {
    let head = Head {
        v: shipment::VERSION,
        stream: parcel.stream.clone(),
        sent,
        agent: version.to_owned(),
    };
    let mut body = head.begin();
    for (number, line) in &parcel.lines {
        shipment::add(&mut body, *number, line);
    }
    let packed = zstd::bulk::compress(&body, ZSTD_LEVEL);
    packed.map_err(|error| ClientError::Answer(error.to_string()).into())
}

/// Returns by how many nanoseconds our clock is ahead of the server's: what the way there and the
/// way back say, on average, so that the time of travel falls out if both take as long.
fn ahead(sent: Time, back: Time, receipt: &Receipt) -> i64 {
    let there = sent.0.saturating_sub(receipt.received.0);
    let here = back.0.saturating_sub(receipt.answered.0);
    there / 2 + here / 2
}

fn json<T: serde::Serialize>(asked: &T) -> Vec<u8> {
    serde_json::to_vec(asked).expect("it has string keys and no failing serializer")
}

/// How long to wait after failures: longer each time, and never the same for two nodes.
#[derive(Debug)]
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Pause {
        Pause(PAUSE_MIN)
    }
}

impl Pause {
    fn next(&mut self, error: &ShipError) -> Duration {
        let own = self.0;
        self.0 = (self.0 * 2).min(PAUSE_MAX);
        let asked = match error {
            ShipError::Client(ClientError::Refused { status, retry_after, .. }) => {
                // Who is shut out, or speaks another version, need not hurry.
                let come_again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
                if come_again.contains(status) { retry_after.unwrap_or(own) } else { PAUSE_MAX / 2 }
            }
            _ => own,
        };
        let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
        let jitter = u32::try_from(random % 1000).unwrap_or(0);
        asked.max(own) / 2 + asked.max(own) / 2000 * jitter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_compared_without_the_time_of_travel() {
        let at = |ms: i64| Time(ms * 1_000_000);
        let receipt = Receipt {
            v: 1,
            accepted: 1,
            duplicates: 0,
            refused: 0,
            reasons: Vec::new(),
            received: at(1_010),
            answered: at(1_030),
        };
        // 10 ms there, 20 ms of work, 10 ms back.
        assert_eq!(ahead(at(1_000), at(1_040), &receipt), 0);
        assert_eq!(ahead(at(3_000), at(3_040), &receipt), 2_000_000_000);
        assert_eq!(ahead(at(500), at(540), &receipt), -500_000_000);
    }

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        let mut pause = Pause::default();
        let late = ShipError::Client(ClientError::Late("https://a".parse().unwrap()));
        let pauses: Vec<_> = (0..12).map(|_| pause.next(&late)).collect();
        assert!(pauses[0] <= PAUSE_MIN && pauses[0] >= PAUSE_MIN / 2);
        assert!(pauses[11] <= PAUSE_MAX && pauses[11] >= PAUSE_MAX / 2);
        let wanted = Some(Duration::from_secs(7));
        let busy = ShipError::Client(ClientError::Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            message: String::new(),
            retry_after: wanted,
        });
        let asked = Pause::default().next(&busy);
        assert!(asked >= Duration::from_millis(3500) && asked <= Duration::from_secs(7));
    }
}
