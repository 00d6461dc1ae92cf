//! Fields that Falco does not have.

use rule::source::{Argument, FieldDoc};

/// Fields of our own.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text(
        "fd.path",
        "Path of the file as the kernel resolved it, symbolic links followed, within the \
         process's own root. Absent where nothing was opened.",
    ),
    FieldDoc::text(
        "k8s.pod.annotation",
        "Value of one annotation of the pod, named in the argument. Later changes need the \
         Kubernetes API.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "k8s.pod.annotations",
        "All annotations of the pod, `key:value` joined by commas. Later changes need the \
         Kubernetes API.",
    ),
    FieldDoc::text(
        "k8s.sa.name",
        "Service account that the pod runs as. Needs the Kubernetes API.",
    ),
    FieldDoc::text(
        "k8s.workload",
        "Kind and name of what the pod belongs to in the end, such as `deployments/shop`, \
         `cronjobs/backup` or, where nothing owns it, `pods/shop`. Needs the Kubernetes API.",
    ),
];
