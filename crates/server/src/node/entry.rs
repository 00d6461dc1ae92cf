//! Whether a node may ship an entry, and what becomes of it: it must be about that node, and of a
//! kind that nodes see. Nodes decide nothing and administer nothing.

use std::sync::Arc;

use control::evidence::{Activity, Canary, Entry, Event, Line, Outcome, SourceStatus, VERSION};
use event::Time;
use finding::Reliability;

use crate::intake::AHEAD_MAX;
use crate::own_node::SOURCE;

/// Longest id of an event.
const ID_BYTES_MAX: usize = 256;
/// Longest name of a rule or of a family of rules.
const NAME_BYTES_MAX: usize = 512;
/// Rules of one family.
const RULES_LEN_MAX: usize = 1000;
/// Alerts of one event.
const ALERTS_LEN_MAX: usize = 256;

/// Reads a line that `node` shipped; says why it cannot be kept. Its time of receipt is ours.
pub fn read(line: &[u8], node: &str, received: Time) -> Result<Entry, String> {
    let line: Line =
        serde_json::from_slice(line).map_err(|error| format!("it is no trail line: {error}"))?;
    if line.v != VERSION {
        return Err(format!("it is of version {}; this server keeps {VERSION}", line.v));
    }
    if line.from.is_some() {
        return Err("it says itself where it comes from, which is the server's to say".to_owned());
    }
    match line.entry {
        Entry::Event(event) => event_of(event, node, received).map(Entry::Event),
        Entry::Status(status) => status_of(status, node, received).map(Entry::Status),
        Entry::Activity(activity) => activity_of(activity, node, received).map(Entry::Activity),
        Entry::Canary(canary) => canary_of(canary, node, received).map(Entry::Canary),
        entry => Err(format!("a node does not send `{}`", entry.kind())),
    }
}

fn event_of(mut event: Event, node: &str, received: Time) -> Result<Event, String> {
    source_is(&event.source)?;
    if event.id.is_empty() || event.id.len() > ID_BYTES_MAX {
        return Err(format!("its id has no 1 to {ID_BYTES_MAX} bytes"));
    }
    if event.alerts.len() > ALERTS_LEN_MAX {
        return Err(format!("it has more than {ALERTS_LEN_MAX} alerts"));
    }
    event.received = received;
    let ahead = event.time.0.saturating_sub(received.0);
    for alert in &mut event.alerts {
        source_is(&alert.source)?;
        node_is(&alert.hostname, node)?;
        if let Some(named) = &alert.subject.node {
            node_is(named, node)?;
        }
        if ahead > AHEAD_MAX {
            let seconds = ahead / Time::SECOND;
            let doubt = format!("event clock ahead by {seconds} s");
            alert.reliability = Reliability::Degraded(match &alert.reliability {
                Reliability::Complete => doubt,
                Reliability::Degraded(reason) => format!("{reason}; {doubt}"),
            });
        }
        if alert.subject.node.is_none() {
            Arc::make_mut(&mut alert.subject).node = Some(node.to_owned());
        }
    }
    Ok(event)
}

fn status_of(status: SourceStatus, node: &str, received: Time) -> Result<SourceStatus, String> {
    source_is(&status.source)?;
    node_is(&status.instance, node)?;
    if status.minute != status.minute.minute() {
        return Err("its minute does not begin a minute".to_owned());
    }
    not_ahead(status.minute, node, received)?;
    Ok(status)
}

fn activity_of(activity: Activity, node: &str, received: Time) -> Result<Activity, String> {
    node_is(&activity.node, node)?;
    not_ahead(activity.until, node, received)?;
    if activity.from > activity.until {
        return Err("it ends before it begins".to_owned());
    }
    let known = |by: u32| usize::try_from(by).is_ok_and(|by| by < activity.actors.len());
    match activity.items.iter().all(|item| known(item.by)) {
        true => Ok(activity),
        false => Err("an item of it names an actor that it does not have".to_owned()),
    }
}

