//! All SQL of this module.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError, ObjectTable, Stored, Tx};
use ocpi_types::{Object, PartyId, Patch, Session, SessionStatus};

use crate::commands::store::Command;
use crate::{commands, receive, tokens};

/// The stored Sessions.
pub const TABLE: ObjectTable = ObjectTable::new("sessions");

/// One statement, because sessions are what is pushed most. A Session that is COMPLETED stays as it is, but may be sent again.
const UPSERT: &str = "\
    INSERT INTO sessions (owner, id, peer_id, seq, last_updated, json, status, token_id, authorization_reference) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
    ON CONFLICT (owner, id) DO UPDATE SET \
      peer_id = excluded.peer_id, last_updated = excluded.last_updated, json = excluded.json, deleted = 0, \
      status = excluded.status, token_id = excluded.token_id, \
      authorization_reference = excluded.authorization_reference \
    WHERE excluded.last_updated >= sessions.last_updated \
      AND (sessions.status <> 'COMPLETED' OR sessions.json = excluded.json) \
    RETURNING seq";

/// What became of a Session that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is new.
    Created,
    /// It took the place of what we had.
    Replaced,
    /// We hold a newer state.
    Stale,
    /// The one we hold is COMPLETED, and this one differs.
    Final,
}

/// The answer about a Session that we do not have.
#[must_use]
pub fn unknown(owner: &PartyId, id: &str) -> OcpiError {
    OcpiError::unknown_object(format!("no session {id:?} of {owner}"))
}

/// The Session as an object.
pub fn read(stored: &Stored) -> Result<Session, OcpiError> {
    serde_json::from_str(&stored.json).map_err(|_| receive::unreadable("a session"))
}

/// The Session, if we have it.
pub async fn find(db: &Db, owner: &PartyId, id: &str) -> Result<Option<Session>, OcpiError> {
    TABLE.get(db, owner, id).await?.as_ref().map(read).transpose()
}

/// Stores a Session, if nothing speaks against it.
pub async fn save(tx: &mut Tx, owner: &PartyId, peer_id: &str, session: &Session) -> Result<Saved, DbError> {
    tx.touch(TABLE.name);
    let seq = tx.seq();
    let reference = session.authorization_reference.as_ref().map(ocpi_types::CiString::key).unwrap_or_default();
    let token_id = tokens::token_id(&session.cdr_token.uid, &session.cdr_token.token_type);
    let stored: Option<i64> = sqlx::query_scalar(UPSERT)
        .bind(owner.key())
        .bind(session.id.key())
        .bind(peer_id)
        .bind(seq)
        .bind(session.last_updated.timestamp_millis())
        .bind(session.to_json())
        .bind(session.status.as_str())
        .bind(&token_id)
        .bind(&reference)
        .fetch_optional(&mut **tx)
        .await?;
    if stored.is_some() && session.status == SessionStatus::Reservation {
        commands::store::reserved(tx, owner, session.id.as_str(), &reference, &token_id).await?;
    }
    match stored {
        Some(stored) if stored == seq => Ok(Saved::Created),
        Some(_) => Ok(Saved::Replaced),
        None => {
            let known = TABLE.get_in(tx, owner, session.id.as_str()).await?;
            let stale = known.is_some_and(|known| known.last_updated > session.last_updated);
            Ok(if stale { Saved::Stale } else { Saved::Final })
        }
    }
}

/// The same, with the refusals as they are answered. `true` when the Session is new.
async fn save_or_refuse(tx: &mut Tx, owner: &PartyId, peer_id: &str, session: &Session) -> Result<bool, OcpiError> {
    match save(tx, owner, peer_id, session).await? {
        Saved::Created => Ok(true),
        Saved::Replaced => Ok(false),
        Saved::Final => Err(OcpiError::invalid(format!(
            "session {} is {}: it does not change any more",
            session.id,
            SessionStatus::Completed
        ))),
        Saved::Stale => {
            let known = TABLE.get_in(tx, owner, session.id.as_str()).await?;
            Err(receive::stale(session.id.as_str(), known.map_or(session.last_updated, |known| known.last_updated)))
        }
    }
}

/// A whole Session. `true` when it is new.
pub async fn put(db: &Db, owner: PartyId, peer_id: String, session: Session) -> Result<bool, OcpiError> {
    db.write(move |tx| Box::pin(async move { save_or_refuse(tx, &owner, &peer_id, &session).await })).await
}

/// Some fields of a Session that we hold; charging periods are added to those we have.
pub async fn patch(
    db: &Db,
    owner: PartyId,
    id: String,
    peer_id: String,
    patch: Patch<Session>,
) -> Result<(), OcpiError> {
    db.write(move |tx| {
        Box::pin(async move {
            let stored = TABLE.get_in(tx, &owner, &id).await?.ok_or_else(|| unknown(&owner, &id))?;
            if patch.last_updated().is_some_and(|new| new < stored.last_updated) {
                return Err(receive::stale(&id, stored.last_updated));
            }
            let (changed, _tolerated) =
                patch.apply(&read(&stored)?).map_err(|report| OcpiError::refused("changed session", report))?;
            save_or_refuse(tx, &owner, &peer_id, &changed).await.map(|_| ())
        })
    })
    .await
}

/// Which Sessions are listed.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only those of this CPO.
    pub owner: Option<PartyId>,
    /// Only those with this status.
    pub status: Option<String>,
    /// Only those with this authorization reference.
    pub authorization_reference: Option<String>,
}

