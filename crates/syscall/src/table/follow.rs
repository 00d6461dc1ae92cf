//! Keeps the tables up with the records: who acts, what an execution or a fork made of it, what
//! ended. What no record told of is looked up in `/proc`.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Cgroup, Names, Process, Program, Tables, found, is_same_start, value};
use crate::container::Runtimes;
use crate::record::{self, Operation, Record, What};

/// Pid namespaces whose start is kept.
const NAMESPACE_COUNT_MAX: usize = 65_536;

impl Tables {
    /// Takes in what must be known when a record is judged: who acts, and what an execution made
    /// of it.
    pub fn before(&mut self, record: &Record<'_>) {
        match record.operation {
            Operation::Execve | Operation::Execveat => self.executed(record),
            Operation::Clone | Operation::Clone3 | Operation::Fork | Operation::Vfork => {
                self.touch(record);
                self.forked(record);
            }
            _ => self.touch(record),
        }
    }

    /// Takes in what a record changed for those to come.
    pub fn after(&mut self, record: &Record<'_>) {
        match record.operation {
            Operation::Procexit => self.ended(record),
            Operation::Chdir if record.succeeded() => {
                if let Some(What::Path(path, base)) = value(record, "name") {
                    self.moved(record, crate::name::lexical(base, path));
                }
            }
            Operation::Fchdir if record.succeeded() => {
                if let Some(What::File(file)) = value(record, "file") {
                    self.moved(record, file.path.to_vec());
                }
            }
            Operation::Setsid if record.succeeded() => {
                if let Some(process) = self.processes.get_mut(record.pid(), record.start()) {
                    let facts = &mut process.facts;
                    (facts.session, facts.group) = (facts.pid, facts.pid);
                    (facts.ns_session, facts.ns_group) = (facts.ns_pid, facts.ns_pid);
                    facts.terminal = 0;
                }
            }
            Operation::Capset if record.succeeded() => {
                if let Some(What::Bytes(bytes)) = value(record, "sets") {
                    self.capabilities(record, bytes);
                }
            }
            _ => {}
        }
        if let Some((inode, seen)) = crate::read::socket_seen(record, self) {
            self.sockets.set(inode, seen);
        }
    }

    fn moved(&mut self, record: &Record<'_>, to: Vec<u8>) {
        if let Some(process) = self.processes.get_mut(record.pid(), record.start()) {
            process.cwd = to.into();
        }
    }

    /// Two rows of effective, permitted and inheritable, 32 bits each, lower half first.
    fn capabilities(&mut self, record: &Record<'_>, bytes: &[u8]) {
        let Some(process) = self.processes.get_mut(record.pid(), record.start()) else { return };
        let word = |at: usize| {
            let part = bytes.get(at * 4..at * 4 + 4).and_then(|part| part.try_into().ok());
            u64::from(part.map_or(0, u32::from_le_bytes))
        };
        process.facts.cap_effective = word(0) | word(3) << 32;
        process.facts.cap_permitted = word(1) | word(4) << 32;
        process.facts.cap_inheritable = word(2) | word(5) << 32;
    }

    /// Makes sure that the process is known, and keeps up with what every record tells of it.
    fn touch(&mut self, record: &Record<'_>) {
        let (pid, start) = (record.pid(), record.start());
        let Some(process) = self.processes.get_mut(pid, start) else {
            self.gaps.unannounced += 1;
            if !self.find(pid, start) {
                self.gaps.unknown += 1;
                self.take_head(record);
            }
            return;
        };
        process.seen = record.time();
        let facts = &mut process.facts;
        (facts.euid, facts.egid) = (record.uid(), record.gid());
        (facts.parent, facts.parent_start) = (record.parent(), record.parent_start());
        if facts.cgroup != record.cgroup() {
            facts.cgroup = record.cgroup();
            let cgroup = self.cgroup(record.cgroup(), None, pid, record.time());
            let names = self.enter(&cgroup, pid, record.time());
            if let Some(process) = self.processes.get_mut(pid, start) {
                process.names = names;
                process.cgroup = cgroup;
            }
        }
    }

    /// Looks a process up in `/proc`; one that began at another time is not it.
    pub(super) fn find(&mut self, pid: u32, start: u64) -> bool {
        let Some(found) = found::process(&self.home.proc, pid, self.environment) else {
            return false;
        };
        if start != 0 && !is_same_start(found.facts.start, start) {
            return false;
        }
        let cgroup = self.cgroups.by_path(&self.runtimes, &found.cgroup, start);
        let names = self.enter(&cgroup, pid, start);
        self.add(Process {
            names,
            facts: found.facts,
            program: Arc::new(found.program),
            cwd: found.cwd.into(),
            cgroup,
            threads: found.threads,
            children: 0,
            seen: start,
        });
        true
    }

    /// Keeps what the head of a record tells of a process that nothing else tells of.
    fn take_head(&mut self, record: &Record<'_>) {
        let facts = record::Process {
            tid: record.tid(),
            pid: record.pid(),
            parent: record.parent(),
            start: record.start(),
            parent_start: record.parent_start(),
            euid: record.uid(),
            egid: record.gid(),
            mount_ns: record.mount_ns(),
            pid_ns: record.pid_ns(),
            cgroup: record.cgroup(),
            login_uid: u32::MAX,
            login_session: u32::MAX,
            ..record::Process::default()
        };
        let program = Program::new(record.comm(), &[], &[], &[]);
        let cgroup = self.cgroup(record.cgroup(), None, record.pid(), record.time());
        let names = self.enter(&cgroup, record.pid(), record.time());
        self.add(Process {
            names,
            facts,
            program: Arc::new(program),
            cwd: Arc::default(),
            cgroup,
            threads: 1,
            children: 0,
            seen: record.time(),
        });
    }