/// A canary says something of its node's own rules, and of no others.
fn canary_of(mut canary: Canary, node: &str, received: Time) -> Result<Canary, String> {
    source_is(&canary.source)?;
    node_is(&canary.instance, node)?;
    not_ahead(canary.time, node, received)?;
    let Canary { family, rule, rules, .. } = &canary;
    if family.is_empty() || rules.len() > RULES_LEN_MAX {
        return Err(format!("it names no family, or more than {RULES_LEN_MAX} rules"));
    }
    if [family, rule].into_iter().chain(rules).any(|name| name.len() > NAME_BYTES_MAX) {
        return Err(format!("a name in it has more than {NAME_BYTES_MAX} bytes"));
    }
    if !rule.is_empty() && !rules.contains(rule) {
        return Err(format!("its rule `{rule}` is none of `{family}`"));
    }
    if let Outcome::Seen { alert, .. } = &mut canary.outcome {
        source_is(&alert.source)?;
        node_is(&alert.hostname, node)?;
        if *alert.rule != *canary.rule {
            return Err(format!("its alert is of `{}`, not of `{}`", alert.rule, canary.rule));
        }
        match &alert.subject.node {
            Some(named) => node_is(named, node)?,
            None => Arc::make_mut(&mut alert.subject).node = Some(node.to_owned()),
        }
    }
    Ok(canary)
}

/// Our own time passes with what is kept, so nothing may be far ahead of it.
fn not_ahead(time: Time, node: &str, received: Time) -> Result<(), String> {
    let ahead = time.0.saturating_sub(received.0);
    if ahead <= AHEAD_MAX {
        return Ok(());
    }
    let seconds = ahead / Time::SECOND;
    Err(format!("its time is {seconds} s ahead; set the clock of `{node}`"))
}

fn source_is(source: &str) -> Result<(), String> {
    match source {
        SOURCE => Ok(()),
        other => Err(format!("its source is `{other}`, and nodes see `{SOURCE}` only")),
    }
}

