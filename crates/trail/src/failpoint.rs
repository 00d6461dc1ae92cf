//! Named points at which a test ends the process or makes the disk fail.
//!
//! Only compiled to anything with the `failpoint` feature. Then the environment variable
//! `SOCKEYE_FAILPOINT=name:nth:act` acts at the nth time that `name` is reached; `act` is `abort`,
//! `full` (no space left) or `broken` (input/output error), and with `full+` or `broken+` the disk
//! stays so.

/// Every point, in the order in which a commit passes them.
pub const POINTS: [&str; 16] = [
    "segment.create",
    "segment.header",
    "block.begin",
    "block.torn",
    "block.written",
    "block.synced",
    "tile.torn",
    "tile.written",
    "checkpoint.begin",
    "checkpoint.written",
    "checkpoint.renamed",
    "index.begin",
    "index.written",
    "index.renamed",
    "projection.begin",
    "projection.applied",
];

/// Passes a named point.
#[cfg(not(feature = "failpoint"))]
#[inline(always)]
pub fn reach(_name: &'static str) -> std::io::Result<()> {
    Ok(())
}

#[cfg(feature = "failpoint")]
pub use armed::reach;

#[cfg(feature = "failpoint")]
mod armed {
    use std::io;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Armed {
        name: String,
        nth: u32,
        act: String,
        reached: AtomicU32,
    }

    /// Passes a named point; with the feature, perhaps not.
    pub fn reach(name: &'static str) -> io::Result<()> {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let Some(armed) = ARMED.get_or_init(read).as_ref().filter(|armed| armed.name == name)
        else {
            return Ok(());
        };
        let reached = armed.reached.fetch_add(1, Ordering::SeqCst) + 1;
        let (act, stays) = match armed.act.strip_suffix('+') {
            Some(act) => (act, true),
            None => (armed.act.as_str(), false),
        };
        if reached < armed.nth || (reached > armed.nth && !stays) {
            return Ok(());
        }
        match act {
            "full" => Err(io::Error::from_raw_os_error(28)),
            "broken" => Err(io::Error::from_raw_os_error(5)),
            _ => std::process::abort(),
        }
    }

    fn read() -> Option<Armed> {
        let text = std::env::var("SOCKEYE_FAILPOINT").ok()?;
        let mut parts = text.split(':');
        let name = parts.next()?.to_owned();
        let nth = parts.next()?.parse().ok()?;
        let act = parts.next().unwrap_or("abort").to_owned();
        Some(Armed { name, nth, act, reached: AtomicU32::new(0) })
    }
}
