//! Objects in a partner's lists that we could not take: kept until they come right, for operators to see.

use std::collections::HashSet;

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{DateTime, ModuleId};
use serde::Serialize;
use sqlx::Row;
use utoipa::ToSchema;

/// A faulty object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it calls itself, as far as that can be read: `NL/TNM|LOC1`, or its place in the list.
    pub object: String,
    /// What is wrong with it, with JSON Pointers.
    pub message: String,
}

/// A faulty object as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PullFinding {
    /// The partner's id.
    pub partner: String,
    /// The module.
    #[schema(example = "locations")]
    pub module: String,
    /// The object.
    #[schema(example = "US/CPO|LOC1")]
    pub object: String,
    /// What is wrong with it.
    pub message: String,
    /// When it was last seen.
    #[schema(example = "2026-01-15T10:00:00Z")]
    pub found_at: String,
}

/// The objects of this list that were faulty before.
pub async fn known(db: &Db, peer_id: &str, module: &ModuleId) -> Result<HashSet<String>, DbError> {
    let found: Vec<String> = sqlx::query_scalar("SELECT object FROM pull_findings WHERE peer_id = $1 AND module = $2")
        .bind(peer_id)
        .bind(module.as_str())
        .fetch_all(db.read())
        .await?;
    Ok(found.into_iter().collect())
}

/// Notes faulty objects.
pub async fn note(
    tx: &mut Tx,
    peer_id: &str,
    module: &ModuleId,
    faults: &[Fault],
    at: DateTime,
) -> Result<(), DbError> {
    for fault in faults {
        sqlx::query(
            "INSERT INTO pull_findings (peer_id, module, object, message, found_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (peer_id, module, object) DO UPDATE SET message = excluded.message, found_at = excluded.found_at",
        )
        .bind(peer_id)
        .bind(module.as_str())
        .bind(fault.object.as_str())
        .bind(fault.message.as_str())
        .bind(at.timestamp_millis())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Forgets an object that has come right.
pub async fn clear(tx: &mut Tx, peer_id: &str, module: &ModuleId, object: &str) -> Result<(), DbError> {
    sqlx::query("DELETE FROM pull_findings WHERE peer_id = $1 AND module = $2 AND object = $3")
        .bind(peer_id)
        .bind(module.as_str())
        .bind(object)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// All of one partner, or of all partners.
pub async fn list(db: &Db, peer_id: Option<&str>) -> Result<Vec<PullFinding>, DbError> {
    let rows = sqlx::query(
        "SELECT peer_id, module, object, message, found_at FROM pull_findings \
         WHERE $1 = '' OR peer_id = $1 ORDER BY peer_id, module, object",
    )
    .bind(peer_id.unwrap_or_default())
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            let found_at: i64 = row.try_get("found_at")?;
            Ok(PullFinding {
                partner: row.try_get("peer_id")?,
                module: row.try_get("module")?,
                object: row.try_get("object")?,
                message: row.try_get("message")?,
                found_at: crate::time_text(found_at),
            })
        })
        .collect()
}
