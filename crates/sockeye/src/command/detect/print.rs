//! What `sockeye detect` prints: alerts as Falco prints them, rejected records, the summary.

use std::io::{self, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use detect::Summary;
use event::{Fields, Severity, Subject};
use finding::Alert;
use indicatif::ProgressBar;
use rule::diagnostic::Colour;
use serde::Serialize;
use serde_json::Value;
use source::k8s_audit::Reject;

use super::Form;

/// Rejected records told of one by one; the summary counts them all.
const REJECTED_SHOWN_MAX: u64 = 10;

/// Bytes gathered before they are handed on.
const HELD_BYTES: usize = 64 << 10;

/// Prints alerts to standard output.
pub struct Printer {
    form: Form,
    colour: Colour,
    out: Stdout,
    /// Lines not handed on yet.
    held: Vec<u8>,
    bar: ProgressBar,
    /// Whoever read the output has gone, or it cannot be written.
    failed: Option<io::Error>,
    rejected: u64,
}

impl Printer {
    /// Returns a printer that makes room for its lines above the progress bar.
    pub fn new(form: Form, bar: &ProgressBar) -> Printer {
        let out = io::stdout();
        let colour = match AutoStream::choice(&out) {
            ColorChoice::Never => Colour::Off,
            _ => Colour::On,
        };
        let held = Vec::with_capacity(2 * HELD_BYTES);
        Printer { form, colour, out, held, bar: bar.clone(), failed: None, rejected: 0 }
    }

    /// Prints one alert.
    pub fn alert(&mut self, alert: &Alert) {
        match self.form {
            Form::Text => text(alert, self.colour, &mut self.held),
            Form::Json => json(alert, &mut self.held),
        }
        self.held.push(b'\n');
        if self.held.len() >= HELD_BYTES {
            self.flush();
        }
    }

    /// Tells of one rejected record, unless there were many.
    pub fn rejected(&mut self, input: &str, reject: &Reject) {
        self.rejected += 1;
        let Reject { reason, bytes, excerpt, .. } = reject;
        if self.rejected <= REJECTED_SHOWN_MAX {
            let start: String = String::from_utf8_lossy(excerpt).chars().take(60).collect();
            self.bar.suspend(|| {
                anstream::eprintln!("rejected: {input}: {reason} ({bytes} bytes: {start:?})");
            });
        } else if self.rejected == REJECTED_SHOWN_MAX + 1 {
            self.bar.suspend(|| anstream::eprintln!("rejected: more, see the summary"));
        }
    }

    /// Hands on what was printed.
    pub fn flush(&mut self) {
        if self.failed.is_none() && !self.held.is_empty() {
            let written = self.bar.suspend(|| {
                let mut out = self.out.lock();
                out.write_all(&self.held).and_then(|()| out.flush())
            });
            self.failed = written.err();
        }
        self.held.clear();
    }

    /// Tells whether nobody reads the output any more.
    pub fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Hands on the rest. That the reader went away early is no failure.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.flush();
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Prints the line with control characters escaped, so that no event can forge lines or colours.
fn text(alert: &Alert, colour: Colour, into: &mut Vec<u8>) {
    let quoted = serde_json::to_string(&alert.output).unwrap_or_default();
    let line = quoted.trim_start_matches('"');
    let line = line.strip_suffix('"').unwrap_or(line);
    if colour == Colour::Off {
        return into.extend_from_slice(line.as_bytes());
    }
    let code = match alert.priority {
        Severity::Emergency | Severity::Alert | Severity::Critical | Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Notice | Severity::Informational | Severity::Debug => "36",
    };
    let priority = alert.priority.name();
    let line = line.replacen(priority, &format!("\u{1b}[{code}m{priority}\u{1b}[0m"), 1);
    into.extend_from_slice(line.as_bytes());
}

/// Prints an alert in the order and spelling of Falco's JSON output, with ours behind.
fn json(alert: &Alert, into: &mut Vec<u8>) {
    let time = alert.time.stamp();
    let mut object = Object::begin(into);
    object.text("uuid", &alert.uuid);
    // All nine digits, as Falco does.
    object.name("time").extend_from_slice(b"\"");
    object.into.extend_from_slice(time.as_str().as_bytes());
    object.into.extend_from_slice(b"Z\"");
    object.text("rule", &alert.rule);
    object.text("priority", alert.priority.name());
    object.text("source", &alert.source);
    list(&alert.tags, object.name("tags"));
    object.text("hostname", &alert.hostname);
    object.text("output", &alert.output);
    fields(&alert.output_fields, object.name("output_fields"));
    list(&alert.soc2, object.name("soc2"));
    value(&alert.reliability, object.name("reliability"));
    subject(&alert.subject, object.name("subject"));
    object.end();
}

fn subject(subject: &Subject, into: &mut Vec<u8>) {
    let mut object = Object::begin(into);
    for (name, part) in Subject::PARTS.into_iter().zip(subject.parts()) {
        if let Some(part) = part {
            object.text(name, part);
        }
    }
    object.end();
}

fn fields(fields: &Fields, into: &mut Vec<u8>) {
    let mut object = Object::begin(into);
    for (name, field) in fields.iter() {
        match field {
            Value::String(text) => quote(text, object.any_name(name)),
            other => value(other, object.any_name(name)),
        }
    }
    object.end();
}

fn list(texts: &[String], into: &mut Vec<u8>) {
    into.push(b'[');
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            into.push(b',');
        }
        quote(text, into);
    }
    into.push(b']');
}

