//! Which records anybody needs, in terms of what a program in the kernel can tell at little cost:
//! the *situation* of an event (how it ended, what an open asks for, what kind of socket it is
//! about, whether it surely comes from no container), and a few looks at its path or its ports.
//! What is dropped must be such that no rule could have matched it; whoever makes a [`Selection`]
//! answers for that.

mod stand_in;

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{self, From, Operation, RESULT};

pub use stand_in::{Decided, decided, host, nowhere, records, results};

/// Situations that an operation can have.
pub const SITUATION_COUNT: usize = 512;
/// Sets of needles.
pub const SET_COUNT_MAX: usize = 64;
/// Needles in all sets together.
pub const NEEDLE_COUNT_MAX: usize = 4096;
/// Bytes of a beginning; of a longer one the first count.
pub const BEGINNING_LEN_MAX: usize = 240;
/// Bytes of an ending that are looked at.
pub const ENDING_LEN: usize = 4;

/// What tells the situation of an operation's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// How they end.
    Outcome,
    /// How they end, and the path at this place.
    Path(record::Place),
    /// What they ask for, how they end, and a path.
    Open {
        /// Where the flags are.
        flags: record::Place,
        /// Where the mode is.
        mode: record::Place,
        /// Where the path is.
        path: record::Place,
    },
    /// What their descriptor names, how they end, and the ports of its socket.
    Socket(record::Place),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an error.
    Failed,
    /// With 0, 1 or 2: of a copied descriptor, a standard one.
    Small,
    /// With a greater number.
    Great,
}

/// What a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing, or no socket.
    NoSocket,
    /// A Unix socket.
    Unix,
    /// A TCP socket of either internet family.
    Tcp,
    /// A UDP socket of either internet family.
    Udp,
    /// Any other socket.
    Other,
}

/// One situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Where it happens.
    pub place: Place,
    /// What can be told of the event itself.
    pub what: What,
}

/// Where an event happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a container or outside: that is not known.
    Anywhere,
    /// Surely in no container.
    Host,
}

/// What can be told of an event itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Of [`Sort::Outcome`] and [`Sort::Path`].
    Ended(Outcome),
    /// Of [`Sort::Open`]: which of [`OPEN_FLAGS`] are set, whether any bit of [`OPEN_MODE`] is,
    /// how it ended.
    Open(u32, Executable, Outcome),
    /// Of [`Sort::Socket`].
    Socket(Class, Outcome),
}

/// Whether an open that makes a file makes one that may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Executable {
    No,
    Yes,
}

/// The flags of an open that tell its situation, lowest bit of the situation first: the two of
/// access, to create, to create without a name, to open a folder, to empty.
pub const OPEN_FLAGS: [u32; 6] = [0o1, 0o2, 0o100, 0o20_000_000, 0o200_000, 0o1000];
/// The bits of its mode that do.
pub const OPEN_MODE: u32 = 0o111;

/// What becomes of the events of a situation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Their records are sent.
    #[default]
    Send,
    /// Nobody needs them.
    Drop,
    /// Only those whose path or port is as a needle of the set of this number says. A path that is
    /// not absolute and plain ([`is_plain`]) is in doubt, and sent.
    Among(usize),
}

/// What a path or a port may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needle {
    /// A path that is this one.
    Is(Vec<u8>),
    /// One that begins so.
    Begins(Vec<u8>),
    /// One whose last [`ENDING_LEN`] bytes are these.
    Ends([u8; ENDING_LEN]),
    /// One that holds these two bytes, one behind the other.
    Holds([u8; 2]),
    /// One that names something right in the root.
    InRoot,
    /// One with a name in it that begins with a dot.
    Hidden,
    /// A port of either end.
    Port(u16),
}

/// Tells whether a path is its own lexical name: absolute, and between two slashes neither `..`,
/// `.` nor nothing.
pub fn is_plain(path: &[u8]) -> bool {
    let [b'/', names @ ..] = path else { return false };
    let mut names = names.split(|byte| *byte == b'/');
    let last = names.next_back();
    let is_name = |name: &[u8]| !matches!(name, b"" | b"." | b"..");
    names.all(is_name) && last.is_none_or(|name| name.is_empty() || is_name(name))
}

/// What becomes of the records of each operation. Of one that is not named, all are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// By operation, verdicts by the index of the situation.
    pub verdicts: BTreeMap<Operation, Vec<Verdict>>,
    /// The sets that verdicts name.
    pub sets: Vec<BTreeSet<Needle>>,
}

