//! The bundles and states of the OCI runtime: what containerd, CRI-O, podman and runc itself leave
//! on disk of a running container.

use std::path::Path;

use serde_json::Value;

use super::cgroup::Place;
use super::read::{elements, json, text, texts};
use super::{About, Mount, Pod, Runtime, Shares};

/// Where runc keeps its state when nobody tells it otherwise.
const RUNC: [&str; 2] = ["run/runc", "run/user/0/runc"];

/// Reads what runc keeps of a container.
pub fn runc(root: &Path, id: &str) -> Option<About> {
    let states = RUNC.iter().map(|home| root.join(home).join(id).join("state.json"));
    let state = states.filter_map(|path| json(&path)).next()?;
    let labels = elements(&state["config"]["labels"]).filter_map(Value::as_str);
    let bundle = labels.filter_map(|label| label.strip_prefix("bundle=")).next();
    let bundle = bundle.map(|path| root.join(path.trim_start_matches('/')));
    let mut about = bundle.and_then(|path| of_bundle(&path)).unwrap_or_default();
    about.name.get_or_insert_with(|| id.to_owned());
    if let Some(rootfs) = state["config"]["rootfs"].as_str() {
        about.root = Some(root.join(rootfs.trim_start_matches('/')));
    }
    Some(about)
}

/// Finds the container of runc's that is in this cgroup: runc notes the paths in its state.
pub fn of_cgroup(root: &Path, cgroup: &str, id: &str) -> Option<Place> {
    let states = RUNC.iter().map(|home| root.join(home).join(id).join("state.json"));
    let state = states.filter_map(|path| json(&path)).next()?;
    let paths = state["cgroup_paths"].as_object()?;
    let mut paths = paths.values().filter_map(Value::as_str);
    let is_there = paths.any(|path| path.ends_with(cgroup));
    is_there.then(|| Place { id: id.into(), runtime: Runtime::Runc })
}

/// Reads the specification in a bundle.
pub fn of_bundle(bundle: &Path) -> Option<About> {
    let spec = json(&bundle.join("config.json"))?;
    let mut about = of_spec(&spec);
    let rootfs = spec["root"]["path"].as_str().unwrap_or("rootfs");
    about.root = Some(bundle.join(rootfs));
    Some(about)
}

fn of_spec(spec: &Value) -> About {
    let notes = texts(&spec["annotations"]);
    let note = |names: &[&str]| {
        names.iter().find_map(|name| super::value_of(&notes, name)).map(str::to_owned)
    };
    let kind = note(&["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"]);
    let sandbox = kind.as_deref() == Some("sandbox");
    About {
        name: note(&["io.kubernetes.cri.container-name", "io.kubernetes.container.name"])
            .or_else(|| sandbox.then(|| "POD".to_owned())),
        image: note(&[
            "io.kubernetes.cri.image-name",
            "io.kubernetes.cri-o.ImageName",
            "io.kubernetes.cri.podsandbox.image-name",
        ]),
        image_id: None,
        image_digest: note(&["io.kubernetes.cri-o.ImageRef"]).filter(|text| text.contains(':')),
        privileged: privileged(spec),
        mounts: elements(&spec["mounts"]).filter_map(mount).collect(),
        labels: note(&["io.kubernetes.cri-o.Labels"])
            .and_then(|labels| serde_json::from_str(&labels).ok())
            .map(|labels| texts(&labels))
            .unwrap_or_default(),
        shares: shares(spec),
        root: None,
        address: None,
        is_beginning: false,
        network: None,
        pod: pod(&note),
    }
}

fn pod(note: &impl Fn(&[&str]) -> Option<String>) -> Option<Pod> {
    Some(Pod {
        name: note(&["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"])?,
        namespace: note(&["io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"])?,
        uid: note(&["io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"]).unwrap_or_default(),
        sandbox: note(&["io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"]),
        labels: None,
        annotations: None,
    })
}

/// Says that a container is privileged when nothing of `/proc` and `/sys` is kept from it and it
/// may administer the machine.
fn privileged(spec: &Value) -> Option<bool> {
    let process = spec["process"].as_object()?;
    let bounding = process.get("capabilities").map(|all| &all["bounding"]);
    let administers =
        bounding.is_some_and(|all| elements(all).any(|one| one.as_str() == Some("CAP_SYS_ADMIN")));
    let hidden = |name: &str| elements(&spec["linux"][name]).next().is_some();
    Some(administers && !hidden("maskedPaths") && !hidden("readonlyPaths"))
}

fn mount(mount: &Value) -> Option<Mount> {
    let options: Vec<&str> = elements(&mount["options"]).filter_map(Value::as_str).collect();
    let bound = mount["type"].as_str() == Some("bind")
        || options.iter().any(|option| matches!(*option, "bind" | "rbind"));
    let spread = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];
    let propagation = options.iter().find(|option| spread.contains(option));
    bound.then_some(())?;
    Some(Mount {
        source: text(&mount["source"])?,
        dest: text(&mount["destination"])?,
        mode: String::new(),
        writable: !options.contains(&"ro"),
        propagation: propagation.map_or_else(String::new, |word| (*word).to_owned()),
    })
}

/// A namespace that the specification does not make is the host's.
fn shares(spec: &Value) -> Option<Shares> {
    let made: Vec<&Value> = elements(&spec["linux"]["namespaces"]).collect();
    let is_host = |kind: &str| !made.iter().any(|one| one["type"].as_str() == Some(kind));
    (!made.is_empty()).then(|| Shares {
        pid: is_host("pid"),
        network: is_host("network"),
        ipc: is_host("ipc"),
    })
}
