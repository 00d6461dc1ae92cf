//! A record as the trail keeps it, with who did it and where: enough to understand it when the
//! process and its container are gone.

use serde_json::{Map, Value, json};

use crate::arg;
use crate::container::Container;
use crate::event::Event;
use crate::record::{COMPAT, IO_URING, TRUNCATED, UNREAD};
use crate::table::{Names, Process};

/// Version of the shape.
const VERSION: u8 = 1;
/// Ancestors that are told of.
const LINEAGE_LEN_MAX: usize = 16;
/// Words of a command that are told of; their bytes are bounded by the record.
const WORDS_LEN_MAX: usize = 256;

/// Which record of which node this is.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'o> {
    /// Name of the node.
    pub node: &'o str,
    /// Run of the watch.
    pub boot: &'o str,
    /// Number within it.
    pub sequence: u64,
}

impl Event<'_> {
    /// Describes the record as one JSON object. What is not known is left out; what is no UTF-8 is
    /// replaced.
    pub fn describe(&mut self, origin: &Origin<'_>) -> Value {
        let mut all = Map::new();
        all.insert("v".into(), VERSION.into());
        all.insert("node".into(), origin.node.into());
        all.insert("boot".into(), origin.boot.into());
        all.insert("sequence".into(), origin.sequence.into());
        all.insert("time".into(), self.time().to_string().into());
        all.insert("call".into(), self.record.operation.name().into());
        if let Some(result) = self.record.result() {
            all.insert("result".into(), result.into());
            if result < 0 {
                all.insert("error".into(), arg::error_name(result).into());
            }
        }
        let flags = flags(self.record.flags);
        if !flags.is_empty() {
            all.insert("flags".into(), flags.into());
        }
        all.insert("args".into(), args(self).into());
        all.insert("process".into(), self.acting());
        all.insert("lineage".into(), lineage(self).into());
        all.insert("user".into(), user(self));
        let container = self.process.and_then(|process| self.tables.container(process));
        if let Some(container) = container {
            all.insert("container".into(), about(container));
        }
        all.into()
    }

    fn acting(&self) -> Value {
        let record = &self.record;
        let Some(process) = self.process.filter(|process| process.is_whole()) else {
            return json!({
                "pid": record.pid(),
                "tid": record.tid(),
                "name": text(record.comm()),
                "parent": record.parent(),
            });
        };
        let facts = &process.facts;
        let mut told = told(self, process);
        told.insert("tid".into(), record.tid().into());
        told.insert("cwd".into(), text(&process.cwd).into());
        told.insert("session".into(), facts.session.into());
        if facts.terminal != 0 {
            told.insert("terminal".into(), facts.terminal.into());
        }
        if facts.ns_pid != facts.pid {
            told.insert("pid_inside".into(), facts.ns_pid.into());
        }
        told.into()
    }
}

fn flags(flags: u16) -> Vec<&'static str> {
    let names =
        [(TRUNCATED, "truncated"), (UNREAD, "unread"), (COMPAT, "compat"), (IO_URING, "io_uring")];
    names.into_iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| name).collect()
}

/// What a call was given, by Falco's names. Environments hold secrets and stay out.
fn args(event: &mut Event<'_>) -> Map<String, Value> {
    let row = arg::row(event.record.operation);
    let wanted = row.args.iter().filter(|one| one.name != "env" && one.name != "res");
    wanted
        .filter_map(|one| {
            let value = arg::readable(event, one)?;
            Some((one.name.to_owned(), text(&value).into()))
        })
        .collect()
}

/// What is told of every process.
fn told(event: &Event<'_>, process: &Process) -> Map<String, Value> {
    let (facts, program) = (&process.facts, &process.program);
    let mut told = Map::new();
    told.insert("pid".into(), facts.pid.into());
    told.insert("name".into(), text(&program.name).into());
    told.insert("path".into(), text(&program.path).into());
    let words = std::iter::once(program.exe()).chain(program.words());
    let words: Vec<String> = words.take(WORDS_LEN_MAX).map(text).collect();
    told.insert("args".into(), words.into());
    told.insert("parent".into(), facts.parent.into());
    told.insert("started".into(), event.tables.time(facts.start).to_string().into());
    told
}

