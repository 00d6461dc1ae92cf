//! Fields that Falco does not have.

use rule::source::FieldDoc;

/// Fields of our own.
pub const FIELDS: &[FieldDoc] = &[FieldDoc::text(
    "fd.path",
    "Path of the file as the kernel resolved it, symbolic links followed, within the process's \
     own root. Absent where nothing was opened.",
)];
