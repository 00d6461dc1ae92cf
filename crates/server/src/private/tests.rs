use event::Time;

use super::links::LINK_LIFE_S;
use super::{Private, SESSION_LIFE_S, Scope, Secret};

fn private() -> (tempfile::TempDir, Private) {
    let dir = tempfile::tempdir().unwrap();
    let private = Private::open(&dir.path().join("private.db")).unwrap();
    (dir, private)
}

const NOW: Time = Time(1_800_000_000_000_000_000);

fn later(seconds: i64) -> Time {
    NOW.plus(seconds * Time::SECOND)
}

#[test]
fn a_sign_in_link_works_once() {
    let (_dir, private) = private();
    let secret = private.make_link("ada", "root", NOW).unwrap();
    assert_eq!(private.use_link(&secret, later(1)).unwrap().unwrap().person, "ada");
    assert_eq!(private.use_link(&secret, later(2)).unwrap(), None);
}

#[test]
fn an_old_sign_in_link_does_not_work() {
    let (_dir, private) = private();
    let secret = private.make_link("ada", "root", NOW).unwrap();
    assert_eq!(private.use_link(&secret, later(LINK_LIFE_S)).unwrap(), None);
}

#[test]
fn a_new_link_replaces_the_old_one_of_the_same_person() {
    let (_dir, private) = private();
    let old = private.make_link("ada", "root", NOW).unwrap();
    let other = private.make_link("grace", "root", NOW).unwrap();
    private.make_link("ada", "root", NOW).unwrap();
    assert_eq!(private.use_link(&old, later(1)).unwrap(), None);
    assert!(private.use_link(&other, later(1)).unwrap().is_some());
}

#[test]
fn a_session_ends() {
    let (_dir, private) = private();
    let secret = private.start_session("ada", NOW).unwrap();
    assert_eq!(private.session(&secret, later(1)).unwrap().unwrap().person, "ada");
    assert_eq!(private.session(&secret, later(SESSION_LIFE_S)).unwrap(), None);
    private.end_session(&secret).unwrap();
    assert_eq!(private.session(&secret, later(1)).unwrap(), None);
}

#[test]
fn a_token_is_known_by_its_secret_until_revoked() {
    let (_dir, private) = private();
    let made = private.make_token("ci", &[Scope::Read, Scope::Intake], "ada", NOW).unwrap();
    let bearer = made.bearer.reveal();
    let known = private.token(bearer, later(60)).unwrap().unwrap();
    assert_eq!(known.scopes, [Scope::Read, Scope::Intake]);
    assert_eq!(private.tokens().unwrap()[0].last_used, Some(later(60).minute()));
    let forged = format!("sockeye_{}_{}", made.token.id, Secret::random().reveal());
    assert_eq!(private.token(&forged, NOW).unwrap(), None);
    assert!(private.revoke_token(&made.token.id).unwrap().is_some());
    assert_eq!(private.token(bearer, NOW).unwrap(), None);
    assert_eq!(private.revoke_token(&made.token.id).unwrap(), None);
}

#[test]
fn no_secret_is_kept_in_the_file() {
    let (dir, private) = private();
    let link = private.make_link("ada", "root", NOW).unwrap();
    let session = private.start_session("ada", NOW).unwrap();
    let token = private.make_token("ci", &[Scope::Read], "ada", NOW).unwrap();
    let token_secret = token.bearer.reveal().splitn(3, '_').nth(2).unwrap().to_owned();
    drop(private);
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [link.reveal(), session.reveal(), &token_secret] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}
