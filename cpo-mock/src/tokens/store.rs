//! All SQL about the partners' Tokens.

use std::collections::HashSet;

use ocpi_party::{Db, DbError, NewObject, ObjectTable, Tx, Upserted};
use ocpi_types::{Object, PartyId, Token, TokenType};
use sqlx::Row;

/// The Tokens. Their id is `UID|TYPE`: a uid alone does not identify a Token.
pub const TABLE: ObjectTable = ObjectTable::new("tokens");

/// The owners and ids of all Tokens in a list.
pub type Listed = HashSet<(String, String)>;

/// A Token as it is stored.
#[derive(Debug, Clone)]
pub struct Found {
    /// The Token.
    pub token: Token,
    /// The partner that sent it.
    pub peer_id: String,
}

/// A Token's id in the table.
#[must_use]
pub fn id_of(uid: &str, token_type: &TokenType) -> String {
    format!("{uid}|{token_type}").to_ascii_uppercase()
}

/// The party that owns a Token.
#[must_use]
pub fn owner_of(token: &Token) -> PartyId {
    PartyId::new(token.country_code.as_str(), token.party_id.as_str())
}

/// Every partner's Token with this uid and type.
pub async fn find_all(db: &Db, uid: &str, token_type: &TokenType) -> Result<Vec<Found>, DbError> {
    let rows = sqlx::query("SELECT peer_id, json FROM tokens WHERE id = $1 AND deleted = 0 ORDER BY seq")
        .bind(id_of(uid, token_type))
        .fetch_all(db.read())
        .await?;
    rows.iter()
        .map(|row| Ok(Found { token: parse(&row.try_get::<String, _>("json")?)?, peer_id: row.try_get("peer_id")? }))
        .collect()
}

/// The Token that is stored.
pub fn parse(json: &str) -> Result<Token, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("tokens.json: {error}")))
}

/// Stores a Token unless a newer state of it is stored.
pub async fn put(tx: &mut Tx, peer_id: &str, token: &Token) -> Result<Upserted, DbError> {
    let owner = owner_of(token);
    let row = NewObject {
        owner: &owner,
        id: &id_of(token.uid.as_str(), &token.token_type),
        audience: "",
        peer_id,
        last_updated: token.last_updated,
        json: &token.to_json(),
    };
    let seq = tx.seq();
    TABLE.upsert(tx, seq, &row).await
}

/// A Token that a partner has sent.
#[derive(Debug, Clone)]
pub struct Known {
    /// Owner and id.
    pub key: (String, String),
    /// Its `last_updated`, in milliseconds.
    last_updated: i64,
}

/// The valid Tokens of a partner.
pub async fn of_peer(db: &Db, peer_id: &str) -> Result<Vec<Known>, DbError> {
    let rows = sqlx::query("SELECT owner, id, last_updated FROM tokens WHERE peer_id = $1 AND deleted = 0")
        .bind(peer_id)
        .fetch_all(db.read())
        .await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Known { key: (row.try_get("owner")?, row.try_get("id")?), last_updated: row.try_get("last_updated")? })
    };
    rows.iter().map(read).collect()
}

/// Forgets Tokens that a complete list did not contain: they are no longer valid. Spec: mod_tokens, "GET Method". What has changed
/// since it was read stays. Answers how many were forgotten.
pub async fn forget(tx: &mut Tx, gone: &[Known]) -> Result<u64, DbError> {
    let mut forgotten = 0;
    for Known { key, last_updated } in gone {
        let owner: PartyId = key.0.parse().map_err(|_| DbError::corrupt("tokens.owner"))?;
        let now = TABLE.get_in(tx, &owner, &key.1).await?;
        if now.is_some_and(|now| now.last_updated.timestamp_millis() == *last_updated) {
            forgotten += u64::from(TABLE.delete(tx, &owner, &key.1).await?);
        }
    }
    Ok(forgotten)
}
