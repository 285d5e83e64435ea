//! The partners of this platform: who they are, where their endpoints are, which tokens go which way.
//!
//! Tokens with which peers authenticate here are stored as SHA-256 hashes. Tokens that we show to peers are stored in
//! readable form: they go into every request, so the database must be protected like a password file.
//!
//! All peers are kept in memory, so that authenticating a request needs no database. What this process changes is seen at
//! once; what another instance on the same database changes is seen after a second at the latest, and a token that is
//! unknown here is looked up in the database before it is refused.

mod cache;
mod exchange;
mod store;
mod tokens;

use std::collections::HashSet;

use ocpi_http::{Secret, TokenForm};
use ocpi_types::{CredentialsRole, DateTime, Endpoint, InterfaceRole, ModuleId, PartyId, Role};

pub(crate) use cache::Known;
pub use cache::Peers;
pub(crate) use exchange::{Exchanged, add_pending_token, drop_token, finish_exchange, invite, is_exchanging};
pub(crate) use store::{
    NewPeer, add_peer, change, form_from, form_text, record_finding, remove_peer, set_form_seen, time as store_time,
    unregister,
};
pub use tokens::TokenKind;
pub(crate) use tokens::{new_token, token_hash};

/// How far the registration with a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeerStatus {
    /// It has a token A from us, or we have one from it; the handshake has not taken place.
    Invited,
    /// Both sides have exchanged credentials.
    Registered,
    /// One of the sides has ended the registration. Nothing is sent.
    Unregistered,
}

impl PeerStatus {
    /// The text in the database and in the operator API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "INVITED",
            Self::Registered => "REGISTERED",
            Self::Unregistered => "UNREGISTERED",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [Self::Invited, Self::Registered, Self::Unregistered].into_iter().find(|status| status.as_str() == text)
    }
}

/// A partner's platform.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Our id for it; never changes.
    pub id: String,
    /// The name that the operator gave it.
    pub name: String,
    /// How far the registration is.
    pub status: PeerStatus,
    /// Where its versions are listed.
    pub versions_url: Option<String>,
    /// The parties it hosts, as of the last exchange of credentials.
    pub roles: Vec<CredentialsRole>,
    /// Its endpoints, one per module and interface role.
    pub endpoints: Vec<Endpoint>,
    /// The token that we show to it; empty before there is one.
    pub token_out: Secret,
    /// How we write that token.
    pub form: TokenForm,
    /// How it writes its token, once it has called.
    pub form_seen: Option<TokenForm>,
    /// Absent fields are written as `null` to this peer.
    pub emit_nulls: bool,
    /// When we first heard of it.
    pub created_at: DateTime,
    /// When credentials were last exchanged.
    pub credentials_at: Option<DateTime>,
    /// The roles, to be looked up.
    pub(crate) hosted: HashSet<(PartyId, Role)>,
}

impl Peer {
    /// A hub speaks for parties that are not among its roles.
    #[must_use]
    pub fn is_hub(&self) -> bool {
        self.roles.iter().any(|role| role.role == Role::Hub)
    }

    /// Whether the platform hosts this party in this role.
    #[must_use]
    pub fn hosts(&self, party: &PartyId, role: Role) -> bool {
        self.hosted.contains(&(party.clone(), role))
    }

    /// Whether the platform hosts this party in whatever role.
    #[must_use]
    pub fn hosts_any(&self, party: &PartyId) -> bool {
        self.roles.iter().any(|role| party_of(role) == *party)
    }

    /// The parties that it hosts in this role.
    #[must_use]
    pub fn parties(&self, role: &Role) -> Vec<PartyId> {
        self.roles.iter().filter(|hosted| hosted.role == *role).map(party_of).collect()
    }

    /// The URL of a module's interface. The credentials module has one only, whatever role it is listed with.
    #[must_use]
    pub fn endpoint(&self, module: &ModuleId, role: &InterfaceRole) -> Option<&str> {
        let matches = |endpoint: &&Endpoint| {
            endpoint.identifier == *module && (endpoint.role == *role || *module == ModuleId::Credentials)
        };
        self.endpoints.iter().find(matches).map(|endpoint| endpoint.url.as_str())
    }
}

/// The party that a role is about.
#[must_use]
pub fn party_of(role: &CredentialsRole) -> PartyId {
    PartyId::new(role.country_code.clone(), role.party_id.clone())
}
