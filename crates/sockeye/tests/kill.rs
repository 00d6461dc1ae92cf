//! `sockeye serve` is killed in the middle of deliveries, again and again: whatever it acknowledged
//! is in the trail exactly once, and the chain holds after each kill. `SOCKEYE_KILLS` says how
//! often.

mod serving;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use control::evidence::{Entry, Line};
use serving::{Server, event, send};
use trail::merkle::{self, Frontier};
use trail::{Checkpoint, Reader};

const KILLS: u32 = 5;
const SENDERS: usize = 3;
const BATCH_LEN: u64 = 20;

/// Delivers without a break until told to stop; notes what was acknowledged. What was not is sent
/// once more, as the API server does.
fn deliver(
    address: &str,
    token: &str,
    next: &AtomicU64,
    stop: &AtomicBool,
    acknowledged: &Mutex<Vec<u64>>,
) {
    let headers =
        [format!("authorization: Bearer {token}"), "content-type: application/json".to_owned()];
    while !stop.load(SeqCst) {
        let first = next.fetch_add(BATCH_LEN, SeqCst);
        let ids: Vec<u64> = (first..first + BATCH_LEN).collect();
        let items: Vec<String> = ids.iter().map(|id| event(*id)).collect();
        let body = format!(
            r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{}]}}"#,
            items.join(",")
        );
        for _ in 0..2 {
            let (status, _, _) =
                send(address, "POST /k8s-audit HTTP/1.1", &headers, body.as_bytes());
            if status == 200 {
                acknowledged.lock().unwrap().extend(&ids);
                break;
            }
        }
    }
}

/// The trail as far as it was read after the kills before: read on, never again from the start.
#[derive(Default)]
struct Chain {
    log: Frontier,
    key: Option<String>,
    /// How often each event stands in it.
    events: HashMap<String, u32>,
}

impl Chain {
    /// Recomputes what was added: roots from entries, the log from roots, and each block's
    /// signature over the log up to it.
    fn read_on(&mut self, data: &Path) {
        let trail = Reader::open(&data.join("trail")).unwrap();
        let verifier = trail.verifier();
        let key = self.key.get_or_insert_with(|| verifier.to_string());
        assert_eq!(*key, verifier.to_string(), "the key was changed");
        assert!(trail.blocks() >= self.log.size(), "blocks that were there are gone");
        for number in self.log.size()..trail.blocks() {
            let block = trail.block(number).unwrap();
            let root = merkle::root(&block.leaves());
            assert_eq!(root, block.head.root, "block {number}");
            self.log.push(merkle::leaf(&[&root]));
            let origin = verifier.name().to_owned();
            let tip = Checkpoint { origin, size: self.log.size(), root: self.log.root() };
            assert!(verifier.accepts(&tip, &block.head.signature), "block {number}");
            for bytes in block.entries() {
                let line: Line = serde_json::from_slice(bytes).unwrap();
                if let Entry::Event(event) = line.entry {
                    *self.events.entry(event.id).or_default() += 1;
                }
            }
        }
    }

    fn check(&self, acknowledged: &[u64]) {
        for id in acknowledged {
            let count = self.events.get(&format!("k-{id}/ResponseStarted")).copied().unwrap_or(0);
            assert_eq!(count, 1, "event {id} was acknowledged and stands {count} times");
        }
        assert!(self.events.values().all(|count| *count == 1), "an event stands twice");
    }
}

#[test]
fn what_was_acknowledged_outlives_every_kill() {
    let kills = std::env::var("SOCKEYE_KILLS").ok().and_then(|text| text.parse().ok());
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let next = Arc::new(AtomicU64::new(0));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let mut token = String::new();
    let mut chain = Chain::default();
    for round in 0..kills.unwrap_or(KILLS) {
        let mut server = Server::start(&data);
        if token.is_empty() {
            token = server.token(&server.sign_in());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (address, token) = (server.address.clone(), token.clone());
                let (next, stop) = (next.clone(), stop.clone());
                let acknowledged = acknowledged.clone();
                std::thread::spawn(move || deliver(&address, &token, &next, &stop, &acknowledged))
            })
            .collect();
        let before = acknowledged.lock().unwrap().len();
        // At least something is under way; how far it got differs from round to round.
        while acknowledged.lock().unwrap().len() < before + 1 {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(u64::from(round * 37 % 250)));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        stop.store(true, SeqCst);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        chain.read_on(&data);
        chain.check(&acknowledged.lock().unwrap());
    }
    end_well(&data);
    chain.read_on(&data);
    chain.check(&acknowledged.lock().unwrap());
}

/// Starts once more, stops in good order, and verifies.
fn end_well(data: &Path) {
    let mut server = Server::start(data);
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
    let verified = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .arg("verify")
        .arg(data.join("trail"))
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}
