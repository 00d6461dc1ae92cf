//! `proc.*` and `thread.*`.

use rule::source::{Cost, FieldError};

use super::show::Show;
use super::{index, stream};
use crate::event::Event;
use crate::record::{self, EXE_UPPER};
use crate::table::{Process, Processes};

/// Whose field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The process itself.
    Own,
    /// An ancestor, the parent being 1.
    Ancestor(usize),
    /// Every ancestor, one after the other.
    Ancestors,
    /// The leader of the session, or the oldest ancestor in it.
    Session,
    /// The leader of the process group, or the oldest ancestor in it.
    Group,
}

/// What is asked of a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Exe,
    ExePath,
    Name,
    Args,
    Word(usize),
    CommandLine,
    ExeLine,
    WordCount,
    WordLength,
    Environment,
    Variable(String),
    /// The nearest value of a variable up the line.
    NearestVariable(String),
    Cwd,
    LoginShell,
    Terminal,
    Pid,
    NsPid,
    Session,
    NsGroup,
    Group,
    Duration,
    Start,
    IsExeWritable,
    IsExeUpper,
    IsExeLower,
    IsFromMemory,
    IsSessionLeader,
    IsNsGroupLeader,
    IsGroupLeader,
    ExeInode,
    ExeChanged,
    ExeWritten,
    ChangeToStart,
    ChangeSinceNamespace,
    NamespaceStart,
    Threads,
    OtherThreads,
    Never,
    Capabilities(Set),
    Tid,
    NsTid,
    IsMain,
    Cgroups,
    Cgroup(String),
    NameAndTid,
    Stream(u32, stream::Part),
}

/// Sets of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Set {
    Permitted,
    Inheritable,
    Effective,
}

impl Who {
    /// Tells how far a reader has to go.
    pub fn cost(self) -> Cost {
        match self {
            Who::Own | Who::Ancestor(0 | 1) => Cost::Cheap,
            _ => Cost::Walk,
        }
    }
}

const SECOND: i64 = 1_000_000_000;
const CAP_DAC_OVERRIDE: u32 = 1;
const OVERLAY: u32 = 0x794c_7630;

/// Reads a field's name and argument; nothing where it is never there.
pub fn resolve(name: &str, argument: Option<&str>) -> Result<Option<(Who, Field)>, FieldError> {
    if let Some(found) = of_ancestors(name, argument)? {
        return Ok(Some(found));
    }
    let own = match name {
        "proc.args" => match index(name, argument)? {
            Some(at) => Field::Word(at),
            None => Field::Args,
        },
        "proc.env" => match argument {
            Some(variable) => Field::Variable(variable.to_owned()),
            None => Field::Environment,
        },
        "thread.cgroup" => Field::Cgroup(argument.unwrap_or_default().to_owned()),
        _ => {
            let stream = stream::resolve(name).map(|(number, part)| Field::Stream(number, part));
            let own = stream.or_else(|| of_own(name)).map(|field| (Who::Own, field));
            return Ok(own.or_else(|| of_others(name)));
        }
    };
    Ok(Some((Who::Own, own)))
}

/// The fields with an ancestor's number in brackets.
fn of_ancestors(name: &str, argument: Option<&str>) -> Result<Option<(Who, Field)>, FieldError> {
    if name == "proc.aenv" {
        return Ok(Some(match argument.map(|text| (text, text.parse())) {
            None => (Who::Own, Field::Environment),
            Some((_, Ok(at))) => (Who::Ancestor(at), Field::Environment),
            Some((variable, Err(_))) => (Who::Own, Field::NearestVariable(variable.to_owned())),
        }));
    }
    let field = match name {
        "proc.aexe" => Field::Exe,
        "proc.aexepath" => Field::ExePath,
        "proc.aname" => Field::Name,
        "proc.aargs" => Field::Args,
        "proc.acmdline" => Field::CommandLine,
        "proc.apid" => Field::Pid,
        _ => return Ok(None),
    };
    let who = index(name, argument)?.map_or(Who::Ancestors, Who::Ancestor);
    Ok(Some((who, field)))
}

