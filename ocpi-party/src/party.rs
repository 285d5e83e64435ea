//! The party itself: what every handler and every background task of a server needs.

mod roles;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ocpi_http::{ClientConfig, Clock, ExchangeLog, OcpiClient, Routing, Target, Url, UrlPolicy};
use ocpi_types::{ConnectionStatus, CredentialsRole, InterfaceRole, ModuleId, PartyId, Role};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::migrate::Migrator;
use tokio::sync::{Notify, watch};

use crate::app::{Shutdown, StartError};
use crate::docs::Demo;
use crate::{Db, DbError, ObjectTable, PartyConfig, Peer, Peers, Tx, sync};
use roles::OwnRoles;

/// One interface of a module that this server offers; the version details are made from these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleMount {
    /// The module.
    pub module: ModuleId,
    /// Which of its two interfaces.
    pub role: InterfaceRole,
    /// The path under which it is mounted: `/ocpi/2.2.1/cpo/locations`.
    pub path: &'static str,
}

/// What it takes to open a [`Party`].
#[derive(Debug)]
pub struct PartySetup {
    /// The configuration.
    pub config: PartyConfig,
    /// The role of the configured party: `CPO` or `EMSP`.
    pub role: Role,
    /// What this server offers, besides versions and credentials.
    pub modules: &'static [ModuleMount],
    /// Our own objects that are pushed to partners, by module: what a complete synchronisation sends again.
    pub pushed: &'static [(ModuleId, ObjectTable)],
    /// The server's own tables; numbered from 1001.
    pub migrations: Vec<&'static Migrator>,
    /// The time.
    pub clock: Clock,
    /// Makes chance repeatable, in tests.
    pub seed: Option<u64>,
}

/// A party and everything it works with; clones are cheap and share everything.
#[derive(Clone)]
pub struct Party {
    /// The configuration.
    pub config: Arc<PartyConfig>,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// For calls to peers.
    pub client: OcpiClient,
    /// The partners.
    pub peers: Peers,
    /// Every request in both directions, for those who watch.
    pub exchanges: ExchangeLog,
    /// The role of the configured party.
    pub role: Role,
    /// What this server offers.
    pub modules: &'static [ModuleMount],
    /// Our own objects that are pushed, by module.
    pub pushed: &'static [(ModuleId, ObjectTable)],
    inner: Arc<Inner>,
}

struct Inner {
    /// Tells instances on one database apart.
    instance: String,
    bound: OnceLock<Url>,
    roles: OwnRoles,
    rng: Mutex<StdRng>,
    push: Notify,
    pull: Notify,
    down: sync::Down,
    away: sync::Away,
    serving: watch::Sender<Shutdown>,
    demo: OnceLock<Demo>,
}

impl Party {
    /// Opens the database and everything around it. Nothing runs yet.
    pub async fn open(setup: PartySetup) -> Result<Self, StartError> {
        setup.config.check()?;
        let db = Db::open(&setup.config.database_url, &setup.migrations).await?;
        let exchanges = ExchangeLog::keeping(setup.config.kept_exchanges());
        let client = OcpiClient::new(ClientConfig {
            policy: UrlPolicy {
                allow_private: setup.config.allow_private_urls,
                allow_http: setup.config.allow_http_urls,
            },
            timeout: setup.config.client_timeout(),
            connect_timeout: Duration::from_secs(setup.config.connect_timeout_seconds),
            max_answer: setup.config.max_answer_bytes,
            clock: setup.clock.clone(),
            exchanges: exchanges.clone(),
            party_name: setup.config.project_name.clone(),
        });
        let rng = setup.seed.map_or_else(|| StdRng::seed_from_u64(rand::random()), StdRng::seed_from_u64);
        let inner = Inner {
            instance: uuid::Uuid::new_v4().simple().to_string(),
            bound: OnceLock::new(),
            roles: OwnRoles::new(&db),
            rng: Mutex::new(rng),
            push: Notify::new(),
            pull: Notify::new(),
            down: sync::Down::default(),
            away: sync::Away::default(),
            serving: watch::Sender::new(Shutdown::new()),
            demo: OnceLock::new(),
        };
        let party = Self {
            peers: Peers::new(db.clone(), setup.clock.clone()),
            config: Arc::new(setup.config),
            clock: setup.clock,
            role: setup.role,
            modules: setup.modules,
            pushed: setup.pushed,
            inner: Arc::new(inner),
            db,
            client,
            exchanges,
        };
        roles::store_configured(&party).await?;
        Ok(party)
    }

    /// The URL under which partners reach this server: as configured, else the address that it listens on.
    #[must_use]
    pub fn base_url(&self) -> Url {
        let configured = self.config.public_url.clone();
        configured.or_else(|| self.inner.bound.get().cloned()).unwrap_or_else(|| {
            let text = format!("http://{}:{}", reachable(&self.config.host), self.config.port);
            Url::parse(&text).unwrap_or_else(|_| local_url(self.config.port))
        })
    }

