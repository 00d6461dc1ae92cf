//! Interactive sessions: where somebody types, or a shell is told what to do by something else
//! than a file. A process belongs to the nearest one among its ancestors.

use std::collections::HashMap;

use control::evidence::Leader;
use syscall::Tables;
use syscall::table::{Process, TICK};

use super::aged::Aged;

/// Sessions that are under way at the same time; more are not told of, and counted.
pub const OPEN_COUNT_MAX: usize = 4096;
/// Sessions whose processes may outlive their leader.
const ENDED_COUNT: usize = 4096;
/// Ancestors whose names are told.
const VIA_COUNT_MAX: usize = 4;

const SHELLS: [&[u8]; 12] = [
    b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"mksh", b"fish", b"csh", b"tcsh", b"rbash",
    b"busybox",
];
/// What waits at a terminal before anybody is there.
const WAITING: [&[u8]; 8] =
    [b"getty", b"agetty", b"mingetty", b"login", b"sshd", b"sshd-session", b"systemd", b"init"];
/// Options of shells after which a word is not a script.
const WITH_WORD: [&[u8]; 4] = [b"-o", b"+o", b"--rcfile", b"--init-file"];

/// The sessions that are under way, and those that were.
#[derive(Debug)]
pub struct Sessions {
    open: HashMap<u32, u64>,
    ended: Aged<u32, Leader>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { open: HashMap::new(), ended: Aged::new(ENDED_COUNT) }
    }
}

/// Returns the process as the leader of a session.
pub fn leader(process: &Process) -> Leader {
    Leader { pid: process.facts.pid, start: process.facts.start / TICK }
}

impl Sessions {
    /// Returns the session that a process belongs to.
    pub fn of(&self, tables: &Tables, process: &Process) -> Option<Leader> {
        if self.open.is_empty() && self.ended.is_empty() {
            return None;
        }
        let is_open = |leader: &Leader| self.open.get(&leader.pid) == Some(&leader.start);
        let ancestors = tables.processes().ancestors(process);
        let line = std::iter::once(process).chain(ancestors);
        line.map(leader).find(is_open).or_else(|| {
            // Its ancestors are gone; the kernel still knows the session.
            let pid = process.facts.session;
            let open = self.open.get(&pid).map(|start| Leader { pid, start: *start });
            open.or_else(|| self.ended.get(&pid).copied())
        })
    }

    /// Returns the session that this process leads.
    pub fn led_by(&self, process: &Process) -> Option<Leader> {
        let leader = leader(process);
        (self.open.get(&leader.pid) == Some(&leader.start)).then_some(leader)
    }

    /// Begins a session; `false` if there are too many.
    pub fn begin(&mut self, leader: Leader) -> bool {
        let room = self.open.len() < OPEN_COUNT_MAX || self.open.contains_key(&leader.pid);
        if room {
            self.open.insert(leader.pid, leader.start);
        }
        room
    }

    /// Ends a session.
    pub fn end(&mut self, leader: Leader) {
        self.open.remove(&leader.pid);
        self.ended.insert(leader.pid, leader);
    }
}

/// Tells whether a program that was just executed begins a session.
pub fn begins(process: &Process) -> bool {
    let (facts, program) = (&process.facts, &process.program);
    let name = last(&program.path);
    let has_terminal = facts.terminal != 0 && facts.session == facts.pid;
    let waits = WAITING.contains(&name) || WAITING.contains(&&*program.name);
    (has_terminal && !waits) || (SHELLS.contains(&&*program.name) && reads_input(program.words()))
}

/// Tells whether a shell with these arguments reads its commands from its input.
fn reads_input<'w>(words: impl Iterator<Item = &'w [u8]>) -> bool {
    let mut words = words;
    while let Some(word) = words.next() {
        match word {
            b"-" | b"--" => return words.next().is_none(),
            _ if WITH_WORD.contains(&word) => drop(words.next()),
            [b'-', b'-', ..] => {}
            [b'-' | b'+', letters @ ..] if letters.contains(&b'c') => return false,
            [b'-' | b'+', letters @ ..] if letters.contains(&b's') => return true,
            [b'-' | b'+', ..] => {}
            _ => return false,
        }
    }
    true
}

/// Returns the process that leads the session at a terminal which nobody told the beginning of.
pub fn found<'t>(tables: &'t Tables, process: &'t Process) -> Option<&'t Process> {
    let (terminal, session) = (process.facts.terminal, process.facts.session);
    let led = tables.processes().by_pid(session);
    let led = led.filter(|one| one.facts.session == session && one.facts.terminal == terminal);
    led.filter(|one| terminal != 0 && !WAITING.contains(&&*one.program.name))
}

/// Returns the names of the processes that one came through, nearest first.
pub fn via(tables: &Tables, process: &Process) -> Vec<String> {
    let ancestors = tables.processes().ancestors(process).take(VIA_COUNT_MAX);
    ancestors.map(|one| String::from_utf8_lossy(&one.program.name).into_owned()).collect()
}

/// Returns the name of a terminal, given its device number as `/proc` tells it.
pub fn terminal(device: u32) -> Option<String> {
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xf_ff00);
    Some(match (device, major) {
        (0, _) => return None,
        (_, 136..=143) => format!("pts/{}", minor + (major - 136) * 256),
        (_, 4) if minor < 64 => format!("tty{minor}"),
        (_, 4) => format!("ttyS{}", minor - 64),
        _ => format!("{major}:{minor}"),
    })
}

fn last(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_that_is_told_no_script_reads_its_input() {
        let check = |text: &str| reads_input(text.split_whitespace().map(str::as_bytes));
        for interactive in ["", "-i", "-l", "--login", "-", "--norc -i", "-o vi", "-s word", "-ex"]
        {
            assert!(check(interactive), "{interactive}");
        }
        for script in ["-c ls", "-lc ls", "run.sh", "-x run.sh", "-e -c ls", "-- run.sh"] {
            assert!(!check(script), "{script}");
        }
    }

    #[test]
    fn a_terminal_has_the_name_that_people_know() {
        let names = [0, 34_816, 34_819, 1025, 1088, 0x0501].map(terminal);
        let names = names.map(|name| name.unwrap_or_else(|| "-".to_owned()));
        assert_eq!(names, ["-", "pts/0", "pts/3", "tty1", "ttyS0", "5:1"]);
    }
}
