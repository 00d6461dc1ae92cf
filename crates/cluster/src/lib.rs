//! The cluster that this node belongs to: what its API server tells of the node's pods, and then of
//! every change. It reads pods of this node and what owns them, and writes nothing.
//!
//! A [`Reader`] asks on a thread of its own and hands [`syscall::table::News`] on. Where the server
//! cannot be asked, what the container runtimes told stands, and [`Reader::blind`] says so.

mod access;
mod client;
mod follow;
mod object;
mod owner;
mod reader;
mod standing;

#[cfg(test)]
mod tests;

pub use access::{Access, AccessError, Member};
pub use reader::Reader;
