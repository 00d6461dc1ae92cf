//! The system-call source. So far it knows its fields, so that rules for it load and can be
//! explained, and the records that the kernel sensor delivers; nothing joins the two yet.

use rule::source::SourceDoc;

pub mod field;
pub mod record;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "syscall",
    doc: "System calls of processes and containers, from a live sensor or a recording.",
    fields: field::TABLES,
    plugins: &[("container", "0.7.1")],
};
