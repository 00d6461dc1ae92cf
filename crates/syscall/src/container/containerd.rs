//! containerd's state: the bundles of what runs, and the database beside its content, which is
//! read while containerd writes it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::bolt::{Bolt, Bucket};
use super::oci::of_bundle;
use super::read::{text, texts};
use super::{About, Pod, below};

/// Where the bundles are when nobody says otherwise, a folder for each namespace.
const HOMES: [&str; 2] = [
    "run/containerd/io.containerd.runtime.v2.task",
    "run/k3s/containerd/io.containerd.runtime.v2.task",
];
/// The folder's name wherever a containerd keeps its state.
const TASKS: &str = "io.containerd.runtime.v2.task";
const DATABASE: &str = "io.containerd.metadata.v1.bolt/meta.db";
/// Places of bundles that are kept.
const HOME_COUNT_MAX: usize = 16;
/// Namespaces of a containerd that are looked at.
const NAMESPACE_COUNT_MAX: usize = 64;
/// How often the database is read again because it was written meanwhile.
const READ_COUNT_MAX: u32 = 8;

/// The containerds of this machine.
#[derive(Debug)]
pub struct Containerds {
    homes: Vec<PathBuf>,
}

/// The folder of a container that runs.
struct Bundle {
    namespace: String,
    path: PathBuf,
}

impl Containerds {
    /// Returns those at the usual places below `root`.
    pub fn new(root: &Path) -> Self {
        Self { homes: HOMES.iter().map(|home| root.join(home)).collect() }
    }

    /// Takes in the folder that a shim works in, which is its container's bundle: so a containerd
    /// is found wherever it keeps its state.
    pub fn learn(&mut self, root: &Path, folder: &Path) {
        let Some(home) = folder.ancestors().nth(2) else { return };
        let home = below(root, home);
        let is_new = home.file_name().is_some_and(|name| name == TASKS)
            && !self.homes.contains(&home)
            && self.homes.len() < HOME_COUNT_MAX;
        if is_new {
            self.homes.push(home);
        }
    }

    /// Says whether a container of this name runs in a namespace.
    pub fn has(&self, namespace: &str, id: &str) -> bool {
        self.bundles(id).any(|bundle| bundle.namespace == namespace)
    }

    /// Reads what is kept of a running container.
    pub fn ask(&self, root: &Path, id: &str) -> Option<About> {
        self.bundles(id).find_map(|bundle| {
            let mut about = of_bundle(&bundle.path)?;
            if let Some(known) = known(root, &bundle, id) {
                known.complete(&mut about);
            }
            about.name.get_or_insert_with(|| id.to_owned());
            Some(about)
        })
    }

    fn bundles<'c>(&'c self, id: &'c str) -> impl Iterator<Item = Bundle> + 'c {
        let namespaces = self.homes.iter().filter_map(|home| fs::read_dir(home).ok()).flatten();
        let namespaces = namespaces.filter_map(Result::ok).take(NAMESPACE_COUNT_MAX);
        namespaces.filter_map(move |namespace| {
            let path = namespace.path().join(id);
            let namespace = namespace.file_name().to_string_lossy().into_owned();
            path.is_dir().then_some(Bundle { namespace, path })
        })
    }
}

/// What the database says of a container.
#[derive(Default)]
struct Known {
    image: Option<String>,
    digest: Option<String>,
    labels: Vec<(String, String)>,
    /// What the Kubernetes interface noted of the container and of its pod.
    container: Value,
    sandbox: Value,
}

fn known(root: &Path, bundle: &Bundle, id: &str) -> Option<Known> {
    let work = fs::read_link(bundle.path.join("work")).ok()?;
    let home = below(root, work.ancestors().nth(3)?);
    (0..READ_COUNT_MAX).find_map(|_| {
        let database = Bolt::open(&home.join(DATABASE))?;
        let known = Known::read(&database, &bundle.namespace, id);
        database.is_current().then_some(known)?
    })
}

impl Known {
    fn read(database: &Bolt, namespace: &str, id: &str) -> Option<Known> {
        let of = |id: &str| database.bucket(&["v1", namespace, "containers", id]);
        let bucket = of(id)?;
        let image = value(database, &bucket, "image");
        let labels = database.bucket(&["v1", namespace, "containers", id, "labels"]);
        let digest = image.as_ref().and_then(|image| {
            let target = database.bucket(&["v1", namespace, "images", image, "target"])?;
            value(database, &target, "digest")
        });
        let note = |id: &str, kind: &str| {
            let notes = database.bucket(&["v1", namespace, "containers", id, "extensions"])?;
            let any = database.value(&notes, &format!("io.cri-containerd.{kind}.metadata"))?;
            let mut note: Value = serde_json::from_slice(content(&any)?).ok()?;
            Some(note["Metadata"].take())
        };
        let container = note(id, "container").unwrap_or_default();
        let sandbox = container["SandboxID"].as_str().unwrap_or(id);
        let sandbox = note(sandbox, "sandbox").unwrap_or_default();
        let labels = labels.map(|labels| database.texts(&labels)).unwrap_or_default();
        Some(Known { image, digest, labels, container, sandbox })
    }

    /// Fills in what the bundle does not say.
    fn complete(self, about: &mut About) {
        let image_id = text(&self.container["ImageRef"]);
        about.image = about.image.take().or(self.image);
        about.image_digest = about.image_digest.take().or(self.digest);
        about.image_id = image_id.map(|id| id.trim_start_matches("sha256:").to_owned());
        about.labels = self.labels;
        about.address = text(&self.sandbox["IP"]);
        about.network = Some(&self.sandbox["CNIResult"])
            .filter(|network| network.is_object())
            .map(ToString::to_string);
        if let (Some(pod), config @ Value::Object(_)) = (&mut about.pod, &self.sandbox["Config"]) {
            fill(pod, config);
        }
    }
}

/// Takes over what the kubelet told of the pod when it was made.
fn fill(pod: &mut Pod, config: &Value) {
    pod.labels = Some(texts(&config["labels"]));
    pod.annotations = Some(texts(&config["annotations"]));
}

fn value(database: &Bolt, bucket: &Bucket, key: &str) -> Option<String> {
    let value = String::from_utf8(database.value(bucket, key)?).ok()?;
    (!value.is_empty()).then_some(value)
}

/// Returns the bytes in a message of any kind: field 1 is its kind, field 2 what it holds.
fn content(mut any: &[u8]) -> Option<&[u8]> {
    const LENGTH_GIVEN: u8 = 2;
    while let [tag, rest @ ..] = any {
        let (len, rest) = varint(rest)?;
        let part = rest.get(..len)?;
        match (tag >> 3, tag & 7) {
            (2, LENGTH_GIVEN) => return Some(part),
            (_, LENGTH_GIVEN) => any = &rest[len..],
            _ => return None,
        }
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}
