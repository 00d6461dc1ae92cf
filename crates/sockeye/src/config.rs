//! The settings of `sockeye serve`, in two steps: what was [`Stated`] in a file, in the environment
//! and by flags, and what holds then, which is the server's [`Settings`]. A flag wins over the
//! environment, and both win over the file.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

mod kubernetes;
mod sensor;

use anyhow::{Context, bail};
use control::catalogue::ServiceModel;
use serde::Deserialize;
use server::{Clock, Settings, SourceSetting, Tls};

pub use kubernetes::{StatedKubernetes, hostname};
pub use sensor::{SensorSetting, StatedSensor, When, step};

/// Largest configuration file.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Where to listen unless told otherwise.
const LISTEN: &str = "127.0.0.1:9700";

/// What was said in one place. Nothing said is no default yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct Stated {
    /// Address to listen on; one that other machines reach needs TLS [default: 127.0.0.1:9700]
    #[arg(long, value_name = "ADDRESS:PORT", env = "SOCKEYE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Directory for trail, projection and keys [default: .data]
    #[arg(long, value_name = "DIR", env = "SOCKEYE_DATA")]
    pub data: Option<PathBuf>,
    /// Name of this environment, which the trail carries; keeps a demonstration apart [default:
    /// default]
    #[arg(long, value_name = "NAME", env = "SOCKEYE_ENVIRONMENT")]
    pub environment: Option<String>,
    /// Name of the cluster whose events come in
    #[arg(long, value_name = "NAME", env = "SOCKEYE_CLUSTER")]
    pub cluster: Option<String>,
    /// Person whom the sign-in link signs in; decisions carry this name [default: $USER]
    #[arg(long, value_name = "NAME", env = "SOCKEYE_ADMIN_NAME")]
    pub admin_name: Option<String>,
    /// Address at which agents of nodes are heard, over TLS of their own [default: none]
    #[arg(long, value_name = "ADDRESS:PORT", env = "SOCKEYE_AGENTS")]
    pub agents: Option<SocketAddr>,
    /// Clients that may be connected at once; one more is hung up on [default: 512]
    #[arg(long, value_name = "N", env = "SOCKEYE_CONNECTIONS_MAX")]
    pub connections_max: Option<NonZeroUsize>,
    /// Name under which browsers reach this server, besides addresses and localhost
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Certificate and key
    #[command(flatten)]
    pub tls: StatedTls,
    /// Rules
    #[command(flatten)]
    pub rules: StatedRules,
    /// Controls
    #[command(flatten)]
    pub controls: StatedControls,
    /// Watching this machine itself
    #[command(flatten)]
    pub sensor: StatedSensor,
    /// The cluster that this machine belongs to
    #[command(flatten)]
    pub kubernetes: StatedKubernetes,
    /// What delivers
    #[command(flatten)]
    pub sources: StatedSources,
}

/// Certificate and key for TLS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct StatedTls {
    /// Certificate chain for TLS, PEM
    #[arg(long = "tls-certificate", value_name = "FILE", env = "SOCKEYE_TLS_CERTIFICATE")]
    pub certificate: Option<PathBuf>,
    /// Private key for TLS, PEM
    #[arg(long = "tls-key", value_name = "FILE", env = "SOCKEYE_TLS_KEY")]
    pub key: Option<PathBuf>,
}

/// Which rules judge.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct StatedRules {
    /// Rule file, or folder of rule files, in place of those that come with Sockeye
    #[arg(short = 'r', long = "rules", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Person who approved these rules; without one, no control can rest on them
    #[arg(long = "rules-approved-by", value_name = "NAME", env = "SOCKEYE_RULES_APPROVED_BY")]
    pub approved_by: Option<String>,
}

/// Which controls are judged.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct StatedControls {
    /// Folder of controls, with `soc2/` in it, in place of those that come with Sockeye
    #[arg(long = "controls", value_name = "DIR", env = "SOCKEYE_CONTROLS")]
    pub folder: Option<PathBuf>,
    /// How the clusters are bought: iaas, paas or saas [default: iaas]
    #[arg(long, value_name = "MODEL", value_parser = service_model)]
    pub service_model: Option<ServiceModel>,
}

/// What delivers: in a file a list of `k8s_audit: {file: PATH}` and `k8s_audit: {webhook: false}`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(transparent)]
pub struct StatedSources {
    #[arg(skip)]
    listed: Vec<StatedSource>,
    /// Kubernetes audit log to follow; may be given more than once
    #[serde(skip)]
    #[arg(long = "k8s-audit-file", value_name = "FILE")]
    k8s_audit_files: Vec<PathBuf>,
}

/// One source of the list in a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatedSource {
    K8sAudit(StatedK8sAudit),
}

