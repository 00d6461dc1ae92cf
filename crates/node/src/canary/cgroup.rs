//! A cgroup that is named as that of a container which cannot be.
//!
//! To the kernel a container is nothing but processes in such a cgroup, so that is what shows that
//! rules for containers see. Nobody takes it for a real one: its id spells what it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

/// The id of the container that cannot be, in ASCII; its 32 bytes in hex are as long as an id.
const ID: &[u8; 32] = b"sockeye-canary-no-real-container";

/// A cgroup of its own, there until it is dropped.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes it, below the one of this process.
    pub fn make() -> io::Result<Cgroup> {
        let (mounts, own) =
            (fs::read_to_string("/proc/self/mounts")?, fs::read_to_string("/proc/self/cgroup")?);
        let above = folder(&mounts, &own)
            .ok_or_else(|| io::Error::other("no cgroup2 file system is mounted"))?;
        let path = above.join(name());
        match fs::create_dir(&path) {
            // Left behind by one that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(|error| {
                let above = above.display();
                io::Error::new(error.kind(), format!("no cgroup can be made in `{above}`: {error}"))
            })?,
        }
        Ok(Cgroup(path))
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // One that cannot be removed is used again.
        let _ = fs::remove_dir(&self.0);
    }
}

/// Moves this process into a cgroup.
pub fn enter(cgroup: &Path) -> io::Result<()> {
    fs::write(cgroup.join("cgroup.procs"), "0")
}

/// As podman names them: no agent of a node looks after these by their names.
fn name() -> String {
    format!("libpod-{}.scope", HEXLOWER.encode(ID))
}

/// Returns the folder of a process's own cgroup.
fn folder(mounts: &str, own: &str) -> Option<PathBuf> {
    let mut mounts = mounts.lines().map(|line| line.split(' '));
    let mount = mounts.find_map(|mut words| {
        let at = words.nth(1)?;
        (words.next()? == "cgroup2").then_some(at)
    })?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mount).join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_name_is_a_containers_and_spells_what_it_is() {
        let place = syscall::container::place(format!("/a.slice/{}", name()).as_bytes()).unwrap();
        assert_eq!(place.id.len(), 64);
        assert!(name().contains("736f636b6579"), "`sockeye` in hex");
    }

    #[test]
    fn it_lies_below_the_own_one() {
        let mounts = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        let at = |own| folder(mounts, own).map(|path| path.display().to_string());
        assert_eq!(at("0::/a.slice/b\n").unwrap(), "/sys/fs/cgroup/a.slice/b");
        assert_eq!(at("4:memory:/x\n0::/\n").unwrap(), "/sys/fs/cgroup/");
        assert_eq!(at("4:memory:/x\n"), None);
        assert_eq!(folder("proc /proc proc rw 0 0\n", "0::/\n"), None);
    }
}
