//! Module Tariffs, as its Receiver: the CPOs' prices. Spec: mod_tariffs.

pub mod pull;
pub mod receiver;
pub mod store;
