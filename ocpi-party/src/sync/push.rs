//! Sending what peers are behind on.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{FutureExt, StreamExt};
use ocpi_http::CallError;
use ocpi_types::{DateTime, ModuleId};
use sqlx::Row;

use super::lease::Lease;
use super::outcome::{Outcome, record};
use super::{Behind, Outbox, PushSummary};
use crate::app::Shutdown;
use crate::peers::{Peer, PeerStatus};
use crate::{DbError, Party, registration};

/// How many peers are served at the same time.
const PEERS_AT_ONCE: usize = 16;

/// One round: sends everything that was marked before this call to every peer that is due, one object after the other per
/// peer. For tests and for the pusher.
pub async fn push_due(party: &Party, outbox: &impl Outbox) -> PushSummary {
    push_round(party, outbox, &Shutdown::new()).await
}

pub(super) async fn push_round(party: &Party, outbox: &impl Outbox, shutdown: &Shutdown) -> PushSummary {
    let up_to = party.db.seq();
    let due = match due_peers(party).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(error = error.chain(), "cannot find out who is behind");
            return PushSummary::default();
        }
    };
    let rounds = due.into_iter().map(|peer_id| async move {
        let pushed = push_peer(party, outbox, &peer_id, up_to, shutdown).await;
        pushed.unwrap_or_else(|error| {
            tracing::error!(peer = peer_id, error = error.chain(), "pushing stopped");
            PushSummary::default()
        })
    });
    futures_util::stream::iter(rounds)
        .buffer_unordered(PEERS_AT_ONCE)
        .fold(PushSummary::default(), |sum, one| async move {
            PushSummary {
                delivered: sum.delivered + one.delivered,
                refused: sum.refused + one.refused,
                postponed: sum.postponed + one.postponed,
                held: sum.held + one.held,
                unreachable: sum.unreachable + one.unreachable,
            }
        })
        .await
}

async fn due_peers(party: &Party) -> Result<Vec<String>, DbError> {
    let now = party.clock.wall().timestamp_millis();
    let rows = sqlx::query(
        "SELECT DISTINCT b.peer_id AS peer_id FROM sync_behind b LEFT JOIN sync_state s ON s.peer_id = b.peer_id \
         WHERE b.retry_at <= $1 AND COALESCE(s.retry_at, 0) <= $1 AND COALESCE(s.lease_until, 0) <= $1",
    )
    .bind(now)
    .fetch_all(party.db.read())
    .await?;
    rows.iter().map(|row| Ok(row.try_get("peer_id")?)).collect()
}

async fn push_peer(
    party: &Party,
    outbox: &impl Outbox,
    peer_id: &str,
    up_to: i64,
    shutdown: &Shutdown,
) -> Result<PushSummary, DbError> {
    let mut summary = PushSummary::default();
    let Some(mut lease) = Lease::take(party, peer_id).await? else { return Ok(summary) };
    // Every object once per round, whatever happens to its mark meanwhile.
    let mut tried = HashSet::new();
    while !shutdown.is_triggered() && lease.keep(party).await? {
        let Some(peer) = registered(party, peer_id).await? else { break };
        let Some(behind) = next_mark(party, peer_id, up_to).await? else { break };
        if !tried.insert((behind.module.clone(), behind.object.clone(), behind.version)) {
            break;
        }
        let result = deliver(party, outbox, &peer, &behind).await;
        let outcome = Outcome::of(result, &behind);
        match &outcome {
            Outcome::Delivered(_) => summary.delivered += 1,
            Outcome::Refused(_) => summary.refused += 1,
            Outcome::Postponed(_) => summary.postponed += 1,
            Outcome::Held(_) => summary.held += 1,
            Outcome::PeerDown(..) => summary.unreachable += 1,
        }
        let stop = matches!(outcome, Outcome::PeerDown(..));
        record(party, &peer, behind, outcome, &mut lease).await?;
        if stop {
            break;
        }
    }
    lease.give_back(party).await?;
    Ok(summary)
}

async fn registered(party: &Party, peer_id: &str) -> Result<Option<Arc<Peer>>, DbError> {
    Ok(party.peers.get(peer_id).await?.filter(|peer| peer.status == PeerStatus::Registered))
}

async fn next_mark(party: &Party, peer_id: &str, up_to: i64) -> Result<Option<Behind>, DbError> {
    let row = sqlx::query(
        "SELECT b.module AS module, b.object AS object, b.version AS version, b.retried AS retried, n.note AS note \
         FROM sync_behind b LEFT JOIN sync_notes n \
         ON n.peer_id = b.peer_id AND n.module = b.module AND n.object = b.object \
         WHERE b.peer_id = $1 AND b.version <= $2 AND b.retry_at <= $3 ORDER BY b.version, b.object LIMIT 1",
    )
    .bind(peer_id)
    .bind(up_to)
    .bind(party.clock.wall().timestamp_millis())
    .fetch_optional(party.db.read())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Behind {
        peer_id: peer_id.to_owned(),
        module: row.try_get("module")?,
        object: row.try_get("object")?,
        version: row.try_get("version")?,
        retried: row.try_get::<i64, _>("retried")? != 0,
        sent_before: row.try_get("note")?,
    }))
}

async fn deliver(
    party: &Party,
    outbox: &impl Outbox,
    peer: &Peer,
    behind: &Behind,
) -> Result<Option<String>, CallError> {
    let work = async {
        if behind.module == ModuleId::Credentials.as_str() {
            registration::send_credentials(party, peer).await.map(|()| None)
        } else {
            outbox.deliver(peer, behind).await
        }
    };
    let panicked = |_| Err(CallError::Request("sending panicked; see the log".to_owned()));
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(panicked)
}

pub(super) fn later(now: DateTime, pause: Duration) -> DateTime {
    now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX / 4)
}
