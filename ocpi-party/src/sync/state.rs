//! How far we are with a peer, in both directions: leases, failures, pauses, and what an operator is shown.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ocpi_types::DateTime;
use sqlx::Row;

use super::push::later;
use crate::db::Backend;
use crate::peers::store_time as time;
use crate::{DbError, Party, Tx};

/// The right to push to a peer, for a time.
pub(super) struct Lease {
    peer_id: String,
    holder: String,
    until: DateTime,
    /// Failures in a row when it was taken.
    pub(super) failures: u32,
    /// The peer was out of sync when it was taken.
    pub(super) out_of_sync: bool,
}

/// Long enough for a delivery to time out twice, so that a lease outlives every delivery that it was taken for.
fn lease_time(party: &Party) -> Duration {
    (party.config.client_timeout() * 3).max(Duration::from_secs(60))
}

impl Lease {
    /// Takes the lease if nobody has it. A lease that ran out tells that its holder died: what it was delivering may have
    /// arrived.
    pub(super) async fn take(party: &Party, peer_id: &str) -> Result<Option<Self>, DbError> {
        static ROUND: AtomicUsize = AtomicUsize::new(0);
        let now = party.clock.wall();
        let until = later(now, lease_time(party));
        let holder = format!("{}/{}", party.instance(), ROUND.fetch_add(1, Ordering::Relaxed));
        let (id, name) = (peer_id.to_owned(), holder.clone());
        let taken = party.db.write(move |tx| Box::pin(async move { take(tx, &id, &name, now, until).await })).await?;
        Ok(taken.map(|(failures, out_of_sync)| Self {
            peer_id: peer_id.to_owned(),
            holder,
            until,
            failures,
            out_of_sync,
        }))
    }

    /// Extends the lease when half of it is over; `false` when somebody else has taken it meanwhile.
    pub(super) async fn keep(&mut self, party: &Party) -> Result<bool, DbError> {
        let now = party.clock.wall();
        if later(now, lease_time(party) / 2) < self.until {
            return Ok(true);
        }
        self.until = later(now, lease_time(party));
        Ok(self.set_until(party, self.until.timestamp_millis(), self.holder.clone()).await?)
    }

    /// Called after a delivery.
    pub(super) fn in_sync(&mut self) {
        (self.failures, self.out_of_sync) = (0, false);
    }

    pub(super) async fn give_back(self, party: &Party) -> Result<(), DbError> {
        self.set_until(party, 0, String::new()).await.map(|_| ())
    }

    async fn set_until(&self, party: &Party, until: i64, holder: String) -> Result<bool, DbError> {
        let (peer_id, mine) = (self.peer_id.clone(), self.holder.clone());
        party
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let set = sqlx::query(
                        "UPDATE sync_state SET lease_holder = $1, lease_until = $2 WHERE peer_id = $3 AND lease_holder = $4",
                    )
                    .bind(holder)
                    .bind(until)
                    .bind(peer_id)
                    .bind(mine)
                    .execute(&mut **tx)
                    .await?;
                    Ok(set.rows_affected() > 0)
                })
            })
            .await
    }
}

async fn take(
    tx: &mut Tx,
    peer_id: &str,
    holder: &str,
    now: DateTime,
    until: DateTime,
) -> Result<Option<(u32, bool)>, DbError> {
    let select = format!("SELECT lease_holder FROM sync_state WHERE peer_id = $1{}", tx.for_update());
    let before: Option<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(select)).bind(peer_id).fetch_optional(&mut **tx).await?;
    let row = sqlx::query(
        "INSERT INTO sync_state (peer_id, lease_holder, lease_until) VALUES ($1, $2, $3) \
         ON CONFLICT (peer_id) DO UPDATE SET lease_holder = excluded.lease_holder, lease_until = excluded.lease_until \
         WHERE sync_state.lease_until <= $4 RETURNING failures, out_of_sync_since",
    )
    .bind(peer_id)
    .bind(holder)
    .bind(until.timestamp_millis())
    .bind(now.timestamp_millis())
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if before.is_some_and(|holder| !holder.is_empty()) {
        tracing::warn!(peer_id, "whoever pushed to this peer before has died; sending whole objects");
        sqlx::query("UPDATE sync_behind SET retried = 1 WHERE peer_id = $1").bind(peer_id).execute(&mut **tx).await?;
    }
    let failures: i64 = row.try_get("failures")?;
    Ok(Some((u32::try_from(failures).unwrap_or(u32::MAX), row.try_get::<i64, _>("out_of_sync_since")? != 0)))
}

/// The pause after so many failures in a row: doubling, with jitter, never longer than configured.
pub(super) fn pause(party: &Party, failures: u32) -> Duration {
    let config = &party.config;
    let doubled = config.retry_min_seconds.saturating_mul(1 << failures.saturating_sub(1).min(30));
    party.jitter(Duration::from_secs(doubled.min(config.retry_max_seconds).max(1)))
}

