//! How activity is told.

use control::evidence::{Content, End, Exit, Held, What};
use serde::Serialize;
use store::{ActivityPosition, Interruption, SessionItem};
use utoipa::ToSchema;

use crate::api::shape::{Count, Moment, Subject};

/// Kinds of activity.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `control::evidence::Kind`")]
pub enum ActivityKind {
    Command,
    Session,
    Connection,
    Write,
    Privilege,
    Module,
}

/// Something that was done on a node, once or several times.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityItem {
    /// Entry of the trail, and the item in it.
    #[schema(example = "12.3.0")]
    pub position: String,
    /// What kind of thing.
    #[schema(value_type = ActivityKind)]
    pub kind: control::evidence::Kind,
    /// When first, by the node's clock.
    pub first: Moment,
    /// When last.
    pub last: Moment,
    /// How often.
    pub count: Count,
    /// How often in vain, of these.
    pub failed: Count,
    /// Who, and where.
    #[schema(value_type = Subject)]
    pub subject: event::Subject,
    /// Effective user.
    pub uid: u32,
    /// Who logged in, whoever they became since: a name or a number.
    pub login: Option<String>,
    /// Interactive session that it belongs to.
    pub session: Option<String>,
    /// Process, as the node counts.
    pub pid: u32,
    /// What was done, in one line.
    #[schema(example = "cat /etc/shadow")]
    pub text: String,
    /// More of a command.
    pub command: Option<CommandDetail>,
    /// How a program or a session ended.
    #[schema(example = "code 0")]
    pub exit: Option<String>,
    /// Why a changed path is sensitive.
    #[schema(example = "keys")]
    pub sort: Option<String>,
}

/// More of a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandDetail {
    /// Path of the program.
    pub exe: String,
    /// Arguments, the zeroth too, secrets masked.
    pub args: Vec<String>,
    /// There were more arguments than are kept.
    pub cut: bool,
    /// Directory that it was executed in.
    pub cwd: String,
    /// Name of the process that made it.
    pub parent: String,
    /// Terminal.
    pub terminal: Option<String>,
    /// Error with which executing failed.
    pub error: Option<String>,
}

/// An interactive session.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivitySession {
    /// Its id.
    pub id: String,
    /// Who, and where; the process is the one that began it.
    #[schema(value_type = Subject)]
    pub subject: event::Subject,
    /// Effective user at its beginning.
    pub uid: u32,
    /// Who logged in: a name or a number.
    pub login: Option<String>,
    /// Process that began it, as the node counts.
    pub pid: u32,
    /// `began`, or `found` where its beginning was not seen.
    pub phase: &'static str,
    /// Terminal; none where a shell reads its commands from elsewhere.
    pub terminal: Option<String>,
    /// Names of the processes that it came through, nearest first.
    pub via: Vec<String>,
    /// When it began or was found.
    pub began: Moment,
    /// When it ended; none while it lasts.
    pub ended: Option<Moment>,
    /// How it ended.
    pub exit: Option<String>,
    /// When something was last done in it.
    pub newest: Moment,
    /// Commands executed in it.
    pub commands: Count,
    /// Entry of the trail that told of it first.
    #[schema(example = "12.3")]
    pub position: String,
}

/// Time between two runs of a node's watch, by the node's clock. Nothing was watched in it, and of
/// before it what had been gathered and not been told is missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct InterruptionItem {
    /// The node.
    pub node: String,
    /// Until when it was watched before; absent where nothing is known of before.
    pub since: Option<Moment>,
    /// Since when activity may be missing.
    pub activity_missing_since: Option<Moment>,
    /// Since when counts of connections may be missing; the first one between two ends is told at
    /// once.
    pub connections_missing_since: Option<Moment>,
    /// When it was watched again.
    pub until: Moment,
    /// Entry of the trail that says so.
    #[schema(example = "12.3")]
    pub position: String,
}

impl From<Interruption> for InterruptionItem {
    fn from(found: Interruption) -> InterruptionItem {
        InterruptionItem {
            node: found.node,
            since: found.since.map(Into::into),
            activity_missing_since: found.activity.map(Into::into),
            connections_missing_since: found.connections.map(Into::into),
            until: found.until.into(),
            position: found.position.to_string(),
        }
    }
}

