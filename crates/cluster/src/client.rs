//! Questions to the API server, over connections of our own.

use std::error::Error;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::access::{Access, AccessError, Way};

/// How long connecting may take, TLS included, and an answer to begin and to arrive.
const WAIT_MAX: Duration = Duration::from_secs(15);
/// How long a watch may be silent: the server says something each minute when all is well.
const SILENCE_MAX: Duration = Duration::from_secs(150);
/// Longest answer.
const ANSWER_BYTES_MAX: usize = 32 << 20;
/// Longest event of a watch.
const LINE_BYTES_MAX: usize = 8 << 20;
/// Bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 64 << 10;
/// How this program names itself.
const PROGRAM: &str = concat!("sockeye/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("cannot reach {0}")]
    Reach(String, #[source] io::Error),
    #[error("{0} is not trusted")]
    Trust(String, #[source] io::Error),
    #[error("{0} does not answer in time")]
    Late(String),
    #[error("the connection broke")]
    Broke(#[source] hyper::Error),
    #[error("the API server refused with status {}: {message}", status.as_u16())]
    Refused { status: StatusCode, message: String },
    #[error("the API server's answer cannot be read: {0}")]
    Answer(String),
    #[error("{0}")]
    Elsewhere(String),
}

impl AskError {
    /// Returns it with its causes, in one line.
    pub fn line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }

    /// Tells whether the server itself answered.
    pub fn is_answer(&self) -> bool {
        matches!(self, AskError::Refused { .. } | AskError::Answer(_))
    }

    /// Returns the status that the server refused with.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            AskError::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// Asks one thing at a time, over a connection that is made when it is needed.
pub struct Client {
    access: Access,
    open: Option<Connection>,
}

impl Client {
    /// Returns a client that is not connected yet.
    pub fn new(access: Access) -> Client {
        Client { access, open: None }
    }

    /// Hangs up, so that the next question is asked with what access says then.
    pub fn hang_up(&mut self) {
        self.open = None;
    }

    /// Reads an object or a list.
    pub async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, AskError> {
        let body = match self.open.take().filter(|open| !open.sender.is_closed()) {
            Some(kept) => match self.read(kept, path).await {
                // A server hangs up on whoever says nothing for a while: perhaps just now.
                Err(AskError::Broke(_)) => self.read_anew(path).await?,
                body => body?,
            },
            None => self.read_anew(path).await?,
        };
        serde_json::from_slice(&body).map_err(|error| AskError::Answer(error.to_string()))
    }

    async fn read_anew(&mut self, path: &str) -> Result<Bytes, AskError> {
        let connection = Connection::open(&self.access).await?;
        self.read(connection, path).await
    }

    /// Asks over a connection, and keeps it if the server answers.
    async fn read(&mut self, mut connection: Connection, path: &str) -> Result<Bytes, AskError> {
        let body = timeout(WAIT_MAX, async {
            let answer = connection.ask(path).await?;
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            body.map(|body| body.to_bytes()).map_err(|error| AskError::Answer(error.to_string()))
        });
        let body = body.await.map_err(|_| AskError::Late(connection.address()))?;
        if matches!(body, Ok(_) | Err(AskError::Refused { .. })) {
            self.open = Some(connection);
        }
        body
    }

    /// Begins a watch, on a connection of its own.
    pub async fn watch(&self, path: &str) -> Result<Lines, AskError> {
        let mut connection = Connection::open(&self.access).await?;
        let answer = timeout(WAIT_MAX, connection.ask(path)).await;
        let answer = answer.map_err(|_| AskError::Late(connection.address()))??;
        Ok(Lines { body: answer.into_body(), read: Vec::new(), _connection: connection })
    }
}

/// What a watch tells, line by line.
pub struct Lines {
    body: Incoming,
    read: Vec<u8>,
    _connection: Connection,
}

impl Lines {
    /// Waits for the next line; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, AskError> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.read[looked..].iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(looked + end + 1);
                return Ok(Some(std::mem::replace(&mut self.read, rest)));
            }
            looked = self.read.len();
            if looked > LINE_BYTES_MAX {
                let reason = format!("an event is longer than {LINE_BYTES_MAX} bytes");
                return Err(AskError::Answer(reason));
            }
            // One that is silent for long may have lost its server: it is asked for anew.
            match timeout(SILENCE_MAX, self.body.frame()).await {
                Err(_) | Ok(None) => return Ok(None),
                Ok(Some(frame)) => {
                    let frame = frame.map_err(AskError::Broke)?;
                    self.read.extend(frame.into_data().unwrap_or_default());
                }
            }
        }
    }
}

struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    way: Way,
}

impl Connection {
    async fn open(access: &Access) -> Result<Connection, AskError> {
        let way = access.read()?;
        let address = || way.address();
        let connecting = async {
            let stream = TcpStream::connect((way.host.as_str(), way.port)).await;
            let stream = stream.map_err(|error| AskError::Reach(address(), error))?;
            let connecting = TlsConnector::from(way.tls.clone()).connect(way.name.clone(), stream);
            connecting.await.map_err(|error| AskError::Trust(address(), error))
        };
        let stream = timeout(WAIT_MAX, connecting).await;
        let stream = stream.map_err(|_| AskError::Late(address()))??;
        let made = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = made.map_err(AskError::Broke)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the Kubernetes API ended");
            }
        });
        Ok(Connection { sender, way })
    }

    fn address(&self) -> String {
        self.way.address()
    }

    async fn ask(&mut self, path: &str) -> Result<Response<Incoming>, AskError> {
        let request = Request::get(format!("{}{path}", self.way.base))
            .header(HOST, self.address())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, PROGRAM);
        let request = match &self.way.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        let request = request
            .body(Empty::new())
            .map_err(|error| AskError::Answer(format!("it cannot be asked: {error}")))?;
        self.sender.ready().await.map_err(AskError::Broke)?;
        let answer = self.sender.send_request(request).await.map_err(AskError::Broke)?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            status => Err(AskError::Refused { status, message: refusal(answer).await }),
        }
    }
}

/// Reads what the server says of a refusal.
async fn refusal(answer: Response<Incoming>) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: String,
    }
    let body = Limited::new(answer.into_body(), REFUSAL_BYTES_MAX).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    match serde_json::from_slice::<Body>(&body) {
        Ok(body) => body.message,
        Err(_) => "it does not say why".to_owned(),
    }
}
