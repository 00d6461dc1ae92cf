use control::evidence::{Exit, Item, What};
use expect_test::{Expect, expect};
use syscall::record::{Head, Kind, PROCESS_LEN, Writer};
use syscall::{Environment, Home};

use super::*;

const SECOND: u64 = 1_000_000_000;
const PTS: u32 = 34_816;

/// A process of a test: its number is also the second at which it started.
#[derive(Clone, Copy)]
struct Who {
    pid: u32,
    parent: u32,
    session: u32,
    terminal: u32,
    uid: u32,
}

fn who(pid: u32, parent: u32, session: u32, terminal: u32) -> Who {
    Who { pid, parent, session, terminal, uid: 0 }
}

/// A node under way.
struct Node {
    tables: Tables,
    activities: Activities,
    now: u64,
}

impl Node {
    fn new() -> Node {
        let home = Home { proc: "/no/such/proc".into(), root: "/no/such/root".into() };
        Node {
            tables: Tables::new(home, Time(0), Environment::Left),
            activities: Activities::new("node".to_owned(), "boot".to_owned()),
            now: 10_000 * SECOND,
        }
    }

    fn head(&self, who: Who, name: &str, result: i64) -> Head {
        Head {
            pid: who.pid,
            tid: who.pid,
            parent: who.parent,
            start: u64::from(who.pid) * SECOND,
            parent_start: u64::from(who.parent) * SECOND,
            time: self.now,
            result,
            uid: who.uid,
            cgroup: 1,
            comm: name.to_owned(),
            ..Head::default()
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let record = Record::parse(bytes).unwrap();
        self.tables.before(&record);
        self.activities.take(&record, &self.tables);
        self.tables.after(&record);
        self.now += 1_000_000;
    }

    fn executes(&mut self, who: Who, path: &str, args: &[&str]) {
        let name = path.rsplit('/').next().unwrap();
        let mut facts = [0; PROCESS_LEN];
        let mut put = |at: usize, number: u64, len: usize| {
            facts[at..at + len].copy_from_slice(&number.to_le_bytes()[..len]);
        };
        let numbers =
            [who.pid, who.pid, who.parent, who.pid, who.session, 1, 1, 1, 1, who.terminal];
        for (at, number) in numbers.into_iter().enumerate() {
            put(at * 4, number.into(), 4);
        }
        put(40, u64::from(who.pid) * SECOND, 8);
        put(48, u64::from(who.parent) * SECOND, 8);
        put(80, u32::MAX.into(), 4);
        put(128, 1, 8);
        let args: String = args.iter().map(|arg| format!("{arg}\0")).collect();
        let record = Writer::new(Operation::Execve, &self.head(who, name, 0))
            .raw(Kind::Process, 0, &facts)
            .text(path.as_bytes())
            .text(path.as_bytes())
            .text(path.as_bytes())
            .text(b"/srv")
            .text(b"/")
            .raw(Kind::Bytes, 0, args.as_bytes())
            .finish();
        self.take(&record);
    }

    fn exits(&mut self, who: Who, status: u64) {
        let head = self.head(who, "any", 0);
        let record = Writer::new(Operation::Procexit, &head).number(status).number(0).finish();
        self.take(&record);
    }

    fn opens(&mut self, who: Who, path: &str, flags: u64, result: i64) {
        let record = Writer::new(Operation::Openat, &self.head(who, "any", result))
            .number(flags)
            .number(0o644)
            .path(path.as_bytes(), b"/srv")
            .finish();
        self.take(&record);
    }

    fn connects(&mut self, who: Who, to: [u8; 4], port: u16, result: i64) {
        let record = Writer::new(Operation::Connect, &self.head(who, "any", result))
            .socket(3, 2, (&[10, 0, 0, 7], 40_000 + port), (&to, port))
            .finish();
        self.take(&record);
    }

    fn accepts(&mut self, who: Who, from: [u8; 4], port: u16) {
        let record = Writer::new(Operation::Accept4, &self.head(who, "any", 4))
            .socket(4, 2, (&[10, 0, 0, 7], 443), (&from, port))
            .finish();
        self.take(&record);
    }

    fn told(&mut self) -> String {
        let told = self.activities.finish();
        let lines = told.iter().flat_map(|one| one.items.iter().map(|item| line(one, item)));
        lines.map(|line| line + "\n").collect()
    }
}

/// An item in one line.
fn line(activity: &Activity, item: &Item) -> String {
    let actor = activity.actor(item).unwrap();
    let session = actor.session.map_or("-".to_owned(), |one| one.pid.to_string());
    let times = match (item.count, item.failed) {
        (1, 0) => String::new(),
        (1, _) => " failed".to_owned(),
        (count, failed) => format!(" {count} times, {failed} failed"),
    };
    let exit = |exit: Option<Exit>| match exit {
        Some(Exit::Code(code)) => format!(" exit {code}"),
        Some(Exit::Signal(signal)) => format!(" signal {signal}"),
        None => String::new(),
    };
    let what = match &item.what {
        What::Command(one) => {
            let error = one.error.as_deref().unwrap_or_default();
            let args = if one.args.is_empty() { one.exe.clone() } else { one.args.join(" ") };
            format!("ran {args} <- {}{}{error}", one.parent, exit(one.exit))
        }
        What::Exit(one) => format!("ended{}", exit(Some(*one))),
        What::Session(one) => {
            let terminal = one.terminal.as_deref().unwrap_or("none");
            format!("{:?} at {terminal} via {:?}{}", one.phase, one.via, exit(one.exit))
        }
        What::Connection(one) => {
            let end = |end: Option<control::evidence::End>| {
                end.map_or("-".to_owned(), |end| match end.port {
                    Some(port) => format!("{}:{port}", end.address),
                    None => end.address.to_string(),
                })
            };
            format!("{:?} {} {} {}", one.direction, one.protocol, end(one.local), end(one.remote))
        }
        What::Write(one) => format!("{} {} {}", one.sort, one.act, one.path),
        What::Privilege(one) | What::Module(one) => format!("{} {:?}", one.call, one.on),
    };
    format!("{} session {session}: {what}{times}", item.process)
}

fn check(node: &mut Node, expected: Expect) {
    expected.assert_eq(&node.told());
}

#[test]
fn all_commands_of_a_shell_are_told_with_their_results_in_order() {
    let mut node = Node::new();
    node.executes(who(1, 0, 1, 0), "/sbin/init", &["init"]);
    node.executes(who(7, 1, 7, 0), "/usr/sbin/sshd", &["sshd"]);
    let shell = who(20, 7, 20, PTS);
    node.executes(shell, "/bin/bash", &["-bash"]);
    let child = who(21, 20, 20, PTS);
    node.executes(child, "/usr/bin/mysql", &["mysql", "-phunter2", "shop"]);
    node.exits(child, 1 << 8);
    // What leaves the session by a new one of its own still belongs to the shell.
    let away = who(22, 20, 22, 0);
    node.executes(away, "/usr/bin/setsid", &["setsid", "sleep", "9"]);
    node.executes(who(23, 7, 23, 0), "/usr/bin/other", &["other"]);
    node.exits(away, 9);
    node.exits(shell, 0);
    // Its shell is gone, the kernel's session is not.
    node.executes(who(24, 1, 20, PTS), "/usr/bin/late", &["late"]);
    check(
        &mut node,
        expect![[r#"
            init session -: ran init <- 
            sshd session -: ran sshd <- init
            bash session 20: Began at pts/0 via ["sshd", "init"]
            bash session 20: ran -bash <- sshd exit 0
            mysql session 20: ran mysql -p*** shop <- bash exit 1
            setsid session 20: ran setsid sleep 9 <- bash signal 9
            other session -: ran other <- sshd
            bash session 20: Ended at pts/0 via [] exit 0
            late session 20: ran late <- init
        "#]],
    );
}

#[test]
fn a_program_that_outlives_its_entry_is_told_to_have_ended() {
    let mut node = Node::new();
    let shell = who(20, 7, 20, PTS);
    node.executes(shell, "/bin/sh", &["sh"]);
    let long = who(21, 20, 20, PTS);
    node.executes(long, "/bin/sleep", &["sleep", "60"]);
    let daemon = who(30, 1, 30, 0);
    node.executes(daemon, "/bin/sleep", &["sleep", "61"]);
    let now = node.tables.time(node.now);
    assert!(node.activities.flush(now).is_empty(), "it is not due yet");
    let first = node.activities.flush(now.plus(WINDOW));
    assert_eq!((first.len(), first[0].items.len(), first[0].number), (1, 4, 1));
    node.exits(long, 0);
    node.exits(daemon, 0);
    check(
        &mut node,
        expect![[r#"
        sleep session 20: ended exit 0
    "#]],
    );
}

#[test]
fn a_shell_that_reads_its_input_is_a_session_and_a_script_is_none() {
    let mut node = Node::new();
    node.executes(who(7, 1, 7, 0), "/usr/bin/nc", &["nc", "-e", "/bin/sh"]);
    node.executes(who(8, 7, 7, 0), "/bin/sh", &["sh"]);
    node.executes(who(9, 8, 7, 0), "/usr/bin/id", &["id"]);
    node.executes(who(10, 1, 10, 0), "/bin/sh", &["sh", "-c", "true"]);
    node.executes(who(11, 10, 10, 0), "/bin/true", &["true"]);
    check(
        &mut node,
        expect![[r#"
            nc session -: ran nc -e /bin/sh <- 
            sh session 8: Began at none via ["nc"]
            sh session 8: ran sh <- nc
            id session 8: ran id <- sh
            sh session -: ran sh -c true <- 
            true session -: ran true <- sh
        "#]],
    );
}

#[test]
fn equal_commands_of_a_service_are_one_item_and_looks_elsewhere_none() {
    let mut node = Node::new();
    for pid in 40..45 {
        let probe = who(pid, 1, pid, 0);
        node.executes(probe, "/bin/probe", &["probe", "--port", "80"]);
        node.exits(probe, u64::from(pid % 2) << 8);
    }
    for result in [-2, -13] {
        let record = Writer::new(Operation::Execve, &node.head(who(44, 1, 44, 0), "x", result));
        let record = record.raw(Kind::Process, 4, &[]).text(b"/opt/tool").finish();
        node.executes(who(44, 1, 44, 0), "/bin/sh", &["sh", "run"]);
        node.take(&record);
    }
    check(
        &mut node,
        expect![[r#"
            probe session -: ran probe --port 80 <-  5 times, 0 failed
            sh session -: ran sh run <-  2 times, 0 failed
            sh session -: ran /opt/tool <- shEACCES failed
        "#]],
    );
}

#[test]
fn the_first_connection_between_two_ends_is_told_at_once_and_the_rest_as_one_item() {
    let mut node = Node::new();
    let (client, server) = (who(50, 1, 50, 0), who(51, 1, 51, 0));
    node.executes(client, "/bin/client", &["client"]);
    node.executes(server, "/bin/server", &["server"]);
    node.told();
    for result in [0, -115, -111] {
        node.connects(client, [10, 0, 0, 9], 5432, result);
    }
    node.connects(client, [10, 0, 0, 9], 80, 0);
    for port in 1000..1005 {
        node.accepts(server, [10, 0, 0, 1], port);
    }
    check(
        &mut node,
        expect![[r#"
            client session -: Out other 10.0.0.7 10.0.0.9:5432
            client session -: Out other 10.0.0.7 10.0.0.9:80
            server session -: In other 10.0.0.7:443 10.0.0.1
            client session -: Out other 10.0.0.7 10.0.0.9:5432 2 times, 1 failed
            server session -: In other 10.0.0.7:443 10.0.0.1 4 times, 0 failed
        "#]],
    );
}

#[test]
fn changes_to_sensitive_paths_are_told_and_reads_are_not() {
    let mut node = Node::new();
    let editor = who(60, 1, 60, 0);
    node.executes(editor, "/bin/ed", &["ed"]);
    node.told();
    node.opens(editor, "/etc/shadow", 0, 3);
    node.opens(editor, "../etc/cron.d/x", 0o1101, 3);
    node.opens(editor, "../etc/cron.d/x", 0o1101, 3);
    node.opens(editor, "/tmp/x", 0o1101, 3);
    node.opens(editor, "/usr/bin/ls", 0o1, -13);
    let record = Writer::new(Operation::Renameat2, &node.head(editor, "ed", 0))
        .path(b"/tmp/x", b"")
        .path(b"passwd", b"/etc")
        .number(0)
        .finish();
    node.take(&record);
    let record = Writer::new(Operation::Setns, &node.head(editor, "ed", 0))
        .file(3, 0o100_444, 0, b"mnt:[4026531840]")
        .number(0)
        .finish();
    node.take(&record);
    node.take(&record);
    let record = Writer::new(Operation::Bpf, &node.head(editor, "ed", 0)).number(5).finish();
    node.take(&record);
    let record = Writer::new(Operation::Bpf, &node.head(editor, "ed", 0)).number(1).finish();
    node.take(&record);
    check(
        &mut node,
        expect![[r#"
            ed session -: schedule overwritten /etc/cron.d/x 2 times, 0 failed
            ed session -: programs written /usr/bin/ls failed
            ed session -: accounts replaced /etc/passwd
            ed session -: setns ["mnt:[4026531840]"] 2 times, 0 failed
            ed session -: bpf ["program loaded"]
        "#]],
    );
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    let mut node = Node::new();
    let more = 100;
    for number in 0..ITEM_COUNT_MAX + more {
        let name = number.to_string();
        node.executes(who(70, 1, 70, 0), "/bin/flood", &["flood", &name]);
    }
    let told = node.activities.finish();
    assert_eq!((told[0].items.len(), told[0].left_out), (ITEM_COUNT_MAX, more as u64));
}

#[test]
fn a_session_that_was_there_before_is_found() {
    let mut node = Node::new();
    let shell = who(20, 7, 20, PTS);
    // As a scan of `/proc` would have it: known, but nobody told of its beginning.
    node.executes(shell, "/bin/bash", &["bash"]);
    node.activities = Activities::new("node".to_owned(), "boot".to_owned());
    node.executes(who(21, 20, 20, PTS), "/usr/bin/id", &["id"]);
    check(
        &mut node,
        expect![[r#"
            bash session 20: Found at pts/0 via []
            id session 20: ran id <- bash
        "#]],
    );
}
