//! How a command on this machine asks the running server for something: through a socket in the
//! data directory. An export can also be written by the command itself, while no server runs.
//! Whoever may open that socket may read the data directory anyway, so no other right is asked for.

mod nodes;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use control::evidence::{Administration, Entry};
use event::{Subject, Time};
use serde::{Deserialize, Serialize};
use store::{Draft, Journal, Receipt};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::App;

pub use nodes::{Invited, NodeRow, add_node, list_nodes, revoke_node};

/// Name of the socket, within the data directory.
pub const FILE: &str = "local.sock";
/// Version of what crosses it.
const VERSION: u8 = 1;
/// Longest answer that crosses it: as many nodes as there may be.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Longest line that crosses it.
const LINE_BYTES_MAX: u64 = 16 * 1024;
/// Longest text of an export.
const TEXT_BYTES_MAX: usize = 4 * 1024;
/// How long either side waits for the other.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Commands that are heard at once.
const CALLERS_LEN_MAX: usize = 4;
/// Act of administration that an export is.
const ACT: &str = "report_exported";

/// A report that left, as the trail keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Who exported it.
    pub actor: String,
    /// SHA-256 of the package's manifest, which pins the rest of it.
    pub object: String,
    /// Type, period and place, for a person.
    pub detail: String,
}

/// Where the trail has an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Place of the entry.
    pub position: String,
    /// Who wrote it.
    pub by: Scribe,
}

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scribe {
    /// The server that runs on the data directory.
    Server,
    /// The command itself, because no server runs.
    Command,
}

/// Why the running server did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum LocalError {
    #[error("no server runs on `{0}`; start it, or name its data directory with --data")]
    None(PathBuf),
    #[error("the running server does not answer at `{path}`")]
    Server { path: PathBuf, source: io::Error },
    #[error("the running server refused: {0}")]
    Refused(String),
    #[error("the running server answers something else; it is of another version")]
    Other,
}

/// Why an export is not in the trail.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum ExportError {
    #[error(transparent)]
    Server(#[from] LocalError),
    #[error("`{0}` belongs to someone else; run this as its owner")]
    Owner(PathBuf),
    #[error("cannot look at `{path}`")]
    Look { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Open(#[from] store::OpenError),
    #[error(transparent)]
    Commit(#[from] store::CommitError),
}

#[derive(Serialize, Deserialize)]
struct Request {
    v: u8,
    #[serde(flatten)]
    ask: Ask,
}

/// What is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    Export(Export),
    AddNode(nodes::Add),
    RevokeNode(nodes::Revoke),
    ListNodes {},
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Position(String),
    Refused(String),
    Invited(Invited),
    Nodes(Vec<NodeRow>),
    Done,
}

/// Writes an export into the trail of a data directory whose log is named `origin`.
pub fn note_export(
    data: &Path,
    origin: &str,
    export: &Export,
    now: Time,
) -> Result<Noted, ExportError> {
    match tell(data, Ask::Export(export.clone()))? {
        Some(Reply::Position(position)) => return Ok(Noted { position, by: Scribe::Server }),
        Some(_) => return Err(LocalError::Other.into()),
        None => (),
    }
    // Files of another owner would keep the next start of the server from writing.
    let look = |path: &Path| {
        let found = std::fs::metadata(path).map(|found| found.uid());
        found.map_err(|source| ExportError::Look { path: path.to_owned(), source })
    };
    if look(data)? != look(Path::new("/proc/self"))? {
        return Err(ExportError::Owner(data.to_owned()));
    }
    let (mut journal, recovery) = Journal::take(data, origin)?;
    let mut export = export.clone();
    if recovery.bytes_cut > 0 {
        let cut = format!("; {} bytes of an unfinished block were cut", recovery.bytes_cut);
        export.detail.push_str(&cut);
    }
    let receipt = journal.commit(vec![draft(export, now)])?;
    journal.close()?;
    Ok(Noted { position: place(&receipt), by: Scribe::Command })
}

/// Tells the running server. Nothing if none listens.
fn tell(data: &Path, ask: Ask) -> Result<Option<Reply>, LocalError> {
    let path = data.join(FILE);
    let failed = |source| LocalError::Server { path: path.clone(), source };
    let mut stream = match BlockingStream::connect(&path) {
        Ok(stream) => stream,
        // What a server that was killed left behind refuses.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::InvalidInput
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    stream.set_read_timeout(Some(WAIT_MAX)).map_err(failed)?;
    stream.set_write_timeout(Some(WAIT_MAX)).map_err(failed)?;
    let request = Request { v: VERSION, ask };
    let line = serde_json::to_string(&request).map_err(|error| failed(error.into()))?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_BYTES_MAX)).read_line(&mut line).map_err(failed)?;
    match serde_json::from_str(&line).map_err(|error| failed(error.into()))? {
        Reply::Refused(reason) => Err(LocalError::Refused(reason)),
        reply => Ok(Some(reply)),
    }
}

/// Listens for commands until the server stops. A data directory whose path is too long for a
/// socket is told of; commands then say that they could not write.
pub(crate) fn listen(app: &App, data: &Path) -> Option<JoinHandle<()>> {
    let path = data.join(FILE);
    // The lock of the data directory is ours: what is there was left by a server that was killed.
    let _ = std::fs::remove_file(&path);
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            let path = path.display();
            tracing::warn!(%path, %error, "commands cannot ask this server for anything");
            return None;
        }
    };
    let app = app.clone();
    Some(tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(CALLERS_LEN_MAX));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { break };
            let stream = tokio::select! {
                accepted = listener.accept() => accepted.map(|(stream, _)| stream),
                () = app.stop().cancelled() => break,
            };
            let Ok(stream) = stream else { continue };
            let app = app.clone();
            tokio::spawn(async move {
                let _place = place;
                let _ = tokio::time::timeout(WAIT_MAX, hear(&app, stream)).await;
            });
        }
        let _ = std::fs::remove_file(&path);
    }))
}

