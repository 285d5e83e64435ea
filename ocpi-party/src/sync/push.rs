//! Sending what peers are behind on.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{FutureExt, StreamExt};
use ocpi_http::{CallError, FailureClass};
use ocpi_types::{DateTime, ModuleId};
use sqlx::Row;

use super::lease::Lease;
use super::outage;
use super::{Behind, Outbox, PushSummary};
use crate::app::Shutdown;
use crate::peers::{self, Peer, PeerStatus};
use crate::{DbError, Party, Tx, registration};

/// How many peers are served at the same time.
const PEERS_AT_ONCE: usize = 16;

/// How long a delivery that failed by our own fault is put off.
const POSTPONED: Duration = Duration::from_mins(1);

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
        let outcome = Outcome::of(result);
        match &outcome {
            Outcome::Delivered(_) => summary.delivered += 1,
            Outcome::Refused(_) => summary.refused += 1,
            Outcome::Postponed(_) => summary.postponed += 1,
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

enum Outcome {
    Delivered(Option<String>),
    Refused(String),
    Postponed(String),
    PeerDown(String, Option<Duration>),
}

impl Outcome {
    fn of(result: Result<Option<String>, CallError>) -> Self {
        match result {
            Ok(note) => Self::Delivered(note),
            Err(error) => match error.class() {
                FailureClass::Refused => Self::Refused(error.to_string()),
                FailureClass::Ours => Self::Postponed(error.to_string()),
                FailureClass::PeerDown => Self::PeerDown(error.to_string(), error.retry_after()),
            },
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::Refused(_) => "refused",
            Self::Postponed(_) => "postponed",
            Self::PeerDown(..) => "unreachable",
        }
    }
}

async fn record(
    party: &Party,
    peer: &Peer,
    behind: Behind,
    outcome: Outcome,
    lease: &mut Lease,
) -> Result<(), DbError> {
    let labels = [
        ("party", party.config.project_name.clone()),
        ("peer", peer.name.clone()),
        ("module", behind.module.clone()),
        ("outcome", outcome.word().to_owned()),
    ];
    metrics::counter!("ocpi_pushes_total", &labels).increment(1);
    let (now, failures) = (party.clock.wall(), lease.failures);
    match outcome {
        Outcome::Delivered(note) => {
            let was_out_of_sync = lease.out_of_sync;
            party.db.write(move |tx| Box::pin(async move { delivered(tx, &behind, note, now).await })).await?;
            if was_out_of_sync {
                tracing::info!(peer = peer.name, "the peer answers again");
                outage::recovered(party, &peer.id).await?;
                party.nudge_puller();
            }
            lease.in_sync();
        }
        Outcome::Refused(message) => {
            tracing::warn!(
                peer = peer.name,
                module = behind.module,
                object = behind.object,
                message,
                "refused by the peer"
            );
            party.db.write(move |tx| Box::pin(async move { refused(tx, &behind, &message, now).await })).await?;
        }
        Outcome::Postponed(message) => {
            tracing::error!(
                peer = peer.name,
                module = behind.module,
                object = behind.object,
                message,
                "cannot be sent"
            );
            let retry_at = later(now, party.jitter(POSTPONED));
            party
                .db
                .write(move |tx| Box::pin(async move { postponed(tx, &behind, &message, now, retry_at).await }))
                .await?;
        }
        Outcome::PeerDown(message, retry_after) => {
            let pause = outage::pause(party, failures + 1).max(retry_after.unwrap_or_default());
            tracing::warn!(peer = peer.name, message, pause = ?pause, "out of sync: the peer cannot be reached");
            let retry_at = later(now, pause);
            outage::note_down(party, &peer.id);
            party
                .db
                .write(move |tx| Box::pin(async move { unreachable(tx, &behind, &message, now, retry_at).await }))
                .await?;
        }
    }
    Ok(())
}

pub(super) fn later(now: DateTime, pause: Duration) -> DateTime {
    now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX / 4)
}

async fn delivered(tx: &mut Tx, behind: &Behind, note: Option<String>, now: DateTime) -> Result<(), DbError> {
    let Behind { peer_id, module, object, version, .. } = behind;
    let cleared =
        sqlx::query("DELETE FROM sync_behind WHERE peer_id = $1 AND module = $2 AND object = $3 AND version = $4")
            .bind(peer_id)
            .bind(module)
            .bind(object)
            .bind(version)
            .execute(&mut **tx)
            .await?;
    if cleared.rows_affected() == 0 {
        // Changed meanwhile: still behind, but what was sent has arrived.
        sqlx::query("UPDATE sync_behind SET retried = 0 WHERE peer_id = $1 AND module = $2 AND object = $3")
            .bind(peer_id)
            .bind(module)
            .bind(object)
            .execute(&mut **tx)
            .await?;
    }
    match note {
        Some(note) => {
            sqlx::query(
                "INSERT INTO sync_notes (peer_id, module, object, note) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (peer_id, module, object) DO UPDATE SET note = excluded.note",
            )
            .bind(peer_id)
            .bind(module)
            .bind(object)
            .bind(note)
            .execute(&mut **tx)
            .await?;
        }
        None if behind.sent_before.is_some() => {
            sqlx::query("DELETE FROM sync_notes WHERE peer_id = $1 AND module = $2 AND object = $3")
                .bind(peer_id)
                .bind(module)
                .bind(object)
                .execute(&mut **tx)
                .await?;
        }
        None => {}
    }
    sqlx::query(
        "UPDATE sync_state SET failures = 0, retry_at = 0, out_of_sync_since = 0, last_error = '', last_push_at = $2 \
         WHERE peer_id = $1",
    )
    .bind(peer_id)
    .bind(now.timestamp_millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn refused(tx: &mut Tx, behind: &Behind, message: &str, now: DateTime) -> Result<(), DbError> {
    let Behind { peer_id, module, object, version, .. } = behind;
    sqlx::query("DELETE FROM sync_behind WHERE peer_id = $1 AND module = $2 AND object = $3 AND version = $4")
        .bind(peer_id)
        .bind(module)
        .bind(object)
        .bind(version)
        .execute(&mut **tx)
        .await?;
    peers::record_finding(tx, peer_id, now, module, object, message).await
}

async fn postponed(
    tx: &mut Tx,
    behind: &Behind,
    message: &str,
    now: DateTime,
    retry_at: DateTime,
) -> Result<(), DbError> {
    let Behind { peer_id, module, object, .. } = behind;
    sqlx::query("UPDATE sync_behind SET retried = 1, retry_at = $4 WHERE peer_id = $1 AND module = $2 AND object = $3")
        .bind(peer_id)
        .bind(module)
        .bind(object)
        .bind(retry_at.timestamp_millis())
        .execute(&mut **tx)
        .await?;
    peers::record_finding(tx, peer_id, now, module, object, message).await
}

async fn unreachable(
    tx: &mut Tx,
    behind: &Behind,
    message: &str,
    now: DateTime,
    retry_at: DateTime,
) -> Result<(), DbError> {
    let Behind { peer_id, module, object, .. } = behind;
    sqlx::query("UPDATE sync_behind SET retried = 1 WHERE peer_id = $1 AND module = $2 AND object = $3")
        .bind(peer_id)
        .bind(module)
        .bind(object)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "UPDATE sync_state SET failures = failures + 1, retry_at = $2, last_error = $3, \
         out_of_sync_since = CASE WHEN out_of_sync_since = 0 THEN $4 ELSE out_of_sync_since END WHERE peer_id = $1",
    )
    .bind(peer_id)
    .bind(retry_at.timestamp_millis())
    .bind(message)
    .bind(now.timestamp_millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
