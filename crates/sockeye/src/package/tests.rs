//! A trail in, a package out: it verifies, stock sqlite3 agrees, and any change is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use control::evidence::{Administration, Entry, Event, Line, RulesLoaded, SourceStatus, VERSION};
use control::facts::Kind;
use control::package::RECORDS_MAX;
use event::{Period, Severity, Subject};
use finding::{Action, Alert, Decision, FindingId, Verdict};
use trail::{Options, Trail};

use super::*;
use crate::evidence;

const HOUR: i64 = 60;

/// Minutes since the start of the story.
fn at(minute: i64) -> Time {
    let start: Time = "2026-03-01T00:00:00Z".parse().unwrap();
    start.plus(minute * Time::MINUTE)
}

fn period() -> Period {
    Period { from: at(0), until: at(3 * HOUR) }
}

fn status(minute: i64, alerts: u64) -> Entry {
    Entry::Status(SourceStatus {
        source: "k8s_audit".into(),
        instance: "webhook".into(),
        minute: at(minute),
        records: 40,
        rejected: 0,
        duplicates: 1,
        lost: 0,
        bytes: 60_000,
        alerts,
        newest: None,
        connected: true,
        rules: "5f".repeat(32),
        reason: None,
        sensor: None,
    })
}

fn alert(minute: i64, rule: &str, workload: &str) -> Alert {
    Alert {
        uuid: format!("uuid-{minute}-{workload}"),
        time: at(minute),
        rule: rule.into(),
        priority: Severity::Critical,
        source: "k8s_audit".into(),
        tags: [].into(),
        hostname: "node".into(),
        output: "=cmd|' /C calc'!A0, \"quoted\"\nand a second line".into(),
        output_fields: Default::default(),
        soc2: ["CC7.2".into()].into(),
        reliability: Default::default(),
        subject: Arc::new(Subject {
            namespace: Some("shop".into()),
            workload: Some(workload.into()),
            principal: Some("=HYPERLINK(\"x\")".into()),
            ..Subject::default()
        }),
    }
}

fn event(minute: i64, alerts: Vec<Alert>) -> Entry {
    Entry::Event(Event {
        source: "k8s_audit".into(),
        time: at(minute),
        received: at(minute),
        id: format!("{minute}/ResponseComplete"),
        alerts,
        raw: serde_json::value::RawValue::from_string("{\"é\": [1, 2 ]}".into()).unwrap(),
    })
}

fn decision(minute: i64, about: &Alert, action: Action) -> Entry {
    Entry::Decision(Decision {
        finding: FindingId::of(about),
        actor: "ada@example.org".into(),
        time: at(minute),
        action,
        reason: "planned maintenance, ticket <42> & approved".into(),
    })
}

/// Three hours with a gap of ten minutes, an alert handled in time and one that nobody took on.
fn story(catalogue: &Catalogue) -> Vec<Entry> {
    let audited =
        |one: &&control::Control| one.sources.iter().any(|needed| needed.source == "k8s_audit");
    let names = catalogue.controls.iter().filter(audited).flat_map(|control| &control.rules);
    let mut rules: Vec<(String, String)> =
        names.map(|mapped| ("k8s_audit".to_owned(), mapped.rule.clone())).collect();
    rules.sort();
    rules.dedup();
    let rule = rules[0].1.clone();
    let mut entries = vec![Entry::Rules(RulesLoaded {
        time: at(-1),
        hash: "5f".repeat(32),
        files: Vec::new(),
        rules,
        approved_by: Some("grace@example.org".into()),
    })];
    let (handled, left) = (alert(60, &rule, "pods/web"), alert(90, &rule, "pods/db"));
    for minute in 0..3 * HOUR + 5 {
        if !(140..150).contains(&minute) {
            entries.push(status(minute, u64::from(minute == 60 || minute == 90)));
        }
        match minute {
            30 => entries.push(Entry::Administration(Administration {
                time: at(30),
                actor: "ada@example.org".into(),
                act: "token_created".into(),
                object: "ci".into(),
                detail: String::new(),
                subject: Subject::default(),
            })),
            60 => entries.push(event(60, vec![handled.clone()])),
            70 => entries.push(decision(70, &handled, Action::Acknowledge)),
            90 => entries.push(event(90, vec![left.clone()])),
            100 => {
                let verdict = Verdict::Benign;
                entries.push(decision(100, &handled, Action::Resolve { verdict }));
            }
            120 => entries.push(event(120, Vec::new())),
            _ => (),
        }
    }
    entries
}