/// How Kubernetes audit events come.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StatedK8sAudit {
    /// Follow this log file.
    file: Option<PathBuf>,
    /// Take them at `/k8s-audit`; on unless switched off.
    webhook: Option<bool>,
}

impl Stated {
    /// Reads what a YAML file says.
    pub fn read(path: &Path) -> anyhow::Result<Stated> {
        let about = || format!("cannot read the configuration `{}`", path.display());
        if std::fs::metadata(path).with_context(about)?.len() > FILE_BYTES_MAX {
            bail!("the configuration `{}` is longer than {FILE_BYTES_MAX} bytes", path.display());
        }
        let text = std::fs::read_to_string(path).with_context(about)?;
        Stated::parse(&text)
            .with_context(|| format!("the configuration `{}` is wrong", path.display()))
    }

    /// Reads what a YAML text says.
    pub fn parse(text: &str) -> anyhow::Result<Stated> {
        if text.trim().is_empty() {
            return Ok(Stated::default());
        }
        Ok(serde_saphyr::from_str(text)?)
    }

    /// Completes what was said here by what was said there.
    pub fn or(self, other: Stated) -> Stated {
        let longer = |these: Vec<_>, those| if these.is_empty() { those } else { these };
        Stated {
            listen: self.listen.or(other.listen),
            data: self.data.or(other.data),
            environment: self.environment.or(other.environment),
            cluster: self.cluster.or(other.cluster),
            admin_name: self.admin_name.or(other.admin_name),
            agents: self.agents.or(other.agents),
            connections_max: self.connections_max.or(other.connections_max),
            hosts: if self.hosts.is_empty() { other.hosts } else { self.hosts },
            tls: StatedTls {
                certificate: self.tls.certificate.or(other.tls.certificate),
                key: self.tls.key.or(other.tls.key),
            },
            rules: StatedRules {
                files: longer(self.rules.files, other.rules.files),
                approved_by: self.rules.approved_by.or(other.rules.approved_by),
            },
            controls: StatedControls {
                folder: self.controls.folder.or(other.controls.folder),
                service_model: self.controls.service_model.or(other.controls.service_model),
            },
            sensor: StatedSensor {
                watch: self.sensor.watch.or(other.sensor.watch),
                step: self.sensor.step.or(other.sensor.step),
                ring_mib: self.sensor.ring_mib.or(other.sensor.ring_mib),
            },
            kubernetes: StatedKubernetes {
                kubeconfig: self.kubernetes.kubeconfig.or(other.kubernetes.kubeconfig),
                node: self.kubernetes.node.or(other.kubernetes.node),
            },
            sources: StatedSources {
                listed: [other.sources.listed, self.sources.listed].concat(),
                k8s_audit_files: self.sources.k8s_audit_files,
            },
        }
    }

    /// Decides what holds. `user` is who starts this, as the system knows them.
    pub fn settle(self, user: &str, hostname: String) -> anyhow::Result<Settings> {
        let tls = match (self.tls.certificate, self.tls.key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            (Some(_), None) => bail!("a TLS certificate needs its key: set `tls.key`"),
            (None, Some(_)) => bail!("a TLS key needs its certificate: set `tls.certificate`"),
        };
        let environment = self.environment.unwrap_or_else(|| "default".to_owned());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if environment.is_empty() || environment.len() > 64 || !environment.bytes().all(plain) {
            bail!("`{environment}` is no name of an environment: use letters, digits, `-_.`");
        }
        let admin_name = self.admin_name.unwrap_or_else(|| user.to_owned()).trim().to_owned();
        if !admin_name.is_empty() && !finding::is_person(&admin_name) {
            bail!("`{admin_name}` is no named person: `token:` and `system:` stand for programs");
        }
        let default: SocketAddr = LISTEN.parse().context("the default address")?;
        Ok(Settings {
            listen: self.listen.unwrap_or(default),
            tls,
            agents: self.agents,
            connections_max: self
                .connections_max
                .map_or(server::CONNECTIONS_LEN_MAX, NonZeroUsize::get),
            hosts: self.hosts,
            data: self.data.unwrap_or_else(|| PathBuf::from(".data")),
            environment,
            cluster: self.cluster,
            hostname,
            admin_name,
            started_by: user.to_owned(),
            rules: self.rules.files,
            rules_approved_by: self.rules.approved_by,
            controls: self.controls.folder,
            service_model: self.controls.service_model.unwrap_or_default(),
            canaries: true,
            sources: self.sources.settle(),
            clock: Clock::system(),
        })
    }
}

