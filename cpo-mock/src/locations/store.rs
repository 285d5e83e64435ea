//! All SQL about Locations.

use ocpi_party::{Db, DbError, NewObject, ObjectTable, Tx, Upserted, sync};
use ocpi_types::{CiString, Connector, DateTime, Evse, Location, ModuleId, Object, PartyId, Status};
use sqlx::Row;

use crate::station::{EvseKey, Simulator};

/// The Locations.
pub const TABLE: ObjectTable = ObjectTable::new("locations");

/// The audience of a Location that no partner gets to see. Spec: mod_locations, "private charging Locations […] SHALL NOT
/// be published via OCPI".
pub const PRIVATE: &str = "-";

/// A Location as it is stored.
#[derive(Debug, Clone)]
pub struct Found {
    /// The party that owns it.
    pub owner: PartyId,
    /// No partner gets to see it.
    pub is_private: bool,
    /// As it is served.
    pub json: String,
}

impl Found {
    /// The object.
    pub fn location(&self) -> Result<Location, DbError> {
        parse(&self.json)
    }
}

fn parse(json: &str) -> Result<Location, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("locations.json: {error}")))
}

/// The Location with this id, of one party or of any.
pub async fn find(db: &Db, owner: Option<&PartyId>, id: &str) -> Result<Option<Found>, DbError> {
    let row = sqlx::query(
        "SELECT owner, audience, json FROM locations \
         WHERE id = $1 AND deleted = 0 AND ($2 = '' OR owner = $2) ORDER BY seq LIMIT 1",
    )
    .bind(id.to_ascii_uppercase())
    .bind(owner.map(PartyId::key).unwrap_or_default())
    .fetch_optional(db.read())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owner: String = row.try_get("owner")?;
    let audience: String = row.try_get("audience")?;
    Ok(Some(Found {
        owner: owner.parse().map_err(|_| DbError::corrupt("locations.owner"))?,
        is_private: audience == PRIVATE,
        json: row.try_get("json")?,
    }))
}

/// One EVSE.
pub async fn evse(db: &Db, key: &EvseKey) -> Result<Option<Evse>, DbError> {
    let Some(found) = find(db, Some(&key.owner), key.location_id.as_str()).await? else { return Ok(None) };
    Ok(found.location()?.evses.into_iter().find(|evse| evse.uid == key.evse_uid))
}

/// Where EVSEs with this uid are; more than one place where operators do not care.
pub async fn places_of(db: &Db, evse_uid: &str) -> Result<Vec<EvseKey>, DbError> {
    let rows = sqlx::query(
        "SELECT owner, location_id, evse_uid FROM evses WHERE evse_uid = $1 ORDER BY owner, location_id LIMIT 20",
    )
    .bind(evse_uid.to_ascii_uppercase())
    .fetch_all(db.read())
    .await?;
    rows.iter().map(place).collect()
}

/// The EVSEs of the platform, by party, Location and uid.
pub async fn places(
    db: &Db,
    owner: Option<&PartyId>,
    location_id: Option<&str>,
    offset: i64,
    limit: i64,
) -> Result<Vec<EvseKey>, DbError> {
    let rows = sqlx::query(
        "SELECT owner, location_id, evse_uid FROM evses WHERE ($1 = '' OR owner = $1) AND ($2 = '' OR location_id = $2) \
         ORDER BY owner, location_id, evse_uid LIMIT $3 OFFSET $4",
    )
    .bind(owner.map(PartyId::key).unwrap_or_default())
    .bind(location_id.map(str::to_ascii_uppercase).unwrap_or_default())
    .bind(limit)
    .bind(offset)
    .fetch_all(db.read())
    .await?;
    rows.iter().map(place).collect()
}

fn place(row: &sqlx::any::AnyRow) -> Result<EvseKey, DbError> {
    let owner: String = row.try_get("owner")?;
    let location_id: String = row.try_get("location_id")?;
    let evse_uid: String = row.try_get("evse_uid")?;
    Ok(EvseKey {
        owner: owner.parse().map_err(|_| DbError::corrupt("evses.owner"))?,
        location_id: location_id.into(),
        evse_uid: evse_uid.into(),
    })
}

/// Stores a whole Location as it is, and tells the partners unless it is private.
///
/// An EVSE at which somebody charges keeps its status, whatever the new text says.
pub async fn put(tx: &mut Tx, location: &Location, is_private: bool) -> Result<Upserted, DbError> {
    let owner = owner_of(location);
    let live = with_live_status(tx, &owner, location).await?;
    let location = live.as_ref().unwrap_or(location);
    let row = NewObject {
        owner: &owner,
        id: location.id.as_str(),
        audience: if is_private { PRIVATE } else { "" },
        peer_id: "",
        last_updated: location.last_updated,
        json: &location.to_json(),
    };
    let seq = tx.seq();
    let upserted = TABLE.upsert(tx, seq, &row).await?;
    if upserted == Upserted::Stale {
        return Ok(upserted);
    }
    index(tx, &owner, location).await?;
    Simulator::rebuild(tx, &owner, location.id.as_str()).await?;
    if !is_private {
        sync::mark_all(tx, ModuleId::Locations, &object(&owner, &location.id, None)).await?;
    }
    Ok(upserted)
}

