//! Every file against the manifest, and the manifest against the sums.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

use control::package::{self, FileNote, MANIFEST, Manifest, SUMS};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{Checked, read_manifest};

/// Largest file that is read as a whole.
const TEXT_BYTES_MAX: u64 = 1 << 30;

/// Deepest folder of a package.
const DEPTH_MAX: usize = 8;

/// Checks hashes of all files; returns the manifest if it can be read.
pub fn check(dir: &Path, checked: &mut Checked) -> Option<Manifest> {
    let text = text(dir, MANIFEST, checked)?;
    let manifest = match read_manifest(&text) {
        Ok(manifest) => manifest,
        Err(what) => {
            checked.fault(MANIFEST, what);
            return None;
        }
    };
    if manifest.text() != text {
        checked.fault(MANIFEST, "it is not written as this program writes it");
    }
    if self::text(dir, SUMS, checked)? != manifest.sums() {
        let both = format!("{SUMS} or {MANIFEST}");
        checked.fault(&both, "they do not agree; one of them was changed");
    }
    let before = checked.faults.len();
    for note in &manifest.files {
        one(dir, note, checked);
    }
    unlisted(dir, &manifest, checked);
    if checked.faults.len() == before {
        checked.proved.push(format!(
            "All {} files are as the manifest says; SHA-256 of the manifest: {}.",
            manifest.files.len(),
            package::sha256(text.as_bytes())
        ));
    }
    Some(manifest)
}

fn one(dir: &Path, note: &FileNote, checked: &mut Checked) {
    let plain = Path::new(&note.path).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || note.path.is_empty() {
        checked.fault(MANIFEST, format!("`{}` leads out of the package", note.path));
        return;
    }
    match hash(&dir.join(&note.path)) {
        Ok((sha256, bytes)) if sha256 == note.sha256 && bytes == note.bytes => (),
        Ok((sha256, _)) => {
            let what = format!("it was changed: SHA-256 is {sha256}, was {}", note.sha256);
            checked.fault(&note.path, what);
        }
        Err(error) => checked.fault(&note.path, format!("it cannot be read: {error}")),
    }
}

fn hash(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((HEXLOWER.encode(&hash.finalize()), bytes));
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
}

/// Names files that the manifest does not know.
fn unlisted(dir: &Path, manifest: &Manifest, checked: &mut Checked) {
    let listed: BTreeSet<&str> =
        manifest.files.iter().map(|note| note.path.as_str()).chain([MANIFEST, SUMS]).collect();
    let mut found = Vec::new();
    if let Err(error) = walk(dir, "", 0, &mut found) {
        checked.fault(".", format!("the folder cannot be read: {error}"));
    }
    for path in found.iter().filter(|path| !listed.contains(path.as_str())) {
        checked.fault(path, "the manifest does not know it");
    }
}

fn walk(dir: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() && depth < DEPTH_MAX {
            walk(&entry.path(), &format!("{path}/"), depth + 1, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads a file as text, or says why not.
pub fn text(dir: &Path, path: &str, checked: &mut Checked) -> Option<String> {
    let whole = dir.join(path);
    let read = File::open(&whole).and_then(|file| {
        let mut text = String::new();
        file.take(TEXT_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    });
    match read {
        Ok(text) => Some(text),
        Err(error) => {
            checked.fault(path, format!("it cannot be read: {error}"));
            None
        }
    }
}
