//! What a rule may ask of any event that is JSON, whatever its source.

use rule::source::{Argument, FieldDoc};

/// Fields that reach any member of the event.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text(
        "json.value",
        "Value at a JSON pointer of the event, `json.value[/user/username]`.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text("json.obj", "The whole event as JSON."),
    FieldDoc::text("json.rawtime", "Time of the event, the same as `evt.rawtime`."),
    FieldDoc::text("jevt.value", "Older name of `json.value`.").takes(Argument::KeyRequired),
    FieldDoc::text("jevt.obj", "Older name of `json.obj`."),
    FieldDoc::text("jevt.rawtime", "Older name of `json.rawtime`."),
];
