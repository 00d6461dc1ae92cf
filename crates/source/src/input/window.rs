//! A stretch of a file, looked at where the kernel keeps it.
//!
//! Pages of a file that is cut short meanwhile are gone, and the kernel sends SIGBUS to whoever
//! looks at them. Zeros are put in their place then, and the one who looks is told afterwards.
#![allow(unsafe_code, reason = "the kernel's pages are no memory that the language knows of")]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::OnceLock;

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use rustix::param::page_size;

/// A stretch of a file.
#[derive(Debug)]
pub struct Window {
    start: *mut c_void,
    length: usize,
}

impl Window {
    /// Opens a stretch that begins at a multiple of the page size and is not empty.
    pub fn open(file: &File, from: u64, length: usize) -> io::Result<Window> {
        catch_faults()?;
        // SAFETY: this is a new mapping, where the kernel finds room.
        let start =
            unsafe { mmap(null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, file, from)? };
        let window = Window { start, length };
        for advice in [Advice::Sequential, Advice::LinuxPopulateRead] {
            // SAFETY: neither changes what stands there. A kernel that does not know an advice does
            // without.
            let _ = unsafe { madvise(start, length, advice) };
        }
        Ok(window)
    }

    /// Shows the bytes to `see`; `None` when some were gone, and zeros were shown instead.
    ///
    /// What others write into the file meanwhile may show. Each length and place found in the bytes
    /// is held against the slice by whoever uses it, so that this misleads and does no more.
    pub fn show<T>(&self, see: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let start = self.start as usize;
        let watch = Watch::begin(Shown { start, end: start + self.length, gone: false });
        // SAFETY: the mapping lives as long as `self`, and the slice no longer than this call.
        let bytes = unsafe { std::slice::from_raw_parts(self.start.cast::<u8>(), self.length) };
        let seen = see(bytes);
        (!watch.end().gone).then_some(seen)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: nothing refers to the mapping any more.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}

/// What a thread is being shown.
#[derive(Clone, Copy)]
struct Shown {
    start: usize,
    end: usize,
    gone: bool,
}

thread_local! {
    // Without a destructor and made at compile time, so that a signal handler may look at it.
    static SHOWN: Cell<Shown> = const { Cell::new(Shown { start: 0, end: 0, gone: false }) };
}

/// Tells the signal handler of what is shown, until it is dropped.
struct Watch {
    before: Shown,
}

impl Watch {
    fn begin(shown: Shown) -> Watch {
        Watch { before: SHOWN.replace(shown) }
    }

    fn end(self) -> Shown {
        SHOWN.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        SHOWN.set(self.before);
    }
}

/// What is done on SIGBUS for all that is not shown here.
static OTHERWISE: OnceLock<Option<libc::sigaction>> = OnceLock::new();

fn catch_faults() -> io::Result<()> {
    let otherwise = OTHERWISE.get_or_init(|| {
        let mut before = MaybeUninit::uninit();
        // SAFETY: all zeros is a valid `sigaction`, and what it points to lives as long as the
        // program; `before` is written when the call succeeds.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            let done = libc::sigaction(libc::SIGBUS, &raw const action, before.as_mut_ptr());
            (done == 0).then(|| before.assume_init())
        }
    });
    match otherwise {
        Some(_) => Ok(()),
        None => Err(io::Error::other("SIGBUS cannot be caught")),
    }
}

/// Calls nothing but what may be called from a signal handler.
extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel gives a valid `info`.
    let at = unsafe { (*info).si_addr() } as usize;
    let shown = SHOWN.get();
    if (shown.start..shown.end).contains(&at) {
        let start = at - at % page_size();
        let flags = MapFlags::PRIVATE | MapFlags::FIXED;
        // SAFETY: this replaces pages of the window that is being shown, up to its end, by zeros:
        // bytes that were looked at before stay, for those lie on pages before.
        let put = unsafe {
            mmap_anonymous(start as *mut c_void, shown.end - start, ProtFlags::READ, flags)
        };
        if put.is_ok() {
            return SHOWN.set(Shown { gone: true, ..shown });
        }
    }
    // The same access faults again, and then it is as if nobody had caught it here.
    // SAFETY: both are valid actions.
    unsafe {
        match OTHERWISE.get() {
            Some(Some(before)) => libc::sigaction(signal, before, null_mut()),
            _ => libc::sigaction(signal, &std::mem::zeroed(), null_mut()),
        };
    }
}
