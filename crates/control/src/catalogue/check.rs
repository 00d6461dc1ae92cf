//! What a well-formed criterion or control must also satisfy. Says every problem, not the first.

use super::diagnostic::{Diagnostic, nearest};
use super::load::Source;
use super::{
    Aspect, CRITERIA, Check, Control, Criterion, Population, Query, Relation, Share, Test,
    category_of,
};

pub(super) fn criterion(source: &Source<'_>, criterion: &Criterion) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let id = &criterion.id;
    match category_of(id) {
        None => problems.push(unknown_criterion(source, id)),
        Some(category) if category != criterion.category => {
            let message = format!("`{id}` belongs to another category");
            let hint = format!("its category is {category:?}, in snake case");
            problems.push(source.error("wrong_category", "category", message, hint));
        }
        Some(_) => (),
    }
    named_like_its_file(source, id, &mut problems);
    let said = criterion.points.iter().map(|point| &point.text);
    let texts = said.chain(&criterion.shown_by).chain(&criterion.manual);
    if texts.chain([&criterion.paraphrase]).any(|text| text.trim().is_empty()) {
        let message = "a text is empty".to_owned();
        problems.push(source.error("empty_text", "''", message, "say it, or take it out"));
    }
    problems
}

pub(super) fn control(source: &Source<'_>, control: &Control) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    named_like_its_file(source, &control.id, &mut problems);
    for text in [&control.title, &control.statement, &control.owner] {
        if text.trim().is_empty() {
            let message = "title, statement and owner must say something".to_owned();
            problems.push(source.error("empty_text", "''", message, "say it in a sentence"));
        }
    }
    criteria_of(source, control, &mut problems);
    responsibility(source, control, &mut problems);
    period(source, control, &mut problems);
    sources(source, control, &mut problems);
    populations(source, control, &mut problems);
    rules(source, control, &mut problems);
    tests(source, control, &mut problems);
    problems
}

/// Tells whether a name can be part of a file's name.
fn is_plain(name: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b".-".contains(&letter);
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.bytes().all(plain)
}

fn named_like_its_file(source: &Source<'_>, id: &str, problems: &mut Vec<Diagnostic>) {
    if !is_plain(id) {
        let message = format!("`{id}` is no id");
        problems.push(source.error("wrong_id", id, message, "write one like K-14"));
    }
    if source.stem() != id {
        let message = format!("the file is called `{}` and holds `{id}`", source.stem());
        problems.push(source.error("wrong_file", id, message, format!("call it {id}.yaml")));
    }
}

fn unknown_criterion(source: &Source<'_>, id: &str) -> Diagnostic {
    let hint = match nearest(id, CRITERIA) {
        Some(known) => format!("there are 61; did you mean `{known}`?"),
        None => "there are 61, from CC1.1 to P8.1".to_owned(),
    };
    source.error("unknown_criterion", id, format!("`{id}` is no criterion"), hint)
}

fn criteria_of(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    if control.criteria.is_empty() {
        let message = "the control serves no criterion".to_owned();
        problems.push(source.error("no_criterion", "criteria", message, "name at least one"));
    }
    for (index, id) in control.criteria.iter().enumerate() {
        if !CRITERIA.contains(&id.as_str()) {
            problems.push(unknown_criterion(source, id));
        } else if control.criteria[..index].contains(id) {
            let message = format!("`{id}` is named twice");
            problems.push(source.error("duplicate_criterion", id, message, "name it once"));
        }
    }
}

fn responsibility(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    let responsibility = &control.responsibility;
    let shares = [responsibility.iaas, responsibility.paas, responsibility.saas];
    let our_part = responsibility.our_part.as_deref().unwrap_or("");
    if shares.contains(&Share::Shared) && our_part.trim().is_empty() {
        let message = "a shared control must say what remains ours".to_owned();
        problems.push(source.error("no_our_part", "responsibility", message, "add `our_part`"));
    }
}

fn period(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    if let (Some(from), Some(until)) = (control.effective_from, control.effective_until)
        && until <= from
    {
        let message = format!("it would end ({until}) before it starts ({from})");
        let hint = "`effective_until` is the first instant at which it no longer holds";
        problems.push(source.error("empty_period", "effective_until", message, hint));
    }
}

fn sources(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    for (index, needed) in control.sources.iter().enumerate() {
        let twice = control.sources[..index].iter().any(|other| other.source == needed.source);
        if needed.source.trim().is_empty() || twice {
            let message = format!("source `{}` is empty or named twice", needed.source);
            let hint = "name each needed source once, like k8s_audit";
            problems.push(source.error("wrong_source", "sources", message, hint));
        }
    }
}

