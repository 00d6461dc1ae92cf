//! Compares the crate table of ARCHITECTURE.md with what `cargo metadata` says, so that the map
//! and the code cannot part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand};

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    layer: u8,
    may_know: BTreeSet<String>,
}

/// Lists every way in which map and crates differ.
pub fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let crates: BTreeMap<String, BTreeSet<String>> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.starts_with(root.join("crates")))
        .map(|package| {
            let inner = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .filter(|dependency| dependency.path.is_some())
                .map(|dependency| dependency.name.clone());
            (package.name.to_string(), inner.collect())
        })
        .collect();
    Ok(compare(&rows(&map), &crates))
}

/// Reads rows of the form ``| 3 | `source` | what it is | event, rule |``.
fn rows(map: &str) -> BTreeMap<String, Row> {
    map.lines()
        .filter_map(|line| {
            let cells: Vec<&str> =
                line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let [layer, name, _, may_know] = cells[..] else { return None };
            let layer = layer.parse().ok()?;
            let names = may_know.split(',').map(|name| name.trim().to_owned());
            let may_know = names.filter(|name| name != "–" && !name.is_empty()).collect();
            Some((name.trim_matches('`').to_owned(), Row { layer, may_know }))
        })
        .collect()
}

fn compare(
    map: &BTreeMap<String, Row>,
    crates: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for name in map.keys().filter(|name| !crates.contains_key(*name)) {
        faults.push(format!("ARCHITECTURE.md lists `{name}`, which is no crate"));
    }
    for (name, inner) in crates {
        let Some(row) = map.get(name) else {
            faults.push(format!("crate `{name}` has no row in ARCHITECTURE.md"));
            continue;
        };
        for other in inner {
            let lower = map.get(other).is_some_and(|known| known.layer < row.layer);
            if !lower {
                faults.push(format!("`{name}` uses `{other}`, which is not in a lower layer"));
            }
            if !row.may_know.contains(other) {
                faults.push(format!("`{name}` uses `{other}`, which its row does not allow"));
            }
        }
        for other in row.may_know.iter().filter(|other| !inner.contains(*other)) {
            faults.push(format!("the row of `{name}` allows `{other}`, which it does not use"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_and_the_crates_agree() {
        assert_eq!(faults(&crate::root()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_upwards_is_a_fault() {
        let map = rows("| 0 | `event` | words | – |\n| 1 | `rule` | language | event |\n");
        let crates = BTreeMap::from([
            ("event".to_owned(), BTreeSet::from(["rule".to_owned()])),
            ("rule".to_owned(), BTreeSet::from(["event".to_owned()])),
        ]);
        let faults = compare(&map, &crates);
        assert_eq!(faults[0], "`event` uses `rule`, which is not in a lower layer");
    }
}
