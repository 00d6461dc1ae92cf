//! Records of system calls, as they cross from the kernel to the reader: what was done, by whom,
//! with what, and with which result. A recording can be turned into the same records, so the
//! tables of processes and descriptors are filled in one way.
//!
//! A record has a head of 96 bytes and then its parameters, each 4 bytes of head and its value,
//! padded to a multiple of 4. All numbers are little endian. The sensor's `record.h` says the
//! same in C; a test there compares the two.

mod call;
mod operation;
mod process;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use call::{CALLS, Call, From, HERE, Kind, Param, Place, RESULT};
pub use operation::Operation;
pub use process::{EXE_DELETED, EXE_UPPER, PROCESS_LEN, Process};
pub use value::{FILE_CREATED, FILE_LEN, Facts, File, SOCKET_LEN, Socket, Value, What};
pub use write::{Head, Writer};

/// Version of the format; it stands in every record.
pub const VERSION: u8 = 1;
/// Length of what stands before the parameters.
pub const HEAD_LEN: usize = 96;
/// No parameter begins behind this.
pub const RECORD_LEN_MAX: usize = 16 * 1024;
/// Bytes of a text that are kept.
pub const TEXT_LEN_MAX: usize = 4096;
/// Bytes of data that are kept.
pub const DATA_LEN_MAX: usize = 256;

/// A parameter was cut, or left out because the record was full.
pub const TRUNCATED: u16 = 1;
/// A parameter could not be read from the program's memory.
pub const UNREAD: u16 = 2;
/// A 32-bit call.
pub const COMPAT: u16 = 4;
/// Asked for through io_uring.
pub const IO_URING: u16 = 8;
/// Seen before it was done; `result` means nothing.
pub const RESULT_UNKNOWN: u16 = 16;

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Shorter than they say, or than a head.
    #[error("record of {len} bytes ends early: {expected} expected")]
    Short {
        /// What there is.
        len: usize,
        /// What there should be.
        expected: usize,
    },
    /// Written by another version.
    #[error("record of version {0}: this build reads version {VERSION}")]
    Version(u8),
    /// An operation that this build does not know.
    #[error("record of unknown operation {0}")]
    Operation(u16),
}

/// One record. It borrows its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Record<'r> {
    /// What was done.
    pub operation: Operation,
    /// Flags: [`TRUNCATED`] and the others.
    pub flags: u16,
    bytes: &'r [u8],
}

impl<'r> Record<'r> {
    /// Reads the head. Parameters are read when they are asked for.
    pub fn parse(bytes: &'r [u8]) -> Result<Self, RecordError> {
        let short = |expected| RecordError::Short { len: bytes.len(), expected };
        if bytes.len() < HEAD_LEN {
            return Err(short(HEAD_LEN));
        }
        let len = number(bytes, 0, 4) as usize;
        if len < HEAD_LEN || len > bytes.len() {
            return Err(short(len.max(HEAD_LEN)));
        }
        if bytes[4] != VERSION {
            return Err(RecordError::Version(bytes[4]));
        }
        let code = number(bytes, 6, 2) as u16;
        let operation = Operation::from_number(code).ok_or(RecordError::Operation(code))?;
        Ok(Self { operation, flags: number(bytes, 8, 2) as u16, bytes: &bytes[..len] })
    }

    /// Processor that it was taken on.
    pub fn cpu(&self) -> u16 {
        number(self.bytes, 10, 2) as u16
    }

    /// Process that is the parent of the one that acts.
    pub fn parent(&self) -> u32 {
        number(self.bytes, 12, 4) as u32
    }

    /// Nanoseconds since the machine started, sleep included.
    pub fn time(&self) -> u64 {
        number(self.bytes, 16, 8)
    }

    /// What the call returned; a negative number is an error. Nothing where it is not known.
    pub fn result(&self) -> Option<i64> {
        (self.flags & RESULT_UNKNOWN == 0).then(|| number(self.bytes, 24, 8) as i64)
    }

    /// Thread that acts, as the host counts.
    pub fn tid(&self) -> u32 {
        number(self.bytes, 32, 4) as u32
    }

