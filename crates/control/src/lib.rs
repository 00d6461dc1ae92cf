//! SOC 2: criterion, control, population, test, coverage, period, and the evidence they stand on.
//! Judging is pure: it reads no clock, no disk and no network.

pub mod catalogue;
pub mod evidence;
mod mapping;

pub use catalogue::{Catalogue, CatalogueFile, Control, Criterion, Relation};
pub use mapping::{Link, Mapping};
