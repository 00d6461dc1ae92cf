//! The pod that the process runs in, as the container runtime and the Kubernetes API tell of it.
//! What needs the API says so.

use rule::source::{Argument, FieldDoc};

/// Fields of the pod.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("k8s.pod.name", "Name of the pod."),
    FieldDoc::text("k8s.ns.name", "Namespace of the pod."),
    FieldDoc::text("k8s.pod.id", "Older name of `k8s.pod.uid`."),
    FieldDoc::text("k8s.pod.uid", "Unique id that the API server gave the pod."),
    FieldDoc::text(
        "k8s.pod.sandbox_id",
        "First 12 characters of the id of the pod's sandbox in the runtime.",
    ),
    FieldDoc::text("k8s.pod.full_sandbox_id", "Whole id of the pod's sandbox in the runtime."),
    FieldDoc::text(
        "k8s.pod.label",
        "Value of one label of the pod, named in the argument. Later changes need the Kubernetes \
         API.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.pod.labels",
        "All labels of the pod, `key:value` joined by commas. Later changes need the Kubernetes \
         API.",
    ),
    FieldDoc::text("k8s.pod.ip", "First IPv4 address of the pod."),
    FieldDoc::text(
        "k8s.pod.cni.json",
        "What the network plugin reported for the pod, as JSON: every interface and address.",
    ),
    FieldDoc::text(
        "k8s.rc.name",
        "Replication controller of the pod. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.rc.id",
        "Unique id of the pod's replication controller. Needs the Kubernetes API. Retired in \
         Falco.",
    ),
    FieldDoc::text(
        "k8s.rc.label",
        "One label of the pod's replication controller. Needs the Kubernetes API. Retired in \
         Falco.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.rc.labels",
        "All labels of the pod's replication controller. Needs the Kubernetes API. Retired in \
         Falco.",
    ),
    FieldDoc::text("k8s.svc.name", "Services that select the pod. Never there. Retired in Falco."),
    FieldDoc::text(
        "k8s.svc.id",
        "Unique ids of the services that select the pod. Never there. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.svc.label",
        "One label of the services that select the pod. Never there. Retired in Falco.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.svc.labels",
        "All labels of the services that select the pod. Never there. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.ns.id",
        "Unique id of the namespace. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.ns.label",
        "One label of the namespace. Needs the Kubernetes API. Retired in Falco.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.ns.labels",
        "All labels of the namespace. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.rs.name",
        "Replica set of the pod. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.rs.id",
        "Unique id of the pod's replica set. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.rs.label",
        "One label of the pod's replica set. Needs the Kubernetes API. Retired in Falco.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.rs.labels",
        "All labels of the pod's replica set. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.deployment.name",
        "Deployment of the pod. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.deployment.id",
        "Unique id of the pod's deployment. Needs the Kubernetes API. Retired in Falco.",
    ),
    FieldDoc::text(
        "k8s.deployment.label",
        "One label of the pod's deployment. Needs the Kubernetes API. Retired in Falco.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.deployment.labels",
        "All labels of the pod's deployment. Needs the Kubernetes API. Retired in Falco.",
    ),
];
