//! Lists of OCPI objects, stored as the JSON text that will be served, beside the columns that are searched.
//!
//! A list page is put together without parsing any of that JSON. Lists are ordered by creation, filtered on
//! `last_updated` (`date_from` inclusive, `date_to` exclusive), and count what the asking peer may see.
//!
//! One table per module, all with the same columns. A server crate creates its tables in its own migrations with exactly
//! this text (here for `locations`):
//!
//! ```sql
//! CREATE TABLE locations (
//!     owner        TEXT   NOT NULL,            -- 'NL/TNM' in upper case
//!     id           TEXT   NOT NULL,            -- in upper case; tokens: 'UID|TYPE'
//!     audience     TEXT   NOT NULL DEFAULT '', -- '' = every peer, else the id of the one peer that may see it
//!     peer_id      TEXT   NOT NULL DEFAULT '', -- '' = our own, else the peer that sent it
//!     seq          BIGINT NOT NULL,            -- creation order
//!     last_updated BIGINT NOT NULL,            -- milliseconds since 1970
//!     deleted      BIGINT NOT NULL DEFAULT 0,  -- else the number of the write that deleted it
//!     json         TEXT   NOT NULL,            -- as it is served
//!     PRIMARY KEY (owner, id)
//! );
//! CREATE UNIQUE INDEX locations_list ON locations (seq, deleted, owner, audience, last_updated);
//! CREATE INDEX locations_owner_list ON locations (owner, seq, deleted, audience, last_updated);
//! ```
//!
//! Both indexes cover what counting and skipping need, so that neither touches the JSON.

mod cache;
mod sql;

use ocpi_http::{ListQuery, OcpiReply, OcpiResult, ReplyPage};
use ocpi_types::{DateTime, PartyId};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::{Db, DbError, Party, Tx};
pub(crate) use cache::PageCache;
use sql::Value;

/// A table of OCPI objects; see the [module](self) for its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectTable {
    /// The table's name.
    pub name: &'static str,
}

/// Whose objects, for whose eyes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Only objects of this party; `None` for all.
    pub owner: Option<PartyId>,
    /// Only what this peer may see; `None` for the operator, who sees everything.
    pub peer_id: Option<String>,
    /// Only what concerns this party of the peer; in tables that have a column `customer`.
    pub customer: Option<PartyId>,
}

impl Scope {
    /// Everything, for the operator.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// What the peer may see of all owners.
    #[must_use]
    pub fn visible_to(peer_id: impl Into<String>) -> Self {
        Self { peer_id: Some(peer_id.into()), ..Self::default() }
    }

    /// Narrows the scope to what concerns one party of the peer, where that is known. The table must have a column `customer`.
    #[must_use]
    pub fn of_customer(mut self, customer: Option<PartyId>) -> Self {
        self.customer = customer;
        self
    }

    /// Narrows the scope to one owner.
    #[must_use]
    pub fn owned_by(mut self, owner: Option<PartyId>) -> Self {
        self.owner = owner;
        self
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPage {
    /// The objects as JSON text, in the order of their creation.
    pub items: Vec<String>,
    /// How many objects there are on all pages.
    pub total: u64,
}

/// An object as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The JSON as it is served.
    pub json: String,
    /// The object's own `last_updated`.
    pub last_updated: DateTime,
    /// The peer that sent it; empty when it is our own.
    pub peer_id: String,
    /// The peer that may see it; empty when every peer may.
    pub audience: String,
    /// Its place in the order of creation.
    pub seq: i64,
}

impl Stored {
    /// Whether this peer may see it.
    #[must_use]
    pub fn is_visible_to(&self, peer_id: &str) -> bool {
        self.audience.is_empty() || self.audience == peer_id
    }
}

/// An object to be stored.
#[derive(Debug, Clone)]
pub struct NewObject<'a> {
    /// The party that owns it.
    pub owner: &'a PartyId,
    /// Its id; the case does not matter. Tokens: `UID|TYPE`.
    pub id: &'a str,
    /// The one peer that may see it, or `""`.
    pub audience: &'a str,
    /// The peer that sent it, or `""` for our own.
    pub peer_id: &'a str,
    /// Its `last_updated`.
    pub last_updated: DateTime,
    /// The JSON as it is to be served.
    pub json: &'a str,
}

/// What [`ObjectTable::upsert`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    /// It was new, or had been deleted.
    Created,
    /// It replaced an older state, or one with the same `last_updated`.
    Replaced,
    /// A newer state is stored already, or it was deleted after the list was asked for: nothing was changed.
    Stale,
}

