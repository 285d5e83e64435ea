//! All SQL of this module.

use ocpi_http::OcpiError;
use ocpi_party::{Db, ObjectTable};
use ocpi_types::{CiString, PartyId, Tariff};

use crate::receive;

/// The stored Tariffs.
pub const TABLE: ObjectTable = ObjectTable::new("tariffs");

/// The answer about a Tariff that we do not have.
#[must_use]
pub fn unknown(owner: &PartyId, id: &str) -> OcpiError {
    OcpiError::unknown_object(format!("no tariff {id:?} of {owner}"))
}

/// The Tariff, if we have it.
pub async fn find(db: &Db, owner: &PartyId, id: &CiString<36>) -> Result<Option<Tariff>, OcpiError> {
    let Some(stored) = TABLE.get(db, owner, id.as_str()).await? else { return Ok(None) };
    serde_json::from_str(&stored.json).map(Some).map_err(|_| receive::unreadable("a tariff"))
}

/// Removes a Tariff; `false` when there was none.
pub async fn delete(db: &Db, owner: PartyId, id: String) -> Result<bool, OcpiError> {
    db.write(move |tx| Box::pin(async move { Ok(TABLE.delete(tx, &owner, &id).await?) })).await
}
