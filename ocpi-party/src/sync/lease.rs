//! Leases: of several instances on one database, one pushes to a peer at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ocpi_types::DateTime;
use sqlx::{AssertSqlSafe, Row};

use super::push::later;
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
    (party.config.client_timeout() * 3).max(Duration::from_mins(1))
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
        self.set_until(party, self.until.timestamp_millis(), self.holder.clone()).await
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
        sqlx::query_scalar(AssertSqlSafe(select)).bind(peer_id).fetch_optional(&mut **tx).await?;
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
