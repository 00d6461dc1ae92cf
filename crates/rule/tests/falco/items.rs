//! The form of items: what they need, what they may have, what is remarked.

use expect_test::expect;

use crate::check;

#[test]
fn an_empty_file_is_fine() {
    check("", expect![[""]]);
    check("# nothing\n---\n---\n", expect![[""]]);
    check("- \n- ~\n", expect![[""]]);
}

#[test]
fn a_file_is_a_sequence_of_mappings() {
    check(
        "just text",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 1:1: a rule file is a sequence of items: `- rule:
                …`, `- macro: …`"#]],
    );
    check(
        "rule: r\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 1:1: a rule file is a sequence of items: `- rule:
                …`, `- macro: …`"#]],
    );
    check(
        "- text\n- [a]\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 1:3: an item is a mapping: `- rule: …`, `- macro:
                …`
            LOAD_ERR_YAML_VALIDATE 2:3: an item is a mapping: `- rule: …`, `- macro:
                …`"#]],
    );
    check("- rule: [\n", expect!["LOAD_ERR_YAML_PARSE 1:9: unclosed bracket '['"]);
}

#[test]
fn a_rule_needs_its_parts() {
    check(
        "- rule: r\n  desc: d\n",
        expect![[r#"
        LOAD_ERR_YAML_VALIDATE 1:3: `condition` is missing
        LOAD_ERR_YAML_VALIDATE 1:3: `output` is missing
        LOAD_ERR_YAML_VALIDATE 1:3: `priority` is missing"#]],
    );
    check(
        "- rule: r\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 1:3: a rule needs `condition`, `output`, `desc` and
                `priority`"#]],
    );
    check("- rule:\n  desc: d\n", expect!["LOAD_ERR_YAML_VALIDATE 1:7: `rule` is empty"]);
    check("- rule: ''\n", expect!["LOAD_ERR_YAML_VALIDATE 1:9: `rule` is empty"]);
}

#[test]
fn every_slip_of_a_rule_is_told_at_once() {
    check(
        "- rule: r\n  condition: [a]\n  output: ''\n  desc:\n  priority: loud\n  enabled: maybe\n  \
         tags: one\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 2:14: `condition` must be one value
            LOAD_ERR_YAML_VALIDATE 3:11: `output` is empty
            LOAD_ERR_YAML_VALIDATE 4:7: `desc` is empty
            LOAD_ERR_YAML_VALIDATE 5:13: `loud` is no priority [use one of Emergency,
                Alert, Critical, Error, Warning, Notice, Informational, Debug]
            LOAD_ERR_YAML_VALIDATE 6:12: `enabled` must be `true` or `false`
            LOAD_ERR_YAML_VALIDATE 7:9: `tags` must be a sequence"#]],
    );
}

#[test]
fn a_slip_in_one_part_hides_none_in_another() {
    check(
        "- rule: r\n  desc: d\n  condition: proc.nmae = a and nobody\n  output: o %proc.nmae\n  \
         priority: hgh\n  exceptions:\n    - name: e\n      fields: fd.nam\n",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 3:14: source `syscall` has no field `proc.nmae`
                [did you mean `proc.name`?]
            LOAD_ERR_VALIDATE 3:32: macro `nobody` is not defined
            LOAD_ERR_COMPILE_OUTPUT 4:13: source `syscall` has no field `proc.nmae` [did
                you mean `proc.name`?]
            LOAD_ERR_YAML_VALIDATE 5:13: `hgh` is no priority [use one of Emergency,
                Alert, Critical, Error, Warning, Notice, Informational, Debug]
            LOAD_ERR_VALIDATE 8:15: `fd.nam` is no field of source `syscall` [did you
                mean `fd.name`?]"#]],
    );
}

#[test]
fn priorities_have_falcos_names_in_any_case() {
    for priority in [
        "EMERGENCY",
        "alert",
        "Critical",
        "error",
        "WARNING",
        "notice",
        "info",
        "INFORMATIONAL",
        "debug",
    ] {
        let text = crate::rule("proc.name = a").replace("error", priority);
        let (ruleset, _) = rule::load(&[rule::RuleFile::new("r", text)], crate::SOURCES);
        assert_eq!(ruleset.rules.len(), 1, "{priority}");
    }
}

#[test]
fn optional_keys_are_read() {
    let text = "- rule: r\n  desc: ' d '\n  condition: evt.type = open\n  output: ' o '\n  \
                priority: info\n  enabled: no\n  tags: [b, a, b]\n  capture: true\n  \
                capture_duration: 500\n  warn_evttypes: off\n  skip-if-unknown-filter: false\n";
    let (ruleset, diagnostics) = rule::load(&[rule::RuleFile::new("f", text)], crate::SOURCES);
    assert_eq!(diagnostics, []);
    let rule = &ruleset.rules[0];
    assert_eq!((rule.enabled, rule.output.as_str(), rule.description.as_str()), (false, "o", "d"));
    assert_eq!(rule.tags, ["a", "b"]);
    assert_eq!((rule.source.as_str(), rule.line), ("syscall", 1));
}

#[test]
fn unknown_things_are_remarked_and_ignored() {
    check(
        "- group: g\n",
        expect!["LOAD_UNKNOWN_ITEM 1:3: item is neither rule, macro nor list; it is ignored"],
    );
    let mut text = crate::rule("proc.name = a");
    text.push_str("  prioritty: low\n  priority: low\n");
    check(
        &text,
        expect![[r#"
            r: proc.name = a
            LOAD_UNKNOWN_KEY 8:3: unknown key `prioritty`; it is ignored [did you mean
                `priority`?]
            LOAD_UNKNOWN_KEY 9:3: key `priority` stands here twice; the first one counts"#]],
    );
}

#[test]
fn a_rule_of_an_unknown_source_is_skipped() {
    let text = crate::rule("x.y = 1 and nobody") + "  source: k8s_audt\n";
    check(
        &text,
        expect![[r#"
            LOAD_UNKNOWN_SOURCE 8:11: source `k8s_audt` is not known; the rule is
                skipped [did you mean `k8s_audit`?]"#]],
    );
}

#[test]
fn names_must_be_words() {
    check(
        "- list: a b\n  items: [x]\n- macro: a-b\n  condition: proc.name = x\n",
        expect![[r#"
            LOAD_INVALID_LIST_NAME 1:3: a list's name may hold no blank, quote, comma,
                `=` or parenthesis
            LOAD_UNUSED_LIST 1:3: list `a b` is used nowhere
            LOAD_INVALID_MACRO_NAME 3:3: a macro's name is a letter followed by letters,
                digits and `_`
            LOAD_UNUSED_MACRO 3:3: macro `a-b` is used nowhere"#]],
    );
}

#[test]
fn lists_hold_plain_values() {
    check("- list: l\n", expect!["LOAD_ERR_YAML_VALIDATE 1:3: `items` is missing"]);
    check(
        "- list: l\n  items: x\n",
        expect!["LOAD_ERR_YAML_VALIDATE 2:10: `items` must be a sequence"],
    );
    check(
        "- list: l\n  items: [a, [b], {c: d}]\n",
        expect![[r#"
        LOAD_ERR_YAML_VALIDATE 2:14: each of `items` must be one value
        LOAD_ERR_YAML_VALIDATE 2:20: each of `items` must be one value"#]],
    );
}

#[test]
fn a_later_rule_takes_the_place_of_an_earlier_one() {
    let text = crate::named("a", "proc.name = 1")
        + &crate::named("b", "proc.name = 2")
        + &crate::named("a", "proc.name = 3");
    check(
        &text,
        expect![[r#"
        a: proc.name = 3
        b: proc.name = 2"#]],
    );
}

#[test]
fn a_rule_keeps_its_source() {
    let text = crate::rule("proc.name = 1") + &crate::rule("ka.verb = 1") + "  source: k8s_audit\n";
    check(
        &text,
        expect![[r#"
            r: proc.name = 1
            LOAD_ERR_VALIDATE 8:3: rule `r` is of source `syscall` and cannot become one
                of `k8s_audit`"#]],
    );
}

#[test]
fn enabled_alone_switches_an_earlier_rule() {
    let text = crate::rule("proc.name = 1") + "- rule: r\n  enabled: false\n";
    check(
        &text,
        expect![[r#"
            r (off): proc.name = 1
            LOAD_DEPRECATED_ITEM 8:3: switching a rule on or off by `enabled` alone is
                deprecated [add `override: {enabled: replace}`]"#]],
    );
    check(
        "- rule: other\n  enabled: false\n",
        expect![[r#"
            LOAD_DEPRECATED_ITEM 1:3: switching a rule on or off by `enabled` alone is
                deprecated [add `override: {enabled: replace}`]
            LOAD_ERR_VALIDATE 1:3: there is no earlier rule `other` to change"#]],
    );
}