fn value(value: &impl Serialize, into: &mut Vec<u8>) {
    // Writing to memory cannot fail, and every name is text.
    let _ = serde_json::to_writer(into, value);
}

/// A JSON object under way. Most of printing is strings, and few of them hold anything to escape:
/// those are copied as they are.
struct Object<'o> {
    into: &'o mut Vec<u8>,
}

impl<'o> Object<'o> {
    fn begin(into: &'o mut Vec<u8>) -> Object<'o> {
        into.push(b'{');
        Object { into }
    }

    /// Writes a name that needs no escapes; its value is due next.
    fn name(&mut self, name: &'static str) -> &mut Vec<u8> {
        if self.into.last() != Some(&b'{') {
            self.into.push(b',');
        }
        self.into.push(b'"');
        self.into.extend_from_slice(name.as_bytes());
        self.into.extend_from_slice(b"\":");
        self.into
    }

    /// Writes a name of any kind.
    fn any_name(&mut self, name: &str) -> &mut Vec<u8> {
        if self.into.last() != Some(&b'{') {
            self.into.push(b',');
        }
        quote(name, self.into);
        self.into.push(b':');
        self.into
    }

    fn text(&mut self, name: &'static str, text: &str) {
        quote(text, self.name(name));
    }

    fn end(self) {
        self.into.push(b'}');
    }
}

/// Writes a JSON string.
fn quote(text: &str, into: &mut Vec<u8>) {
    if is_plain(text.as_bytes()) {
        into.reserve(text.len() + 2);
        into.push(b'"');
        into.extend_from_slice(text.as_bytes());
        into.push(b'"');
    } else {
        value(&text, into);
    }
}

/// Tells whether nothing is to be escaped. Looked at in lanes without an early end, so that many
/// bytes are compared at once; the last lane overlaps the one before.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    fn all(lane: &[u8]) -> bool {
        lane.iter().fold(true, |all, &byte| all & (byte >= b' ' && byte != b'"' && byte != b'\\'))
    }
    match (text.as_chunks::<16>(), text.last_chunk::<16>()) {
        ((lanes, _), Some(last)) => lanes.iter().all(|lane| all(lane)) && all(last),
        _ => match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(first), Some(last)) => all(first) & all(last),
            _ => all(text),
        },
    }
}

/// Prints the summary to standard error.
pub fn summary(summary: &Summary) {
    let megabytes = summary.bytes as f64 / 1e6;
    let rate = if summary.seconds > 0.0 { megabytes / summary.seconds } else { 0.0 };
    for (source, counts) in &summary.sources {
        anstream::eprintln!(
            "{source}: {} records, {} rejected, {} dismissed unread, {} alerts",
            counts.read,
            counts.rejected,
            counts.dismissed_unread,
            counts.alerts
        );
    }
    for (reason, count) in &summary.rejected {
        anstream::eprintln!("  rejected {count}: {reason}");
    }
    let mut rules: Vec<_> = summary.alerts.iter().collect();
    rules.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    for (rule, count) in rules {
        anstream::eprintln!("  {count:>8}  {rule}");
    }
    anstream::eprintln!("{megabytes:.1} MB in {:.2} s ({rate:.0} MB/s)", summary.seconds);
}

#[cfg(test)]
mod tests {
    use finding::Reliability;

    use super::*;

    #[test]
    fn an_alert_is_printed_as_serde_would_but_for_the_time() {
        let mut output_fields = Fields::default();
        output_fields.push("evt.time".into(), Value::from(7));
        output_fields.push("ka.user.name".into(), Value::from("eve \"\\\n\u{1}é"));
        let alert = Alert {
            uuid: "u".to_owned(),
            time: "2026-11-22T04:05:06.5Z".parse().unwrap(),
            rule: "R".into(),
            priority: Severity::Warning,
            source: "k8s_audit".into(),
            tags: ["a\tb".into()].into(),
            hostname: "h".into(),
            output: "a \"quoted\" line".to_owned(),
            output_fields,
            soc2: [].into(),
            reliability: Reliability::Degraded("why".to_owned()),
            subject: Default::default(),
        };
        let mut line = Vec::new();
        json(&alert, &mut line);
        let plain = serde_json::to_string(&alert).unwrap();
        let plain = plain.replace("04:05:06.5Z", "04:05:06.500000000Z");
        assert_eq!(String::from_utf8(line).unwrap(), plain);
    }
}
