//! A small OCPI 2.2.1 party in memory: the counterpart that the suite plays, and the reference party of `serve`.
//!
//! It behaves as the specification says, records what it receives, and breaks exactly one rule for each fault that is
//! switched on (see [`faults`]).

mod charge;
mod commands;
mod credentials;
pub mod faults;
mod hub;
mod operator;
mod outage;
mod outgoing;
mod preferences;
mod priced;
mod profiles;
mod receiver;
mod relay;
mod reservations;
mod seed;
mod sender;
mod serve;
mod stations;

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::case::TargetRole;
use crate::exchange::Recorder;
use crate::fixtures::Owner;

/// What a party is.
#[derive(Clone, Debug)]
pub struct PartyConfig {
    /// Business name.
    pub name: String,
    /// Role and ids; the first is used in messages.
    pub roles: Vec<(TargetRole, Owner)>,
    /// Faults switched on from the start.
    pub faults: Vec<String>,
    /// Whether to begin with objects of its own.
    pub seed: bool,
    /// Most objects on a page.
    pub page_cap: usize,
    /// Whether `/operator/…` works: the way in for triggers, without authorization. For loopback only.
    pub operator: bool,
    /// Where incoming exchanges are recorded.
    pub recorder: Option<Recorder>,
}

/// A request that the party received.
#[derive(Clone, Debug)]
pub struct Received {
    /// HTTP method.
    pub method: String,
    /// Path with query, without the mount point of this party.
    pub path: String,
    /// Decoded segments of the path.
    pub segments: Vec<String>,
    /// Query parameters.
    pub query: HashMap<String, String>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
    /// Body as JSON.
    pub json: Option<Value>,
    /// HTTP status that the party answered.
    pub answered: u16,
    /// status_code that the party answered.
    pub status_code: i64,
}

impl Received {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether this is a call of a module's endpoint of this party, e.g. `("PUT", "receiver", "sessions")`.
    #[must_use]
    pub fn is(&self, method: &str, side: &str, module: &str) -> bool {
        self.method == method && self.at(side, module)
    }

    /// Whether this is a call, by any method, below a module's endpoint.
    #[must_use]
    pub fn at(&self, side: &str, module: &str) -> bool {
        self.segments.get(2).is_some_and(|s| s == side) && self.segments.get(3).is_some_and(|s| s == module)
    }

    /// The segments below the module's endpoint.
    #[must_use]
    pub fn rest(&self) -> &[String] {
        self.segments.get(4..).unwrap_or(&[])
    }
}

#[derive(Clone, Debug, Default)]
struct Peer {
    /// The party's own name for it.
    id: String,
    token_in: String,
    token_out: String,
    endpoints: Vec<(String, String, String)>,
    roles: Vec<Value>,
    versions_url: String,
}

impl Peer {
    fn endpoint(&self, module: &str, role: &str) -> Option<String> {
        let matching = |(m, r, _): &&(String, String, String)| m == module && (module == "credentials" || r == role);
        self.endpoints.iter().find(matching).map(|(_, _, url)| url.clone())
    }

    fn owns(&self, country: &str, party: &str) -> bool {
        let owner = Owner::new(country, party);
        self.roles.iter().any(|role| owner.owns(role))
    }

    fn first_role(&self) -> Option<Owner> {
        let role = self.roles.first()?;
        Some(Owner::new(role["country_code"].as_str()?, role["party_id"].as_str()?))
    }
}

#[derive(Debug, Default)]
struct State {
    faults: BTreeSet<String>,
    invitations: BTreeSet<String>,
    pending: BTreeSet<String>,
    retired: BTreeSet<String>,
    peers: Vec<Peer>,
    own: HashMap<&'static str, Vec<Value>>,
    received: HashMap<(String, String), Value>,
    answers: HashMap<String, Value>,
    log: Vec<Received>,
    log_bytes: usize,
    fixed_page: HashMap<&'static str, Vec<Value>>,
    stations: HashMap<String, priced::Station>,
    /// The tariff of each session at such a station.
    agreed: HashMap<String, Value>,
    closed: bool,
    missed: Vec<outage::Missed>,
    recovering: bool,
    /// How stations take commands that do not simply obey, by EVSE in upper case: see the trigger `set_temper`.
    tempers: HashMap<String, String>,
    /// EVSEs from which the vehicle was taken away.
    unplugged: BTreeSet<String>,
    /// Tokens whose contract holds at one location only.
    limits: HashMap<String, String>,
    /// Tokens whose account is empty.
    broke: BTreeSet<String>,
    totals: HashMap<String, usize>,
    /// By session id, in upper case.
    profiles: HashMap<String, profiles::Profiled>,
    /// Local limits by EVSE, in upper case; ampere per phase.
    site_limits: HashMap<String, f64>,
    /// Profile types that drivers prefer, by session id in upper case.
    preferred: HashMap<String, String>,
    /// By Sender and reservation id.
    reservations: HashMap<String, reservations::Reservation>,
    /// Tokens of commands, by uid and EVSE.
    commanded: HashMap<String, Value>,
    /// Sessions that began as a reservation, in upper case.
    reserved: BTreeSet<String>,
    /// Sessions of reservations that nobody used until they expired, in upper case.
    expired: BTreeSet<String>,
    /// Requests passed on for an SCSP, by the last part of the response_url.
    relays: HashMap<String, relay::Relay>,
    /// Who steers a session through this party, by session id in upper case.
    steered_for: HashMap<String, Peer>,
    /// ClientInfo objects by party, in upper case.
    clients: HashMap<String, Value>,
    /// Parties that could not be reached once.
    cut_off: BTreeSet<String>,
    /// Messages that a fault keeps for later.
    held: Vec<(String, String, Peer, Option<Value>)>,
}

