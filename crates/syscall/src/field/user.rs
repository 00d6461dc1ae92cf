//! The user and the group that the process runs as.

use rule::source::{FieldDoc, Kind};

/// Fields of user and group.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::new("user.uid", Kind::Uint, "User id of the process."),
    FieldDoc::text("user.name", "Name of the user."),
    FieldDoc::text("user.homedir", "Home directory of the user."),
    FieldDoc::text("user.shell", "Log-in shell of the user."),
    FieldDoc::new(
        "user.loginuid",
        Kind::Int,
        "User id that logged in, kept through sudo and su; -1 where nobody logged in.",
    ),
    FieldDoc::text("user.loginname", "Name of the user that logged in, kept through sudo and su."),
    FieldDoc::new("group.gid", Kind::Uint, "Group id of the process."),
    FieldDoc::text("group.name", "Name of the group."),
];
