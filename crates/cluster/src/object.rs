//! The objects of the API, as far as they are used.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use syscall::table::Told;

/// Bytes of a pod's labels, and of its annotations, that are kept; one that has more keeps those
/// that the runtime told.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Annotation of what the API shows of a static pod: the id that the kubelet gave it, by which the
/// runtime knows it.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A page of a list.
#[derive(Deserialize)]
pub struct List {
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    pub items: Vec<Pod>,
}

/// An event of a watch.
#[derive(Deserialize)]
pub struct Event<'e> {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(borrow)]
    pub object: &'e RawValue,
}

/// A pod, or any other object.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    pub metadata: Metadata,
    pub spec: Spec,
    pub status: Status,
}

/// What all objects have.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    pub resource_version: String,
    #[serde(rename = "continue")]
    pub next: String,
    pub labels: Option<BTreeMap<String, String>>,
    pub annotations: Option<BTreeMap<String, String>>,
    pub owner_references: Option<Vec<Reference>>,
}

/// What owns an object.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reference {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub uid: String,
    pub controller: bool,
}

/// What a pod is to be.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    pub service_account_name: Option<String>,
}

/// What a pod or a node is.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    pub node_info: Option<NodeInfo>,
}

/// What a node says of its machine.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeInfo {
    #[serde(rename = "bootID")]
    pub boot_id: String,
}

/// What the server says instead of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Failure {
    pub code: u16,
    pub message: String,
}

impl Metadata {
    /// Returns what manages the object. A node owns its static pods in name only.
    pub fn controller(&self) -> Option<&Reference> {
        let mut owners = self.owner_references.as_ref()?.iter();
        owners.find(|owner| owner.controller && owner.kind != "Node")
    }

    /// Returns the id by which the runtime knows a pod.
    pub fn runtime_uid(&self) -> &str {
        let mirror = self.annotations.as_ref().and_then(|all| all.get(MIRROR));
        mirror.unwrap_or(&self.uid)
    }
}

impl Pod {
    /// Returns what the pod itself tells.
    pub fn told(&self) -> Told {
        Told {
            uid: self.metadata.runtime_uid().to_owned(),
            labels: kept(self.metadata.labels.as_ref()),
            annotations: kept(self.metadata.annotations.as_ref()),
            address: self.status.pod_ip.clone(),
            account: self.spec.service_account_name.clone(),
            ..Told::default()
        }
    }
}

/// Returns labels or annotations, unless they are too long.
pub fn kept(texts: Option<&BTreeMap<String, String>>) -> Option<Vec<(String, String)>> {
    let Some(texts) = texts else { return Some(Vec::new()) };
    let len: usize = texts.iter().map(|(name, value)| name.len() + value.len()).sum();
    let owned = || texts.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    (len <= TEXT_BYTES_MAX).then(owned)
}
