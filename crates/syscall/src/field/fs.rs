//! The paths that the call works on.

use rule::source::FieldDoc;

/// Fields of paths.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("fs.path.name", "Path a call works on, made absolute."),
    FieldDoc::text("fs.path.nameraw", "Path a call works on, as it was given."),
    FieldDoc::text("fs.path.source", "Path a call such as rename takes from, made absolute."),
    FieldDoc::text("fs.path.sourceraw", "Path a call such as rename takes from, as it was given."),
    FieldDoc::text("fs.path.target", "Path a call such as rename writes to, made absolute."),
    FieldDoc::text("fs.path.targetraw", "Path a call such as rename writes to, as it was given."),
];
