//! All SQL about charging profiles.
//!
//! A request is ACCEPTED until somebody takes its result on himself by making it SENDING; only he sends it, once, as with
//! commands.

use ocpi_party::{Db, DbError, Tx, sync};
use ocpi_types::{DateTime, ModuleId, PartyId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row;

use crate::callback::State;
use crate::sessions;

/// What a partner asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ChargingProfileRequestKind)]
pub enum Kind {
    /// GET: what the station intends to do.
    Get,
    /// PUT: set a profile.
    Put,
    /// DELETE: clear it.
    Delete,
}

/// A request as it was received, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ChargingProfileRequest)]
pub struct Record {
    /// Our name for it.
    #[schema(example = "d1c1ff2f-4d3e-4a43-9d1e-3f1d8b5f4f6a")]
    pub id: String,
    /// What was asked for.
    pub kind: Kind,
    /// The partner that sent it.
    pub peer_id: String,
    /// The party of the partner to which the result is addressed, as `NL/TNM`.
    #[schema(example = "US/EMS")]
    pub from: String,
    /// Our party that owns the Session.
    #[schema(example = "US/CPO")]
    pub to: String,
    /// The Session, as the URL named it.
    pub session_id: String,
    /// PUT: the body.
    #[schema(value_type = Option<Object>, required = false)]
    pub request: Option<Value>,
    /// The synchronous answer: `ACCEPTED`, `REJECTED`, …
    #[schema(example = "ACCEPTED")]
    pub response: String,
    /// Why it was refused.
    #[schema(required = false)]
    pub message: Option<String>,
    /// The asynchronous result, once there is one: `ACCEPTED`, `REJECTED` or `UNKNOWN`.
    #[schema(required = false, example = "ACCEPTED")]
    pub result: Option<String>,
    /// Why the result did not reach the partner.
    #[schema(required = false)]
    pub delivery_error: Option<String>,
    /// When it was received.
    pub received_at: DateTime,
    /// The id of the conversation that it belongs to.
    pub correlation_id: String,
    /// Where the result goes.
    pub response_url: String,
}

/// Remembers a request. `now` and `result_by` are real time.
pub async fn add(
    tx: &mut Tx,
    record: &Record,
    state: State,
    now: DateTime,
    result_by: DateTime,
) -> Result<(), DbError> {
    let seq = tx.seq();
    sqlx::query(
        "INSERT INTO charging_profile_requests (id, seq, peer_id, owner, session_id, state, received_at, result_by, json) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&record.id)
    .bind(seq)
    .bind(&record.peer_id)
    .bind(&record.to)
    .bind(record.session_id.to_ascii_uppercase())
    .bind(state.as_str())
    .bind(now.timestamp_millis())
    .bind(result_by.timestamp_millis())
    .bind(text(record)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many requests about a Session have been passed on since `since` (real time).
pub async fn count_since(db: &Db, owner: &PartyId, session_id: &str, since: DateTime) -> Result<u64, DbError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM charging_profile_requests \
         WHERE owner = $1 AND session_id = $2 AND received_at > $3 AND state <> 'REFUSED'",
    )
    .bind(owner.key())
    .bind(session_id.to_ascii_uppercase())
    .bind(since.timestamp_millis())
    .fetch_one(db.read())
    .await?;
    Ok(count.unsigned_abs())
}

/// Takes the result of a request on oneself; `None` when somebody else has.
pub async fn claim(tx: &mut Tx, id: &str, result: &str) -> Result<Option<Record>, DbError> {
    let json: Option<String> = sqlx::query_scalar(
        "UPDATE charging_profile_requests SET state = 'SENDING' WHERE id = $1 AND state = 'ACCEPTED' RETURNING json",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(json) = json else { return Ok(None) };
    let mut record = parse(&json)?;
    record.result = Some(result.to_owned());
    save(tx, &record, State::Sending).await?;
    Ok(Some(record))
}

/// Notes what became of a request.
pub async fn save(tx: &mut Tx, record: &Record, state: State) -> Result<(), DbError> {
    sqlx::query("UPDATE charging_profile_requests SET state = $2, json = $3 WHERE id = $1")
        .bind(&record.id)
        .bind(state.as_str())
        .bind(text(record)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The requests without a result whose time is up at `wall`, and whether the promised time has passed.
pub async fn overdue(db: &Db, wall: DateTime, margin: chrono::TimeDelta) -> Result<Vec<(Record, bool)>, DbError> {
    let rows = sqlx::query(
        "SELECT json, result_by FROM charging_profile_requests WHERE state = 'ACCEPTED' AND result_by <= $1 \
         ORDER BY result_by LIMIT 500",
    )
    .bind((wall + margin).timestamp_millis())
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            let late = row.try_get::<i64, _>("result_by")? < wall.timestamp_millis();
            Ok((parse(&row.try_get::<String, _>("json")?)?, late))
        })
        .collect()
}

/// One request.
pub async fn find(db: &Db, id: &str) -> Result<Option<Record>, DbError> {
    let json: Option<String> = sqlx::query_scalar("SELECT json FROM charging_profile_requests WHERE id = $1")
        .bind(id)
        .fetch_optional(db.read())
        .await?;
    json.map(|json| parse(&json)).transpose()
}

/// Requests, the latest first.
pub async fn list(db: &Db, offset: i64, limit: i64) -> Result<Vec<Record>, DbError> {
    let texts: Vec<String> =
        sqlx::query_scalar("SELECT json FROM charging_profile_requests ORDER BY seq DESC LIMIT $1 OFFSET $2")
            .bind(limit)
            .bind(offset)
            .fetch_all(db.read())
            .await?;
    texts.iter().map(|json| parse(json)).collect()
}

/// From now on the partner is told of changes on this Session that it did not ask for.
pub async fn follow(tx: &mut Tx, owner: &PartyId, session_id: &str, peer_id: &str) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO charging_profile_followers (owner, session_id, peer_id) VALUES ($1, $2, $3) \
         ON CONFLICT (owner, session_id, peer_id) DO NOTHING",
    )
    .bind(owner.key())
    .bind(session_id.to_ascii_uppercase())
    .bind(peer_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Part of a write: whoever follows the Session is behind on what its station intends to do.
pub async fn mark_followers(tx: &mut Tx, owner: &PartyId, session_id: &str) -> Result<(), DbError> {
    let peers: Vec<String> =
        sqlx::query_scalar("SELECT peer_id FROM charging_profile_followers WHERE owner = $1 AND session_id = $2")
            .bind(owner.key())
            .bind(session_id.to_ascii_uppercase())
            .fetch_all(&mut **tx)
            .await?;
    for peer in peers {
        let object = sessions::store::object(owner, session_id);
        sync::mark_peer(tx, &peer, ModuleId::Chargingprofiles, &object).await?;
    }
    Ok(())
}

fn parse(json: &str) -> Result<Record, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("charging_profile_requests.json: {error}")))
}

fn text(record: &Record) -> Result<String, DbError> {
    serde_json::to_string(record).map_err(|error| DbError::corrupt(error.to_string()))
}