impl Sort {
    /// Tells what can be told of an operation; nothing where each of its records counts, because
    /// the tables are kept up to date by it.
    pub fn of(operation: Operation) -> Option<Sort> {
        use Operation::{
            Accept, Accept4, Bind, Capset, Chdir, Chmod, Clone, Clone3, Connect, Dup, Dup2, Dup3,
            Execve, Execveat, Fchdir, Fchmodat, Fork, Listen, Mkdir, Mkdirat, Open, Openat,
            Procexit, Recvfrom, Recvmmsg, Recvmsg, Rmdir, Sendmmsg, Sendmsg, Sendto, Setsid,
            Unlink, Unlinkat, Vfork,
        };
        Some(match operation {
            Execve | Execveat | Clone | Clone3 | Fork | Vfork | Procexit => return None,
            Chdir | Fchdir | Setsid | Capset | Accept | Accept4 | Listen => return None,
            Open => Sort::Open { flags: 1, mode: 2, path: 0 },
            Openat => Sort::Open { flags: 2, mode: 3, path: 1 },
            Dup | Dup2 | Dup3 => Sort::Socket(RESULT),
            Connect | Bind | Sendto | Sendmsg | Sendmmsg | Recvfrom | Recvmsg | Recvmmsg => {
                Sort::Socket(0)
            }
            Unlink | Rmdir | Mkdir | Chmod | Unlinkat | Mkdirat | Fchmodat => {
                Sort::Path(path_place(operation)?)
            }
            _ => Sort::Outcome,
        })
    }

    /// Returns every situation.
    pub fn situations(self) -> Vec<Situation> {
        const ENDS: [Outcome; 3] = [Outcome::Failed, Outcome::Small, Outcome::Great];
        let what: Vec<What> = match self {
            Sort::Outcome | Sort::Path(_) => ENDS.map(What::Ended).to_vec(),
            Sort::Open { .. } => {
                let bits = 0..1_u32 << OPEN_FLAGS.len();
                let flags = bits.map(|bits| {
                    let set = OPEN_FLAGS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
                    set.map(|(_, flag)| flag).sum::<u32>()
                });
                let modes = [Executable::No, Executable::Yes];
                let all = flags.flat_map(|flags| modes.map(|mode| (flags, mode)));
                let ends = [Outcome::Great, Outcome::Failed];
                all.flat_map(|(flags, mode)| ends.map(|end| What::Open(flags, mode, end))).collect()
            }
            Sort::Socket(_) => {
                let classes = [Class::NoSocket, Class::Unix, Class::Tcp, Class::Udp, Class::Other];
                let each = classes.into_iter();
                each.flat_map(|class| ENDS.map(|end| What::Socket(class, end))).collect()
            }
        };
        let places = [Place::Anywhere, Place::Host];
        places
            .into_iter()
            .flat_map(|place| what.iter().map(move |what| Situation { place, what: *what }))
            .collect()
    }
}

fn path_place(operation: Operation) -> Option<record::Place> {
    operation.call().params.iter().find_map(|param| match param.from {
        From::Path(_, place) => Some(place),
        _ => None,
    })
}

impl Situation {
    /// Returns its place among the verdicts of its operation.
    pub fn index(self) -> usize {
        let what = match self.what {
            What::Ended(outcome) => outcome as usize,
            What::Socket(class, outcome) => class as usize * 4 + outcome as usize,
            What::Open(flags, mode, outcome) => {
                let bits = OPEN_FLAGS.iter().enumerate();
                let flags: usize =
                    bits.map(|(at, flag)| usize::from(flags & flag != 0) << at).sum();
                flags
                    | usize::from(mode == Executable::Yes) << 6
                    | usize::from(outcome == Outcome::Failed) << 7
            }
        };
        what | usize::from(self.place == Place::Host) << 8
    }

    /// Returns how its events ended.
    pub fn outcome(self) -> Outcome {
        match self.what {
            What::Ended(outcome) | What::Open(_, _, outcome) | What::Socket(_, outcome) => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_situation_has_a_place_of_its_own() {
        let sorts = [Sort::Outcome, Sort::Socket(0), Sort::Open { flags: 1, mode: 2, path: 0 }];
        for sort in sorts {
            let places: Vec<usize> =
                sort.situations().iter().map(|situation| situation.index()).collect();
            let each: BTreeSet<usize> = places.iter().copied().collect();
            assert_eq!(each.len(), places.len());
            assert!(places.iter().all(|place| *place < SITUATION_COUNT));
        }
        assert!(Sort::Outcome.situations().iter().all(|one| one.index() & 0xff < 4));
        assert_eq!(Sort::of(Operation::Unlinkat), Some(Sort::Path(1)));
        assert_eq!(Sort::of(Operation::Mkdir), Some(Sort::Path(0)));
        assert_eq!(Sort::of(Operation::Setsid), None);
    }
    #[test]
    fn a_plain_path_is_its_own_name() {
        let plain = ["/", "/etc/passwd", "/root/.ssh/id", "/a/b/", "/.x", "/a..b", "/..b"];
        let other = ["", "a", "./a", "//a", "/a//", "/a/./b", "/a/.", "/.", "/a/../b", "/a/.."];
        for path in plain {
            assert!(is_plain(path.as_bytes()), "{path}");
            assert_eq!(crate::name::lexical(b"", path.as_bytes()), path.as_bytes());
        }
        other.iter().for_each(|path| assert!(!is_plain(path.as_bytes()), "{path}"));
    }
}