/// The fields of parent, session and group.
fn of_others(name: &str) -> Option<(Who, Field)> {
    let parent = Who::Ancestor(1);
    Some(match name {
        "proc.pexe" => (parent, Field::Exe),
        "proc.pexepath" => (parent, Field::ExePath),
        "proc.pname" => (parent, Field::Name),
        "proc.pcmdline" => (parent, Field::CommandLine),
        "proc.ppid" => (parent, Field::Pid),
        "proc.pvpid" => (parent, Field::NsPid),
        "proc.ppid.duration" => (parent, Field::Duration),
        "proc.ppid.ts" => (parent, Field::Start),
        "proc.sname" => (Who::Session, Field::Name),
        "proc.sid.exe" => (Who::Session, Field::Exe),
        "proc.sid.exepath" => (Who::Session, Field::ExePath),
        "proc.vpgid.name" | "proc.pgid.name" => (Who::Group, Field::Name),
        "proc.vpgid.exe" | "proc.pgid.exe" => (Who::Group, Field::Exe),
        "proc.vpgid.exepath" | "proc.pgid.exepath" => (Who::Group, Field::ExePath),
        _ => return None,
    })
}

fn of_own(name: &str) -> Option<Field> {
    Some(match name {
        "proc.exe" => Field::Exe,
        "proc.exepath" => Field::ExePath,
        "proc.name" => Field::Name,
        "proc.cmdline" => Field::CommandLine,
        "proc.exeline" => Field::ExeLine,
        "proc.cmdnargs" => Field::WordCount,
        "proc.cmdlenargs" => Field::WordLength,
        "proc.cwd" => Field::Cwd,
        "proc.loginshellid" => Field::LoginShell,
        "proc.tty" => Field::Terminal,
        "proc.pid" => Field::Pid,
        "proc.vpid" => Field::NsPid,
        "proc.sid" => Field::Session,
        "proc.vpgid" => Field::NsGroup,
        "proc.pgid" => Field::Group,
        "proc.duration" => Field::Duration,
        "proc.pid.ts" => Field::Start,
        "proc.is_exe_writable" => Field::IsExeWritable,
        "proc.is_exe_upper_layer" => Field::IsExeUpper,
        "proc.is_exe_lower_layer" => Field::IsExeLower,
        "proc.is_exe_from_memfd" => Field::IsFromMemory,
        "proc.is_sid_leader" => Field::IsSessionLeader,
        "proc.is_vpgid_leader" => Field::IsNsGroupLeader,
        "proc.is_pgid_leader" => Field::IsGroupLeader,
        "proc.exe_ino" => Field::ExeInode,
        "proc.exe_ino.ctime" => Field::ExeChanged,
        "proc.exe_ino.mtime" => Field::ExeWritten,
        "proc.exe_ino.ctime_duration_proc_start" => Field::ChangeToStart,
        "proc.exe_ino.ctime_duration_pidns_start" => Field::ChangeSinceNamespace,
        "proc.pidns_init_start_ts" => Field::NamespaceStart,
        "proc.nthreads" => Field::Threads,
        "proc.nchilds" => Field::OtherThreads,
        "proc.is_container_healthcheck"
        | "proc.is_container_liveness_probe"
        | "proc.is_container_readiness_probe" => Field::Never,
        "thread.cap_permitted" => Field::Capabilities(Set::Permitted),
        "thread.cap_inheritable" => Field::Capabilities(Set::Inheritable),
        "thread.cap_effective" => Field::Capabilities(Set::Effective),
        "thread.tid" => Field::Tid,
        "thread.vtid" => Field::NsTid,
        "thread.ismain" => Field::IsMain,
        "thread.cgroups" => Field::Cgroups,
        "thread.nametid" => Field::NameAndTid,
        _ => return None,
    })
}