fn data(dir: &Path, catalogue: &Catalogue) {
    let key = dir.join("keys/trail.pem");
    fs::create_dir_all(dir.join("keys")).unwrap();
    let options = Options { origin: "test", key: &key, keep: 0, segment_bytes_max: 1 << 20 };
    let (mut trail, _) = Trail::open(&dir.join("trail"), &options).unwrap();
    let entries: Vec<Vec<u8>> = story(catalogue)
        .into_iter()
        .map(|entry| serde_json::to_vec(&Line { v: VERSION, from: None, entry }).unwrap())
        .collect();
    for chunk in entries.chunks(7) {
        let block: Vec<(&[u8], &[u64])> =
            chunk.iter().map(|entry| (entry.as_slice(), &[][..])).collect();
        trail.append(&block).unwrap();
    }
    trail.publish().unwrap();
    trail.close().unwrap();
}

/// A folder with data and a package made from it.
struct Made {
    folder: tempfile::TempDir,
    written: Written,
}

impl Made {
    fn new(question: Question) -> Made {
        Made::bounded(question, RECORDS_MAX, &[])
    }

    /// Makes a package with at most so many raw records of a kind, and those of some hours.
    fn bounded(question: Question, records_max: usize, hours: &[Time]) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = evidence::catalogue(None).unwrap();
        data(folder.path(), &catalogue.0);
        let as_of = at(40 * 24 * HOUR);
        let gathered = evidence::gather(folder.path(), question, as_of, |_, _| ()).unwrap();
        let scope = Scope {
            organisation: "Example & Sons".into(),
            system: "Shop <platform>".into(),
            boundary: "cluster prod; staging is out".into(),
        };
        let model = ServiceModel::Iaas;
        let catalogue = &catalogue;
        let order = Order { scope: &scope, question, model, catalogue, hours, records_max };
        let out = folder.path().join("package");
        let written = write(&out, &gathered, &order).unwrap();
        Made { folder, written }
    }

    /// Returns how many raw records of a kind are needed, and how many are in it.
    fn evidence(&self, kind: Kind) -> (u64, u64) {
        let text = fs::read_to_string(self.out().join(package::MANIFEST)).unwrap();
        let manifest: Manifest = serde_json::from_str(&text).unwrap();
        let one = manifest.evidence.iter().find(|one| one.kind == kind).unwrap();
        (one.needed, one.included)
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("package")
    }
}

fn type2() -> Question {
    Question::Type2 { period: period() }
}

#[test]
fn a_package_verifies_and_says_what_it_proved() {
    let made = Made::new(type2());
    let checked = render::check(&made.out(), None);
    assert_eq!(checked.faults, []);
    let said = checked.proved.join("\n");
    for wanted in
        ["is signed by the key", "records stand in the trail", "judged again", "to the byte"]
    {
        assert!(said.contains(wanted), "{said}");
    }
    assert!(said.contains(&made.written.manifest));
    assert!(checked.rests.iter().any(|one| one.contains("its own key alone")));
    assert!(made.written.complete);
}

#[test]
fn a_date_verifies_too() {
    let made = Made::new(Question::Type1 { on: at(2 * HOUR) });
    let checked = render::check(&made.out(), None);
    assert_eq!(checked.faults, []);
    let page = fs::read_to_string(made.out().join(package::REPORT)).unwrap();
    assert!(page.contains("Type 1") && !page.contains("Coverage and gaps"));
}

#[test]
fn another_key_is_not_believed() {
    let made = Made::new(type2());
    let other = tempfile::tempdir().unwrap();
    data(other.path(), &evidence::catalogue(None).unwrap().0);
    let key = fs::read_to_string(other.path().join("trail/vkey")).unwrap();
    let checked = render::check(&made.out(), Some(&key));
    assert!(checked.faults.iter().any(|fault| fault.file == package::KEY));
}

