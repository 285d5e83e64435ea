//! All SQL of this module.

use std::collections::HashSet;

use ocpi_types::{ClientInfo, ConnectionStatus, DateTime, ModuleId, Object, PartyId, Role};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::Client;
use crate::peers::{PEERS, record_finding};
use crate::{Db, DbError, Tx};

const MODULE: ModuleId = ModuleId::Hubclientinfo;

/// What became of a ClientInfo that was to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Saved {
    Created,
    Replaced,
    /// A newer state is stored, with this `last_updated`: nothing was changed.
    Stale(DateTime),
}

/// The ClientInfo and whether the party has just become reachable.
pub(crate) struct Put {
    pub(crate) saved: Saved,
    pub(crate) connected: bool,
}

/// The party that a ClientInfo is about.
pub(crate) fn party_of(info: &ClientInfo) -> PartyId {
    PartyId::new(info.country_code.clone(), info.party_id.clone())
}

/// Stores what a hub says about one role of a party, unless something newer is stored.
pub(crate) async fn put(tx: &mut Tx, hub_id: &str, info: &ClientInfo, now: DateTime) -> Result<Put, DbError> {
    let party = party_of(info);
    let before = status_in(tx, hub_id, &party, &info.role).await?;
    if let Some((_, known)) = &before
        && *known > info.last_updated
    {
        return Ok(Put { saved: Saved::Stale(*known), connected: false });
    }
    write(tx, hub_id, info).await?;
    let before = before.map(|(status, _)| status);
    let changed = before.as_deref() != Some(info.status.as_str());
    if changed && let Some(notice) = notice(info) {
        record_finding(tx, hub_id, now, MODULE.as_str(), &party.key(), &notice).await?;
    }
    let saved = if before.is_some() { Saved::Replaced } else { Saved::Created };
    Ok(Put { saved, connected: changed && info.status == ConnectionStatus::Connected })
}

/// What an operator has to do about a new status. Spec: mod_hub_client_info, "Scenarios".
fn notice(info: &ClientInfo) -> Option<String> {
    let who = format!("{} {}", info.role, party_of(info));
    match info.status {
        ConnectionStatus::Planned => {
            Some(format!("{who} is to be connected to the hub: get into contact with it to set up a contract"))
        }
        ConnectionStatus::Suspended => {
            Some(format!("{who} has left the hub: settle with it what is unfinished (CDRs) in another way"))
        }
        _ => None,
    }
}

async fn status_in(
    tx: &mut Tx,
    hub_id: &str,
    party: &PartyId,
    role: &Role,
) -> Result<Option<(String, DateTime)>, DbError> {
    let select = "SELECT status, last_updated FROM hub_clients WHERE peer_id = $1 AND party = $2 AND role = $3";
    let row = sqlx::query(AssertSqlSafe(format!("{select}{}", tx.for_update())))
        .bind(hub_id)
        .bind(party.key())
        .bind(role.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| Ok((row.try_get("status")?, millis(row.try_get("last_updated")?)?))).transpose()
}

fn millis(millis: i64) -> Result<DateTime, DbError> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| DbError::corrupt("hub_clients.last_updated"))
}

async fn write(tx: &mut Tx, hub_id: &str, info: &ClientInfo) -> Result<(), DbError> {
    // Peers are kept in memory with what is behind them.
    tx.touch(PEERS);
    let written = tx.seq();
    sqlx::query(
        "INSERT INTO hub_clients (peer_id, party, role, status, last_updated, written, json) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (peer_id, party, role) DO UPDATE SET \
         status = excluded.status, last_updated = excluded.last_updated, written = excluded.written, json = excluded.json",
    )
    .bind(hub_id)
    .bind(party_of(info).key())
    .bind(info.role.as_str())
    .bind(info.status.as_str())
    .bind(info.last_updated.timestamp_millis())
    .bind(written)
    .bind(info.to_json())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Parties behind this hub can be reached (again): what was held back for them is due, and so is what they own. What is kept
/// at the parties themselves is fetched completely: it may have changed while the pulls went past them.
pub(crate) async fn release(tx: &mut Tx, hub_id: &str) -> Result<(), DbError> {
    for statement in [
        "UPDATE sync_behind SET retry_at = 0 WHERE peer_id = $1",
        "UPDATE sync_pulls SET next_at = 0 WHERE peer_id = $1 AND module <> 'hubclientinfo'",
        "UPDATE sync_pulls SET full_pull = 1 WHERE peer_id = $1 AND module IN ('sessions', 'cdrs')",
    ] {
        sqlx::query(statement).bind(hub_id).execute(&mut **tx).await?;
    }
    Ok(())
}

/// What a complete list does not mention is no longer valid: SUSPENDED, which is how a hub says so itself. What was written
/// after the list was begun (`before`) stays. The `last_updated` stays too, so that the hub may list the party again.
pub(crate) async fn suspend_missing(
    tx: &mut Tx,
    hub_id: &str,
    before: i64,
    listed: &HashSet<(PartyId, Role)>,
    now: DateTime,
) -> Result<u64, DbError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT json FROM hub_clients WHERE peer_id = $1 AND written < $2 AND status <> 'SUSPENDED'",
    )
    .bind(hub_id)
    .bind(before)
    .fetch_all(&mut **tx)
    .await?;
    let mut suspended = 0;
    for json in rows {
        let mut info = read(&json)?;
        let party = party_of(&info);
        if listed.contains(&(party.clone(), info.role.clone())) {
            continue;
        }
        info.status = ConnectionStatus::Suspended;
        write(tx, hub_id, &info).await?;
        let message = format!("{} {party} is no longer on the hub's list and counts as SUSPENDED", info.role);
        record_finding(tx, hub_id, now, MODULE.as_str(), &party.key(), &message).await?;
        suspended += 1;
    }
    Ok(suspended)
}

fn read(json: &str) -> Result<ClientInfo, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("hub_clients.json: {error}")))
}

/// What the hub said last about a party. The URL of the spec knows no role: of two, the one that was written last.
pub(crate) async fn get(db: &Db, hub_id: &str, party: &PartyId) -> Result<Option<String>, DbError> {
    let json = sqlx::query_scalar(
        "SELECT json FROM hub_clients WHERE peer_id = $1 AND party = $2 ORDER BY written DESC LIMIT 1",
    );
    Ok(json.bind(hub_id).bind(party.key()).fetch_optional(db.read()).await?)
}

/// All that a hub has told.
pub(crate) async fn list(db: &Db, hub_id: &str) -> Result<Vec<String>, DbError> {
    let json = sqlx::query_scalar("SELECT json FROM hub_clients WHERE peer_id = $1 ORDER BY party, role");
    Ok(json.bind(hub_id).fetch_all(db.read()).await?)
}

/// The parties behind all hubs, with the id of the hub.
pub(crate) async fn load_all(view: &mut AnyConnection) -> Result<Vec<(String, Client)>, DbError> {
    let rows = sqlx::query("SELECT peer_id, party, role, status FROM hub_clients").fetch_all(view).await?;
    let read = |row: &sqlx::any::AnyRow| {
        let party: &str = row.try_get("party")?;
        let client = Client {
            party: party.parse().map_err(|_| DbError::corrupt("hub_clients.party"))?,
            role: Role::from(row.try_get::<&str, _>("role")?),
            status: ConnectionStatus::from(row.try_get::<&str, _>("status")?),
        };
        Ok((row.try_get("peer_id")?, client))
    };
    rows.iter().map(read).collect()
}
