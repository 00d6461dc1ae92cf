//! Which field reads what. Fields that only follow a path are rows; the others have a name of their
//! own, and [`super::read`] knows what each of them does.

use rule::source::{Cost, FieldError};

use super::record::Member;
use crate::{envelope, json};

/// A field of an audit event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `evt.*`.
    Envelope(envelope::Field),
    /// `json.*`, by the member its pointer begins with, where that is a known one.
    Json(Option<Member>, json::Field),
    /// One value at a path.
    Text(Path),
    /// The elements of the array at a path.
    List(Path),
    /// Values at a path that goes through arrays, absent ones left out.
    Values(&'static [&'static str], Option<usize>),
    /// Elements of one member of each rule of a role.
    RoleRules(&'static str, Option<usize>),
    /// Whether a volume has this host path, or one that begins so.
    HasHostPath(String),
    /// Keys of each volume, which name its type.
    VolumeTypes(Option<usize>),
    /// First value of a query parameter.
    UriParameter(String),
    /// Names of a binding's subjects of one kind.
    Subjects(SubjectKind),
    /// Always `true`; kept because rules name it.
    SubjectHasName,
    /// Name of the pod that was answered with.
    TargetPod,
    /// Something of each container.
    Container(Containers, OfContainer, Option<usize>),
    /// Something of the first container.
    FirstContainer(OfContainer),
    /// Whether any container is privileged.
    AnyPrivileged,
}

/// Keys from the event down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// First key.
    pub member: Member,
    /// Keys below.
    pub keys: &'static [&'static str],
    /// Number of the path among all.
    pub slot: usize,
}

#[allow(missing_docs, reason = "the names say it")]
impl Path {
    pub const RESOURCE: Path = Path::of("ka.target.resource");
    pub const SUBRESOURCE: Path = Path::of("ka.target.subresource");
    pub const NAMESPACE: Path = Path::of("ka.target.namespace");
    pub const NAME: Path = Path::of("ka.target.name");
    pub const USER_NAME: Path = Path::of("ka.user.name");

    /// Returns the path of a field of one value. Worked out while compiling.
    const fn of(name: &str) -> Path {
        let mut slot = 0;
        while !is_same(TEXTS[slot].0, name) {
            slot += 1;
        }
        Path { member: TEXTS[slot].1, keys: TEXTS[slot].2, slot }
    }
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// How many paths there are.
pub const PATHS: usize = TEXTS.len() + LISTS.len();

/// Kinds of subjects of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum SubjectKind {
    User,
    Group,
    ServiceAccount,
    /// Told as `namespace:name`.
    NamespacedServiceAccount,
}

/// The lists of containers a pod has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Containers {
    Ordinary,
    Init,
    Ephemeral,
}

impl Containers {
    /// Returns the key in a pod's spec.
    pub fn key(self) -> &'static str {
        match self {
            Containers::Ordinary => "containers",
            Containers::Init => "initContainers",
            Containers::Ephemeral => "ephemeralContainers",
        }
    }
}

