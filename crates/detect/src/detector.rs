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
use uuid::{NoContext, Timestamp, Uuid};

/// Judges records by the rules of their source. Cheap to clone for another thread: the rules are
/// shared, only the working memory is not.
#[derive(Debug)]
pub struct Detector {
    k8s_audit: Arc<Lane<K8sAudit>>,
    memo: Memo,
}

impl Clone for Detector {
    fn clone(&self) -> Detector {
        Detector { k8s_audit: self.k8s_audit.clone(), memo: self.k8s_audit.program.memo() }
    }
}

/// The rules of one source with all that an alert says of them.
#[derive(Debug)]
struct Lane<S: Source> {
    program: Program<S>,
    rules: Vec<Raiser<S>>,
}

/// What a rule gives to its alerts.
#[derive(Debug)]
struct Raiser<S: Source> {
    name: String,
    priority: Severity,
    tags: Vec<String>,
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
    /// What it is about.
    pub subject: Subject,
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

/// Where and when judging takes place.
#[derive(Clone, Copy, Debug)]
struct Scene<'s> {
    host: &'s str,
    now: Time,
}

impl Detector {
    /// Compiles the active rules of every source that can be read. `criteria` names the criteria a
    /// rule bears on (`Mapping::criteria`). Rules that cannot be compiled are told of and left out.
    pub fn new(
        rules: &Ruleset,
        criteria: impl Fn(&str) -> Arc<[String]>,
    ) -> (Detector, Vec<Diagnostic>) {
        let (lane, diagnostics) = Lane::<K8sAudit>::new(rules, &criteria);
        let memo = lane.program.memo();
        (Detector { k8s_audit: Arc::new(lane), memo }, diagnostics)
    }

    /// Returns the names of the sources whose records can be judged.
    pub fn sources() -> &'static [&'static str] {
        &[K8sAudit::DOC.name]
    }

    /// Returns the rules that judge, as source and name, in order.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.k8s_audit.rules.iter().map(|rule| (K8sAudit::DOC.name, rule.name.as_str()))
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
        let subject = k8s_audit::subject(&mut record);
        let mut matched = Vec::new();
        let lane = &self.k8s_audit;
        lane.program.judge(&mut self.memo, &mut record, Matching::All, |rule| matched.push(rule));
        let alerts = matched
            .into_iter()
            .map(|rule| lane.alert(rule, &mut record, known.time, &subject, Scene { host, now }))
            .collect();
        Ok(Judged { time: known.time, id: known.id, subject, alerts })
    }

    /// Judges an audit event as far as needed: one that no rule matches is neither read to its end
    /// nor checked. `None` when no rule matched.
    pub(crate) fn skim(
        &mut self,
        bytes: &[u8],
        envelope: Envelope<'_>,
        matching: Matching,
        now: Time,
    ) -> Result<Option<Judged>, Reason> {
        let mut record = Record::new(bytes, envelope);
        let mut matched = Vec::new();
        let lane = &self.k8s_audit;
        lane.program.judge(&mut self.memo, &mut record, matching, |rule| matched.push(rule));
        if matched.is_empty() {
            return if record.is_broken() { Err(Reason::NotJson) } else { Ok(None) };
        }
        let known = k8s_audit::confirm(&mut record)?;
        let subject = k8s_audit::subject(&mut record);
        let scene = Scene { host: envelope.host, now };
        let alerts = matched
            .into_iter()
            .map(|rule| lane.alert(rule, &mut record, known.time, &subject, scene))
            .collect();
        Ok(Some(Judged { time: known.time, id: known.id, subject, alerts }))
    }
}

impl<S: Source> Lane<S> {
    fn new(
        ruleset: &Ruleset,
        criteria: &impl Fn(&str) -> Arc<[String]>,
    ) -> (Lane<S>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut kept: Vec<&Rule> = Vec::new();
        let mut raisers = Vec::new();
        for rule in ruleset.active(S::DOC.name) {
            let template = Output::parse(&rule.output, &S::DOC)
                .map_err(|error| error.to_string())
                .and_then(|output| Template::compile(&output, rule.priority));
            match template {
                Ok(template) => {
                    kept.push(rule);
                    raisers.push(Raiser {
                        name: rule.name.clone(),
                        priority: rule.priority,
                        tags: rule.tags.clone(),
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
        (Lane { program, rules: raisers }, diagnostics)
    }

    fn alert(
        &self,
        rule: usize,
        record: &mut S::Record<'_>,
        time: Time,
        subject: &Subject,
        scene: Scene<'_>,
    ) -> Alert {
        let rule = &self.rules[rule];
        let (output, output_fields) = rule.template.print(record);
        Alert {
            uuid: uuid(scene.now),
            time,
            rule: rule.name.clone(),
            priority: rule.priority,
            source: S::DOC.name.to_owned(),
            tags: rule.tags.clone(),
            hostname: scene.host.to_owned(),
            output,
            output_fields,
            soc2: rule.soc2.to_vec(),
            reliability: Reliability::Complete,
            subject: subject.clone(),
        }
    }
}

fn uuid(now: Time) -> String {
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let fraction = u32::try_from(now.0.rem_euclid(Time::SECOND)).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, fraction)).to_string()
}
