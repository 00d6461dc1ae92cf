//! Users and groups by number, of the host and of each container: from `/etc/passwd` and
//! `/etc/group` as they stand in its own root.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};

/// Bytes that are read of a file of users.
const FILE_LEN_MAX: u64 = 1 << 20;
/// Users and groups of one container that are kept.
const NAME_COUNT_MAX: usize = 4096;
/// Containers whose users are kept; when there are more, all are read anew.
const CONTAINER_COUNT_MAX: usize = 4096;
/// Nanoseconds until users are read again.
const AGE_MAX: u64 = 30_000_000_000;

/// Nanoseconds until users that could not be read are looked for again.
const AGAIN: u64 = 1_000_000_000;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: Box<[u8]>,
    /// Home directory.
    pub home: Box<[u8]>,
    /// Log-in shell.
    pub shell: Box<[u8]>,
}

/// Users and groups of one root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    users: HashMap<u32, User>,
    groups: HashMap<u32, Box<[u8]>>,
}

impl Names {
    /// Reads the texts of both files.
    pub fn parse(passwd: &[u8], group: &[u8]) -> Names {
        let mut names = Names::default();
        for line in passwd.split(|byte| *byte == b'\n').take(NAME_COUNT_MAX) {
            let parts: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
            if let [name, _, uid, _, _, home, shell] = parts[..]
                && let Some(uid) = number(uid)
            {
                let user = User { name: name.into(), home: home.into(), shell: shell.into() };
                names.users.entry(uid).or_insert(user);
            }
        }
        for line in group.split(|byte| *byte == b'\n').take(NAME_COUNT_MAX) {
            let mut parts = line.split(|byte| *byte == b':');
            if let (Some(name), Some(gid)) = (parts.next(), parts.nth(1).and_then(number)) {
                names.groups.entry(gid).or_insert_with(|| name.into());
            }
        }
        names
    }

    /// Returns a user.
    pub fn user(&self, uid: u32) -> Option<&User> {
        self.users.get(&uid)
    }

    /// Returns the name of a group.
    pub fn group(&self, gid: u32) -> Option<&[u8]> {
        self.groups.get(&gid).map(|name| &**name)
    }
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Users and groups by container.
#[derive(Debug, Default)]
pub struct Users {
    by_container: HashMap<Option<Arc<str>>, Kept>,
}

#[derive(Debug)]
struct Kept {
    /// Nothing where they could not be read.
    names: Option<Arc<Names>>,
    until: u64,
}

impl Users {
    /// Returns the names that hold in a container, or on the host.
    pub fn of(&self, container: Option<&Arc<str>>) -> Option<Arc<Names>> {
        self.by_container.get(&container.cloned()).and_then(|kept| kept.names.clone())
    }

    /// Tells whether the names that hold in a container are to be read.
    pub fn is_due(&self, container: Option<&Arc<str>>, now: u64) -> bool {
        let kept = self.by_container.get(&container.cloned());
        kept.is_none_or(|kept| now >= kept.until)
    }

    /// Reads the names that hold in a container. The first of `roots` that has them will do.
    pub fn read<'p>(
        &mut self,
        container: Option<&Arc<str>>,
        roots: impl Iterator<Item = &'p Path>,
        now: u64,
    ) {
        if self.by_container.len() >= CONTAINER_COUNT_MAX {
            self.by_container.clear();
        }
        let mut roots = roots;
        let names = roots.find_map(read_names).map(Arc::new);
        let until = now + if names.is_some() { AGE_MAX } else { AGAIN };
        self.by_container.insert(container.cloned(), Kept { names, until });
    }
}

fn read_names(root: &Path) -> Option<Names> {
    let passwd = read_within(root, "etc/passwd")?;
    let group = read_within(root, "etc/group").unwrap_or_default();
    Some(Names::parse(&passwd, &group))
}

/// Reads a file of a root that others own: neither its links nor its kind may mislead the reader.
fn read_within(root: &Path, path: &str) -> Option<Vec<u8>> {
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(root, folder, Mode::empty()).ok()?;
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let file = File::from(openat2(root, path, how, Mode::empty(), within).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(FILE_LEN_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_numbers_counts() {
        let names = Names::parse(
            b"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/ash\nbroken\nweb:x:33:33:::\n",
            b"root:x:0:\nwww:x:33:web\n",
        );
        assert_eq!(&*names.user(0).unwrap().name, b"root");
        assert_eq!(&*names.user(33).unwrap().home, b"");
        assert_eq!(names.group(33), Some(&b"www"[..]));
        assert!(names.user(1).is_none());
    }

    #[test]
    fn names_are_read_in_a_root_and_never_outside() {
        let root = tempfile::tempdir().unwrap();
        let etc = root.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        std::os::unix::fs::symlink("/elsewhere/passwd", etc.join("passwd")).unwrap();
        assert!(read_names(root.path()).is_none());
        std::fs::create_dir(root.path().join("elsewhere")).unwrap();
        std::fs::write(root.path().join("elsewhere/passwd"), "me:x:7:7::/:/x\n").unwrap();
        let names = read_names(root.path()).unwrap();
        assert_eq!(&*names.user(7).unwrap().name, b"me");
    }
}
