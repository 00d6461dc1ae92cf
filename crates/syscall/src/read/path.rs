//! `fs.path.*`: the paths that a call which succeeded works on, by name.

use super::show::Show;
use crate::event::Event;
use crate::name::lexical;
use crate::record::{Operation, What};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    side: Side,
    raw: bool,
}

/// Which of the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Name,
    Source,
    Target,
}

/// Reads a field's name.
pub fn resolve(name: &str) -> Option<Field> {
    let (side, raw) = match name {
        "fs.path.name" => (Side::Name, false),
        "fs.path.nameraw" => (Side::Name, true),
        "fs.path.source" => (Side::Source, false),
        "fs.path.sourceraw" => (Side::Source, true),
        "fs.path.target" => (Side::Target, false),
        "fs.path.targetraw" => (Side::Target, true),
        _ => return None,
    };
    Some(Field { side, raw })
}

/// Which parameter holds a path; of links, Falco calls what is made the source.
fn param(operation: Operation, side: Side) -> Option<&'static str> {
    use Operation::*;
    Some(match (operation, side) {
        (
            Mkdir | Mkdirat | Rmdir | Unlink | Unlinkat | Open | Openat | Openat2 | Creat | Chmod
            | Fchmodat | Fchmodat2 | Chown | Lchown | Fchownat | Umount | Umount2 | Mknod | Mknodat
            | Truncate | Setxattr | Lsetxattr | Removexattr | Lremovexattr,
            Side::Name,
        ) => "name",
        (Fchmod | Fchown, Side::Name) => "file",
        (Quotactl, Side::Name) => "device",
        (Rename | Renameat | Renameat2 | MoveMount, Side::Source) => "from",
        (Rename | Renameat | Renameat2 | MoveMount, Side::Target) => "to",
        (Link | Linkat, Side::Source) => "to",
        (Link | Linkat, Side::Target) => "from",
        (Symlink | Symlinkat, Side::Source) => "name",
        (Symlink | Symlinkat, Side::Target) => "target",
        (Mount, Side::Source) => "device",
        (Mount, Side::Target) => "name",
        _ => return None,
    })
}

/// Shows a field.
pub fn read(event: &Event<'_>, field: Field, show: &mut Show<'_>) {
    if event.result() < 0 {
        return;
    }
    let Some(param) = param(event.record.operation, field.side) else { return };
    match event.param(param) {
        Some(What::Path(path, _)) if field.raw => show.text(path),
        Some(What::Path(path, base)) => show.text(lexical(base, path)),
        Some(What::Text(text)) if field.raw || text.is_empty() => show.text(text),
        Some(What::Text(text)) => {
            let base = event.process.map_or(&[][..], |process| &process.cwd);
            show.text(lexical(base, text));
        }
        Some(What::File(file)) => show.text(file.path),
        _ => {}
    }
}
