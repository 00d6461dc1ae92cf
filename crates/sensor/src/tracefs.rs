//! The names of the kernel's tracepoints, where nobody has mounted them: a thread with a mount
//! table of its own sees them for a moment, and the machine stays as it is.

use std::path::Path;
use std::{fs, io, thread};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Where tracefs belongs.
const PLACE: &str = "/sys/kernel/tracing";

/// Says whether the names of the kernel's tracepoints can be looked up.
fn is_mounted() -> bool {
    [PLACE, "/sys/kernel/debug/tracing"].into_iter().any(|place| {
        fs::read_dir(Path::new(place).join("events"))
            .is_ok_and(|mut entries| entries.next().is_some())
    })
}

/// Does `work` where the names of tracepoints can be looked up.
pub(crate) fn within<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if is_mounted() {
        return Ok(work());
    }
    let done = thread::scope(|scope| {
        let thread = scope.spawn(|| mount_for_this_thread().map(|()| work()));
        thread.join()
    });
    done.unwrap_or_else(|_| Err(io::Error::other("the thread that looks them up has panicked")))
}

fn mount_for_this_thread() -> io::Result<()> {
    // SAFETY: unsharing is unsafe where threads share descriptors or memory that is then parted.
    // A mount namespace parts neither; paths of this thread, which ends soon, are all it changes.
    #[expect(unsafe_code, reason = "rustix marks every unsharing unsafe, whatever is unshared")]
    unsafe {
        unshare_unsafe(UnshareFlags::NEWNS)?;
    }
    // Only what lies below is mounted upon; the root need not be a mount, as in a changed root.
    mount_change("/sys", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount("tracefs", PLACE, "tracefs", MountFlags::empty(), None)?;
    Ok(())
}
