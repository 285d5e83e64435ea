//! What makes pushes and pulls due beside the passing of time.

use crate::db::Backend;
use crate::{DbError, Party, Tx};

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
                    for table in ["sync_pulls", "sync_state"] {
                        let free = format!("UPDATE {table} SET lease_holder = '', lease_until = 0");
                        sqlx::query(sqlx::AssertSqlSafe(free)).execute(&mut **tx).await?;
                    }
                }
                sqlx::query("UPDATE sync_pulls SET next_at = 0").execute(&mut **tx).await?;
                sqlx::query("UPDATE sync_state SET retry_at = 0").execute(&mut **tx).await?;
                Ok(())
            })
        })
        .await
}

/// A new or renewed registration: the peer's lists are fetched completely.
pub(crate) async fn after_registration(tx: &mut Tx, peer_id: &str) -> Result<(), DbError> {
    for statement in [
        "UPDATE sync_behind SET retry_at = 0 WHERE peer_id = $1",
        "UPDATE sync_pulls SET next_at = 0, full_pull = 1 WHERE peer_id = $1",
        "UPDATE sync_state SET retry_at = 0 WHERE peer_id = $1",
    ] {
        sqlx::query(statement).bind(peer_id).execute(&mut **tx).await?;
    }
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
                // Marks, pulls, state: everywhere in this order, or two transactions would wait for each other.
                for statement in [
                    "UPDATE sync_behind SET retry_at = 0 WHERE peer_id = $1",
                    "UPDATE sync_pulls SET next_at = 0 WHERE peer_id = $1",
                    "UPDATE sync_state SET retry_at = 0 WHERE peer_id = $1",
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
