//! Exceptions of rules: checked and completed when collected, and put into the condition at the
//! end, as text, the way Falco does it.

use super::collect::RuleDraft;
use super::field::Sources;
use super::item::{Entry, Exception};
use super::keys::Reported;
use super::report::Report;
use super::trace::{Origin, Traced};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::expr::{Operator, Spread};

/// Checks an exception and fills in the operators it leaves open: `=` for each of several fields,
/// `in` for a single one.
pub(super) fn complete(
    exception: &mut Exception,
    source: &str,
    sources: &Sources<'_>,
    report: &mut Report<'_>,
) -> Result<(), Reported> {
    if !exception.fields.is_given() {
        return refuse(exception, report, "an exception needs `fields`");
    }
    let fields: Vec<Traced> = match &exception.fields {
        Entry::Many(fields) => complete_many(exception, fields.clone(), report)?,
        _ => complete_one(exception, report)?,
    };
    let mut slip = Ok(());
    for field in &fields {
        if !sources.takes_field(source, field.text()) {
            let place = field.place(Span { start: 0, end: field.len() });
            let message = format!("`{}` is no field of source `{source}`", field.text());
            let mut diagnostic = Diagnostic::new(Code::LoadErrValidate, message);
            if let Some(near) = sources.nearest_field(source, field.text()) {
                diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
            }
            report.add(place, &exception.at.scope, diagnostic);
            slip = Err(Reported);
        }
    }
    slip
}

fn complete_many(
    exception: &mut Exception,
    fields: Vec<Entry>,
    report: &mut Report<'_>,
) -> Result<Vec<Traced>, Reported> {
    let fields: Vec<Traced> = fields
        .into_iter()
        .map(|field| match field {
            Entry::One(text) => text,
            _ => Traced::default(),
        })
        .collect();
    if !exception.comps.is_given() {
        let equals = |field: &Traced| {
            let mut text = Traced::default();
            text.glue("=", field.origin(0));
            Entry::One(text)
        };
        exception.comps = Entry::Many(fields.iter().map(equals).collect());
    }
    let comps = match &mut exception.comps {
        Entry::Many(comps) if comps.len() == fields.len() => comps,
        _ => return refuse(exception, report, "`fields` and `comps` must be equally long"),
    };
    for comp in comps.iter_mut() {
        if let Entry::One(text) = comp {
            *text = text.trim();
        }
    }
    let known = |name: &str| name == "exists" || Operator::from_name(name).is_some();
    let wrong = comps.iter().find(|comp| !known(comp.text()) && !is_spread(comp.text()));
    if let Some(wrong) = wrong {
        let message = format!("`{}` is no operator", wrong.text());
        return refuse(exception, report, &message);
    }
    Ok(fields)
}

fn complete_one(
    exception: &mut Exception,
    report: &mut Report<'_>,
) -> Result<Vec<Traced>, Reported> {
    let Entry::One(field) = exception.fields.clone() else { return Ok(Vec::new()) };
    if !exception.comps.is_given() {
        let mut text = Traced::default();
        text.glue("in", field.origin(0));
        exception.comps = Entry::One(text);
    }
    let Entry::One(comp) = &mut exception.comps else {
        return refuse(exception, report, "`comps` must be one value, as `fields` is");
    };
    *comp = comp.trim();
    if !takes_list(comp.text()) {
        let message = "with a single field, `comps` is `in`, `pmatch`, `intersects` or an operator \
                       with `oneof`, `anyof` or `allof`";
        return refuse(exception, report, message);
    }
    Ok(vec![field])
}

/// Tells whether an operator with `oneof`, `anyof` or `allof` stands there.
fn is_spread(text: &str) -> bool {
    let Some((operator, spread)) = text.split_once(' ') else { return false };
    Operator::from_name(operator).is_some_and(Operator::takes_spread)
        && Spread::ALL.iter().any(|known| known.name() == spread)
}

fn takes_list(text: &str) -> bool {
    Operator::from_name(text).is_some_and(Operator::takes_list) || is_spread(text)
}

/// Adds an exception to a rule, or values to the rule's exception of that name.
pub(super) fn append(
    rule: &mut RuleDraft,
    mut exception: Exception,
    sources: &Sources<'_>,
    report: &mut Report<'_>,
) -> Result<(), Reported> {
    let Some(earlier) = rule.exceptions.iter_mut().find(|it| it.name == exception.name) else {
        if !exception.fields.is_given() {
            return refuse(&exception, report, "a new exception needs `fields`");
        }
        if exception.values.is_empty() {
            return refuse(&exception, report, "a new exception needs `values`");
        }
        complete(&mut exception, &rule.source, sources, report)?;
        rule.exceptions.push(exception);
        return Ok(());
    };
    for (entry, name) in [(&exception.fields, "fields"), (&exception.comps, "comps")] {
        if entry.is_given() {
            let message = format!("`{name}` of an exception cannot be added to, only `values`");
            return refuse(&exception, report, &message);
        }
    }
    earlier.values.extend(exception.values);
    Ok(())
}

