//! All SQL about Locations.

use ocpi_party::{Db, DbError, NewObject, ObjectTable, Stored, Tx, Upserted, sync};
use ocpi_types::{CiString, DateTime, Evse, Location, ModuleId, Object, PartyId, Status};
use sqlx::Row;

use super::{revise, schedule};
use crate::reservations;
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

/// The Location that is stored.
pub(super) fn parse(json: &str) -> Result<Location, DbError> {
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

/// What of a Location has changed, and so what partners are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Everything.
    Location,
    /// The status of this EVSE and nothing else.
    Status(&'a CiString<36>),
    /// This EVSE.
    Evse(&'a CiString<36>),
    /// This Connector of that EVSE.
    Connector(&'a CiString<36>, &'a CiString<36>),
}

/// Stores a whole Location as it is, and tells the partners unless it is private.
///
/// An EVSE at which somebody charges stays CHARGING, unless the new text takes it out of use: then the charge ends.
pub async fn put(tx: &mut Tx, location: &Location, is_private: bool) -> Result<Upserted, DbError> {
    put_part(tx, location, is_private, Part::Location).await
}

/// Stores a Location of which only one part has changed, and tells the partners about that part.
pub async fn put_part(tx: &mut Tx, location: &Location, is_private: bool, part: Part<'_>) -> Result<Upserted, DbError> {
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
    schedule::index(tx, &owner, location).await?;
    Simulator::rebuild(tx, &owner, location.id.as_str()).await?;
    if !is_private {
        sync::mark_all(tx, ModuleId::Locations, &object(&owner, &location.id, part)).await?;
    }
    Ok(upserted)
}

/// The Location with the status of those EVSEs at which a charge is going on, or that are reserved; `None` when there is none.
async fn with_live_status(tx: &mut Tx, owner: &PartyId, location: &Location) -> Result<Option<Location>, DbError> {
    let busy: Vec<String> =
        sqlx::query_scalar("SELECT evse_uid FROM charges WHERE running = 1 AND owner = $1 AND location_id = $2")
            .bind(owner.key())
            .bind(location.id.key())
            .fetch_all(&mut **tx)
            .await?;
    let kept = reservations::store::kept_at(tx, owner, &location.id).await?;
    if busy.is_empty() && kept.is_empty() {
        return Ok(None);
    }
    let mut live = location.clone();
    let in_use = |evse: &&mut Evse| busy.contains(&evse.uid.key()) && !is_out_of_use(&evse.status);
    for evse in live.evses.iter_mut().filter(in_use) {
        evse.status = Status::Charging;
    }
    let is_kept = |evse: &&mut Evse| kept.contains(&evse.uid.key()) && !is_out_of_use(&evse.status);
    for evse in live.evses.iter_mut().filter(is_kept) {
        evse.status = Status::Reserved;
    }
    Ok(Some(live))
}

/// Whether nobody can charge at an EVSE that is published like this.
#[must_use]
pub fn is_out_of_use(status: &Status) -> bool {
    matches!(status, Status::Blocked | Status::Inoperative | Status::Outoforder | Status::Planned | Status::Removed)
}

/// Sets the status of an EVSE that its station reports; `false` when it has that status already, or one that only the
/// operator may change.
pub async fn set_status(tx: &mut Tx, key: &EvseKey, status: Status, now: DateTime) -> Result<bool, DbError> {
    let Some(stored) = TABLE.get_in(tx, &key.owner, key.location_id.as_str()).await? else { return Ok(false) };
    let mut location = parse(&stored.json)?;
    let Some(evse) = location.evses.iter().find(|evse| evse.uid == key.evse_uid) else { return Ok(false) };
    // A station that was taken out of use reports a fault: why it is out of use is said better already.
    let known_better = status == Status::Outoforder && is_out_of_use(&evse.status);
    if known_better || matches!(evse.status, Status::Removed | Status::Planned) {
        return Ok(false);
    }
    if !revise::set_status(&mut location, key.evse_uid.as_str(), status, now) {
        return Ok(false);
    }
    save_status(tx, key, &stored, &location).await?;
    Ok(true)
}

/// Stores a Location in which the status of one EVSE has changed, and tells the partners.
pub(super) async fn save_status(
    tx: &mut Tx,
    key: &EvseKey,
    stored: &Stored,
    location: &Location,
) -> Result<(), DbError> {
    let row = NewObject {
        owner: &key.owner,
        id: location.id.as_str(),
        audience: &stored.audience,
        peer_id: "",
        last_updated: location.last_updated,
        json: &location.to_json(),
    };
    TABLE.upsert(tx, stored.seq, &row).await?;
    let evse = location.evses.iter().find(|evse| evse.uid == key.evse_uid);
    if let Some(evse) = evse.filter(|_| stored.audience != PRIVATE) {
        let object = object(&key.owner, &location.id, Part::Status(&evse.uid));
        sync::mark_all(tx, ModuleId::Locations, &object).await?;
    }
    Ok(())
}

/// One EVSE, as this write sees it.
pub async fn evse_in(tx: &mut Tx, key: &EvseKey) -> Result<Option<Evse>, DbError> {
    let json: Option<String> =
        sqlx::query_scalar("SELECT json FROM locations WHERE owner = $1 AND id = $2 AND deleted = 0")
            .bind(key.owner.key())
            .bind(key.location_id.key())
            .fetch_optional(&mut **tx)
            .await?;
    let Some(json) = json else { return Ok(None) };
    Ok(parse(&json)?.evses.into_iter().find(|evse| evse.uid == key.evse_uid))
}

/// Where else the party has an EVSE with one of these uids: `LOC2/E1`. A uid is used once, for all time. Spec:
/// mod_locations, "EVSE Object".
pub async fn used_elsewhere(
    tx: &mut Tx,
    owner: &PartyId,
    location_id: &CiString<36>,
    uids: &[&CiString<36>],
) -> Result<Option<String>, DbError> {
    for uid in uids {
        let other: Option<String> = sqlx::query_scalar(
            "SELECT location_id FROM evses WHERE owner = $1 AND evse_uid = $2 AND location_id <> $3 LIMIT 1",
        )
        .bind(owner.key())
        .bind(uid.key())
        .bind(location_id.key())
        .fetch_optional(&mut **tx)
        .await?;
        if let Some(other) = other {
            return Ok(Some(format!("{other}/{uid}")));
        }
    }
    Ok(None)
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

/// The name of what has changed among what a peer is behind on: `NL/TNM|LOC1` for a Location, `NL/TNM|LOC1|E1` for the status
/// of an EVSE, `NL/TNM|LOC1|E1|` for all of it, `NL/TNM|LOC1|E1|1` for a Connector. Ids may hold any printable character; where
/// one holds the separator, the whole Location is meant.
#[must_use]
pub fn object(owner: &PartyId, location_id: &CiString<36>, part: Part<'_>) -> String {
    let name = format!("{}|{}", owner.key(), location_id.key());
    let ids = match part {
        Part::Location => return name,
        Part::Status(evse) => vec![evse.key()],
        Part::Evse(evse) => vec![evse.key(), String::new()],
        Part::Connector(evse, connector) => vec![evse.key(), connector.key()],
    };
    if location_id.as_str().contains('|') || ids.iter().any(|id| id.contains('|')) {
        return name;
    }
    format!("{name}|{}", ids.join("|"))
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
