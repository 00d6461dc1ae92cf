//! The store that CRI-O and podman share: `overlay-containers/<id>/userdata/` and its lists. What
//! podman alone knows, it keeps in a database beside them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::About;
use super::bolt::Bolt;
use super::oci::of_bundle;
use super::read::{elements, json, text, texts};

const HOMES: [&str; 3] =
    ["run/containers/storage", "var/run/containers/storage", "var/lib/containers/storage"];
const CONTAINERS: &str = "overlay-containers";
const DATABASE: &str = "libpod/bolt_state.db";
/// Stores that are kept.
const HOME_COUNT_MAX: usize = 16;
/// How often the database is read again because it was written meanwhile.
const READ_COUNT_MAX: u32 = 8;

/// The stores of this machine.
#[derive(Debug)]
pub struct Stores {
    homes: Vec<PathBuf>,
}

impl Stores {
    /// Returns those at the usual places below `root`.
    pub fn new(root: &Path) -> Self {
        Self { homes: HOMES.iter().map(|home| root.join(home)).collect() }
    }

    /// Takes in the bundle of a container that somebody stands by.
    pub fn learn(&mut self, root: &Path, bundle: &Path) {
        let Some(home) = bundle.parent().and_then(|folder| folder.parent()?.parent()) else {
            return;
        };
        let home = super::below(root, home);
        let is_new = bundle.starts_with("/")
            && bundle.parent().and_then(Path::parent).is_some_and(|all| all.ends_with(CONTAINERS))
            && !self.homes.contains(&home)
            && self.homes.len() < HOME_COUNT_MAX;
        if is_new {
            self.homes.push(home);
        }
    }

    /// Reads what the store keeps of a container.
    pub fn ask(&self, id: &str) -> Option<About> {
        let bundle = |home: &PathBuf| home.join(CONTAINERS).join(id).join("userdata");
        let mut about = self.homes.iter().find_map(|home| of_bundle(&bundle(home)))?;
        if let Some(listed) = self.listed(&format!("{CONTAINERS}/containers.json"), id) {
            complete(&mut about, &listed);
        }
        let image = about.image_id.as_deref();
        let image = image.and_then(|id| self.listed("overlay-images/images.json", id));
        about.image_digest = about.image_digest.take().or_else(|| text(&image?["digest"]));
        let config = self.homes.iter().find_map(|home| config(home, id)).unwrap_or_default();
        if about.labels.is_empty() {
            about.labels = texts(&config["labels"]);
        }
        Some(about)
    }

    /// Finds an entry of a list by its id.
    fn listed(&self, list: &str, id: &str) -> Option<Value> {
        self.homes.iter().find_map(|home| {
            let list = json(&home.join(list))?;
            elements(&list).find(|one| one["id"].as_str() == Some(id)).cloned()
        })
    }
}

/// Fills in what podman writes only into the list.
fn complete(about: &mut About, listed: &Value) {
    let notes: Value = listed["metadata"]
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    about.name = about.name.take().or_else(|| text(&notes["name"]));
    about.image = about.image.take().or_else(|| text(&notes["image-name"]));
    about.image_id = about
        .image_id
        .take()
        .or_else(|| text(&notes["image-id"]).or_else(|| text(&listed["image"])));
}

/// Reads how podman was told to make a container.
fn config(home: &Path, id: &str) -> Option<Value> {
    (0..READ_COUNT_MAX).find_map(|_| {
        let database = Bolt::open(&home.join(DATABASE))?;
        let bucket = database.bucket(&["ctr", id])?;
        let config = serde_json::from_slice(&database.value(&bucket, "config")?).ok()?;
        database.is_current().then_some(config)
    })
}
