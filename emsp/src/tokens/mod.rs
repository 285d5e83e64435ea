//! Module Tokens, as its Sender: our drivers' cards and apps. Spec: mod_tokens.

pub mod account;
pub mod authorize;
pub mod book;
pub mod expiry;
pub mod log;
pub mod push;
pub mod sender;
pub mod store;
mod words;

use ocpi_types::{CiString, TokenType};

/// What identifies a Token among all of one provider: uid and type, as they are stored.
#[must_use]
pub fn token_id<const MAX: usize>(uid: &CiString<MAX>, token_type: &TokenType) -> String {
    format!("{}|{}", uid.key(), token_type.as_str().to_ascii_uppercase())
}
