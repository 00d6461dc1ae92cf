//! The catalogue that comes with the program: whole, and true to the rules that come with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use control::catalogue::{CRITERIA, Catalogue, embedded};

fn ours() -> Catalogue {
    let (catalogue, diagnostics) = Catalogue::load(&embedded());
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    catalogue
}

/// Names of the rules below `rules/`, read without knowing their language.
fn rules() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/k8s_audit");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| {
            let names = text.lines().filter_map(|line| line.strip_prefix("- rule: "));
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_criterion_has_its_file() {
    let found: Vec<String> = ours().criteria.into_iter().map(|criterion| criterion.id).collect();
    assert_eq!(found, CRITERIA);
}

#[test]
fn every_criterion_says_what_stays_with_people() {
    for criterion in ours().criteria {
        assert!(!criterion.points.is_empty() && !criterion.manual.is_empty(), "{}", criterion.id);
    }
}

#[test]
fn every_mapped_rule_is_one_of_ours_and_every_rule_of_ours_is_mapped() {
    let catalogue = ours();
    let mapped: BTreeSet<String> = catalogue
        .controls
        .iter()
        .flat_map(|control| control.rules.iter().map(|mapped| mapped.rule.clone()))
        .collect();
    assert_eq!(mapped, rules());
    assert_eq!(catalogue.controls.len(), 10);
}
