//! What `sockeye detect` prints: alerts as Falco prints them, rejected records, the summary.

use std::io::{self, BufWriter, Write};

use anstream::AutoStream;
use detect::Summary;
use event::{Severity, Subject, Time};
use finding::{Alert, Reliability};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Map, Value};
use source::k8s_audit::Reject;

use super::Form;

/// Rejected records told of one by one; the summary counts them all.
const REJECTED_SHOWN_MAX: u64 = 10;

/// Prints alerts to standard output.
pub struct Printer {
    form: Form,
    out: BufWriter<AutoStream<io::Stdout>>,
    bar: ProgressBar,
    /// Whoever read the output has gone, or it cannot be written.
    failed: Option<io::Error>,
    rejected: u64,
}

impl Printer {
    /// Returns a printer that makes room for its lines above the progress bar.
    pub fn new(form: Form, bar: &ProgressBar) -> Printer {
        let out = BufWriter::new(AutoStream::auto(io::stdout()));
        Printer { form, out, bar: bar.clone(), failed: None, rejected: 0 }
    }

    /// Prints one alert.
    pub fn alert(&mut self, alert: &Alert) {
        let line = match self.form {
            Form::Text => text(alert),
            Form::Json => json(alert),
        };
        self.write(&line);
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
        if self.failed.is_none() && !self.out.buffer().is_empty() {
            let flushed = self.bar.suspend(|| self.out.flush());
            self.failed = flushed.err();
        }
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

    fn write(&mut self, line: &str) {
        if self.failed.is_none() {
            self.failed = writeln!(self.out, "{line}").err();
        }
    }
}

/// Prints the line with control characters escaped, so that no event can forge lines or colours.
fn text(alert: &Alert) -> String {
    let quoted = serde_json::to_string(&alert.output).unwrap_or_default();
    let line = quoted.trim_start_matches('"');
    let line = line.strip_suffix('"').unwrap_or(line);
    let colour = match alert.priority {
        Severity::Emergency | Severity::Alert | Severity::Critical | Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Notice | Severity::Informational | Severity::Debug => "36",
    };
    let priority = alert.priority.name();
    line.replacen(priority, &format!("\u{1b}[{colour}m{priority}\u{1b}[0m"), 1)
}

/// An alert in the order and spelling of Falco's JSON output, with ours behind.
#[derive(Serialize)]
struct Line<'a> {
    uuid: &'a str,
    time: String,
    rule: &'a str,
    priority: Severity,
    source: &'a str,
    tags: &'a [String],
    hostname: &'a str,
    output: &'a str,
    output_fields: &'a Map<String, Value>,
    soc2: &'a [String],
    reliability: &'a Reliability,
    subject: &'a Subject,
}

fn json(alert: &Alert) -> String {
    let line = Line {
        uuid: &alert.uuid,
        time: nine_digits(alert.time),
        rule: &alert.rule,
        priority: alert.priority,
        source: &alert.source,
        tags: &alert.tags,
        hostname: &alert.hostname,
        output: &alert.output,
        output_fields: &alert.output_fields,
        soc2: &alert.soc2,
        reliability: &alert.reliability,
        subject: &alert.subject,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// Prints a time with all nine digits behind the second, as Falco does.
fn nine_digits(time: Time) -> String {
    let whole = Time(time.0 - time.0.rem_euclid(Time::SECOND)).to_string();
    let fraction = time.0.rem_euclid(Time::SECOND);
    format!("{}.{fraction:09}Z", whole.trim_end_matches('Z'))
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
    use super::*;

    #[test]
    fn a_time_has_nine_digits_as_in_falco() {
        let time: Time = "2026-11-22T04:05:06.5Z".parse().unwrap();
        assert_eq!(nine_digits(time), "2026-11-22T04:05:06.500000000Z");
    }
}
