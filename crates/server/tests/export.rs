//! A report that leaves is in the trail, whether or not the server runs.

mod harness;

use event::Time;
use harness::{Server, settings, still};
use server::{Export, ExportError, Scribe, SourceSetting, note_export};

const NOW: Time = Time(1_795_350_600 * Time::SECOND);

fn export() -> Export {
    Export {
        actor: "Ada Lovelace".to_owned(),
        object: "ab".repeat(32),
        detail: "type 2 from 2026-01-01T00:00:00Z until 2026-07-01T00:00:00Z".to_owned(),
    }
}

/// Acts of exporting that the server knows, newest first: place, actor and detail.
fn exported(server: &Server) -> Vec<String> {
    let page = server.person("GET", "/v1/administration", "").json();
    let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap().to_owned();
    let acts = page["items"].as_array().unwrap().iter();
    let exports = acts.filter(|item| item["act"] == "report_exported");
    exports
        .map(|item| {
            assert_eq!(text(item, "object"), export().object);
            ["position", "actor", "detail"].map(|name| text(item, name)).join(" ")
        })
        .collect()
}

#[test]
fn a_running_server_is_told() {
    let server = Server::start();
    let noted = note_export(server.dir.path(), "test", &export(), NOW).unwrap();
    assert_eq!(noted.by, Scribe::Server);
    let [told] = exported(&server).try_into().unwrap();
    assert!(told.starts_with(&format!("{} Ada Lovelace type 2 from", noted.position)), "{told}");
    assert!(told.contains("asked for by uid "), "{told}");
    let entry = server.person("GET", &format!("/v1/trail/{}", noted.position), "").json();
    assert_eq!(entry["entry"]["act"], "report_exported");
}

#[test]
fn without_a_server_it_is_written_and_the_next_start_knows_it() {
    let dir = Server::start().stop();
    let noted = note_export(dir.path(), "test", &export(), NOW).unwrap();
    assert_eq!(noted.by, Scribe::Command);
    let settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], still());
    let server = Server::start_as(dir, settings);
    let [told] = exported(&server).try_into().unwrap();
    assert!(told.starts_with(&noted.position), "{told}");
}

#[test]
fn a_copy_without_the_signing_key_cannot_be_written_to_and_says_so() {
    let dir = Server::start().stop();
    std::fs::remove_dir_all(dir.path().join("keys")).unwrap();
    let error = note_export(dir.path(), "test", &export(), NOW).unwrap_err();
    assert!(matches!(error, ExportError::Open(_)), "{error}");
}

#[test]
fn what_a_killed_server_left_behind_is_no_server() {
    let dir = Server::start().stop();
    drop(std::os::unix::net::UnixListener::bind(dir.path().join("local.sock")).unwrap());
    let noted = note_export(dir.path(), "test", &export(), NOW).unwrap();
    assert_eq!(noted.by, Scribe::Command);
}