/// The peer answers again: what it has changed meanwhile is fetched.
pub(super) async fn recovered(party: &Party, peer_id: &str) -> Result<(), DbError> {
    forget_down(party, peer_id);
    let peer_id = peer_id.to_owned();
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                sqlx::query("UPDATE sync_pulls SET next_at = 0 WHERE peer_id = $1").bind(peer_id).execute(&mut **tx).await?;
                Ok(())
            })
        })
        .await
}

/// Peers that could not be reached a moment ago, by the time of the failure.
#[derive(Default)]
pub(crate) struct Down {
    any: AtomicBool,
    since: Mutex<HashMap<String, Instant>>,
}

pub(super) fn note_down(party: &Party, peer_id: &str) {
    let down = party.down();
    down.since.lock().unwrap_or_else(PoisonError::into_inner).insert(peer_id.to_owned(), Instant::now());
    down.any.store(true, Ordering::Release);
}

fn forget_down(party: &Party, peer_id: &str) -> Option<Instant> {
    let down = party.down();
    let mut since = down.since.lock().unwrap_or_else(PoisonError::into_inner);
    let failed_at = since.remove(peer_id);
    down.any.store(!since.is_empty(), Ordering::Release);
    failed_at
}

/// The peer has called us: if it could not be reached a moment ago, it can most likely be reached now.
pub(crate) fn alive(party: &Party, peer_id: &str) {
    if !party.down().any.load(Ordering::Acquire) {
        return;
    }
    let shortest = Duration::from_secs(party.config.retry_min_seconds);
    let down = party.down();
    let failed_at = down.since.lock().unwrap_or_else(PoisonError::into_inner).get(peer_id).copied();
    if failed_at.is_some_and(|at| at.elapsed() >= shortest) {
        forget_down(party, peer_id);
        let (party, peer_id) = (party.clone(), peer_id.to_owned());
        tokio::spawn(async move {
            let stored = party.db.write(move |tx| {
                Box::pin(async move {
                    sqlx::query("UPDATE sync_state SET retry_at = 0 WHERE peer_id = $1")
                        .bind(peer_id)
                        .execute(&mut **tx)
                        .await?;
                    Ok::<_, DbError>(())
                })
            });
            match stored.await {
                Ok(()) => party.nudge(),
                Err(error) => tracing::error!(error = error.chain(), "a pause could not be ended"),
            }
        });
    }
}

/// Called before the background tasks start. On SQLite this process is the only one that pushes and pulls: leases that are
/// still there are those of a process that died. Everything that waits is tried at once, and every peer is pulled from.
pub async fn resume(party: &Party) -> Result<(), DbError> {
    let alone = party.db.backend() == Backend::Sqlite;
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                if alone {
                    sqlx::query(
                        "UPDATE sync_behind SET retried = 1 WHERE peer_id IN \
                         (SELECT peer_id FROM sync_state WHERE lease_holder <> '')",
                    )
                    .execute(&mut **tx)
                    .await?;
                    for table in ["sync_state", "sync_pulls"] {
                        let free = format!("UPDATE {table} SET lease_holder = '', lease_until = 0");
                        sqlx::query(sqlx::AssertSqlSafe(free)).execute(&mut **tx).await?;
                    }
                }
                sqlx::query("UPDATE sync_state SET retry_at = 0").execute(&mut **tx).await?;
                sqlx::query("UPDATE sync_pulls SET next_at = 0").execute(&mut **tx).await?;
                Ok(())
            })
        })
        .await
}

/// A new or renewed registration: the peer's lists are fetched completely.
pub(crate) async fn after_registration(tx: &mut Tx, peer_id: &str) -> Result<(), DbError> {
    sqlx::query("UPDATE sync_pulls SET next_at = 0, full_pull = 1 WHERE peer_id = $1")
        .bind(peer_id)
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE sync_state SET retry_at = 0 WHERE peer_id = $1").bind(peer_id).execute(&mut **tx).await?;
    Ok(())
}

