//! Changes to sensitive paths.

use control::evidence::{What, Write};
use syscall::record::{self, Operation};
use syscall::selection;

use super::sensitive::{Sensitive, sensitive};
use super::{Activities, Seen, text};

/// What a call does to which path, and which parameter holds another path of interest.
type Row = (&'static [Operation], &'static str, &'static str, Option<&'static str>);

/// Opens, whose flags say what they do.
const OPENS: &[Operation] = &[
    Operation::Open,
    Operation::Openat,
    Operation::Openat2,
    Operation::Creat,
    Operation::OpenByHandleAt,
];
const ROWS: &[Row] = &[
    (
        &[Operation::Rename, Operation::Renameat, Operation::Renameat2],
        "renamed",
        "from",
        Some("to"),
    ),
    (
        &[Operation::Rename, Operation::Renameat, Operation::Renameat2],
        "replaced",
        "to",
        Some("from"),
    ),
    (&[Operation::Unlink, Operation::Unlinkat, Operation::Rmdir], "removed", "name", None),
    (&[Operation::Mkdir, Operation::Mkdirat], "folder made", "name", None),
    (&[Operation::Link, Operation::Linkat], "linked", "to", Some("from")),
    (&[Operation::Link, Operation::Linkat], "linked elsewhere", "from", Some("to")),
    (&[Operation::Symlink, Operation::Symlinkat], "linked", "name", Some("target")),
    (&[Operation::Symlink, Operation::Symlinkat], "linked elsewhere", "target", Some("name")),
    (&[Operation::Mknod, Operation::Mknodat], "device made", "name", None),
    (&[Operation::Chmod, Operation::Fchmodat, Operation::Fchmodat2], "mode changed", "name", None),
    (&[Operation::Fchmod], "mode changed", "file", None),
    (&[Operation::Chown, Operation::Lchown, Operation::Fchownat], "owner changed", "name", None),
    (&[Operation::Fchown], "owner changed", "file", None),
    (&[Operation::Truncate], "truncated", "name", None),
];

const O_ACCMODE: u64 = 0o3;
const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
const O_TRUNC: u64 = 0o1000;
const O_APPEND: u64 = 0o2000;

/// What tells of changes.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    OPENS.iter().chain(ROWS.iter().flat_map(|row| row.0))
}

impl Activities {
    pub(super) fn change(&mut self, seen: &Seen<'_>) {
        if OPENS.contains(&seen.record.operation) {
            return self.opened(seen);
        }
        for (operations, act, path, other) in ROWS {
            if !operations.contains(&seen.record.operation) {
                continue;
            }
            let Some(path) = seen.path(path) else { continue };
            let Some(row) = sensitive(&path, act) else { continue };
            let other = other.and_then(|name| seen.path(name));
            self.changed(seen, &path, act, row, other.map(|other| text(&other)));
            return;
        }
    }

    fn opened(&mut self, seen: &Seen<'_>) {
        let flags = seen.number("flags").unwrap_or(0);
        let Some(act) = open_act(flags) else { return };
        // Where a link leads matters more than what it is called.
        let resolved = match seen.param("file") {
            Some(record::What::File(file)) if file.is_open() => Some(file.path.to_vec()),
            _ => None,
        };
        let named = seen.path("name");
        for path in [resolved, named].into_iter().flatten() {
            if let Some(row) = sensitive(&path, act) {
                return self.changed(seen, &path, act, row, None);
            }
        }
    }

    fn changed(
        &mut self,
        seen: &Seen<'_>,
        path: &[u8],
        act: &str,
        row: &Sensitive,
        other: Option<String>,
    ) {
        let by = self.actor(seen);
        let (path, act, sort) = (text(path), act.to_owned(), row.sort.to_owned());
        let told = Write { path, act, sort, other, content: None };
        let act = seen.act(by, What::Write(told));
        self.acts.merge(act, None);
    }
}

/// Tells whether an open of this situation only reads.
pub fn ignores(what: selection::What) -> bool {
    let writes = (O_ACCMODE | O_CREAT | O_TRUNC) as u32;
    matches!(what, selection::What::Open(flags, ..) if flags & writes == 0)
}

/// Returns what an open does to a file; nothing if it only reads.
fn open_act(flags: u64) -> Option<&'static str> {
    if flags & O_TRUNC != 0 {
        return Some("overwritten");
    }
    if flags & O_CREAT != 0 && flags & O_EXCL != 0 {
        return Some("created");
    }
    match (flags & O_ACCMODE != 0, flags & O_APPEND != 0) {
        (true, true) => Some("appended"),
        (true, false) => Some("written"),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use syscall::selection::Sort;

    use super::*;

    #[test]
    fn opens_that_need_not_be_sent_change_nothing() {
        let situations = Sort::of(Operation::Openat).map(Sort::situations).unwrap_or_default();
        let ignored: Vec<u64> = situations
            .iter()
            .filter(|situation| ignores(situation.what))
            .filter_map(|situation| match situation.what {
                selection::What::Open(flags, ..) => Some(flags.into()),
                _ => None,
            })
            .collect();
        assert!(!ignored.is_empty() && ignored.len() < situations.len());
        for flags in ignored {
            assert_eq!(open_act(flags), None);
            assert_eq!(open_act(flags | O_EXCL | O_APPEND), None);
        }
    }
}
