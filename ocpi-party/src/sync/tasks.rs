//! The background tasks: they do what tests do by hand.

use std::time::Duration;

use sqlx::Row;
use tokio::task::JoinHandle;

use super::pull::pull_due;
use super::push::push_round;
use super::{Inbox, Outbox};
use crate::app::Shutdown;
use crate::{DbError, Party};

/// Even without a nudge the tasks look around this often: for what other instances have left behind.
const LOOK_AROUND: Duration = Duration::from_secs(10);

/// Pauses are never shorter than this, so that a mistake in the bookkeeping cannot become a busy loop.
const SHORTEST: Duration = Duration::from_millis(50);

/// Pushes whenever something has been marked ([`Party::nudge`]) or a pause is over, until `shutdown`.
pub fn spawn_pusher(party: Party, outbox: impl Outbox, shutdown: Shutdown) -> JoinHandle<()> {
    tokio::spawn(async move {
        while !shutdown.is_triggered() {
            push_round(&party, &outbox, &shutdown).await;
            let pause = next_push(&party).await;
            tokio::select! {
                () = party.wait_for_nudge() => {}
                () = tokio::time::sleep(pause) => {}
                () = shutdown.triggered() => {}
            }
        }
    })
}

/// Pulls at start-up and whenever a pull is due or asked for ([`Party::nudge_puller`]), until `shutdown`.
pub fn spawn_puller(party: Party, inbox: impl Inbox, shutdown: Shutdown) -> JoinHandle<()> {
    tokio::spawn(async move {
        while !shutdown.is_triggered() {
            tokio::select! {
                _ = pull_due(&party, &inbox) => {}
                // A pull can take long; what it has stored stays, and it is repeated at the next start.
                () = shutdown.triggered() => break,
            }
            let pause = next_pull(&party).await;
            tokio::select! {
                () = party.wait_for_puller_nudge() => {}
                () = tokio::time::sleep(pause) => {}
                () = shutdown.triggered() => {}
            }
        }
    })
}

async fn next_push(party: &Party) -> Duration {
    let sql = "SELECT MIN(CASE WHEN COALESCE(s.retry_at, 0) > b.retry_at THEN s.retry_at ELSE b.retry_at END) AS at \
               FROM sync_behind b LEFT JOIN sync_state s ON s.peer_id = b.peer_id WHERE COALESCE(s.lease_until, 0) <= $1";
    pause_until(party, sql).await
}

async fn next_pull(party: &Party) -> Duration {
    // Modules that the peer does not offer any more are never pulled.
    let sql = "SELECT MIN(next_at) AS at FROM sync_pulls p WHERE lease_until <= $1 AND EXISTS (SELECT 1 FROM \
               peer_endpoints e WHERE e.peer_id = p.peer_id AND e.module = p.module AND e.role = 'SENDER')";
    pause_until(party, sql).await
}

async fn pause_until(party: &Party, sql: &'static str) -> Duration {
    let now = party.clock.wall().timestamp_millis();
    let next = async {
        let row = sqlx::query(sql).bind(now).fetch_one(party.db.read()).await?;
        Ok::<Option<i64>, DbError>(row.try_get("at")?)
    };
    let Ok(Some(at)) = next.await else { return LOOK_AROUND };
    Duration::from_millis(u64::try_from(at - now).unwrap_or_default()).clamp(SHORTEST, LOOK_AROUND)
}
