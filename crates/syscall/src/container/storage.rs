//! The store that CRI-O and podman share: `overlay-containers/<id>/userdata/` and its list.

use std::path::Path;

use serde_json::Value;

use super::About;
use super::oci::of_bundle;
use super::read::{elements, json, text};

const HOMES: [&str; 3] =
    ["run/containers/storage", "var/run/containers/storage", "var/lib/containers/storage"];

/// Reads what the store keeps of a container.
pub fn ask(root: &Path, id: &str) -> Option<About> {
    let bundle = |home: &&str| root.join(home).join("overlay-containers").join(id).join("userdata");
    let mut about = HOMES.iter().map(bundle).find_map(|path| of_bundle(&path))?;
    let listed = HOMES.iter().find_map(|home| {
        let list = json(&root.join(home).join("overlay-containers/containers.json"))?;
        elements(&list).find(|one| one["id"].as_str() == Some(id)).cloned()
    });
    if let Some(listed) = listed {
        complete(&mut about, &listed);
    }
    Some(about)
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
