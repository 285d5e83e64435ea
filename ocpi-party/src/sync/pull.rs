//! Fetching what peers have changed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{FutureExt, StreamExt};
use ocpi_http::{CallError, FailureClass};
use ocpi_types::{DateTime, InterfaceRole, ModuleId};
use sqlx::Row;

use super::push::later;
use super::{Inbox, PullSummary, outage};
use crate::peers::{self, Peer, PeerStatus, store_time as time};
use crate::{DbError, Party, Tx, hubclientinfo};

/// `date_from` is this much before the last success: the clocks of two platforms are never quite the same.
const OVERLAP: TimeDelta = TimeDelta::minutes(1);

/// How long a pull may take before another instance may begin it again.
const LEASE: Duration = Duration::from_mins(10);

/// How many objects that were left out are recorded per pull.
const SKIPPED_SHOWN: usize = 20;

/// How many peers are pulled from at the same time.
const PEERS_AT_ONCE: usize = 4;

/// One round: pulls every module that is due from every registered peer that offers it. For tests and for the puller.
pub async fn pull_due(party: &Party, inbox: &impl Inbox) -> PullSummary {
    let peers = match party.peers.registered().await {
        Ok(peers) => peers,
        Err(error) => {
            tracing::error!(error = error.chain(), "cannot find out whom to pull from");
            return PullSummary::default();
        }
    };
    let rounds = peers.into_iter().map(|peer| async move { pull_peer(party, inbox, &peer).await });
    let add_one = |mut sum, one| async move {
        add(&mut sum, one);
        sum
    };
    futures_util::stream::iter(rounds).buffer_unordered(PEERS_AT_ONCE).fold(PullSummary::default(), add_one).await
}

async fn pull_peer(party: &Party, inbox: &impl Inbox, peer: &Arc<Peer>) -> PullSummary {
    let mut sum = PullSummary::default();
    for module in modules(inbox, peer) {
        match pull_module(party, inbox, peer, module, When::Due).await {
            Ok(Some(Ok(summary))) => add(&mut sum, summary),
            // A peer that cannot be reached for one module cannot be reached for the next.
            Ok(Some(Err(error))) if error.class() == FailureClass::PeerDown => break,
            Ok(None | Some(Err(_))) => {}
            Err(error) => tracing::error!(peer = peer.name, error = error.chain(), "a pull stopped"),
        }
    }
    sum
}

/// What is pulled from a peer: from a hub first who is there, since that decides whom else to ask through it.
fn modules(inbox: &impl Inbox, peer: &Peer) -> Vec<&'static ModuleId> {
    let hub: &'static [ModuleId] = if peer.is_hub() { &[ModuleId::Hubclientinfo] } else { &[] };
    hub.iter().chain(inbox.modules()).collect()
}

async fn fetch(
    party: &Party,
    inbox: &impl Inbox,
    peer: &Arc<Peer>,
    module: &ModuleId,
    since: Option<DateTime>,
) -> Result<PullSummary, CallError> {
    if *module == ModuleId::Hubclientinfo {
        return hubclientinfo::pull(party, peer, since).await;
    }
    if !peer.is_hub() {
        return inbox.pull(peer, module, since).await;
    }
    // Who is behind a hub may have been learned a moment ago; the registration may also have ended.
    let known = party.peers.get(&peer.id).await.map_err(|error| CallError::Request(error.to_string()))?;
    let Some(known) = known.filter(|peer| peer.status == PeerStatus::Registered) else {
        return Err(CallError::Request("the registration has ended".to_owned()));
    };
    inbox.pull(&known, module, since).await
}

/// Pulls all modules from one peer now; `full` without `date_from`. `None` when there is no such registered peer.
pub async fn pull_now(
    party: &Party,
    inbox: &impl Inbox,
    peer_id: &str,
    full: bool,
) -> Result<Option<Result<PullSummary, CallError>>, DbError> {
    let peer = party.peers.get(peer_id).await?.filter(|peer| peer.status == PeerStatus::Registered);
    let Some(peer) = peer else { return Ok(None) };
    let mut sum = PullSummary::default();
    for module in modules(inbox, &peer) {
        match pull_module(party, inbox, &peer, module, When::Now { full }).await? {
            Some(Ok(summary)) => add(&mut sum, summary),
            Some(Err(error)) => return Ok(Some(Err(error))),
            None => {}
        }
    }
    Ok(Some(Ok(sum)))
}

