//! The disk is full in the middle of a delivery: intake stops and says so, nothing acknowledged is
//! lost, and it goes on by itself when there is room. A disk that fails ends the process.

mod serving;

use std::time::{Duration, Instant};

use serving::{Server, event, send};

/// Delivers one event; returns the status and what was said.
fn deliver(server: &Server, token: &str, id: u64) -> (u16, String) {
    let headers =
        [format!("authorization: Bearer {token}"), "content-type: application/json".to_owned()];
    let line = "POST /k8s-audit HTTP/1.1";
    let (status, _, body) = send(&server.address, line, &headers, event(id).as_bytes());
    (status, body)
}

fn get(server: &Server, headers: &[String], path: &str) -> (u16, String) {
    let (status, _, body) = send(&server.address, &format!("GET {path} HTTP/1.1"), headers, b"");
    (status, body)
}

#[test]
fn a_full_disk_stops_intake_loses_nothing_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let full = [("SOCKEYE_FAILPOINT", "block.torn:12:full")];
    let mut server = Server::start_with(&dir.path().join("data"), &full);
    let person = server.sign_in();
    let token = server.token(&person);
    let mut acknowledged = Vec::new();
    let refused = (0..50).find(|id| match deliver(&server, &token, *id) {
        (200, _) => {
            acknowledged.push(*id);
            false
        }
        (status, body) => {
            assert_eq!(status, 503, "{body}");
            assert!(body.contains("the disk is full"), "{body}");
            true
        }
    });
    let refused = refused.expect("the disk was never full");
    let end = Instant::now() + Duration::from_secs(60);
    while get(&server, &[], "/readyz").0 != 200 {
        assert!(Instant::now() < end, "intake did not resume");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(deliver(&server, &token, refused).0, 200);
    let (_, told) = get(&server, &person, "/v1/administration?limit=5");
    assert!(told.contains("intake_resumed") && told.contains("the disk is full"), "{told}");
    let (_, sources) = get(&server, &person, "/v1/status");
    assert!(sources.contains("\"state\":\"accepting\""), "{sources}");
    let (_, alerts) = get(&server, &person, "/v1/alerts?limit=500");
    let kept = alerts.matches("\"uuid\"").count();
    let raised = acknowledged.iter().chain([&refused]).filter(|id| id.is_multiple_of(2)).count();
    assert_eq!(kept, raised, "{alerts}");
    server.child.kill().unwrap();
    server.child.wait().unwrap();
}

#[test]
fn a_failing_disk_ends_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let broken = [("SOCKEYE_FAILPOINT", "block.written:12:broken")];
    let mut server = Server::start_with(&dir.path().join("data"), &broken);
    let token = server.token(&server.sign_in());
    let refused = (0..50).map(|id| deliver(&server, &token, id)).find(|(status, _)| *status != 200);
    let (status, body) = refused.expect("the disk never failed");
    assert!(status == 0 || status == 503, "{status} {body}");
    assert_eq!(server.child.wait().unwrap().code(), Some(2));
}
