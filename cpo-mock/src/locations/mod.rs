//! Module locations: this platform's charging sites. Spec: mod_locations.

pub mod push;
pub mod revise;
pub mod schedule;
pub mod sender;
pub mod store;
