//! Rules are exchanged as a whole while the server runs, and the trail says which judged when.

mod harness;

use harness::{Server, exec, settings, still};
use server::SourceSetting;

const RULE: &str = "
- rule: NAME
  desc: Someone opened a session.
  condition: ka.target.subresource=exec
  output: a session (user=%ka.user.name)
  priority: WARNING
  source: k8s_audit
";

fn alert_of(server: &Server) -> String {
    let page = server.person("GET", "/v1/alerts?limit=1", "").json();
    page["items"][0]["alert"]["rule"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn new_rules_judge_from_then_on_and_wrong_ones_never() {
    let rules = tempfile::tempdir().unwrap();
    let file = rules.path().join("rules.yaml");
    std::fs::write(&file, RULE.replace("NAME", "First")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], still());
    settings.rules = vec![rules.path().to_owned()];
    let server = Server::start_as(dir, settings);
    let token = server.token("\"intake\"");
    let hash = || server.person("GET", "/v1/rules", "").json()["hash"].clone();

    assert_eq!(server.deliver(&token, exec("1").as_bytes()).status, 200);
    assert_eq!(alert_of(&server), "First");
    let first = hash();

    std::fs::write(&file, "- rule: Broken\n  condition: no.such.field=1\n").unwrap();
    let told = server.reload().unwrap_err();
    assert!(told.contains("sockeye rules check"), "{told}");
    assert_eq!(hash(), first);

    std::fs::write(&file, RULE.replace("NAME", "Second")).unwrap();
    assert_eq!(server.reload(), Ok(1));
    assert_ne!(hash(), first);
    assert_eq!(server.deliver(&token, exec("2").as_bytes()).status, 200);
    assert_eq!(alert_of(&server), "Second");
    server.stop();
}

#[test]
fn a_server_does_not_start_with_wrong_rules() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rules.yaml");
    std::fs::write(&file, "- rule: Broken\n").unwrap();
    let mut settings = settings(&dir.path().join("data"), Vec::new(), still());
    settings.rules = vec![file];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(server::Running::start(settings)).unwrap_err();
    assert!(refused.to_string().contains("errors"), "{refused}");
}
