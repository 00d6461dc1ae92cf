//! `user.*` and `group.*`, as Falco spells what is not known.

use super::show::Show;
use crate::event::Event;
use crate::table::{Names, User};

/// What is asked of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Uid,
    Name,
    Home,
    Shell,
    LoginUid,
    LoginName,
    Gid,
    GroupName,
}

/// Reads a field's name.
pub fn resolve(name: &str) -> Option<Field> {
    Some(match name {
        "user.uid" => Field::Uid,
        "user.name" => Field::Name,
        "user.homedir" => Field::Home,
        "user.shell" => Field::Shell,
        "user.loginuid" => Field::LoginUid,
        "user.loginname" => Field::LoginName,
        "group.gid" => Field::Gid,
        "group.name" => Field::GroupName,
        _ => return None,
    })
}

const UNKNOWN: &[u8] = b"<NA>";

/// Shows a field.
pub fn read(event: &Event<'_>, field: Field, show: &mut Show<'_>) {
    let names = event.process.and_then(|process| process.names.as_deref());
    let (uid, gid) = (event.record.uid(), event.record.gid());
    let user = |uid| names.and_then(|names| names.user(uid));
    let login = event.process.map(|process| process.facts.login_uid);
    match field {
        Field::Uid => show.uint(uid.into()),
        Field::Gid => show.uint(gid.into()),
        Field::Name => show.text(name_of(names, uid)),
        Field::Home => show.text(match user(uid) {
            Some(user) => &user.home,
            None if uid == 0 => &b"/root"[..],
            None => UNKNOWN,
        }),
        Field::Shell => show.text(user(uid).map_or(UNKNOWN, |user: &User| &user.shell)),
        Field::LoginUid => {
            if let Some(login) = login {
                show.int(if login == u32::MAX { -1 } else { login.into() });
            }
        }
        Field::LoginName => {
            if let Some(login) = login {
                show.text(name_of(names, login));
            }
        }
        Field::GroupName => show.text(match names.and_then(|names| names.group(gid)) {
            Some(name) => name,
            None if gid == 0 => b"root",
            None => UNKNOWN,
        }),
    }
}

/// Returns the name of a user; number 0 is `root` wherever nobody says otherwise.
pub fn name_of(names: Option<&Names>, uid: u32) -> &[u8] {
    match names.and_then(|names| names.user(uid)) {
        Some(user) => &user.name,
        None if uid == 0 => b"root",
        None => UNKNOWN,
    }
}
