//! Every rule's page is its test: its events raise what it says, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use detect::{Detector, page};
use rule::RuleFile;
use rule::expr::{Expr, Operand, Term};
use syscall::record::Operation;

fn all_pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules"), &mut found);
    assert!(!found.is_empty(), "there are pages");
    found
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
}

/// Rule files of a page's folder, in name order, up to the page's own.
fn files(page: &Path) -> Vec<RuleFile> {
    let own = page.with_extension("yaml");
    let folder = fs::read_dir(page.parent().unwrap()).unwrap();
    let mut paths: Vec<PathBuf> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml") && *path <= own)
        .collect();
    paths.sort();
    let file = |path: &PathBuf| RuleFile::new(path.to_string_lossy(), fs::read(path).unwrap());
    paths.iter().map(file).collect()
}

#[test]
fn every_rule_alerts_and_keeps_silent_as_its_page_says() {
    let mut told = Vec::new();
    for path in all_pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (rules, diagnostics) = page::rules(&files(&path));
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let (mut detector, diagnostics) = Detector::new(&rules, |_| Arc::default());
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let (cases, mut faults) = page::cases(&fs::read_to_string(&path).unwrap());
        faults.extend(page::judge(&rules, &mut detector, &cases));
        told.extend(faults.iter().map(|fault| format!("{name}:{}: {}", fault.line, fault.message)));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// What one page calls ordinary must not be news to the rules of another.
#[test]
fn what_raises_nothing_on_its_own_page_raises_nothing_at_all() {
    let (mut rules, diagnostics) = rule::load(&detect::own_rules(), source::sources());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    rules.rules.retain(|rule| rule.source == "syscall");
    let (mut detector, _) = Detector::new(&rules, |_| Arc::default());
    let mut told = Vec::new();
    for path in all_pages().iter().filter(|path| path.parent().unwrap().ends_with("syscall")) {
        let (mut cases, _) = page::cases(&fs::read_to_string(path).unwrap());
        cases.retain(|case| case.alerts.is_empty());
        let faults = page::judge(&rules, &mut detector, &cases);
        let loud = faults.iter().filter(|fault| fault.message.ends_with("alerted"));
        told.extend(
            loud.map(|fault| format!("{}:{}: {}", path.display(), fault.line, fault.message)),
        );
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Shows every literal that the condition compares the type of event with.
fn each_type(condition: &Expr, see: &mut impl FnMut(&str)) {
    match condition {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| each_type(part, see)),
        Expr::Not(inner) => each_type(inner, see),
        Expr::Compare { left: Term::Field { name, .. }, right, .. } if name == "evt.type" => {
            match right {
                Operand::Text(text) => see(text),
                Operand::List(texts) => texts.iter().for_each(|text| see(text)),
                Operand::Term(_) => {}
            }
        }
        _ => {}
    }
}

#[test]
fn rules_ask_only_for_calls_that_the_sensor_tells_of() {
    let (rules, _) = rule::load(&detect::own_rules(), source::sources());
    let mut asked = 0;
    for rule in rules.rules.iter().filter(|rule| rule.source == "syscall") {
        each_type(&rule.condition, &mut |name| {
            asked += 1;
            // The start of a container is told by its runtime, not by a call.
            let known = name == "container" || Operation::from_name(name).is_some();
            assert!(known, "`{}` asks for `{name}`", rule.name);
        });
    }
    assert!(asked > rules.rules.len() / 2, "only {asked} types are asked for");
}
