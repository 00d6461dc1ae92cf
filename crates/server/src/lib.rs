//! The server: HTTP API, intake, live feed and console. What is acknowledged here is durable.

pub mod api;
mod app;
mod clock;
pub mod console;
mod feed;
mod guard;
mod intake;
mod judging;
mod listen;
mod metrics;
mod private;
mod rules;
mod running;
mod settings;
mod webhook;

pub use app::App;
pub use clock::Clock;
pub use listen::{ListenError, Tls};
pub use running::{Running, StartError, make_sign_in_link};
pub use settings::{Settings, SourceSetting};
