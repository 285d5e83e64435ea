//! A black-box judge of OCPI 2.2.1 platforms.
//!
//! The suite plays the other party, both as client and as server, against any platform that is given by URL, and says
//! requirement by requirement what holds. It depends on no other crate of this workspace: its HTTP is reqwest and axum,
//! its objects are raw JSON, its facts about the data model come from the tables in `data/`.
//!
//! [`run`] is the whole tool; the command line in `main.rs` is a thin layer over it.

pub mod case;
pub mod cases;
pub mod catalogue;
pub mod client;
mod clock;
pub mod context;
pub mod exchange;
pub mod fixtures;
pub mod formats;

pub mod pages;
pub mod party;
pub mod price;
mod register;
pub mod report;
mod runner;
pub mod schema;
pub mod trigger;

pub use case::{Case, Level, Outcome, Phase, Stop, TargetRole, Tier};
pub use context::RunConfig;
pub use report::RunReport;
pub use runner::{applicable, run, run_observed};