#[derive(Debug)]
struct Inner {
    config: PartyConfig,
    base: String,
    state: Mutex<State>,
    seen: watch::Sender<usize>,
    children: Mutex<HashMap<String, Party>>,
    /// The party that listens; dangling in that one.
    root: Weak<Inner>,
    http: reqwest::Client,
}

/// A running party; clones share it. It stops with the runtime.
#[derive(Clone, Debug)]
pub struct Party(Arc<Inner>);

impl Party {
    /// Listens on `listen` and serves. `public_url` is what partners are told; by default the listening address.
    pub async fn start(listen: SocketAddr, public_url: Option<&str>, config: PartyConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let base = match public_url {
            Some(url) => url.trim_end_matches('/').to_string(),
            None => format!("http://{}", listener.local_addr()?),
        };
        let party = Self::unserved(base, config, Weak::new());
        tokio::spawn(serve::serve(listener, party.clone()));
        Ok(party)
    }

    fn unserved(base: String, config: PartyConfig, root: Weak<Inner>) -> Self {
        let mut state = State { faults: config.faults.iter().cloned().collect(), ..State::default() };
        if config.seed {
            seed::fill(&mut state, &config.roles);
        }
        Self(Arc::new(Inner {
            config,
            base,
            state: Mutex::new(state),
            seen: watch::Sender::new(0),
            children: Mutex::default(),
            root,
            http: crate::client::http(),
        }))
    }