/// The Location with the status of those EVSEs at which a charge is going on; `None` when there is none.
async fn with_live_status(tx: &mut Tx, owner: &PartyId, location: &Location) -> Result<Option<Location>, DbError> {
    let busy: Vec<String> =
        sqlx::query_scalar("SELECT evse_uid FROM charges WHERE running = 1 AND owner = $1 AND location_id = $2")
            .bind(owner.key())
            .bind(location.id.key())
            .fetch_all(&mut **tx)
            .await?;
    if busy.is_empty() {
        return Ok(None);
    }
    let mut live = location.clone();
    for evse in live.evses.iter_mut().filter(|evse| busy.contains(&evse.uid.key())) {
        evse.status = Status::Charging;
    }
    Ok(Some(live))
}

/// Sets the status of an EVSE; `false` when it has that status already, or one that only the operator may change.
pub async fn set_status(tx: &mut Tx, key: &EvseKey, status: Status, now: DateTime) -> Result<bool, DbError> {
    let Some(stored) = TABLE.get_in(tx, &key.owner, key.location_id.as_str()).await? else { return Ok(false) };
    let mut location = parse(&stored.json)?;
    let Some(evse) = location.evses.iter_mut().find(|evse| evse.uid == key.evse_uid) else { return Ok(false) };
    if evse.status == status || matches!(evse.status, Status::Removed | Status::Planned) {
        return Ok(false);
    }
    evse.status = status;
    evse.last_updated = later(now, evse.last_updated);
    location.last_updated = later(now, location.last_updated).max(evse.last_updated);
    let row = NewObject {
        owner: &key.owner,
        id: location.id.as_str(),
        audience: &stored.audience,
        peer_id: "",
        last_updated: location.last_updated,
        json: &location.to_json(),
    };
    TABLE.upsert(tx, stored.seq, &row).await?;
    if stored.audience != PRIVATE {
        let uid = location.evses.iter().find(|evse| evse.uid == key.evse_uid).map(|evse| &evse.uid);
        sync::mark_all(tx, ModuleId::Locations, &object(&key.owner, &location.id, uid)).await?;
    }
    Ok(true)
}

/// `now`, or a moment after `before` where that is later: `last_updated` grows with every change.
#[must_use]
pub fn later(now: DateTime, before: DateTime) -> DateTime {
    now.max(before + chrono::TimeDelta::milliseconds(1))
}

/// The party that owns a Location.
#[must_use]
pub fn owner_of(location: &Location) -> PartyId {
    PartyId::new(location.country_code.as_str(), location.party_id.as_str())
}

/// The name of a Location, or of an EVSE in it, among what a peer is behind on: `NL/TNM|LOC1`, `NL/TNM|LOC1|EVSE1`. Ids may
/// hold any printable character; where one holds the separator, the whole Location is meant.
#[must_use]
pub fn object(owner: &PartyId, location_id: &CiString<36>, evse_uid: Option<&CiString<36>>) -> String {
    let name = format!("{}|{}", owner.key(), location_id.key());
    match evse_uid.map(CiString::key) {
        Some(uid) if !uid.contains('|') && !location_id.as_str().contains('|') => format!("{name}|{uid}"),
        _ => name,
    }
}

async fn index(tx: &mut Tx, owner: &PartyId, location: &Location) -> Result<(), DbError> {
    sqlx::query("DELETE FROM evses WHERE owner = $1 AND location_id = $2")
        .bind(owner.key())
        .bind(location.id.key())
        .execute(&mut **tx)
        .await?;
    for evse in &location.evses {
        sqlx::query(
            "INSERT INTO evses (owner, location_id, evse_uid) VALUES ($1, $2, $3) \
             ON CONFLICT (owner, location_id, evse_uid) DO NOTHING",
        )
        .bind(owner.key())
        .bind(location.id.key())
        .bind(evse.uid.key())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Makes a Location that an operator has written fit to replace the stored one: times of change are set where something
/// changed, and EVSEs that are left out stay as REMOVED, because nothing of a Location ever disappears.
pub fn revise(location: &mut Location, stored: Option<&Location>, now: DateTime) {
    let old_evses = stored.map(|old| old.evses.as_slice()).unwrap_or_default();
    for evse in &mut location.evses {
        let old = old_evses.iter().find(|old| old.uid == evse.uid);
        for connector in &mut evse.connectors {
            let old = old.and_then(|old| old.connectors.iter().find(|old| old.id == connector.id));
            revise_connector(connector, old, now);
        }
        let same = old.is_some_and(|old| {
            let mut copy = evse.clone();
            copy.last_updated = old.last_updated;
            copy == *old
        });
        evse.last_updated = match old {
            Some(old) if same => old.last_updated,
            Some(old) => later(now, old.last_updated),
            None => now,
        };
    }
    for gone in
        old_evses.iter().filter(|old| !location.evses.iter().any(|evse| evse.uid == old.uid)).collect::<Vec<_>>()
    {
        let mut removed = gone.clone();
        if removed.status != Status::Removed {
            removed.status = Status::Removed;
            removed.last_updated = later(now, removed.last_updated);
        }
        location.evses.push(removed);
    }
    let children = location.evses.iter().map(|evse| evse.last_updated).max();
    let own = stored.map_or(now, |old| later(now, old.last_updated));
    location.last_updated = children.map_or(own, |child| child.max(own));
}

fn revise_connector(connector: &mut Connector, old: Option<&Connector>, now: DateTime) {
    let same = old.is_some_and(|old| {
        let mut copy = connector.clone();
        copy.last_updated = old.last_updated;
        copy == *old
    });
    connector.last_updated = match old {
        Some(old) if same => old.last_updated,
        Some(old) => later(now, old.last_updated),
        None => now,
    };
}
