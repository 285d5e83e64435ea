//! How far we are with a peer, for the operator.

use std::collections::BTreeMap;

use ocpi_types::DateTime;
use sqlx::Row;

use crate::peers::store_time as time;
use crate::{DbError, Party};

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
    let rows =
        sqlx::query("SELECT at, module, object, message FROM peer_findings WHERE peer_id = $1 ORDER BY seq DESC")
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
