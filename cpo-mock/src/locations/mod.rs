//! Module locations: this platform's charging sites. Spec: mod_locations.

pub mod push;
pub mod sender;
pub mod store;