impl StatedSources {
    fn settle(self) -> Vec<SourceSetting> {
        let listed = || {
            self.listed.iter().map(|source| match source {
                StatedSource::K8sAudit(k8s_audit) => k8s_audit,
            })
        };
        let mut settled = Vec::new();
        if listed().filter_map(|one| one.webhook).next_back().unwrap_or(true) {
            settled.push(SourceSetting::K8sAuditWebhook);
        }
        let files = listed().filter_map(|one| one.file.clone());
        for file in files.chain(self.k8s_audit_files.clone()) {
            let setting = SourceSetting::K8sAuditFile(file);
            if !settled.contains(&setting) {
                settled.push(setting);
            }
        }
        settled
    }
}

/// Returns the account that runs this, as the system knows it: by name, else by number. Services
/// and containers start without the variables that a login sets.
pub fn user() -> String {
    let stated = ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let stated = stated.map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    stated.or_else(account).unwrap_or_default()
}

/// Looks up who owns this process.
fn account() -> Option<String> {
    let number = std::fs::metadata("/proc/self").ok()?.uid();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = accounts.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == number.to_string()).then(|| name.to_owned())
    });
    Some(named.unwrap_or_else(|| format!("uid {number}")))
}

fn service_model(text: &str) -> Result<ServiceModel, String> {
    match text {
        "iaas" => Ok(ServiceModel::Iaas),
        "paas" => Ok(ServiceModel::Paas),
        "saas" => Ok(ServiceModel::Saas),
        _ => Err("use iaas, paas or saas".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(text: &str) -> anyhow::Result<Settings> {
        Stated::parse(text)?.settle("ada", "host".to_owned())
    }

    #[test]
    fn whoever_runs_this_has_a_name_without_a_login_too() {
        assert!(account().is_some_and(|name| !name.is_empty()));
    }

    #[test]
    fn nothing_said_is_a_server_on_the_loopback_with_a_webhook() {
        let settings = settle("").unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:9700");
        assert_eq!(settings.admin_name, "ada");
        assert_eq!(settings.sources, [SourceSetting::K8sAuditWebhook]);
    }

    #[test]
    fn a_file_says_everything() {
        let settings = settle(
            "listen: 0.0.0.0:9700\n\
             environment: production\n\
             cluster: eu-1\n\
             admin_name: Ada Lovelace\n\
             hosts: [sockeye.example.org]\n\
             connections_max: 64\n\
             tls: {certificate: tls.crt, key: tls.key}\n\
             rules: {files: [rules/], approved_by: Grace Hopper}\n\
             controls: {service_model: paas}\n\
             sources:\n\
             - k8s_audit: {file: /var/log/kubernetes/audit.log}\n\
             - k8s_audit: {webhook: false}\n",
        )
        .unwrap();
        assert_eq!(settings.rules_approved_by.as_deref(), Some("Grace Hopper"));
        assert_eq!(settings.service_model, ServiceModel::Paas);
        assert_eq!(settings.connections_max, 64);
        let file = PathBuf::from("/var/log/kubernetes/audit.log");
        assert_eq!(settings.sources, [SourceSetting::K8sAuditFile(file)]);
        assert_eq!(settings.admin_name, "Ada Lovelace");
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = Stated::parse("listen: 127.0.0.1:1\nenvironment: file\n").unwrap();
        let flags = Stated { environment: Some("flag".to_owned()), ..Stated::default() };
        let settings = flags.or(file).settle("ada", String::new()).unwrap();
        assert_eq!((settings.listen.port(), settings.environment.as_str()), (1, "flag"));
    }

    #[test]
    fn a_slip_is_told_with_its_place() {
        for (text, told) in [
            ("lisen: 127.0.0.1:1\n", "lisen"),
            ("listen: nowhere\n", "line 1"),
            ("sources:\n- k8s_audt: {}\n", "k8s_audt"),
            ("admin_name: token:ci\n", "no named person"),
            ("tls: {key: k}\n", "tls.certificate"),
            ("environment: a/b\n", "no name of an environment"),
        ] {
            let error = format!("{:#}", settle(text).unwrap_err());
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, before) in ('b'..='j').zip('a'..) {
            let references = vec![format!("*{before}"); 9].join(", ");
            text.push_str(&format!("{name}: &{name} [{references}]\n"));
        }
        assert!(settle(&text).is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]
        #[test]
        fn any_text_is_read_or_refused(parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "listen", "tls", "sources", "rules", "k8s_audit", "file", "hosts", ": ", ":", "\n",
                "\n- ", "\n  ", "{", "}", "[", "]", ",", "&a ", "*a", "<<", "!!str ", "|\n", ">\n",
                "'", "\"", "\\x", "\t", "# ", "---\n", "...\n", "127.0.0.1:1", "null", "é", "\0",
            ]),
            0..40,
        )) {
            let _ = settle(&parts.concat());
        }
    }
}
