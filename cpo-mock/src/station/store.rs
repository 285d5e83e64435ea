//! The memory of the simulated stations.

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{DateTime, PartyId};
use sqlx::Row;

use super::{EvseKey, Station};

/// Never wakes by itself.
const NEVER: i64 = i64::MAX;

/// The station as it was last saved, locked for this write.
pub(super) async fn load(tx: &mut Tx, key: &EvseKey) -> Result<Option<Station>, DbError> {
    let (owner, location, evse) = key.parts();
    let sql =
        format!("SELECT json FROM stations WHERE owner = $1 AND location_id = $2 AND evse_uid = $3{}", tx.for_update());
    let json: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(owner)
        .bind(location)
        .bind(evse)
        .fetch_optional(&mut **tx)
        .await?;
    json.map(|json| parse(&json)).transpose()
}

/// The station as it was last saved.
pub(super) async fn read(db: &Db, key: &EvseKey) -> Result<Option<Station>, DbError> {
    let (owner, location, evse) = key.parts();
    let json: Option<String> =
        sqlx::query_scalar("SELECT json FROM stations WHERE owner = $1 AND location_id = $2 AND evse_uid = $3")
            .bind(owner)
            .bind(location)
            .bind(evse)
            .fetch_optional(db.read())
            .await?;
    json.map(|json| parse(&json)).transpose()
}

pub(super) async fn save(tx: &mut Tx, key: &EvseKey, station: &Station) -> Result<(), DbError> {
    let (owner, location, evse) = key.parts();
    let wake_at = match station.next_wake() {
        _ if !station.untold.is_empty() => 0,
        Some(at) => at.timestamp_millis(),
        None => NEVER,
    };
    let json = serde_json::to_string(station).map_err(|error| DbError::corrupt(error.to_string()))?;
    sqlx::query(
        "INSERT INTO stations (owner, location_id, evse_uid, wake_at, json) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (owner, location_id, evse_uid) DO UPDATE SET wake_at = excluded.wake_at, json = excluded.json",
    )
    .bind(owner)
    .bind(location)
    .bind(evse)
    .bind(wake_at)
    .bind(json)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Has a station looked at as soon as possible.
pub(super) async fn wake(tx: &mut Tx, key: &EvseKey) -> Result<(), DbError> {
    let (owner, location, evse) = key.parts();
    sqlx::query("UPDATE stations SET wake_at = 0 WHERE owner = $1 AND location_id = $2 AND evse_uid = $3")
        .bind(owner)
        .bind(location)
        .bind(evse)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets what a station would do anyway: it is built anew from its EVSE when it is needed.
pub(super) async fn forget(tx: &mut Tx, key: &EvseKey) -> Result<(), DbError> {
    let (owner, location, evse) = key.parts();
    sqlx::query("DELETE FROM stations WHERE owner = $1 AND location_id = $2 AND evse_uid = $3")
        .bind(owner)
        .bind(location)
        .bind(evse)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The stations at which something is due, the most overdue first.
pub(super) async fn due(db: &Db, now: DateTime) -> Result<Vec<EvseKey>, DbError> {
    let rows =
        sqlx::query("SELECT owner, location_id, evse_uid FROM stations WHERE wake_at <= $1 ORDER BY wake_at LIMIT 500")
            .bind(now.timestamp_millis())
            .fetch_all(db.read())
            .await?;
    rows.iter().map(key_of).collect()
}

/// When something is due next.
pub(super) async fn next_wake(db: &Db) -> Result<Option<DateTime>, DbError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT MIN(wake_at) FROM stations").fetch_one(db.read()).await?;
    Ok(at.filter(|at| *at != NEVER).and_then(DateTime::from_timestamp_millis))
}

/// All stations of one Location that have a memory.
pub(super) async fn of_location(tx: &mut Tx, owner: &PartyId, location_id: &str) -> Result<Vec<EvseKey>, DbError> {
    let rows = sqlx::query("SELECT owner, location_id, evse_uid FROM stations WHERE owner = $1 AND location_id = $2")
        .bind(owner.key())
        .bind(location_id.to_ascii_uppercase())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(key_of).collect()
}

fn key_of(row: &sqlx::any::AnyRow) -> Result<EvseKey, DbError> {
    let owner: String = row.try_get("owner")?;
    let location_id: String = row.try_get("location_id")?;
    let evse_uid: String = row.try_get("evse_uid")?;
    Ok(EvseKey {
        owner: owner.parse().map_err(|_| DbError::corrupt("stations.owner"))?,
        location_id: location_id.into(),
        evse_uid: evse_uid.into(),
    })
}

fn parse(json: &str) -> Result<Station, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("stations.json: {error}")))
}
