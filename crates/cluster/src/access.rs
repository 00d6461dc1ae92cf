//! How the API server is reached, and as whom: by the service account of a pod, or by a kubeconfig.
//! Either is read anew for each connection, because tokens and certificates are replaced.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Where a pod finds what its service account may show.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Port of a server's URL that names none.
const PORT: u16 = 443;

/// This node as a member of its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// How the API server is reached.
    pub access: Access,
    /// What the cluster calls this node.
    pub node: String,
}

/// How the API server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// As the service account of the pod that this runs in.
    Account {
        /// URL of the server.
        server: String,
        /// Folder with `token` and `ca.crt`.
        folder: PathBuf,
    },
    /// By the current context of a kubeconfig.
    Kubeconfig(PathBuf),
}

/// Why it cannot be reached.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum AccessError {
    #[error("cannot read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}`: {reason}")]
    Wrong { path: PathBuf, reason: String },
    #[error("cannot set TLS up")]
    Tls(#[from] rustls::Error),
}

/// All that a connection takes.
pub struct Way {
    pub host: String,
    pub port: u16,
    /// Path below which the server's API is, without a slash at its end.
    pub base: String,
    /// Name that the server's certificate must carry.
    pub name: ServerName<'static>,
    pub tls: Arc<ClientConfig>,
    pub token: Option<String>,
}

impl Way {
    /// Returns host and port as they stand in a URL.
    pub fn address(&self) -> String {
        address(&self.host, self.port)
    }
}

fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl Access {
    /// Returns the way of the pod that this runs in, if it runs in one.
    pub fn of_pod() -> Option<Access> {
        let variable = |name| std::env::var(name).ok().filter(|text: &String| !text.is_empty());
        let (host, port) =
            (variable("KUBERNETES_SERVICE_HOST")?, variable("KUBERNETES_SERVICE_PORT")?);
        let folder = PathBuf::from(ACCOUNT);
        let port = port.parse().unwrap_or(PORT);
        let server = format!("https://{}", address(&host, port));
        folder.join("token").exists().then_some(Access::Account { server, folder })
    }

    /// Reads what a connection takes.
    pub(crate) fn read(&self) -> Result<Way, AccessError> {
        match self {
            Access::Account { server, folder } => {
                let wrong = |reason| AccessError::Wrong { path: folder.clone(), reason };
                let authority = bytes(&folder.join("ca.crt"))?;
                let token = text(bytes(&folder.join("token"))?);
                let identity = Identity { token: Some(token), certificate: None };
                way(server, None, &authority, identity).map_err(wrong)
            }
            Access::Kubeconfig(path) => kubeconfig(path),
        }
    }
}

/// As whom.
struct Identity {
    token: Option<String>,
    /// Certificates and key, PEM.
    certificate: Option<(Vec<u8>, Vec<u8>)>,
}

/// Puts the parts together. An error is a reason for a person.
fn way(
    server: &str,
    name: Option<&str>,
    authority: &[u8],
    identity: Identity,
) -> Result<Way, String> {
    let wrong = || format!("`{server}` is no address of an API server: write https://HOST:PORT");
    let uri: Uri = server.parse().map_err(|_| wrong())?;
    let host = uri.host().filter(|_| uri.scheme_str() == Some("https")).ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = name.unwrap_or(&host).to_owned();
    let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
    Ok(Way {
        port: uri.port_u16().unwrap_or(PORT),
        base: uri.path().trim_end_matches('/').to_owned(),
        name,
        tls: Arc::new(tls(authority, identity.certificate)?),
        token: identity.token,
        host,
    })
}

fn tls(authority: &[u8], certificate: Option<(Vec<u8>, Vec<u8>)>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for one in certificates(authority)? {
        roots.add(one).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("there is no certificate of an authority".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let mut config = match certificate {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| error.to_string())?;
            let chain = certificates(&chain)?;
            config.with_client_auth_cert(chain, key).map_err(|error| error.to_string())?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.map_err(|error| format!("a certificate cannot be read: {error}"))
}

/// A kubeconfig, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kubeconfig {
    #[serde(default)]
    current_context: String,
    contexts: Option<Vec<Named>>,
    clusters: Option<Vec<Named>>,
    users: Option<Vec<Named>>,
}

/// An entry of one of its lists.
#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    context: Context,
    #[serde(default)]
    cluster: Cluster,
    #[serde(default)]
    user: User,
}

