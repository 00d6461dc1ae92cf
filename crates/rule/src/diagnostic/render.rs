//! Diagnostics as people read them: code, message, place with snippet, hint.

use annotate_snippets::{AnnotationKind, Group, Level as Title, Renderer, Snippet};

use super::{Diagnostic, Level};
use crate::ruleset::RuleFile;

/// Whether the text goes to a terminal that shows colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Escape sequences are fine.
    On,
    /// Plain text only.
    Off,
}

/// Longest stretch of a file shown around a problem, in bytes: a minified file of one line must
/// not fill the screen.
const SNIPPET_BYTES_MAX: usize = 16 * 1024;

/// Renders one diagnostic, with a snippet of its file where that is among `files`. Ends with a
/// line break.
pub fn render(diagnostic: &Diagnostic, files: &[RuleFile], colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let level = match diagnostic.severity {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
    };
    let message = printable(&diagnostic.message);
    let title = level.primary_title(&message).id(diagnostic.code.name());
    let file = files.iter().find(|file| file.path == diagnostic.file);
    let excerpt = file.filter(|_| diagnostic.line > 0).map(|file| excerpt(file, diagnostic));
    let notes: Vec<String> = notes(diagnostic);
    let mut group = Group::with_title(title);
    if let Some(excerpt) = &excerpt {
        group = group.element(
            Snippet::source(excerpt.text.as_str())
                .path(&diagnostic.file)
                .line_start(excerpt.line)
                .annotation(AnnotationKind::Primary.span(excerpt.start..excerpt.end)),
        );
    } else if !diagnostic.file.is_empty() {
        group = group.element(annotate_snippets::Origin::path(&diagnostic.file));
    }
    for note in &notes {
        group = group.element(Title::NOTE.message(note));
    }
    let hint = diagnostic.hint.as_deref().map(printable);
    if let Some(hint) = &hint {
        group = group.element(Title::HELP.message(hint));
    }
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

fn notes(diagnostic: &Diagnostic) -> Vec<String> {
    let chain: Vec<String> = diagnostic
        .context
        .iter()
        .map(|item| match item.name.as_str() {
            "" => item.kind.to_owned(),
            name => format!("{} `{}`", item.kind, printable(name)),
        })
        .collect();
    if chain.is_empty() { Vec::new() } else { vec![format!("in {}", chain.join(", "))] }
}

struct Excerpt {
    text: String,
    line: usize,
    start: usize,
    end: usize,
}

/// Cuts the lines of the span out of the file, as printable text with the span moved along.
fn excerpt(file: &RuleFile, diagnostic: &Diagnostic) -> Excerpt {
    let text = file.text.as_slice();
    let start = diagnostic.span.start.min(text.len());
    let end = diagnostic.span.end.clamp(start, text.len());
    let first = memchr::memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
    let last = memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |at| end + at);
    let first = first.max(start.saturating_sub(SNIPPET_BYTES_MAX / 2));
    let last = last.min(first + SNIPPET_BYTES_MAX);
    let (start, end) = (start.min(last), end.min(last));
    let before = printable(&String::from_utf8_lossy(&text[first..start]));
    let within = printable(&String::from_utf8_lossy(&text[start..end]));
    let after = printable(&String::from_utf8_lossy(&text[end..last]));
    Excerpt {
        line: diagnostic.line as usize,
        start: before.len(),
        end: before.len() + within.len(),
        text: before + &within + &after,
    }
}

/// Replaces what could move the cursor or colour the terminal: a rule file is foreign text.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{FFFD}' } else { c })
        .collect()
}
