//! What `/proc` tells of a process that began before anybody looked, or whose beginning was lost.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Environment;
use super::process::{Program, TICK};
use crate::record::{self, EXE_DELETED, EXE_UPPER, TEXT_LEN_MAX};

/// Bytes that are read of one file.
const FILE_LEN_MAX: u64 = 64 << 10;
/// Magic number of overlay file systems.
const OVERLAY: u32 = 0x794c_7630;

/// What was found.
pub struct Found {
    /// As the kernel would tell it in a record.
    pub facts: record::Process,
    /// What it executes.
    pub program: Program,
    /// Directory that it works in.
    pub cwd: Vec<u8>,
    /// Path of its cgroup.
    pub cgroup: Vec<u8>,
    /// Threads that live.
    pub threads: u32,
}

/// Returns the name that the kernel keeps of a process.
pub fn name(proc: &Path, pid: u32) -> Vec<u8> {
    read(&proc.join(format!("{pid}/comm")), FILE_LEN_MAX).unwrap_or_default()
}

/// Looks at a process. One that has ended, or is no process but a thread, is not found.
pub fn process(proc: &Path, pid: u32, environment: Environment) -> Option<Found> {
    let home = proc.join(pid.to_string());
    let stat = Stat::read(&home)?;
    let status = read(&home.join("status"), FILE_LEN_MAX)?;
    let status = Status(std::str::from_utf8(&status).unwrap_or_default());
    let own = stat.numbers(&status, pid);
    let start = stat.start();
    let link = |name: &str| fs::read_link(home.join(name)).map(|path| path.into_os_string());
    let path = link("exe").map(OsStringExt::into_vec).unwrap_or_default();
    let (path, deleted) = match path.strip_suffix(b" (deleted)") {
        Some(path) => (path.to_vec(), true),
        None => (path, false),
    };
    // The kernel shows a file in memory as if it lay in the root.
    let path = match path.strip_prefix(b"/memfd:") {
        Some(name) => [b"memfd:", name].concat(),
        None => path,
    };
    let mut facts = record::Process { start, ..own };
    facts.parent_start = start_of(proc, facts.parent);
    namespaces(&home, &mut facts);
    executable(&home, &path, &mut facts);
    facts.exe_flags |= if deleted { EXE_DELETED } else { 0 };
    facts.login_uid = number(&home.join("loginuid")).unwrap_or(u32::MAX);
    facts.login_session = number(&home.join("sessionid")).unwrap_or(u32::MAX);
    let text = |name: &str| read(&home.join(name), TEXT_LEN_MAX as u64).unwrap_or_default();
    let environment = match environment {
        Environment::Kept => text("environ"),
        Environment::Left => Vec::new(),
    };
    let program = Program::new(&stat.name, &path, &text("cmdline"), &environment);
    let cwd = link("cwd").map(OsStringExt::into_vec).unwrap_or_default();
    // Whoever took the pid meanwhile is somebody else.
    let still = Stat::read(&home)?.start() == start;
    let threads = stat.field(17).unwrap_or(1);
    still.then(|| Found {
        facts,
        program,
        cwd,
        cgroup: cgroup(proc, pid).unwrap_or_default(),
        threads,
    })
}

/// Returns the parent of a process.
pub fn parent(proc: &Path, pid: u32) -> Option<u32> {
    Stat::read(&proc.join(pid.to_string()))?.field(1)
}

/// Returns the cgroup that tells the container: of the one tree, or where that holds nothing, the
/// memory controller's.
pub fn cgroup(proc: &Path, pid: u32) -> Option<Vec<u8>> {
    let text = read(&proc.join(pid.to_string()).join("cgroup"), FILE_LEN_MAX)?;
    let lines = || {
        text.split(|byte| *byte == b'\n').filter_map(|line| {
            let mut parts = line.splitn(3, |byte| *byte == b':').skip(1);
            Some((parts.next()?, parts.next()?))
        })
    };
    let one = lines().find(|(controllers, path)| controllers.is_empty() && *path != b"/");
    let memory = || lines().find(|(controllers, _)| *controllers == b"memory");
    one.or_else(memory).or_else(|| lines().next()).map(|(_, path)| path.to_vec())
}

/// Returns the inode that names a namespace.
pub fn namespace(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().and_then(|about| u32::try_from(about.ino()).ok())
}