fn add(sum: &mut PullSummary, one: PullSummary) {
    sum.seen += one.seen;
    sum.stored += one.stored;
    sum.skipped.extend(one.skipped);
}

#[derive(Clone, Copy)]
enum When {
    Due,
    Now { full: bool },
}

struct Begun {
    holder: String,
    at: DateTime,
    since: Option<DateTime>,
    failures: u32,
}

/// `None` when the peer does not offer the module, it is not due, or somebody else is at it.
async fn pull_module(
    party: &Party,
    inbox: &impl Inbox,
    peer: &Arc<Peer>,
    module: &ModuleId,
    when: When,
) -> Result<Option<Result<PullSummary, CallError>>, DbError> {
    if peer.endpoint(module, &InterfaceRole::Sender).is_none() {
        return Ok(None);
    }
    let Some(begun) = begin(party, peer, module, when).await? else { return Ok(None) };
    let panicked = |_| Err(CallError::Request("pulling panicked; see the log".to_owned()));
    let work = AssertUnwindSafe(fetch(party, inbox, peer, module, begun.since)).catch_unwind();
    let result = work.await.unwrap_or_else(panicked);
    let outcome = result.as_ref().map_or("failed", |_| "complete");
    let labels = [
        ("party", party.config.project_name.clone()),
        ("peer", peer.name.clone()),
        ("module", module.as_str().to_owned()),
        ("outcome", outcome.to_owned()),
    ];
    metrics::counter!("ocpi_pulls_total", &labels).increment(1);
    match &result {
        Ok(summary) => complete(party, peer, module, begun, summary).await?,
        Err(error) => failed(party, peer, module, begun, error).await?,
    }
    Ok(Some(result))
}

async fn begin(party: &Party, peer: &Peer, module: &ModuleId, when: When) -> Result<Option<Begun>, DbError> {
    let (peer_id, module) = (peer.id.clone(), module.as_str().to_owned());
    let (now, at) = (party.clock.wall(), party.clock.now());
    let holder = format!("{}/{}", party.instance(), party.db.seq());
    let full_every = TimeDelta::try_seconds(party.config.full_pull_interval_seconds.try_into().unwrap_or(i64::MAX));
    let lease = holder.clone();
    let row = party.db.write(move |tx| {
        Box::pin(async move { take(tx, &peer_id, &module, &lease, now, matches!(when, When::Due)).await })
    });
    let Some(taken) = row.await? else { return Ok(None) };
    let overdue = full_every.is_some_and(|every| taken.last_full.is_none_or(|last| now - last >= every));
    let full = taken.full || overdue || matches!(when, When::Now { full: true });
    let since = taken.last_success.filter(|_| !full).map(|last| last - OVERLAP);
    Ok(Some(Begun { holder, at, since, failures: taken.failures }))
}

struct Taken {
    last_success: Option<DateTime>,
    last_full: Option<DateTime>,
    full: bool,
    failures: u32,
}

async fn take(
    tx: &mut Tx,
    peer_id: &str,
    module: &str,
    holder: &str,
    now: DateTime,
    only_when_due: bool,
) -> Result<Option<Taken>, DbError> {
    sqlx::query("INSERT INTO sync_pulls (peer_id, module) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(peer_id)
        .bind(module)
        .execute(&mut **tx)
        .await?;
    // While this pull runs, `next_at` 0 and `full_pull` 1 say that the next one was asked for: it may have come too late for this one.
    let row = sqlx::query(
        "UPDATE sync_pulls SET lease_holder = $3, lease_until = $4, last_attempt = $5, next_at = $5, \
         full_pull = CASE WHEN full_pull <> 0 THEN 2 ELSE 0 END \
         WHERE peer_id = $1 AND module = $2 AND lease_until <= $5 AND next_at <= $6 \
         RETURNING last_success, last_full, full_pull, failures",
    )
    .bind(peer_id)
    .bind(module)
    .bind(holder)
    .bind(later(now, LEASE).timestamp_millis())
    .bind(now.timestamp_millis())
    .bind(if only_when_due { now.timestamp_millis() } else { i64::MAX })
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Taken {
        last_success: time(row.try_get("last_success")?),
        last_full: time(row.try_get("last_full")?),
        full: row.try_get::<i64, _>("full_pull")? != 0,
        failures: u32::try_from(row.try_get::<i64, _>("failures")?).unwrap_or(u32::MAX),
    }))
}