/// Flips one bit of a file; returns the file as it was.
fn flip(out: &Path, path: &str, place: usize) -> Vec<u8> {
    let before = fs::read(out.join(path)).unwrap();
    let mut after = before.clone();
    let place = place % before.len();
    after[place] ^= 1 << (place % 7);
    fs::write(out.join(path), after).unwrap();
    before
}

#[test]
fn any_flipped_byte_is_found_and_its_file_named() {
    let made = Made::new(type2());
    let out = made.out();
    let manifest = fs::read_to_string(out.join(package::MANIFEST)).unwrap();
    let manifest: Manifest = serde_json::from_str(&manifest).unwrap();
    let filled = manifest.files.iter().filter(|note| note.bytes > 0);
    let paths: Vec<&str> = filled.map(|note| note.path.as_str()).collect();
    let named = |path: &str, checked: &check::Checked| {
        checked.faults.iter().any(|fault| fault.file.contains(path))
    };

    // Each of the files that the check works with, alone and at several places.
    let alone = [
        package::MANIFEST,
        package::SUMS,
        package::CHECKPOINT,
        package::KEY,
        package::PACKAGE,
        package::REPORT,
        "evidence/statuses.jsonl",
    ];
    for (index, path) in alone.iter().enumerate() {
        for place in [0, 7919 * (index + 1)] {
            let before = flip(&out, path, place);
            let checked = render::check(&out, None);
            assert!(named(path, &checked), "{path}: {:?}", checked.faults);
            fs::write(out.join(path), before).unwrap();
        }
    }
    assert!(render::check(&out, None).is_sound());

    // All others at once: each is named.
    for (index, path) in paths.iter().enumerate() {
        flip(&out, path, 31 * index);
    }
    let checked = render::check(&out, None);
    let unnamed: Vec<&&str> = paths.iter().filter(|path| !named(path, &checked)).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

#[test]
fn a_missing_and_an_added_file_are_named() {
    let made = Made::new(type2());
    let out = made.out();
    fs::write(out.join("evidence/more.jsonl"), "{}\n").unwrap();
    fs::remove_file(out.join("README.txt")).unwrap();
    let checked = render::check(&out, None);
    let files: Vec<&str> = checked.faults.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(files, ["README.txt", "evidence/more.jsonl"]);
}

/// Someone changes a file and makes manifest and sums anew.
fn forge(out: &Path, path: &str, change: impl Fn(String) -> String) {
    let text = fs::read_to_string(out.join(path)).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text, "{path} has nothing to forge");
    fs::write(out.join(path), &changed).unwrap();
    let manifest = fs::read_to_string(out.join(package::MANIFEST)).unwrap();
    let mut manifest: Manifest = serde_json::from_str(&manifest).unwrap();
    for note in manifest.files.iter_mut().filter(|note| note.path == path) {
        *note = FileNote::of(path, changed.as_bytes());
    }
    fs::write(out.join(package::MANIFEST), manifest.text()).unwrap();
    fs::write(out.join(package::SUMS), manifest.sums()).unwrap();
}

#[test]
fn a_forger_who_makes_the_hashes_anew_is_found_by_proofs_and_by_judging_again() {
    type Change = fn(String) -> String;
    let forgeries: [(&str, &str, Change); 6] = [
        (package::REPORT, package::REPORT, |text| text.replace("1 fail", "1 pass")),
        ("evidence/decisions.jsonl", "evidence/decisions.jsonl", |text| {
            text.replace("ada@", "eve@")
        }),
        (package::PACKAGE, package::PACKAGE, |text| {
            text.replace("\"result\": \"fail\"", "\"result\": \"pass\"")
        }),
        (package::REPORT, package::REPORT, |text| text.replacen("value=\"2\"", "value=\"3\"", 1)),
        ("populations/K-14-alerts.csv", "populations/K-14-alerts.csv", |text| {
            text.replace("deviate", "pass")
        }),
        ("catalogue/controls/K-14.yaml", package::PACKAGE, |text| {
            text.replace("acknowledge: 1h", "acknowledge: 90d")
        }),
    ];
    for (path, named, change) in forgeries {
        let made = Made::new(type2());
        forge(&made.out(), path, change);
        let checked = render::check(&made.out(), None);
        let found = checked.faults.iter().any(|fault| fault.file == named);
        assert!(found, "{path}: {:?}", checked.faults);
    }
}