    /// Process that acts, as the host counts.
    pub fn pid(&self) -> u32 {
        number(self.bytes, 36, 4) as u32
    }

    /// When the process started, on the clock of [`Self::time`]: the kernel reuses pids, so a
    /// process is known by pid *and* start.
    pub fn start(&self) -> u64 {
        number(self.bytes, 40, 8)
    }

    /// When the parent started.
    pub fn parent_start(&self) -> u64 {
        number(self.bytes, 48, 8)
    }

    /// Effective user.
    pub fn uid(&self) -> u32 {
        number(self.bytes, 56, 4) as u32
    }

    /// Effective group.
    pub fn gid(&self) -> u32 {
        number(self.bytes, 60, 4) as u32
    }

    /// Id of the cgroup that tells the container.
    pub fn cgroup(&self) -> u64 {
        number(self.bytes, 64, 8)
    }

    /// Inode of the mount namespace.
    pub fn mount_ns(&self) -> u32 {
        number(self.bytes, 72, 4) as u32
    }

    /// Inode of the pid namespace.
    pub fn pid_ns(&self) -> u32 {
        number(self.bytes, 76, 4) as u32
    }

    /// Name of the thread, at most 15 bytes.
    pub fn comm(&self) -> &'r [u8] {
        let comm = &self.bytes[80..96];
        &comm[..comm.iter().position(|&byte| byte == 0).unwrap_or(comm.len())]
    }

    /// The bytes of the record.
    pub fn bytes(&self) -> &'r [u8] {
        self.bytes
    }

    /// Whether the call did what was asked, or may have.
    pub fn succeeded(&self) -> bool {
        self.result().is_none_or(|result| result >= 0)
    }

    /// The parameters with their names. It ends where the record was cut.
    pub fn params(&self) -> Params<'r> {
        let params = self.operation.call().params;
        Params { params, rest: &self.bytes[HEAD_LEN..], count: self.bytes[5] }
    }

    /// The value of one parameter.
    #[inline]
    pub fn param(&self, name: &str) -> Option<Value<'r>> {
        self.params().find_first(|param| param.name == name)
    }

    /// The first open file among the parameters.
    pub fn file(&self) -> Option<File<'r>> {
        match self.params().find_first(|param| matches!(param.from, From::File(_)))?.what {
            What::File(file) => Some(file),
            _ => None,
        }
    }
}

/// Parameters of a record.
#[derive(Debug, Clone)]
pub struct Params<'r> {
    params: &'static [Param],
    rest: &'r [u8],
    count: u8,
}

impl<'r> Params<'r> {
    fn next_raw(&mut self) -> Option<value::Raw<'r>> {
        self.count = self.count.checked_sub(1)?;
        let (raw, rest) = value::Raw::split(self.rest)?;
        self.rest = rest;
        Some(raw)
    }

    /// Reads the first parameter that `is` it; what stands before is only passed over.
    #[inline]
    fn find_first(mut self, is: impl Fn(&Param) -> bool) -> Option<Value<'r>> {
        while !is(self.params.first()?) {
            for _ in self.params.first()?.from.kinds() {
                self.next_raw()?;
            }
            self.params = &self.params[1..];
        }
        self.next().map(|(_, value)| value)
    }
}

impl<'r> Iterator for Params<'r> {
    type Item = (&'static Param, Value<'r>);

    fn next(&mut self) -> Option<Self::Item> {
        let (param, rest) = self.params.split_first()?;
        self.params = rest;
        let first = self.next_raw()?;
        let value = match param.from {
            From::Path(..) => Value::path(first, self.next_raw()),
            From::Message(_) | From::Messages(_) => Value::message(first, self.next_raw()),
            _ => Value::read(first),
        };
        Some((param, value))
    }
}

/// Reads a number of `len` bytes, at most 8; what lies outside reads as zero.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let mut all = [0; 8];
    if let Some(found) = bytes.get(at..at + len) {
        all[..len].copy_from_slice(found);
    }
    u64::from_le_bytes(all)
}
