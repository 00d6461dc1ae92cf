//! How problems are shown to people and to programs.

use expect_test::{Expect, expect};
use rule::RuleFile;
use rule::diagnostic::{Colour, render};

fn check(text: &str, expected: Expect) {
    let files = [RuleFile::new("rules/shell.yaml", text)];
    let (_, diagnostics) = rule::load(&files, crate::SOURCES);
    let shown: Vec<String> =
        diagnostics.iter().map(|diagnostic| render(diagnostic, &files, Colour::Off)).collect();
    expected.assert_eq(&shown.concat());
}

#[test]
fn a_problem_shows_code_place_snippet_and_hint() {
    check(
        "- macro: shell\n  condition: >\n    proc.name in (sh, bash)\n    and proc.nmae = x\n\
         - rule: Shell\n  desc: d\n  condition: evt.type = execve and shell\n  output: o\n  \
         priority: info\n",
        expect![[r#"
            error[LOAD_ERR_COMPILE_CONDITION]: source `syscall` has no field `proc.nmae`
             --> rules/shell.yaml:4:9
              |
            4 |     and proc.nmae = x
              |         ^^^^^^^^^
              |
              = note: in rule `Shell`, macro `shell`
              = help: did you mean `proc.name`?
        "#]],
    );
}

#[test]
fn a_yaml_error_shows_its_line() {
    check(
        "- rule: a\n  desc: \"open\n",
        expect![[r#"
            error[LOAD_ERR_YAML_PARSE]: invalid indentation in multiline quoted scalar
             --> rules/shell.yaml:3:1
              |
            3 |
              | ^
        "#]],
    );
}

#[test]
fn programs_get_the_same_as_json() {
    let text = crate::rule("proc.nmae = x");
    let (_, diagnostics) = rule::load(&[RuleFile::new("r.yaml", text)], crate::SOURCES);
    expect![[r#"
        [
          {
            "code": "LOAD_ERR_COMPILE_CONDITION",
            "severity": "error",
            "file": "r.yaml",
            "line": 4,
            "column": 5,
            "span": {
              "start": 39,
              "end": 48
            },
            "context": [
              {
                "kind": "rule",
                "name": "r",
                "line": 1
              }
            ],
            "message": "source `syscall` has no field `proc.nmae`",
            "hint": "did you mean `proc.name`?"
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&diagnostics).unwrap());
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    check(
        "- rule: \"a\\e[31m\"\n",
        expect![[r#"
            error[LOAD_ERR_YAML_VALIDATE]: a rule needs `condition`, `output`, `desc` and `priority`
             --> rules/shell.yaml:1:3
              |
            1 | - rule: "a\e[31m"
              |   ^^^^^^^^^^^^^^^
              |
              = note: in rule `a�[31m`
        "#]],
    );
    check(
        "- \u{1b}[31m: x\n",
        expect![[r#"
            error[LOAD_ERR_YAML_PARSE]: unexpected character: `\u{1b}'
             --> rules/shell.yaml:1:3
              |
            1 | - �[31m: x
              |   ^
        "#]],
    );
}
