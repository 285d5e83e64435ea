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

use std::collections::{HashMap, HashSet};

use ocpi_http::{Secret, TokenForm};
use ocpi_types::{ConnectionStatus, CredentialsRole, DateTime, Endpoint, InterfaceRole, ModuleId, PartyId, Role};

pub use cache::Peers;
pub(crate) use cache::{Known, PEERS};
pub(crate) use exchange::{
    Exchanged, add_pending_token, drop_token, finish_exchange, invite, is_exchanging, keep_unsure_token, note_use,
};
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
    /// A hub: the parties behind it, as far as it has told.
    pub(crate) clients: HashMap<PartyId, Vec<(Role, ConnectionStatus)>>,
    /// A hub: parties that are registered here themselves, and of which the hub has told nothing. It does not speak for them.
    pub(crate) elsewhere: HashSet<(PartyId, Role)>,
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

    /// The hub itself, as a party: whom to address with what is for everybody behind it. Spec: transport_and_format,
    /// "Broadcast Push" and "GET All via Hubs".
    #[must_use]
    pub fn hub_party(&self) -> Option<PartyId> {
        self.parties(&Role::Hub).into_iter().next()
    }

    /// The party to be named in `OCPI-to` with what concerns none of the platform's parties in particular: the hub itself;
    /// else the first party in this role; else the first of all.
    #[must_use]
    pub fn for_all(&self, role: &Role) -> Option<PartyId> {
        let first = || self.roles.iter().find(|hosted| hosted.role == *role).or(self.roles.first()).map(party_of);
        self.hub_party().or_else(first)
    }

    /// Whether the peer may own or send objects of this party in this role. A platform speaks for those it hosts. A hub speaks
    /// for others, except for parties that are registered here themselves and that it has never told us about.
    #[must_use]
    pub fn speaks_for(&self, party: &PartyId, role: Role) -> bool {
        self.speaks(&(party.clone(), role))
    }

    pub(crate) fn speaks(&self, party: &(PartyId, Role)) -> bool {
        self.hosted.contains(party) || (self.is_hub() && !self.elsewhere.contains(party))
    }

    /// What the hub says about a party behind it, in whatever role: CONNECTED, if that is said of one of them. `None` when it
    /// has told nothing about it.
    #[must_use]
    pub fn client_status(&self, party: &PartyId) -> Option<&ConnectionStatus> {
        let roles = self.clients.get(party)?;
        let connected = roles.iter().find(|(_, status)| *status == ConnectionStatus::Connected);
        connected.or(roles.first()).map(|(_, status)| status)
    }

    /// The parties behind the hub that are CONNECTED in this role, in the order of their names.
    #[must_use]
    pub fn connected_clients(&self, role: &Role) -> Vec<PartyId> {
        let connected =
            |(other, status): &(Role, ConnectionStatus)| other == role && *status == ConnectionStatus::Connected;
        let clients = self.clients.iter().filter(|(_, roles)| roles.iter().any(connected));
        let mut parties: Vec<PartyId> = clients.map(|(party, _)| party.clone()).collect();
        parties.sort();
        parties
    }

    /// Whether the hub has told anything about who is behind it.
    #[must_use]
    pub fn has_told_clients(&self) -> bool {
        !self.clients.is_empty()
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
