//! All SQL about tokens, and about what an exchange of credentials leaves behind.

use ocpi_http::Secret;
use ocpi_types::{CredentialsRole, DateTime, Endpoint};

use super::cache::PEERS;
use super::{TokenKind, token_hash};
use crate::{DbError, Tx};

/// Gives a peer a token A in place of one it may have.
pub(crate) async fn invite(tx: &mut Tx, peer_id: &str, token: &Secret, at: DateTime) -> Result<(), DbError> {
    sqlx::query("DELETE FROM peer_tokens WHERE peer_id = $1 AND kind = 'A'").bind(peer_id).execute(&mut **tx).await?;
    add_token(tx, peer_id, token, TokenKind::A, at, None).await
}

/// A token of ours that is to be valid while our POST or PUT is open.
pub(crate) async fn add_pending_token(
    tx: &mut Tx,
    peer_id: &str,
    token: &Secret,
    at: DateTime,
    expires_at: DateTime,
) -> Result<(), DbError> {
    add_token(tx, peer_id, token, TokenKind::Pending, at, Some(expires_at)).await
}

/// How many tokens are kept of exchanges of which nobody knows how they ended.
const UNSURE_KEPT: i64 = 20;

/// The peer was sent this token and may have taken it: it stays good until the next exchange.
pub(crate) async fn keep_unsure_token(tx: &mut Tx, peer_id: &str, token: &Secret) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("UPDATE peer_tokens SET kind = 'UNSURE', expires_at = 0 WHERE hash = $1")
        .bind(token_hash(token))
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "DELETE FROM peer_tokens WHERE peer_id = $1 AND kind = 'UNSURE' AND hash NOT IN (SELECT hash FROM peer_tokens \
         WHERE peer_id = $1 AND kind = 'UNSURE' ORDER BY created_at DESC, hash LIMIT $2)",
    )
    .bind(peer_id)
    .bind(UNSURE_KEPT)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The peer has shown this token.
pub(crate) async fn note_use(tx: &mut Tx, hash: &str, now: DateTime) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("UPDATE peer_tokens SET used_at = $2 WHERE hash = $1 AND used_at = 0")
        .bind(hash)
        .bind(now.timestamp_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn add_token(
    tx: &mut Tx,
    peer_id: &str,
    token: &Secret,
    kind: TokenKind,
    at: DateTime,
    expires_at: Option<DateTime>,
) -> Result<(), DbError> {
    tx.touch(PEERS);
    sqlx::query("INSERT INTO peer_tokens (hash, peer_id, kind, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(token_hash(token))
        .bind(peer_id)
        .bind(kind.as_str())
        .bind(at.timestamp_millis())
        .bind(expires_at.map_or(0, |at| at.timestamp_millis()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes a token; `false` when it was not there (any more).
pub(crate) async fn drop_token(tx: &mut Tx, token: &Secret) -> Result<bool, DbError> {
    tx.touch(PEERS);
    let dropped = sqlx::query("DELETE FROM peer_tokens WHERE hash = $1").bind(token_hash(token)).execute(&mut **tx);
    Ok(dropped.await?.rows_affected() > 0)
}

/// Whether an exchange that we began with this peer is open.
pub(crate) async fn is_exchanging(tx: &mut Tx, peer_id: &str, now: DateTime) -> Result<bool, DbError> {
    let found = sqlx::query("SELECT 1 FROM peer_tokens WHERE peer_id = $1 AND kind = 'PENDING' AND expires_at > $2")
        .bind(peer_id)
        .bind(now.timestamp_millis())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.is_some())
}

/// What a complete exchange of credentials leaves behind.
#[derive(Debug)]
pub(crate) struct Exchanged {
    /// With whom.
    pub(crate) peer_id: String,
    /// The token that the peer uses from now on.
    pub(crate) token_in: Secret,
    /// The token that we use from now on.
    pub(crate) token_out: Secret,
    pub(crate) versions_url: String,
    pub(crate) roles: Vec<CredentialsRole>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) at: DateTime,
    /// Until when the replaced token is still good.
    pub(crate) grace_until: DateTime,
}

/// Stores a complete exchange: the new tokens, roles and endpoints; tokens A are void, the replaced one expires soon.
pub(crate) async fn finish_exchange(tx: &mut Tx, done: &Exchanged) -> Result<(), DbError> {
    tx.touch(PEERS);
    let hash = token_hash(&done.token_in);
    // Void now: token A, tokens of other exchanges, and what has been in its grace.
    sqlx::query("DELETE FROM peer_tokens WHERE peer_id = $1 AND kind <> 'CURRENT'")
        .bind(&done.peer_id)
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE peer_tokens SET kind = 'OLD', expires_at = $2 WHERE peer_id = $1")
        .bind(&done.peer_id)
        .bind(done.grace_until.timestamp_millis())
        .execute(&mut **tx)
        .await?;
    sqlx::query("INSERT INTO peer_tokens (hash, peer_id, kind, created_at) VALUES ($1, $2, 'CURRENT', $3)")
        .bind(hash)
        .bind(&done.peer_id)
        .bind(done.at.timestamp_millis())
        .execute(&mut **tx)
        .await?;
    let roles = serde_json::to_string(&done.roles).map_err(|_| DbError::corrupt("roles to be stored"))?;
    sqlx::query(
        "UPDATE peers SET status = 'REGISTERED', versions_url = $2, roles = $3, token_out = $4, credentials_at = $5, \
         registered_at = CASE WHEN status = 'REGISTERED' THEN registered_at ELSE $5 END WHERE id = $1",
    )
    .bind(&done.peer_id)
    .bind(&done.versions_url)
    .bind(roles)
    .bind(done.token_out.expose())
    .bind(done.at.timestamp_millis())
    .execute(&mut **tx)
    .await?;
    replace_endpoints(tx, &done.peer_id, &done.endpoints).await
}

async fn replace_endpoints(tx: &mut Tx, peer_id: &str, endpoints: &[Endpoint]) -> Result<(), DbError> {
    sqlx::query("DELETE FROM peer_endpoints WHERE peer_id = $1").bind(peer_id).execute(&mut **tx).await?;
    for endpoint in endpoints {
        // An endpoint that is listed twice: the first counts.
        sqlx::query(
            "INSERT INTO peer_endpoints (peer_id, module, role, url) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(peer_id)
        .bind(endpoint.identifier.as_str())
        .bind(endpoint.role.as_str())
        .bind(endpoint.url.as_str())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
