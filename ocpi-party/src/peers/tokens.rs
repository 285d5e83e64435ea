//! Credentials tokens: how they are made, and how they are stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ocpi_http::Secret;
use sha2::{Digest, Sha256};

/// What a token that a peer shows to us is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Token A: versions and credentials, until the registration is complete.
    A,
    /// The token of a registered peer.
    Current,
    /// Sent by us in a POST or PUT that has not been answered yet; the peer calls back with it.
    Pending,
    /// Replaced a moment ago; good for requests that were on their way.
    Old,
    /// A new one of ours that the peer was sent by PUT, and perhaps has taken: its answer got lost. Good until the next exchange.
    Unsure,
}

impl TokenKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Current => "CURRENT",
            Self::Pending => "PENDING",
            Self::Old => "OLD",
            Self::Unsure => "UNSURE",
        }
    }

    pub(super) fn from_str(text: &str) -> Option<Self> {
        [Self::A, Self::Current, Self::Pending, Self::Old, Self::Unsure].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A new token: 256 random bits in 43 characters that need no encoding anywhere.
pub(crate) fn new_token() -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// What is stored of a token that a peer shows to us. A plain hash is enough: there is nothing to guess in 256 bits.
pub(crate) fn token_hash(token: &Secret) -> String {
    use std::fmt::Write;
    Sha256::digest(token.expose().as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_printable_and_short_enough() {
        // Proves: CRE-054, CRE-055
        let (one, other) = (new_token(), new_token());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 43);
        assert!(one.expose().bytes().all(|b| (0x21..=0x7e).contains(&b)));
        assert_eq!(token_hash(&Secret::new("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
