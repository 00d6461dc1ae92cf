//! The pages of `docs/reference/`: written from what stands in the code, and compared with what is
//! committed, so that neither goes its own way. The API's description is kept so by `server`.

mod activity;
mod command_line;
mod configuration;
mod fields;
mod language;

use std::fs;
use std::path::Path;

/// Says where a page comes from, for whoever wants to change it.
const ORIGIN: &str = "<!-- Written by `UPDATE_EXPECT=1 cargo test -p sockeye reference`. -->\n\n";

/// Compares a page with the committed one; writes it when asked to.
fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    let page = format!("{ORIGIN}{}\n", page.trim_end());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/reference/{name} is out of date: run `UPDATE_EXPECT=1 cargo test -p sockeye \
         reference`, read what changed and commit it"
    );
}

/// Makes a table of rows, the first of which is its head.
fn table<const COLUMNS: usize>(rows: impl IntoIterator<Item = [String; COLUMNS]>) -> String {
    let mut text = String::new();
    for (index, row) in rows.into_iter().enumerate() {
        let cells = row.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if index == 0 {
            text.push_str(&format!("|{}\n", "---|".repeat(COLUMNS)));
        }
    }
    text
}
