//! `fields.md`: every field of every source.

use rule::source::{FieldDoc, SourceDoc};

use super::{check, table};
use crate::command::rules::fields::{argument, kind};

#[test]
fn the_fields_are_those_of_the_sources() {
    let mut page = "# Fields\n\n\
        What conditions and outputs may name, by source. `sockeye rules fields` prints the same.\n\
        In brackets stands what a field takes there; `?` where it may be left out.\n\n\
        A field with a limit cannot be used everywhere: *condition only* means that it cannot be \
        printed, *output only* that it is meant to be printed, *literals only* that it is never \
        compared with another field, *untransformed* that no transformer can be put around it.\n"
        .to_owned();
    let sources = source::sources();
    for source in sources {
        page.push_str(&format!("\n## {}\n\n{}\n\n", source.name, source.doc));
        page.push_str(&rows(source));
        for field in own(source).filter(|field| !field.values.is_empty()) {
            let values: Vec<String> =
                field.values.split_ascii_whitespace().map(|value| format!("`{value}`")).collect();
            page.push_str(&format!("\nValues of `{}`: {}.\n", field.name, values.join(" ")));
        }
    }
    check("fields.md", &page);
}

fn own(source: &SourceDoc) -> impl Iterator<Item = &'static FieldDoc> {
    source.fields.iter().flat_map(|table| table.iter())
}

fn rows(source: &SourceDoc) -> String {
    let head = ["Field", "Type", "Limits", "Meaning"].map(str::to_owned);
    let rows = own(source).map(|field| {
        let list = if field.list { "list of " } else { "" };
        let limits: Vec<&str> = field.limits.iter().map(|limit| limit.name()).collect();
        [
            format!("`{}{}`", field.name, argument(field.argument)),
            format!("{list}{}", kind(field.kind)),
            limits.join(", "),
            field.doc.to_owned(),
        ]
    });
    table(std::iter::once(head).chain(rows))
}
