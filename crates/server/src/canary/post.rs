//! Sends an event to our own webhook as kube-apiserver would: to the same port, with what stands in
//! the file that it is given.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Longest reply that is read.
const REPLY_BYTES_MAX: u64 = 64 * 1024;

/// Where to send to.
#[derive(Debug)]
pub struct Post {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Its URL.
    pub url: String,
    /// The file that kube-apiserver is given.
    pub file: PathBuf,
}

/// What that file says.
struct Given {
    token: String,
    authority: Option<Vec<u8>>,
}

impl Post {
    /// Sends an event; returns the status of the reply.
    pub async fn send(&self, event: &str) -> io::Result<u16> {
        let text = tokio::fs::read_to_string(&self.file).await.map_err(|error| {
            let file = self.file.display();
            io::Error::new(error.kind(), format!("`{file}`, made for kube-apiserver: {error}"))
        })?;
        let given = Given::read(&text)
            .ok_or_else(|| io::Error::other(format!("`{}` has no token", self.file.display())))?;
        let host = self.url.split_once("://").map_or(self.url.as_str(), |(_, host)| host);
        let request = format!(
            "POST /k8s-audit HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n\
             {event}",
            given.token,
            event.len()
        );
        let stream = TcpStream::connect(reached(self.address)).await?;
        if !self.url.starts_with("https://") {
            return exchange(stream, &request).await;
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(given.client()?));
        exchange(connector.connect(name, stream).await?, &request).await
    }
}

impl Given {
    fn read(text: &str) -> Option<Given> {
        let value = |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(key));
        let token = value("token: ")?.to_owned();
        let authority = value("certificate-authority-data: ");
        Some(Given { token, authority: authority.and_then(|text| STANDARD.decode(text).ok()) })
    }

    fn client(&self) -> io::Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for one in CertificateDer::pem_slice_iter(self.authority.as_deref().unwrap_or_default()) {
            roots.add(one.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}

/// From here, a server that listens everywhere is reached on the loopback.
fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> io::Result<u16> {
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut reply = Vec::new();
    // What ends a TLS stream without a word comes after all that matters here.
    let read = stream.take(REPLY_BYTES_MAX).read_to_end(&mut reply).await;
    let status = String::from_utf8_lossy(&reply).split(' ').nth(1).and_then(|it| it.parse().ok());
    match (status, read) {
        (Some(status), _) => Ok(status),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => Err(io::Error::other("the reply is no HTTP")),
    }
}
