//! What every OCPI party has whatever its role: peers and their tokens, versions, the credentials handshake, storage,
//! staying in sync with peers, configuration and telemetry.
//!
//! A server crate adds its modules and puts the pieces together in its `app.rs`:
//!
//! ```no_run
//! # use axum::extract::FromRef;
//! # use ocpi_party::app::{common_routes, complete_openapi, finish_router, listen, serve_party};
//! # use ocpi_party::{Party, PartyConfig, PartySetup, StartError};
//! #[derive(Clone)]
//! struct App {
//!     party: Party,
//! }
//!
//! impl FromRef<App> for Party {
//!     fn from_ref(app: &App) -> Self {
//!         app.party.clone()
//!     }
//! }
//!
//! # async fn run() -> Result<(), StartError> {
//! let party = Party::open(PartySetup {
//!     config: PartyConfig::cpo(),
//!     role: ocpi_types::Role::Cpo,
//!     modules: &[],       // what is mounted: the version details are made from it
//!     pushed: &[],        // which of our own lists partners are kept up to date about
//!     migrations: vec![], // the server's own tables, numbered from 1001
//!     clock: ocpi_http::Clock::system(),
//!     seed: None,
//! })
//! .await?;
//! let app = App { party: party.clone() };
//! let (routes, api) = common_routes::<App>().split_for_parts(); // and .routes(routes!(…)) of its own before that
//! let router = finish_router(&party, routes, complete_openapi(api, "A CPO", "What it is for"), app);
//! let listener = listen(&party).await?;
//! // Background tasks: spawn_pusher(party, outbox, shutdown) and spawn_puller(party, inbox, shutdown).
//! let running = serve_party(&party, router, listener, |_party, _shutdown| vec![]).await?;
//! running.join().await;
//! # Ok(())
//! # }
//! ```

pub mod app;
pub mod auth;
pub mod config;
pub mod credentials;
pub mod db;
pub mod docs;
pub mod hubclientinfo;
pub mod inspect;
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
pub use auth::{KnownCaller, Operator, RegisteredPeer, check_owner, check_response_url, check_to};
pub use config::{ConfigError, PartyArgs, PartyConfig, load};
pub use db::{Backend, Db, DbError, Tx};
pub use objects::{NewObject, ObjectTable, Scope, Stored, StoredPage, Upserted};
pub use operator::{Explanation, OperatorError, OperatorErrors, OperatorJson};
pub use party::{ModuleMount, Party, PartySetup};
pub use peers::{Peer, PeerStatus, Peers, party_of};
pub use sync::{
    Behind, Inbox, Outbox, PullSummary, PushSummary, Skipped, mark_all, mark_everything, mark_peer, pull_due, pull_now,
    push_due, spawn_puller, spawn_pusher,
};