/// Shows a field.
pub fn read(event: &Event<'_>, who: Who, field: &Field, show: &mut Show<'_>) {
    let Some(own) = event.process else {
        // Then nothing but the record itself is known.
        match (who, field) {
            (Who::Own, Field::Name) => show.text(event.record.comm()),
            (Who::Own, Field::Pid) => show.int(event.record.pid().into()),
            (Who::Own, Field::Tid) => show.int(event.record.tid().into()),
            _ => {}
        }
        return;
    };
    let all = event.tables.processes();
    match who {
        Who::Own | Who::Ancestor(0) => one(event, own, field, show),
        Who::Ancestor(at) => {
            if let Some(found) = all.ancestors(own).nth(at - 1) {
                one(event, found, field, show);
            } else if at == 1 && *field == Field::Pid {
                show.int(own.facts.parent.into());
            }
        }
        Who::Ancestors => {
            for found in all.ancestors(own) {
                one(event, found, field, show);
                if show.is_enough() {
                    return;
                }
            }
        }
        Who::Session => {
            one(event, leader(all, own, |facts| facts.session), field, show);
        }
        Who::Group => one(event, leader(all, own, |facts| facts.group), field, show),
    }
}

/// Returns the leader of what `of` numbers, or the oldest ancestor in it.
fn leader<'p>(
    all: &'p Processes,
    own: &'p Process,
    of: impl Fn(&record::Process) -> u32,
) -> &'p Process {
    let number = of(&own.facts);
    if let Some(leader) = all.by_pid(number).filter(|one| of(&one.facts) == number) {
        return leader;
    }
    let same = all.ancestors(own).take_while(|one| of(&one.facts) == number);
    same.last().unwrap_or(own)
}

fn one(event: &Event<'_>, process: &Process, field: &Field, show: &mut Show<'_>) {
    let (facts, program) = (&process.facts, &*process.program);
    match field {
        Field::Name => return show.text(&program.name),
        Field::Pid => return show.int(facts.pid.into()),
        Field::Tid => return show.int(event.record.tid().into()),
        Field::IsMain => return show.bool(event.record.tid() == facts.pid),
        Field::Duration => {
            return show.int(event.record.time().saturating_sub(facts.start) as i64);
        }
        Field::Start => return show.int(event.tables.time(facts.start).0),
        Field::Cgroups => return show.text([b"memory=", &*process.cgroup.path].concat()),
        Field::Cgroup(name) if name == "memory" => return show.text(&process.cgroup.path),
        Field::Cgroup(_) => return,
        Field::NameAndTid => {
            let tid = event.record.tid().to_string();
            return show.text([&*program.name, tid.as_bytes()].concat());
        }
        Field::Never => return show.bool(false),
        // The rest is not known of a process that only a record's head tells of.
        _ if !process.is_whole() => return,
        _ => {}
    }
    match field {
        Field::Exe => show.text(program.exe()),
        Field::ExePath => show.text(&program.path),
        Field::Args => show.text(program.arguments()),
        Field::Word(at) => show.text(program.words().nth(*at).unwrap_or_default()),
        Field::CommandLine => show.text(program.command_line()),
        Field::ExeLine => show.joined([program.exe()].into_iter().chain(program.words())),
        Field::WordCount => show.uint(program.words().count() as u64),
        Field::WordLength => show.uint(program.words().map(<[u8]>::len).sum::<usize>() as u64),
        Field::Environment => show.joined(program.variables()),
        Field::Variable(name) => show.text(program.variable(name.as_bytes()).unwrap_or_default()),
        Field::NearestVariable(name) => {
            let mut line = event.tables.processes().ancestors(process);
            let value = line.find_map(|one| one.program.variable(name.as_bytes()));
            show.text(value.unwrap_or_default());
        }
        Field::Cwd => show.text(&process.cwd),
        Field::LoginShell => {
            let line = [process].into_iter().chain(event.tables.processes().ancestors(process));
            let shells = line.filter(|one| one.program.name.ends_with(b"sh"));
            if let Some(oldest) = shells.last() {
                show.int(oldest.facts.pid.into());
            }
        }
        Field::Threads => show.uint(process.threads.into()),
        Field::OtherThreads => show.uint(process.threads.saturating_sub(1).into()),
        Field::IsFromMemory => show.bool(program.is_from_memory()),
        Field::Stream(number, part) => stream::read(event, process, *number, *part, show),
        Field::Capabilities(set) => show.text(capabilities(match set {
            Set::Permitted => facts.cap_permitted,
            Set::Inheritable => facts.cap_inheritable,
            Set::Effective => facts.cap_effective,
        })),
        _ => numbers(event, facts, field, show),
    }
}

