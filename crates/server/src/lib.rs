//! The server: HTTP API, intake, live feed and console. What is acknowledged here is durable.

pub mod api;
mod app;
mod canary;
mod clock;
mod connections;
pub mod console;
mod feed;
mod feeding;
mod guard;
mod intake;
mod judging;
mod listen;
mod local;
mod metrics;
mod node;
mod own_node;
mod private;
mod rules;
mod running;
mod settings;
mod webhook;

pub use app::App;
pub use clock::Clock;
pub use connections::CONNECTIONS_LEN_MAX;
pub use feeding::SourceRules;
pub use intake::Refusal;
pub use listen::{ListenError, Tls};
pub use local::{Export, ExportError, Noted, Scribe, note_export};
pub use local::{Invited, LocalError, NodeRow, add_node, list_nodes, revoke_node};
pub use own_node::{OwnNode, Unkept};
pub use rules::{RuleSet, RulesError};
pub use running::{NodeRules, Running, StartError, make_sign_in_link};
pub use settings::{Settings, SourceSetting};
