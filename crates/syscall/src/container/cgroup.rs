//! The forms that runtimes give the cgroups of their containers. Only these are containers: a path
//! that merely holds a long number is not.

use std::sync::Arc;

use super::Runtime;

/// Length of the ids that runtimes make.
const ID_LEN: usize = 64;
/// Longest name of a container that somebody chose.
const NAME_LEN_MAX: usize = 128;

/// Which container a cgroup belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whole id.
    pub id: Arc<str>,
    /// Who made it.
    pub runtime: Runtime,
}

/// Reads a cgroup's path. Of containers in containers the inner one counts.
pub fn place(cgroup: &[u8]) -> Option<Place> {
    let path = std::str::from_utf8(cgroup).ok()?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    (0..parts.len()).rev().find_map(|at| {
        let above = at.checked_sub(1).map(|above| parts[above]);
        let (runtime, id) = scope(parts[at]).or_else(|| folder(above, parts[at]))?;
        Some(Place { id: id.into(), runtime })
    })
}

/// As systemd's scopes are named: `cri-containerd-<id>.scope`.
fn scope(part: &str) -> Option<(Runtime, &str)> {
    const MARKS: &[(&str, Runtime)] = &[
        ("docker-", Runtime::Docker),
        ("cri-containerd-", Runtime::Containerd),
        ("nerdctl-", Runtime::Containerd),
        ("crio-", Runtime::Crio),
        ("libpod-", Runtime::Podman),
    ];
    let name = part.strip_suffix(".scope").unwrap_or(part);
    if let Some(id) = part.strip_prefix("lxc.payload.") {
        return (id.len() <= NAME_LEN_MAX && !id.is_empty()).then_some((Runtime::Lxc, id));
    }
    let (mark, runtime) = MARKS.iter().find(|(mark, _)| name.starts_with(mark))?;
    let id = &name[mark.len()..];
    is_id(id).then_some((*runtime, id))
}

/// As folders are named without systemd: `/docker/<id>`, `/kubepods/…/pod<uid>/<id>`, and
/// `/<namespace>/<name>` of containerd.
fn folder<'p>(above: Option<&str>, part: &'p str) -> Option<(Runtime, &'p str)> {
    let above = above?;
    let runtime = match above {
        "docker" => Runtime::Docker,
        "libpod_parent" => Runtime::Podman,
        "lxc" if part.len() <= NAME_LEN_MAX => return Some((Runtime::Lxc, part)),
        _ if is_pod(above) => Runtime::Containerd,
        _ => return None,
    };
    is_id(part).then_some((runtime, part))
}

/// `pod` and a UID, with dashes or the underscores of systemd's slices.
fn is_pod(part: &str) -> bool {
    let name = part.strip_suffix(".slice").unwrap_or(part);
    let uid = match name.rfind("pod") {
        Some(at) if at == 0 || name.as_bytes()[at - 1] == b'-' => &name[at + 3..],
        _ => return false,
    };
    let is_digit = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_');
    uid.len() >= 32 && uid.len() <= 36 && uid.bytes().all(is_digit)
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
