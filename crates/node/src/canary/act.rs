//! The acts, one a family.

use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::cgroup::Cgroup;
use super::child::{ASKED, Task};

/// What a canary says to whoever finds it in a list of processes.
const LABEL: &str = "sockeye-canary";

/// An act that a rule must tell of.
#[derive(Debug)]
pub struct Act {
    /// The page of the rules.
    pub family: &'static str,
    /// The rule that must match; empty where nothing can be planted.
    pub rule: &'static str,
    how: How,
}

#[derive(Debug)]
enum How {
    /// A program of this name starts with these arguments, and ends.
    Program(&'static str, &'static [&'static str]),
    /// The same, at a terminal of its own.
    AtTerminal(&'static str, &'static [&'static str]),
    /// The same, in a cgroup that is named like that of a container which cannot be.
    InContainer(&'static str, &'static [&'static str]),
    /// Its own memory is opened to be read.
    OwnMemory,
    /// This file is opened to be written, and nothing is.
    Open(&'static str),
    /// This file is made, in a root of its own.
    Make(&'static str),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// An act under way.
#[derive(Debug)]
pub struct Acting {
    child: Child,
    /// Removed after the child ended.
    _cgroup: Option<Cgroup>,
}

/// The acts. None needs what an ancestor such as `make` would forbid: a server may be started by
/// anything.
pub const ACTS: &[Act] = &[
    program("accounts", "Account changed by hand", "usermod", &[LABEL]),
    Act {
        family: "container-escape",
        rule: "File system debugger run in a container",
        how: How::InContainer("debugfs", &[LABEL]),
    },
    Act {
        family: "container-launch",
        rule: "",
        how: How::Nothing(
            "its rules judge what a container runtime says of what it started; nothing is started \
             by one for a canary, and what it says is not forged",
        ),
    },
    program("data-leaves", "Tunnel through DNS or ping", "iodine", &[LABEL]),
    Act {
        family: "interactive-access",
        rule: "Container entered from the node",
        how: How::AtTerminal("nsenter", &[LABEL]),
    },
    program("intrusion", "Netcat told to start a program", "nc", &["-e", LABEL]),
    Act {
        family: "kernel",
        rule: "Kernel parameter changed",
        how: How::Open("/proc/sys/vm/swappiness"),
    },
    program("miners", "Known crypto miner started", "xmrig", &[LABEL]),
    program("network-boundary", "Tunnel opened past the boundary", "ngrok", &[LABEL]),
    program("persistence", "Scheduled job added", "crontab", &[LABEL]),
    program("privilege-escalation", "Known exploit form of a set-user-id program", "pkexec", &[]),
    Act { family: "secrets", rule: "Memory of another process read", how: How::OwnMemory },
    Act { family: "settings", rule: "Write Below Etc", how: How::Make("/etc/sockeye-canary") },
    Act {
        family: "software-drift",
        rule: "Package source changed",
        how: How::Make("/etc/apt/sources.list.d/sockeye-canary.list"),
    },
    program("traces", "Monitoring stopped on a node", "systemctl", &["stop", "auditd", LABEL]),
];

const fn program(
    family: &'static str,
    rule: &'static str,
    name: &'static str,
    args: &'static [&'static str],
) -> Act {
    Act { family, rule, how: How::Program(name, args) }
}

impl Act {
    /// Says why nothing can be planted.
    pub fn why_not(&self) -> &'static str {
        match self.how {
            How::Nothing(reason) => reason,
            _ => "",
        }
    }

    /// Tells whether its rule looks at nodes only, not into containers.
    pub fn on_node(&self) -> bool {
        !matches!(
            self.family,
            "container-escape" | "data-leaves" | "intrusion" | "miners" | "network-boundary"
        )
    }

    /// Does it. The child is the program itself, under another name.
    pub fn plant(&self, program: &Path, folder: &Path) -> io::Result<Acting> {
        let mut cgroup = None;
        let (name, args, task) = match self.how {
            How::Program(name, args) => (name, args, Task::End),
            How::AtTerminal(name, args) => (name, args, Task::AtTerminal),
            How::InContainer(name, args) => {
                let made = cgroup.insert(Cgroup::make()?);
                (name, args, Task::InCgroup(made.path().to_owned()))
            }
            How::OwnMemory => (LABEL, &[] as &[&str], Task::OwnMemory),
            How::Open(path) => (LABEL, &[] as &[&str], Task::Open(path.to_owned())),
            How::Make(path) => {
                let root = folder.join("root");
                std::fs::create_dir_all(
                    root.join(path.trim_start_matches('/')).parent().unwrap_or(&root),
                )?;
                (LABEL, &[] as &[&str], Task::Make(root, path.to_owned()))
            }
            How::Nothing(reason) => return Err(io::Error::other(reason)),
        };
        let link = folder.join(name);
        match symlink(program, &link) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let child = Command::new(&link)
            .args(args)
            .env_clear()
            .env(ASKED, task.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Acting { child, _cgroup: cgroup })
    }
}

impl Acting {
    /// The process that acts.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns how it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Acting {
    /// It ends by itself; this only makes sure, so that it leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Empties the folder of canaries.
pub fn prepare(folder: &Path) {
    // One that cannot be made is told of by the first act.
    let _ = std::fs::remove_dir_all(folder);
    let _ = std::fs::create_dir_all(folder);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_an_act_or_a_reason() {
        let mut families: Vec<String> = detect::families("syscall");
        families.retain(|family| family != "_shared");
        let acts: Vec<&str> = ACTS.iter().map(|act| act.family).collect();
        assert_eq!(acts, families);
        for act in ACTS {
            let rules = detect::family_rules(&format!("rules/syscall/{}.yaml", act.family));
            let known = rules.iter().any(|rule| rule == act.rule);
            assert!(known != act.rule.is_empty(), "{}: no rule `{}`", act.family, act.rule);
            assert_eq!(act.rule.is_empty(), !act.why_not().is_empty());
        }
    }
}
