//! `sockeye controls status`: a line a control, cut to the width of the terminal; JSON has all.

use std::io::Write;
use std::path::PathBuf;

use comfy_table::Table;
use control::catalogue::ServiceModel;
use control::judge::ItemResult;
use control::{Catalogue, ControlResult, Judgement, Outcome, Question};
use event::{Period, Time};
use serde::Serialize;

use super::{Output, PRINTED_COLUMNS, json};
use crate::command::report::Bought;
use crate::evidence::{self, time};

/// Narrowest and widest title.
const TITLE_CHARS: (usize, usize) = (16, 44);
/// What a reason is given before a title gets more than its least.
const REASON_CHARS_MIN: usize = 40;
/// Between columns.
const SPACE: &str = "  ";

/// Judge the controls over a period, from the trail
#[derive(clap::Args)]
pub struct Args {
    /// First instant of the period: a day (UTC) or an RFC 3339 time; without it, 30 days ago
    #[arg(long, value_parser = time)]
    from: Option<Time>,
    /// First instant after the period; without it, now
    #[arg(long = "to", value_parser = time)]
    until: Option<Time>,
    /// Data directory of the server
    #[arg(long, value_name = "DIR", env = "SOCKEYE_DATA", default_value = ".data")]
    data: PathBuf,
    /// How the clusters are bought
    #[arg(long, value_enum, default_value = "iaas")]
    service_model: Bought,
}

/// What `-o json` prints.
#[derive(Serialize)]
struct Standing<'a> {
    from: Time,
    until: Time,
    judged_until: Time,
    as_of: Time,
    controls: &'a [ControlResult],
    criteria: Vec<control::matrix::Row>,
}

/// Judges, and prints how each control stands.
pub fn run(args: &Args, catalogue: &Catalogue, output: Output) -> anyhow::Result<()> {
    let now = evidence::now();
    let until = args.until.unwrap_or(now);
    let from = args.from.unwrap_or_else(|| until.plus(-30 * 24 * 60 * Time::MINUTE));
    anyhow::ensure!(from < until, "the period would end ({until}) before it starts ({from})");
    let question = Question::Type2 { period: Period { from, until } };
    let gathered = evidence::gather(&args.data, question, now, |_, _| ())?;
    let model: ServiceModel = args.service_model.into();
    let results = control::judge(catalogue, &gathered.facts, question, model);
    let judged_until = gathered.facts.judged().until;
    if output == Output::Json {
        let criteria = control::matrix(catalogue, &results);
        let controls = results.as_slice();
        return json(&Standing { from, until, judged_until, as_of: now, controls, criteria });
    }
    let width = Table::new().width().unwrap_or(PRINTED_COLUMNS);
    let rows: Vec<Row> = results.iter().map(Row::of).collect();
    anstream::stdout().lock().write_all(table(&rows, usize::from(width)).as_bytes())?;
    anstream::eprintln!(
        "judged from {from} until {judged_until}; `-o json` has every reason whole"
    );
    Ok(())
}

/// A line of the table.
struct Row {
    id: String,
    title: String,
    design: Outcome,
    operation: Outcome,
    items: u64,
    exceptions: u64,
    reason: String,
}

impl Row {
    fn of(result: &ControlResult) -> Row {
        let deviating =
            |items: &[control::judge::Item]| items.iter().filter(|it| deviates(it)).count() as u64;
        let operation = result.operation.as_ref().unwrap_or(&result.design);
        Row {
            id: result.id.clone(),
            title: result.title.clone(),
            design: result.design.result,
            operation: operation.result,
            items: result.populations.iter().map(|list| list.count).sum(),
            exceptions: result.populations.iter().map(|list| deviating(&list.items)).sum(),
            reason: reason(&result.design, operation),
        }
    }
}

fn deviates(item: &control::judge::Item) -> bool {
    item.result == ItemResult::Deviate
}

/// Returns the reason to read first: why the design fails, else why operation stands as it does.
fn reason(design: &Judgement, operation: &Judgement) -> String {
    let told = |judgement: &Judgement| judgement.reasons.first().cloned().unwrap_or_default();
    match design.result {
        Outcome::Fail | Outcome::Error if operation.result != Outcome::Fail => {
            format!("design: {}", told(design))
        }
        _ => told(operation),
    }
}

