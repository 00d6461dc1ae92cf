//! Reads rule files: YAML to items, items collected in order, lists, macros and exceptions put in,
//! fields checked. Reports every problem of every file at once.

mod check;
mod collect;
mod condition;
mod exception;
mod field;
mod item;
mod keys;
mod limit;
mod nearest;
mod read;
mod report;
mod rule;
mod substitute;
mod trace;
mod version;
mod warn;

use std::collections::HashSet;

use check::{Checker, Findings};
use collect::{Collection, RuleDraft};
use condition::{Resolved, Vocabulary};
use field::Sources;
use keys::{Reader, Reported};
use nearest::Hints;
use report::{Report, Scope};
use trace::{Place, Traced};
use version::Version;

use crate::diagnostic::{Code, Context, Diagnostic, Span};
use crate::expr::Expr;
use crate::output::Output;
use crate::ruleset::{Rule, RuleFile, Ruleset};
use crate::source::SourceDoc;
use crate::yaml;

/// Largest rule file.
pub const FILE_BYTES_MAX: usize = 8 << 20;

/// Loads rule files in order, later ones over earlier ones. Rules with errors are left out and
/// reported; whether that is fatal is the caller's choice ([`Diagnostic::is_error`]).
pub fn load(files: &[RuleFile], sources: &[SourceDoc]) -> (Ruleset, Vec<Diagnostic>) {
    let hints = Hints::new();
    let sources = Sources { docs: sources, hints: &hints };
    let mut report = Report::new(files, &hints);
    let mut collection = Collection::default();
    let mut whole = true;
    for (index, file) in files.iter().enumerate() {
        whole &= read_file(index, file, sources, &mut collection, &mut report).is_ok();
    }
    let mut vocabulary = Vocabulary::new(&collection, &mut report);
    let mut ruleset = Ruleset::default();
    for draft in collection.rules.iter().filter(|draft| draft.source_known) {
        let engines = &collection.engines;
        ruleset.rules.extend(compile(draft, sources, engines, &mut vocabulary, &mut report));
    }
    // What refers to a macro may stand in the part that could not be read.
    if whole {
        vocabulary.warn_unused(&mut report);
    }
    (ruleset, report.finish())
}

/// Reads one file's items into the collection.
fn read_file(
    index: usize,
    file: &RuleFile,
    sources: Sources<'_>,
    collection: &mut Collection,
    report: &mut Report<'_>,
) -> Result<(), Reported> {
    collection.engines.push(None);
    let mut refuse = |offset: usize, message: String| {
        let place = Place { file: index, span: Span { start: offset, end: offset } };
        report.add(place, &[], Diagnostic::new(Code::LoadErrYamlParse, message));
        Err(Reported)
    };
    if file.text.len() > FILE_BYTES_MAX {
        return refuse(0, format!("file is larger than {FILE_BYTES_MAX} bytes"));
    }
    let text = match std::str::from_utf8(&file.text) {
        Ok(text) => text,
        Err(error) => return refuse(error.valid_up_to(), "text is not UTF-8".to_owned()),
    };
    let (documents, error) = yaml::read(text);
    let read = match error {
        Some(error) => refuse(error.offset, error.message),
        None => Ok(()),
    };
    let scope = Scope::new();
    let docs = sources.docs;
    let mut reader = Reader { file: index, text, report, sources: docs, scope, engine: None };
    read::items(&mut reader, &documents, |reader, item| match item {
        Ok(item) => collection.add(item, index, &sources, reader.report),
        Err(broken) => collection.lose(broken.kind, &broken.name),
    });
    collection.engines[index] = reader.engine;
    read
}

/// Puts a rule together, unless something about it is wrong.
fn compile(
    draft: &RuleDraft,
    sources: Sources<'_>,
    engines: &[Option<Version>],
    vocabulary: &mut Vocabulary<'_>,
    report: &mut Report<'_>,
) -> Option<Rule> {
    let doc = sources.doc(&draft.source)?;
    let mut scope = draft.at.scope.clone();
    let line = report.line(draft.at.place);
    if scope.is_empty() {
        scope.push(Context { kind: "rule", name: draft.name.clone(), line });
    }
    let condition = exception::expand(draft, report).and_then(|condition| {
        if draft.condition.is_empty() {
            return Err(Reported);
        }
        let at = item::Whereabouts { place: draft.at.place, scope: scope.clone() };
        vocabulary.rule(&condition, draft.touched_in, &at, report)
    });
    let output = output(draft, doc, &scope, report);
    let mut checker = Checker {
        sources,
        doc,
        scope: &scope,
        engines,
        skip_if_unknown_filter: draft.flags.skip_if_unknown_filter,
        report,
        findings: Findings::default(),
        seen: HashSet::new(),
    };
    if let Ok((text, output, spans)) = &output {
        checker.output(text, output, spans);
    }
    if let Ok(condition) = &condition {
        checker.condition(&condition.tree);
    }
    let findings = checker.findings;
    let (Resolved { tree, whole }, (output, _, _)) = (condition.ok()?, output.ok()?);
    warn::condition(&tree, doc, &scope, report);
    if findings.refused || findings.skipped || draft.broken || !whole {
        return None;
    }
    if draft.source == "syscall" && draft.flags.warn_evttypes {
        warn::event_types(&tree, draft.at.place, &scope, report);
    }
    Some(Rule {
        name: draft.name.clone(),
        source: draft.source.clone(),
        condition: Expr::from(tree),
        condition_text: draft.condition.text().trim().to_owned(),
        output: output.text().to_owned(),
        priority: draft.priority,
        tags: draft.tags.iter().cloned().collect(),
        enabled: draft.flags.enabled,
        description: draft.description.trim().to_owned(),
        unknown_fields: findings.foreign.into_iter().collect(),
        file: report.path(draft.at.place).to_owned(),
        line,
    })
}

/// A field that stood for several others, which Falco now adds by itself.
const CONTAINER_INFO: &str = "%container.info";

/// Reads a rule's output line: the text without what stands for nothing any more, and its parts.
fn output(
    draft: &RuleDraft,
    doc: &SourceDoc,
    scope: &Scope,
    report: &mut Report<'_>,
) -> Result<(Traced, Output, Vec<Span>), Reported> {
    let mut text = draft.output.clone();
    if draft.broken && text.is_empty() {
        return Err(Reported);
    }
    while let Some(start) = text.text().find(CONTAINER_INFO) {
        let end = start + CONTAINER_INFO.len();
        let message = format!("`{CONTAINER_INFO}` is deprecated and prints nothing");
        let diagnostic = Diagnostic::new(Code::LoadDeprecatedItem, message)
            .hint("name the fields: `%container.id %container.name`");
        report.add(text.place(Span { start, end }), scope, diagnostic);
        let mut shorter = text.slice(0..start);
        shorter.push(&text.slice(end..text.len()));
        text = shorter;
    }
    match Output::parse_traced(text.text(), doc) {
        Ok((output, spans)) => {
            let place = text.place(Span { start: 0, end: text.len() });
            warn::output(&output, place, scope, report);
            Ok((text, output, spans))
        }
        Err(error) => {
            let place = text.place(Span { start: error.offset, end: error.offset + 1 });
            let diagnostic = Diagnostic::new(Code::LoadErrCompileOutput, error.message);
            report.add(place, scope, diagnostic);
            Err(Reported)
        }
    }
}
