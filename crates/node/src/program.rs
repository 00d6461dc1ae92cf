//! What runs here: this program, this machine, this kernel.

use std::fs::File;
use std::io::{self, Read};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Bytes read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Returns the SHA-256 of this program's file, hex; empty if it cannot be read.
pub fn build() -> String {
    // The file that runs, whatever lies at its path by now.
    File::open("/proc/self/exe").and_then(hash_of).unwrap_or_default()
}

/// Returns the SHA-256 of what a reader gives until its end, hex.
pub fn hash_of(mut content: impl Read) -> io::Result<String> {
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match content.read(&mut chunk) {
            Ok(0) => return Ok(HEXLOWER.encode(&hash.finalize())),
            Ok(length) => hash.update(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns what the kernel calls this start of the machine.
pub fn machine_boot() -> String {
    line("/proc/sys/kernel/random/boot_id")
}

/// Returns the release of the kernel.
pub fn kernel() -> String {
    line("/proc/sys/kernel/osrelease")
}

/// Returns the SHA-256 of a text, hex.
pub fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

fn line(path: &str) -> String {
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}
