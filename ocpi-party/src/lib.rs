//! What every OCPI party has whatever its role: peers and their tokens, versions, the credentials handshake, storage,
//! staying in sync with peers, configuration and telemetry.

pub mod app;
pub mod auth;
pub mod config;
pub mod credentials;
pub mod db;
pub mod objects;
pub mod operator;
pub mod party;
pub mod peers;
pub mod registration;
pub mod sync;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod versions;

pub use app::{ExitCode, Running, Shutdown, StartError};
pub use auth::{KnownCaller, Operator, RegisteredPeer, check_owner, check_to};
pub use config::{ConfigError, PartyArgs, PartyConfig, load};
pub use db::{Backend, Db, DbError, Tx};
pub use objects::{NewObject, ObjectTable, Scope, Stored, StoredPage, Upserted};
pub use operator::{OperatorError, OperatorErrors, OperatorJson};
pub use party::{ModuleMount, Party, PartySetup};
pub use peers::{Peer, PeerStatus, Peers, party_of};
pub use sync::{
    Behind, Inbox, Outbox, PullSummary, PushSummary, Skipped, mark_all, mark_everything, mark_peer, pull_due, pull_now,
    push_due, spawn_puller, spawn_pusher,
};