/// Who made the process, nearest first.
fn lineage(event: &Event<'_>) -> Vec<Value> {
    let Some(process) = event.process else { return Vec::new() };
    let ancestors = event.tables.processes().ancestors(process).take(LINEAGE_LEN_MAX);
    ancestors.map(|ancestor| told(event, ancestor).into()).collect()
}

fn user(event: &Event<'_>) -> Value {
    let names = event.process.and_then(|process| process.names.as_deref());
    let user = |uid: u32| names.and_then(|names: &Names| names.user(uid));
    let (uid, gid) = (event.record.uid(), event.record.gid());
    let mut told = Map::new();
    told.insert("uid".into(), uid.into());
    if let Some(user) = user(uid) {
        told.insert("name".into(), text(&user.name).into());
    }
    told.insert("gid".into(), gid.into());
    if let Some(group) = names.and_then(|names| names.group(gid)) {
        told.insert("group".into(), text(group).into());
    }
    let login = event.process.map(|process| process.facts.login_uid);
    if let Some(login) = login.filter(|uid| *uid != u32::MAX) {
        told.insert("login_uid".into(), login.into());
        if let Some(user) = user(login) {
            told.insert("login_name".into(), text(&user.name).into());
        }
    }
    told.into()
}

fn about(container: &Container) -> Value {
    let mut told = Map::new();
    told.insert("id".into(), container.id.as_ref().into());
    told.insert("runtime".into(), container.runtime.name().into());
    let Some(about) = &container.about else { return told.into() };
    let parts = [
        ("name", &about.name),
        ("image", &about.image),
        ("image_id", &about.image_id),
        ("image_digest", &about.image_digest),
    ];
    for (name, part) in parts {
        if let Some(part) = part {
            told.insert(name.into(), part.as_str().into());
        }
    }
    if let Some(privileged) = about.privileged {
        told.insert("privileged".into(), privileged.into());
    }
    if let Some(pod) = &about.pod {
        told.insert(
            "pod".into(),
            json!({"namespace": pod.namespace, "name": pod.name, "uid": pod.uid}),
        );
    }
    told.into()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Envelope;
    use crate::record::Record;
    use crate::sample::{tables, take, who};

    /// An open as version 1 described it. The shape may grow, never change.
    const V1: &str = include_str!("describe-v1.json");

    fn described(bytes: &[u8]) -> Value {
        let mut tables = tables();
        take(&mut tables, &who(9, 1).executes("/bin/bash", &["-bash"], "/"));
        take(&mut tables, &who(10, 9).executes("/bin/cat", &["cat", "a", "b c"], "/"));
        let record = Record::parse(bytes).unwrap();
        tables.before(&record);
        let mut event = Event::new(record, &tables, Envelope::default());
        event.describe(&Origin { node: "node-1", boot: "b", sequence: 7 })
    }

    #[test]
    fn an_open_of_version_1_is_described_as_it_was() {
        let described = described(&who(10, 9).opens("../etc//shadow", "/srv", 0o102, -13));
        assert_eq!(serde_json::to_string_pretty(&described).unwrap() + "\n", V1);
    }

    #[test]
    fn a_process_that_nobody_knows_is_told_by_what_the_record_has() {
        let described = described(&who(77, 1).opens("/etc/shadow", "", 0, 3));
        assert_eq!(described["process"], json!({"pid": 77, "tid": 77, "name": "any", "parent": 1}));
        assert_eq!(described["lineage"], json!([]));
        assert_eq!(described["result"], 3);
        assert!(described.get("error").is_none());
    }

    #[test]
    fn environments_stay_where_they_are() {
        let executed = who(10, 9).executes("/bin/cat", &["cat", "--token", "x"], "/");
        let described = described(&executed);
        assert!(!described.to_string().contains("TOKEN=x"), "{described}");
        assert_eq!(described["process"]["args"], json!(["cat", "--token", "x"]));
    }
}