#[derive(Default, Deserialize)]
struct Context {
    #[serde(default)]
    cluster: String,
    #[serde(default)]
    user: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Cluster {
    #[serde(default)]
    server: String,
    certificate_authority: Option<PathBuf>,
    certificate_authority_data: Option<String>,
    tls_server_name: Option<String>,
    #[serde(default)]
    insecure_skip_tls_verify: bool,
    proxy_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct User {
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_certificate_data: Option<String>,
    client_key: Option<PathBuf>,
    client_key_data: Option<String>,
    exec: Option<IgnoredAny>,
    auth_provider: Option<IgnoredAny>,
    username: Option<IgnoredAny>,
}

fn kubeconfig(path: &Path) -> Result<Way, AccessError> {
    let wrong = |reason: String| AccessError::Wrong { path: path.to_owned(), reason };
    let config: Kubeconfig = serde_saphyr::from_str(&text(bytes(path)?))
        .map_err(|error| wrong(format!("this is no kubeconfig: {error}")))?;
    let find = |list: Option<Vec<Named>>, kind: &str, name: &str| {
        let found = list.unwrap_or_default().into_iter().find(|one| one.name == name);
        found.ok_or_else(|| wrong(format!("it has no {kind} `{name}`")))
    };
    let context = find(config.contexts, "context", &config.current_context)?.context;
    let cluster = find(config.clusters, "cluster", &context.cluster)?.cluster;
    let user = find(config.users, "user", &context.user)?.user;
    if cluster.insecure_skip_tls_verify || cluster.proxy_url.is_some() {
        let reason = "`insecure-skip-tls-verify` and `proxy-url` are not followed: name the \
                      server itself and its certificate authority";
        return Err(wrong(reason.to_owned()));
    }
    if user.exec.is_some() || user.auth_provider.is_some() || user.username.is_some() {
        let reason = "programs and passwords to sign in with are not used: give it a token, a \
                      tokenFile or a client certificate";
        return Err(wrong(reason.to_owned()));
    }
    let part = |data: Option<String>, file: Option<PathBuf>, name: &str| {
        part(path, data, file).map_err(|error| match error {
            Ok(error) => error,
            Err(error) => wrong(format!("`{name}` is not base 64: {error}")),
        })
    };
    let authority =
        part(cluster.certificate_authority_data, cluster.certificate_authority, "authority")?
            .ok_or_else(|| wrong("it names no certificate authority".to_owned()))?;
    let chain = part(user.client_certificate_data, user.client_certificate, "certificate")?;
    let key = part(user.client_key_data, user.client_key, "key")?;
    let token = match user.token_file {
        Some(file) => Some(text(bytes(&beside(path, &file))?)),
        None => user.token,
    };
    let identity = Identity { token, certificate: chain.zip(key) };
    way(&cluster.server, cluster.tls_server_name.as_deref(), &authority, identity).map_err(wrong)
}

/// Reads what stands in a kubeconfig itself, or in a file that it names.
fn part(
    path: &Path,
    data: Option<String>,
    file: Option<PathBuf>,
) -> Result<Option<Vec<u8>>, Result<AccessError, base64::DecodeError>> {
    match (data, file) {
        (Some(data), _) => STANDARD.decode(data.trim()).map(Some).map_err(Err),
        (None, Some(file)) => bytes(&beside(path, &file)).map(Some).map_err(Ok),
        (None, None) => Ok(None),
    }
}

fn beside(path: &Path, file: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).join(file)
}

fn bytes(path: &Path) -> Result<Vec<u8>, AccessError> {
    std::fs::read(path).map_err(|source| AccessError::Read { path: path.to_owned(), source })
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &str, told: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, config).unwrap();
        let error = Access::Kubeconfig(path).read().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }

    #[test]
    fn an_address_of_ipv6_stands_in_brackets() {
        assert_eq!(address("api.example", 443), "api.example:443");
        assert_eq!(address("fd00::1", 6443), "[fd00::1]:6443");
    }

    #[test]
    fn a_kubeconfig_that_cannot_be_used_says_what_to_change() {
        let config = |cluster: &str, user: &str| {
            format!(
                "current-context: a\ncontexts: [{{name: a, context: {{cluster: c, user: u}}}}]\n\
                 clusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
                 users: [{{name: u, user: {{{user}}}}}]\n"
            )
        };
        let server = "server: 'https://a', certificate-authority-data: ''";
        check("nothing", "no kubeconfig");
        check("current-context: a\ncontexts: null\n", "no context `a`");
        check(&config("server: 'https://a'", ""), "no certificate authority");
        check(&config(server, ""), "no certificate of an authority");
        check(&config("server: 'https://a', insecure-skip-tls-verify: true", ""), "not followed");
        check(&config(server, "exec: {command: aws}"), "give it a token");
        check(&config(server, "client-key-data: '*'"), "`key` is not base 64");
        let http = "server: 'http://a', certificate-authority-data: ''";
        check(&config(http, ""), "write https://HOST:PORT");
        let missing = Access::Kubeconfig("/no/such/config".into()).read().map(|_| ());
        assert!(missing.unwrap_err().to_string().contains("/no/such/config"));
    }
}
