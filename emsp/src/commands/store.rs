//! All SQL of this module: the commands we sent, and what became of them.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError, Tx};
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
    /// Our name for the reservation that it is about, or empty.
    pub reservation_id: String,
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
    pub reservation_id: String,
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
    reservation_id, created_at, deadline, response, failure, result, result_at, later_result, later_result_at";

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
        reservation_id: row.try_get("reservation_id")?,
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
                   authorization_reference, session_id, created_at, deadline, reservation_id) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
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
            .bind(new.reservation_id.to_ascii_uppercase())
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

/// Notes a result. The first one that is in time is the command's result; all others are kept beside it, the last one stays;
/// that the CPO has cancelled a reservation stays for good. `false` when this peer was never sent this command.
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
            // The same result once more is no news, nor is anything about a reservation that is no more.
            let later = "UPDATE commands SET \
                           later_result = CASE WHEN result = $4 OR later_result LIKE '%CANCELED_RESERVATION%' \
                             THEN later_result ELSE $4 END, \
                           later_result_at = CASE WHEN result = $4 OR later_result LIKE '%CANCELED_RESERVATION%' \
                             THEN later_result_at ELSE $5 END \
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

/// The commands about a reservation, in order.
pub async fn of_reservation(db: &Db, reservation_id: &str) -> Result<Vec<Command>, DbError> {
    if reservation_id.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!("SELECT {COLUMNS} FROM commands WHERE reservation_id = $1 ORDER BY seq");
    let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(reservation_id.to_ascii_uppercase());
    query.fetch_all(db.read()).await?.iter().map(read).collect()
}

/// The names of our reservations, the latest first, and how many there are.
pub async fn reservations(db: &Db, offset: u64, limit: u64) -> Result<(Vec<String>, u64), DbError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let ids = sqlx::query_scalar(
        "SELECT reservation_id FROM commands WHERE reservation_id <> '' GROUP BY reservation_id \
         ORDER BY MIN(seq) DESC LIMIT $1 OFFSET $2",
    );
    let ids = ids.bind(number(limit)).bind(number(offset)).fetch_all(db.read()).await?;
    let total: i64 =
        sqlx::query_scalar("SELECT COUNT(DISTINCT reservation_id) FROM commands WHERE reservation_id <> ''")
            .fetch_one(db.read())
            .await?;
    Ok((ids, u64::try_from(total).unwrap_or_default()))
}

/// The name of the reservation to which a CDR belongs: by its session, or by the reference that we gave.
pub async fn reservation_of(
    db: &Db,
    owner: &PartyId,
    session_id: Option<&str>,
    reference: Option<&str>,
) -> Result<Option<String>, DbError> {
    let found = sqlx::query_scalar(
        "SELECT reservation_id FROM commands WHERE receiver = $1 AND reservation_id <> '' AND \
         (($2 <> '' AND UPPER(session_id) = $2) OR ($3 <> '' AND authorization_reference = $3)) ORDER BY seq LIMIT 1",
    );
    let upper = |text: Option<&str>| text.map(str::to_ascii_uppercase).unwrap_or_default();
    Ok(found.bind(owner.key()).bind(upper(session_id)).bind(upper(reference)).fetch_optional(db.read()).await?)
}

/// Notes which Session a reservation has. The Session's reference may change when it is used, its id does not.
///
/// It is that of the RESERVE_NOW with its reference; where the CPO has lost that, of the last one with its token.
pub async fn reserved(
    tx: &mut Tx,
    owner: &PartyId,
    session_id: &str,
    reference: &str,
    token_id: &str,
) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE commands SET session_id = $1 WHERE id = (SELECT id FROM commands WHERE command = 'RESERVE_NOW' \
         AND receiver = $2 AND session_id = '' AND (authorization_reference = $3 OR ($3 = '' AND token_id = $4)) \
         ORDER BY seq DESC LIMIT 1)",
    )
    .bind(session_id)
    .bind(owner.key())
    .bind(reference)
    .bind(token_id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
