//! The sources beside system calls, a module each: its fields, and its reader where one delivers.
//! A source without a reader still has its fields, so that rules for it load and say what is
//! missing.

use rule::source::SourceDoc;

pub mod cloudtrail;
pub mod follow;
pub mod gcpaudit;
pub mod github;
pub mod input;
pub mod json;
pub mod k8s_audit;
pub mod okta;

// Every source has what surrounds an event; it stands where its fields do.
pub use syscall::envelope;

/// Returns every source a rule may name, system calls first as Falco's default source.
pub const fn sources() -> &'static [SourceDoc] {
    const SOURCES: &[SourceDoc] =
        &[syscall::DOC, k8s_audit::DOC, cloudtrail::DOC, gcpaudit::DOC, okta::DOC, github::DOC];
    SOURCES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::sources;

    /// As large as in Falco: 268 listed fields of system calls, one that it does not list, 25
    /// retired ones and five of our own; the plugins' own, six JSON and eighteen common ones.
    #[test]
    fn every_plugin_table_is_whole() {
        let sizes: Vec<(&str, usize)> = sources()
            .iter()
            .map(|source| (source.name, source.fields.iter().map(|table| table.len()).sum()))
            .collect();
        let expected = [
            ("syscall", 268 + 1 + 25 + 5),
            ("k8s_audit", 100 + 6 + 18),
            ("aws_cloudtrail", 73 + 6 + 18),
            ("gcp_auditlog", 25 + 6 + 18),
            ("okta", 54 + 6 + 18),
            ("github", 25 + 6 + 18),
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn a_name_stands_once_in_a_source() {
        for source in sources() {
            let mut seen = BTreeSet::new();
            for field in source.fields.iter().flat_map(|table| table.iter()) {
                assert!(seen.insert(field.name), "{}: {} twice", source.name, field.name);
            }
        }
    }
}
