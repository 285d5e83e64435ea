//! All SQL of this module: what was asked for, what came back, and what the stations intend to do.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError, Tx, sync};
use ocpi_types::{ActiveChargingProfile, DateTime, ModuleId, Object, PartyId};
use sqlx::Row;
use sqlx::any::AnyRow;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ChargingProfileRequestKind)]
pub enum Kind {
    /// What the station intends to do.
    Get,
    /// Set a profile.
    Put,
    /// Clear the profile.
    Delete,
}

impl Kind {
    /// The HTTP method.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    fn read(text: &str) -> Result<Self, DbError> {
        let all = [Self::Get, Self::Put, Self::Delete];
        all.into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| DbError::corrupt("charging_profile_requests.kind"))
    }
}

/// On whose behalf a request is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relay {
    /// The smart charging partner; empty: on our own.
    pub peer_id: String,
    /// Its party, as `NL/TNM`.
    pub party: String,
    /// Where it wants the result.
    pub url: String,
}

/// A request that is about to be sent.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Part of the `response_url`, and not to be guessed.
    pub id: String,
    /// What is asked for.
    pub kind: Kind,
    /// The peer it goes to.
    pub peer_id: String,
    /// The CPO.
    pub owner: PartyId,
    /// `Session.id`.
    pub session_id: String,
    /// The body, or the query.
    pub request: String,
    /// When it is sent (real time).
    pub created_at: DateTime,
    /// How long we wait for an answer and a result (real time).
    pub deadline: DateTime,
    /// On whose behalf.
    pub relay: Relay,
}

/// A request as it is stored. Times are milliseconds since 1970, real time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns are explained in the migration and in NewRequest")]
pub struct Request {
    pub id: String,
    pub kind: Kind,
    pub peer_id: String,
    pub owner: String,
    pub session_id: String,
    pub request: String,
    pub created_at: i64,
    pub deadline: i64,
    /// The ChargingProfileResponse, as JSON.
    pub response: Option<String>,
    /// Why it could not be delivered.
    pub failure: Option<String>,
    /// The result that came in time, as JSON.
    pub result: Option<String>,
    pub result_at: Option<i64>,
    /// The last result that came after that, or too late.
    pub later_result: Option<String>,
    pub relay: Relay,
}

const COLUMNS: &str = "id, kind, peer_id, owner, session_id, request, created_at, deadline, response, failure, result, \
    result_at, later_result, relay_peer_id, relay_party, relay_url";

fn read(row: &AnyRow) -> Result<Request, DbError> {
    Ok(Request {
        id: row.try_get("id")?,
        kind: Kind::read(&row.try_get::<String, _>("kind")?)?,
        peer_id: row.try_get("peer_id")?,
        owner: row.try_get("owner")?,
        session_id: row.try_get("session_id")?,
        request: row.try_get("request")?,
        created_at: row.try_get("created_at")?,
        deadline: row.try_get("deadline")?,
        response: row.try_get("response")?,
        failure: row.try_get("failure")?,
        result: row.try_get("result")?,
        result_at: row.try_get("result_at")?,
        later_result: row.try_get("later_result")?,
        relay: Relay {
            peer_id: row.try_get("relay_peer_id")?,
            party: row.try_get("relay_party")?,
            url: row.try_get("relay_url")?,
        },
    })
}

/// Notes a request before it is sent.
pub async fn insert(db: &Db, new: NewRequest) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            let seq = tx.seq();
            sqlx::query(
                "INSERT INTO charging_profile_requests (id, seq, kind, peer_id, owner, session_id, request, created_at, \
                   deadline, relay_peer_id, relay_party, relay_url) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(new.id)
            .bind(seq)
            .bind(new.kind.as_str())
            .bind(new.peer_id)
            .bind(new.owner.key())
            .bind(new.session_id.to_ascii_uppercase())
            .bind(new.request)
            .bind(new.created_at.timestamp_millis())
            .bind(new.deadline.timestamp_millis())
            .bind(new.relay.peer_id)
            .bind(new.relay.party)
            .bind(new.relay.url)
            .execute(&mut **tx)
            .await?;
            Ok(())
        })
    })
    .await
}

/// Notes the CPO's synchronous answer, and until when its result can be expected.
pub async fn responded(db: &Db, id: String, response: String, deadline: DateTime) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            sqlx::query("UPDATE charging_profile_requests SET response = $2, deadline = $3 WHERE id = $1")
                .bind(id)
                .bind(response)
                .bind(deadline.timestamp_millis())
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    })
    .await
}

