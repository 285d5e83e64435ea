//! All SQL about Tariffs.

use ocpi_party::{Db, DbError, NewObject, ObjectTable, Tx, Upserted, sync};
use ocpi_types::{
    CiString, Connector, DateTime, Location, ModuleId, Object, PartyId, ProfileType, Tariff, TariffType, pricing,
};

/// The Tariffs.
pub const TABLE: ObjectTable = ObjectTable::new("tariffs");

/// The party that owns a Tariff.
#[must_use]
pub fn owner_of(tariff: &Tariff) -> PartyId {
    PartyId::new(tariff.country_code.as_str(), tariff.party_id.as_str())
}

/// The name of a Tariff among what a peer is behind on.
#[must_use]
pub fn object(owner: &PartyId, id: &str) -> String {
    format!("{}|{}", owner.key(), id.to_ascii_uppercase())
}

/// One Tariff.
pub async fn find(db: &Db, owner: &PartyId, id: &str) -> Result<Option<Tariff>, DbError> {
    TABLE.get(db, owner, id).await?.map(|stored| parse(&stored.json)).transpose()
}

fn parse(json: &str) -> Result<Tariff, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("tariffs.json: {error}")))
}

/// Stores a Tariff as it is, and tells the partners.
pub async fn put(tx: &mut Tx, tariff: &Tariff) -> Result<Upserted, DbError> {
    let owner = owner_of(tariff);
    let row = NewObject {
        owner: &owner,
        id: tariff.id.as_str(),
        audience: "",
        peer_id: "",
        last_updated: tariff.last_updated,
        json: &tariff.to_json(),
    };
    let seq = tx.seq();
    let upserted = TABLE.upsert(tx, seq, &row).await?;
    if upserted != Upserted::Stale {
        sync::mark_all(tx, ModuleId::Tariffs, &object(&owner, tariff.id.as_str())).await?;
    }
    Ok(upserted)
}

/// Deletes a Tariff and tells the partners; `false` when there was none.
pub async fn delete(tx: &mut Tx, owner: &PartyId, id: &str) -> Result<bool, DbError> {
    let deleted = TABLE.delete(tx, owner, id).await?;
    if deleted {
        sync::mark_all(tx, ModuleId::Tariffs, &object(owner, id)).await?;
    }
    Ok(deleted)
}

/// The Locations of a party whose connectors refer to a Tariff.
pub async fn users_of(db: &Db, owner: &PartyId, id: &str) -> Result<Vec<String>, DbError> {
    let texts: Vec<String> =
        sqlx::query_scalar("SELECT json FROM locations WHERE owner = $1 AND deleted = 0 AND json LIKE $2 ESCAPE '!'")
            .bind(owner.key())
            .bind(format!("%{}%", like(id)))
            .fetch_all(db.read())
            .await?;
    let mut users = Vec::new();
    for text in texts {
        let location: Location = serde_json::from_str(&text).map_err(|error| DbError::corrupt(error.to_string()))?;
        let mut connectors = location.evses.iter().flat_map(|evse| &evse.connectors);
        if connectors.any(|connector| connector.tariff_ids.iter().any(|used| *used == *id)) {
            users.push(location.id.as_str().to_owned());
        }
    }
    Ok(users)
}

/// A part of a text for LIKE, taken literally.
fn like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// The Tariff for a session that starts at this connector, for a driver with these preferences; without preferences, and where
/// there is no Tariff for them, a regular one. Spec: mod_tariffs, "TariffType"; without a change of preferences the choice is
/// kept until the session ends.
pub async fn choose(
    tx: &mut Tx,
    owner: &PartyId,
    connector: &Connector,
    start: DateTime,
    profile_type: Option<&ProfileType>,
) -> Result<Option<Tariff>, DbError> {
    let mut tariffs = Vec::with_capacity(connector.tariff_ids.len());
    for id in &connector.tariff_ids {
        tariffs.extend(load(tx, owner, id).await?);
    }
    let preferred = profile_type.and_then(|profile_type| for_profile(&tariffs, profile_type, start));
    let chosen = preferred.or_else(|| pricing::choose_tariff(&tariffs, &TariffType::Regular, start));
    Ok(chosen.cloned())
}

/// The Tariff of a profile type; `None` when the connector does not support it, because there is none. One without a type is
/// for REGULAR only: it says nothing about the others.
#[must_use]
pub fn for_profile<'a>(tariffs: &'a [Tariff], profile_type: &ProfileType, start: DateTime) -> Option<&'a Tariff> {
    let wanted = pricing::tariff_type_for(Some(profile_type));
    let fits = |tariff: &&Tariff| wanted == TariffType::Regular || tariff.tariff_type.as_ref() == Some(&wanted);
    pricing::choose_tariff(tariffs.iter().filter(fits), &wanted, start)
}

/// The Tariffs that a connector lists.
pub async fn of_connector(db: &Db, owner: &PartyId, connector: &Connector) -> Result<Vec<Tariff>, DbError> {
    let mut tariffs = Vec::with_capacity(connector.tariff_ids.len());
    for id in &connector.tariff_ids {
        tariffs.extend(find(db, owner, id.as_str()).await?);
    }
    Ok(tariffs)
}

async fn load(tx: &mut Tx, owner: &PartyId, id: &CiString<36>) -> Result<Option<Tariff>, DbError> {
    TABLE.get_in(tx, owner, id.as_str()).await?.map(|stored| parse(&stored.json)).transpose()
}

/// The `last_updated` of the Tariff as it was last stored, deleted or not: one that comes back is newer than what went.
pub async fn last_change(tx: &mut Tx, owner: &PartyId, id: &str) -> Result<Option<DateTime>, DbError> {
    let millis: Option<i64> = sqlx::query_scalar("SELECT last_updated FROM tariffs WHERE owner = $1 AND id = $2")
        .bind(owner.key())
        .bind(id.to_ascii_uppercase())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(millis.and_then(DateTime::from_timestamp_millis))
}

/// The Tariff as it was last stored, and whether it has been deleted since.
pub async fn last_state(db: &Db, owner: &PartyId, id: &str) -> Result<Option<(Tariff, bool)>, DbError> {
    use sqlx::Row;
    let row = sqlx::query("SELECT json, deleted FROM tariffs WHERE owner = $1 AND id = $2")
        .bind(owner.key())
        .bind(id.to_ascii_uppercase())
        .fetch_optional(db.read())
        .await?;
    row.map(|row| Ok((parse(&row.try_get::<String, _>("json")?)?, row.try_get::<i64, _>("deleted")? != 0))).transpose()
}
