//! Every figure: its rows give its answer, and page, JSON and folder say the same.

use std::collections::BTreeMap;
use std::path::Path;

use control::figure::{Formula, shown};
use control::package;
use serde::Deserialize;

use super::Checked;
use super::files::text;

/// A figure as `package.json` has it.
#[derive(Deserialize)]
struct Stated {
    id: String,
    #[serde(flatten)]
    formula: Formula,
    answer: String,
    shown: String,
    sha256: String,
}

#[derive(Deserialize)]
struct Package {
    figures: Vec<Stated>,
}

/// Checks every figure.
pub fn check(dir: &Path, checked: &mut Checked) {
    let Some(json) = text(dir, package::PACKAGE, checked) else { return };
    let figures = match serde_json::from_str::<Package>(&json) {
        Ok(package) => package.figures,
        Err(error) => {
            checked.fault(package::PACKAGE, format!("it has no figures: {error}"));
            return;
        }
    };
    let Some(page) = text(dir, package::REPORT, checked) else { return };
    let before = checked.faults.len();
    let mut said = numbers(&page);
    for figure in &figures {
        one(dir, figure, checked);
        let wanted = (figure.answer.clone(), figure.shown.clone());
        let on_page = said.remove(figure.id.as_str()).unwrap_or_default();
        if on_page.is_empty() {
            checked.fault(package::REPORT, format!("figure {} is not on the page", figure.id));
        }
        for other in on_page.iter().filter(|one| **one != wanted) {
            let what = format!(
                "figure {} reads `{}` ({}), and {} says `{}`",
                figure.id,
                other.1,
                other.0,
                package::PACKAGE,
                figure.shown
            );
            checked.fault(package::REPORT, what);
        }
    }
    for id in said.keys() {
        checked.fault(package::REPORT, format!("figure {id} is unknown to {}", package::PACKAGE));
    }
    if checked.faults.len() == before {
        checked.proved.push(format!(
            "All {} figures computed again from their rows give the stated answer; report.html, \
             package.json and the folders say the same.",
            figures.len()
        ));
    }
}

fn one(dir: &Path, figure: &Stated, checked: &mut Checked) {
    let folder = package::figure_folder(&figure.id);
    let rows = format!("{folder}/input.csv");
    let Some(csv) = text(dir, &rows, checked) else { return };
    if package::sha256(csv.as_bytes()) != figure.sha256 {
        checked.fault(&rows, "package.json names another hash for it");
    }
    match figure.formula.compute(csv.as_bytes()) {
        Ok(answer) if answer == figure.answer => (),
        Ok(answer) => {
            let what = format!("its rows give {answer}, stated is {}", figure.answer);
            checked.fault(&rows, what);
        }
        Err(error) => checked.fault(&rows, error.to_string()),
    }
    if figure.shown != shown(&figure.answer) {
        let what = format!("figure {} is shown as `{}`", figure.id, figure.shown);
        checked.fault(package::PACKAGE, what);
    }
    let expected = format!("{folder}/expected.txt");
    if let Some(answer) = text(dir, &expected, checked)
        && answer.trim_end() != figure.answer
    {
        checked.fault(&expected, format!("it says {}, stated is {}", answer.trim(), figure.answer));
    }
    let query = format!("{folder}/query.sql");
    if text(dir, &query, checked).is_some_and(|sql| sql != figure.formula.sql()) {
        checked.fault(&query, "it is not the formula that package.json names");
    }
}

/// Finds the figures on the page: for each id, answers and what is shown.
fn numbers(page: &str) -> BTreeMap<&str, Vec<(String, String)>> {
    let mut found: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for part in page.split("<data data-figure=\"").skip(1) {
        let Some((id, rest)) = part.split_once("\" value=\"") else { continue };
        let Some((answer, rest)) = rest.split_once("\">") else { continue };
        let Some((shown, _)) = rest.split_once("</data>") else { continue };
        let shown = shown.replace("<small>", "").replace("</small>", "");
        found.entry(id).or_default().push((answer.to_owned(), shown));
    }
    found
}
