//! All SQL of this module.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError, NewObject, ObjectTable, Tx, Upserted, mark_all};
use ocpi_types::{DateTime, ModuleId, Object, PartyId, Token};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::account::Account;
use super::token_id;
use crate::receive;

/// The stored Tokens.
pub const TABLE: ObjectTable = ObjectTable::new("tokens");

/// A Token with the account behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnToken {
    /// What partners see.
    pub token: Token,
    /// The same as the JSON that is served.
    pub json: String,
    /// What only we know.
    pub account: Account,
}

impl OwnToken {
    /// The party that owns it.
    #[must_use]
    pub fn owner(&self) -> PartyId {
        PartyId::new(self.token.country_code.clone(), self.token.party_id.clone())
    }
}

fn read(row: &AnyRow) -> Result<OwnToken, DbError> {
    let json: String = row.try_get("json")?;
    let account: String = row.try_get("account")?;
    Ok(OwnToken {
        token: serde_json::from_str(&json).map_err(|_| DbError::corrupt("a token"))?,
        json,
        account: serde_json::from_str(&account).map_err(|_| DbError::corrupt("an account"))?,
    })
}

/// The Tokens with this id (`UID|TYPE`); more than one only where several of our parties use the same.
pub async fn find(db: &Db, id: &str) -> Result<Vec<OwnToken>, DbError> {
    let rows = sqlx::query("SELECT json, account FROM tokens WHERE id = $1 AND deleted = 0 ORDER BY seq")
        .bind(id.to_ascii_uppercase())
        .fetch_all(db.read())
        .await?;
    rows.iter().map(read).collect()
}

/// The Token of one of our parties.
pub async fn get(db: &Db, owner: &PartyId, id: &str) -> Result<Option<OwnToken>, DbError> {
    let row = sqlx::query("SELECT json, account FROM tokens WHERE owner = $1 AND id = $2 AND deleted = 0")
        .bind(owner.key())
        .bind(id.to_ascii_uppercase())
        .fetch_optional(db.read())
        .await?;
    row.as_ref().map(read).transpose()
}

/// A page of Tokens with their accounts, in the order of their creation.
pub async fn list(db: &Db, offset: u64, limit: u64) -> Result<(Vec<OwnToken>, u64), DbError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let rows = sqlx::query("SELECT json, account FROM tokens WHERE deleted = 0 ORDER BY seq LIMIT $1 OFFSET $2")
        .bind(number(limit))
        .bind(number(offset))
        .fetch_all(db.read())
        .await?;
    let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM tokens WHERE deleted = 0").fetch_one(db.read()).await?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, u64::try_from(total).unwrap_or_default()))
}

/// Stores a Token with its account, and notes for every partner that it has to be told. `true` when the Token is new.
pub async fn save(tx: &mut Tx, token: &Token, account: &Account) -> Result<bool, OcpiError> {
    let owner = PartyId::new(token.country_code.clone(), token.party_id.clone());
    let id = token_id(&token.uid, &token.token_type);
    let (json, last_updated, seq) = (token.to_json(), token.last_updated, tx.seq());
    let row = NewObject { owner: &owner, id: &id, audience: "", peer_id: "", last_updated, json: &json };
    let created = match insert(tx, seq, &row, token, account).await? {
        Upserted::Created => true,
        Upserted::Replaced => false,
        Upserted::Stale => return Err(receive::stale(&id, last_updated)),
    };
    mark_all(tx, ModuleId::Tokens, &format!("{}|{id}", owner.key())).await?;
    Ok(created)
}

async fn insert(
    tx: &mut Tx,
    seq: i64,
    row: &NewObject<'_>,
    token: &Token,
    account: &Account,
) -> Result<Upserted, DbError> {
    tx.touch(TABLE.name);
    let account_json = serde_json::to_string(account).map_err(|_| DbError::corrupt("an account"))?;
    let stored: Option<i64> = sqlx::query_scalar(
        "INSERT INTO tokens (owner, id, seq, last_updated, json, account, valid, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (owner, id) DO UPDATE SET \
           last_updated = excluded.last_updated, json = excluded.json, account = excluded.account, \
           valid = excluded.valid, expires_at = excluded.expires_at, deleted = 0 \
         WHERE excluded.last_updated >= tokens.last_updated \
         RETURNING seq",
    )
    .bind(row.owner.key())
    .bind(row.id)
    .bind(seq)
    .bind(row.last_updated.timestamp_millis())
    .bind(row.json)
    .bind(account_json)
    .bind(i64::from(token.valid))
    .bind(account.expires_at.map(|at| at.timestamp_millis()))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(match stored {
        None => Upserted::Stale,
        Some(stored) if stored == seq => Upserted::Created,
        Some(_) => Upserted::Replaced,
    })
}

/// The Token inside of a write that is going to change it.
pub async fn get_in(tx: &mut Tx, owner: &PartyId, id: &str) -> Result<Option<OwnToken>, DbError> {
    let text = "SELECT json, account FROM tokens WHERE owner = $1 AND id = $2 AND deleted = 0";
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{text}{}", tx.for_update())))
        .bind(owner.key())
        .bind(id.to_ascii_uppercase())
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Tokens that partners still hold valid although their contract has ended: owner and id.
pub async fn run_out(db: &Db, now: DateTime) -> Result<Vec<(String, String)>, DbError> {
    let rows =
        sqlx::query("SELECT owner, id FROM tokens WHERE expires_at <= $1 AND valid = 1 AND deleted = 0 ORDER BY seq")
            .bind(now.timestamp_millis())
            .fetch_all(db.read())
            .await?;
    rows.iter().map(|row| Ok((row.try_get("owner")?, row.try_get("id")?))).collect()
}

/// The token (`UID|TYPE`) for which we gave this authorization reference, in real-time authorization or with a command.
pub async fn token_of_reference(db: &Db, reference: &str) -> Result<Option<String>, DbError> {
    let found: Option<String> = sqlx::query_scalar(
        "SELECT token_id FROM authorizations WHERE reference = $1 \
         UNION ALL SELECT token_id FROM commands WHERE authorization_reference = $1",
    )
    .bind(reference.to_ascii_uppercase())
    .fetch_optional(db.read())
    .await?;
    Ok(found)
}