#[test]
fn stock_sqlite3_gives_every_expected_answer() {
    if Command::new("sqlite3").arg("--version").output().is_err() {
        anstream::eprintln!("skipped: sqlite3 is not installed (apt install sqlite3)");
        return;
    }
    let made = Made::new(type2());
    let mut figures = 0;
    for folder in fs::read_dir(made.out().join("figures")).unwrap() {
        let folder = folder.unwrap().path();
        let script = fs::File::open(folder.join("query.sql")).unwrap();
        let answer = Command::new("sqlite3")
            .arg(":memory:")
            .current_dir(&folder)
            .stdin(script)
            .output()
            .unwrap();
        let expected = fs::read(folder.join("expected.txt")).unwrap();
        let said = String::from_utf8_lossy(&answer.stderr);
        assert_eq!(answer.stdout, expected, "{}: {said}", folder.display());
        figures += 1;
    }
    assert!(figures > 20, "{figures}");
}

#[test]
fn the_page_asks_for_nothing_and_never_says_compliant() {
    let made = Made::new(type2());
    let page = fs::read_to_string(made.out().join(package::REPORT)).unwrap();
    for word in ["http://", "https://", "<script", "<img", "<link", "url(", "@import", " style="] {
        assert!(!page.contains(word), "the page has {word}");
    }
    assert!(!page.to_lowercase().contains("compliant"));
    assert!(page.contains("Shop &#60;platform&#62;") || page.contains("Shop &lt;platform&gt;"));
    assert!(page.contains("Management&#39;s testing") || page.contains("Management's testing"));
}

#[test]
fn a_full_folder_is_left_alone() {
    let made = Made::new(type2());
    let catalogue = evidence::catalogue(None).unwrap();
    let gathered = evidence::gather(made.folder.path(), type2(), at(9 * HOUR), |_, _| ()).unwrap();
    let scope = Scope::default();
    let model = ServiceModel::Iaas;
    let order = Order {
        scope: &scope,
        question: type2(),
        model,
        catalogue: &catalogue,
        hours: &[],
        records_max: RECORDS_MAX,
    };
    let Err(refusal) = write(&made.out(), &gathered, &order) else { panic!("it was written") };
    assert!(refusal.to_string().contains("is not empty"), "{refusal}");
}

#[test]
fn of_too_many_raw_records_only_the_hours_asked_for_are_in() {
    let hour = 60..120;
    let made = Made::bounded(type2(), 100, &[at(hour.start)]);
    let (needed, included) = made.evidence(Kind::Statuses);
    assert!(needed > 100, "{needed}");
    assert_eq!(included, 60, "one a minute");
    let lines =
        fs::read_to_string(made.out().join(package::evidence_file(Kind::Statuses))).unwrap();
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let line: Line = serde_json::from_str(record["entry"].as_str().unwrap()).unwrap();
        let Entry::Status(status) = line.entry else { panic!("{record}") };
        assert!((at(hour.start)..at(hour.end)).contains(&status.minute), "{}", status.minute);
    }
    let (needed, included) = made.evidence(Kind::Decisions);
    assert_eq!(needed, included, "of the others there are few");
    assert!(!made.written.complete);
    let checked = render::check(&made.out(), None);
    assert_eq!(checked.faults, [], "what is in it is proved all the same");
    assert!(checked.rests.iter().any(|one| one.contains("--hour")), "{:?}", checked.rests);
}

#[test]
fn without_an_hour_there_are_none_and_at_the_bound_there_are_all() {
    let none = Made::bounded(type2(), 100, &[]);
    let (needed, included) = none.evidence(Kind::Statuses);
    assert_eq!(included, 0);
    assert_eq!(render::check(&none.out(), None).faults, []);
    let bound = usize::try_from(needed).unwrap();
    assert!(Made::bounded(type2(), bound, &[]).written.complete);
    assert!(!Made::bounded(type2(), bound - 1, &[]).written.complete);
}