    /// An absolute URL of this server. `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.base_url();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}{path}"));
        url
    }

    /// Where our versions are listed: what a partner needs, beside a token A.
    #[must_use]
    pub fn versions_url(&self) -> Url {
        self.url(crate::versions::VERSIONS_PATH)
    }

    /// Tells the address that was bound, for URLs when none is configured.
    pub fn bound_to(&self, addr: SocketAddr) {
        let host = if addr.ip().is_unspecified() { "localhost".to_owned() } else { bracketed(&addr) };
        if let Ok(url) = Url::parse(&format!("http://{host}:{}", addr.port())) {
            // Bound a second time: the first address stays.
            let _ = self.inner.bound.set(url);
        }
    }

    /// The parties of this platform with their roles; the configured one first.
    pub async fn own_roles(&self) -> Vec<CredentialsRole> {
        self.inner.roles.all(self).await
    }

    /// The configured party.
    #[must_use]
    pub fn own_party(&self) -> PartyId {
        self.config.party()
    }

    /// Whether this platform hosts the party, in whatever role.
    pub async fn hosts(&self, party: &PartyId) -> bool {
        self.inner.roles.hosts(self, party).await
    }

    /// The hosted party, when there is only one.
    pub async fn only_party(&self) -> Option<PartyId> {
        self.inner.roles.only(self).await
    }

    /// Adds a party to this platform, or changes its business details. Registered peers learn of it by a credentials PUT,
    /// which the pusher sends: call [`Party::nudge`] after the write. `false` when nothing changed.
    pub async fn add_role(&self, tx: &mut Tx, role: CredentialsRole) -> Result<bool, DbError> {
        roles::add(tx, &role).await
    }

    /// How to call a peer on a functional module: its token, and the two parties in the routing headers. Where `to` is a party
    /// behind a hub that cannot reach it at the moment, calls fail with [`ocpi_http::CallError::Away`] and nothing is sent.
    #[must_use]
    pub fn target<'a>(&self, peer: &'a Peer, from: &PartyId, to: &PartyId) -> Target<'a> {
        let routing = Routing { to: Some(to.clone()), from: Some(from.clone()) };
        Target { routing: Some(routing), away: self.why_away(peer, to), ..self.plain_target(peer) }
    }

    /// How to call a hub that is to find out itself for whom a request is. Spec: transport_and_format, "Open Routing Request".
    #[must_use]
    pub fn open_target<'a>(&self, hub: &'a Peer, from: &PartyId) -> Target<'a> {
        Target { routing: Some(Routing { to: None, from: Some(from.clone()) }), ..self.plain_target(hub) }
    }

    /// Why a party behind a hub cannot be reached; `None` when it can, or when nothing speaks against trying.
    #[must_use]
    pub fn why_away(&self, peer: &Peer, to: &PartyId) -> Option<String> {
        if !peer.is_hub() {
            return None;
        }
        match peer.client_status(to) {
            None | Some(ConnectionStatus::Connected) => self.inner.away.why(&peer.id, to, self.clock.wall()),
            Some(status) => Some(format!("the hub says that it is {status}")),
        }
    }

    /// How to call a peer on versions and credentials, which carry no routing headers.
    #[must_use]
    pub fn plain_target<'a>(&self, peer: &'a Peer) -> Target<'a> {
        Target {
            peer_name: &peer.name,
            token: &peer.token_out,
            form: peer.form,
            routing: None,
            correlation_id: None,
            emit_nulls: peer.emit_nulls,
            away: None,
        }
    }

    /// Wakes the pusher: something has been marked.
    pub fn nudge(&self) {
        self.inner.push.notify_one();
    }

    /// Wakes the puller: a pull has become due.
    pub fn nudge_puller(&self) {
        self.inner.pull.notify_one();
    }

    /// Waits until somebody nudges the pusher.
    pub async fn wait_for_nudge(&self) {
        self.inner.push.notified().await;
    }

    /// Waits until somebody nudges the puller.
    pub async fn wait_for_puller_nudge(&self) {
        self.inner.pull.notified().await;
    }

    /// The peers that could not be reached a moment ago.
    pub(crate) fn down(&self) -> &sync::Down {
        &self.inner.down
    }

    /// The parties behind hubs that could not be reached a moment ago.
    pub(crate) fn away(&self) -> &sync::Away {
        &self.inner.away
    }

    /// A party behind a hub is there again.
    pub(crate) fn forget_away(&self, hub_id: &str, party: &PartyId) {
        self.inner.away.forget(hub_id, party);
    }

    /// Logs the documentation in, for whoever opens it on this machine. For demonstrations with invented data on loopback
    /// only: no configuration leads here. The first call counts.
    pub fn demonstrate(&self, demo: Demo) {
        let _ = self.inner.demo.set(demo);
    }

    pub(crate) fn demo(&self) -> Option<&Demo> {
        self.inner.demo.get()
    }

    /// Tells how long this party is served: what is told to [`Party::serve_until`].
    pub(crate) fn serves_until(&self) -> Shutdown {
        self.inner.serving.borrow().clone()
    }

    /// Tells answers without an end when they have to end.
    pub(crate) fn serve_until(&self, shutdown: &Shutdown) {
        self.inner.serving.send_replace(shutdown.clone());
    }

    /// Which instance this is, for leases.
    pub(crate) fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// Half to one and a half of `mean`, so that many peers and instances do not move in step.
    pub(crate) fn jitter(&self, mean: Duration) -> Duration {
        let factor = self.inner.rng.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.5..1.5);
        mean.mul_f64(factor)
    }

    /// Whether this server can do its work: the database answers.
    pub async fn ready(&self) -> Result<(), DbError> {
        self.db.ping().await
    }
}

impl std::fmt::Debug for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Party")
            .field("name", &self.config.project_name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Nobody can be called at 0.0.0.0.
fn reachable(host: &str) -> &str {
    if matches!(host, "0.0.0.0" | "::" | "[::]") { "localhost" } else { host }
}

fn bracketed(addr: &SocketAddr) -> String {
    if addr.is_ipv6() { format!("[{}]", addr.ip()) } else { addr.ip().to_string() }
}

fn local_url(port: u16) -> Url {
    Url::parse(&format!("http://localhost:{port}")).expect("a host and a number make a URL")
}
