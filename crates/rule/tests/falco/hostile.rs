//! Files that mean harm, or come from a broken disk: bounded work, and a word about each.

use rule::{RuleFile, load};

fn messages(text: impl Into<Vec<u8>>) -> String {
    let (_, diagnostics) = load(&[RuleFile::new("f", text)], crate::SOURCES);
    let messages: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| format!("{} {}", diagnostic.code.name(), diagnostic.message))
        .collect();
    messages.join("\n")
}

#[test]
fn macros_that_double_at_every_step_are_stopped() {
    let mut text = String::from("- macro: m0\n  condition: proc.name = a\n");
    for level in 1..40 {
        let below = level - 1;
        text.push_str(&format!("- macro: m{level}\n  condition: m{below} or m{below}\n"));
    }
    text.push_str(&crate::rule("m39"));
    assert!(messages(text).contains("grows beyond"));
}

#[test]
fn macros_that_nest_without_end_are_stopped() {
    let mut text = String::from("- macro: m0\n  condition: proc.name = a\n");
    for level in 1..2000 {
        text.push_str(&format!("- macro: m{level}\n  condition: not m{}\n", level - 1));
    }
    text.push_str(&crate::rule("m1999"));
    assert!(messages(text).contains("levels"));
}

#[test]
fn lists_that_grow_at_every_step_are_stopped() {
    let mut text = crate::rule("proc.name in (l0)");
    for level in 0..20 {
        let next = vec![format!("l{}", level + 1); 10].join(", ");
        text.push_str(&format!("- list: l{level}\n  items: [{next}]\n"));
    }
    assert!(messages(text).contains("grows longer"));
}

#[test]
fn an_alias_bomb_is_stopped() {
    let mut text = String::from("- list: l\n  items: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("- list: l{level}\n  items: &a{level} [{below}]\n"));
    }
    assert!(messages(text).contains("LOAD_ERR_YAML_PARSE more than"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(messages(b"- rule: a\xff\n"), "LOAD_ERR_YAML_PARSE text is not UTF-8");
    assert!(messages(vec![0; 100]).starts_with("LOAD_ERR_YAML_PARSE"));
    assert!(messages(vec![b' '; 9 << 20]).contains("larger"));
}

#[test]
fn problems_without_end_are_counted() {
    let text = "- rule: r\n".repeat(5000);
    assert!(messages(text).ends_with("more problems are not shown"));
}

#[test]
fn a_broken_part_hides_no_other_problem() {
    let text = crate::rule("proc.nmae = a") + "- rule: [\n";
    let messages = messages(text);
    assert!(messages.contains("LOAD_ERR_YAML_PARSE") && messages.contains("proc.nmae"));
}

#[test]
fn what_depends_on_a_broken_item_is_not_blamed() {
    let text = String::from("- macro: m\n  condition: ''\n") + &crate::rule("m");
    assert_eq!(messages(text), "LOAD_ERR_YAML_VALIDATE `condition` is empty");
}

#[test]
fn an_error_at_the_end_of_a_file_stays_within_it() {
    let text = "- macro: m\n  condition: >\n    (proc.name=a or\n\n";
    let (_, diagnostics) = load(&[RuleFile::new("f", text)], crate::SOURCES);
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.span.start <= text.len()));
    assert!(diagnostics.iter().any(|diagnostic| diagnostic.line == 3));
}

#[test]
fn slips_without_end_do_not_take_time_without_end() {
    let macros: String = (0..13)
        .map(|n| format!("- macro: m{n}\n  condition: m{0} or m{0}\n", n))
        .collect::<String>()
        .replace("m0 or m0", "proc.nmae = a");
    let macros = (1..13).fold(macros, |text, n| {
        text.replace(&format!("m{n} or m{n}"), &format!("m{0} or m{0}", n - 1))
    });
    let rules: String = (0..50).map(|n| crate::named(&format!("r{n}"), "m12")).collect();
    let unknown: Vec<String> = (0..20_000).map(|n| format!("unknown{n}")).collect();
    let text = macros + &rules + &crate::named("many", &unknown.join(" or "));
    let messages = messages(text);
    assert!(messages.contains("proc.nmae") && messages.ends_with("not shown"));
}