/// Prints rows in columns that fit `width`: reasons give way first, then titles.
fn table(rows: &[Row], width: usize) -> String {
    let heading = ["control", "title", "design", "operation", "items", "exceptions"];
    let longest = |of: &dyn Fn(&Row) -> usize, heading: &str| {
        rows.iter().map(of).max().unwrap_or(0).max(heading.len())
    };
    let id = longest(&|row| row.id.chars().count(), heading[0]);
    let design = longest(&|row| row.design.name().len(), heading[2]);
    let operation = longest(&|row| row.operation.name().len(), heading[3]);
    let items = longest(&|row| row.items.to_string().len(), heading[4]);
    let exceptions = longest(&|row| row.exceptions.to_string().len(), heading[5]);
    let fixed = id + design + operation + items + exceptions + 6 * SPACE.len();
    let title = longest(&|row| row.title.chars().count(), heading[1]).min(TITLE_CHARS.1);
    let room = width.saturating_sub(fixed + REASON_CHARS_MIN);
    let title = title.min(room.max(TITLE_CHARS.0));
    let why = width.saturating_sub(fixed + title);
    let mut text = format!(
        "{:id$}{SPACE}{:title$}{SPACE}{:design$}{SPACE}{:operation$}{SPACE}{:>items$}{SPACE}\
         {:>exceptions$}{SPACE}why\n",
        heading[0], heading[1], heading[2], heading[3], heading[4], heading[5]
    );
    for row in rows {
        let line = format!(
            "{:id$}{SPACE}{:title$}{SPACE}{}{SPACE}{}{SPACE}{:>items$}{SPACE}\
             {:>exceptions$}{SPACE}{}",
            row.id,
            cut(&row.title, title),
            coloured(row.design, design),
            coloured(row.operation, operation),
            row.items,
            row.exceptions,
            cut(&row.reason, why)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Shortens to so many characters, at a word's end where one is near.
fn cut(text: &str, chars: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= chars {
        return text;
    }
    let kept: String = text.chars().take(chars.saturating_sub(1)).collect();
    let whole = kept.rsplit_once(' ').map(|(words, _)| words);
    let whole = whole.filter(|words| words.chars().count() * 3 >= chars * 2).unwrap_or(&kept);
    match chars {
        0 => String::new(),
        _ => format!("{}…", whole.trim_end_matches([',', ';', ':', ' '])),
    }
}

/// Colours a result for terminals; its word says the same.
fn coloured(outcome: Outcome, width: usize) -> String {
    let name = outcome.name();
    let colour = match outcome {
        Outcome::Pass => "32",
        Outcome::Fail => "1;31",
        Outcome::Error => "33",
        Outcome::Manual => "35",
        Outcome::NotTested | Outcome::NotApplicable | Outcome::Inherited => "2",
    };
    format!("\x1b[{colour}m{name}\x1b[0m{}", " ".repeat(width.saturating_sub(name.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row =
            |id: &str, title: &str, design, operation, (items, exceptions), reason: &str| Row {
                id: id.to_owned(),
                title: title.to_owned(),
                design,
                operation,
                items,
                exceptions,
                reason: reason.to_owned(),
            };
        vec![
            row(
                "K-02",
                "Only identified callers are served",
                Outcome::Pass,
                Outcome::NotTested,
                (0, 0),
                "operated 3,540 of 86,400 seconds (4.097 %), less than 99 %",
            ),
            row(
                "K-38",
                "Privileged acts in Sockeye are done by named people",
                Outcome::Manual,
                Outcome::Fail,
                (1204, 3),
                "3 of 1,204 items deviate",
            ),
        ]
    }

    /// What a terminal of that width shows, without colours.
    fn shown(width: usize) -> String {
        let text = table(&rows(), width);
        let mut parts = text.split('\x1b');
        let mut plain = parts.next().unwrap().to_owned();
        parts.for_each(|part| plain.push_str(part.split_once('m').unwrap().1));
        assert!(plain.lines().all(|line| line.chars().count() <= width), "{plain}");
        plain
    }

    #[test]
    fn a_wide_terminal_shows_reasons_whole() {
        let shown = shown(180);
        assert!(shown.contains("  Only identified callers are served  "), "{shown}");
        assert!(shown.contains("of 86,400 seconds (4.097 %), less than 99 %\n"), "{shown}");
        assert!(shown.contains("  fail         1204           3  3 of 1,204 items"), "{shown}");
    }

    #[test]
    fn a_narrow_one_cuts_reasons_and_titles() {
        expect_test::expect![[r#"
            control  title             design  operation   items  exceptions  why
            K-02     Only identified…  pass    not-tested      0           0  operated 3,540 of…
            K-38     Privileged acts…  manual  fail         1204           3  3 of 1,204 items…
        "#]]
        .assert_eq(&shown(86));
    }

    #[test]
    fn a_failing_design_gives_the_reason() {
        let judged = |result, reason: &str| Judgement { result, reasons: vec![reason.to_owned()] };
        let silent = judged(Outcome::Fail, "no source");
        let untested = judged(Outcome::NotTested, "no occurrence");
        assert_eq!(reason(&silent, &untested), "design: no source");
        assert_eq!(reason(&untested, &silent), "no source");
    }
}