/// An operator wants both directions to be brought up to date now; `full` sends and fetches everything.
pub(crate) async fn request_sync(party: &Party, peer_id: &str, full: bool) -> Result<(), DbError> {
    let (peer_id, pushed) = (peer_id.to_owned(), party.pushed);
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                if full {
                    for (module, table) in pushed {
                        super::mark_everything(tx, &peer_id, module.clone(), *table).await?;
                    }
                    sqlx::query("UPDATE sync_pulls SET full_pull = 1 WHERE peer_id = $1")
                        .bind(&peer_id)
                        .execute(&mut **tx)
                        .await?;
                }
                for statement in [
                    "UPDATE sync_pulls SET next_at = 0 WHERE peer_id = $1",
                    "UPDATE sync_state SET retry_at = 0 WHERE peer_id = $1",
                    "UPDATE sync_behind SET retry_at = 0 WHERE peer_id = $1",
                ] {
                    sqlx::query(statement).bind(&peer_id).execute(&mut **tx).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?;
    party.nudge();
    party.nudge_puller();
    Ok(())
}

/// How far we are with a peer.
#[derive(Debug, Clone, Default)]
pub struct SyncState {
    /// What we send.
    pub push: PushState,
    /// What we fetch, by module.
    pub pulls: Vec<PullState>,
    /// What an operator should know, the newest first.
    pub findings: Vec<Finding>,
}

/// How pushing to a peer goes.
#[derive(Debug, Clone, Default)]
pub struct PushState {
    /// How many objects it is behind on, by module.
    pub behind: BTreeMap<String, u64>,
    /// Since when it cannot be reached.
    pub out_of_sync_since: Option<DateTime>,
    /// Failures in a row.
    pub failures: u64,
    /// When it is tried again.
    pub retry_at: Option<DateTime>,
    /// The last successful delivery.
    pub last_push_at: Option<DateTime>,
    /// Why the last delivery failed.
    pub last_error: Option<String>,
}

/// How pulling one module from a peer goes.
#[derive(Debug, Clone)]
pub struct PullState {
    /// The module.
    pub module: String,
    /// When the last complete run through the list began.
    pub last_success: Option<DateTime>,
    /// When the last try began.
    pub last_attempt: Option<DateTime>,
    /// When the next is due.
    pub next_at: Option<DateTime>,
    /// Failures in a row.
    pub failures: u64,
    /// How many objects the last successful pull saw.
    pub objects: u64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// Something that an operator should know about a peer.
#[derive(Debug, Clone)]
pub struct Finding {
    /// When it was found.
    pub at: DateTime,
    /// In which module.
    pub module: String,
    /// Which object; empty when it is about none.
    pub object: String,
    /// What it is.
    pub message: String,
}

/// How far we are with a peer, for the operator.
pub async fn sync_state(party: &Party, peer_id: &str) -> Result<SyncState, DbError> {
    Ok(SyncState {
        push: push_state(party, peer_id).await?,
        pulls: pull_states(party, peer_id).await?,
        findings: findings(party, peer_id).await?,
    })
}

async fn push_state(party: &Party, peer_id: &str) -> Result<PushState, DbError> {
    let counts = sqlx::query("SELECT module, COUNT(*) AS marks FROM sync_behind WHERE peer_id = $1 GROUP BY module")
        .bind(peer_id)
        .fetch_all(party.db.read())
        .await?;
    let mut state = PushState::default();
    for row in counts {
        state.behind.insert(row.try_get("module")?, count(row.try_get("marks")?));
    }
    let row = sqlx::query("SELECT * FROM sync_state WHERE peer_id = $1").bind(peer_id).fetch_optional(party.db.read());
    if let Some(row) = row.await? {
        state.out_of_sync_since = time(row.try_get("out_of_sync_since")?);
        state.failures = count(row.try_get("failures")?);
        state.retry_at = time(row.try_get("retry_at")?);
        state.last_push_at = time(row.try_get("last_push_at")?);
        state.last_error = text(row.try_get("last_error")?);
    }
    Ok(state)
}

async fn pull_states(party: &Party, peer_id: &str) -> Result<Vec<PullState>, DbError> {
    let rows = sqlx::query("SELECT * FROM sync_pulls WHERE peer_id = $1 ORDER BY module").bind(peer_id);
    let read = |row: &sqlx::any::AnyRow| {
        Ok(PullState {
            module: row.try_get("module")?,
            last_success: time(row.try_get("last_success")?),
            last_attempt: time(row.try_get("last_attempt")?),
            next_at: time(row.try_get("next_at")?),
            failures: count(row.try_get("failures")?),
            objects: count(row.try_get("objects")?),
            last_error: text(row.try_get("last_error")?),
        })
    };
    rows.fetch_all(party.db.read()).await?.iter().map(read).collect()
}

async fn findings(party: &Party, peer_id: &str) -> Result<Vec<Finding>, DbError> {
    let rows = sqlx::query("SELECT at, module, object, message FROM peer_findings WHERE peer_id = $1 ORDER BY seq DESC")
        .bind(peer_id)
        .fetch_all(party.db.read())
        .await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Finding {
            at: time(row.try_get("at")?).unwrap_or_default(),
            module: row.try_get("module")?,
            object: row.try_get("object")?,
            message: row.try_get("message")?,
        })
    };
    rows.iter().map(read).collect()
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
