//! Containers: which one a cgroup belongs to, and what its runtime says of it. What the runtime
//! does not say is absent.

mod bolt;
mod cgroup;
mod containerd;
mod docker;
mod oci;
mod read;
mod storage;

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use cgroup::{Place, place};
use containerd::Containerds;
use docker::Dockers;
use storage::Stores;

use crate::table::Program;

/// How the programs are called that stand by containerd's containers, by those of CRI-O and podman,
/// and by all of a Docker's.
const SHIM: &[u8] = b"containerd-shim";
const MONITOR: &[u8] = b"conmon";
const DAEMON: &[u8] = b"dockerd";

/// Who made a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// Docker.
    Docker,
    /// containerd, by its Kubernetes interface or not.
    Containerd,
    /// CRI-O.
    Crio,
    /// Podman.
    Podman,
    /// runc without anything above it.
    Runc,
    /// LXC.
    Lxc,
}

impl Runtime {
    /// Returns the name that rules know (`container.type`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Crio => "cri-o",
            Self::Podman => "podman",
            Self::Runc => "runc",
            Self::Lxc => "lxc",
        }
    }

    /// Says whether its state on disk says more of a container than its id.
    pub fn tells(self) -> bool {
        self != Self::Lxc
    }
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Whole id.
    pub id: Arc<str>,
    /// Who made it.
    pub runtime: Runtime,
    /// What the runtime says; nothing where it could not be asked.
    pub about: Option<About>,
}

/// What a runtime says of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Name.
    pub name: Option<String>,
    /// Image as the container names it.
    pub image: Option<String>,
    /// Id of the image on this machine.
    pub image_id: Option<String>,
    /// Digest of the image in its registry.
    pub image_digest: Option<String>,
    /// Whether it runs privileged.
    pub privileged: Option<bool>,
    /// Mounts of the host's files.
    pub mounts: Vec<Mount>,
    /// Labels of the container.
    pub labels: Vec<(String, String)>,
    /// The namespaces that it shares with the host; nothing where that is not known.
    pub shares: Option<Shares>,
    /// Where its root file system lies on the host.
    pub root: Option<PathBuf>,
    /// Its address in its network.
    pub address: Option<String>,
    /// The runtime has not noted yet that it runs, so more may be told of it soon.
    pub is_beginning: bool,
    /// What the network plugin reported, as JSON.
    pub network: Option<String>,
    /// The pod that it belongs to.
    pub pod: Option<Pod>,
}

/// The namespaces that a container shares with the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Processes.
    pub pid: bool,
    /// Network.
    pub network: bool,
    /// Inter-process communication.
    pub ipc: bool,
}

/// A mount of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// Where it comes from.
    pub source: String,
    /// Where it is in the container.
    pub dest: String,
    /// Mode, as the runtime writes it.
    pub mode: String,
    /// It may be written.
    pub writable: bool,
    /// How mounts below it spread.
    pub propagation: String,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Unique id.
    pub uid: String,
    /// Id of its sandbox.
    pub sandbox: Option<String>,
    /// Labels that it was made with; nothing where they are not known. What is changed later, the
    /// Kubernetes API tells.
    pub labels: Option<Vec<(String, String)>>,
    /// Annotations that it was made with; nothing where they are not known.
    pub annotations: Option<Vec<(String, String)>>,
}

impl About {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        value_of(&self.labels, name)
    }
}

/// Returns the value of a name.
pub(crate) fn value_of<'l>(labels: &'l [(String, String)], name: &str) -> Option<&'l str> {
    labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Splits an image's name into repository, tag and digest.
pub fn image_parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash is of a registry's port.
    match rest.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag), digest),
        _ => (rest, None, digest),
    }
}

/// The runtimes of this machine, asked by way of the state they keep on disk.
#[derive(Debug)]
pub struct Runtimes {
    root: PathBuf,
    containerds: Containerds,
    dockers: Dockers,
    stores: Stores,
}

impl Runtimes {
    /// Returns those whose state lies below `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            containerds: Containerds::new(root),
            dockers: Dockers::new(root),
            stores: Stores::new(root),
        }
    }

    /// Says whether a program of this name stands by a container.
    pub fn is_companion(name: &[u8]) -> bool {
        name.starts_with(SHIM) || name == MONITOR || name == DAEMON
    }

    /// Takes in such a program and the folder that it works in: it knows where its containers are,
    /// wherever the runtime keeps its state.
    pub fn learn(&mut self, program: &Program, folder: &[u8]) {
        let path = |bytes| Path::new(OsStr::from_bytes(bytes));
        if program.name.starts_with(SHIM) {
            self.containerds.learn(&self.root, path(folder));
        } else if &*program.name == DAEMON {
            self.dockers.learn(&self.root, program);
        } else if let Some(bundle) = program.words().skip_while(|word| *word != b"-b").nth(1) {
            self.stores.learn(&self.root, path(bundle));
        }
    }

    /// Asks for a container.
    pub fn ask(&self, place: &Place) -> Option<About> {
        let root = &self.root;
        match place.runtime {
            Runtime::Docker => self.dockers.ask(&place.id),
            Runtime::Containerd => self.containerds.ask(root, &place.id),
            Runtime::Crio | Runtime::Podman => self.stores.ask(&place.id),
            Runtime::Runc => oci::runc(root, &place.id),
            Runtime::Lxc => None,
        }
    }

    /// Finds the container of a cgroup that carries no runtime's mark: containerd's own are in
    /// `/<namespace>/<name>`, and runc may be told any cgroup.
    pub fn unmarked(&self, cgroup: &[u8]) -> Option<Place> {
        let cgroup = std::str::from_utf8(cgroup).ok()?;
        let id = cgroup.rsplit('/').next().filter(|id| is_name(id))?;
        let namespace = cgroup.strip_suffix(id)?.trim_matches('/');
        if self.containerds.has(namespace, id) {
            return Some(Place { id: id.into(), runtime: Runtime::Containerd });
        }
        oci::of_cgroup(&self.root, cgroup, id)
    }
}

/// Returns where a path of the machine lies below `root`.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// A name that leads nowhere else when it stands in a path.
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte);
    !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && name.bytes().all(is_letter)
}
