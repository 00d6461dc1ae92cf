//! Keeps lines of a trail that stand in a file, so that a test of the console begins with them.
//!
//! `cargo run -p store --example keep -- DATA FILE`

use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use control::evidence::Line;
use event::Time;
use store::{Draft, Journal, Opening};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(data), Some(file)) = (args.next(), args.next()) else {
        return Err("name a data directory and a file of lines".into());
    };
    #[expect(clippy::disallowed_methods, reason = "a program may read the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = Time(i64::try_from(since.as_nanos())?);
    let opening = Opening { origin: "default", version: env!("CARGO_PKG_VERSION"), now };
    let (mut journal, _) = Journal::open(Path::new(&data), &opening)?;
    for line in std::fs::read_to_string(file)?.lines() {
        let line: Line = serde_json::from_str(line)?;
        journal.commit(vec![Draft::new(line.entry)])?;
    }
    journal.close()?;
    Ok(())
}
