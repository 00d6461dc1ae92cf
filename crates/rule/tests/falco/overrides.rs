//! Adding to and replacing parts of earlier items.

use expect_test::expect;

use crate::{check, check_files, named, rule};

#[test]
fn append_adds_to_lists_macros_and_rules() {
    let text = format!(
        "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: true\n\
         - macro: m\n  condition: proc.name in (l)\n- macro: m\n  condition: or proc.name = c\n  \
         append: true\n{}- rule: r\n  condition: and fd.name = x\n  append: true\n",
        rule("m")
    );
    check(
        &text,
        expect![[r#"
            r: (proc.name in (a, b) or proc.name = c) and fd.name = x
            LOAD_DEPRECATED_ITEM 3:3: `append` is deprecated [say what to add to:
                `override: {items: append}`]
            LOAD_DEPRECATED_ITEM 8:3: `append` is deprecated [say what to add to:
                `override: {condition: append}`]
            LOAD_DEPRECATED_ITEM 18:3: `append` is deprecated [say what to add to:
                `override: {condition: append}`]"#]],
    );
}

#[test]
fn appending_needs_something_to_append_to() {
    check(
        "- list: l\n  items: [b]\n  append: true\n",
        expect![[r#"
            LOAD_DEPRECATED_ITEM 1:3: `append` is deprecated [say what to add to:
                `override: {items: append}`]
            LOAD_ERR_VALIDATE 1:3: there is no earlier list `l` to change"#]],
    );
    check(
        "- macro: m\n  condition: or b\n  override: {condition: append}\n",
        expect!["LOAD_ERR_VALIDATE 1:3: there is no earlier macro `m` to change"],
    );
    check(
        "- rule: r\n  condition: or b\n  append: true\n",
        expect![[r#"
            LOAD_DEPRECATED_ITEM 1:3: `append` is deprecated [say what to add to:
                `override: {condition: append}`]
            LOAD_ERR_VALIDATE 1:3: there is no earlier rule `r` to change"#]],
    );
    check(
        "- rule: r\n  enabled: true\n  override: {enabled: replace}\n",
        expect!["LOAD_ERR_VALIDATE 1:3: there is no earlier rule `r` to change"],
    );
    check(
        &(rule("proc.name = a") + "- rule: r\n  append: true\n"),
        expect![[r#"
            r: proc.name = a
            LOAD_DEPRECATED_ITEM 8:3: `append` is deprecated [say what to add to:
                `override: {condition: append}`]
            LOAD_ERR_VALIDATE 8:3: the item changes nothing: it needs `condition` or
                `exceptions`"#]],
    );
}

#[test]
fn override_says_what_happens_to_each_key() {
    let text = rule("proc.name = a")
        + "- rule: r\n  condition: or proc.name = b\n  output: more\n  tags: [t]\n  \
           priority: debug\n  enabled: false\n  desc: other\n  override:\n    \
           condition: append\n    output: append\n    tags: append\n    priority: replace\n    \
           enabled: replace\n    desc: replace\n";
    let (ruleset, diagnostics) = ::rule::load(&[::rule::RuleFile::new("f", text)], crate::SOURCES);
    assert_eq!(diagnostics, []);
    let rule = &ruleset.rules[0];
    assert_eq!(rule.condition.to_string(), "proc.name = a or proc.name = b");
    assert_eq!(rule.condition_text, "proc.name = a\n or proc.name = b");
    assert_eq!((rule.output.as_str(), rule.description.as_str()), ("o more", "other"));
    assert_eq!((rule.priority, rule.enabled), (event::Severity::Debug, false));
    assert_eq!((rule.tags.as_slice(), rule.line), (["t".to_owned()].as_slice(), 1));
}

#[test]
fn override_refuses_what_makes_no_sense() {
    let override_ = |item: &str| rule("proc.name = a") + "- rule: r\n" + item;
    check(
        &override_("  priority: info\n  override: {priority: append}\n"),
        expect![[r#"
        r: proc.name = a
        LOAD_ERR_YAML_VALIDATE 10:14: `priority` cannot be added to; use `replace`"#]],
    );
    check(
        &override_("  condition: a\n  override: {condition: delete}\n"),
        expect![[r#"
        r: proc.name = a
        LOAD_ERR_YAML_VALIDATE 10:25: an override is `append` or `replace`"#]],
    );
    check(
        &override_("  source: s\n  override: {source: replace}\n"),
        expect![[r#"
        r: proc.name = a
        LOAD_ERR_YAML_VALIDATE 10:14: `source` cannot be overridden"#]],
    );
    check(
        &override_("  desc: d\n  override: {condition: append, desc: append}\n"),
        expect![[r#"
            r: proc.name = a
            LOAD_ERR_YAML_VALIDATE 8:3: `condition: append` is said, but `condition` is
                missing"#]],
    );
    check(
        &override_("  desc: d\n  output: o\n  override: {desc: append}\n"),
        expect![[r#"
        r: proc.name = a
        LOAD_ERR_YAML_VALIDATE 10:3: `output` has no entry under `override`"#]],
    );
    check(
        &override_("  condition: or x\n  append: true\n  override: {condition: append}\n"),
        expect![[r#"
            r: proc.name = a
            LOAD_DEPRECATED_ITEM 8:3: `append` is deprecated [say what to add to:
                `override: {condition: append}`]
            LOAD_ERR_YAML_VALIDATE 8:3: `append` and `override` cannot stand together"#]],
    );
}

#[test]
fn an_override_may_repeat_the_source_but_not_change_it() {
    let same = rule("proc.name = a")
        + "- rule: r\n  source: syscall\n  condition: or proc.name = b\n  \
           override: {condition: append}\n";
    check(&same, expect!["r: proc.name = a or proc.name = b"]);
    check(
        &same.replace("source: syscall", "source: k8s_audit"),
        expect![[r#"
            r: proc.name = a
            LOAD_ERR_VALIDATE 8:3: rule `r` is of source `syscall` and cannot become one
                of `k8s_audit`"#]],
    );
}

#[test]
fn later_files_change_earlier_ones() {
    check_files(
        &[
            &(String::from("- list: l\n  items: [a]\n- macro: m\n  condition: proc.name in (l)\n")
                + &rule("m")),
            "- list: l\n  items: [b]\n  override: {items: replace}\n",
            "- macro: m\n  condition: and fd.name = c\n  override: {condition: append}\n",
        ],
        expect!["r: proc.name in (b) and fd.name = c"],
    );
}

#[test]
fn a_rule_sees_only_macros_of_its_own_and_earlier_files() {
    check_files(
        &[&rule("later"), "- macro: later\n  condition: proc.name = a\n"],
        expect![[r#"
            LOAD_ERR_VALIDATE 1:4:5: macro `later` is not defined yet [define it before
                what uses it; files are read in order]
            LOAD_UNUSED_MACRO 2:1:3: macro `later` is used nowhere"#]],
    );
    check_files(
        &[
            &named("a", "proc.name = a"),
            "- macro: later\n  condition: proc.name = b\n\
             - rule: a\n  condition: or later\n  override: {condition: append}\n",
        ],
        expect!["a: proc.name = a or proc.name = b"],
    );
}
