//! By what activity is found again: the words of each item, as the tables keep them and as a
//! question asks for them.

use control::evidence::{Activity, Actor, Item, What};
use event::Subject;
use sha2::{Digest, Sha256};

/// Letters of a container's id by which it is found.
const CONTAINER_LEN: usize = 12;

/// What a word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Namespace,
    Pod,
    Container,
    User,
    Session,
    Text,
}

/// A word as the tables know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub i64);

impl Word {
    /// Returns the word for a value.
    pub fn of(about: About, value: &str) -> Word {
        let value = match about {
            About::Container => value.get(..CONTAINER_LEN).unwrap_or(value),
            _ => value,
        };
        let mut hash = Sha256::new();
        hash.update([about as u8]);
        hash.update(value.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Word(i64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// Returns the key under which a node's activity stands in the trail.
pub fn node_key(node: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"activity\0");
    hash.update(node.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Returns the bit that stands for a kind.
pub fn bit(kind: control::evidence::Kind) -> i64 {
    1 << kind as i64
}

/// Returns the words of an actor, but for the session's.
pub fn words(actor: &Actor) -> Vec<Word> {
    let Subject { namespace, pod, container, .. } = &actor.subject;
    let parts = [
        (About::Namespace, namespace.as_deref()),
        (About::Pod, pod.as_deref()),
        (About::Container, container.as_deref()),
    ];
    let parts = parts.into_iter().filter_map(|(about, part)| Some(Word::of(about, part?)));
    let users = users(actor);
    parts.chain(users.iter().map(|user| Word::of(About::User, user))).collect()
}

/// Returns the names and numbers by which a user is asked for.
pub fn users(actor: &Actor) -> Vec<String> {
    let login = actor.login.as_ref();
    let names = [actor.subject.principal.clone(), login.and_then(|login| login.name.clone())];
    let numbers = [Some(actor.uid), login.map(|login| login.uid)];
    let numbers = numbers.into_iter().flatten().map(|uid| uid.to_string());
    let mut users: Vec<String> = names.into_iter().flatten().chain(numbers).collect();
    users.sort_unstable();
    users.dedup();
    users
}

/// Returns the name of an item's session, if it belongs to one.
pub fn session(activity: &Activity, actor: &Actor) -> Option<String> {
    let leader = actor.session?;
    Some(control::evidence::SessionId { boot: activity.boot.clone(), leader }.to_string())
}

/// Returns the text in which an item is searched, in lower case.
pub fn text(item: &Item) -> String {
    let end = |end: &Option<control::evidence::End>| match end {
        Some(end) => match end.port {
            Some(port) => format!(" {}:{port}", end.address),
            None => format!(" {}", end.address),
        },
        None => String::new(),
    };
    let what = match &item.what {
        What::Command(one) => format!(" {} {}", one.exe, one.args.join(" ")),
        What::Exit(_) => String::new(),
        What::Session(one) => {
            format!(" {} {}", one.terminal.as_deref().unwrap_or_default(), one.via.join(" "))
        }
        What::Connection(one) => {
            let path = one.path.as_deref().unwrap_or_default();
            format!(" {}{}{} {path}", one.protocol, end(&one.local), end(&one.remote))
        }
        What::Write(one) => {
            let held = one.content.iter().flat_map(|content| [&content.before, &content.after]);
            let hashes: String = held.map(|held| format!(" {held}")).collect();
            let other = one.other.as_deref().unwrap_or_default();
            format!(" {} {} {other}{hashes}", one.act, one.path)
        }
        What::Privilege(one) | What::Module(one) => format!(" {} {}", one.call, one.on.join(" ")),
    };
    (item.process.clone() + &what).to_lowercase()
}
