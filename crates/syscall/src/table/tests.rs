use std::sync::Arc;

use super::*;
use crate::Event;
use crate::envelope::Envelope;
use crate::record::{self, Operation};
use crate::sample::{show, tables, take, who};

#[test]
fn a_line_of_processes_is_remembered() {
    let mut tables = tables();
    take(&mut tables, &who(10, 1).executes("/usr/sbin/sshd", &["sshd"], "/"));
    take(&mut tables, &who(10, 1).forks(who(20, 10)));
    take(&mut tables, &who(20, 10).executes("/bin/bash", &["-bash"], "/"));
    take(&mut tables, &who(20, 10).forks(who(30, 20)));
    let exec = who(30, 20).executes("/usr/bin/id", &["id", "-u"], "/");
    assert_eq!(show(&mut tables, &exec, "proc.aname"), "bash,sshd");
    assert_eq!(show(&mut tables, &exec, "proc.aname[2]"), "sshd");
    assert_eq!(show(&mut tables, &exec, "proc.pcmdline"), "bash");
    assert_eq!(show(&mut tables, &exec, "proc.aname[3]"), "-");
    assert_eq!(show(&mut tables, &exec, "proc.loginshellid"), "20");
}

#[test]
fn a_child_is_what_its_parent_was_until_it_executes() {
    let mut tables = tables();
    take(&mut tables, &who(10, 1).executes("/bin/bash", &["bash", "x"], "/"));
    take(&mut tables, &who(10, 1).forks(who(20, 10)));
    let open = who(20, 10).opens("/etc/passwd", "", 0, 3);
    assert_eq!(show(&mut tables, &open, "proc.cmdline"), "bash x");
    assert_eq!(tables.processes().len(), 2);
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let mut tables = tables();
    take(&mut tables, &who(10, 1).executes("/bin/old", &["old"], "/"));
    let mut head = who(10, 1).head(3, "new");
    head.start = 99 * crate::sample::SECOND;
    let open = record::Writer::new(Operation::Close, &head).number(3).finish();
    assert_eq!(show(&mut tables, &open, "proc.name"), "new");
    assert_eq!(show(&mut tables, &open, "proc.exepath"), "-");
    let gaps = tables.gaps();
    assert_eq!((gaps.unannounced, gaps.unknown), (1, 1));
}

#[test]
fn what_has_ended_is_forgotten_and_its_children_are_not() {
    let mut tables = tables();
    take(&mut tables, &who(10, 1).executes("/bin/sh", &["sh"], "/"));
    take(&mut tables, &who(10, 1).forks(who(20, 10)));
    take(&mut tables, &who(10, 1).ends());
    assert_eq!(tables.processes().len(), 1);
    let open = who(20, 10).opens("/etc/passwd", "", 0, 3);
    assert_eq!(show(&mut tables, &open, "proc.pname"), "-");
    assert_eq!(show(&mut tables, &open, "proc.name"), "sh");
}

#[test]
fn the_end_of_a_thread_is_not_the_end_of_its_process() {
    let mut tables = tables();
    take(&mut tables, &who(10, 1).executes("/bin/sh", &["sh"], "/"));
    let head = who(10, 1).head(0, "sh");
    let end = record::Writer::new(Operation::Procexit, &head).number(0).number(2).finish();
    take(&mut tables, &end);
    assert_eq!(tables.processes().by_pid(10).unwrap().threads, 2);
}

#[test]
fn a_container_is_known_by_its_cgroup_and_what_is_unknown_of_it_is_absent() {
    const ID: &str = "3f0a1b2c4d5e6f708192a3b4c5d6e7f80102030405060708090a0b0c0d0e0f10";
    let mut tables = tables();
    let cgroup = format!("/system.slice/docker-{ID}.scope");
    let exec = who(10, 1).executes("/bin/sh", &["sh"], &cgroup);
    assert_eq!(show(&mut tables, &exec, "container.id"), "3f0a1b2c4d5e");
    assert_eq!(show(&mut tables, &exec, "container.full_id"), ID);
    assert_eq!(show(&mut tables, &exec, "container.type"), "docker");
    assert_eq!(show(&mut tables, &exec, "container.image.repository"), "-");
    assert_eq!(show(&mut tables, &exec, "container.start_ts"), "10000000000");
    assert_eq!(doubt(&tables, &exec), Some("the runtime told nothing of the container"));
    take(&mut tables, &who(10, 1).forks(who(20, 10)));
    let host = who(30, 1).executes("/bin/sh", &["sh"], "/user.slice");
    assert_eq!(show(&mut tables, &host, "container.id"), "host");
    assert_eq!(show(&mut tables, &host, "container.image"), "-");
    assert_eq!(doubt(&tables, &host), None);
}

