//! What a canary does once it runs: a process of this program that was asked to act and to end.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::thread::UnshareFlags;

/// Variable that asks for it.
pub const ASKED: &str = "SOCKEYE_CANARY";
/// Status of one that could not act.
const UNABLE: u8 = 3;
/// Status of one that may not do what its act needs.
const FORBIDDEN: u8 = 4;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// End: starting was the act.
    End,
    /// Start once more, at a terminal.
    AtTerminal,
    /// Start once more, in this cgroup.
    InCgroup(PathBuf),
    /// Open the own memory to read.
    OwnMemory,
    /// Open a file to write, and write nothing.
    Open(String),
    /// Make a file, in this folder as the root.
    Make(PathBuf, String),
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::End => f.write_str("end"),
            Task::AtTerminal => f.write_str("at-terminal"),
            Task::InCgroup(path) => write!(f, "in-cgroup:{}", path.display()),
            Task::OwnMemory => f.write_str("own-memory"),
            Task::Open(path) => write!(f, "open:{path}"),
            Task::Make(root, path) => write!(f, "make:{}:{path}", root.display()),
        }
    }
}

impl Task {
    fn read(text: &str) -> Option<Task> {
        match text.split_once(':') {
            None if text == "end" => Some(Task::End),
            None if text == "at-terminal" => Some(Task::AtTerminal),
            None if text == "own-memory" => Some(Task::OwnMemory),
            Some(("in-cgroup", path)) => Some(Task::InCgroup(path.into())),
            Some(("open", path)) => Some(Task::Open(path.to_owned())),
            Some(("make", rest)) => {
                let (root, path) = rest.rsplit_once(':')?;
                Some(Task::Make(root.into(), path.to_owned()))
            }
            _ => None,
        }
    }

    fn act(self) -> io::Result<()> {
        match self {
            Task::End => Ok(()),
            Task::AtTerminal => Err(at_terminal()?),
            Task::InCgroup(path) => {
                super::cgroup::enter(&path)?;
                Err(once_more())
            }
            Task::OwnMemory => {
                let path = format!("/proc/{}/mem", std::process::id());
                OpenOptions::new().read(true).open(path).map(drop)
            }
            Task::Open(path) => OpenOptions::new().write(true).open(path).map(drop),
            Task::Make(root, path) => {
                take_as_root(&root)?;
                std::env::set_current_dir("/")?;
                fs::write(path, b"")
            }
        }
    }
}

/// Takes a terminal of its own, and starts once more. Returns only why it could not.
fn at_terminal() -> io::Result<io::Error> {
    rustix::process::setsid()?;
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    // Whoever leads a session and has no terminal gets the one that it opens.
    let _terminal =
        OpenOptions::new().read(true).write(true).open(name.to_string_lossy().as_ref())?;
    Ok(once_more())
}

/// Starts once more under the same name, and ends then. Returns only why it could not.
fn once_more() -> io::Error {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    Command::new(program).args(arguments).env(ASKED, Task::End.to_string()).exec()
}

/// Takes a folder as the root. Who may not, as an agent may not, first makes a user namespace of
/// its own, in which it may.
fn take_as_root(folder: &Path) -> io::Result<()> {
    if rustix::process::chroot(folder).is_ok() {
        return Ok(());
    }
    #[expect(deprecated, reason = "safe for all flags but FILES, says its successor")]
    rustix::thread::unshare(UnshareFlags::NEWUSER)?;
    Ok(rustix::process::chroot(folder)?)
}

/// Acts and ends the process, if it was started to. Called before anything else in a program that
/// plants canaries.
pub fn act_if_asked() {
    let Ok(asked) = std::env::var(ASKED) else { return };
    let status = match Task::read(&asked).map(Task::act) {
        Some(Ok(())) => 0,
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => FORBIDDEN,
        _ => UNABLE,
    };
    std::process::exit(status.into());
}

/// Says why a canary that ended did not act, if it did not.
pub fn unable(status: ExitStatus) -> Option<String> {
    match status.code() {
        Some(0) => None,
        Some(code) if code == i32::from(FORBIDDEN) => {
            Some("this program may not do what the act needs".to_owned())
        }
        _ => Some(format!("it could not act: {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_read_as_it_is_written() {
        for task in [
            Task::End,
            Task::AtTerminal,
            Task::InCgroup("/sys/fs/cgroup/a:b".into()),
            Task::OwnMemory,
            Task::Open("/proc/sys/vm/x".to_owned()),
            Task::Make("/a:b/root".into(), "/etc/x".to_owned()),
        ] {
            assert_eq!(Task::read(&task.to_string()), Some(task));
        }
        for wrong in ["", "run", "open", "make:x"] {
            assert_eq!(Task::read(wrong), None, "{wrong}");
        }
    }
}