    /// Another party on the same listener, below `/{name}`.
    #[must_use]
    pub fn child(&self, name: &str, config: PartyConfig) -> Self {
        let root = self.0.root.upgrade().map_or_else(|| self.clone(), Self);
        let child = Self::unserved(format!("{}/{name}", root.0.base), config, Arc::downgrade(&root.0));
        root.0.children.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_string(), child.clone());
        child
    }

    fn child_named(&self, name: &str) -> Option<Self> {
        self.0.children.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Public base URL, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// The URL to hand to partners.
    #[must_use]
    pub fn versions_url(&self) -> String {
        format!("{}/ocpi/versions", self.0.base)
    }

    /// The party's own ids.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.0.config.roles[0].1
    }

    /// Whether a fault is on.
    #[must_use]
    pub fn has(&self, fault: &str) -> bool {
        self.state().faults.contains(fault)
    }

    /// Switches faults on until the guard is dropped.
    #[must_use]
    pub fn with_faults(&self, faults: &[&str]) -> FaultGuard {
        self.state().faults.extend(faults.iter().map(|fault| (*fault).to_string()));
        FaultGuard { party: self.clone(), faults: faults.iter().map(|fault| (*fault).to_string()).collect() }
    }

    /// A new registration token.
    #[must_use]
    pub fn invite(&self) -> String {
        let token = new_token();
        self.state().invitations.insert(token.clone());
        token
    }

    /// Accepts this token for versions and details, as the sender of credentials must while its POST is open.
    pub fn expect_token(&self, token: &str) {
        self.state().pending.insert(token.to_string());
    }

    /// Stores a registration that the suite made by hand: the peer authenticates with `token_in`.
    pub fn connect(
        &self,
        token_in: &str,
        token_out: &str,
        endpoints: Vec<(String, String, String)>,
        roles: Vec<Value>,
        versions_url: &str,
    ) {
        let mut state = self.state();
        state.pending.remove(token_in);
        state.peers.retain(|peer| peer.versions_url != versions_url);
        state.peers.push(Peer {
            token_in: token_in.into(),
            token_out: token_out.into(),
            endpoints,
            roles,
            versions_url: versions_url.into(),
            ..Peer::default()
        });
        drop(state);
        self.0.seen.send_modify(|count| *count += 1);
    }

    /// The token that the party now uses towards its (last) peer.
    #[must_use]
    pub fn token_out(&self) -> Option<String> {
        self.state().peers.last().map(|peer| peer.token_out.clone())
    }

    /// Whether a peer is registered.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.state().peers.is_empty()
    }

    /// How many requests were received so far: a mark for [`Self::since`] and [`Self::wait`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.state().log.len()
    }

    /// Requests received after the mark.
    #[must_use]
    pub fn since(&self, mark: usize) -> Vec<Received> {
        self.state().log.get(mark..).unwrap_or(&[]).to_vec()
    }

    /// The first request after `mark` that fits, waiting for it at most `limit`. `fits` must not ask the party anything.
    pub async fn wait(&self, mark: usize, limit: Duration, fits: impl Fn(&Received) -> bool) -> Option<Received> {
        let mut seen = self.0.seen.subscribe();
        // Each request is looked at once: many may wait at the same time.
        let mut next = mark;
        let mut look_on = || {
            let state = self.state();
            let found = state.log.get(next..).and_then(|new| new.iter().find(|request| fits(request))).cloned();
            next = next.max(state.log.len());
            found
        };
        let look = async {
            loop {
                if let Some(found) = look_on() {
                    return Some(found);
                }
                if seen.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(limit, look).await.ok().flatten()
    }

    /// The objects of one of the party's own lists.
    #[must_use]
    pub fn own(&self, module: &str) -> Vec<Value> {
        self.state().own.get(module).cloned().unwrap_or_default()
    }

    /// Puts an object into one of the party's own lists, or replaces the one with its id (tokens: uid and type).
    pub fn publish(&self, module: &'static str, object: Value) {
        let mut state = self.state();
        let list = state.own.entry(module).or_default();
        let id = id_of(module, &object).to_string();
        let same = |known: &Value| {
            id_of(module, known).eq_ignore_ascii_case(&id) && (module != "tokens" || known["type"] == object["type"])
        };
        match list.iter_mut().find(|known| same(known)) {
            Some(known) => *known = object,
            None => list.push(object),
        }
    }

    /// Replaces one of the party's own lists.
    pub fn set_own(&self, module: &'static str, objects: Vec<Value>) {
        self.state().own.insert(module, objects);
    }

    /// Serves exactly these objects as the module's list, valid or not, until the guard is dropped.
    #[must_use]
    pub fn serve_list(&self, module: &'static str, objects: Vec<Value>) -> ListGuard {
        self.state().fixed_page.insert(module, objects);
        ListGuard { party: self.clone(), module }
    }

    /// Makes the next real-time authorizations of this uid answer so; `None` forgets it.
    pub fn answer_authorize(&self, uid: &str, answer: Value) {
        self.state().answers.insert(uid.to_ascii_uppercase(), answer);
    }

    fn credentials_object(&self, token: &str) -> Value {
        let odd = ["HUB", "SCSP"].into_iter().find(|role| self.has(&format!("plays-{}", role.to_lowercase())));
        let roles: Vec<Value> = self
            .0
            .config
            .roles
            .iter()
            .map(|(role, owner)| {
                json!({
                    "role": odd.unwrap_or(role.as_str()), "country_code": owner.country_code, "party_id": owner.party_id,
                    "business_details": {"name": self.0.config.name}
                })
            })
            .collect();
        json!({"token": token, "url": self.versions_url(), "roles": roles})
    }

    /// A credentials object of this party with the given token.
    #[must_use]
    pub fn credentials(&self, token: &str) -> Value {
        self.credentials_object(token)
    }
}

/// Switches faults off when dropped.
#[derive(Debug)]
pub struct FaultGuard {
    party: Party,
    faults: Vec<String>,
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        let mut state = self.party.state();
        for fault in &self.faults {
            state.faults.remove(fault);
        }
    }
}

/// Puts the ordinary list back when dropped.
#[derive(Debug)]
pub struct ListGuard {
    party: Party,
    module: &'static str,
}

impl Drop for ListGuard {
    fn drop(&mut self) {
        self.party.state().fixed_page.remove(self.module);
    }
}

/// A token in printable ASCII whose Base64 needs padding.
#[must_use]
pub fn new_token() -> String {
    format!("tk~{}", uuid::Uuid::new_v4())
}

/// The id field of a module's objects.
pub(crate) fn id_of<'v>(module: &str, object: &'v Value) -> &'v str {
    object[if module == "tokens" { "uid" } else { "id" }].as_str().unwrap_or("")
}
