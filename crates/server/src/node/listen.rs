//! The listener for nodes: TLS by our own authority, apart from the one for people.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsConfig;
use futures_util::future::BoxFuture;
use rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::authority::fingerprint;
use super::receive::routes;
use crate::App;
use crate::connections::{Bounded, Connections};
use crate::listen::{ListenError, bound};

/// How long requests under way may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// The certificate that a caller showed, by the SHA-256 of its DER; none if it showed none. That
/// our authority made it was checked, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown(pub Option<[u8; 32]>);

/// A socket that is bound, before any node is heard.
#[derive(Debug)]
pub struct Hearing {
    socket: TcpListener,
    address: SocketAddr,
    config: ServerConfig,
    connections: Connections,
}

impl Hearing {
    /// Binds an address; hears so many at once.
    pub fn bind(
        address: SocketAddr,
        config: ServerConfig,
        connections_max: usize,
    ) -> Result<Hearing, ListenError> {
        let failed = |source| ListenError::Bind { address, source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Hearing { socket, address, config, connections: Connections::new(connections_max) })
    }

    /// Returns the address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves nodes until the server stops.
pub async fn serve(hearing: Hearing, app: App) {
    let Hearing { socket, config, connections, .. } = hearing;
    let (handle, stop) = (Handle::new(), app.stop().clone());
    let config = RustlsConfig::from_config(Arc::new(config));
    let server = match axum_server::from_tcp_rustls(socket, config) {
        Ok(server) => server.handle(handle.clone()),
        Err(error) => return tracing::error!(%error, "nodes cannot be heard"),
    };
    let mut server = server.map(|inner| Bounded { inner: Showing { inner }, connections });
    bound(server.http_builder());
    let ending = async move {
        stop.cancelled().await;
        handle.graceful_shutdown(Some(GRACE));
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = server.serve(routes(&app).into_make_service()) => if let Err(error) = ended {
            tracing::error!(%error, "nodes are heard no longer");
        },
        () = ending => {}
    }
}

/// Accepts as another does, and tells the handlers which certificate was shown.
#[derive(Clone, Debug)]
struct Showing<A> {
    inner: A,
}

impl<I, A, T> Accept<I, Router> for Showing<A>
where
    A: Accept<I, Router, Stream = TlsStream<T>, Service = Router>,
    A::Future: Send + 'static,
{
    type Stream = TlsStream<T>;
    type Service = Router;
    type Future = BoxFuture<'static, std::io::Result<(Self::Stream, Router)>>;

    fn accept(&self, stream: I, service: Router) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let chain = stream.get_ref().1.peer_certificates();
            let shown = Shown(chain.and_then(|chain| chain.first()).map(fingerprint));
            Ok((stream, service.layer(axum::Extension(shown))))
        })
    }
}
