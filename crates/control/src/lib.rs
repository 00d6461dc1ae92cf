//! SOC 2: criterion, control, population, test, coverage, period, and the evidence they stand on.
//! Judging is pure: it reads no clock, no disk and no network.

pub mod catalogue;
pub mod coverage;
pub mod evidence;
pub mod facts;
pub mod figure;
pub mod judge;
mod mapping;
pub mod matrix;
pub mod package;
pub mod shipment;
mod spans;

pub use catalogue::{Catalogue, CatalogueFile, Control, Criterion, Relation};
pub use facts::{Facts, Gather};
pub use judge::{ControlResult, Judgement, Outcome, Question, judge, judge_one};
pub use mapping::{Link, Mapping};
pub use matrix::matrix;
pub use spans::Spans;
