//! Docker's state: `/var/lib/docker/containers/<id>/`, or below wherever a daemon keeps its data.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::read::{json, text, texts};
use super::{About, Mount, Pod, Shares, below, is_name};
use crate::table::Program;

const HOME: &str = "var/lib/docker";
/// Settings of a daemon, where it is not told otherwise.
const SETTINGS: &str = "etc/docker/daemon.json";
/// Flag that tells a daemon where to keep its data.
const FLAG: &[u8] = b"--data-root";
/// Daemons whose data are looked at.
const HOME_COUNT_MAX: usize = 16;

/// The Docker daemons of this machine.
#[derive(Debug)]
pub struct Dockers {
    homes: Vec<PathBuf>,
}

impl Dockers {
    /// Returns the one at its usual place below `root`, or where its settings say.
    pub fn new(root: &Path) -> Self {
        let settings = json(&root.join(SETTINGS)).unwrap_or_default();
        let home = text(&settings["data-root"]).map(|home| below(root, Path::new(&home)));
        Self { homes: vec![home.unwrap_or_else(|| root.join(HOME))] }
    }

    /// Takes in a daemon, which may have been told to keep its data elsewhere.
    pub fn learn(&mut self, root: &Path, daemon: &Program) {
        let told = |word: &'_ [u8]| word.strip_prefix(FLAG)?.strip_prefix(b"=").map(<[u8]>::to_vec);
        let apart = || daemon.words().skip_while(|word| *word != FLAG).nth(1).map(<[u8]>::to_vec);
        let Some(home) = daemon.words().find_map(told).or_else(apart) else { return };
        let home = below(root, Path::new(OsStr::from_bytes(&home)));
        if !self.homes.contains(&home) && self.homes.len() < HOME_COUNT_MAX {
            self.homes.push(home);
        }
    }

    /// Reads what a daemon keeps of a container.
    pub fn ask(&self, id: &str) -> Option<About> {
        self.homes.iter().find_map(|home| ask(home, id))
    }
}

fn ask(home: &Path, id: &str) -> Option<About> {
    let (config, host) = kept(home, id)?;
    let labels = texts(&config["Config"]["Labels"]);
    let image_id = text(&config["Image"]);
    let is_host = |name: &str| host[name].as_str() == Some("host");
    Some(About {
        name: text(&config["Name"]).map(|name| name.trim_start_matches('/').to_owned()),
        image: text(&config["Config"]["Image"]),
        image_digest: image_id.as_deref().and_then(|id| digest(home, id)),
        image_id: image_id.map(|id| id.trim_start_matches("sha256:").to_owned()),
        privileged: host["Privileged"].as_bool(),
        mounts: config["MountPoints"]
            .as_object()
            .map(|mounts| mounts.values().map(mount).collect())
            .unwrap_or_default(),
        pod: pod(&labels),
        labels,
        shares: host.is_object().then(|| Shares {
            pid: is_host("PidMode"),
            network: is_host("NetworkMode"),
            ipc: is_host("IpcMode"),
        }),
        root: None,
        address: address(home, &config, &host),
        network: None,
        // Its networks are noted together with this, a moment after its first process began.
        is_beginning: config["State"]["Running"].as_bool() == Some(false),
    })
}

/// Reads what is kept of a container, and of how it uses its host.
fn kept(home: &Path, id: &str) -> Option<(Value, Value)> {
    let folder = home.join("containers").join(id);
    let config = json(&folder.join("config.v2.json"))?;
    Some((config, json(&folder.join("hostconfig.json")).unwrap_or_default()))
}

/// Finds the address in the network that a container was made for, else in the first by name. One
/// that lives in the network of another container has that one's address.
fn address(home: &Path, config: &Value, host: &Value) -> Option<String> {
    let mode = host["NetworkMode"].as_str().unwrap_or_default();
    match mode.strip_prefix("container:") {
        Some(other) if is_name(other) => {
            let (config, host) = kept(home, other)?;
            own_address(&config, &host)
        }
        Some(_) => None,
        None => own_address(config, host),
    }
}

fn own_address(config: &Value, host: &Value) -> Option<String> {
    let networks = config["NetworkSettings"]["Networks"].as_object()?;
    let made_for = match host["NetworkMode"].as_str() {
        None | Some("default") => "bridge",
        Some(name) => name,
    };
    let mut first = networks.get(made_for).into_iter().chain(networks.values());
    first.find_map(|one| text(&one["IPAddress"]))
}

fn mount(mount: &Value) -> Mount {
    let one = |name: &str| mount[name].as_str().unwrap_or_default().to_owned();
    Mount {
        source: one("Source"),
        dest: one("Destination"),
        mode: one("Mode"),
        writable: mount["RW"].as_bool().unwrap_or(false),
        propagation: one("Propagation"),
    }
}

/// Finds the digest under which an image was pulled.
fn digest(home: &Path, image_id: &str) -> Option<String> {
    let known = json(&home.join("image/overlay2/repositories.json"))?;
    let repositories = known["Repositories"].as_object()?;
    let names = repositories.values().filter_map(Value::as_object).flatten();
    let mut found = names.filter(|(_, id)| id.as_str() == Some(image_id));
    found.find_map(|(name, _)| name.split_once('@').map(|(_, digest)| digest.to_owned()))
}

/// The labels that a kubelet puts on Docker's containers.
fn pod(labels: &[(String, String)]) -> Option<Pod> {
    let label = |name: &str| super::value_of(labels, name).map(str::to_owned);
    Some(Pod {
        name: label("io.kubernetes.pod.name")?,
        namespace: label("io.kubernetes.pod.namespace")?,
        uid: label("io.kubernetes.pod.uid").unwrap_or_default(),
        sandbox: label("io.kubernetes.sandbox.id"),
        labels: None,
        annotations: None,
    })
}
