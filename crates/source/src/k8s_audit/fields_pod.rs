//! What a rule may ask of the containers of a pod in a Kubernetes audit event.

use rule::source::{Argument, FieldDoc};

/// Fields of ordinary, init and ephemeral containers.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text(
        "ka.req.pod.containers.args",
        "Arguments of each of the pod's containers, joined by spaces.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.command",
        "Command of each of the pod's containers, its words joined by spaces.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text("ka.req.pod.containers.name", "Names of the pod's containers.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text("ka.req.pod.containers.image", "Images of the pod's containers.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.image.repository",
        "Images of the pod's containers without tag and digest.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.host_port",
        "Ports of the node that the pod's containers take; a port that names none of the node \
         counts itself.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.privileged",
        "Whether each of the pod's containers is privileged.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.allow_privilege_escalation",
        "Whether processes in each of the pod's containers may gain rights.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.read_only_fs",
        "Whether the root file system of each of the pod's containers is read-only.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.run_as_user",
        "User id that each of the pod's containers asks for.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.eff_run_as_user",
        "User id of each of the pod's containers, 0 where none is set. As in Falco this looks \
         beside the security contexts, where it is seldom set.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.run_as_group",
        "Group id that each of the pod's containers asks for.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.eff_run_as_group",
        "Group id of each of the pod's containers, 0 where none is set. As in Falco this \
         looks beside the security contexts, where it is seldom set.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.proc_mount",
        "How /proc is mounted in each of the pod's containers.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.containers.add_capabilities",
        "Capabilities that each of the pod's containers adds, as a JSON list.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text("ka.req.pod.initContainers.name", "Names of the pod's init containers.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text("ka.req.pod.initContainers.image", "Images of the pod's init containers.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.image.repository",
        "Images of the pod's init containers without tag and digest.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.command",
        "Command of each of the pod's init containers, its words joined by spaces.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.args",
        "Arguments of each of the pod's init containers, joined by spaces.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.privileged",
        "Whether each of the pod's init containers is privileged.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.allow_privilege_escalation",
        "Whether processes in each of the pod's init containers may gain rights.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.read_only_fs",
        "Whether the root file system of each of the pod's init containers is read-only.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.run_as_user",
        "User id that each of the pod's init containers asks for.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.eff_run_as_user",
        "User id of each of the pod's init containers, 0 where none is set. As in Falco this \
         looks beside the security contexts, where it is seldom set.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.run_as_group",
        "Group id that each of the pod's init containers asks for.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.eff_run_as_group",
        "Group id of each of the pod's init containers, 0 where none is set. As in Falco this \
         looks beside the security contexts, where it is seldom set.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.proc_mount",
        "How /proc is mounted in each of the pod's init containers.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.add_capabilities",
        "Capabilities that each of the pod's init containers adds, as a JSON list.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.initContainers.host_port",
        "Ports of the node that the pod's init containers take; a port that names none of the \
         node counts itself.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.name",
        "Names of the pod's ephemeral containers.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.image",
        "Images of the pod's ephemeral containers.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.image.repository",
        "Images of the pod's ephemeral containers without tag and digest.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.command",
        "Command of each of the pod's ephemeral containers, its words joined by spaces.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.args",
        "Arguments of each of the pod's ephemeral containers, joined by spaces.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.privileged",
        "Whether each of the pod's ephemeral containers is privileged.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.allow_privilege_escalation",
        "Whether processes in each of the pod's ephemeral containers may gain rights.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.read_only_fs",
        "Whether the root file system of each of the pod's ephemeral containers is read-only.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.run_as_user",
        "User id that each of the pod's ephemeral containers asks for.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.eff_run_as_user",
        "User id of each of the pod's ephemeral containers, 0 where none is set. As in Falco \
         this looks beside the security contexts, where it is seldom set.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.run_as_group",
        "Group id that each of the pod's ephemeral containers asks for.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.eff_run_as_group",
        "Group id of each of the pod's ephemeral containers, 0 where none is set. As in Falco \
         this looks beside the security contexts, where it is seldom set.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.proc_mount",
        "How /proc is mounted in each of the pod's ephemeral containers.",
    )
    .list()
    .takes(Argument::Index),
    FieldDoc::text(
        "ka.req.pod.ephemeralContainers.add_capabilities",
        "Capabilities that each of the pod's ephemeral containers adds, as a JSON list.",
    )
    .list()
    .takes(Argument::Index),
];
