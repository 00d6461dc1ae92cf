//! The value of one field, borrowed from the record it was found in.

use std::net::IpAddr;

/// One value of one field. A list field yields several of these, one at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text or a path. Bytes, because file names and arguments need not be UTF-8.
    Text(&'a [u8]),
    /// Signed number, also an absolute or relative time in nanoseconds.
    Int(i64),
    /// Unsigned number, port or identifier.
    Uint(u64),
    /// Floating-point number.
    Float(f64),
    /// Truth value.
    Bool(bool),
    /// Address of a host.
    Ip(IpAddr),
}
