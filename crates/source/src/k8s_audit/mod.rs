//! Kubernetes audit: every request to the API server, as its webhook or log file tells it.

use rule::source::SourceDoc;
use syscall::field::event;

use crate::json;

pub mod fields;
pub mod fields_pod;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "k8s_audit",
    doc: "Requests to the Kubernetes API server, from its audit webhook or log.",
    fields: &[fields::FIELDS, fields_pod::FIELDS, json::fields::FIELDS, event::FIELDS],
    plugins: &[
        ("k8saudit", "0.18.0"),
        ("k8saudit-aks", "0.6.0"),
        ("k8saudit-eks", "0.12.0"),
        ("k8saudit-gke", "0.9.0"),
        ("k8saudit-ovh", "0.6.0"),
        ("json", "0.7.4"),
    ],
};
