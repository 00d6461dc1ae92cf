//! Rule pages: Markdown that explains rules to people and holds their tests. A fenced block with
//! the info string `json event` is one event; the fenced block `text alerts` behind it lists the
//! rules that must alert, one a line, and is empty when none may. An audit event stands there as
//! its source sends it, a system call as an object of fields by name.

mod recorded;

use std::collections::BTreeSet;

use event::Time;
use rule::{Diagnostic, Matching, Memo, Program, RuleFile, Ruleset};

use crate::{Detector, Judged};
use recorded::{Event, Recorded};

/// One event of a page, and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The nearest heading above.
    pub title: String,
    /// Line the event's block begins on, from 1.
    pub line: usize,
    /// The event as it stands there.
    pub event: String,
    /// Names of the rules that must alert, in any order.
    pub alerts: BTreeSet<String>,
}

/// Something about a page is wrong: its form, or what a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line it is about, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// What a fenced block is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Event,
    Alerts,
    Other,
}

/// A fenced block that is being read.
struct Block<'p> {
    fence: &'p str,
    purpose: Purpose,
    line: usize,
    lines: Vec<&'p str>,
}

/// Reads a page's cases, and says where its form is wrong.
pub fn cases(text: &str) -> (Vec<Case>, Vec<Fault>) {
    let mut reader = Reader::default();
    let mut block: Option<Block<'_>> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut block {
            Some(open) if closes(line, open.fence) => {
                if let Some(block) = block.take() {
                    reader.take(&block);
                }
            }
            Some(open) => open.lines.push(line),
            None => {
                block = opened(line, index + 1);
                if block.is_none() {
                    reader.heading(line);
                }
            }
        }
    }
    if let Some(open) = block {
        reader.fault(open.line, "the block is not closed");
    }
    reader.finish()
}

/// Recognises the line that opens a fenced block.
fn opened(line: &str, number: usize) -> Option<Block<'_>> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let (fence, info) = line.split_at(length);
    let mut words = info.split_whitespace();
    let purpose = match (words.next(), words.next(), words.next()) {
        (Some("json"), Some("event"), None) => Purpose::Event,
        (Some("text"), Some("alerts"), None) => Purpose::Alerts,
        _ => Purpose::Other,
    };
    (length >= 3).then_some(Block { fence, purpose, line: number, lines: Vec::new() })
}

fn closes(line: &str, fence: &str) -> bool {
    let line = line.trim_end();
    line.starts_with(fence) && line.trim_start_matches(&fence[..1]).is_empty()
}

#[derive(Default)]
struct Reader {
    title: String,
    /// Line and text of an event that waits for its alerts.
    event: Option<(usize, String)>,
    cases: Vec<Case>,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, line: usize, message: impl Into<String>) {
        self.faults.push(Fault { line, message: message.into() });
    }

    fn heading(&mut self, line: &str) {
        let title = line.trim_start_matches('#');
        if title.len() < line.len() && title.starts_with(' ') {
            self.unanswered();
            title.trim().clone_into(&mut self.title);
        }
    }

    /// Tells of an event without alerts.
    fn unanswered(&mut self) {
        if let Some((line, _)) = self.event.take() {
            self.fault(
                line,
                "no `text alerts` block follows the event; an empty one means silence",
            );
        }
    }

    fn take(&mut self, block: &Block<'_>) {
        match block.purpose {
            Purpose::Other => {}
            Purpose::Event => {
                self.unanswered();
                self.event = Some((block.line, block.lines.join("\n")));
            }
            Purpose::Alerts => {
                let Some((line, event)) = self.event.take() else {
                    self.fault(block.line, "no `json event` block stands before these alerts");
                    return;
                };
                let names = block.lines.iter().map(|name| name.trim());
                let alerts = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
                self.cases.push(Case { title: self.title.clone(), line, event, alerts });
            }
        }
    }

    fn finish(mut self) -> (Vec<Case>, Vec<Fault>) {
        self.unanswered();
        (self.cases, self.faults)
    }
}

/// Loads the rules of a page: those of the last file, which may use lists and macros of the files
/// before it. What is wrong with those is not told here.
pub fn rules(files: &[RuleFile]) -> (Ruleset, Vec<Diagnostic>) {
    let (mut rules, mut diagnostics) = rule::load(files, source::sources());
    if let Some(own) = files.last() {
        rules.rules.retain(|rule| rule.file == own.path);
        diagnostics.retain(|diagnostic| diagnostic.file == own.path);
    }
    (rules, diagnostics)
}

