//! What a rule may ask of a Kubernetes audit event: who asked for what, and the answer.

use rule::source::{Argument, FieldDoc};

/// Fields of the request, its target and its answer.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text(
        "ka.auditid",
        "Id that the API server gives a request; all stages of the request share it.",
    ),
    FieldDoc::text(
        "ka.stage",
        "How far the request had come: `RequestReceived`, `ResponseStarted`, \
         `ResponseComplete` or `Panic`.",
    ),
    FieldDoc::text("ka.auth.decision", "What authorisation decided: `allow` or `forbid`."),
    FieldDoc::text(
        "ka.auth.reason",
        "Why authorisation decided so; for RBAC the binding that allowed it.",
    ),
    FieldDoc::text("ka.auth.openshift.decision", "What OpenShift's own authentication decided."),
    FieldDoc::text(
        "ka.validations.admission.policy.failure",
        "Why a validating admission policy found the request wanting.",
    ),
    FieldDoc::text(
        "ka.security.pod.violations",
        "Which points of the pod security standards the pod breaks.",
    ),
    FieldDoc::text(
        "ka.auth.openshift.username",
        "User name that OpenShift's own authentication was given.",
    ),
    FieldDoc::text("ka.user.name", "User or service account that made the request."),
    FieldDoc::text("ka.user.groups", "Groups of the user.").list(),
    FieldDoc::text(
        "ka.impuser.name",
        "User in whose name the request was made, where the caller impersonates.",
    ),
    FieldDoc::text(
        "ka.verb",
        "Action: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, \
         `deletecollection`; on URLs that are no resource the HTTP method.",
    ),
    FieldDoc::text("ka.uri", "Path and query of the request."),
    FieldDoc::text("ka.uri.param", "Value of one query parameter, named in the argument.")
        .takes(Argument::KeyRequired),
    FieldDoc::text("ka.target.name", "Name of the object the request is about."),
    FieldDoc::text("ka.target.namespace", "Namespace of the object the request is about."),
    FieldDoc::text("ka.target.resource", "Resource in the plural: `pods`, `clusterrolebindings`."),
    FieldDoc::text(
        "ka.target.subresource",
        "Part of the resource the request is about: `exec`, `status`, `ephemeralcontainers`.",
    ),
    FieldDoc::text(
        "ka.target.pod.name",
        "Name of the pod in the answer, where the request is about a pod as a whole.",
    ),
    FieldDoc::text(
        "ka.req.binding.subjects",
        "Subjects of the binding that is created or changed, as JSON objects.",
    )
    .list(),
    FieldDoc::text("ka.req.binding.subjects.user_names", "Users that the binding names.").list(),
    FieldDoc::text(
        "ka.req.binding.subjects.serviceaccount_names",
        "Service accounts that the binding names, without namespace.",
    )
    .list(),
    FieldDoc::text(
        "ka.req.binding.subjects.serviceaccount_ns_names",
        "Service accounts that the binding names, as `namespace:name`.",
    )
    .list(),
    FieldDoc::text("ka.req.binding.subjects.group_names", "Groups that the binding names.").list(),
    FieldDoc::text("ka.req.binding.role", "Role that the binding grants."),
    FieldDoc::text(
        "ka.req.binding.subject.has_name",
        "Always `true`, as in Falco; kept so that old rules load.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text("ka.req.configmap.name", "Name of the config map that is written."),
    FieldDoc::text("ka.req.configmap.obj", "Data of the config map that is written, as JSON."),
    FieldDoc::text(
        "ka.req.container.image",
        "Image of the pod's first container; use `ka.req.pod.containers.image`.",
    ),
    FieldDoc::text(
        "ka.req.container.image.repository",
        "Image of the pod's first container without tag and digest; use \
         `ka.req.pod.containers.image.repository`.",
    ),
    FieldDoc::text("ka.req.pod.host_ipc", "Whether the pod shares the node's IPC namespace."),
    FieldDoc::text(
        "ka.req.pod.host_network",
        "Whether the pod shares the node's network namespace.",
    ),
    FieldDoc::text("ka.req.container.host_network", "Older name of `ka.req.pod.host_network`."),
    FieldDoc::text("ka.req.pod.host_pid", "Whether the pod shares the node's pid namespace."),
    FieldDoc::text(
        "ka.req.container.privileged",
        "`true` when any container is privileged; use `ka.req.pod.containers.privileged`.",
    ),
    FieldDoc::text("ka.req.pod.run_as_user", "User id in the pod's security context."),
    FieldDoc::text("ka.req.pod.run_as_group", "Group id in the pod's security context."),
    FieldDoc::text(
        "ka.req.role.rules",
        "Rules of the role that is created or changed, as JSON objects.",
    )
    .list(),
    FieldDoc::text(
        "ka.req.role.rules.apiGroups",
        "API groups that the role's rules reach; with a number those of one rule.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.role.rules.nonResourceURLs",
        "URLs outside resources that the role's rules reach; with a number those of one rule.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.role.rules.verbs",
        "Verbs that the role's rules allow; with a number those of one rule.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.role.rules.resources",
        "Resources that the role's rules reach; with a number those of one rule.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text("ka.req.pod.fs_group", "Group id that owns the pod's volumes."),
    FieldDoc::text("ka.req.pod.supplemental_groups", "Further group ids of the pod's processes.")
        .list(),
    FieldDoc::text(
        "ka.req.service.type",
        "Type of the service: `ClusterIP`, `NodePort`, `LoadBalancer`.",
    ),
    FieldDoc::text("ka.req.service.ports", "Ports of the service, each as a JSON object.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text("ka.req.pod.volumes.hostpath", "Paths of the node that the pod mounts.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.volume.hostpath",
        "`true` when a volume mounts the node's path in the argument, `*` at its end allowed; \
         use `ka.req.pod.volumes.hostpath`.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::text("ka.req.pod.volumes.flexvolume_driver", "Drivers of the pod's flex volumes.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.volumes.volume_type",
        "Kind of each volume: `hostPath`, `secret`, `emptyDir`.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.resp.name",
        "Name of the object in the answer; the only place where a generated name shows.",
    ),
    FieldDoc::text("ka.response.code", "HTTP status of the answer, as text: `200`."),
    FieldDoc::text(
        "ka.response.reason",
        "Reason in the answer, mostly there when the request failed.",
    ),
    FieldDoc::text(
        "ka.useragent",
        "What client program the caller says it is. The caller chooses it freely.",
    ),
    FieldDoc::text(
        "ka.sourceips",
        "Addresses the request came through. As in Falco this looks below the rules of a role \
         and finds nothing; use `jevt.value[/sourceIPs/0]`.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.cluster.name",
        "Name of the cluster, where the event or its delivery tells it.",
    ),
];
