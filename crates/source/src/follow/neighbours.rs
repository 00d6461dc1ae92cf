//! A log and its rotated files: which they are, and in which order they were written.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

/// Most rotated files looked at.
const FILES_MAX: usize = 1000;

/// How old a file is by its name. Ordered oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// `audit.log.2`: the higher the number the older.
    Numbered(Reverse<u64>),
    /// `audit-2026-11-22T04-05-06.000.log`, `audit.log-20261122`: by the time in the name.
    Dated(String),
    /// The log itself.
    Current,
}

/// Returns the log and its rotated files, oldest first; those that exist.
pub fn of(path: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some(age) = age(path, &entry.file_name()) {
            found.push((age, folder.join(entry.file_name())));
        }
    }
    found.sort();
    // While it is being compressed, a file is there twice: the plain one, which sorts first, whole.
    found.dedup_by(|later, earlier| later.0 == earlier.0 && is_compressed(&later.1));
    let surplus = found.len().saturating_sub(FILES_MAX);
    let mut files: Vec<PathBuf> = found.into_iter().skip(surplus).map(|(_, path)| path).collect();
    // The current file keeps the path it was named by.
    if let Some(last) = files.last_mut()
        && last.file_name() == path.file_name()
    {
        *last = path.to_owned();
    }
    Ok(files)
}

/// Returns the files that were begun after `read`, which is not among them any more under its name
/// and content. A time in its name says which those are; a number does not, for rotations since
/// then have moved them all on: then they are those that were written later.
pub fn younger_than(
    mut files: Vec<PathBuf>,
    read: &Path,
    written: SystemTime,
    log: &Path,
) -> Vec<PathBuf> {
    let dated = read.file_name().and_then(|name| age(log, name));
    let dated = dated.filter(|age| matches!(age, Age::Dated(_)));
    files.retain(|path| match &dated {
        Some(known) => path.file_name().and_then(|name| age(log, name)) > Some(known.clone()),
        None => path.metadata().and_then(|about| about.modified()).is_ok_and(|at| at >= written),
    });
    files
}

/// Tells whether a file is compressed, by its name.
pub fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz" || extension == "zst")
}

/// Reads the age of a file out of its name; `None` when it is no file of this log.
fn age(log: &Path, name: &OsStr) -> Option<Age> {
    let log = log.file_name()?.to_str()?;
    let name = name.to_str()?;
    if name == log {
        return Some(Age::Current);
    }
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    if let Some(suffix) = plain.strip_prefix(log) {
        let suffix = suffix.strip_prefix(['.', '-'])?;
        return numbered_or_dated(suffix);
    }
    let (stem, extension) = log.rsplit_once('.')?;
    let middle = plain.strip_prefix(stem)?.strip_suffix(extension)?.strip_suffix('.')?;
    let middle = middle.strip_prefix(['-', '.'])?;
    numbered_or_dated(middle)
}

fn numbered_or_dated(text: &str) -> Option<Age> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits == text.len() && digits > 0 && digits < 8 {
        return text.parse().ok().map(|number| Age::Numbered(Reverse(number)));
    }
    let of_a_time = |byte: u8| byte.is_ascii_digit() || b"-.:_TZ+".contains(&byte);
    (digits >= 8 && text.bytes().all(of_a_time)).then(|| Age::Dated(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_order() {
        let age = |name: &str| age(Path::new("/var/log/audit.log"), OsStr::new(name));
        assert_eq!(age("audit.log"), Some(Age::Current));
        assert!(age("audit.log.2.gz") < age("audit.log.1"));
        assert!(age("audit.log.1") < age("audit.log"));
        let first = age("audit-2026-11-22T04-05-06.123.log");
        assert!(first.is_some() && first < age("audit-2026-11-22T05-00-00.000.log.gz"));
        assert!(age("audit.log-20261122") < age("audit.log"));
        for other in ["audit.txt", "audit-policy.log", "audit.log.bak", "other.log", "audit-.log"] {
            assert_eq!(age(other), None, "{other}");
        }
    }
}