async fn complete(
    party: &Party,
    peer: &Peer,
    module: &ModuleId,
    begun: Begun,
    summary: &PullSummary,
) -> Result<(), DbError> {
    tracing::info!(
        peer = peer.name,
        module = module.as_str(),
        seen = summary.seen,
        stored = summary.stored,
        skipped = summary.skipped.len(),
        "pulled"
    );
    let now = party.clock.wall();
    let next_at = later(now, party.jitter(Duration::from_secs(party.config.pull_interval_seconds)));
    let (peer_id, module, seen) = (peer.id.clone(), module.as_str().to_owned(), summary.seen);
    let skipped: Vec<_> = summary.skipped.iter().take(SKIPPED_SHOWN).cloned().collect();
    let more = summary.skipped.len().saturating_sub(SKIPPED_SHOWN);
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                for skipped in &skipped {
                    let message = format!("left out of a pull: {}", skipped.reason);
                    peers::record_finding(tx, &peer_id, now, &module, &skipped.object, &message).await?;
                }
                if more > 0 {
                    let message = format!("{more} more objects were left out of the same pull");
                    peers::record_finding(tx, &peer_id, now, &module, "", &message).await?;
                }
                let full = i64::from(begun.since.is_none());
                sqlx::query(
                    "UPDATE sync_pulls SET last_success = $4, next_at = CASE WHEN next_at = 0 THEN 0 ELSE $5 END, objects = $6, failures = 0, last_error = '', \
                     last_full = CASE WHEN $7 = 1 THEN $8 ELSE last_full END, \
                     full_pull = CASE WHEN $7 = 1 AND full_pull <> 1 THEN 0 ELSE full_pull END, \
                     lease_holder = '', lease_until = 0 \
                     WHERE peer_id = $1 AND module = $2 AND lease_holder = $3",
                )
                .bind(&peer_id)
                .bind(&module)
                .bind(begun.holder)
                .bind(begun.at.timestamp_millis())
                .bind(next_at.timestamp_millis())
                .bind(i64::try_from(seen).unwrap_or(i64::MAX))
                .bind(full)
                .bind(now.timestamp_millis())
                .execute(&mut **tx)
                .await?;
                // Whoever can be pulled from can be pushed to.
                sqlx::query("UPDATE sync_state SET retry_at = 0 WHERE peer_id = $1 AND failures > 0")
                    .bind(&peer_id)
                    .execute(&mut **tx)
                    .await?;
                Ok::<_, DbError>(())
            })
        })
        .await?;
    party.nudge();
    Ok(())
}

async fn failed(party: &Party, peer: &Peer, module: &ModuleId, begun: Begun, error: &CallError) -> Result<(), DbError> {
    let pause = outage::pause(party, begun.failures.saturating_add(1)).max(error.retry_after().unwrap_or_default());
    tracing::warn!(peer = peer.name, module = module.as_str(), %error, pause = ?pause, "a pull failed");
    let now = party.clock.wall();
    let next_at = later(now, pause);
    let (peer_id, module, message) = (peer.id.clone(), module.as_str().to_owned(), error.to_string());
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                if begun.failures == 0 {
                    peers::record_finding(tx, &peer_id, now, &module, "", &format!("a pull failed: {message}")).await?;
                }
                sqlx::query(
                    "UPDATE sync_pulls SET failures = failures + 1, next_at = CASE WHEN next_at = 0 THEN 0 ELSE $4 END, last_error = $5, lease_holder = '', \
                     lease_until = 0 WHERE peer_id = $1 AND module = $2 AND lease_holder = $3",
                )
                .bind(&peer_id)
                .bind(&module)
                .bind(begun.holder)
                .bind(next_at.timestamp_millis())
                .bind(message)
                .execute(&mut **tx)
                .await?;
                Ok(())
            })
        })
        .await
}
