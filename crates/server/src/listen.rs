//! Accepts connections: plain HTTP on loopback addresses only, TLS everywhere.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::connections::{Bounded, Connections};

/// How long a client may take to send the head of a request.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(10);
/// Bytes of the head of a request, and of what is read from a connection at once.
const HEAD_BYTES_MAX: u32 = 512 * 1024;

/// Certificate and key for TLS, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Certificate, followed by those that vouch for it.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Evidence and sessions would cross a network in the clear.
    #[error(
        "`{0}` can be reached from other machines and needs TLS: set `tls.certificate` and \
         `tls.key`, or listen on 127.0.0.1"
    )]
    NeedsTls(SocketAddr),
    /// The address is taken or not ours.
    #[error("cannot listen on `{address}`")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A PEM file cannot be used.
    #[error("cannot use `{path}` for TLS: {reason}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// A socket that is bound, before anyone is served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    /// Binds an address. Refuses one that other machines reach, unless there is TLS.
    pub fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<Listener, ListenError> {
        if !address.ip().is_loopback() && tls.is_none() {
            return Err(ListenError::NeedsTls(address));
        }
        let tls = tls.map(server_config).transpose()?.map(Arc::new);
        let failed = |source| ListenError::Bind { address, source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Listener { socket, address, tls })
    }

    /// Returns the address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells whether connections are encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves until the handle says stop.
    pub async fn serve(
        self,
        router: Router,
        connections: Connections,
        handle: Handle<SocketAddr>,
    ) -> std::io::Result<()> {
        let service = router.into_make_service();
        let Some(tls) = self.tls else {
            let server = axum_server::from_tcp(self.socket)?.handle(handle);
            let mut server = server.map(|inner| Bounded { inner, connections });
            bound(server.http_builder());
            return server.serve(service).await;
        };
        let config = RustlsConfig::from_config(tls);
        let server = axum_server::from_tcp_rustls(self.socket, config)?.handle(handle);
        let mut server = server.map(|inner| Bounded { inner, connections });
        bound(server.http_builder());
        server.serve(service).await
    }
}

pub(crate) fn bound(
    builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>,
) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_buf_size(HEAD_BYTES_MAX as usize);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(HEAD_BYTES_MAX);
}

fn server_config(tls: &Tls) -> Result<ServerConfig, ListenError> {
    let pem = |path: &Path, reason: &dyn std::fmt::Display| ListenError::Pem {
        path: path.to_owned(),
        reason: reason.to_string(),
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| pem(&tls.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| pem(&tls.key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| pem(&tls.certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| pem(&tls.certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_needs_tls() {
        let refused = Listener::bind("0.0.0.0:0".parse().unwrap(), None).unwrap_err();
        let told = refused.to_string();
        assert!(told.starts_with("`0.0.0.0:0` can be reached from other machines"), "{told}");
    }

    #[test]
    fn a_wrong_certificate_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let tls = Tls { certificate: dir.path().join("no.pem"), key: dir.path().join("no.key") };
        let refused = Listener::bind("127.0.0.1:0".parse().unwrap(), Some(&tls)).unwrap_err();
        assert!(refused.to_string().contains("no.pem"), "{refused}");
    }
}
