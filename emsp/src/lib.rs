//! An OCPI 2.2.1 e-mobility service provider (EMSP): it holds the drivers' tokens, authorizes them, knows the stations and
//! prices of its CPOs, starts and stops charges by command, follows them, and checks the bills.
//!
//! One request goes straight down: a route in [`app`], a handler in `<module>/receiver.rs` or `sender.rs`, the SQL in
//! `<module>/store.rs`.

mod api;
pub mod app;
pub mod cdrs;
pub mod charging_profiles;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod locations;
pub mod operator;
mod outbox;
pub mod pull;
mod receive;
pub mod sessions;
pub mod tariffs;
pub mod tokens;

pub use app::App;
pub use config::Config;
pub use outbox::EmspOutbox;

/// Milliseconds since 1970 as OCPI writes a time.
pub(crate) fn time_text(millis: i64) -> String {
    ocpi_types::DateTime::from_timestamp_millis(millis).map(|at| ocpi_types::format_date_time(&at)).unwrap_or_default()
}
