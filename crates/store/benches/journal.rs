//! How many alerts a second one thread makes durable, and how fast they are found again.
//!
//! `cargo bench -p store -- [alerts] [findings] [commit]`; `commit` leaves the questions out.
//! CPU-seconds are those of the writing thread: on a busy machine they say more than the clock.
//! Drafts are made beforehand, as the server does on other threads.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::evidence::{Entry, Event};
use event::{Fields, Period, Severity, Subject, Time};
use finding::Alert;
use store::{AlertFilter, Draft, FindingFilter, Journal, Opening, View};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: u64 = 1000;
const START: Time = Time(1_790_000_000 * Time::SECOND);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().filter_map(|arg| arg.parse::<u64>().ok());
    let alerts = numbers.next().unwrap_or(200_000);
    let findings = numbers.next().unwrap_or(1000);
    let dir = tempfile::tempdir()?;
    let opening = Opening { origin: "bench", version: "0", now: START };
    let (mut journal, _) = Journal::open(dir.path(), &opening)?;
    let mut out = std::io::stdout().lock();
    let (mut wall, mut cpu, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    let mut making = Duration::ZERO;
    for batch in 0..alerts / BATCH {
        let before = cpu_time();
        let drafts: Vec<Draft> =
            (0..BATCH).map(|n| Draft::new(alerting(batch * BATCH + n, findings))).collect();
        making += cpu_time() - before;
        bytes += drafts.iter().map(Draft::len).sum::<usize>();
        let (clock, before) = (Instant::now(), cpu_time());
        journal.commit(drafts)?;
        wall += clock.elapsed();
        cpu += cpu_time() - before;
    }
    let rate = |time: Duration| alerts as f64 / time.as_secs_f64();
    writeln!(
        out,
        "commit   {alerts} alerts, {findings} findings, {} bytes each, batches of {BATCH}: \
         {:.0}/s, {:.2} CPU-s = {:.0} per CPU-s (making drafts: {:.0} per CPU-s)",
        bytes as u64 / alerts,
        rate(wall),
        cpu.as_secs_f64(),
        rate(cpu),
        rate(making),
    )?;
    let view = journal.view();
    let size = view.size()?;
    writeln!(
        out,
        "disk     trail {} bytes an alert, projection {} bytes an alert, resident {} MB",
        size.trail_bytes / alerts,
        size.projection_bytes / alerts,
        resident_mb()
    )?;
    if std::env::args().any(|arg| arg == "commit") {
        return Ok(());
    }
    ask(&mut out, &view, alerts)?;
    drop((view, journal));
    let clock = Instant::now();
    let (journal, _) = Journal::open(dir.path(), &opening)?;
    writeln!(out, "open     {:.2} s", clock.elapsed().as_secs_f64())?;
    drop(journal);
    std::fs::remove_file(dir.path().join("state.db"))?;
    let (clock, before) = (Instant::now(), cpu_time());
    let (journal, recovery) = Journal::open(dir.path(), &opening)?;
    writeln!(
        out,
        "replay   {} blocks in {:.2} s, {:.2} CPU-s",
        recovery.blocks_applied,
        clock.elapsed().as_secs_f64(),
        (cpu_time() - before).as_secs_f64()
    )?;
    drop(journal);
    let clock = Instant::now();
    let verification = trail::verify(&dir.path().join("trail"), &trail::Verify::default())?;
    writeln!(
        out,
        "verify   sound {}, {:.2} s",
        verification.sound(),
        clock.elapsed().as_secs_f64()
    )?;
    Ok(())
}