fn node_is(named: &str, node: &str) -> Result<(), String> {
    match named == node {
        true => Ok(()),
        false => Err(format!("it is about `{named}`, and `{node}` may speak for itself only")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000 * Time::SECOND);
    const EVENT: &str = r#"{"v":1,"entry":{"event":{"source":"syscall",
        "time":"2027-01-15T08:00:00Z","received":"2020-01-01T00:00:00Z","id":"b/1",
        "alerts":[{"uuid":"u","time":"2027-01-15T08:00:00Z","rule":"r","priority":"Warning",
        "source":"syscall","tags":[],"hostname":"n1","output":"o","output_fields":{}}],
        "raw":{"v":1}}}}"#;
    const STATUS: &str = r#"{"v":1,"entry":{"status":{"source":"syscall","instance":"n1",
        "minute":"2027-01-15T08:00:00Z","records":1,"rejected":0,"duplicates":0,"lost":0,"bytes":1,
        "alerts":0,"newest":null,"connected":true,"rules":"aa"}}}"#;

    const ACTIVITY: &str = r#"{"v":1,"entry":{"activity":{"node":"n1","boot":"b","number":1,
        "from":"2027-01-15T08:00:00Z","until":"2027-01-15T08:00:02Z","actors":[{"uid":0}],
        "items":[{"first":0,"by":0,"pid":7,"process":"sh",
        "what":{"command":{"exe":"/bin/sh"}}}]}}}"#;

    #[test]
    fn an_event_is_received_when_we_say_and_stands_for_its_node() {
        let Entry::Event(event) = read(EVENT.as_bytes(), "n1", NOW).unwrap() else { panic!() };
        assert_eq!(event.received, NOW);
        assert_eq!(event.alerts[0].subject.node.as_deref(), Some("n1"));
        assert_eq!(event.alerts[0].reliability, Reliability::Complete);
        let late = NOW.plus(-10 * Time::MINUTE);
        let Entry::Event(event) = read(EVENT.as_bytes(), "n1", late).unwrap() else { panic!() };
        let Reliability::Degraded(doubt) = &event.alerts[0].reliability else { panic!() };
        assert_eq!(doubt, "event clock ahead by 600 s");
    }

    #[test]
    fn activity_is_of_its_node_and_whole() {
        let kept = read(ACTIVITY.as_bytes(), "n1", NOW).unwrap();
        assert!(matches!(kept, Entry::Activity(_)));
        for (line, told) in [
            (ACTIVITY.replace("\"node\":\"n1\"", "\"node\":\"n2\""), "it is about `n2`"),
            (ACTIVITY.replace("08:00:02Z", "07:00:02Z"), "before it begins"),
            (ACTIVITY.replace("08:00:02Z", "09:00:02Z"), "3602 s ahead"),
            (ACTIVITY.replace("\"by\":0", "\"by\":1"), "an actor"),
        ] {
            let refused = read(line.as_bytes(), "n1", NOW).unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
    }

    const CANARY: &str = r#"{"v":1,"entry":{"canary":{"time":"2027-01-15T08:00:00Z",
        "source":"syscall","instance":"n1","family":"miners","rule":"r","rules":["q","r"],
        "outcome":{"seen":{"alert":{"uuid":"u","time":"2027-01-15T08:00:00Z","rule":"r",
        "priority":"Warning","source":"syscall","tags":[],"hostname":"n1","output":"o",
        "output_fields":{}},"took_ms":4}}}}}"#;

    #[test]
    fn a_canary_is_of_its_node_and_of_one_rule() {
        let Entry::Canary(kept) = read(CANARY.as_bytes(), "n1", NOW).unwrap() else { panic!() };
        let Outcome::Seen { alert, took_ms: 4 } = kept.outcome else { panic!() };
        assert_eq!(alert.subject.node.as_deref(), Some("n1"));
        let long = format!("\"family\":\"{}\"", "x".repeat(600));
        for (line, told) in [
            (CANARY.replace("\"instance\":\"n1\"", "\"instance\":\"n2\""), "it is about `n2`"),
            (CANARY.replace("\"hostname\":\"n1\"", "\"hostname\":\"n2\""), "it is about `n2`"),
            (CANARY.replace("\"syscall\",\"inst", "\"k8s_audit\",\"inst"), "`k8s_audit`"),
            (CANARY.replace("\"q\",\"r\"", "\"q\""), "is none of `miners`"),
            (CANARY.replace("Z\",\"rule\":\"r\"", "Z\",\"rule\":\"q\""), "not of `r`"),
            (CANARY.replace("\"family\":\"miners\"", &long), "512 bytes"),
            (CANARY.replace("\"family\":\"miners\"", "\"family\":\"\""), "no family"),
            (CANARY.replacen("08:00:00Z", "09:00:00Z", 1), "3600 s ahead"),
        ] {
            let refused = read(line.as_bytes(), "n1", NOW).unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
    }

    #[test]
    fn what_a_node_may_not_send_is_told() {
        assert!(read(STATUS.as_bytes(), "n1", NOW).is_ok());
        let long = format!("\"id\":\"{}\"", "x".repeat(300));
        for (line, told) in [
            (EVENT.replace("\"hostname\":\"n1\"", "\"hostname\":\"n2\""), "it is about `n2`"),
            (EVENT.replace("\"source\":\"syscall\"", "\"source\":\"k8s_audit\""), "`k8s_audit`"),
            (EVENT.replace("\"id\":\"b/1\"", &long), "its id"),
            (EVENT.replace("\"v\":1,\"entry\"", "\"v\":2,\"entry\""), "version 2"),
            (STATUS.replace("\"instance\":\"n1\"", "\"instance\":\"n2\""), "it is about `n2`"),
            (STATUS.replace("08:00:00Z", "08:00:01Z"), "begin a minute"),
            (STATUS.replace("08:00:00Z", "09:00:00Z"), "3600 s ahead"),
            (
                r#"{"v":1,"entry":{"start":{"time":"2027-01-15T08:00:00Z","version":"0",
                    "bytes_cut":0}}}"#
                    .to_owned(),
                "does not send `start`",
            ),
            (
                r#"{"v":1,"from":{"node":"n2","stream":"a","number":1},"entry":{"start":{
                    "time":"2027-01-15T08:00:00Z","version":"0","bytes_cut":0}}}"#
                    .to_owned(),
                "where it comes from",
            ),
            ("{".to_owned(), "no trail line"),
        ] {
            let refused = read(line.as_bytes(), "n1", NOW).unwrap_err();
            assert!(refused.contains(told), "{refused}");
        }
    }
}