fn numbers(event: &Event<'_>, facts: &record::Process, field: &Field, show: &mut Show<'_>) {
    let overlay = facts.fs_magic == OVERLAY;
    let upper = facts.exe_flags & EXE_UPPER != 0;
    let namespace = || event.tables.namespace_start(facts.pid_ns);
    match field {
        Field::Terminal => show.uint(facts.terminal.into()),
        Field::NsPid => show.int(facts.ns_pid.into()),
        Field::NsTid => {
            let own = event.record.tid() == facts.pid;
            show.int(if own { facts.ns_pid } else { facts.ns_tid }.into());
        }
        Field::Session => show.int(facts.ns_session.into()),
        Field::NsGroup => show.int(facts.ns_group.into()),
        Field::Group => show.int(facts.group.into()),
        Field::IsExeWritable => show.bool(is_writable(facts)),
        Field::IsExeUpper => show.bool(overlay && upper),
        Field::IsExeLower => show.bool(overlay && !upper),
        Field::IsSessionLeader => show.bool(facts.ns_session == facts.ns_pid),
        Field::IsNsGroupLeader => show.bool(facts.ns_group == facts.ns_pid),
        Field::IsGroupLeader => show.bool(facts.group == facts.pid),
        Field::ExeInode if facts.exe_inode != 0 => show.int(facts.exe_inode as i64),
        Field::ExeChanged if facts.exe_inode != 0 => show.int(facts.exe_ctime * SECOND),
        Field::ExeWritten if facts.exe_inode != 0 => show.int(facts.exe_mtime * SECOND),
        Field::ChangeToStart if facts.exe_inode != 0 => {
            let start = event.tables.time(facts.start).0;
            show.int((start - facts.exe_ctime * SECOND).max(0));
        }
        Field::ChangeSinceNamespace => {
            let start = namespace().map(|start| event.tables.time(start).0);
            let since = start.map(|start| facts.exe_ctime * SECOND - start);
            if let Some(since) = since.filter(|since| *since > 0) {
                show.int(since);
            }
        }
        Field::NamespaceStart => {
            if let Some(start) = namespace() {
                show.uint(event.tables.time(start).0 as u64);
            }
        }
        _ => {}
    }
}

/// Tells what is peculiar to the program file, as bits of [`crate::arg`]'s table.
pub fn exe_flags(process: &Process) -> u64 {
    let (facts, from_memory) = (&process.facts, process.program.is_from_memory());
    let overlay = facts.fs_magic == OVERLAY;
    let upper = facts.exe_flags & EXE_UPPER != 0;
    let bits = [is_writable(facts), overlay && upper, from_memory, overlay && !upper];
    bits.iter().enumerate().map(|(bit, set)| u64::from(*set) << bit).sum()
}

/// Says whether the user who runs a program may write its file, by its mode and capabilities.
fn is_writable(facts: &record::Process) -> bool {
    let may = |bit: u32| facts.exe_mode & bit != 0;
    facts.exe_inode != 0
        && (facts.cap_effective >> CAP_DAC_OVERRIDE & 1 == 1
            || may(0o002)
            || (facts.exe_uid == facts.euid && may(0o200))
            || (facts.exe_gid == facts.egid && may(0o020)))
}

/// Writes the names of the capabilities in a set.
pub fn capabilities(set: u64) -> String {
    const NAMES: [&str; 41] = [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_DAC_READ_SEARCH",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETPCAP",
        "CAP_LINUX_IMMUTABLE",
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN",
        "CAP_NET_RAW",
        "CAP_IPC_LOCK",
        "CAP_IPC_OWNER",
        "CAP_SYS_MODULE",
        "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE",
        "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",
        "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG",
        "CAP_MKNOD",
        "CAP_LEASE",
        "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP",
        "CAP_MAC_OVERRIDE",
        "CAP_MAC_ADMIN",
        "CAP_SYSLOG",
        "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ",
        "CAP_PERFMON",
        "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE",
    ];
    let held = NAMES.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
    held.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}