/// Sessions as JSON, the latest first, and how many there are.
pub async fn list(db: &Db, wanted: &Wanted, offset: u64, limit: u64) -> Result<(Vec<String>, u64), DbError> {
    let condition = "deleted = 0 AND ($1 = '' OR owner = $1) AND ($2 = '' OR status = $2) \
                     AND ($3 = '' OR authorization_reference = $3)";
    let owner = wanted.owner.as_ref().map(PartyId::key).unwrap_or_default();
    let upper = |text: &Option<String>| text.as_ref().map(|text| text.to_ascii_uppercase()).unwrap_or_default();
    let (status, reference) = (upper(&wanted.status), upper(&wanted.authorization_reference));
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let text = format!("SELECT json FROM sessions WHERE {condition} ORDER BY seq DESC LIMIT $4 OFFSET $5");
    let items = sqlx::query_scalar(sqlx::AssertSqlSafe(text))
        .bind(&owner)
        .bind(&status)
        .bind(&reference)
        .bind(number(limit))
        .bind(number(offset))
        .fetch_all(db.read())
        .await?;
    let total: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM sessions WHERE {condition}")))
            .bind(owner)
            .bind(status)
            .bind(reference)
            .fetch_one(db.read())
            .await?;
    Ok((items, u64::try_from(total).unwrap_or_default()))
}

/// The Session that a command started, as JSON: the one with its reference; where the CPO has lost that, the first of the
/// same token at the same CPO that came after the command.
pub async fn started_by(db: &Db, owner: &PartyId, command: &Command) -> Result<Option<String>, DbError> {
    let by_reference = sqlx::query_scalar(
        "SELECT json FROM sessions WHERE authorization_reference = $1 AND owner = $2 ORDER BY seq LIMIT 1",
    );
    let found =
        by_reference.bind(command.authorization_reference.as_str()).bind(owner.key()).fetch_optional(db.read()).await?;
    if found.is_some() || command.authorization_reference.is_empty() {
        return Ok(found);
    }
    let found = sqlx::query_scalar(
        "SELECT json FROM sessions WHERE seq > $1 AND owner = $2 AND token_id = $3 AND authorization_reference = '' \
         ORDER BY seq LIMIT 1",
    );
    Ok(found.bind(command.seq).bind(owner.key()).bind(command.token_id.as_str()).fetch_optional(db.read()).await?)
}

/// The CPO of a Session that this peer has sent, where only its id is known. Where several of the peer's CPOs have a Session with
/// this id, `preferred` is taken, or the latest.
pub async fn owner_of(
    db: &Db,
    id: &str,
    peer_id: &str,
    preferred: Option<&PartyId>,
) -> Result<Option<PartyId>, DbError> {
    let owner: Option<String> = sqlx::query_scalar(
        "SELECT owner FROM sessions WHERE id = $1 AND deleted = 0 AND ($2 = '' OR peer_id = $2) \
         ORDER BY CASE WHEN owner = $3 THEN 0 ELSE 1 END, seq DESC LIMIT 1",
    )
    .bind(id.to_ascii_uppercase())
    .bind(peer_id)
    .bind(preferred.map(PartyId::key).unwrap_or_default())
    .fetch_optional(db.read())
    .await?;
    owner.map(|owner| owner.parse().map_err(|_| DbError::corrupt("sessions.owner"))).transpose()
}

/// The CPO of a Session, where only its id is known: the latest with this id.
pub async fn owner(db: &Db, id: &str) -> Result<Option<PartyId>, DbError> {
    owner_of(db, id, "", None).await
}

/// The preferences that were last sent for a Session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPreferences {
    /// The ChargingPreferences, as JSON.
    pub json: String,
    /// When they were sent: milliseconds since 1970, real time.
    pub sent_at: i64,
    /// The CPO's answer, or empty.
    pub response: String,
    /// Why there is none, or empty.
    pub failure: String,
}

/// Notes which preferences were sent for a Session, and what came back.
pub async fn put_preferences(db: &Db, owner: PartyId, id: String, sent: SentPreferences) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO charging_preferences (owner, session_id, json, sent_at, response, failure) \
                 VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (owner, session_id) DO UPDATE SET json = excluded.json, sent_at = excluded.sent_at, \
                   response = excluded.response, failure = excluded.failure",
            )
            .bind(owner.key())
            .bind(id.to_ascii_uppercase())
            .bind(sent.json)
            .bind(sent.sent_at)
            .bind(sent.response)
            .bind(sent.failure)
            .execute(&mut **tx)
            .await?;
            Ok(())
        })
    })
    .await
}

/// The preferences that were last sent for a Session.
pub async fn preferences(db: &Db, owner: &PartyId, id: &str) -> Result<Option<SentPreferences>, DbError> {
    use sqlx::Row;
    let row = sqlx::query(
        "SELECT json, sent_at, response, failure FROM charging_preferences WHERE owner = $1 AND session_id = $2",
    )
    .bind(owner.key())
    .bind(id.to_ascii_uppercase())
    .fetch_optional(db.read())
    .await?;
    row.map(|row| {
        Ok(SentPreferences {
            json: row.try_get("json")?,
            sent_at: row.try_get("sent_at")?,
            response: row.try_get("response")?,
            failure: row.try_get("failure")?,
        })
    })
    .transpose()
}
