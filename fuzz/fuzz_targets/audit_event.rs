//! Any bytes are cut into audit events the same way however they come in, and any event is read,
//! checked and told about without a panic.
#![no_main]

use std::ops::ControlFlow;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rule::source::{Argument, Source};
use source::envelope::Envelope;
use source::k8s_audit::{
    DOC, Field, K8sAudit, Layout, Piece, Record, Splitter, confirm, subject, validate,
};

/// Every field, with each kind of argument it takes.
static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let mut fields = Vec::new();
    for doc in DOC.fields.iter().flat_map(|table| table.iter()) {
        let arguments: &[Option<&str>] = match doc.argument {
            Argument::None => &[None],
            Argument::Index => &[None, Some("0"), Some("1")],
            _ => &[Some("/requestObject/spec/containers/0/image"), Some("command"), Some("/0")],
        };
        let resolved = arguments.iter().map(|argument| K8sAudit::resolve(doc.name, *argument));
        fields.extend(resolved.flatten());
    }
    fields
});

fuzz_target!(|bytes: &[u8]| {
    for layout in [Layout::Lines, Layout::Body] {
        let whole = split(layout, bytes, bytes.len().max(1));
        assert_eq!(split(layout, bytes, 3), whole, "pieces depend on how the bytes come in");
        for event in whole.iter().filter(|piece| piece.0) {
            read(&event.1);
        }
    }
});

fn split(layout: Layout, bytes: &[u8], size: usize) -> Vec<(bool, Vec<u8>)> {
    let mut splitter = Splitter::new(layout);
    let mut pieces = Vec::new();
    let mut see = |piece: Piece<'_>| {
        pieces.push(match piece {
            Piece::Event(event) => (true, event.to_vec()),
            Piece::Rejected(reject) => (false, reject.reason.to_string().into_bytes()),
        });
    };
    bytes.chunks(size).for_each(|part| splitter.feed(part, &mut see));
    splitter.finish(&mut see);
    pieces
}

fn read(event: &[u8]) {
    let record = || Record::new(event, Envelope::default());
    let mut lazy = record();
    let mut checked = record();
    let is_json = checked.check().is_ok();
    for field in FIELDS.iter() {
        let before = values(&mut lazy, field);
        if is_json {
            assert_eq!(before, values(&mut checked, field), "{field:?} depends on what was read");
        }
    }
    let valid = validate(&mut record());
    if let Ok(known) = &valid {
        assert_eq!(confirm(&mut record()).as_ref(), Ok(known), "what is kept can be replayed");
        let tree: serde_json::Value = serde_json::from_slice(event).expect("it was checked");
        assert!(tree.is_object());
    }
    subject(&mut record());
}

fn values(record: &mut Record<'_>, field: &Field) -> Vec<String> {
    let mut values = Vec::new();
    K8sAudit::each(record, field, |value| {
        values.push(format!("{value:?}"));
        ControlFlow::Continue(())
    });
    values
}
