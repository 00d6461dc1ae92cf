//! The container that the process runs in.

use rule::source::{Argument, FieldDoc, Kind};

/// Fields of the container.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text(
        "container.id",
        "First 12 characters of the container's id, or `host` outside any container.",
    ),
    FieldDoc::text("container.full_id", "Whole id of the container."),
    FieldDoc::text("container.name", "Name of the container, or `host` outside any container."),
    FieldDoc::text("container.image", "Image as the container names it, with its tag."),
    FieldDoc::text("container.image.id", "Id of the image on this machine."),
    FieldDoc::text(
        "container.type",
        "Runtime that made the container: `docker`, `containerd`, `cri-o` and others.",
    ),
    FieldDoc::new("container.privileged", Kind::Bool, "Whether the container runs privileged."),
    FieldDoc::text(
        "container.mounts",
        "All mounts of the container, each `source:dest:mode:rdwr:propagation`, joined by \
         spaces.",
    ),
    FieldDoc::text("container.mount", "One mount, by number or by a pattern of its source.")
        .takes(Argument::EitherRequired),
    FieldDoc::text(
        "container.mount.source",
        "Source of one mount, by number or by a pattern of its destination.",
    )
    .takes(Argument::EitherRequired),
    FieldDoc::text(
        "container.mount.dest",
        "Destination of one mount, by number or by a pattern of its source.",
    )
    .takes(Argument::EitherRequired),
    FieldDoc::text(
        "container.mount.mode",
        "Mode of one mount, by number or by a pattern of its source.",
    )
    .takes(Argument::EitherRequired),
    FieldDoc::text(
        "container.mount.rdwr",
        "Whether one mount may be written, by number or by a pattern of its source.",
    )
    .takes(Argument::EitherRequired),
    FieldDoc::text(
        "container.mount.propagation",
        "Propagation of one mount, by number or by a pattern of its source.",
    )
    .takes(Argument::EitherRequired),
    FieldDoc::text("container.image.repository", "Image name without tag and digest."),
    FieldDoc::text("container.image.tag", "Tag of the image."),
    FieldDoc::text("container.image.digest", "Digest of the image in its registry."),
    FieldDoc::text(
        "container.healthcheck",
        "Command of the container's health check. Retired in Falco.",
    ),
    FieldDoc::text("container.liveness_probe", "Command of the liveness probe. Retired in Falco."),
    FieldDoc::text(
        "container.readiness_probe",
        "Command of the readiness probe. Retired in Falco.",
    ),
    FieldDoc::new(
        "container.start_ts",
        Kind::Time,
        "When the container started, taken from its pid namespace.",
    ),
    FieldDoc::new(
        "container.duration",
        Kind::Duration,
        "How long the container had been running, in nanoseconds.",
    ),
    FieldDoc::text("container.ip", "First IPv4 address of the container or its pod."),
    FieldDoc::text(
        "container.cni.json",
        "What the network plugin reported for the pod, as JSON: every interface and address.",
    ),
    FieldDoc::new(
        "container.host_pid",
        Kind::Bool,
        "Whether the container shares the host's pid namespace.",
    ),
    FieldDoc::new(
        "container.host_network",
        Kind::Bool,
        "Whether the container shares the host's network namespace.",
    ),
    FieldDoc::new(
        "container.host_ipc",
        Kind::Bool,
        "Whether the container shares the host's IPC namespace.",
    ),
    FieldDoc::text(
        "container.label",
        "Value of one label of the container, named in the argument.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text(
        "container.labels",
        "All labels of the container, `key:value` joined by commas.",
    ),
];
