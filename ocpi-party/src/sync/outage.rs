//! Peers that cannot be reached: how long they are left alone, and what ends that early.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{DbError, Party};

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
                sqlx::query("UPDATE sync_pulls SET next_at = 0 WHERE peer_id = $1")
                    .bind(peer_id)
                    .execute(&mut **tx)
                    .await?;
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
