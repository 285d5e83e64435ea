//! All SQL about CDRs. A CDR is written once and never changed.

use ocpi_party::{Db, DbError, NewObject, ObjectTable, Tx, sync};
use ocpi_types::{Cdr, ModuleId, Object, PartyId};

/// The CDRs.
pub const TABLE: ObjectTable = ObjectTable::new("cdrs");

/// The name of a CDR among what a peer is behind on.
#[must_use]
pub fn object(owner: &PartyId, id: &str) -> String {
    format!("{}|{}", owner.key(), id.to_ascii_uppercase())
}

/// Stores a new CDR and tells the partner who pays. One that exists already stays as it is.
pub async fn add(tx: &mut Tx, owner: &PartyId, cdr: &Cdr, peer_id: &str) -> Result<(), DbError> {
    if TABLE.get_in(tx, owner, cdr.id.as_str()).await?.is_some() {
        return Ok(());
    }
    let row = NewObject {
        owner,
        id: cdr.id.as_str(),
        audience: peer_id,
        peer_id: "",
        last_updated: cdr.last_updated,
        json: &cdr.to_json(),
    };
    let seq = tx.seq();
    TABLE.upsert(tx, seq, &row).await?;
    let customer = PartyId::new(cdr.cdr_token.country_code.clone(), cdr.cdr_token.party_id.clone());
    TABLE.set_customer(tx, owner, cdr.id.as_str(), &customer).await?;
    sync::mark_peer(tx, peer_id, ModuleId::Cdrs, &object(owner, cdr.id.as_str())).await
}

/// Remembers where a partner keeps a CDR.
pub async fn remember_url(db: &Db, owner: PartyId, id: String, peer_id: String, url: String) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO cdr_urls (owner, id, peer_id, url) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (owner, id, peer_id) DO UPDATE SET url = excluded.url",
            )
            .bind(owner.key())
            .bind(id.to_ascii_uppercase())
            .bind(peer_id)
            .bind(url)
            .execute(&mut **tx)
            .await?;
            Ok::<_, DbError>(())
        })
    })
    .await
}

/// Where a partner keeps a CDR, if it has said so.
pub async fn url_at(db: &Db, owner: &PartyId, id: &str, peer_id: &str) -> Result<Option<String>, DbError> {
    let url = sqlx::query_scalar("SELECT url FROM cdr_urls WHERE owner = $1 AND id = $2 AND peer_id = $3")
        .bind(owner.key())
        .bind(id.to_ascii_uppercase())
        .bind(peer_id)
        .fetch_optional(db.read())
        .await?;
    Ok(url)
}

/// The CDR that is stored.
pub fn parse(json: &str) -> Result<Cdr, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("cdrs.json: {error}")))
}
