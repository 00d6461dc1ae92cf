//! One file, looked at from within its own root so that no link leads out of it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use control::evidence::Held;
use data_encoding::HEXLOWER;
use event::Time;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat2};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

/// Bytes of the largest file that is read.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Bytes read at once.
const CHUNK_BYTES: usize = 64 << 10;

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

    /// Opens an ordinary file; nothing if it is none.
    fn open(&self, path: &str) -> Result<Option<File>, Errno> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let open = |flags| openat2(&self.0, path, flags, Mode::empty(), within);
        // Opening alone does something to many a device.
        if !is_ordinary(&fstat(&open(OFlags::PATH | OFlags::CLOEXEC)?)?) {
            return Ok(None);
        }
        let file = open(flags)?;
        // It may be another by now.
        let ordinary = is_ordinary(&fstat(&file)?);
        Ok(ordinary.then(|| file.into()))
    }
}

fn is_ordinary(state: &Stat) -> bool {
    FileType::from_raw_mode(state.st_mode) == FileType::RegularFile
}

fn read(file: &File) -> Result<Found, Errno> {
    let state = fstat(file)?;
    let changed = Time(state.st_ctime * Time::SECOND + state.st_ctime_nsec as i64);
    let found = |held, bytes| Ok(Found { held, bytes, changed: Some(changed) });
    let (mut hash, mut chunk, mut bytes) = (Sha256::new(), vec![0; CHUNK_BYTES], 0);
    let mut file = file.take(FILE_BYTES_MAX + 1);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                hash.update(&chunk[..length]);
                bytes += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return found(Held::Unknown(error.to_string()), bytes),
        }
    }
    if bytes > FILE_BYTES_MAX {
        let size = FILE_BYTES_MAX >> 20;
        return found(Held::Unknown(format!("it is larger than {size} MiB")), bytes);
    }
    found(Held::Sha256(HEXLOWER.encode(&hash.finalize())), bytes)
}
