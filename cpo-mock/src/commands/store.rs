//! All SQL about commands.
//!
//! A command is ACCEPTED until somebody takes its result on himself by making it SENDING; only he sends it, once. A process
//! that dies in between leaves SENDING behind, and nobody sends the result again: exactly once is the rule, and to the EMSP a
//! lost result is a time-out.

use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{DateTime, TokenType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::callback::State;
use crate::station::EvseKey;
use crate::tokens;

/// A command as it was received, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Record {
    /// Our name for it.
    #[schema(example = "d1c1ff2f-4d3e-4a43-9d1e-3f1d8b5f4f6a")]
    pub id: String,
    /// `START_SESSION`, `STOP_SESSION`, …
    #[schema(example = "START_SESSION")]
    pub kind: String,
    /// The partner that sent it.
    pub peer_id: String,
    /// The party of the partner to which the result is addressed, as `NL/TNM`.
    #[schema(example = "US/EMS")]
    pub from: String,
    /// Our party that it was for.
    #[schema(example = "US/CPO")]
    pub to: String,
    /// The body, as it was sent.
    #[schema(value_type = Object)]
    pub request: Value,
    /// The synchronous answer: `ACCEPTED`, `REJECTED`, …
    #[schema(example = "ACCEPTED")]
    pub response: String,
    /// Why it was refused.
    #[schema(required = false)]
    pub message: Option<String>,
    /// The asynchronous result, once there is one: `ACCEPTED`, `TIMEOUT`, …
    #[schema(required = false, example = "ACCEPTED")]
    pub result: Option<String>,
    /// Why the result did not reach the partner.
    #[schema(required = false)]
    pub delivery_error: Option<String>,
    /// When it was received.
    pub received_at: DateTime,
    /// The id of the conversation that it belongs to.
    pub correlation_id: String,
    /// START_SESSION: the id that the Session will have.
    #[schema(required = false)]
    pub session_id: Option<String>,
    /// Where the result goes.
    pub response_url: String,
}

/// A command to be remembered.
#[derive(Debug, Clone)]
pub struct NewCommand {
    /// What is known of it.
    pub record: Record,
    /// The EVSE that it goes to.
    pub evse: Option<EvseKey>,
    /// START_SESSION and RESERVE_NOW: the Token that the permission is for.
    pub token: Option<(String, TokenType)>,
    /// Real time by which the result was promised.
    pub result_by: DateTime,
}

/// Remembers a command.
pub async fn add(tx: &mut Tx, new: &NewCommand) -> Result<(), DbError> {
    let accepted = new.record.response == "ACCEPTED";
    let state = if accepted { State::Accepted } else { State::Refused };
    let seq = tx.seq();
    sqlx::query(
        "INSERT INTO commands (id, seq, peer_id, kind, owner, token_key, evse_key, state, received_at, result_by, json) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&new.record.id)
    .bind(seq)
    .bind(&new.record.peer_id)
    .bind(&new.record.kind)
    .bind(&new.record.to)
    .bind(new.token.as_ref().map(|(uid, kind)| tokens::store::id_of(uid, kind)).unwrap_or_default())
    .bind(new.evse.as_ref().map(evse_key).unwrap_or_default())
    .bind(state.as_str())
    .bind(new.record.received_at.timestamp_millis())
    .bind(new.result_by.timestamp_millis())
    .bind(text(&new.record)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn evse_key(evse: &EvseKey) -> String {
    let (owner, location_id, evse_uid) = evse.parts();
    format!("{owner}|{location_id}|{evse_uid}")
}

/// The permission of the last START_SESSION or RESERVE_NOW with this RFID card at this EVSE since `since`.
pub async fn recent_start(db: &Db, evse: &EvseKey, uid: &str, since: DateTime) -> Result<Option<String>, DbError> {
    let json: Option<String> = sqlx::query_scalar(
        "SELECT json FROM commands WHERE token_key = $1 AND evse_key = $2 AND received_at >= $3 AND state <> 'REFUSED' \
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(tokens::store::id_of(uid, &TokenType::Rfid))
    .bind(evse_key(evse))
    .bind(since.timestamp_millis())
    .fetch_optional(db.read())
    .await?;
    Ok(json.map(|json| parse(&json)).transpose()?.and_then(|record| record.session_id))
}

/// Takes the result of a command on oneself; `None` when somebody else has.
pub async fn claim(tx: &mut Tx, id: &str, result: &str) -> Result<Option<Record>, DbError> {
    let json: Option<String> =
        sqlx::query_scalar("UPDATE commands SET state = 'SENDING' WHERE id = $1 AND state = 'ACCEPTED' RETURNING json")
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    let Some(json) = json else { return Ok(None) };
    let mut record = parse(&json)?;
    record.result = Some(result.to_owned());
    save(tx, &record, State::Sending).await?;
    Ok(Some(record))
}

/// Notes what became of a command.
pub async fn save(tx: &mut Tx, record: &Record, state: State) -> Result<(), DbError> {
    sqlx::query("UPDATE commands SET state = $2, json = $3 WHERE id = $1")
        .bind(&record.id)
        .bind(state.as_str())
        .bind(text(record)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The commands without a result whose time is up at `wall`: their ids, and whether the promised time has passed.
pub async fn overdue(db: &Db, wall: DateTime, margin: chrono::TimeDelta) -> Result<Vec<(String, bool)>, DbError> {
    use sqlx::Row;
    let rows = sqlx::query(
        "SELECT id, result_by FROM commands WHERE state = 'ACCEPTED' AND result_by <= $1 ORDER BY result_by LIMIT 500",
    )
    .bind((wall + margin).timestamp_millis())
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get::<i64, _>("result_by")? < wall.timestamp_millis())))
        .collect()
}

/// One command.
pub async fn find(db: &Db, id: &str) -> Result<Option<Record>, DbError> {
    let json: Option<String> =
        sqlx::query_scalar("SELECT json FROM commands WHERE id = $1").bind(id).fetch_optional(db.read()).await?;
    json.map(|json| parse(&json)).transpose()
}

/// Commands, the latest first.
pub async fn list(db: &Db, offset: i64, limit: i64) -> Result<Vec<Record>, DbError> {
    let texts: Vec<String> = sqlx::query_scalar("SELECT json FROM commands ORDER BY seq DESC LIMIT $1 OFFSET $2")
        .bind(limit)
        .bind(offset)
        .fetch_all(db.read())
        .await?;
    texts.iter().map(|json| parse(json)).collect()
}

fn parse(json: &str) -> Result<Record, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("commands.json: {error}")))
}

fn text(record: &Record) -> Result<String, DbError> {
    serde_json::to_string(record).map_err(|error| DbError::corrupt(error.to_string()))
}