/// Notes that the request could not be delivered, or that nobody knows whether it was.
pub async fn failed(db: &Db, id: String, failure: String) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            sqlx::query("UPDATE charging_profile_requests SET failure = $2 WHERE id = $1")
                .bind(id)
                .bind(failure)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    })
    .await
}

/// Notes a result; `true` for the first one that is in time, which is the request's result. Others are kept beside it.
pub async fn resulted(db: &Db, id: String, result: String, accepted: bool, at: DateTime) -> Result<bool, DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            let first = sqlx::query(
                "UPDATE charging_profile_requests SET result = $2, result_at = $3, accepted = $4 \
                 WHERE id = $1 AND result IS NULL AND deadline >= $3",
            );
            let at = at.timestamp_millis();
            let first = first.bind(&id).bind(&result).bind(at).bind(i64::from(accepted)).execute(&mut **tx).await?;
            if first.rows_affected() > 0 {
                return Ok(true);
            }
            // The same result once more is no news.
            sqlx::query(
                "UPDATE charging_profile_requests SET \
                   later_result = CASE WHEN result = $2 THEN later_result ELSE $2 END, \
                   later_result_at = CASE WHEN result = $2 THEN later_result_at ELSE $3 END \
                 WHERE id = $1",
            )
            .bind(&id)
            .bind(&result)
            .bind(at)
            .execute(&mut **tx)
            .await?;
            Ok(false)
        })
    })
    .await
}

/// One request.
pub async fn get(db: &Db, id: &str) -> Result<Option<Request>, DbError> {
    let text = format!("SELECT {COLUMNS} FROM charging_profile_requests WHERE id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id).fetch_optional(db.read()).await?;
    row.as_ref().map(read).transpose()
}

/// The requests about a Session, the latest first.
pub async fn of_session(db: &Db, owner: &PartyId, session_id: &str, limit: i64) -> Result<Vec<Request>, DbError> {
    let text = format!(
        "SELECT {COLUMNS} FROM charging_profile_requests WHERE owner = $1 AND session_id = $2 ORDER BY seq DESC LIMIT $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(owner.key())
        .bind(session_id.to_ascii_uppercase())
        .bind(limit)
        .fetch_all(db.read())
        .await?;
    rows.iter().map(read).collect()
}

/// Keeps what a station intends to do, unless a later plan is known. The smart charging partners that have set a profile on this
/// Session are behind on it. `false` when a later one is known.
pub async fn put_active(
    db: &Db,
    owner: PartyId,
    session_id: String,
    profile: ActiveChargingProfile,
    at: DateTime,
) -> Result<bool, OcpiError> {
    db.write(move |tx| {
        Box::pin(async move {
            let id = session_id.to_ascii_uppercase();
            let stored = sqlx::query(
                "INSERT INTO active_charging_profiles (owner, session_id, started_at, received_at, json) \
                 VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (owner, session_id) DO UPDATE SET started_at = excluded.started_at, \
                   received_at = excluded.received_at, json = excluded.json \
                 WHERE active_charging_profiles.started_at <= excluded.started_at",
            )
            .bind(owner.key())
            .bind(&id)
            .bind(profile.start_date_time.timestamp_millis())
            .bind(at.timestamp_millis())
            .bind(profile.to_json())
            .execute(&mut **tx)
            .await
            .map_err(DbError::from)?;
            if stored.rows_affected() == 0 {
                return Ok(false);
            }
            mark_relays(tx, &owner, &id).await?;
            Ok(true)
        })
    })
    .await
}

async fn mark_relays(tx: &mut Tx, owner: &PartyId, session_id: &str) -> Result<(), DbError> {
    let peers: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT relay_peer_id FROM charging_profile_requests \
         WHERE owner = $1 AND session_id = $2 AND kind = 'PUT' AND accepted = 1 AND relay_peer_id <> ''",
    )
    .bind(owner.key())
    .bind(session_id)
    .fetch_all(&mut **tx)
    .await?;
    for peer in peers {
        sync::mark_peer(tx, &peer, ModuleId::Chargingprofiles, &format!("{}|{session_id}", owner.key())).await?;
    }
    Ok(())
}

/// What a station intends to do, as it last said, as JSON, and when that came.
pub async fn active(db: &Db, owner: &PartyId, session_id: &str) -> Result<Option<(String, i64)>, DbError> {
    let row =
        sqlx::query("SELECT json, received_at FROM active_charging_profiles WHERE owner = $1 AND session_id = $2")
            .bind(owner.key())
            .bind(session_id.to_ascii_uppercase())
            .fetch_optional(db.read())
            .await?;
    row.map(|row| Ok((row.try_get("json")?, row.try_get("received_at")?))).transpose()
}
