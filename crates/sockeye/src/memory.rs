//! What memory costs a process that runs for months.

/// Has the kernel give this process memory by small pages, for good. The allocator asks for huge
/// ones, which doubled what servers and agents held: half of it was never written.
pub fn spare() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::warn!(%error, "this holds more memory than it has to: huge pages stay on");
    }
}
