//! `sockeye rules` as people and scripts use it.

use std::process::Command;

use serde_json::Value;

fn rules(arguments: &[&str]) -> String {
    let done =
        Command::new(env!("CARGO_BIN_EXE_sockeye")).arg("rules").args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

const SHELL: &str = "- rule: Shell\n  desc: d\n  \
                     condition: evt.type = execve and proc.name = sh\n  \
                     output: '%proc.name'\n  priority: notice\n";

#[test]
fn a_rule_without_a_reader_says_in_words_why_it_is_not_indexed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shell.yaml");
    std::fs::write(&file, SHELL).unwrap();
    let file = file.to_str().unwrap();
    let text = rules(&["explain", "Shell", "-r", file]);
    let reason = "no reader yet for `syscall`, so the rule is not indexed";
    assert!(text.contains(&format!("indexed under\n  nothing: {reason}\n")), "{text}");
    let json: Value =
        serde_json::from_str(&rules(&["explain", "Shell", "-r", file, "-o", "json"])).unwrap();
    assert_eq!(json["keys"], Value::Null);
    assert_eq!(json["not_indexed"], reason);
}

#[test]
fn a_rule_with_a_reader_shows_its_keys() {
    let text = rules(&["explain", "Secret read"]);
    assert!(text.contains("indexed under\n  ka.stage: ResponseComplete"), "{text}");
    let json: Value =
        serde_json::from_str(&rules(&["explain", "Secret read", "-o", "json"])).unwrap();
    assert!(json["keys"].as_array().is_some_and(|keys| !keys.is_empty()), "{json}");
    assert_eq!(json.get("not_indexed"), None);
}

#[test]
fn fields_tell_what_they_cannot_be_used_for() {
    let text = rules(&["fields", "--source", "syscall"]);
    let line = text.lines().find(|line| line.trim_start().starts_with("fd.ip ")).unwrap();
    assert!(line.contains("condition only"), "{line}");
    let json: Value = serde_json::from_str(&rules(&["fields", "-o", "json"])).unwrap();
    let field = |name: &str| {
        json.as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(field("fd.ip")["limits"][0], "condition only");
    assert_eq!(field("evt.outputtime")["limits"][0], "output only");
    assert!(field("evt.type")["values"].as_array().unwrap().contains(&"openat".into()));
    assert_eq!(field("proc.name").get("values"), None);
}
