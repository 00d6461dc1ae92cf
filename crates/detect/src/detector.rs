//! One record in, its alerts out.

use std::sync::Arc;

use event::{Severity, Subject, Time};
use finding::{Alert, Reliability};
use rule::diagnostic::{Code, Diagnostic};
use rule::output::Output;
use rule::source::Source;
use rule::{Matching, Memo, Program, Rule, Ruleset, Template};
use source::envelope::Envelope;
use source::k8s_audit::{self, K8sAudit, Reason, Record};
use syscall::{Event, Syscall};
use uuid::{Builder, Uuid};

use crate::wanted::Wanted;

/// Judges records by the rules of their source. Cheap to clone for another thread: the rules are
/// shared, only the working memory is not.
#[derive(Debug)]
pub struct Detector {
    k8s_audit: Judge<K8sAudit>,
    syscall: Judge<Syscall>,
    wanted: Arc<Wanted>,
    ids: Ids,
}

impl Clone for Detector {
    fn clone(&self) -> Detector {
        Detector {
            k8s_audit: self.k8s_audit.again(),
            syscall: self.syscall.again(),
            wanted: self.wanted.clone(),
            ids: Ids::new(),
        }
    }
}

/// The rules of one source, and the working memory of one thread that judges by them.
#[derive(Debug)]
struct Judge<S: Source> {
    lane: Arc<Lane<S>>,
    memo: Memo,
}

impl<S: Source> Judge<S> {
    fn new(lane: Lane<S>) -> Judge<S> {
        Judge { memo: lane.program.memo(), lane: Arc::new(lane) }
    }

    /// Returns the same judge for another thread.
    fn again(&self) -> Judge<S> {
        Judge { memo: self.lane.program.memo(), lane: self.lane.clone() }
    }

    /// Returns the rules that match, in order.
    fn matching(&mut self, record: &mut S::Record<'_>, matching: Matching) -> Vec<usize> {
        let mut matched = Vec::new();
        self.lane.program.judge(&mut self.memo, record, matching, |rule| matched.push(rule));
        matched
    }

    fn rules(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.lane.rules.iter().map(|rule| (S::DOC.name, &*rule.name))
    }
}

/// The rules of one source with all that an alert says of them.
#[derive(Debug)]
struct Lane<S: Source> {
    source: Arc<str>,
    program: Program<S>,
    rules: Vec<Raiser<S>>,
}

/// What a rule gives to its alerts.
#[derive(Debug)]
struct Raiser<S: Source> {
    name: Arc<str>,
    priority: Severity,
    tags: Arc<[String]>,
    soc2: Arc<[String]>,
    template: Template<S>,
}

/// A record that was taken, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// When it happened, by the sender's clock.
    pub time: Time,
    /// What names it within its source; a duplicate has the same.
    pub id: String,
    /// In rule order. Usually empty.
    pub alerts: Vec<Alert>,
}

/// Why a record was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing here can read records of this source.
    #[error("no reader for records of source `{0}`")]
    Source(String),
    /// It is no record of its source.
    #[error(transparent)]
    Record(#[from] Reason),
}

/// Where and when judging takes place, and what it is about.
struct Place<'p> {
    host: &'p str,
    now: Time,
    time: Time,
    subject: &'p Arc<Subject>,
}

impl Detector {
    /// Compiles the active rules of every source that can be read. `criteria` names the criteria a
    /// rule bears on (`Mapping::criteria`). Rules that cannot be compiled are told of and left out.
    pub fn new(
        rules: &Ruleset,
        criteria: impl Fn(&str) -> Arc<[String]>,
    ) -> (Detector, Vec<Diagnostic>) {
        Detector::of(rules, &[K8sAudit::DOC.name, Syscall::DOC.name], criteria)
    }

    /// Does the same for the rules of `sources` only: where no records of the others come in, their
    /// rules need no room.
    pub fn of(
        rules: &Ruleset,
        sources: &[&str],
        criteria: impl Fn(&str) -> Arc<[String]>,
    ) -> (Detector, Vec<Diagnostic>) {
        let (k8s_audit, mut diagnostics) = Lane::new(rules, sources, &criteria);
        let (syscall, more) = Lane::new(rules, sources, &criteria);
        diagnostics.extend(more);
        let wanted = Arc::new(Wanted::new(&syscall.program, rules));
        let (k8s_audit, syscall) = (Judge::new(k8s_audit), Judge::new(syscall));
        (Detector { k8s_audit, syscall, wanted, ids: Ids::new() }, diagnostics)
    }

