//! All SQL of this module.

use ocpi_http::OcpiError;
use ocpi_party::{Db, DbError, NewObject, ObjectTable, Stored, Tx, Upserted};
use ocpi_types::{Location, Object, PartyId, Token};
use sqlx::Row;

use super::shown::Audience;
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
    parse(&stored.json)
}

/// The Location, if we have it.
pub async fn find(db: &Db, owner: &PartyId, id: &str) -> Result<Option<Location>, OcpiError> {
    TABLE.get(db, owner, id).await?.as_ref().map(read).transpose()
}

/// How many Locations are looked at together.
const CHUNK: i64 = 500;

/// A part of the Locations that a driver with this Token is shown, of one CPO or of all, and how many there are.
pub async fn shown(
    db: &Db,
    owner: Option<&PartyId>,
    token: Option<&Token>,
    offset: u64,
    limit: u64,
) -> Result<(Vec<Location>, u64), OcpiError> {
    let (mut part, mut total, mut last) = (Vec::new(), 0, i64::MIN);
    loop {
        let rows = sqlx::query(
            "SELECT seq, json FROM locations WHERE deleted = 0 AND ($1 = '' OR owner = $1) AND seq > $2 \
             ORDER BY seq LIMIT $3",
        )
        .bind(owner.map(PartyId::key).unwrap_or_default())
        .bind(last)
        .bind(CHUNK)
        .fetch_all(db.read())
        .await
        .map_err(DbError::from)?;
        let Some(end) = rows.last() else { return Ok((part, total)) };
        last = end.try_get("seq").map_err(DbError::from)?;
        for row in &rows {
            let json: &str = row.try_get("json").map_err(DbError::from)?;
            if !parse::<Audience>(json)?.includes(token) {
                continue;
            }
            if (offset..offset.saturating_add(limit)).contains(&total) {
                part.push(parse(json)?);
            }
            total += 1;
        }
    }
}

/// A Location, if a driver with this Token is shown it.
pub async fn find_shown(
    db: &Db,
    owner: &PartyId,
    id: &str,
    token: Option<&Token>,
) -> Result<Option<Location>, OcpiError> {
    let Some(stored) = TABLE.get(db, owner, id).await? else { return Ok(None) };
    if parse::<Audience>(&stored.json)?.includes(token) { read(&stored).map(Some) } else { Ok(None) }
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, OcpiError> {
    serde_json::from_str(json).map_err(|_| receive::unreadable("a location"))
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
