use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// Shows each scalar of the text, with the file's bytes its own bytes come from.
fn check_origins(text: &str, expected: Expect) {
    let (documents, error) = read(text);
    assert!(error.is_none(), "{error:?}");
    let mut lines = String::new();
    for document in &documents {
        show(text, document, &mut lines);
    }
    expected.assert_eq(&lines);
}

fn show(text: &str, node: &Node, lines: &mut String) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            let found: String = scalar
                .origins(text, node.span)
                .iter()
                .map(|at| text[*at as usize..].chars().next().unwrap_or('$'))
                .collect();
            lines.push_str(&format!("{:?} from {found:?}\n", scalar.text));
        }
        Kind::Sequence(items) => items.iter().for_each(|item| show(text, item, lines)),
        Kind::Mapping(entries) => entries.iter().for_each(|(_, value)| show(text, value, lines)),
    }
}

#[test]
fn a_folded_text_knows_its_lines() {
    check_origins(
        "- condition: >\n    a.b = c and\n    (d)\n\n    more\n",
        expect![[r#"
            "a.b = c and (d)\nmore\n" from "a.b = c and\n(d)\nmore\n"
        "#]],
    );
}

#[test]
fn a_literal_text_knows_its_lines() {
    check_origins(
        "- condition: |-\n    first = x\n      or second\n",
        expect![[r#"
            "first = x\n  or second" from "first = x\n  or second"
        "#]],
    );
}

#[test]
fn plain_and_quoted_texts_know_their_bytes() {
    check_origins(
        "- a: one\n    two  three\n- b: 'it''s\n    x'\n- c: \"q\\\"\\u00e9 z\"\n",
        expect![[r#"
            "one two  three" from "one\ntwo  three"
            "it's x" from "it's\nx"
            "q\"é z" from "q\\\\\\ z"
        "#]],
    );
}

#[test]
fn positions_count_bytes_behind_foreign_letters() {
    check_origins(
        "- é: \"ü\"\n- b: \u{4e16}x\n",
        expect![[r#"
            "ü" from "üü"
            "世x" from "世世世x"
        "#]],
    );
}

#[test]
fn truth_and_numbers_are_read_when_asked() {
    let scalar = |text: &str| Scalar { text: text.to_owned(), style: ScalarStyle::Plain };
    for text in ["true", "True", "TRUE", "yes", "On"] {
        assert_eq!(scalar(text).truth(), Some(true), "{text}");
    }
    for text in ["false", "No", "OFF", "n"] {
        assert_eq!(scalar(text).truth(), Some(false), "{text}");
    }
    for text in ["tRue", "1", "", "maybe"] {
        assert_eq!(scalar(text).truth(), None, "{text}");
    }
    assert_eq!(scalar("0x10").number(), Some(16));
    assert_eq!(scalar("014").number(), Some(12));
    assert_eq!(scalar("26").number(), Some(26));
    for text in ["-1", "+1", "0.26.0", "", "0x", "4294967296"] {
        assert_eq!(scalar(text).number(), None, "{text}");
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("- &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("- &a{level} [{below}]\n"));
    }
    let (documents, error) = read(&text);
    assert!(error.unwrap().message.contains("nodes"));
    assert_eq!(documents.len(), 1, "items before the bomb are kept");
}

#[test]
fn an_alias_of_a_long_text_is_refused_when_it_adds_up() {
    let text = format!("- &a {}\n{}", "x".repeat(1 << 20), "- *a\n".repeat(100));
    assert!(read(&text).1.unwrap().message.contains("bytes"));
}

#[test]
fn deep_nesting_is_refused() {
    assert!(read(&"[".repeat(100_000)).1.is_some());
    assert!(read(&"- ".repeat(100_000)).1.unwrap().message.contains("deeper"));
}

#[test]
fn an_alias_to_its_own_collection_is_refused() {
    assert!(read("- &a [*a]\n").1.is_some());
}

#[test]
fn items_before_an_error_are_kept() {
    let (documents, error) = read("- a: 1\n- b: 2\n- c: [\n");
    assert!(error.is_some());
    let Kind::Sequence(items) = &documents[0].kind else { panic!("no sequence") };
    assert_eq!(items.len(), 2);
}

#[test]
fn documents_are_kept_apart() {
    assert_eq!(read("- a\n---\n- b\n- c\n---\n").0.len(), 3);
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[-a:b \\[\\]{}&*!|>'\"%@#\n\\\\\u{e9}]{0,60}") {
        let (documents, _) = read(&text);
        let mut lines = String::new();
        for document in &documents {
            show(&text, document, &mut lines);
        }
    }

    /// Every letter of a text comes from an equal letter of the file.
    #[test]
    fn letters_come_from_equal_letters(
        words in proptest::collection::vec("[a-zé=()\\\\'\"]{1,6}", 1..8),
        style in 0..4,
    ) {
        let text = match style {
            0 => format!("- k: >\n    {}\n", words.join("\n    ")),
            1 => format!("- k: |\n    {}\n", words.join("\n    ")),
            2 => format!("- k: '{}'\n", words.join(" ").replace('\'', "''")),
            _ => format!("- k: >-\n\n    {}\n", words.join(" ")),
        };
        let (documents, error) = read(&text);
        prop_assert!(error.is_none());
        let Kind::Sequence(items) = &documents[0].kind else { panic!("no sequence") };
        let node = items[0].get("k").unwrap();
        let scalar = node.scalar().unwrap();
        let origins = scalar.origins(&text, node.span);
        for (offset, c) in scalar.text.char_indices() {
            if c != ' ' && c != '\n' {
                let at = origins[offset] as usize;
                prop_assert_eq!(text[at..].chars().next(), Some(c));
            }
        }
    }
}
