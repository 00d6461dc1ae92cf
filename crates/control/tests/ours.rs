//! The catalogue that comes with the program: whole, and true to the rules that come with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use control::catalogue::{CRITERIA, Catalogue, Relation, embedded};
use control::{Link, Mapping};
use expect_test::expect;

fn ours() -> Catalogue {
    let (catalogue, diagnostics) = Catalogue::load(&embedded());
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    catalogue
}

/// Names of the rules below `rules/`, read without knowing their language.
fn rules() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let paths = |folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths(folder).flat_map(paths);
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
    assert_eq!(catalogue.controls.len(), 21);
}

/// Rules that bear on a criterion through controls, each counted once by its strongest relation.
#[test]
fn rules_bear_on_criteria() {
    let mapping = Mapping::of(&ours());
    let mut counts: BTreeMap<String, BTreeMap<Relation, u64>> = BTreeMap::new();
    for rule in rules() {
        let links = mapping.links(&rule);
        for id in mapping.criteria(&rule).iter() {
            let serves = |link: &&Link| link.criteria.contains(id);
            let strongest = links.iter().filter(serves).map(|link| link.relation).min().unwrap();
            *counts.entry(id.clone()).or_default().entry(strongest).or_default() += 1;
        }
    }
    let told = counts.iter().map(|(id, relations)| {
        let parts: Vec<_> =
            relations.iter().map(|(relation, count)| format!("{relation:?} {count}")).collect();
        format!("{id} {}: {}", relations.values().sum::<u64>(), parts.join(", "))
    });
    expect![[r#"
        CC6.1 38: Monitors 33, Feeds 5
        CC6.2 6: Monitors 2, Feeds 4
        CC6.3 19: Monitors 14, Feeds 5
        CC6.6 12: Monitors 12
        CC6.7 4: Monitors 4
        CC6.8 46: Implements 45, Monitors 1
        CC7.1 29: Implements 29
        CC7.2 32: Implements 21, Monitors 6, Feeds 5
        CC7.3 10: Feeds 10"#]]
    .assert_eq(&told.collect::<Vec<_>>().join("\n"));
}
