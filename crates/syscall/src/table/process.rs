//! Processes and who made them. A process is known by pid *and* start: the kernel reuses pids.

use std::collections::HashMap;
use std::sync::Arc;

use crate::record;
use foldhash::fast::RandomState;

/// Processes that are kept. When there are more, those silent for longest make room.
pub const PROCESS_COUNT_MAX: usize = 131_072;
/// Ancestors that are looked at.
pub const ANCESTOR_COUNT_MAX: usize = 64;
/// Nanoseconds in a tick of the clock that `/proc` tells starts by.
pub const TICK: u64 = 10_000_000;

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// What the kernel told of it when it was made, executed or found.
    pub facts: record::Process,
    /// What it executes.
    pub program: Arc<Program>,
    /// Directory that it works in.
    pub cwd: Arc<[u8]>,
    /// Its cgroup, which tells the container.
    pub cgroup: Arc<super::Cgroup>,
    /// Names of users and groups where it runs.
    pub names: Option<Arc<super::Names>>,
    /// Threads that live.
    pub threads: u32,
    /// Children that live.
    pub children: u32,
    /// Time of its last record.
    pub seen: u64,
}

/// A program in execution. Processes that forked without executing anew share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Name that the kernel keeps, at most 15 bytes.
    pub name: Box<[u8]>,
    /// Path of its file, symbolic links followed; `memfd:…` without any file.
    pub path: Box<[u8]>,
    /// Arguments, the zeroth too, each ended by a zero.
    pub args: Box<[u8]>,
    /// Name and arguments but the zeroth with blanks between: what most rules look at.
    line: Box<[u8]>,
    /// Environment, each variable ended by a zero. Empty unless asked for.
    pub environment: Box<[u8]>,
}

impl Process {
    /// Tells whether more is known of it than the head of a record.
    pub fn is_whole(&self) -> bool {
        self.facts.ns_pid != 0
    }
}

impl Program {
    /// Returns a program.
    pub fn new(name: &[u8], path: &[u8], args: &[u8], environment: &[u8]) -> Self {
        let mut line = Vec::with_capacity(name.len() + args.len());
        line.extend_from_slice(name);
        for word in strings(args).skip(1) {
            line.push(b' ');
            line.extend_from_slice(word);
        }
        Self {
            name: name.into(),
            path: path.into(),
            args: args.into(),
            line: line.into(),
            environment: environment.into(),
        }
    }

    /// Returns name and arguments as one text.
    pub fn command_line(&self) -> &[u8] {
        &self.line
    }

    /// Returns the arguments behind the zeroth as one text.
    pub fn arguments(&self) -> &[u8] {
        self.line.get(self.name.len() + 1..).unwrap_or_default()
    }

    /// Returns what the caller says the program is called: argument zero.
    pub fn exe(&self) -> &[u8] {
        strings(&self.args).next().unwrap_or_default()
    }

    /// Returns the arguments behind the zeroth.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        strings(&self.args).skip(1)
    }

    /// Returns the variables of the environment, `NAME=value`.
    pub fn variables(&self) -> impl Iterator<Item = &[u8]> {
        strings(&self.environment)
    }

    /// Returns the value of a variable.
    pub fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables().find_map(|one| one.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// Tells whether it runs from memory only.
    pub fn is_from_memory(&self) -> bool {
        self.path.starts_with(b"memfd:")
    }
}

/// Strings that are ended by zeros; the last may lack it where it was cut.
fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let none = bytes.is_empty();
    whole.split(|byte| *byte == 0).filter(move |_| !none)
}

/// Processes by pid.
#[derive(Debug, Default)]
pub struct Processes {
    by_pid: HashMap<u32, Process, RandomState>,
    evicted: u64,
}