fn ask(out: &mut impl Write, view: &View, alerts: u64) -> Result<(), Box<dyn std::error::Error>> {
    let severity = FindingFilter { severity: vec![Severity::Critical], ..Default::default() };
    let text = FindingFilter { text: Some("pod-99".into()), ..Default::default() };
    let criterion = FindingFilter { criterion: Some("CC7.2".into()), ..Default::default() };
    let rule = AlertFilter { rule: Some("Rule 7".into()), ..Default::default() };
    let rare = AlertFilter { severity: vec![Severity::Debug], ..Default::default() };
    let until = START.plus(alerts as i64 * 10_000_000 + Time::MINUTE);
    let all = Period { from: START, until };
    let day = Period { from: START.plus(-Time::MINUTE), until };
    let first = view.findings(&FindingFilter::default(), 1, None)?.items.remove(0).id;
    let item = view.alerts(&AlertFilter::default(), None, 1)?.items.remove(0);
    time(out, "findings", || view.findings(&FindingFilter::default(), 50, None).map(drop))?;
    time(out, "findings by severity", || view.findings(&severity, 50, None).map(drop))?;
    time(out, "findings by criterion", || view.findings(&criterion, 50, None).map(drop))?;
    time(out, "findings by text", || view.findings(&text, 50, None).map(drop))?;
    time(out, "one finding", || view.finding(&first).map(drop))?;
    time(out, "alerts", || view.alerts(&AlertFilter::default(), None, 50).map(drop))?;
    time(out, "alerts by rule", || view.alerts(&rule, None, 50).map(drop))?;
    time(out, "alerts by a rare severity", || view.alerts(&rare, None, 50).map(drop))?;
    time(out, "alerts of a finding", || view.finding_alerts(&first, None, 50).map(drop))?;
    time(out, "one alert with its proof", || {
        view.alert(item.position)?;
        Ok(view.trail().prove(item.position.entry).map(drop)?)
    })?;
    time(out, "summary", || view.summary(all).map(drop))?;
    time(out, "facts of a period", || view.facts(day, until).map(drop))?;
    Ok(())
}

fn time(
    out: &mut impl Write,
    name: &str,
    question: impl Fn() -> Result<(), store::Error>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for _ in 0..40 {
        let clock = Instant::now();
        question()?;
        times.push(clock.elapsed());
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    writeln!(out, "ask      {name}: median {:.2} ms, p95 {:.2} ms", ms(times[20]), ms(times[37]))?;
    Ok(())
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(spent.unwrap_or(0))
}

fn resident_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// An event of a kube-apiserver's shape and size, with one alert.
fn alerting(number: u64, findings: u64) -> Entry {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (pod, rule) = (mixed % findings, mixed % findings % 20);
    let time = START.plus(number as i64 * 10_000_000);
    let severity = Severity::ALL[2 + (rule % 5) as usize];
    let id = format!("{mixed:016x}-7d3f-4c1a-9b2e-{:012x}", number);
    let user = format!("system:serviceaccount:shop:robot-{}", mixed % 50);
    let raw = raw(mixed, pod, &id, &user, time);
    let mut fields = Fields::default();
    for (name, value) in [("ka.user.name", user.clone()), ("ka.target.name", format!("pod-{pod}"))]
    {
        fields.push(name.into(), value.into());
    }
    let alert = Alert {
        uuid: format!("{mixed:032x}"),
        time,
        rule: format!("Rule {rule}").into(),
        priority: severity,
        source: "k8s_audit".into(),
        tags: ["k8s".into(), "T1609".into()].into(),
        hostname: "node-1".into(),
        output: format!("{user} ran a command in pod-{pod} of shop (command=sh tty=true)"),
        output_fields: fields,
        soc2: ["CC6.1".into(), "CC7.2".into()].into(),
        reliability: Default::default(),
        subject: Arc::new(Subject {
            cluster: Some("prod".into()),
            namespace: Some("shop".into()),
            pod: Some(format!("pod-{pod}")),
            principal: Some(user),
            ..Subject::default()
        }),
    };
    Entry::Event(Event {
        source: "k8s_audit".into(),
        time,
        received: time.plus(Time::SECOND),
        id: format!("{id}/ResponseComplete"),
        alerts: vec![alert],
        raw: serde_json::value::RawValue::from_string(raw).expect("it is JSON"),
    })
}

/// The event as the API server would send it.
fn raw(mixed: u64, pod: u64, id: &str, user: &str, time: Time) -> String {
    let ip = format!("10.{}.{}.{}", mixed % 250, mixed / 250 % 250, mixed / 62500 % 250);
    let raw = serde_json::json!({
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "auditID": id,
        "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/shop/pods/pod-{pod}/exec?command=sh&tty=true"),
        "verb": "create",
        "user": {
            "username": user,
            "uid": format!("{:x}", mixed >> 7),
            "groups": ["system:serviceaccounts", "system:authenticated"],
        },
        "sourceIPs": [ip],
        "userAgent": "kubectl/v1.34.2 (linux/amd64) kubernetes/8cc511e",
        "objectRef": {
            "resource": "pods",
            "namespace": "shop",
            "name": format!("pod-{pod}"),
            "apiVersion": "v1",
            "subresource": "exec",
        },
        "responseStatus": { "metadata": {}, "code": 101 },
        "requestReceivedTimestamp": time,
        "stageTimestamp": time,
        "annotations": {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": format!("RBAC: allowed by RoleBinding {mixed}"),
        },
    });
    raw.to_string()
}
