//! The watch of this node: one loop from the sensor through the tables of processes and containers
//! to the rules, and from there to entries of evidence. It knows nobody that it hands them to: a
//! [`Sink`] is a server in the same process, or a spool on disk.
//!
//! [`Lookout`] is the loop's body, for whoever only wants the alerts; [`Watch`] runs it on threads
//! of its own and says each minute what it did. What cannot be handed on waits in a bounded
//! [`Queue`], and what that drops is counted.

mod alive;
pub mod canary;
mod clock;
mod content;
mod desk;
mod lookout;
mod minute;
mod program;
mod queue;
mod ready;
mod watch;

pub use clock::{epoch, now};
pub use lookout::{Lookout, Orders, PushDown, Telling};
pub use queue::Queue;
pub use ready::{Kind, Ready, Refused, Sink};
pub use watch::{Rules, Setting, StartError, Watch};
