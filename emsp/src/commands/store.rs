//! All SQL of this module: the commands we sent, and what became of them.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError};
use ocpi_types::{CommandType, DateTime, PartyId};
use sqlx::Row;
use sqlx::any::AnyRow;

/// A command that is about to be sent.
#[derive(Debug, Clone)]
pub struct NewCommand {
    /// Part of the `response_url`, and not to be guessed.
    pub id: String,
    /// Which command.
    pub command: CommandType,
    /// The peer it goes to.
    pub peer_id: String,
    /// Our party.
    pub sender: PartyId,
    /// The CPO.
    pub receiver: PartyId,
    /// The Token (`UID|TYPE`), or empty.
    pub token_id: String,
    /// The body.
    pub request: String,
    /// The reference that the Session will carry, or empty.
    pub authorization_reference: String,
    /// The Session it is about, or empty.
    pub session_id: String,
    /// When it is sent (real time).
    pub created_at: DateTime,
    /// How long we wait for an answer and a result (real time).
    pub deadline: DateTime,
}

/// A command as it is stored. Times are milliseconds since 1970, real time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns are explained in the migration and in NewCommand")]
pub struct Command {
    pub id: String,
    pub seq: i64,
    pub command: String,
    pub peer_id: String,
    pub receiver: String,
    pub token_id: String,
    pub request: String,
    pub authorization_reference: String,
    pub session_id: String,
    pub created_at: i64,
    pub deadline: i64,
    /// The CommandResponse, as JSON.
    pub response: Option<String>,
    /// Why it could not be delivered.
    pub failure: Option<String>,
    /// The CommandResult that came in time, as JSON.
    pub result: Option<String>,
    pub result_at: Option<i64>,
    /// The last CommandResult that came after that, or too late.
    pub later_result: Option<String>,
    pub later_result_at: Option<i64>,
}

const COLUMNS: &str = "id, seq, command, peer_id, receiver, token_id, request, authorization_reference, session_id, \
    created_at, deadline, response, failure, result, result_at, later_result, later_result_at";

fn read(row: &AnyRow) -> Result<Command, DbError> {
    Ok(Command {
        id: row.try_get("id")?,
        seq: row.try_get("seq")?,
        command: row.try_get("command")?,
        peer_id: row.try_get("peer_id")?,
        receiver: row.try_get("receiver")?,
        token_id: row.try_get("token_id")?,
        request: row.try_get("request")?,
        authorization_reference: row.try_get("authorization_reference")?,
        session_id: row.try_get("session_id")?,
        created_at: row.try_get("created_at")?,
        deadline: row.try_get("deadline")?,
        response: row.try_get("response")?,
        failure: row.try_get("failure")?,
        result: row.try_get("result")?,
        result_at: row.try_get("result_at")?,
        later_result: row.try_get("later_result")?,
        later_result_at: row.try_get("later_result_at")?,
    })
}

/// Whether a charge was ever started with this Token (`UID|TYPE`), with or without success.
pub async fn was_started_with(db: &Db, token_id: &str) -> Result<bool, DbError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT id FROM commands WHERE token_id = $1 AND command = $2 ORDER BY seq LIMIT 1")
            .bind(token_id)
            .bind(CommandType::StartSession.as_str())
            .fetch_optional(db.read())
            .await?;
    Ok(found.is_some())
}

/// Notes a command before it is sent.
pub async fn insert(db: &Db, new: NewCommand) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            let seq = tx.seq();
            sqlx::query(
                "INSERT INTO commands (id, seq, command, peer_id, sender, receiver, token_id, request, \
                   authorization_reference, session_id, created_at, deadline) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(new.id)
            .bind(seq)
            .bind(new.command.as_str())
            .bind(new.peer_id)
            .bind(new.sender.key())
            .bind(new.receiver.key())
            .bind(new.token_id)
            .bind(new.request)
            .bind(new.authorization_reference.to_ascii_uppercase())
            .bind(new.session_id)
            .bind(new.created_at.timestamp_millis())
            .bind(new.deadline.timestamp_millis())
            .execute(&mut **tx)
            .await?;
            Ok(())
        })
    })
    .await
}

/// Notes the CPO's synchronous answer, and until when its result can be expected.
pub async fn responded(db: &Db, id: String, response: String, at: DateTime, deadline: DateTime) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            sqlx::query("UPDATE commands SET response = $2, response_at = $3, deadline = $4 WHERE id = $1")
                .bind(id)
                .bind(response)
                .bind(at.timestamp_millis())
                .bind(deadline.timestamp_millis())
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    })
    .await
}

/// Notes that the command could not be delivered, or that nobody knows whether it was.
pub async fn failed(db: &Db, id: String, failure: String) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            sqlx::query("UPDATE commands SET failure = $2 WHERE id = $1")
                .bind(id)
                .bind(failure)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    })
    .await
}

/// Notes a result. The first one that is in time is the command's result; all others are kept beside it, the last one stays.
/// `false` when this peer was never sent this command.
pub async fn resulted(
    db: &Db,
    id: String,
    command: CommandType,
    peer_id: String,
    result: String,
    at: DateTime,
) -> Result<bool, OcpiError> {
    db.write(move |tx| {
        Box::pin(async move {
            let at = at.timestamp_millis();
            let update = |what: &'static str| {
                sqlx::query(what)
                    .bind(id.clone())
                    .bind(command.as_str().to_owned())
                    .bind(peer_id.clone())
                    .bind(result.clone())
                    .bind(at)
            };
            let first = "UPDATE commands SET result = $4, result_at = $5 \
                         WHERE id = $1 AND command = $2 AND peer_id = $3 AND result IS NULL AND deadline >= $5";
            if update(first).execute(&mut **tx).await.map_err(DbError::from)?.rows_affected() > 0 {
                return Ok(true);
            }
            // The same result once more is no news.
            let later = "UPDATE commands SET \
                           later_result = CASE WHEN result = $4 THEN later_result ELSE $4 END, \
                           later_result_at = CASE WHEN result = $4 THEN later_result_at ELSE $5 END \
                         WHERE id = $1 AND command = $2 AND peer_id = $3";
            Ok(update(later).execute(&mut **tx).await.map_err(DbError::from)?.rows_affected() > 0)
        })
    })
    .await
}

/// One command.
pub async fn get(db: &Db, id: &str) -> Result<Option<Command>, DbError> {
    let text = format!("SELECT {COLUMNS} FROM commands WHERE id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id).fetch_optional(db.read()).await?;
    row.as_ref().map(read).transpose()
}

/// The latest commands first.
pub async fn list(db: &Db, offset: u64, limit: u64) -> Result<(Vec<Command>, u64), DbError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let text = format!("SELECT {COLUMNS} FROM commands ORDER BY seq DESC LIMIT $1 OFFSET $2");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(text)).bind(number(limit)).bind(number(offset)).fetch_all(db.read()).await?;
    let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM commands").fetch_one(db.read()).await?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, u64::try_from(total).unwrap_or_default()))
}
