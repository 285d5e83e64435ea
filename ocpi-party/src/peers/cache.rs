//! All peers and their tokens in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ocpi_http::{Clock, Secret, TokenForm};
use ocpi_types::{ConnectionStatus, DateTime, PartyId, Role};
use subtle::ConstantTimeEq;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::store;
use super::{Peer, TokenKind, token_hash};
use crate::{Db, DbError};

/// The tables that the memory mirrors: whoever writes to one of them touches this name.
pub(crate) const PEERS: &str = "peers";

/// How long what other instances change may stay unseen.
const TRUST: Duration = Duration::from_secs(1);

/// How long a peer may take until all of it uses a new token.
const ADOPTION: Duration = Duration::from_mins(5);

/// The peers of this platform.
#[derive(Clone)]
pub struct Peers {
    db: Db,
    clock: Clock,
    generation: Arc<AtomicU64>,
    shared: Arc<Shared>,
}

struct Shared {
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    /// Held while the database is read, so that a burst of requests reads it once.
    reading: tokio::sync::Mutex<()>,
    /// Told about every change made by this process.
    changed: Notify,
}

struct Snapshot {
    generation: u64,
    read_at: Instant,
    by_id: HashMap<String, Arc<Peer>>,
    tokens: HashMap<String, Known>,
}

/// A token that is good at the moment, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) peer: Arc<Peer>,
    pub(crate) kind: TokenKind,
    pub(crate) hash: String,
    /// It has been shown to us before.
    pub(crate) used: bool,
    expires_at: Option<DateTime>,
    created_at: Option<DateTime>,
}

