//! `rule-language.md`: what the rule language has, and where it differs from Falco's.

use rule::diagnostic::{Code, Level};
use rule::expr::{Operator, Spread, Transformer};

use super::{check, table};

const PAGE: &str = include_str!("language.md");

#[test]
fn the_language_page_names_all_there_is() {
    let operators = Operator::ALL.map(Operator::name);
    let words = operators
        .into_iter()
        .chain(Spread::ALL.map(Spread::name))
        .chain(Transformer::ALL.map(Transformer::name));
    for word in words {
        let named = [format!("`{word}`"), format!("`{word}(")];
        assert!(named.iter().any(|name| PAGE.contains(name)), "language.md says nothing of {word}");
    }
    let head = ["Code", "Level", "Meaning"].map(str::to_owned);
    let codes = Code::ALL.into_iter().map(|code| {
        let level = if code.level() == Level::Error { "error" } else { "warning" };
        [format!("`{}`", code.name()), level.to_owned(), code.meaning().to_owned()]
    });
    let codes = table(std::iter::once(head).chain(codes));
    check("rule-language.md", &PAGE.replace("{codes}\n", &codes));
}
