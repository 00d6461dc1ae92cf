//! One connection to the server, made when it is needed and kept while it works.

use std::sync::Arc;
use std::time::Duration;

use control::shipment::SERVER_NAME;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long connecting may take, TLS included.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(60);
/// Longest answer.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Port of a server's URL that names none.
const PORT: u16 = 9701;

/// Where the server is: host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// A text is no address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a server: write https://HOST:9701")]
pub struct AddressError(String);

/// Why nothing came back that can be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum ClientError {
    #[error("cannot reach the server at {0}")]
    Reach(Address, #[source] std::io::Error),
    #[error("the server at {0} is not the one that was joined, or its time differs from ours")]
    Trust(Address, #[source] std::io::Error),
    #[error("the server at {0} does not answer in time")]
    Late(Address),
    #[error("the connection to {0} broke")]
    Broke(Address, #[source] hyper::Error),
    #[error("the server refused: {message}")]
    Refused { status: StatusCode, message: String, retry_after: Option<Duration> },
    #[error("the server's answer cannot be read: {0}")]
    Answer(String),
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let rest = text.trim().strip_prefix("https://").ok_or_else(wrong)?.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| wrong())?)
            }
            _ => (rest, PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(wrong());
        }
        Ok(Address { host: host.to_owned(), port })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Address { host, port } = self;
        match host.contains(':') {
            true => write!(f, "https://[{host}]:{port}"),
            false => write!(f, "https://{host}:{port}"),
        }
    }
}

/// The client. Dropped, it hangs up.
#[derive(Debug)]
pub struct Client {
    address: Address,
    config: Arc<ClientConfig>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// What the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JSON.
    Json,
    /// A batch, compressed.
    Batch,
}

impl Client {
    /// Returns a client that is not connected yet.
    pub fn new(address: Address, config: ClientConfig) -> Client {
        Client { address, config: Arc::new(config), connection: None }
    }

    /// Sends a request and reads its answer.
    pub async fn post<T: for<'de> Deserialize<'de>>(
        &mut self,
        path: &str,
        kind: Kind,
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        let done = tokio::time::timeout(ANSWER_WAIT_MAX, self.exchange(path, kind, body)).await;
        let done = done.unwrap_or_else(|_| Err(ClientError::Late(self.address.clone())));
        if !matches!(done, Ok(_) | Err(ClientError::Refused { .. })) {
            self.connection = None;
        }
        let answer = done?;
        serde_json::from_slice(&answer).map_err(|error| ClientError::Answer(error.to_string()))
    }

    async fn exchange(
        &mut self,
        path: &str,
        kind: Kind,
        body: Vec<u8>,
    ) -> Result<Bytes, ClientError> {
        let connection = match self.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => self.connect().await?,
        };
        let connection = self.connection.insert(connection);
        let broke = |error| ClientError::Broke(self.address.clone(), error);
        let mut request =
            Request::builder().method(Method::POST).uri(path).header(HOST, SERVER_NAME).header(
                CONTENT_TYPE,
                if kind == Kind::Json { "application/json" } else { "text/plain" },
            );
        if kind == Kind::Batch {
            request = request.header(CONTENT_ENCODING, "zstd");
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| ClientError::Answer(error.to_string()))?;
        connection.ready().await.map_err(broke)?;
        let answer = connection.send_request(request).await.map_err(broke)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| ClientError::Answer(error.to_string()))?.to_bytes();
        match head.status {
            StatusCode::OK => Ok(body),
            _ => Err(refused(&Response::from_parts(head, ()), &body)),
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, ClientError> {
        let address = || self.address.clone();
        let name = ServerName::try_from(SERVER_NAME)
            .map_err(|error| ClientError::Answer(error.to_string()))?;
        let host = (self.address.host.as_str(), self.address.port);
        let connecting = async {
            let stream = TcpStream::connect(host)
                .await
                .map_err(|error| ClientError::Reach(address(), error))?;
            let _ = stream.set_nodelay(true);
            TlsConnector::from(self.config.clone())
                .connect(name, stream)
                .await
                .map_err(|error| ClientError::Trust(address(), error))
        };
        let stream = tokio::time::timeout(CONNECT_WAIT_MAX, connecting)
            .await
            .map_err(|_| ClientError::Late(address()))??;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ClientError::Broke(address(), error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to the server ended");
            }
        });
        Ok(sender)
    }
}

/// Says what the server says.
fn refused(head: &Response<()>, body: &[u8]) -> ClientError {
    #[derive(Deserialize)]
    struct Body {
        error: Detail,
    }
    #[derive(Deserialize)]
    struct Detail {
        message: String,
        hint: Option<String>,
    }
    let message = match serde_json::from_slice::<Body>(body) {
        Ok(Body { error: Detail { message, hint: Some(hint) } }) => format!("{message}; {hint}"),
        Ok(Body { error }) => error.message,
        Err(_) => format!("status {}", head.status()),
    };
    let seconds = head.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = seconds.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    ClientError::Refused { status: head.status(), message, retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_may_have_a_port() {
        for (text, told) in [
            ("https://sockeye.example.org", "https://sockeye.example.org:9701"),
            ("https://sockeye.example.org:443/", "https://sockeye.example.org:443"),
            ("https://10.0.0.1:9701", "https://10.0.0.1:9701"),
            ("https://[::1]:9701", "https://[::1]:9701"),
            ("https://[::1]", "https://[::1]:9701"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), told);
        }
        for wrong in ["", "http://a", "sockeye:9701", "https://", "https://a:b", "https://a b"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