impl Processes {
    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.by_pid.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_pid.is_empty()
    }

    /// Returns how many had to make room while they may have lived.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Returns them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.by_pid.values()
    }

    /// Finds a process whatever its start.
    pub fn by_pid(&self, pid: u32) -> Option<&Process> {
        self.by_pid.get(&pid)
    }

    /// Finds a process.
    pub fn get(&self, pid: u32, start: u64) -> Option<&Process> {
        self.by_pid.get(&pid).filter(|found| is_same_start(found.facts.start, start))
    }

    /// Finds a process to be changed.
    pub fn get_mut(&mut self, pid: u32, start: u64) -> Option<&mut Process> {
        self.by_pid.get_mut(&pid).filter(|found| is_same_start(found.facts.start, start))
    }

    /// Returns the parent, as far as it is known.
    pub fn parent(&self, of: &Process) -> Option<&Process> {
        let parent = self.by_pid.get(&of.facts.parent)?;
        let same = is_same_start(parent.facts.start, of.facts.parent_start);
        (same && parent.facts.pid != of.facts.pid).then_some(parent)
    }

    /// Returns the ancestors, nearest first.
    pub fn ancestors<'p>(&'p self, of: &'p Process) -> impl Iterator<Item = &'p Process> {
        std::iter::successors(self.parent(of), |found| self.parent(found)).take(ANCESTOR_COUNT_MAX)
    }

    /// Adds a process, or puts it in the place of one that had its pid before.
    pub fn insert(&mut self, process: Process) {
        if self.by_pid.len() >= PROCESS_COUNT_MAX {
            self.make_room();
        }
        let (parent, start) = (process.facts.parent, process.facts.parent_start);
        let known = self.get(process.facts.pid, process.facts.start).is_some();
        if let Some(parent) = self.get_mut(parent, start).filter(|_| !known) {
            parent.children += 1;
        }
        self.by_pid.insert(process.facts.pid, process);
    }

    /// Takes a process out. Returns it with one of the children that it leaves.
    pub fn remove(&mut self, pid: u32, start: u64) -> Option<(Process, Option<u32>)> {
        self.get(pid, start)?;
        let gone = self.by_pid.remove(&pid)?;
        if let Some(parent) = self.get_mut(gone.facts.parent, gone.facts.parent_start) {
            parent.children = parent.children.saturating_sub(1);
        }
        let child = if gone.children == 0 { None } else { self.children(&gone).next() };
        Some((gone, child))
    }

    fn children(&self, of: &Process) -> impl Iterator<Item = u32> {
        let (pid, start) = (of.facts.pid, of.facts.start);
        let is_child = move |one: &&Process| {
            one.facts.parent == pid && is_same_start(one.facts.parent_start, start)
        };
        self.by_pid.values().filter(is_child).map(|child| child.facts.pid)
    }

    /// Counts the children of each, where processes were added in no order.
    pub fn link(&mut self) {
        let parents: Vec<(u32, u64)> = self
            .by_pid
            .values()
            .map(|process| (process.facts.parent, process.facts.parent_start))
            .collect();
        self.by_pid.values_mut().for_each(|process| process.children = 0);
        for (parent, start) in parents {
            if let Some(parent) = self.get_mut(parent, start) {
                parent.children += 1;
            }
        }
    }

    /// Gives the children of a process that is gone to the one that the kernel gave them to.
    pub fn hand_over(&mut self, gone: &Process, to: u32) {
        let Some(start) = self.by_pid.get(&to).map(|found| found.facts.start) else { return };
        let children: Vec<u32> = self.children(gone).collect();
        for pid in &children {
            if let Some(child) = self.by_pid.get_mut(pid) {
                (child.facts.parent, child.facts.parent_start) = (to, start);
            }
        }
        if let Some(heir) = self.by_pid.get_mut(&to) {
            heir.children += children.len() as u32;
        }
    }

    /// Drops the eighth that was silent for longest. Ends of processes may have been lost.
    fn make_room(&mut self) {
        let mut seen: Vec<u64> = self.by_pid.values().map(|process| process.seen).collect();
        let at = seen.len() / 8;
        let (_, bound, _) = seen.select_nth_unstable(at);
        let (bound, before) = (*bound, self.by_pid.len());
        self.by_pid.retain(|_, process| process.seen > bound);
        self.evicted += (before - self.by_pid.len()) as u64;
    }
}

/// Tells whether two starts are one: `/proc` counts in ticks, the kernel in nanoseconds.
pub fn is_same_start(left: u64, right: u64) -> bool {
    left / TICK == right / TICK
}
