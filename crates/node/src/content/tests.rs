use std::fs;
use std::os::unix::fs::symlink;

use control::evidence::Actor;
use event::Subject;
use tempfile::TempDir;

use super::*;

const ONE: &str = "sha256:2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
const TWO: &str = "sha256:27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a";

/// A node whose `/etc/passwd` holds `one`.
fn node() -> (TempDir, Known) {
    let top = TempDir::new().unwrap();
    fs::create_dir_all(top.path().join("etc")).unwrap();
    fs::write(top.path().join("etc/passwd"), "one\n").unwrap();
    // What changed after the beginning may be half a change.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut known = Known::new(Root::at(top.path()));
    known.begin(top.path(), &AtomicBool::new(false));
    (top, known)
}

/// Tells of changes, and returns what is said of each file's content.
fn told(known: &mut Known, container: Option<&str>, changes: &[(&str, &str)]) -> Vec<String> {
    let subject = Subject { container: container.map(str::to_owned), ..Subject::default() };
    let item = |(path, act): &(&str, &str)| Item {
        first: 0,
        last: None,
        count: 1,
        failed: 0,
        by: 0,
        pid: std::process::id(),
        process: "sh".to_owned(),
        what: What::Write(Write {
            path: (*path).to_owned(),
            act: (*act).to_owned(),
            sort: "configuration".to_owned(),
            other: None,
            content: None,
        }),
    };
    let mut activity = Activity {
        from: clock::now(),
        actors: vec![Actor { subject, ..Actor::default() }],
        items: changes.iter().map(item).collect(),
        ..Activity::default()
    };
    known.fill(&mut activity, &Members::new());
    let content = |item: Item| match item.what {
        What::Write(Write { content: Some(one), .. }) => format!("{} > {}", one.before, one.after),
        _ => "-".to_owned(),
    };
    activity.items.into_iter().map(content).collect()
}

#[test]
fn a_change_is_told_with_the_content_before_and_after() {
    let (top, mut known) = node();
    let path = top.path().join("etc/passwd");
    fs::write(&path, "two\n").unwrap();
    let change = [("/etc/passwd", "overwritten")];
    assert_eq!(told(&mut known, None, &change), [format!("{ONE} > {TWO}")]);
    assert_eq!(told(&mut known, None, &change), [format!("{TWO} > {TWO}")]);
    fs::remove_file(path).unwrap();
    let removed = told(&mut known, None, &[("/etc/passwd", "removed")]);
    assert_eq!(removed, [format!("{TWO} > no file")]);
    let created = [("/etc/new", "created"), ("/etc/new", "removed")];
    assert_eq!(told(&mut known, None, &created), ["no file > no file", "no file > no file"]);
}

#[test]
fn what_cannot_be_known_is_said_with_its_reason() {
    let (top, mut known) = node();
    let at = |name: &str| top.path().join(name);
    fs::write(at("elsewhere"), "two\n").unwrap();
    let unmeasured = "not known: it was not measured before";
    assert_eq!(
        told(&mut known, None, &[("/elsewhere", "written")]),
        [format!("{unmeasured} > {TWO}")],
    );
    assert_eq!(told(&mut known, None, &[("/etc", "mode changed")]), ["-"]);
    fs::create_dir(at("etc/folder")).unwrap();
    let folder = told(&mut known, None, &[("/etc/folder", "renamed")]);
    assert_eq!(folder, ["no file > not known: no ordinary file"]);
    let gone = told(&mut known, Some("4711"), &[("/etc/passwd", "written")]);
    assert_eq!(gone, ["not known: the container has ended > not known: the container has ended"]);
}

#[test]
fn a_change_that_was_not_measured_puts_the_content_before_the_next_in_doubt() {
    let (top, mut known) = node();
    let path = || "/etc/passwd".to_owned();
    known.doubt(Missed { files: HashSet::from([(None, path())]), all: false });
    fs::write(top.path().join("etc/passwd"), "two\n").unwrap();
    let change = [("/etc/passwd", "written")];
    let doubt = "not known: the change before it was not measured";
    assert_eq!(told(&mut known, None, &change), [format!("{doubt} > {TWO}")]);
    assert_eq!(told(&mut known, None, &change), [format!("{TWO} > {TWO}")]);
    known.doubt(Missed { files: HashSet::new(), all: true });
    let forgotten = "not known: it was not measured before";
    assert_eq!(told(&mut known, None, &change), [format!("{forgotten} > {TWO}")]);
}

#[test]
fn a_change_before_the_first_measuring_is_not_taken_for_what_was_before() {
    let top = TempDir::new().unwrap();
    fs::create_dir_all(top.path().join("etc")).unwrap();
    let mut known = Known::new(Root::at(top.path()));
    fs::write(top.path().join("etc/passwd"), "one\n").unwrap();
    let early = "not known: it was not measured before";
    let said = told(&mut known, None, &[("/etc/passwd", "written")]);
    assert_eq!(said, [format!("{early} > {ONE}")]);
}

#[test]
fn no_link_leads_out_of_the_root_and_no_pipe_is_waited_for() {
    let (top, mut known) = node();
    symlink("/etc/passwd", top.path().join("etc/link")).unwrap();
    symlink("../../../../../../etc/hostname", top.path().join("etc/out")).unwrap();
    let pipe = top.path().join("etc/pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let changes = [("/etc/link", "written"), ("/etc/out", "written"), ("/etc/pipe", "written")];
    assert_eq!(
        told(&mut known, None, &changes),
        [
            format!("no file > {ONE}"),
            "no file > no file".to_owned(),
            "no file > not known: no ordinary file".to_owned(),
        ]
    );
}

#[test]
fn a_file_is_found_while_something_else_on_the_machine_is_renamed() {
    let top = TempDir::new().unwrap();
    fs::create_dir_all(top.path().join("etc")).unwrap();
    fs::write(top.path().join("etc/passwd"), "one\n").unwrap();
    let elsewhere = TempDir::new().unwrap();
    let [one, two] = ["one", "two"].map(|name| elsewhere.path().join(name));
    fs::write(&one, "").unwrap();
    let root = Root::at(top.path()).unwrap();
    let stop = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&one, &two).unwrap();
                fs::rename(&two, &one).unwrap();
            }
        });
        let measure = |_| root.measure("/etc/../etc/passwd").held;
        let found: Vec<Held> = (0..1000).map(measure).collect();
        stop.store(true, Ordering::Relaxed);
        found
    });
    let others: Vec<String> =
        found.iter().map(Held::to_string).filter(|held| held != ONE).collect();
    assert!(others.is_empty(), "{} of {}: {others:?}", others.len(), found.len());
}