fn doubt(tables: &Tables, bytes: &[u8]) -> Option<&'static str> {
    let envelope = Envelope { number: 1, first: None, host: "node" };
    Event::new(Record::parse(bytes).unwrap(), tables, envelope).doubt()
}

#[test]
fn a_container_that_stays_unknown_is_counted_once() {
    const ID: &str = "3f0a1b2c4d5e6f708192a3b4c5d6e7f80102030405060708090a0b0c0d0e0f10";
    let mut tables = tables();
    for (runtime, expected) in [("lxc.payload.web".to_owned(), 0), (format!("docker-{ID}"), 1)] {
        for again in 0..2 * u64::from(container::ASK_COUNT_MAX) {
            let mut exec = who(10, 1).executes("/bin/sh", &["sh"], &format!("/{runtime}.scope"));
            let later = (10_000 + 100 * again) * crate::sample::SECOND;
            // The time stands behind length, version, operation, flags, processor and parent.
            exec[16..24].copy_from_slice(&later.to_le_bytes());
            take(&mut tables, &exec);
        }
        assert_eq!(tables.gaps().containers, expected, "{runtime}");
    }
}

#[test]
fn a_cgroup_is_sure_to_be_no_containers_when_it_was_none_for_a_while() {
    const ID: &str = "3f0a1b2c4d5e6f708192a3b4c5d6e7f80102030405060708090a0b0c0d0e0f10";
    let mut tables = tables();
    let host = who(10, 1).executes("/bin/sh", &["sh"], "/user.slice");
    take(&mut tables, &host);
    let first = Record::parse(&host).unwrap().time();
    let id = Record::parse(&host).unwrap().cgroup();
    assert_eq!(tables.hosts(first), [0; 0], "runc may yet say that it is a container's");
    assert_eq!(tables.hosts(first + 11 * crate::sample::SECOND), [id]);
    assert_eq!(tables.hosts(first + 12 * crate::sample::SECOND), [0; 0], "each is told once");
    let mut tables = crate::sample::tables();
    let inside = format!("/system.slice/docker-{ID}.scope");
    take(&mut tables, &who(20, 1).executes("/bin/sh", &["sh"], &inside));
    assert_eq!(tables.hosts(u64::MAX), [0; 0]);
}

#[test]
fn this_process_is_found_in_proc() {
    let mut tables = Tables::new(Home::default(), Time(0), Environment::Kept);
    tables.scan();
    let own = tables.processes().by_pid(std::process::id()).unwrap();
    let exe = std::env::current_exe().unwrap();
    assert_eq!(&*own.program.path, exe.as_os_str().as_encoded_bytes());
    assert!(own.is_whole() && own.threads >= 1);
    assert_eq!(&*own.cwd, std::env::current_dir().unwrap().as_os_str().as_encoded_bytes());
    let parent = tables.processes().parent(own).unwrap();
    assert_eq!(parent.facts.pid, std::os::unix::process::parent_id());
    assert!(parent.children >= 1);
}

#[test]
fn the_table_of_processes_is_bounded_and_counts_what_made_room() {
    let mut processes = Processes::default();
    let process = |pid: u32| Process {
        facts: record::Process { pid, start: u64::from(pid) * TICK, ..record::Process::default() },
        program: Arc::default(),
        cwd: Arc::default(),
        cgroup: Arc::default(),
        names: None,
        threads: 1,
        children: 0,
        seen: u64::from(pid),
    };
    for pid in 1..=(PROCESS_COUNT_MAX as u32 + 1) {
        processes.insert(process(pid));
    }
    assert!(processes.len() <= PROCESS_COUNT_MAX);
    assert_eq!(processes.len() as u64 + processes.evicted(), PROCESS_COUNT_MAX as u64 + 1);
    assert!(processes.by_pid(1).is_none(), "the one that was silent for longest made room");
    assert!(processes.by_pid(PROCESS_COUNT_MAX as u32 + 1).is_some());
}
