//! What is known beside the record at hand: processes, containers, users, sockets. Filled from
//! records, whether a live sensor or a recording tells them, and from `/proc` for what began
//! before.
//!
//! All of it is bounded, and what had to make room is counted.

mod cgroup;
mod container;
mod domain;
mod found;
mod pod;
mod process;
mod socket;
mod user;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use event::Time;

use crate::container::{Container, Runtimes};
use crate::record::{self, Operation, Record, What};

pub use cgroup::{Cgroup, Cgroups};
pub use container::Containers;
pub use domain::{ADDRESS_COUNT_MAX, Domains};
pub use pod::{News, Object, POD_COUNT_MAX, Pods, Told};
pub use process::{ANCESTOR_COUNT_MAX, PROCESS_COUNT_MAX, Process, Processes, Program};
pub use process::{TICK, is_same_start};
pub use socket::{Peer, Role, Seen, Sockets};
pub use user::{Names, User, Users};

/// Pid namespaces whose start is kept.
const NAMESPACE_COUNT_MAX: usize = 65_536;

/// Where the machine is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Its `/proc`.
    pub proc: PathBuf,
    /// Its root.
    pub root: PathBuf,
}

impl Default for Home {
    fn default() -> Self {
        Self { proc: "/proc".into(), root: "/".into() }
    }
}

/// What becomes of the environments of processes: they are large, and hold secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// They are kept, because a rule asks for them.
    Kept,
    /// They are left where they are.
    #[default]
    Left,
}

/// How much a table has forgotten or could not find out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Processes that made room for others.
    pub processes: u64,
    /// Processes that were first heard of by what they did.
    pub unannounced: u64,
    /// Of these, the ones that `/proc` knew no more: only the record itself tells of them.
    pub unknown: u64,
    /// Sockets that made room for others.
    pub sockets: u64,
    /// Cgroups that made room for others.
    pub cgroups: u64,
    /// Containers of which the runtime told nothing, however often it was asked.
    pub containers: u64,
    /// What the Kubernetes API told of pods and found no room.
    pub pods: u64,
}

/// Everything that is known beside the record.
#[derive(Debug)]
pub struct Tables {
    home: Home,
    /// Nanoseconds from the machine's start to 1970, to be added.
    epoch: i64,
    environment: Environment,
    own_mounts: u32,
    processes: Processes,
    cgroups: Cgroups,
    runtimes: Runtimes,
    containers: Containers,
    pods: Pods,
    users: Users,
    sockets: Sockets,
    domains: Domains,
    namespaces: HashMap<u32, u64>,
    gaps: Gaps,
}

impl Tables {
    /// Returns empty tables. `epoch` is the time at which the clock of records was zero;
    pub fn new(home: Home, epoch: Time, environment: Environment) -> Self {
        let own_mounts = found::namespace(&home.proc.join("1/ns/mnt")).unwrap_or(0);
        Self {
            runtimes: Runtimes::new(&home.root),
            home,
            epoch: epoch.0,
            environment,
            own_mounts,
            processes: Processes::default(),
            cgroups: Cgroups::default(),
            containers: Containers::default(),
            pods: Pods::default(),
            users: Users::default(),
            sockets: Sockets::default(),
            domains: Domains::default(),
            namespaces: HashMap::new(),
            gaps: Gaps::default(),
        }
    }

    /// Finds the processes that run. Records must be taken from before this on: what they tell of
    /// the meantime comes to the same.
    pub fn scan(&mut self) {
        let Ok(entries) = std::fs::read_dir(&self.home.proc) else { return };
        let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
        let pids: Vec<u32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
        // Those first that say where the containers of the others are kept.
        let (first, then): (Vec<u32>, Vec<u32>) = pids
            .into_iter()
            .take(PROCESS_COUNT_MAX)
            .partition(|pid| Runtimes::is_companion(&found::name(&self.home.proc, *pid)));
        for pid in first.into_iter().chain(then) {
            if self.processes.by_pid(pid).is_none() {
                self.find(pid, 0);
            }
        }
        // Parents are often found after their children.
        self.processes.link();
    }

    /// Returns where the machine is looked at.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Says whether a process still runs, and not another with its number.
    pub fn is_alive(&self, process: &Process) -> bool {
        let (pid, start) = (process.facts.pid, process.facts.start);
        is_same_start(found::start_of(&self.home.proc, pid), start)
    }

    /// Returns the processes.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// Returns the sockets.
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// Returns the host names of addresses.
    pub fn domains(&self) -> &Domains {
        &self.domains
    }

    /// Returns the host names of addresses, to be changed.
    pub fn domains_mut(&mut self) -> &mut Domains {
        &mut self.domains
    }

    /// Returns the container that a process is in.
    pub fn container(&self, process: &Process) -> Option<&Container> {
        let place = process.cgroup.place.as_ref()?;
        self.containers.get(&place.id)
    }

    /// Returns what the Kubernetes API tells of pods.
    pub fn pods(&self) -> &Pods {
        &self.pods
    }

    /// Returns what the Kubernetes API tells of pods, to be changed.
    pub fn pods_mut(&mut self) -> &mut Pods {
        &mut self.pods
    }

    /// Returns the cgroups that have become sure to belong to no container, each once; `now` is on
    /// the clock of records. A sensor that knows them need not send what only rules for containers
    /// ask for.
    pub fn hosts(&mut self, now: u64) -> Vec<u64> {
        self.cgroups.settled(now)
    }

    /// Returns when a pid namespace began, on the clock of records.
    pub fn namespace_start(&self, namespace: u32) -> Option<u64> {
        self.namespaces.get(&namespace).copied()
    }

    /// Returns the time of day of a time on the clock of records.
    pub fn time(&self, since_start: u64) -> Time {
        Time(self.epoch.saturating_add_unsigned(since_start))
    }

    /// Sets the time at which the clock of records was zero: the machine's clock is corrected now
    /// and then.
    pub fn set_epoch(&mut self, epoch: Time) {
        self.epoch = epoch.0;
    }

    /// Returns what was forgotten or not found out.
    pub fn gaps(&self) -> Gaps {
        Gaps {
            processes: self.processes.evicted(),
            sockets: self.sockets.evicted(),
            cgroups: self.cgroups.evicted(),
            containers: self.containers.untold(),
            pods: self.pods.untold(),
            ..self.gaps
        }
    }

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
    fn find(&mut self, pid: u32, start: u64) -> bool {
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

/// Returns the value of a parameter that is there.
pub(crate) fn value<'r>(record: &Record<'r>, name: &str) -> Option<What<'r>> {
    record.param(name).map(|value| value.what)
}
