//! The server: HTTP API, intake, live feed and console. What is acknowledged here is durable.

pub mod api;

/// What handlers share.
#[derive(Clone)]
pub struct App {}
