use std::collections::{BTreeMap, BTreeSet};

use rule::source::Limit;

use super::{TABLES, evt, own, retired};

/// The classes and their sizes as Falco lists them with its container plugin; it does not list
/// what can only be printed.
#[test]
fn every_class_is_as_large_as_falcos() {
    let others: BTreeSet<&str> =
        [retired::FIELDS, own::FIELDS].concat().iter().map(|field| field.name).collect();
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for field in TABLES.iter().flat_map(|table| table.iter()) {
        if !others.contains(field.name) && !field.is(Limit::OutputOnly) {
            *classes.entry(field.name.split('.').next().unwrap()).or_default() += 1;
        }
    }
    let expected = [
        ("container", 29),
        ("evt", 53),
        ("fd", 46),
        ("fdlist", 6),
        ("fs", 6),
        ("group", 2),
        ("k8s", 29),
        ("proc", 73),
        ("syscall", 1),
        ("thread", 17),
        ("user", 6),
    ];
    assert_eq!(classes, BTreeMap::from(expected));
    assert_eq!(classes.values().sum::<usize>(), 268);
}

#[test]
fn a_name_stands_once() {
    let mut seen = BTreeSet::new();
    for field in TABLES.iter().flat_map(|table| table.iter()) {
        assert!(seen.insert(field.name), "{} stands twice", field.name);
        assert!(!field.doc.is_empty(), "{} says nothing", field.name);
    }
}

#[test]
fn events_have_the_names_of_calls_and_of_what_else_happens() {
    let names: Vec<&str> = evt::TYPES.split_ascii_whitespace().collect();
    assert!(names.is_sorted() && names.len() > 400, "sorted, each once");
    for name in ["openat", "io_uring_setup", "container", "signaldeliver", "switch", "statx"] {
        assert!(names.contains(&name), "{name}");
    }
}
