//! Module Locations, as its Receiver: the CPOs' stations. Spec: mod_locations.

pub mod pull;
pub mod receiver;
pub mod shown;
pub mod store;
pub mod tree;
