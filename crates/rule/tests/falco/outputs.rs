//! Output lines, as far as loading judges them.

use expect_test::expect;

use crate::{check, rule};

fn with(output: &str) -> String {
    rule("proc.name = a").replace("output: o", &format!("output: '{output}'"))
}

#[test]
fn an_output_names_known_fields() {
    check(
        &with("x %proc.name %20fd.name %proc.aname[2] %evt.arg.flags"),
        expect!["r: proc.name = a"],
    );
    check(
        &with("x %proc.nmae"),
        expect![[r#"
            LOAD_ERR_COMPILE_OUTPUT 5:14: source `syscall` has no field `proc.nmae` [did
                you mean `proc.name`?]"#]],
    );
    check(
        &with("x %toupper(proc.name) %tolower(proc.pid)"),
        expect!["LOAD_ERR_COMPILE_OUTPUT 5:34: `tolower` cannot take a value of this type"],
    );
    check(
        &with("x %proc.name[1]"),
        expect!["LOAD_ERR_COMPILE_OUTPUT 5:14: `proc.name` takes nothing in brackets"],
    );
    check(
        &with("100%"),
        expect![[r#"
            LOAD_ERR_COMPILE_OUTPUT 5:15: a field is missing behind `%` at the end of
                the output"#]],
    );
}

#[test]
fn a_field_of_an_unknown_plugin_is_a_remark() {
    check(
        &with("x %krsi.name"),
        expect![[r#"
            r: proc.name = a
            LOAD_UNKNOWN_FILTER 5:14: field `krsi.name` is of a plugin, or a version of
                one, that is not known here; the rule is not judged"#]],
    );
}

#[test]
fn a_rule_may_ask_to_be_skipped() {
    check(
        &(with("x %proc.nobody") + "  skip-if-unknown-filter: true\n"),
        expect![[r#"
            LOAD_UNKNOWN_FILTER 5:14: unknown field `proc.nobody`; the rule is skipped,
                as it asks"#]],
    );
}

#[test]
fn container_info_prints_nothing() {
    let text = with("x %container.info y");
    check(
        &text,
        expect![[r#"
            r: proc.name = a
            LOAD_DEPRECATED_ITEM 5:14: `%container.info` is deprecated and prints
                nothing [name the fields: `%container.id %container.name`]"#]],
    );
    let (ruleset, _) = ::rule::load(&[::rule::RuleFile::new("f", text)], crate::SOURCES);
    assert_eq!(ruleset.rules[0].output, "x  y");
}
