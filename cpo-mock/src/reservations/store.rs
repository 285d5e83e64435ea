//! All SQL about reservations.

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{CiString, PartyId};
use sqlx::Row;

use super::{CanceledBy, Key, Reservation, State, Terms};
use crate::station::EvseKey;

/// A RESERVE_NOW on its way to the station.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Our name for the reservation.
    pub id: String,
    /// Whether the EMSP has no such reservation yet.
    pub is_new: bool,
    /// Whose it is, and where.
    pub key: Key,
    /// What is asked for.
    pub terms: Terms,
}

/// Notes what is asked for. `false` when somebody else was faster and the station still has to answer that.
pub async fn ask(tx: &mut Tx, asked: Asked) -> Result<bool, DbError> {
    if !asked.is_new {
        let Some(mut known) = load(tx, &asked.id).await? else { return Ok(false) };
        if !known.state.is_open() || known.asked.is_some() {
            return Ok(false);
        }
        known.asked = Some(asked.terms);
        save(tx, &known).await?;
        return Ok(true);
    }
    let reservation = Reservation {
        id: asked.id,
        key: asked.key,
        state: State::Requested,
        terms: None,
        asked: Some(asked.terms),
        agreed: None,
        canceled_by: None,
        ended_at: None,
        lost: None,
        notice_error: None,
    };
    let seq = tx.seq();
    let added = sqlx::query(
        "INSERT INTO reservations (id, seq, open_key, peer_id, sender, owner, location_id, evse_uid, reservation_id, state, \
         json) VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10) ON CONFLICT (open_key) DO NOTHING",
    )
    .bind(&reservation.id)
    .bind(seq)
    .bind(reservation.key.text())
    .bind(&reservation.key.peer_id)
    .bind(reservation.key.sender.key())
    .bind(reservation.key.owner.key())
    .bind(reservation.key.location_id.key())
    .bind(reservation.key.reservation_id.key())
    .bind(reservation.state.as_str())
    .bind(text(&reservation)?)
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// A RESERVE_NOW did not come to anything: what was there before stays.
pub async fn refused(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    let Some(mut known) = load(tx, id).await? else { return Ok(()) };
    known.asked = None;
    if known.state == State::Requested {
        known.state = State::Refused;
    }
    save(tx, &known).await
}

/// Saves what has changed.
pub async fn save(tx: &mut Tx, reservation: &Reservation) -> Result<(), DbError> {
    let open = reservation.state.is_open().then(|| reservation.key.text());
    let evse_uid = reservation.terms.as_ref().map(|terms| terms.evse_uid.key()).unwrap_or_default();
    sqlx::query("UPDATE reservations SET open_key = $2, evse_uid = $3, state = $4, json = $5 WHERE id = $1")
        .bind(&reservation.id)
        .bind(open)
        .bind(evse_uid)
        .bind(reservation.state.as_str())
        .bind(text(reservation)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A station keeps an EVSE in vain: it is to be told so.
pub async fn release(tx: &mut Tx, id: &str, evse_uid: &CiString<36>) -> Result<(), DbError> {
    let sql = "UPDATE reservations SET release_uid = $2 WHERE id = $1";
    sqlx::query(sql).bind(id).bind(evse_uid.key()).execute(&mut **tx).await?;
    Ok(())
}

/// The station has been told.
pub async fn released(tx: &mut Tx, id: &str, evse_uid: &str) -> Result<(), DbError> {
    let sql = "UPDATE reservations SET release_uid = '' WHERE id = $1 AND release_uid = $2";
    sqlx::query(sql).bind(id).bind(evse_uid).execute(&mut **tx).await?;
    Ok(())
}

/// The EVSEs that are kept in vain, and by which reservation.
pub async fn to_release(db: &Db) -> Result<Vec<(String, EvseKey)>, DbError> {
    let sql =
        "SELECT id, owner, location_id, release_uid FROM reservations WHERE release_uid <> '' ORDER BY seq LIMIT 100";
    let rows = sqlx::query(sql).fetch_all(db.read()).await?;
    rows.iter()
        .map(|row| {
            let owner: String = row.try_get("owner")?;
            let key = EvseKey {
                owner: owner.parse().map_err(|_| DbError::corrupt("reservations.owner"))?,
                location_id: row.try_get::<String, _>("location_id")?.into(),
                evse_uid: row.try_get::<String, _>("release_uid")?.into(),
            };
            Ok((row.try_get("id")?, key))
        })
        .collect()
}

/// Whether an EVSE still has to be told that it keeps this reservation in vain.
pub async fn is_moving(db: &Db, id: &str) -> Result<bool, DbError> {
    let sql = "SELECT COUNT(*) FROM reservations WHERE id = $1 AND release_uid <> ''";
    let moving: i64 = sqlx::query_scalar(sql).bind(id).fetch_one(db.read()).await?;
    Ok(moving > 0)
}

/// The EMSP is to hear that we have cancelled the reservation.
pub async fn notice_due(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    sqlx::query("UPDATE reservations SET notice = 'DUE' WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// Takes it on oneself to tell an EMSP; `None` when nobody needs to be told.
pub async fn claim_notice(tx: &mut Tx) -> Result<Option<Reservation>, DbError> {
    let json: Option<String> = sqlx::query_scalar(
        "UPDATE reservations SET notice = 'SENDING' WHERE notice = 'DUE' AND id = \
         (SELECT id FROM reservations WHERE notice = 'DUE' ORDER BY seq LIMIT 1) RETURNING json",
    )
    .fetch_optional(&mut **tx)
    .await?;
    json.map(|json| parse(&json)).transpose()
}

/// The EMSP has been told, or could not be.
pub async fn noticed(tx: &mut Tx, id: &str, error: Option<String>) -> Result<(), DbError> {
    let Some(mut known) = load(tx, id).await? else { return Ok(()) };
    let notice = if error.is_none() { "SENT" } else { "UNDELIVERED" };
    known.notice_error = error;
    save(tx, &known).await?;
    sqlx::query("UPDATE reservations SET notice = $2 WHERE id = $1").bind(id).bind(notice).execute(&mut **tx).await?;
    Ok(())
}

/// Notes who is about to cancel it.
pub async fn cancel(tx: &mut Tx, id: &str, by: CanceledBy) -> Result<(), DbError> {
    let Some(mut known) = load(tx, id).await?.filter(|known| known.state.is_open()) else { return Ok(()) };
    known.canceled_by = Some(by);
    save(tx, &known).await
}

/// A reservation that is about to be changed.
pub async fn load(tx: &mut Tx, id: &str) -> Result<Option<Reservation>, DbError> {
    let sql = format!("SELECT json FROM reservations WHERE id = $1{}", tx.for_update());
    let json: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut **tx).await?;
    json.map(|json| parse(&json)).transpose()
}

/// One reservation.
pub async fn find(db: &Db, id: &str) -> Result<Option<Reservation>, DbError> {
    let json: Option<String> =
        sqlx::query_scalar("SELECT json FROM reservations WHERE id = $1").bind(id).fetch_optional(db.read()).await?;
    json.map(|json| parse(&json)).transpose()
}

/// The reservations of a partner with this id that have not ended; of one EMSP and one of our parties, or of any.
pub async fn open_of(
    db: &Db,
    peer_id: &str,
    reservation_id: &CiString<36>,
    sender: Option<&PartyId>,
    owner: Option<&PartyId>,
) -> Result<Vec<Reservation>, DbError> {
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT json FROM reservations WHERE peer_id = $1 AND reservation_id = $2 AND open_key IS NOT NULL \
         AND ($3 = '' OR sender = $3) AND ($4 = '' OR owner = $4) ORDER BY seq",
    )
    .bind(peer_id)
    .bind(reservation_id.key())
    .bind(sender.map(PartyId::key).unwrap_or_default())
    .bind(owner.map(PartyId::key).unwrap_or_default())
    .fetch_all(db.read())
    .await?;
    texts.iter().map(|json| parse(json)).collect()
}

/// The reservations for which an EVSE of this Location is kept.
pub async fn active_at(db: &Db, owner: &PartyId, location_id: &CiString<36>) -> Result<Vec<Reservation>, DbError> {
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT json FROM reservations WHERE owner = $1 AND location_id = $2 AND state = 'ACTIVE' ORDER BY seq",
    )
    .bind(owner.key())
    .bind(location_id.key())
    .fetch_all(db.read())
    .await?;
    texts.iter().map(|json| parse(json)).collect()
}

/// The EVSEs (`EVSE.uid` in upper case) that are kept at a Location.
pub async fn kept_at(tx: &mut Tx, owner: &PartyId, location_id: &CiString<36>) -> Result<Vec<String>, DbError> {
    let sql = "SELECT evse_uid FROM reservations WHERE owner = $1 AND location_id = $2 AND state = 'ACTIVE'";
    Ok(sqlx::query_scalar(sql).bind(owner.key()).bind(location_id.key()).fetch_all(&mut **tx).await?)
}

/// Reservations, the latest first, and how many there are.
pub async fn list(
    db: &Db,
    owner: Option<&PartyId>,
    location_id: Option<&str>,
    offset: i64,
    limit: i64,
) -> Result<(Vec<Reservation>, i64), DbError> {
    let condition = "($1 = '' OR owner = $1) AND ($2 = '' OR location_id = $2)";
    let (owner, place) =
        (owner.map(PartyId::key).unwrap_or_default(), location_id.map(str::to_ascii_uppercase).unwrap_or_default());
    let sql = format!("SELECT json FROM reservations WHERE {condition} ORDER BY seq DESC LIMIT $3 OFFSET $4");
    let texts: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(&owner)
        .bind(&place)
        .bind(limit)
        .bind(offset)
        .fetch_all(db.read())
        .await?;
    let sql = format!("SELECT COUNT(*) FROM reservations WHERE {condition}");
    let total = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(owner).bind(place).fetch_one(db.read()).await?;
    Ok((texts.iter().map(|json| parse(json)).collect::<Result<_, _>>()?, total))
}

fn parse(json: &str) -> Result<Reservation, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("reservations.json: {error}")))
}

fn text(reservation: &Reservation) -> Result<String, DbError> {
    serde_json::to_string(reservation).map_err(|error| DbError::corrupt(error.to_string()))
}
