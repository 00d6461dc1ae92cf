//! Prints what the sensor sees: `watch [auto|fexit|tracepoint|btf] [seconds] [operation …]`.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use sensor::{Options, POLL, Sensor};
use syscall::record::{Operation, Record};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let step = words.next().unwrap_or_else(|| "auto".into()).parse()?;
    let seconds: u64 = words.next().unwrap_or_else(|| "10".into()).parse()?;
    let mut operations: BTreeSet<Operation> =
        words.filter_map(|name| Operation::from_name(&name)).collect();
    if operations.is_empty() {
        operations.extend([Operation::Execve, Operation::Openat, Operation::Connect]);
    }
    let mut sensor = Sensor::start(&Options { step, operations, ..Options::default() })?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready: {:#?}", sensor.standing())?;
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        if sensor.read(1_000, |record| drop(show(&mut out, record))) < 1_000 {
            std::thread::sleep(POLL);
        }
    }
    for (operation, tally) in sensor.tallies()? {
        writeln!(out, "{:<12} {tally:?}", operation.name())?;
    }
    Ok(())
}

fn show(out: &mut impl Write, record: Record<'_>) -> std::io::Result<()> {
    let comm = String::from_utf8_lossy(record.comm());
    let name = record.operation.name();
    write!(out, "{} {}({comm}) {name} = {:?}", record.time(), record.pid(), record.result())?;
    for (param, value) in record.params() {
        write!(out, " {}={}", param.name, text(&value.what))?;
    }
    writeln!(out)
}

fn text(what: &syscall::record::What<'_>) -> String {
    use syscall::record::What;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', " ");
    match what {
        What::Text(bytes) | What::Bytes(bytes) => format!("{:?}", lossy(bytes)),
        What::Path(path, base) => format!("{:?} in {:?}", lossy(path), lossy(base)),
        What::File(file) => {
            format!("{}<{}{:?}>", file.fd, lossy(file.path), file.socket)
        }
        other => format!("{other:?}"),
    }
}
