//! `activity.md`: which calls activity is derived from, and which paths are sensitive.

use std::collections::BTreeSet;

use detect::Activities;
use detect::activity::sensitive::{Place, ROWS, Told};

use super::{check, table};

#[test]
fn the_activity_page_names_every_path_and_call() {
    let head = ["Sort", "Why", "Where", "Told"].map(str::to_owned);
    let rows = ROWS.iter().map(|row| {
        let places: Vec<String> = row.places.iter().map(|place| said(*place)).collect();
        let told = match row.told {
            Told::Every => "every change",
            Told::Loss => "overwritten, removed, renamed, truncated",
        };
        [
            format!("`{}`", row.sort),
            format!("It {}.", row.reason),
            places.join(", "),
            told.to_owned(),
        ]
    });
    let calls: BTreeSet<&str> = Activities::operations().map(|one| one.name()).collect();
    let calls: Vec<String> = calls.into_iter().map(|name| format!("`{name}`")).collect();
    let page = format!(
        "# Activity\n\n\
         What [activity](../concepts/activity.md) is derived from.\n\n\
         ## Sensitive paths\n\n\
         The first row that fits a path holds.\n\n{}\n\
         ## Calls\n\n\
         The sensor is asked for these, whatever the rules name: {}.\n",
        table(std::iter::once(head).chain(rows)),
        calls.join(", ")
    );
    check("activity.md", &page);
}

fn said(place: Place) -> String {
    match place {
        Place::Below(path) => format!("`{path}` and below"),
        Place::Begins(path) => format!("`{path}…`"),
        Place::Holds(part) => format!("`…{part}…`"),
        Place::Home(name) => format!("`{name}` of any user"),
    }
}
