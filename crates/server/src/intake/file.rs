//! Follows the API server's audit log through rotations. How far it was read is saved only after
//! the records are durable; after a crash the stretch between the two is read again, and what the
//! trail knows of it is left out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use control::evidence::{Entry, Line};
use event::Time;
use source::follow::{Cursor, Follower, Notice, Start};
use source::k8s_audit::Layout;
use store::{Kind, View};
use tokio::time::sleep;

use super::{Delivery, Instance, Refusal};
use crate::App;
use crate::app::Chain;
use crate::private::SavedCursor;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// How long to wait for more to be written.
const IDLE: Duration = Duration::from_millis(200);
/// How long to wait after a refusal or a failure.
const REST: Duration = Duration::from_secs(1);
/// How long a file may be away, as it is in the middle of a rotation, before that is told.
const AWAY_MAX: i64 = 5 * Time::SECOND;
/// Bytes read before they are made durable and the place is saved.
const SAVE_BYTES: u64 = 4 * 1024 * 1024;
/// Rejected records that are looked at when a stretch is read again.
const REJECTS_LEN_MAX: usize = 10_000;

/// Which file, and in whose name.
#[derive(Debug)]
pub struct FollowSetting {
    /// The file.
    pub path: PathBuf,
    /// Its instance.
    pub instance: Arc<Instance>,
}