    fn executed(&mut self, record: &Record<'_>) {
        let Some(What::Process(facts)) = value(record, "process") else {
            return self.touch(record);
        };
        let facts = facts.read();
        let bytes = |name| match value(record, name) {
            Some(What::Bytes(bytes) | What::Text(bytes)) => bytes,
            _ => &[],
        };
        let (path, args, environment) = (bytes("exe"), bytes("args"), bytes("environment"));
        let program = Program::new(record.comm(), path, args, environment);
        let cgroup = self.cgroup(facts.cgroup, Some(bytes("cgroup")), facts.pid, record.time());
        let children = self.processes.get(facts.pid, facts.start).map_or(0, |old| old.children);
        let names = self.enter(&cgroup, facts.pid, record.time());
        self.add(Process {
            facts,
            program: Arc::new(program),
            cwd: bytes("cwd").into(),
            cgroup,
            names,
            threads: 1,
            children,
            seen: record.time(),
        });
    }

    fn forked(&mut self, record: &Record<'_>) {
        let Some(What::Process(facts)) = value(record, "process") else { return };
        let facts = facts.read();
        if facts.tid != facts.pid {
            if let Some(process) = self.processes.get_mut(facts.pid, facts.start) {
                process.threads += 1;
            }
            return;
        }
        // Found already, by a scan that was quicker: it may have executed something since.
        if self.processes.get(facts.pid, facts.start).is_some() {
            return;
        }
        let path = match value(record, "cgroup") {
            Some(What::Text(path)) if facts.cgroup == record.cgroup() => Some(path),
            _ => None,
        };
        let cgroup = self.cgroup(facts.cgroup, path, facts.pid, record.time());
        let maker = self.processes.get(record.pid(), record.start());
        let (program, cwd, names) = match maker {
            Some(maker) => (maker.program.clone(), maker.cwd.clone(), maker.names.clone()),
            None => (Arc::default(), Arc::default(), None),
        };
        let seen = record.time();
        self.add(Process { facts, program, cwd, cgroup, names, threads: 1, children: 0, seen });
    }

    fn ended(&mut self, record: &Record<'_>) {
        let live = match value(record, "live") {
            Some(What::Number(live)) => live as u32,
            _ => 0,
        };
        let (pid, start) = (record.pid(), record.start());
        if live > 0 {
            if let Some(process) = self.processes.get_mut(pid, start) {
                process.threads = live;
            }
            return;
        }
        if let Some((gone, Some(child))) = self.processes.remove(pid, start)
            && let Some(heir) = found::parent(&self.home.proc, child)
            && heir != pid
        {
            self.processes.hand_over(&gone, heir);
        }
    }

    fn add(&mut self, process: Process) {
        if process.facts.ns_pid == 1 {
            if self.namespaces.len() >= NAMESPACE_COUNT_MAX {
                self.namespaces.clear();
            }
            self.namespaces.insert(process.facts.pid_ns, process.facts.start);
        }
        let on_host = process.cgroup.place.is_none();
        if on_host && process.facts.euid == 0 && Runtimes::is_companion(&process.program.name) {
            self.runtimes.learn(&process.program, &process.cwd);
        }
        self.processes.insert(process);
    }

    /// Returns the cgroup with this id; its path is given, known from before or asked of `/proc`.
    fn cgroup(&mut self, id: u64, path: Option<&[u8]>, pid: u32, now: u64) -> Arc<Cgroup> {
        let runtimes = &self.runtimes;
        if let Some(path) = path {
            return self.cgroups.set(runtimes, id, path, now);
        }
        match self.cgroups.by_id(id) {
            Some(cgroup) => cgroup,
            None => match found::cgroup(&self.home.proc, pid) {
                Some(path) => self.cgroups.set(runtimes, id, &path, now),
                None => Arc::default(),
            },
        }
    }

    /// Makes sure that the container of a cgroup and its users are known; returns their names.
    fn enter(&mut self, cgroup: &Cgroup, pid: u32, now: u64) -> Option<Arc<Names>> {
        let place = cgroup.place.as_ref();
        if let Some(place) = place {
            self.containers.ask(&self.runtimes, place, now);
        }
        let id = place.map(|place| &place.id);
        if self.users.is_due(id, now) {
            let own = found::namespace(&self.home.proc.join(format!("{pid}/ns/mnt")));
            // Before it turns its root, what becomes a container still sees the host's users.
            let seen = place.is_some() && own.is_some_and(|own| own != self.own_mounts);
            let of_process = seen.then(|| self.home.proc.join(format!("{pid}/root")));
            let stored = place
                .and_then(|place| self.containers.get(&place.id)?.about.as_ref()?.root.clone());
            let host = place.is_none().then(|| self.home.root.clone());
            let roots: Vec<PathBuf> = [of_process, stored, host].into_iter().flatten().collect();
            self.users.read(id, roots.iter().map(PathBuf::as_path), now);
        }
        self.users.of(id)
    }
}