impl From<store::ActivityItem> for ActivityItem {
    fn from(found: store::ActivityItem) -> ActivityItem {
        let store::ActivityItem { position, node, boot, actor, first, last, item } = found;
        let ActivityPosition { entry, item: number } = position;
        let session = actor.session.map(|leader| {
            let boot = boot.clone();
            control::evidence::SessionId { boot, leader }.to_string()
        });
        let exit = match &item.what {
            What::Command(one) => one.exit,
            What::Exit(one) => Some(*one),
            What::Session(one) => one.exit,
            _ => None,
        };
        let sort = match &item.what {
            What::Write(one) => Some(one.sort.clone()),
            _ => None,
        };
        let text = text(&item.what, &item.process);
        let kind = item.what.kind();
        let command = match item.what {
            What::Command(one) => Some(CommandDetail {
                exe: one.exe,
                args: one.args,
                cut: one.cut,
                cwd: one.cwd,
                parent: one.parent,
                terminal: one.terminal,
                error: one.error,
            }),
            _ => None,
        };
        ActivityItem {
            position: format!("{entry}.{number}"),
            kind,
            first: first.into(),
            last: last.into(),
            count: item.count.into(),
            failed: item.failed.into(),
            login: login(&actor),
            subject: event::Subject {
                node: Some(node),
                process: Some(item.process),
                ..actor.subject
            },
            uid: actor.uid,
            session,
            pid: item.pid,
            text,
            command,
            exit: exit.map(ended),
            sort,
        }
    }
}

impl From<SessionItem> for ActivitySession {
    fn from(found: SessionItem) -> ActivitySession {
        ActivitySession {
            id: found.id,
            login: login(&found.actor),
            uid: found.actor.uid,
            subject: event::Subject {
                node: Some(found.node),
                process: Some(found.process),
                ..found.actor.subject
            },
            pid: found.leader,
            phase: match found.phase {
                control::evidence::Phase::Found => "found",
                _ => "began",
            },
            terminal: found.terminal,
            via: found.via,
            began: found.began.into(),
            ended: found.ended.map(Moment::from),
            exit: found.exit.map(ended),
            newest: found.newest.into(),
            commands: found.commands.into(),
            position: found.position.to_string(),
        }
    }
}

fn login(actor: &control::evidence::Actor) -> Option<String> {
    let login = actor.login.as_ref()?;
    Some(login.name.clone().unwrap_or_else(|| login.uid.to_string()))
}

fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
    }
}

/// Tells what was done in one line.
fn text(what: &What, process: &str) -> String {
    match what {
        What::Command(one) if one.args.is_empty() => one.exe.clone(),
        What::Command(one) => {
            let words: Vec<String> = one.args.iter().map(|word| quoted(word)).collect();
            words.join(" ")
        }
        What::Exit(_) => format!("{process} ended"),
        What::Session(one) => {
            let terminal = one.terminal.as_deref().unwrap_or("no terminal");
            let via = one.via.first().map(|by| format!(" through {by}")).unwrap_or_default();
            match one.phase {
                control::evidence::Phase::Began => format!("{process} began at {terminal}{via}"),
                control::evidence::Phase::Found => format!("{process} found at {terminal}{via}"),
                control::evidence::Phase::Ended => format!("{process} ended at {terminal}"),
            }
        }
        What::Connection(one) => {
            let (local, remote) = (end(one.local), end(one.remote));
            let path = one.path.as_deref();
            match (one.direction, path) {
                (_, Some(path)) => format!("{process} to {path}"),
                (control::evidence::Direction::Out, _) => {
                    format!("{process} to {remote}, {}", one.protocol)
                }
                (control::evidence::Direction::In, _) => {
                    format!("{process} at {local} from {remote}, {}", one.protocol)
                }
            }
        }
        What::Write(one) => {
            let other = one.other.iter().map(|other| format!(" ({other})"));
            let content = one.content.iter().map(content);
            let rest: String = other.chain(content).collect();
            format!("{} {}{rest}", one.act, one.path)
        }
        What::Privilege(one) | What::Module(one) if one.on.is_empty() => one.call.clone(),
        What::Privilege(one) | What::Module(one) => format!("{}: {}", one.call, one.on.join(", ")),
    }
}

fn content(content: &Content) -> String {
    match content {
        Content { before: Held::Sha256(before), after: Held::Sha256(after) } if before == after => {
            format!("; content unchanged (sha256:{before})")
        }
        Content { before, after } => format!("; content before: {before}; after: {after}"),
    }
}

fn end(end: Option<End>) -> String {
    match end {
        None => "unknown".to_owned(),
        Some(End { address, port: None }) => address.to_string(),
        Some(End { address, port: Some(port) }) => {
            std::net::SocketAddr::new(address, port).to_string()
        }
    }
}

/// Writes a word as a shell would take it for one.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,*~^#{}[]".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let told = |word: &str| quoted(word);
        assert_eq!(
            [told("ls"), told(""), told("a b"), told("it's")],
            ["ls", "''", "'a b'", r"'it'\''s'"]
        );
    }
}