impl Peers {
    /// The peers that this database holds.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        let generation = db.generation(PEERS);
        let shared =
            Shared { snapshot: RwLock::default(), reading: tokio::sync::Mutex::default(), changed: Notify::new() };
        Self { db, clock, generation, shared: Arc::new(shared) }
    }

    /// All peers, whatever their status, in the order in which we heard of them.
    pub async fn all(&self) -> Result<Vec<Arc<Peer>>, DbError> {
        let mut peers: Vec<_> = self.snapshot().await?.by_id.values().cloned().collect();
        peers.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(peers)
    }

    /// The peers with which credentials have been exchanged.
    pub async fn registered(&self) -> Result<Vec<Arc<Peer>>, DbError> {
        let mut peers = self.all().await?;
        peers.retain(|peer| peer.status == super::PeerStatus::Registered);
        Ok(peers)
    }

    /// One peer by our id for it.
    pub async fn get(&self, id: &str) -> Result<Option<Arc<Peer>>, DbError> {
        Ok(self.snapshot().await?.by_id.get(id).cloned())
    }

    /// The registered peer through which a party can be called in this role: the platform that hosts it; else a hub that says
    /// that it is CONNECTED; else a hub that knows it; else a hub that has told nothing about who is behind it.
    pub async fn way_to(&self, party: &PartyId, role: &Role) -> Result<Option<Arc<Peer>>, DbError> {
        let distance = |peer: &Peer| {
            let roles = peer.clients.get(party).into_iter().flatten();
            let status = roles.filter(|(behind, _)| behind == role).map(|(_, status)| status).next();
            match status {
                _ if peer.hosts(party, role.clone()) => Some(0),
                Some(ConnectionStatus::Connected) => Some(1),
                Some(_) => Some(2),
                None if peer.is_hub() && !peer.has_told_clients() => Some(3),
                None => None,
            }
        };
        let ways = self.registered().await?.into_iter().filter_map(|peer| Some((distance(&peer)?, peer)));
        Ok(ways.min_by_key(|(distance, _)| *distance).map(|(_, peer)| peer))
    }

    /// Whose token this is, what it is good for, and which of the ways to read the header was meant.
    pub(crate) async fn known(
        &self,
        candidates: &[(Secret, TokenForm)],
    ) -> Result<Option<(Known, Secret, TokenForm)>, DbError> {
        let hashes: Vec<String> = candidates.iter().map(|(token, _)| token_hash(token)).collect();
        let find = |snapshot: &Snapshot| {
            let mut both = candidates.iter().zip(&hashes);
            both.find_map(|((token, form), hash)| Some((self.valid(snapshot, hash)?, token.clone(), *form)))
        };
        let snapshot = self.snapshot().await?;
        if let Some(found) = find(&snapshot) {
            return Ok(Some(found));
        }
        // Another instance may have issued it a moment ago.
        for hash in &hashes {
            if store::token_exists(&self.db, hash).await? {
                return Ok(find(&*self.read_again(&snapshot).await?));
            }
        }
        Ok(None)
    }

    /// The registered peer that shows a token which was replaced a while ago, although it has never shown the one that
    /// replaced it: that one has not reached it.
    pub(crate) async fn behind_with_tokens(
        &self,
        candidates: &[(Secret, TokenForm)],
    ) -> Result<Option<Arc<Peer>>, DbError> {
        let snapshot = self.snapshot().await?;
        let mut shown = candidates.iter().filter_map(|(token, _)| snapshot.tokens.get(&token_hash(token)));
        let Some(old) = shown.find(|known| known.kind == TokenKind::Old) else { return Ok(None) };
        let mut tokens = snapshot.tokens.values();
        let current = tokens.find(|known| known.kind == TokenKind::Current && known.peer.id == old.peer.id);
        let missing = |current: &Known| {
            let patient = current.created_at.is_some_and(|at| at + ADOPTION <= self.clock.wall());
            !current.used && patient && current.peer.status == super::PeerStatus::Registered
        };
        Ok(current.filter(|current| missing(current)).map(|current| current.peer.clone()))
    }

    fn valid(&self, snapshot: &Snapshot, hash: &str) -> Option<Known> {
        let known = snapshot.tokens.get(hash)?;
        // The table has found it by its hash, whose order says nothing about the token; compared once more in constant time.
        let equal: bool = known.hash.as_bytes().ct_eq(hash.as_bytes()).into();
        let expired = known.expires_at.is_some_and(|at| at <= self.clock.wall());
        (equal && !expired).then(|| known.clone())
    }

    /// Resolves when this process has changed something about its peers after this call.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.shared.changed.notified()
    }

    /// Wakes those who wait for a change. The memory itself notices by the generation of the table.
    pub(crate) fn tell(&self) {
        self.shared.changed.notify_waiters();
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, DbError> {
        if let Some(snapshot) = self.fresh() {
            return Ok(snapshot);
        }
        let _only_one = self.shared.reading.lock().await;
        match self.fresh() {
            Some(snapshot) => Ok(snapshot),
            None => self.read().await,
        }
    }

    async fn read_again(&self, stale: &Arc<Snapshot>) -> Result<Arc<Snapshot>, DbError> {
        let _only_one = self.shared.reading.lock().await;
        match self.current() {
            Some(snapshot) if !Arc::ptr_eq(&snapshot, stale) => Ok(snapshot),
            _ => self.read().await,
        }
    }

    async fn read(&self) -> Result<Arc<Snapshot>, DbError> {
        // Before the query: what changes while it runs makes the snapshot outdated.
        let (generation, read_at) = (self.generation.load(Ordering::Acquire), Instant::now());
        // A peer whose registration ends at this moment must not be seen with endpoints and without a token.
        let mut view = self.db.snapshot().await?;
        let by_id = store::load_peers(&mut view).await?;
        let stored = store::load_tokens(&mut view).await?;
        view.commit().await?;
        let mut tokens = HashMap::new();
        for token in stored {
            let Some(peer) = by_id.get(&token.peer_id).cloned() else { continue };
            let known = Known {
                peer,
                kind: token.kind,
                hash: token.hash.clone(),
                used: token.used,
                expires_at: token.expires_at,
                created_at: token.created_at,
            };
            tokens.insert(token.hash, known);
        }
        let snapshot = Arc::new(Snapshot { generation, read_at, by_id, tokens });
        *self.shared.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.clone());
        Ok(snapshot)
    }

    fn current(&self) -> Option<Arc<Snapshot>> {
        self.shared.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self) -> Option<Arc<Snapshot>> {
        let snapshot = self.current()?;
        let generation = self.generation.load(Ordering::Acquire);
        (snapshot.generation == generation && snapshot.read_at.elapsed() < TRUST).then_some(snapshot)
    }
}

impl std::fmt::Debug for Peers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peers").finish_non_exhaustive()
    }
}
