//! The folder of a figure: with it anyone performs the figure again by stock tools.

use control::facts::Kind;
use control::figure::{Figure, Records};
use control::judge::{Table, Total, TotalClass};
use control::package;

use crate::model::Input;
use crate::{File, words};

/// Returns the files of a figure's folder.
pub fn folder(figure: &Figure, input: &Input<'_>) -> Vec<File> {
    let folder = package::figure_folder(&figure.id);
    let file = |name: &str, text: String| File::of(&format!("{folder}/{name}"), text);
    let mut files = vec![
        file("README.txt", readme(figure)),
        file("input.csv", figure.table.csv()),
        file("query.sql", figure.formula.sql()),
        file("spreadsheet.txt", format!("{}\n", figure.formula.spreadsheet(&figure.table))),
        file("expected.txt", format!("{}\n", figure.answer())),
    ];
    if let Records::Positions(positions) = &figure.records {
        files.push(file("records.csv", pointers(positions, input).csv()));
    }
    files
}

fn readme(figure: &Figure) -> String {
    let rows = figure.table.rows.len();
    let total = match &figure.total {
        Some(total) => total_text(total),
        None => "Control total: none; no second count of this is at hand.\n".to_owned(),
    };
    let records = match &figure.records {
        Records::Kinds(kinds) => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            format!("Raw records: all of kind {} in evidence/index.csv.\n", names.join(" and "))
        }
        Records::Positions(_) => {
            "Raw records: those listed in records.csv, with their hashes; the records themselves \
             stand in the folder evidence.\n"
                .to_owned()
        }
    };
    format!(
        "{}\n{}\n\n{}\n\nRows: {rows}, in input.csv.\nAnswer: {} (expected.txt).\n\n{total}{records}\n\
         To perform it again with sqlite3 (any version since 3.8):\n  cd figures/{}\n  \
         sqlite3 :memory: < query.sql\nThe answer must equal expected.txt.\n\n\
         With a spreadsheet: open input.csv as a sheet called `input`, and enter what stands in \
         spreadsheet.txt.\n",
        figure.title,
        "=".repeat(figure.title.chars().count()),
        figure.sentence,
        figure.answer(),
        figure.id,
    )
}

fn total_text(total: &Total) -> String {
    let class = match total.class {
        TotalClass::A => "A: another system with another administrator",
        TotalClass::B => "B: the same system by another path",
        TotalClass::C => "C: the same data again, which does not support completeness",
    };
    format!(
        "Control total: {}.\n  {} counted here, {} by the other path.\n  Class {class}.\n",
        total.what,
        words::number(total.counted),
        words::number(total.control)
    )
}

fn pointers(positions: &[String], input: &Input<'_>) -> Table {
    let row = |position: &String| match input.records.get(position) {
        Some(record) => vec![
            position.clone(),
            record.kind.name().to_owned(),
            record.sha256.clone(),
            package::evidence_file(record.kind),
            record.line.to_string(),
        ],
        None => vec![position.clone(), String::new(), String::new(), String::new(), String::new()],
    };
    let rows = positions.iter().map(row).collect();
    Table { columns: vec!["position", "kind", "sha256", "file", "line"], rows }
}

/// Returns the list of all raw records in a package.
pub fn index(input: &Input<'_>) -> File {
    let mut records: Vec<_> = input.records.iter().collect();
    records.sort_by_key(|(_, record)| (place(record.kind), record.line));
    let rows = records.into_iter().map(|(position, record)| {
        vec![
            position.clone(),
            record.kind.name().to_owned(),
            record.sha256.clone(),
            record.bytes.to_string(),
            package::evidence_file(record.kind),
            record.line.to_string(),
        ]
    });
    let columns = vec!["position", "kind", "sha256", "bytes", "file", "line"];
    File::of("evidence/index.csv", Table { columns, rows: rows.collect() }.csv())
}

fn place(kind: Kind) -> usize {
    Kind::ALL.iter().position(|one| *one == kind).unwrap_or(Kind::ALL.len())
}