/// Judges a page's events by rules, and tells whatever comes out differently. Every rule must be
/// seen to alert and to keep silent.
pub fn judge(rules: &Ruleset, detector: &mut Detector, cases: &[Case]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut bench = Bench::new(rules);
    let sources: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.source.as_str()).collect();
    for case in cases {
        for name in &case.alerts {
            if rules.rule(name).is_none() {
                faults.push(Fault { line: case.line, message: format!("no rule `{name}`") });
            }
        }
        let mut seen = BTreeSet::new();
        for source in &sources {
            let alerts = if *source == syscall::DOC.name {
                bench.judge(&case.event).map_err(|flaw| flaw.to_string())
            } else {
                let judged = detector.judge(source, case.event.as_bytes(), "page", Time::default());
                judged.map(names).map_err(|refused| refused.to_string())
            };
            match alerts {
                Ok(alerts) => seen.extend(alerts),
                Err(message) => faults.push(Fault { line: case.line, message }),
            }
        }
        faults.extend(differences(case, &seen));
    }
    for rule in rules.rules.iter().filter(|rule| rule.enabled) {
        let alerting = cases.iter().filter(|case| case.alerts.contains(&rule.name)).count();
        let lacks = match (alerting, cases.len() - alerting) {
            (0, _) => "alert",
            (_, 0) => "keep silent",
            _ => continue,
        };
        let message = format!("no event shows `{}` {lacks}", rule.name);
        faults.push(Fault { line: 1, message });
    }
    faults
}

fn names(judged: Judged) -> Vec<String> {
    judged.alerts.into_iter().map(|alert| alert.rule.to_string()).collect()
}

/// Judges system-call events as pages write them.
struct Bench<'r> {
    names: Vec<&'r str>,
    program: Program<Recorded>,
    memo: Memo,
}

impl<'r> Bench<'r> {
    fn new(rules: &'r Ruleset) -> Bench<'r> {
        let active: Vec<_> = rules.active(syscall::DOC.name).collect();
        let (program, _) = Program::compile(&active);
        let memo = program.memo();
        Bench { names: active.iter().map(|rule| rule.name.as_str()).collect(), program, memo }
    }

    fn judge(&mut self, text: &str) -> Result<Vec<String>, recorded::Flaw> {
        let event = Event::read(text)?;
        let mut alerts = Vec::new();
        self.program.judge(&mut self.memo, &mut &event, Matching::All, |index| {
            alerts.extend(self.names.get(index).map(|name| (*name).to_owned()));
        });
        Ok(alerts)
    }
}

fn differences(case: &Case, seen: &BTreeSet<String>) -> Vec<Fault> {
    let fault = |message| Fault { line: case.line, message };
    let missed = case.alerts.difference(seen).map(|name| format!("`{name}` did not alert"));
    let unwanted = seen.difference(&case.alerts).map(|name| format!("`{name}` alerted"));
    missed.chain(unwanted).map(fault).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let (cases, faults) = cases(text);
        let cases = cases.iter().map(|case| {
            let alerts: Vec<_> = case.alerts.iter().map(String::as_str).collect();
            format!("{} {}: {} -> [{}]", case.line, case.title, case.event, alerts.join(", "))
        });
        let faults = faults.iter().map(|fault| format!("{}: {}", fault.line, fault.message));
        expected.assert_eq(&cases.chain(faults).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn an_event_is_followed_by_its_alerts() {
        check(
            "# Page\n\n## Loud\n\n```json event\n{}\n```\n\nso\n\n```text alerts\nb\n a \n```\n\
             ## Quiet\n````json event\n{\n```\n}\n````\n````text alerts\n````\n",
            expect![[r#"
                5 Loud: {} -> [a, b]
                16 Quiet: {
                ```
                } -> []"#]],
        );
    }

    #[test]
    fn other_blocks_are_for_people() {
        check("```yaml\n# json event\n```\n~~~\n```json event\n~~~\n``\n", expect![[""]]);
    }

    #[test]
    fn a_page_with_a_wrong_form_says_so() {
        check(
            "```json event\n{}\n```\n# Next\n```text alerts\n```\n```json event\n{}\n```\n\
             ```json event\n",
            expect![[r#"
                1: no `text alerts` block follows the event; an empty one means silence
                5: no `json event` block stands before these alerts
                10: the block is not closed
                7: no `text alerts` block follows the event; an empty one means silence"#]],
        );
    }
}
