//! One file, looked at from within its own root so that no link leads out of it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use control::evidence::Held;
use event::Time;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat2};
use rustix::io::Errno;

use crate::program::hash_of;

/// Bytes of the largest file that is read.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// How often a path is tried to be followed.
const OPEN_COUNT_MAX: u32 = 64;

/// The root of a file system as a process sees it.
#[derive(Debug)]
pub struct Root(OwnedFd);

/// What was found at a path.
#[derive(Debug)]
pub struct Found {
    /// What the file holds.
    pub held: Held,
    /// Bytes that were read.
    pub bytes: u64,
    /// When file or attributes last changed, if it is there.
    pub changed: Option<Time>,
}

impl Root {
    /// Opens this process's own.
    pub fn host() -> io::Result<Root> {
        Root::at(Path::new("/"))
    }

    /// Opens a folder as a root.
    pub fn at(path: &Path) -> io::Result<Root> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Root(open(path, flags, Mode::empty())?))
    }

    /// Opens that of a process, if it is in this container: its number may be another's by now.
    pub fn of(pid: u32, container: &str) -> io::Result<Root> {
        let root = Root::at(Path::new(&format!("/proc/{pid}/root")))?;
        let cgroups = std::fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
        if !cgroups.contains(container) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(root)
    }

    /// Measures the file at an absolute path.
    pub fn measure(&self, path: &str) -> Found {
        let held = |held| Found { held, bytes: 0, changed: None };
        match self.open(path).and_then(|file| file.as_ref().map(read).transpose()) {
            Ok(Some(found)) => found,
            Ok(None) => held(Held::Unknown("no ordinary file".to_owned())),
            Err(Errno::NOENT | Errno::NOTDIR) => held(Held::Absent),
            Err(error) => held(Held::Unknown(io::Error::from(error).to_string())),
        }
    }

    /// Tells whether there is anything at an absolute path.
    pub fn has(&self, path: &str) -> bool {
        self.resolve(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC).is_ok()
    }

    /// Opens an ordinary file; nothing if it is none.
    fn open(&self, path: &str) -> Result<Option<File>, Errno> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        // Opening alone does something to many a device.
        if !is_ordinary(&fstat(&self.resolve(path, OFlags::PATH | OFlags::CLOEXEC)?)?) {
            return Ok(None);
        }
        let file = self.resolve(path, flags)?;
        // It may be another by now.
        let ordinary = is_ordinary(&fstat(&file)?);
        Ok(ordinary.then(|| file.into()))
    }

    /// Opens below the root. The kernel gives up on a path that leads upwards while anything on the
    /// machine is renamed or mounted, so it is asked again.
    fn resolve(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let open = || openat2(&self.0, path, flags, Mode::empty(), within);
        let mut opened = (1..OPEN_COUNT_MAX).map(|_| open());
        opened.find(|opened| !matches!(opened, Err(Errno::AGAIN))).unwrap_or_else(open)
    }
}

fn is_ordinary(state: &Stat) -> bool {
    FileType::from_raw_mode(state.st_mode) == FileType::RegularFile
}

/// Measures an open file.
pub fn read(file: &File) -> Result<Found, Errno> {
    let state = fstat(file)?;
    let changed = Time(state.st_ctime * Time::SECOND + state.st_ctime_nsec as i64);
    let mut content = file.take(FILE_BYTES_MAX + 1);
    let hash = hash_of(&mut content);
    let bytes = FILE_BYTES_MAX + 1 - content.limit();
    let held = match hash {
        Ok(_) if bytes > FILE_BYTES_MAX => {
            Held::Unknown(format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20))
        }
        Ok(hash) => Held::Sha256(hash),
        Err(error) => Held::Unknown(error.to_string()),
    };
    Ok(Found { held, bytes, changed: Some(changed) })
}