fn refuse<T>(exception: &Exception, report: &mut Report, message: &str) -> Result<T, Reported> {
    let diagnostic = Diagnostic::new(Code::LoadErrValidate, message);
    report.add(exception.at.place, &exception.at.scope, diagnostic);
    Err(Reported)
}

/// Puts a rule's exceptions into its condition: `(condition) and not (…) and not (…)`.
pub(super) fn expand(rule: &RuleDraft, report: &mut Report<'_>) -> Result<Traced, Reported> {
    if rule.exceptions.is_empty() {
        return Ok(rule.condition.clone());
    }
    let mut condition = Traced::default();
    condition.glue("(", rule.condition.origin(0));
    condition.push(&rule.condition);
    condition.glue(")", rule.condition.origin(rule.condition.len()));
    let mut slip = Ok(());
    for exception in &rule.exceptions {
        let text = match &exception.fields {
            Entry::Many(fields) => many(exception, fields, report),
            _ => one(exception, report),
        };
        match text {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                condition.glue(" and not ", text.origin(0));
                condition.push(&text);
            }
            Err(Reported) => slip = Err(Reported),
        }
    }
    slip.map(|()| condition)
}

/// A single field: all values make one list.
fn one(exception: &Exception, report: &mut Report<'_>) -> Result<Traced, Reported> {
    let mut text = Traced::default();
    let (Entry::One(field), Entry::One(comp)) = (&exception.fields, &exception.comps) else {
        return Ok(text);
    };
    let origin = field.origin(0);
    for value in &exception.values {
        let Entry::One(value) = value else {
            let message = "with a single field, each of `values` is one value, not a list";
            return refuse(exception, report, message);
        };
        if text.is_empty() {
            text.glue("(", origin);
            text.push(field);
            text.glue(" ", origin);
            text.push(comp);
            text.glue(" (", origin);
        } else {
            text.glue(", ", value.origin(0));
        }
        text.push(&quote(value));
    }
    if !text.is_empty() {
        text.glue("))", origin);
    }
    Ok(text)
}

/// Several fields: one comparison of each for every tuple of values.
fn many(
    exception: &Exception,
    fields: &[Entry],
    report: &mut Report<'_>,
) -> Result<Traced, Reported> {
    let mut text = Traced::default();
    let Entry::Many(comps) = &exception.comps else { return Ok(text) };
    for values in &exception.values {
        let Entry::Many(values) = values else {
            return refuse(exception, report, "each of `values` must be a list, one value a field");
        };
        if values.len() != fields.len() {
            let message = "each of `values` must be as long as `fields`";
            return refuse(exception, report, message);
        }
        let origin = first_origin(values);
        text.glue(if text.is_empty() { "((" } else { " or (" }, origin);
        for (index, value) in values.iter().enumerate() {
            text.glue(if index == 0 { "" } else { " and " }, origin);
            let (Entry::One(field), Entry::One(comp)) = (&fields[index], &comps[index]) else {
                return refuse(exception, report, "each of `fields` and `comps` is one value");
            };
            text.push(field);
            text.glue(" ", field.origin(0));
            text.push(comp);
            text.glue(" ", comp.origin(0));
            match value {
                Entry::One(value) if takes_list(comp.text()) => text.push(&parenthesise(value)),
                Entry::One(value) => text.push(&quote(value)),
                Entry::Many(values) => text.push(&list(values, origin)),
                Entry::Missing => {}
            }
        }
        text.glue(")", origin);
    }
    if !text.is_empty() {
        let last = text.origin(text.len());
        text.glue(")", last);
    }
    Ok(text)
}

fn first_origin(values: &[Entry]) -> Origin {
    values
        .iter()
        .find_map(|value| match value {
            Entry::One(text) => Some(text.origin(0)),
            Entry::Many(values) => Some(first_origin(values)),
            Entry::Missing => None,
        })
        .unwrap_or_default()
}

fn list(values: &[Entry], origin: Origin) -> Traced {
    let mut text = Traced::default();
    text.glue("(", origin);
    for (index, value) in values.iter().enumerate() {
        if let Entry::One(value) = value {
            text.glue(if index == 0 { "" } else { ", " }, value.origin(0));
            text.push(&quote(value));
        }
    }
    text.glue(")", origin);
    text
}

/// Puts quotes around a value with blanks in it, unless it brings its own.
pub(super) fn quote(value: &Traced) -> Traced {
    if !value.text().contains(' ') || value.text().starts_with(['"', '\'']) {
        return value.clone();
    }
    wrap(value, "\"", "\"")
}

fn parenthesise(value: &Traced) -> Traced {
    if value.text().starts_with('(') { value.clone() } else { wrap(value, "(", ")") }
}

fn wrap(value: &Traced, before: &str, after: &str) -> Traced {
    let mut text = Traced::default();
    text.glue(before, value.origin(0));
    text.push(value);
    text.glue(after, value.origin(value.len()));
    text
}
