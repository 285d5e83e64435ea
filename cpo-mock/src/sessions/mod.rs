//! Module sessions: the charges of the partners' customers. Spec: mod_sessions.

pub mod preferences;
pub mod push;
pub mod sender;
pub mod store;
