//! A node's way to a server: it joins, spools its evidence on disk, and ships it until the server
//! has it. It sees and judges nothing; what it is given are lines of the trail.

mod client;
mod identity;
mod ship;
pub mod spool;
mod trust;

pub use client::{Address, AddressError, ClientError};
pub use identity::{Identity, IdentityError};
pub use ship::{Outbox, ShipError, Shipping, Told};
pub use spool::{Found, Lane, Parcel, SPOOL_BYTES, SPOOL_BYTES_MIN, Spool, SpoolError};
pub use trust::TrustError;
