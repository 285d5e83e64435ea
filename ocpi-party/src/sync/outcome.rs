//! How a delivery ended, and what is written down about it.

use std::time::Duration;

use http::StatusCode;
use ocpi_http::{CallError, FailureClass};
use ocpi_types::DateTime;

use super::lease::Lease;
use super::push::later;
use super::{Behind, away, outage};
use crate::peers::{self, Peer};
use crate::{DbError, Party, Tx};

/// How long a delivery that failed by our own fault is put off.
const POSTPONED: Duration = Duration::from_mins(1);

/// How a delivery ended.
pub(super) enum Outcome {
    Delivered(Option<String>),
    Refused(String),
    Postponed(String),
    Held(CallError),
    PeerDown(String, Option<Duration>),
}

impl Outcome {
    /// `behind` is what was to be delivered.
    pub(super) fn of(result: Result<Option<String>, CallError>, behind: &Behind) -> Self {
        match result {
            Ok(note) => Self::Delivered(note),
            Err(error) => match error.class() {
                // HTTP 400 says that the body cannot be read. It was right when it left us, so that it may have been damaged on
                // its way: the whole object is sent once more before that counts as a refusal.
                FailureClass::Refused if error.http() == Some(StatusCode::BAD_REQUEST) && !behind.retried => {
                    Self::Postponed(error.to_string())
                }
                FailureClass::Refused => Self::Refused(error.to_string()),
                FailureClass::Away => Self::Held(error),
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
            Self::Held(_) => "held",
            Self::PeerDown(..) => "unreachable",
        }
    }
}

/// Writes down how a delivery ended: the mark, the note, the state of the peer.
pub(super) async fn record(
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
        Outcome::Held(error) => away::hold(party, peer, behind, error).await?,
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