impl ObjectTable {
    /// The table of this name. The name becomes part of SQL text.
    ///
    /// # Panics
    /// When it holds anything but lower-case letters and `_`; for a constant that is found by the compiler.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            assert!(bytes[i].is_ascii_lowercase() || bytes[i] == b'_', "a table's name is lower-case letters and _");
            i += 1;
        }
        Self { name }
    }

    /// The page of `query` with at most `limit` objects (`query.limit` is ignored: the caller has clamped it).
    pub async fn page(&self, db: &Db, scope: &Scope, query: &ListQuery, limit: u64) -> Result<StoredPage, DbError> {
        let (condition, values) = sql::condition(scope, query);
        let mut count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql::count(self.name, &condition)));
        let mut page = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql::page(self.name, &condition, values.len())));
        for value in values {
            (count, page) = match value {
                Value::Text(text) => (count.bind(text.clone()), page.bind(text)),
                Value::Number(number) => (count.bind(number), page.bind(number)),
            };
        }
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let mut connection = db.read().acquire().await?;
        let items = page.bind(number(limit)).bind(number(query.offset)).fetch_all(&mut *connection).await?;
        let total = count.fetch_one(&mut *connection).await?;
        Ok(StoredPage { items, total: u64::try_from(total).unwrap_or_default() })
    }

    /// Answers a list request: the page, its headers, `Link` to the next one. `path` is the list's path on this server
    /// (`/ocpi/2.2.1/cpo/locations`). Pages that are asked for again at once come from memory.
    pub async fn reply(&self, party: &Party, scope: &Scope, query: ListQuery, path: &str) -> OcpiResult {
        let (default, cap) = (party.config.page_default, party.config.page_max);
        let limit = query.limit(default, cap);
        let page = cache::ready_page(*self, &party.db, scope, &query, limit).await?;
        let base_url = party.url(path);
        let head = ReplyPage { items: Vec::new(), total: page.total, query, limit, cap, base_url };
        Ok(OcpiReply::ready_page(&head, page.list, page.count))
    }

    /// One object, if it exists and is not deleted.
    pub async fn get(&self, db: &Db, owner: &PartyId, id: &str) -> Result<Option<Stored>, DbError> {
        let row = sqlx::query(AssertSqlSafe(sql::get(self.name)))
            .bind(owner.key())
            .bind(id.to_ascii_uppercase())
            .fetch_optional(db.read())
            .await?;
        row.as_ref().map(read_stored).transpose()
    }

    /// The same inside of a write: what this transaction has changed is seen, and nobody else changes the row before it ends.
    pub async fn get_in(&self, tx: &mut Tx, owner: &PartyId, id: &str) -> Result<Option<Stored>, DbError> {
        let row = sqlx::query(AssertSqlSafe(sql::get(self.name) + tx.for_update()))
            .bind(owner.key())
            .bind(id.to_ascii_uppercase())
            .fetch_optional(&mut **tx)
            .await?;
        row.as_ref().map(read_stored).transpose()
    }

    /// Stores an object unless a newer one is stored already. `seq` becomes its place in the list when it is new.
    pub async fn upsert(&self, tx: &mut Tx, seq: i64, row: &NewObject<'_>) -> Result<Upserted, DbError> {
        self.upsert_listed(tx, seq, row, i64::MAX).await
    }

    /// The same for an object that stood in a list. The list is as old as its request, which was made at the number `asked`:
    /// what has been deleted since then stays deleted.
    pub async fn upsert_listed(
        &self,
        tx: &mut Tx,
        seq: i64,
        row: &NewObject<'_>,
        asked: i64,
    ) -> Result<Upserted, DbError> {
        tx.touch(self.name);
        let stored: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql::upsert(self.name)))
            .bind(row.owner.key())
            .bind(row.id.to_ascii_uppercase())
            .bind(row.audience)
            .bind(row.peer_id)
            .bind(seq)
            .bind(row.last_updated.timestamp_millis())
            .bind(row.json)
            .bind(asked)
            .fetch_optional(&mut **tx)
            .await?;
        Ok(match stored {
            None => Upserted::Stale,
            Some(stored) if stored == seq => Upserted::Created,
            Some(_) => Upserted::Replaced,
        })
    }

    /// Says which party of the partner an object concerns, in a table that has a column `customer`; see [`Scope::customer`].
    pub async fn set_customer(
        &self,
        tx: &mut Tx,
        owner: &PartyId,
        id: &str,
        customer: &PartyId,
    ) -> Result<(), DbError> {
        tx.touch(self.name);
        sqlx::query(AssertSqlSafe(sql::set_customer(self.name)))
            .bind(owner.key())
            .bind(id.to_ascii_uppercase())
            .bind(customer.key())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Deletes an object; `false` when there was none. The row stays, so that an older state cannot bring it back.
    pub async fn delete(&self, tx: &mut Tx, owner: &PartyId, id: &str) -> Result<bool, DbError> {
        tx.touch(self.name);
        let number = tx.seq();
        let deleted = sqlx::query(AssertSqlSafe(sql::delete(self.name)))
            .bind(owner.key())
            .bind(id.to_ascii_uppercase())
            .bind(number)
            .execute(&mut **tx)
            .await?;
        Ok(deleted.rows_affected() > 0)
    }
}

fn read_stored(row: &AnyRow) -> Result<Stored, DbError> {
    let millis: i64 = row.try_get("last_updated")?;
    Ok(Stored {
        json: row.try_get("json")?,
        last_updated: DateTime::from_timestamp_millis(millis).ok_or_else(|| DbError::corrupt("last_updated"))?,
        peer_id: row.try_get("peer_id")?,
        audience: row.try_get("audience")?,
        seq: row.try_get("seq")?,
    })
}