/// Why following was interrupted; it goes on from the place that was saved.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("cannot read the log")]
    Read(#[from] std::io::Error),
    #[error("cannot look up what was kept")]
    Store(#[from] store::Error),
    #[error(transparent)]
    Private(#[from] crate::private::Error),
    #[error("a thread ended badly")]
    Thread(#[from] tokio::task::JoinError),
    #[error("cannot look up what was kept")]
    Trail(#[from] trail::ReadError),
}

/// Follows until the server stops.
pub async fn follow(app: App, setting: FollowSetting) {
    loop {
        let error = match Following::begin(&app, &setting).await {
            Ok(mut following) => match following.run().await {
                Ok(()) => return,
                Err(error) => error,
            },
            Err(error) => error,
        };
        let told = Chain(&error).to_string();
        // A full queue is no news to anyone; the file waits.
        if !matches!(error, Interrupted::Refused(Refusal::Busy)) {
            tracing::warn!(instance = setting.instance.name(), error = %told, "following rests");
            setting.instance.unable(&told);
        }
        tokio::select! {
            () = sleep(REST) => {}
            () = app.stop().cancelled() => return,
        }
    }
}

/// One stretch of following without an interruption.
struct Following<'a> {
    app: &'a App,
    setting: &'a FollowSetting,
    follower: Option<Follower>,
    delivery: Delivery,
    /// Bytes taken since the place was saved last.
    unsaved: u64,
    /// Since when the file is away.
    away: Option<Time>,
}

/// What one look at the file gave.
struct Read {
    follower: Follower,
    bytes: Vec<u8>,
    notices: Vec<Notice>,
    there: bool,
}

impl<'a> Following<'a> {
    async fn begin(app: &'a App, setting: &'a FollowSetting) -> Result<Self, Interrupted> {
        app.door().state().check()?;
        let (private, view) = (app.private().clone(), app.view().clone());
        let name = setting.instance.name().to_owned();
        let saved = tokio::task::spawn_blocking(move || {
            let Some(saved) = private.cursor(&name)? else { return Ok(None) };
            let known = rejected_since(&view, saved.saved)?;
            Ok::<_, Interrupted>(Some((saved, known)))
        });
        let (cursor, known) = match saved.await?? {
            Some((saved, known)) => (place(&saved), known),
            None => (None, Vec::new()),
        };
        let follower = Follower::new(&setting.path, cursor, Start::Beginning);
        let mut delivery = Self::delivery(app, setting);
        delivery.leave_out_rejects(known);
        let follower = Some(follower);
        Ok(Following { app, setting, follower, delivery, unsaved: 0, away: None })
    }

    fn delivery(app: &App, setting: &FollowSetting) -> Delivery {
        Delivery::new(
            app.door().clone(),
            setting.instance.clone(),
            app.rules().now(),
            app.place().clone(),
            Layout::Lines,
            app.clock().clone(),
        )
    }

    /// Follows until the server stops.
    async fn run(&mut self) -> Result<(), Interrupted> {
        loop {
            let read = self.read().await?;
            self.follower = Some(read.follower);
            for notice in read.notices {
                self.hear(notice).await?;
            }
            match read.there {
                true => self.there(),
                false => self.gone(),
            }
            let idle = read.bytes.is_empty();
            if !idle {
                self.delivery.take(&read.bytes).await?;
                self.unsaved += read.bytes.len() as u64;
            }
            if self.unsaved > 0 && (idle || self.unsaved >= SAVE_BYTES) {
                self.save().await?;
            }
            if idle {
                tokio::select! {
                    () = sleep(IDLE) => {}
                    () = self.app.stop().cancelled() => return Ok(()),
                }
            } else if self.app.stop().is_cancelled() {
                return self.save().await;
            }
        }
    }

    async fn read(&mut self) -> Result<Read, Interrupted> {
        let path = self.setting.path.clone();
        let follower = self.follower.take();
        let read = tokio::task::spawn_blocking(move || {
            let mut follower =
                follower.unwrap_or_else(|| Follower::new(&path, None, Start::Beginning));
            let (mut bytes, mut notices) = (vec![0; CHUNK_BYTES], Vec::new());
            let length = follower.read(&mut bytes, |notice| notices.push(notice))?;
            bytes.truncate(length);
            let there = length > 0 || path.exists();
            Ok::<_, std::io::Error>(Read { follower, bytes, notices, there })
        });
        Ok(read.await??)
    }

    async fn hear(&mut self, notice: Notice) -> Result<(), Interrupted> {
        let instance = &self.setting.instance;
        tracing::info!(instance = instance.name(), ?notice, "the log changed");
        let lost = match notice {
            Notice::Rotated { .. } => None,
            Notice::Truncated => {
                Some("the log was cut short; what stood behind the last read is lost")
            }
            Notice::Lost => Some("the log read last is gone; what stood behind it may be lost"),
            Notice::Damaged { .. } => {
                Some("a rotated log cannot be inflated to its end; the rest of it is lost")
            }
        };
        if let Some(reason) = lost {
            // How much was lost nobody knows, so this minute does not count as watched.
            instance.unable(reason);
            instance.able(self.app.clock().now());
        }
        // A line does not go on in another file.
        let ended = std::mem::replace(&mut self.delivery, Self::delivery(self.app, self.setting));
        self.delivery.leave_out_rejects(ended.known_rejects());
        ended.finish().await?;
        Ok(())
    }

    fn there(&mut self) {
        self.away = None;
        if self.app.door().state().stopped().is_none() {
            self.setting.instance.able(self.app.clock().now());
        }
    }

    fn gone(&mut self) {
        let now = self.app.clock().now();
        if now.0 - self.away.get_or_insert(now).0 > AWAY_MAX {
            self.setting.instance.unable("there is no such file");
        }
    }

    /// Waits until everything read is durable, and notes how far that is.
    async fn save(&mut self) -> Result<(), Interrupted> {
        let received = self.app.clock().now();
        self.delivery.durable().await?;
        self.unsaved = 0;
        let Some(cursor) = self.follower.as_ref().and_then(Follower::cursor) else {
            return Ok(());
        };
        // A line that has not ended is read again.
        let held = self.delivery.held() as u64;
        let cursor = Cursor { offset: cursor.offset.saturating_sub(held), ..cursor.clone() };
        let text = serde_json::to_string(&cursor).map_err(std::io::Error::other)?;
        let (private, name) = (self.app.private().clone(), self.setting.instance.name().to_owned());
        let saved = move || private.save_cursor(&name, &text, received);
        Ok(tokio::task::spawn_blocking(saved).await??)
    }
}

fn place(saved: &SavedCursor) -> Option<Cursor> {
    match serde_json::from_str(&saved.cursor) {
        Ok(cursor) => Some(cursor),
        Err(error) => {
            tracing::warn!(%error, "a saved place cannot be read; the log is read from its start");
            None
        }
    }
}

/// Returns the hashes of records that were rejected since the place was saved: reading on from
/// there meets them again.
fn rejected_since(view: &View, saved: Time) -> Result<Vec<String>, Interrupted> {
    let keys = [Kind::Rejected as u64];
    let mut hashes = Vec::new();
    for position in view.trail().find(&keys, None, REJECTS_LEN_MAX)? {
        let Ok(line) = serde_json::from_slice::<Line>(&view.trail().entry(position)?) else {
            break;
        };
        match line.entry {
            Entry::Rejected(rejected) if rejected.received >= saved => hashes.push(rejected.sha256),
            _ => break,
        }
    }
    Ok(hashes)
}

/// Names the instance of a followed file.
pub fn instance_name(path: &Path) -> String {
    format!("file:{}", path.display())
}