/// What fields tell of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum OfContainer {
    /// Words of this array, joined by blanks.
    Words(&'static str),
    /// This value, which every container must have.
    Required(&'static str),
    Repository,
    HostPorts,
    /// Values at this path of those that have it.
    Present(&'static [&'static str]),
    /// This value, else the pod's, else 0.
    Effective(&'static str),
}

/// Fields that follow one path to one value.
const TEXTS: &[(&str, Member, &[&str])] = {
    use Member::*;
    &[
        ("ka.auditid", AuditId, &[]),
        ("ka.stage", Stage, &[]),
        ("ka.auth.decision", Annotations, &["authorization.k8s.io/decision"]),
        ("ka.auth.reason", Annotations, &["authorization.k8s.io/reason"]),
        ("ka.auth.openshift.decision", Annotations, &["authentication.openshift.io/decision"]),
        ("ka.auth.openshift.username", Annotations, &["authentication.openshift.io/username"]),
        (
            "ka.validations.admission.policy.failure",
            Annotations,
            &["validation.policy.admission.k8s.io/validation_failure"],
        ),
        (
            "ka.security.pod.violations",
            Annotations,
            &["pod-security.kubernetes.io/audit-violations"],
        ),
        ("ka.cluster.name", Annotations, &["cluster_name"]),
        ("ka.user.name", User, &["username"]),
        ("ka.impuser.name", ImpersonatedUser, &["username"]),
        ("ka.verb", Verb, &[]),
        ("ka.uri", RequestUri, &[]),
        ("ka.target.name", ObjectRef, &["name"]),
        ("ka.target.namespace", ObjectRef, &["namespace"]),
        ("ka.target.resource", ObjectRef, &["resource"]),
        ("ka.target.subresource", ObjectRef, &["subresource"]),
        ("ka.req.binding.role", RequestObject, &["roleRef", "name"]),
        ("ka.req.configmap.name", ObjectRef, &["name"]),
        ("ka.req.configmap.obj", RequestObject, &["data"]),
        ("ka.req.pod.host_ipc", RequestObject, &["spec", "hostIPC"]),
        ("ka.req.pod.host_network", RequestObject, &["spec", "hostNetwork"]),
        ("ka.req.container.host_network", RequestObject, &["spec", "hostNetwork"]),
        ("ka.req.pod.host_pid", RequestObject, &["spec", "hostPID"]),
        ("ka.req.pod.run_as_user", RequestObject, &["spec", "securityContext", "runAsUser"]),
        ("ka.req.pod.run_as_group", RequestObject, &["spec", "securityContext", "runAsGroup"]),
        ("ka.req.pod.fs_group", RequestObject, &["spec", "securityContext", "fsGroup"]),
        ("ka.req.service.type", RequestObject, &["spec", "type"]),
        ("ka.resp.name", ResponseObject, &["metadata", "name"]),
        ("ka.response.code", ResponseStatus, &["code"]),
        ("ka.response.reason", ResponseStatus, &["reason"]),
        ("ka.useragent", UserAgent, &[]),
    ]
};

/// Fields that tell the elements of one array.
const LISTS: &[(&str, Member, &[&str])] = {
    use Member::*;
    &[
        ("ka.user.groups", User, &["groups"]),
        ("ka.req.binding.subjects", RequestObject, &["subjects"]),
        ("ka.req.role.rules", RequestObject, &["rules"]),
        (
            "ka.req.pod.supplemental_groups",
            RequestObject,
            &["spec", "securityContext", "supplementalGroups"],
        ),
    ]
};

/// Where host paths stand in the request.
pub const HOST_PATHS: &[&str] = &["spec", "volumes", "hostPath", "path"];

impl Field {
    /// Reads a field's name and argument.
    pub fn resolve(name: &str, argument: Option<&str>) -> Result<Field, FieldError> {
        if let Some(field) = envelope::Field::resolve(name, argument) {
            return field.map(Field::Envelope);
        }
        if let Some(field) = json::Field::resolve(name, argument) {
            return field.map(|field| Field::Json(first_member(&field), field));
        }
        let path = |table: &[(&str, Member, &'static [&'static str])], before: usize| {
            let place = table.iter().position(|(known, _, _)| *known == name)?;
            let (_, member, keys) = table[place];
            Some(Path { member, keys, slot: before + place })
        };
        let field = match path(TEXTS, 0) {
            Some(path) => Some(Field::Text(path)),
            None => path(LISTS, TEXTS.len()).map(Field::List),
        };
        if let Some(field) = field {
            return match argument {
                None => Ok(field),
                Some(_) => Err(no_brackets(name)),
            };
        }
        match own(name, argument) {
            Some(field) => field,
            None => Err(FieldError::Unknown(name.to_owned())),
        }
    }

    /// Tells how far a field makes the reader go.
    pub fn cost(&self) -> Cost {
        let of_member = |member: Member| match member {
            Member::Kind | Member::AuditId | Member::Stage | Member::Verb => Cost::Free,
            Member::RequestUri
            | Member::User
            | Member::ImpersonatedUser
            | Member::UserAgent
            | Member::ObjectRef
            | Member::ResponseStatus => Cost::Cheap,
            Member::RequestObject => Cost::Walk,
            // These stand behind the bodies, or in them.
            Member::ResponseObject
            | Member::Annotations
            | Member::StageTimestamp
            | Member::Items => Cost::Dear,
        };
        match self {
            Field::Text(path) | Field::List(path) => of_member(path.member),
            Field::Json(Some(member), _) => of_member(*member),
            Field::Json(None, _) | Field::Envelope(_) | Field::TargetPod => Cost::Dear,
            Field::UriParameter(_) => Cost::Cheap,
            Field::SubjectHasName => Cost::Free,
            _ => Cost::Walk,
        }
    }
}

fn first_member(field: &json::Field) -> Option<Member> {
    match field {
        json::Field::Value(keys) => Member::of(keys.first()?.as_bytes()),
        json::Field::Object | json::Field::Time => None,
    }
}

fn no_brackets(name: &str) -> FieldError {
    FieldError::Argument(format!("`{name}` takes nothing in brackets"))
}