/// Hears one command and answers it.
async fn hear(app: &App, mut stream: UnixStream) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let (read, mut write) = stream.split();
    let mut line = String::new();
    tokio::io::BufReader::new(read.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    let reply = match understand(&line) {
        Ok(Ask::Export(mut export)) => {
            export.detail.push_str(&format!("; asked for by uid {uid}"));
            match app.door().keep(vec![draft(export, app.clock().now())]).await {
                Ok(receipt) => Reply::Position(place(&receipt)),
                Err(refusal) => Reply::Refused(refusal.to_string()),
            }
        }
        Ok(Ask::AddNode(add)) => nodes::add(app, &add).await,
        Ok(Ask::RevokeNode(revoke)) => nodes::revoke(app, &revoke).await,
        Ok(Ask::ListNodes {}) => nodes::list(app).await,
        Err(reason) => Reply::Refused(reason),
    };
    write.write_all(format!("{}\n", serde_json::to_string(&reply)?).as_bytes()).await
}

fn understand(line: &str) -> Result<Ask, String> {
    let Request { v, ask } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if v != VERSION {
        return Err(format!("version {v} is not spoken here; this server speaks {VERSION}"));
    }
    let texts: &[&String] = match &ask {
        Ask::Export(export) => &[&export.actor, &export.object, &export.detail],
        Ask::AddNode(add) => &[&add.actor, &add.name],
        Ask::RevokeNode(revoke) => &[&revoke.actor, &revoke.name],
        Ask::ListNodes {} => return Ok(ask),
    };
    let long = texts.iter().any(|text| text.len() > TEXT_BYTES_MAX);
    if long || texts.iter().take(1).any(|actor| actor.trim().is_empty()) {
        return Err("an actor is needed, and texts of bounded length".to_owned());
    }
    Ok(ask)
}

fn draft(export: Export, time: Time) -> Draft {
    Draft::new(Entry::Administration(Administration {
        time,
        actor: export.actor,
        act: ACT.to_owned(),
        object: export.object,
        detail: export.detail,
        subject: Subject::default(),
    }))
}

fn place(receipt: &Receipt) -> String {
    receipt.positions.iter().flatten().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What version 1 sends; it stays readable.
    const V1: &str = r#"{"v":1,"export":{"actor":"Ada","object":"ab","detail":"type 2"}}"#;

    #[test]
    fn version_one_is_understood_and_others_are_named() {
        let Ask::Export(export) = understand(V1).unwrap() else { panic!("no export") };
        assert_eq!((export.actor.as_str(), export.detail.as_str()), ("Ada", "type 2"));
        let request = Request { v: VERSION, ask: Ask::Export(export) };
        assert_eq!(serde_json::to_string(&request).unwrap(), V1);
        let refused = understand(&V1.replace("\"v\":1", "\"v\":2")).unwrap_err();
        assert_eq!(refused, "version 2 is not spoken here; this server speaks 1");
        assert!(understand(&V1.replace("Ada", " ")).is_err());
        assert!(understand("{").is_err());
        for ask in [
            r#"{"v":1,"add_node":{"name":"n1","holds_s":60,"actor":"Ada"}}"#,
            r#"{"v":1,"revoke_node":{"name":"n1","actor":"Ada"}}"#,
            r#"{"v":1,"list_nodes":{}}"#,
        ] {
            let understood = Request { v: VERSION, ask: understand(ask).unwrap() };
            assert_eq!(serde_json::to_string(&understood).unwrap(), ask);
        }
    }
}
