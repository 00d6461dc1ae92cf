//! `sockeye report` on the data directory of a server: what left is in the trail.

mod serving;

use std::path::Path;
use std::process::{Command, Output};

use serving::{Server, send};

/// Exports a report as of the server's first day.
fn report(data: &Path, out: &Path) -> String {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["report", "--type", "1", "--on", "2026-07-01", "--by", "Ada Lovelace", "--data"])
        .arg(data)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&stderr).into_owned();
    assert!(status.success(), "{told}");
    told
}

/// Returns the word that comes after another in what was told.
fn after<'t>(told: &'t str, word: &str) -> &'t str {
    let rest = told.split_once(word).unwrap_or_else(|| panic!("no `{word}` in {told}")).1;
    rest.split([',', ' ', '\n']).find(|part| !part.is_empty()).unwrap()
}

fn entry(server: &Server, person: &[String], position: &str) -> String {
    let line = format!("GET /v1/trail/{position} HTTP/1.1");
    let (status, _, body) = send(&server.address, &line, person, b"");
    assert_eq!(status, 200, "{body}");
    body
}

#[test]
fn an_export_is_in_the_trail_whether_or_not_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    let told = report(&data, &dir.path().join("one"));
    assert!(told.contains("by the running server"), "{told}");
    let (first, manifest) = (after(&told, "as entry "), after(&told, "SHA-256 of the manifest: "));
    let kept = entry(&server, &server.sign_in(), first);
    assert!(kept.contains("report_exported") && kept.contains(manifest), "{kept}");
    assert!(kept.contains("Ada Lovelace") && kept.contains("type 1 on 2026-07-01"), "{kept}");
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let told = report(&data, &dir.path().join("two"));
    assert!(told.contains("by this command, since no server runs"), "{told}");
    let mut server = Server::start(&data);
    let kept = entry(&server, &server.sign_in(), after(&told, "as entry "));
    assert!(kept.contains(after(&told, "SHA-256 of the manifest: ")), "{kept}");
    server.child.kill().unwrap();
    server.child.wait().unwrap();
}