fn read(path: &Path, max: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(max).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn number(path: &Path) -> Option<u32> {
    std::str::from_utf8(&read(path, 64)?).ok()?.trim().parse().ok()
}

/// Returns when a process began, as far as `/proc` tells; zero for none.
pub fn start_of(proc: &Path, pid: u32) -> u64 {
    if pid == 0 {
        return 0;
    }
    Stat::read(&proc.join(pid.to_string())).map_or(0, |stat| stat.start())
}

/// `/proc/<pid>/stat`: the name stands in parentheses and may hold any byte.
struct Stat {
    name: Vec<u8>,
    fields: String,
}

impl Stat {
    fn read(home: &Path) -> Option<Stat> {
        let bytes = read(&home.join("stat"), 4096)?;
        let open = bytes.iter().position(|byte| *byte == b'(')?;
        let close = bytes.iter().rposition(|byte| *byte == b')')?;
        let fields = String::from_utf8_lossy(bytes.get(close + 2..)?).into_owned();
        let ended = fields.starts_with(['Z', 'X']);
        (!ended).then(|| Stat { name: bytes[open + 1..close].to_vec(), fields })
    }

    /// Returns the field at this place behind the name, the state being 0.
    fn field<T: std::str::FromStr>(&self, at: usize) -> Option<T> {
        self.fields.split_ascii_whitespace().nth(at)?.parse().ok()
    }

    fn start(&self) -> u64 {
        self.field::<u64>(19).unwrap_or(0) * TICK
    }

    fn numbers(&self, status: &Status<'_>, pid: u32) -> record::Process {
        let [uid, euid, suid] = status.three("Uid:");
        let [gid, egid, sgid] = status.three("Gid:");
        record::Process {
            tid: pid,
            pid,
            parent: self.field(1).unwrap_or(0),
            group: self.field(2).unwrap_or(0),
            session: self.field(3).unwrap_or(0),
            terminal: self.field::<i64>(4).unwrap_or(0) as u32,
            ns_tid: status.innermost("NSpid:"),
            ns_pid: status.innermost("NStgid:"),
            ns_group: status.innermost("NSpgid:"),
            ns_session: status.innermost("NSsid:"),
            uid,
            euid,
            suid,
            gid,
            egid,
            sgid,
            cap_inheritable: status.hex("CapInh:"),
            cap_permitted: status.hex("CapPrm:"),
            cap_effective: status.hex("CapEff:"),
            ..record::Process::default()
        }
    }
}

/// `/proc/<pid>/status`.
struct Status<'s>(&'s str);

impl<'s> Status<'s> {
    fn words(&self, name: &str) -> impl Iterator<Item = &'s str> + use<'s> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().split_ascii_whitespace()
    }

    fn three(&self, name: &str) -> [u32; 3] {
        let mut words = self.words(name).map(|word| word.parse().unwrap_or(u32::MAX));
        [(); 3].map(|()| words.next().unwrap_or(u32::MAX))
    }

    fn innermost(&self, name: &str) -> u32 {
        self.words(name).last().and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    fn hex(&self, name: &str) -> u64 {
        self.words(name).next().and_then(|word| u64::from_str_radix(word, 16).ok()).unwrap_or(0)
    }
}

fn namespaces(home: &Path, facts: &mut record::Process) {
    let of = |kind: &str| namespace(&home.join("ns").join(kind)).unwrap_or(0);
    facts.mount_ns = of("mnt");
    facts.pid_ns = of("pid");
    facts.user_ns = of("user");
    facts.net_ns = of("net");
}

fn executable(home: &Path, path: &[u8], facts: &mut record::Process) {
    let Ok(about) = fs::metadata(home.join("exe")) else { return };
    let about: Metadata = about;
    facts.exe_inode = about.ino();
    facts.exe_device = about.dev() as u32;
    facts.exe_mode = about.mode();
    facts.exe_uid = about.uid();
    facts.exe_gid = about.gid();
    facts.exe_mtime = about.mtime();
    facts.exe_ctime = about.ctime();
    facts.exe_links = about.nlink() as u32;
    if let Some(upper) = upper_folder(home) {
        facts.fs_magic = OVERLAY;
        let path = String::from_utf8_lossy(path);
        if upper.join(path.trim_start_matches('/')).symlink_metadata().is_ok() {
            facts.exe_flags |= EXE_UPPER;
        }
    }
}

/// Returns the writable folder of the overlay that a process has as its root.
fn upper_folder(home: &Path) -> Option<PathBuf> {
    let text = read(&home.join("mountinfo"), FILE_LEN_MAX)?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|line| line.split(' ').nth(4) == Some("/"))?;
    let (_, about) = line.split_once(" - overlay ")?;
    let options = about.rsplit(' ').next()?;
    options.split(',').find_map(|option| option.strip_prefix("upperdir=")).map(PathBuf::from)
}
