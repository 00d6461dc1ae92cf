//! The cluster whose API is asked for the pods of this machine.

use std::path::PathBuf;

use cluster::{Access, Member};
use serde::Deserialize;

/// What was said of it in one place.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct StatedKubernetes {
    /// Kubeconfig by which the Kubernetes API is asked for labels and owners of this machine's pods
    /// [default: in a pod its service account, elsewhere none]
    #[arg(long, value_name = "FILE", env = "SOCKEYE_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// What the cluster calls this machine [default: the name of the host]
    #[arg(long = "kubernetes-node", value_name = "NAME", env = "SOCKEYE_KUBERNETES_NODE")]
    pub node: Option<String>,
}

impl StatedKubernetes {
    /// Decides what holds; `hostname` is the machine's own.
    pub fn settle(&self, hostname: &str) -> Option<Member> {
        let access = self.kubeconfig.clone().map(Access::Kubeconfig).or_else(Access::of_pod)?;
        // As a kubelet names its node, unless it is told otherwise.
        let node = self.node.clone().unwrap_or_else(|| hostname.to_lowercase());
        Some(Member { access, node })
    }
}

/// Returns the name of this machine.
pub fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Stated;
    use super::*;

    #[test]
    fn a_cluster_is_asked_where_one_is_named() {
        let settled = |text: &str| Stated::parse(text).unwrap().kubernetes.settle("Web-1");
        assert_eq!(settled(""), None);
        let access = Access::Kubeconfig("/etc/kubeconfig".into());
        let member = |node: &str| Some(Member { access: access.clone(), node: node.to_owned() });
        assert_eq!(settled("kubernetes: {kubeconfig: /etc/kubeconfig}"), member("web-1"));
        assert_eq!(settled("kubernetes: {kubeconfig: /etc/kubeconfig, node: n-7}"), member("n-7"));
    }
}
