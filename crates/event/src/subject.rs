//! What an event, an alert or a finding is about.

use serde::{Deserialize, Serialize};

/// The thing something happened to, as far as it is known. An unknown part stays `None`:
/// it is never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subject {
    /// Cluster name as configured, or the UID of its `kube-system` namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Node or host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Kubernetes namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Kind and name of an object, `pods/web-1` or `clusterroles/admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Pod name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Container id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Image reference or digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Process name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// Who acted: user, service account, role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// Place of the workload among the parts.
const WORKLOAD: usize = 3;

impl Subject {
    /// Names of the parts, in the order of the fields.
    pub const PARTS: [&str; 9] = [
        "cluster",
        "node",
        "namespace",
        "workload",
        "pod",
        "container",
        "image",
        "process",
        "principal",
    ];

    /// Returns the parts that tell it from any other, in the order of [`Subject::PARTS`]. A
    /// container of a node has an id that nothing else has, and what it belongs to may become known
    /// only after something happened to it: so the workload of such a one is left out.
    pub fn identity(&self) -> [Option<&str>; 9] {
        let mut parts = self.parts();
        if self.node.is_some() && self.container.is_some() {
            parts[WORKLOAD] = None;
        }
        parts
    }

    /// Returns every part, in the order of [`Subject::PARTS`].
    pub fn parts(&self) -> [Option<&str>; 9] {
        [
            self.cluster.as_deref(),
            self.node.as_deref(),
            self.namespace.as_deref(),
            self.workload.as_deref(),
            self.pod.as_deref(),
            self.container.as_deref(),
            self.image.as_deref(),
            self.process.as_deref(),
            self.principal.as_deref(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_of_a_node_belongs_to_does_not_tell_it_from_another() {
        assert_eq!(Subject::PARTS[WORKLOAD], "workload");
        let some = |text: &str| Some(text.to_owned());
        let untold = Subject { node: some("n1"), container: some("3f0a"), ..Subject::default() };
        let told = Subject { workload: some("deployments/shop"), ..untold.clone() };
        assert_eq!(untold.identity(), told.identity());
        // A container that an audit event names is one of a pod, which the workload tells.
        let named = Subject { node: None, ..told };
        assert_eq!(named.identity(), named.parts());
    }
}
