//! Delivers Kubernetes audit events as fast as a server takes them, for a bounded time, and prints
//! durable alerts a second with the server's own processor time and memory.
//!
//! `cargo run --release -p server --example intake_load -- ADDRESS TOKEN [SECONDS] [BATCH]
//! [CONNECTIONS] [SERVER_PID]`

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use event::Time;
use server::Clock;

/// Where the id stands in an event, and where its time.
const ID: &str = "00000000-0000-0000-0000-000000000000";
const TIME: &str = "2026-11-22T12:30:00.000000Z";

struct Load {
    address: String,
    token: String,
    batch: usize,
    until: Instant,
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).cloned();
    let number =
        |at: usize, default: u64| word(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (Some(address), Some(token)) = (word(0), word(1)) else {
        return Err(std::io::Error::other("give an address and a token that delivers"));
    };
    let (seconds, batch) = (number(2, 10), number(3, 1000));
    let (connections, pid) = (number(4, 2), word(5));
    let load = Arc::new(Load {
        address,
        token,
        batch: usize::try_from(batch).unwrap_or(1000),
        until: Instant::now() + Duration::from_secs(seconds),
    });
    let (alerts, bytes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (cpu, began) = (pid.as_deref().map(cpu_seconds), Instant::now());
    let senders: Vec<_> = (0..connections)
        .map(|sender| {
            let (load, alerts, bytes) = (load.clone(), alerts.clone(), bytes.clone());
            std::thread::spawn(move || send(&load, sender, &alerts, &bytes))
        })
        .collect();
    for sender in senders {
        sender.join().map_err(|_| std::io::Error::other("a sender panicked"))??;
    }
    let took = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
    let (alerts, bytes) = (alerts.load(Relaxed) as f64, bytes.load(Relaxed) as f64);
    let mut out = std::io::stdout().lock();
    writeln!(out, "durable alerts   {alerts:.0}")?;
    writeln!(out, "alerts a second  {:.0}", alerts / took)?;
    writeln!(out, "MB a second      {:.1}", bytes / took / 1e6)?;
    if let (Some(pid), Some(before)) = (pid, cpu) {
        let used = cpu_seconds(&pid) - before;
        writeln!(out, "server CPU-s     {used:.2} ({:.0} alerts a CPU-s)", alerts / used)?;
        writeln!(out, "server RSS       {} kB", resident_kb(&pid))?;
    }
    Ok(())
}

/// Sends batches on one connection until the time is over.
fn send(load: &Load, sender: u64, alerts: &AtomicU64, bytes: &AtomicU64) -> std::io::Result<()> {
    let stream = TcpStream::connect(&load.address)?;
    stream.set_nodelay(true)?;
    let (mut out, mut replies) = (stream.try_clone()?, BufReader::new(stream));
    let mut body = body(load.batch);
    let (ids, times) = (places(&body, ID), places(&body, TIME));
    let head = format!(
        "POST /k8s-audit HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        load.address,
        load.token,
        body.len()
    );
    let clock = Clock::system();
    let run = clock.now().0.unsigned_abs();
    for round in 0_u64.. {
        if Instant::now() >= load.until {
            break;
        }
        let time = Time(clock.now().seconds() * Time::SECOND).to_string();
        for (number, (id, at)) in ids.iter().zip(&times).enumerate() {
            let text = format!("{:08x}-{sender:04x}-{number:04x}-0000-{:012x}", round, run >> 16);
            body[*id..id + ID.len()].copy_from_slice(&text.as_bytes()[..ID.len()]);
            // Seconds only; the fraction stays.
            body[*at..at + 19].copy_from_slice(&time.as_bytes()[..19]);
        }
        out.write_all(head.as_bytes())?;
        out.write_all(&body)?;
        let reply = reply(&mut replies)?;
        alerts.fetch_add(field(&reply, "\"alerts\":\""), Relaxed);
        bytes.fetch_add(body.len() as u64, Relaxed);
    }
    Ok(())
}

fn body(batch: usize) -> Vec<u8> {
    let event = serde_json::json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
        "auditID": ID, "stage": "ResponseStarted",
        "requestURI":
            "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&container=web&stdin=true&tty=true",
        "verb": "create",
        "user": {
            "username": "alice", "uid": "4711", "groups": ["developers", "system:authenticated"],
        },
        "sourceIPs": ["192.0.2.10"],
        "userAgent": "kubectl/v1.34.2 (linux/amd64) kubernetes/1234567",
        "objectRef": {
            "resource": "pods", "namespace": "shop", "name": "web-1", "apiVersion": "v1",
            "subresource": "exec",
        },
        "responseStatus": {"metadata": {}, "code": 101},
        "requestReceivedTimestamp": "2026-11-22T12:29:59.900000Z",
        "stageTimestamp": TIME,
        "annotations": {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "RBAC: allowed by ClusterRoleBinding developers",
        },
    })
    .to_string();
    let items = vec![event; batch].join(",");
    format!(
        r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{{}},"items":[{items}]}}"#
    )
    .into_bytes()
}

fn places(body: &[u8], text: &str) -> Vec<usize> {
    let windows = body.windows(text.len()).enumerate();
    windows.filter(|(_, window)| *window == text.as_bytes()).map(|(at, _)| at).collect()
}

fn reply(replies: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let (mut length, mut line) = (0, String::new());
    let mut status = String::new();
    loop {
        line.clear();
        if replies.read_line(&mut line)? == 0 {
            return Err(std::io::Error::other("the server closed the connection"));
        }
        if status.is_empty() {
            status.clone_from(&line);
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().map_err(std::io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    replies.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    if status.contains(" 200 ") { Ok(body) } else { Err(std::io::Error::other(status + &body)) }
}

fn field(reply: &str, name: &str) -> u64 {
    let digits = reply.split_once(name).and_then(|(_, rest)| rest.split('"').next());
    digits.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Processor time of a process so far, its own and the system's for it.
fn cpu_seconds(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|text| text.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn resident_kb(pid: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap_or_default().trim().trim_end_matches(" kB").to_owned()
}
