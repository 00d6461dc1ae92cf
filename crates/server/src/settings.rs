//! What the server is told to do. Whoever starts it reads files and flags; here all is decided.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::clock::Clock;
use crate::listen::Tls;

/// Everything the server needs to know to start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address to listen on; only loopback without TLS.
    pub listen: SocketAddr,
    /// Certificate and key.
    pub tls: Option<Tls>,
    /// Address at which nodes are heard, if they are.
    pub agents: Option<SocketAddr>,
    /// Clients that may be connected at once.
    pub connections_max: usize,
    /// Names under which browsers may ask for this server, besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Data directory.
    pub data: PathBuf,
    /// Name of this environment, which keeps a demonstration apart.
    pub environment: String,
    /// Name of the cluster whose events come in, for subjects.
    pub cluster: Option<String>,
    /// Name of this host, for alerts.
    pub hostname: String,
    /// The named person that the sign-in link is for; empty if nobody was named.
    pub admin_name: String,
    /// Who started this, as the system knows them.
    pub started_by: String,
    /// Rule files and folders; none: the rules that come with the program.
    pub rules: Vec<PathBuf>,
    /// Who approved these rules.
    pub rules_approved_by: Option<String>,
    /// Folder of the catalogue; none: the one that comes with the program.
    pub controls: Option<PathBuf>,
    /// How the clusters are bought, which decides whose work a control is.
    pub service_model: control::catalogue::ServiceModel,
    /// Whether canaries are planted at the webhook.
    pub canaries: bool,
    /// What delivers.
    pub sources: Vec<SourceSetting>,
    /// Where the time comes from.
    pub clock: Clock,
}

/// Something that delivers records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSetting {
    /// The API server's audit webhook, at `/k8s-audit`.
    K8sAuditWebhook,
    /// The API server's audit log, followed through rotations.
    K8sAuditFile(PathBuf),
}
