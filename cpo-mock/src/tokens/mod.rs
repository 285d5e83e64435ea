//! Module tokens: whom the partners let charge. Spec: mod_tokens.

mod ask;
pub mod authorize;
pub mod pull;
pub mod receiver;
pub mod store;