fn populations(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    for (index, population) in control.populations.iter().enumerate() {
        let Population { name, query, .. } = population;
        if control.populations[..index].iter().any(|other| other.name == *name) {
            let message = format!("population `{name}` is there twice");
            problems.push(source.error("duplicate_population", name, message, "rename one"));
        }
        if !is_plain(name) {
            let message = format!("population `{name}` cannot name a file");
            problems.push(source.error("wrong_name", name, message, "use a-z, 0-9 and -"));
        }
        let cases = *query == Query::Cases;
        let odd = (!cases && (population.severity.is_some() || !population.relations.is_empty()))
            || (*query != Query::Administration && !population.acts.is_empty());
        if odd {
            let message = format!("population `{name}` has a filter that its query does not know");
            let hint = "`severity` and `relations` filter cases, `acts` filters administration";
            problems.push(source.error("wrong_filter", name, message, hint));
        }
        let fed = |relation: &Relation| control.rules.iter().any(|rule| rule.relation == *relation);
        if cases && (control.rules.is_empty() || !population.relations.iter().all(fed)) {
            let message = format!("no rule of the control fills population `{name}`");
            problems.push(source.error("empty_population", name, message, "map a rule to it"));
        }
        if *query == Query::SourceDays && control.sources.is_empty() {
            let message = format!("population `{name}` lists days of sources, and none is needed");
            problems.push(source.error("empty_population", name, message, "name `sources`"));
        }
    }
}

fn rules(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    for (index, mapped) in control.rules.iter().enumerate() {
        let before = &control.rules[..index];
        if before.iter().any(|other| other.rule == mapped.rule) {
            let message = format!("rule `{}` is mapped twice", mapped.rule);
            let hint = "choose the one relation that says best how it bears on the control";
            problems.push(source.error("duplicate_rule", &mapped.rule, message, hint));
        }
        if mapped.reason.trim().is_empty() {
            let message = format!("rule `{}` is mapped without a reason", mapped.rule);
            problems.push(source.error("no_reason", &mapped.rule, message, "say why"));
        }
    }
}

fn tests(source: &Source<'_>, control: &Control, problems: &mut Vec<Diagnostic>) {
    for aspect in [Aspect::Design, Aspect::Operation] {
        if !control.tests.iter().any(|test| test.of == aspect) {
            let message = format!("the control has no test of its {aspect:?}").to_lowercase();
            let hint = "add one; `manual` where a person has to look";
            problems.push(source.error("no_test", "tests", message, hint));
        }
    }
    for (index, test) in control.tests.iter().enumerate() {
        let name = &test.name;
        if control.tests[..index].iter().any(|other| other.name == *name) {
            let message = format!("test `{name}` is there twice");
            problems.push(source.error("duplicate_test", name, message, "rename one"));
        }
        if let Some((message, hint)) = test_slip(control, test) {
            problems.push(source.error("wrong_test", name, message, hint));
        }
    }
}

/// Returns what is wrong with a test, and what to do.
fn test_slip(control: &Control, test: &Test) -> Option<(String, &'static str)> {
    let name = &test.name;
    let slip = |what: &str, hint| Some((format!("test `{name}` {what}"), hint));
    let design = matches!(test.check, Check::RulesInForce | Check::SourcesReporting { .. });
    let manual = matches!(test.check, Check::Manual { .. });
    if !manual && design != (test.of == Aspect::Design) {
        return slip("checks the other aspect", "rules_in_force and sources_reporting: design");
    }
    if let Some(wanted) = test.check.population() {
        let Some(population) = control.population(wanted) else {
            return slip(&format!("names no population: `{wanted}`"), "name one of `populations`");
        };
        let query = match &test.check {
            Check::Handled { .. } => Query::Cases,
            Check::Continuous { .. } => Query::SourceDays,
            Check::Approved { .. } => Query::RuleSets,
            Check::Named { .. } => Query::Administration,
            _ => population.query,
        };
        if population.query != query {
            return slip("cannot judge that population", "see what each check works on");
        }
    }
    match &test.check {
        Check::RulesInForce if control.rules.is_empty() => {
            slip("has no rule to look for", "map a rule to the control")
        }
        Check::SourcesReporting { .. } | Check::Watched { .. } if control.sources.is_empty() => {
            slip("has no source to look at", "name `sources`")
        }
        Check::Watched { share } if !(*share > 0.0 && *share <= 100.0) => {
            slip("wants a share that is no percentage", "more than 0, at most 100")
        }
        Check::Handled { within, .. } if within.is_empty() => {
            slip("has no limits", "give limits for at least one severity")
        }
        Check::Handled { within, .. }
            if within.values().any(|limits| limits.conclude < limits.acknowledge) =>
        {
            slip("wants a conclusion before it is taken on", "conclude ≥ acknowledge")
        }
        Check::Manual { ask, .. } if ask.trim().is_empty() => {
            slip("asks nothing", "say what the person has to look at")
        }
        _ => None,
    }
}
