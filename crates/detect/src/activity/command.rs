//! Commands, the sessions that they begin, and how both end.

use control::evidence::{Command, Exit, Phase, Session, What};
use syscall::record::{Operation, TRUNCATED};
use syscall::table::Process;

use super::{Activities, Running, Seen, mask, session, text};

/// What tells of commands and sessions.
pub const OPERATIONS: &[Operation] = &[
    Operation::Execve,
    Operation::Execveat,
    Operation::Procexit,
    Operation::Clone,
    Operation::Clone3,
    Operation::Fork,
    Operation::Vfork,
];

/// Bytes of the arguments of one command that are kept.
const ARGS_LEN_MAX: usize = 2048;
/// Arguments of one command that are kept.
const ARGS_COUNT_MAX: usize = 128;
/// A path that was looked for where it is not: shells try every folder they know.
const ENOENT: i64 = -2;

impl Activities {
    pub(super) fn command(&mut self, seen: &Seen<'_>) {
        if seen.record.result() == Some(ENOENT) {
            return;
        }
        if seen.record.succeeded() {
            self.meet_session(seen);
        }
        let by = self.actor(seen);
        let act = seen.act(by, What::Command(told(seen)));
        let interactive = self.sessions.of(seen.tables, seen.process).is_some();
        let failed = act.failed;
        let slot = if interactive { self.acts.add(act) } else { self.acts.merge(act, None) };
        if let Some(slot) = slot.filter(|_| !failed) {
            let key = (seen.record.pid(), seen.record.start());
            self.running.insert(key, Running { slot, interactive });
        }
    }

    /// Begins a session where a program does, or one where nobody told of its beginning.
    fn meet_session(&mut self, seen: &Seen<'_>) {
        let process = seen.process;
        if self.sessions.led_by(process).is_some() {
            return;
        }
        if session::begins(process) {
            return self.begin(seen, process, Phase::Began);
        }
        if self.sessions.of(seen.tables, process).is_none()
            && let Some(leader) = session::found(seen.tables, process)
        {
            self.begin(seen, leader, Phase::Found);
        }
    }

    fn begin(&mut self, seen: &Seen<'_>, leader: &Process, phase: Phase) {
        if !self.sessions.begin(session::leader(leader)) {
            return self.acts.leave_out(1);
        }
        // It belongs to its own session from now on.
        self.actors.remove(&seen.doer());
        let by = self.actor(seen);
        let told = Session {
            phase,
            terminal: session::terminal(leader.facts.terminal),
            via: session::via(seen.tables, leader),
            exit: None,
        };
        let mut act = seen.act(by, What::Session(told));
        (act.pid, act.process) = (leader.facts.pid, text(&leader.program.name));
        self.acts.add(act);
    }

    pub(super) fn ended(&mut self, seen: &Seen<'_>) {
        if seen.number("live").is_some_and(|live| live > 0) {
            return;
        }
        let exit = exit(seen.number("status").unwrap_or(0));
        if let Some(running) = self.running.remove(&(seen.record.pid(), seen.record.start()))
            && !self.acts.end(running.slot, exit)
            && running.interactive
        {
            let by = self.actor(seen);
            let act = seen.act(by, What::Exit(exit));
            self.acts.add(act);
        }
        if let Some(leader) = self.sessions.led_by(seen.process) {
            let by = self.actor(seen);
            let told = Session {
                phase: Phase::Ended,
                terminal: session::terminal(seen.process.facts.terminal),
                via: Vec::new(),
                exit: Some(exit),
            };
            let act = seen.act(by, What::Session(told));
            self.acts.add(act);
            self.sessions.end(leader);
        }
    }
}

/// Reads how a process ended, as the kernel keeps it.
fn exit(status: u64) -> Exit {
    match (status & 0x7f) as u8 {
        0 => Exit::Code((status >> 8) as u8),
        signal => Exit::Signal(signal),
    }
}

fn told(seen: &Seen<'_>) -> Command {
    let program = &seen.process.program;
    let parent = seen.tables.processes().parent(seen.process);
    if !seen.record.succeeded() {
        return Command {
            exe: seen.path("filename").map(|path| text(&path)).unwrap_or_default(),
            cwd: text(&seen.process.cwd),
            parent: text(&program.name),
            terminal: session::terminal(seen.process.facts.terminal),
            error: seen.record.result().map(syscall::error_name),
            ..Command::default()
        };
    }
    let exe = text(&program.path);
    let name = exe.rsplit('/').next().unwrap_or_default();
    let all = [program.exe()].into_iter().chain(program.words());
    let words: Vec<String> = all.take(ARGS_COUNT_MAX + 1).map(text).collect();
    let masked = mask::masked(name, words.iter().map(String::as_str));
    let (args, cut) = bounded(masked);
    Command {
        args,
        cut: cut || seen.record.flags & TRUNCATED != 0,
        cwd: text(&seen.process.cwd),
        parent: parent.map(|parent| text(&parent.program.name)).unwrap_or_default(),
        terminal: session::terminal(seen.process.facts.terminal),
        error: None,
        exit: None,
        exe,
    }
}

/// Keeps as many arguments as are kept, and tells whether there were more.
fn bounded(args: Vec<String>) -> (Vec<String>, bool) {
    let mut room = ARGS_LEN_MAX;
    let mut kept = Vec::new();
    for mut arg in args {
        if kept.len() == ARGS_COUNT_MAX || room == 0 {
            return (kept, true);
        }
        if arg.len() > room {
            let end = (0..=room).rev().find(|end| arg.is_char_boundary(*end)).unwrap_or(0);
            arg.truncate(end);
            kept.push(arg);
            return (kept, true);
        }
        room -= arg.len();
        kept.push(arg);
    }
    (kept, false)
}