    /// Returns the names of the sources whose recorded events can be judged.
    pub fn sources() -> &'static [&'static str] {
        &[K8sAudit::DOC.name]
    }

    /// Returns the rules that judge, as source and name, in order.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.k8s_audit.rules().chain(self.syscall.rules())
    }

    /// Returns what the rules for system calls need to be told.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Validates one record strictly and judges it by every rule of its source.
    pub fn judge(
        &mut self,
        source: &str,
        bytes: &[u8],
        host: &str,
        now: Time,
    ) -> Result<Judged, Refused> {
        if source != K8sAudit::DOC.name {
            return Err(Refused::Source(source.to_owned()));
        }
        let mut record = Record::new(bytes, Envelope { number: 0, first: None, host });
        let known = k8s_audit::validate(&mut record)?;
        let matched = self.k8s_audit.matching(&mut record, Matching::All);
        if matched.is_empty() {
            return Ok(Judged { time: known.time, id: known.id, alerts: Vec::new() });
        }
        let subject = Arc::new(k8s_audit::subject(&mut record));
        let place = Place { host, now, time: known.time, subject: &subject };
        let alerts = self.k8s_audit.lane.raise(matched, &mut record, &place, &mut self.ids);
        Ok(Judged { time: known.time, id: known.id, alerts })
    }

    /// Judges an audit event as far as needed: one that no rule matches is neither read to its end
    /// nor checked. Returns when it happened and its alerts; `None` when no rule matched.
    pub(crate) fn skim(
        &mut self,
        bytes: &[u8],
        envelope: Envelope<'_>,
        matching: Matching,
        now: Time,
    ) -> Result<Option<(Time, Vec<Alert>)>, Reason> {
        let mut record = Record::new(bytes, envelope);
        let matched = self.k8s_audit.matching(&mut record, matching);
        if matched.is_empty() {
            return if record.is_broken() { Err(Reason::NotJson) } else { Ok(None) };
        }
        let time = k8s_audit::confirm(&mut record)?;
        let subject = Arc::new(k8s_audit::subject(&mut record));
        let place = Place { host: envelope.host, now, time, subject: &subject };
        let alerts = self.k8s_audit.lane.raise(matched, &mut record, &place, &mut self.ids);
        Ok(Some((time, alerts)))
    }

    /// Judges a system call. `now` goes into the ids of alerts.
    pub fn judge_call(
        &mut self,
        event: &mut Event<'_>,
        matching: Matching,
        host: &str,
        now: Time,
    ) -> Vec<Alert> {
        let matched = self.syscall.matching(event, matching);
        if matched.is_empty() {
            return Vec::new();
        }
        let subject = Arc::new(event.subject());
        let place = Place { host, now, time: event.time(), subject: &subject };
        self.syscall.lane.raise(matched, event, &place, &mut self.ids)
    }
}

impl<S: Source> Lane<S> {
    fn new(
        ruleset: &Ruleset,
        sources: &[&str],
        criteria: &impl Fn(&str) -> Arc<[String]>,
    ) -> (Lane<S>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut kept: Vec<&Rule> = Vec::new();
        let mut raisers = Vec::new();
        let wanted = sources.contains(&S::DOC.name);
        for rule in ruleset.active(S::DOC.name).filter(|_| wanted) {
            let template = Output::parse(&rule.output, &S::DOC)
                .map_err(|error| error.to_string())
                .and_then(|output| Template::compile(&output, rule.priority));
            match template {
                Ok(template) => {
                    kept.push(rule);
                    raisers.push(Raiser {
                        name: rule.name.as_str().into(),
                        priority: rule.priority,
                        tags: rule.tags.as_slice().into(),
                        soc2: criteria(&rule.name),
                        template,
                    });
                }
                Err(message) => {
                    let about = Diagnostic::new(Code::LoadErrCompileOutput, message);
                    diagnostics.push(about.within("rule", rule.name.clone(), rule.line));
                }
            }
        }
        let (program, refused) = Program::compile(&kept);
        diagnostics.extend(refused);
        (Lane { source: S::DOC.name.into(), program, rules: raisers }, diagnostics)
    }

    fn raise(
        &self,
        matched: Vec<usize>,
        record: &mut S::Record<'_>,
        place: &Place<'_>,
        ids: &mut Ids,
    ) -> Vec<Alert> {
        let hostname: Arc<str> = place.host.into();
        let alert = |number: usize| {
            let rule = &self.rules[number];
            let (output, output_fields) = rule.template.print(record);
            Alert {
                uuid: ids.next(place.now),
                time: place.time,
                rule: rule.name.clone(),
                priority: rule.priority,
                source: self.source.clone(),
                tags: rule.tags.clone(),
                hostname: hostname.clone(),
                output,
                output_fields,
                soc2: rule.soc2.clone(),
                reliability: Reliability::Complete,
                subject: place.subject.clone(),
            }
        };
        matched.into_iter().map(alert).collect()
    }
}

/// Makes ids of alerts: UUIDs of version 7. Random bits come from a generator that is seeded by the
/// system once; they need to differ, not to be secret.
#[derive(Debug)]
struct Ids {
    state: u128,
}

impl Ids {
    fn new() -> Ids {
        Ids { state: Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64) }
    }

    fn next(&mut self, now: Time) -> String {
        // A linear congruential step over 128 bits, of which the upper ones are good.
        self.state = self.state.wrapping_mul(0xDA94_2042_E4DD_58B5).wrapping_add(1);
        let first = (self.state >> 64) as u64;
        self.state = self.state.wrapping_mul(0xDA94_2042_E4DD_58B5).wrapping_add(1);
        let second = (self.state >> 64) as u64;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&first.to_le_bytes());
        random[8..].copy_from_slice(&second.to_le_bytes()[6..]);
        let milliseconds = u64::try_from(now.0 / 1_000_000).unwrap_or(0);
        let id = Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid();
        id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
    }
}