/// Resolves a field that is more than a path.
fn own(name: &str, argument: Option<&str>) -> Option<Result<Field, FieldError>> {
    let key = |make: fn(String) -> Field| match argument {
        Some(argument) => Ok(make(argument.to_owned())),
        None => Err(FieldError::Argument(format!("`{name}` needs a key in brackets"))),
    };
    let none = |field: Field| match argument {
        None => Ok(field),
        Some(_) => Err(no_brackets(name)),
    };
    let indexed = |make: &dyn Fn(Option<usize>) -> Field| index(name, argument).map(make);
    if let Some(rest) = name.strip_prefix("ka.req.pod.") {
        let lists = [Containers::Ordinary, Containers::Init, Containers::Ephemeral];
        let found = lists.into_iter().find_map(|list| {
            let of = rest.strip_prefix(list.key())?.strip_prefix('.')?;
            Some((list, of))
        });
        if let Some((list, of)) = found {
            let of = of_container(list, of)?;
            return Some(indexed(&|index| Field::Container(list, of, index)));
        }
    }
    Some(match name {
        "ka.uri.param" => key(Field::UriParameter),
        "ka.target.pod.name" => none(Field::TargetPod),
        "ka.req.binding.subjects.user_names" => none(Field::Subjects(SubjectKind::User)),
        "ka.req.binding.subjects.group_names" => none(Field::Subjects(SubjectKind::Group)),
        "ka.req.binding.subjects.serviceaccount_names" => {
            none(Field::Subjects(SubjectKind::ServiceAccount))
        }
        "ka.req.binding.subjects.serviceaccount_ns_names" => {
            none(Field::Subjects(SubjectKind::NamespacedServiceAccount))
        }
        "ka.req.binding.subject.has_name" => key(|_| Field::SubjectHasName),
        "ka.req.container.image" => none(Field::FirstContainer(OfContainer::Required("image"))),
        "ka.req.container.image.repository" => none(Field::FirstContainer(OfContainer::Repository)),
        "ka.req.container.privileged" => none(Field::AnyPrivileged),
        "ka.req.role.rules.apiGroups" => indexed(&|index| Field::RoleRules("apiGroups", index)),
        "ka.req.role.rules.nonResourceURLs" => {
            indexed(&|index| Field::RoleRules("nonResourceURLs", index))
        }
        "ka.req.role.rules.verbs" => indexed(&|index| Field::RoleRules("verbs", index)),
        "ka.req.role.rules.resources" => indexed(&|index| Field::RoleRules("resources", index)),
        // Falco's plugin looks for the addresses among the rules of a role, so that the field is
        // all but always absent. Rules written for it count on that.
        "ka.sourceips" => indexed(&|index| Field::RoleRules("sourceIPs", index)),
        "ka.req.service.ports" => indexed(&|index| Field::Values(&["spec", "ports"], index)),
        "ka.req.volume.hostpath" => key(Field::HasHostPath),
        "ka.req.pod.volumes.hostpath" => indexed(&|index| Field::Values(HOST_PATHS, index)),
        "ka.req.pod.volumes.flexvolume_driver" => {
            indexed(&|index| Field::Values(&["spec", "volumes", "flexVolume", "driver"], index))
        }
        "ka.req.pod.volumes.volume_type" => indexed(&Field::VolumeTypes),
        _ => return None,
    })
}

fn of_container(list: Containers, of: &str) -> Option<OfContainer> {
    Some(match of {
        "args" => OfContainer::Words("args"),
        "command" => OfContainer::Words("command"),
        "name" => OfContainer::Required("name"),
        "image" => OfContainer::Required("image"),
        "image.repository" => OfContainer::Repository,
        // Ephemeral containers have no ports.
        "host_port" if list != Containers::Ephemeral => OfContainer::HostPorts,
        "privileged" => OfContainer::Present(&["securityContext", "privileged"]),
        "allow_privilege_escalation" => {
            OfContainer::Present(&["securityContext", "allowPrivilegeEscalation"])
        }
        "read_only_fs" => OfContainer::Present(&["securityContext", "readOnlyRootFilesystem"]),
        "run_as_user" => OfContainer::Present(&["securityContext", "runAsUser"]),
        "run_as_group" => OfContainer::Present(&["securityContext", "runAsGroup"]),
        "proc_mount" => OfContainer::Present(&["securityContext", "procMount"]),
        "add_capabilities" => OfContainer::Present(&["securityContext", "capabilities", "add"]),
        // Falco's plugin looks for these in the container itself, not in its security context.
        "eff_run_as_user" => OfContainer::Effective("runAsUser"),
        "eff_run_as_group" => OfContainer::Effective("runAsGroup"),
        _ => return None,
    })
}

/// Reads an index: digits only, without a leading zero.
fn index(name: &str, argument: Option<&str>) -> Result<Option<usize>, FieldError> {
    let Some(argument) = argument else { return Ok(None) };
    let digits = !argument.is_empty() && argument.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (argument.len() == 1 || !argument.starts_with('0'));
    match argument.parse() {
        Ok(index) if canonical => Ok(Some(index)),
        _ => Err(FieldError::Argument(format!(
            "`{name}` takes an index like `0` in brackets, not `{argument}`"
        ))),
    }
}
