//! Module tariffs: this platform's prices. Spec: mod_tariffs.

pub mod push;
pub mod sender;
pub mod store;
