//! Compares docs/dependencies.md with what the crates, the fuzz targets and the console ask for, so
//! that each direct dependency has its line there and no line outlives one.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use cargo_metadata::MetadataCommand;

const PAGE: &str = "docs/dependencies.md";

/// Lists every dependency without a line, and every line without a dependency.
pub fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let page = std::fs::read_to_string(root.join(PAGE)).context(PAGE)?;
    let mut asked = crates(&root.join("Cargo.toml"))?;
    asked.extend(crates(&root.join("fuzz/Cargo.toml"))?);
    let package = std::fs::read_to_string(root.join("web/package.json")).context("package.json")?;
    asked.extend(packages(&package)?);
    Ok(compare(&named(&page), &asked))
}

/// Returns what the crates of a workspace ask of registries.
fn crates(manifest: &Path) -> anyhow::Result<BTreeSet<String>> {
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    let packages = metadata.workspace_packages();
    let asked = packages.iter().flat_map(|package| &package.dependencies);
    let outer = asked.filter(|dependency| dependency.path.is_none());
    Ok(outer.map(|dependency| dependency.name.clone()).collect())
}

/// Returns what a `package.json` asks for.
fn packages(text: &str) -> anyhow::Result<BTreeSet<String>> {
    let package: serde_json::Value = serde_json::from_str(text).context("package.json")?;
    let groups = ["dependencies", "devDependencies"].map(|group| package[group].as_object());
    Ok(groups.into_iter().flatten().flat_map(|group| group.keys().cloned()).collect())
}

/// Reads the names in the first column of the page's tables: `serde, serde_json (derive)`.
fn named(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let names = cells.flat_map(|cell| cell.split(','));
    let plain = names.map(|name| name.split('(').next().unwrap_or_default().trim().to_owned());
    plain.filter(|name| !matches!(name.as_str(), "" | "crate" | "package")).collect()
}

fn compare(named: &BTreeSet<String>, asked: &BTreeSet<String>) -> Vec<String> {
    let missing = asked.difference(named).map(|name| {
        format!("{PAGE} says nothing of `{name}`; add what it is for and what else was looked at")
    });
    let left = named.difference(asked);
    let left = left.map(|name| format!("{PAGE} names `{name}`, which nothing asks for"));
    missing.chain(left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_the_manifests_agree() {
        assert_eq!(faults(&crate::root()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_without_a_line_and_a_line_without_one_are_told() {
        let page = "| crate | what for |\n|---|---|\n| serde, wide (portable) | x |\n";
        let package = r#"{"dependencies": {"svelte": "5"}, "devDependencies": {"serde": "1"}}"#;
        let faults = compare(&named(page), &packages(package).unwrap());
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("says nothing of `svelte`"));
        assert!(faults[1].contains("names `wide`"));
    }
}
