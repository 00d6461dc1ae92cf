//! What is known beside the record at hand: processes, containers, users, sockets. Filled from
//! records, whether a live sensor or a recording tells them, and from `/proc` for what began
//! before.
//!
//! All of it is bounded, and what had to make room is counted.

mod cgroup;
mod container;
mod domain;
mod follow;
mod found;
mod pod;
mod process;
mod socket;
mod user;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;

use event::Time;

use crate::container::{Container, Runtimes};
use crate::record::{Record, What};

pub use cgroup::{Cgroup, Cgroups};
pub use container::Containers;
pub use domain::{ADDRESS_COUNT_MAX, Domains};
pub use pod::{News, Object, POD_COUNT_MAX, Pods, Told};
pub use process::{ANCESTOR_COUNT_MAX, PROCESS_COUNT_MAX, Process, Processes, Program};
pub use process::{TICK, is_same_start};
pub use socket::{Peer, Role, Seen, Sockets};
pub use user::{Names, User, Users};

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
    /// Returns empty tables. `epoch` is the time at which the clock of records was zero.
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

    /// Asks runtimes for what they had not noted yet of containers that were just begun; `now` is
    /// on the clock of records.
    pub fn ask_again(&mut self, now: u64) {
        self.containers.ask_again(&self.runtimes, now);
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
}

/// Returns the value of a parameter that is there.
#[inline]
pub(crate) fn value<'r>(record: &Record<'r>, name: &str) -> Option<What<'r>> {
    record.param(name).map(|value| value.what)
}
