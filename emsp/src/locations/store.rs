//! All SQL of this module.

use ocpi_http::OcpiError;
use ocpi_party::{Db, NewObject, ObjectTable, Stored, Tx, Upserted};
use ocpi_types::{Location, Object, PartyId};

use super::tree::TreeError;
use crate::receive;

/// The stored Locations.
pub const TABLE: ObjectTable = ObjectTable::new("locations");

/// The answer about a Location that we do not have.
#[must_use]
pub fn unknown(owner: &PartyId, id: &str) -> OcpiError {
    OcpiError::unknown_location(format!("no location {id:?} of {owner}"))
}

/// A Location with what is stored beside it.
pub async fn get(db: &Db, owner: &PartyId, id: &str) -> Result<Stored, OcpiError> {
    TABLE.get(db, owner, id).await?.ok_or_else(|| unknown(owner, id))
}

/// The Location as an object.
pub fn read(stored: &Stored) -> Result<Location, OcpiError> {
    serde_json::from_str(&stored.json).map_err(|_| receive::unreadable("a location"))
}

/// The Location, if we have it.
pub async fn find(db: &Db, owner: &PartyId, id: &str) -> Result<Option<Location>, OcpiError> {
    TABLE.get(db, owner, id).await?.as_ref().map(read).transpose()
}

/// Changes a Location that we have. `change` says whether it created something below it.
pub async fn change<F>(db: &Db, owner: PartyId, id: String, change: F) -> Result<bool, OcpiError>
where
    F: FnOnce(&mut Location) -> Result<bool, TreeError> + Send + 'static,
{
    db.write(move |tx| {
        Box::pin(async move {
            let stored = TABLE.get_in(tx, &owner, &id).await?.ok_or_else(|| unknown(&owner, &id))?;
            let mut location = read(&stored)?;
            let created = change(&mut location).map_err(|error| explain(&owner, &id, error))?;
            save(tx, &owner, &stored.peer_id, &location).await?;
            Ok(created)
        })
    })
    .await
}

async fn save(tx: &mut Tx, owner: &PartyId, peer_id: &str, location: &Location) -> Result<(), OcpiError> {
    let (id, json, last_updated) = (location.id.as_str(), location.to_json(), location.last_updated);
    let seq = tx.seq();
    let row = NewObject { owner, id, audience: "", peer_id, last_updated, json: &json };
    match TABLE.upsert(tx, seq, &row).await? {
        // A changed Location is never older than the stored one: `tree` only lifts last_updated.
        Upserted::Stale => Err(receive::stale(id, last_updated)),
        Upserted::Created | Upserted::Replaced => Ok(()),
    }
}

/// What a failed change means to the peer.
#[must_use]
pub fn explain(owner: &PartyId, id: &str, error: TreeError) -> OcpiError {
    match error {
        TreeError::UnknownEvse => OcpiError::unknown_location(format!("location {id:?} of {owner} has no such EVSE")),
        TreeError::UnknownConnector => {
            OcpiError::unknown_location(format!("that EVSE of location {id:?} of {owner} has no such connector"))
        }
        TreeError::Stale(known) => receive::stale(id, known),
        TreeError::Refused(report) => OcpiError::refused("changed object", report),
    }
}
