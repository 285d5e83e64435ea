//! An OCPI 2.2.1 charge point operator whose stations are simulated, and whose platform is as real as any.
//!
//! One folder is one OCPI module, with the spec's own words as file names: `sender` and `receiver` are the handlers of its
//! interfaces, `push` and `pull` the traffic that we begin, `store` its SQL. Beside them: `station` (the port to the
//! hardware, and the simulator behind it), `charging` (from events of stations to Sessions and bills), `reservations`,
//! `import` and `operator`. [`App`] puts all of it together.

mod api;
mod app;
mod config;
mod demo;
mod docs;
mod ids;
mod inbox;
mod outbox;

pub mod callback;
pub mod cdrs;
pub mod charging;
pub mod charging_profiles;
pub mod cli;
pub mod commands;
pub mod import;
pub mod locations;
pub mod operator;
pub mod reservations;
pub mod sessions;
pub mod station;
pub mod tariffs;
pub mod tokens;

pub use app::App;
pub use config::{Args, Config};
pub use ids::Ids;
pub use inbox::CpoInbox;
pub use outbox::CpoOutbox;
