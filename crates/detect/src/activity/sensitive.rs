//! Paths whose changes are told without any rule, each with its reason. Paths are those that a
//! process sees: of a container, below its own root.

/// One row: where, and why it is told.
#[derive(Clone, Copy, Debug)]
pub struct Sensitive {
    /// What kind of thing lies there.
    pub sort: &'static str,
    /// Why it matters who changes it.
    pub reason: &'static str,
    /// Where. The first row that fits a path holds.
    pub places: &'static [Place],
    /// Which changes are told.
    pub told: Told,
}

/// A place in the file system.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// This path, and everything below it.
    Below(&'static str),
    /// Paths that begin so.
    Begins(&'static str),
    /// Paths that hold this.
    Holds(&'static str),
    /// Files of this name in any home directory.
    Home(&'static str),
}

/// Which changes of a path are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// All.
    Every,
    /// Those by which something is lost: what lies there is written all the time.
    Loss,
}

use Place::{Begins, Below, Holds, Home};

const fn row(
    sort: &'static str,
    reason: &'static str,
    places: &'static [Place],
    told: Told,
) -> Sensitive {
    Sensitive { sort, reason, places, told }
}

/// Every row.
pub const ROWS: &[Sensitive] = &[
    row(
        "accounts",
        "says who may sign in and who may become whom",
        &[
            Begins("/etc/passwd"),
            Begins("/etc/shadow"),
            Begins("/etc/group"),
            Begins("/etc/gshadow"),
            Begins("/etc/sudoers"),
            Below("/etc/pam.d"),
            Below("/etc/security"),
            Below("/etc/nsswitch.conf"),
        ],
        Told::Every,
    ),
    row(
        "keys",
        "opens other systems to whoever holds it, or this one to whoever adds his own",
        &[
            Holds("/.ssh/"),
            Below("/etc/ssh"),
            Below("/etc/ssl/private"),
            Below("/etc/kubernetes/pki"),
            Below("/etc/pki/tls/private"),
            Holds("/.gnupg/"),
            Holds("/.aws/"),
            Holds("/.kube/"),
            Holds("/.docker/"),
            Holds("/.config/gcloud/"),
            Holds("/.azure/"),
            Holds("/secrets/kubernetes.io/"),
        ],
        Told::Every,
    ),
    row(
        "schedule",
        "is run by the system by itself, later and again",
        &[
            Begins("/etc/cron"),
            Below("/var/spool/cron"),
            Below("/var/spool/at"),
            Below("/etc/systemd"),
            Below("/lib/systemd"),
            Below("/usr/lib/systemd"),
            Below("/run/systemd/system"),
            Holds("/.config/systemd/"),
            Below("/etc/init.d"),
            Below("/etc/rc.local"),
            Below("/etc/kubernetes/manifests"),
        ],
        Told::Every,
    ),
    row(
        "shell",
        "is run whenever somebody signs in",
        &[
            Begins("/etc/profile"),
            Below("/etc/bash.bashrc"),
            Begins("/etc/zsh"),
            Home(".bashrc"),
            Home(".bash_profile"),
            Home(".bash_login"),
            Home(".profile"),
            Home(".zshrc"),
            Home(".zprofile"),
            Home(".kshrc"),
        ],
        Told::Every,
    ),
    row(
        "history",
        "tells what was typed; clearing it hides that",
        &[Home(".bash_history"), Home(".zsh_history"), Home(".ash_history"), Home(".sh_history")],
        Told::Loss,
    ),
    row("loader", "is loaded into every program", &[Begins("/etc/ld.so.")], Told::Every),
    row(
        "configuration",
        "decides how the system and its services behave",
        &[Below("/etc")],
        Told::Every,
    ),
    row(
        "programs",
        "is executed by others who trust it",
        &[
            Below("/bin"),
            Below("/sbin"),
            Below("/usr/bin"),
            Below("/usr/sbin"),
            Below("/usr/local/bin"),
            Below("/usr/local/sbin"),
            Below("/usr/libexec"),
        ],
        Told::Every,
    ),
    row(
        "libraries",
        "is loaded into programs that trust it",
        &[Below("/lib"), Below("/lib64"), Below("/usr/lib"), Below("/usr/lib64")],
        Told::Every,
    ),
    row("boot", "is the kernel, or starts it", &[Below("/boot")], Told::Every),
    row(
        "kernel",
        "changes how the kernel behaves, for every container on the node",
        &[
            Below("/proc/sys"),
            Below("/proc/sysrq-trigger"),
            Below("/sys/kernel"),
            Below("/sys/module"),
            Holds("/release_agent"),
            Below("/dev/mem"),
            Below("/dev/kmem"),
            Below("/dev/port"),
        ],
        Told::Every,
    ),
    row(
        "logs",
        "tells what happened; what is removed tells nothing any more",
        &[Below("/var/log")],
        Told::Loss,
    ),
];

/// Acts by which something is lost.
const LOSSES: [&str; 4] = ["overwritten", "removed", "renamed", "truncated"];

/// Finds what a path is sensitive as, if the change is one to tell of.
pub fn sensitive(path: &[u8], act: &str) -> Option<&'static Sensitive> {
    let row = ROWS.iter().find(|row| row.places.iter().any(|place| place.holds(path)))?;
    (row.told == Told::Every || LOSSES.contains(&act)).then_some(row)
}

impl Place {
    fn holds(self, path: &[u8]) -> bool {
        match self {
            Below(place) => path
                .strip_prefix(place.as_bytes())
                .is_some_and(|rest| rest.is_empty() || rest[0] == b'/'),
            Begins(place) => path.starts_with(place.as_bytes()),
            Holds(part) => memchr::memmem::find(path, part.as_bytes()).is_some(),
            Home(name) => path
                .strip_suffix(name.as_bytes())
                .is_some_and(|home| home == b"/root/" || is_home(home)),
        }
    }
}

/// Tells whether a path is a user's own folder, ended by a slash.
fn is_home(path: &[u8]) -> bool {
    let own = path.strip_prefix(b"/home/").and_then(|rest| rest.strip_suffix(b"/"));
    own.is_some_and(|name| !name.is_empty() && !name.contains(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(path: &str, act: &str) -> &'static str {
        sensitive(path.as_bytes(), act).map_or("-", |row| row.sort)
    }

    #[test]
    fn a_change_is_told_by_the_first_row_that_fits() {
        for (path, expected) in [
            ("/etc/shadow", "accounts"),
            ("/etc/passwd-", "accounts"),
            ("/home/ada/.ssh/authorized_keys", "keys"),
            ("/root/.ssh/id_rsa", "keys"),
            ("/etc/cron.d/x", "schedule"),
            ("/root/.bashrc", "shell"),
            ("/home/ada/.profile", "shell"),
            ("/srv/home/ada/.profile", "-"),
            ("/etc/ld.so.preload", "loader"),
            ("/etc/hosts", "configuration"),
            ("/etcetera", "-"),
            ("/usr/bin/ls", "programs"),
            ("/lib/x.so", "libraries"),
            ("/proc/sys/kernel/core_pattern", "kernel"),
            ("/sys/fs/cgroup/memory/release_agent", "kernel"),
            ("/tmp/x", "-"),
            ("", "-"),
        ] {
            assert_eq!(sort(path, "written"), expected, "{path}");
        }
    }

    #[test]
    fn of_logs_only_their_loss_is_told() {
        assert_eq!(sort("/var/log/auth.log", "appended"), "-");
        assert_eq!(sort("/var/log/auth.log", "written"), "-");
        for act in LOSSES {
            assert_eq!(sort("/var/log/auth.log", act), "logs");
            assert_eq!(sort("/root/.bash_history", act), "history");
        }
    }
}
