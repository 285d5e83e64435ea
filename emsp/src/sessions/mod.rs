//! Module Sessions, as its Receiver: charging as it goes on. Spec: mod_sessions.

pub mod preferences;
pub mod pull;
pub mod receiver;
pub mod store;
