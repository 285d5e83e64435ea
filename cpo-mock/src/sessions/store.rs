//! All SQL about Sessions.

use ocpi_party::{Db, DbError, NewObject, ObjectTable, Peer, Tx, Upserted, sync};
use ocpi_types::{ChargingPreferences, DateTime, ModuleId, Object, PartyId, Session};
use sqlx::Row;

/// The Sessions.
pub const TABLE: ObjectTable = ObjectTable::new("sessions");

/// A Session as it is stored.
#[derive(Debug, Clone)]
pub struct Found {
    /// The party that owns it.
    pub owner: PartyId,
    /// The partner whose customer charges.
    pub audience: String,
    /// The object.
    pub session: Session,
}

impl Found {
    /// Whether the Session concerns this partner, and of its parties the one that asks, where it says which.
    #[must_use]
    pub fn concerns(&self, peer: &Peer, asking: Option<&PartyId>) -> bool {
        let token = &self.session.cdr_token;
        let customer = PartyId::new(token.country_code.clone(), token.party_id.clone());
        self.audience == peer.id && asking.is_none_or(|asking| *asking == customer)
    }
}

fn parse(json: &str) -> Result<Session, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::corrupt(format!("sessions.json: {error}")))
}

/// The name of a Session among what a peer is behind on.
#[must_use]
pub fn object(owner: &PartyId, id: &str) -> String {
    format!("{}|{}", owner.key(), id.to_ascii_uppercase())
}

/// The Session with this id, of one party or of any.
pub async fn find(db: &Db, owner: Option<&PartyId>, id: &str) -> Result<Option<Found>, DbError> {
    let row = sqlx::query(
        "SELECT owner, audience, json FROM sessions \
         WHERE id = $1 AND deleted = 0 AND ($2 = '' OR owner = $2) ORDER BY seq LIMIT 1",
    )
    .bind(id.to_ascii_uppercase())
    .bind(owner.map(PartyId::key).unwrap_or_default())
    .fetch_optional(db.read())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owner: String = row.try_get("owner")?;
    Ok(Some(Found {
        owner: owner.parse().map_err(|_| DbError::corrupt("sessions.owner"))?,
        audience: row.try_get("audience")?,
        session: parse(&row.try_get::<String, _>("json")?)?,
    }))
}

/// A Session that is about to be changed.
pub async fn load(tx: &mut Tx, owner: &PartyId, id: &str) -> Result<Option<Session>, DbError> {
    TABLE.get_in(tx, owner, id).await?.map(|stored| parse(&stored.json)).transpose()
}

/// Stores a Session and tells the partner whose customer charges.
pub async fn put(tx: &mut Tx, owner: &PartyId, session: &Session, peer_id: &str) -> Result<(), DbError> {
    let row = NewObject {
        owner,
        id: session.id.as_str(),
        audience: peer_id,
        peer_id: "",
        last_updated: session.last_updated,
        json: &session.to_json(),
    };
    let seq = tx.seq();
    if TABLE.upsert(tx, seq, &row).await? == Upserted::Created {
        let token = &session.cdr_token;
        let customer = PartyId::new(token.country_code.clone(), token.party_id.clone());
        TABLE.set_customer(tx, owner, session.id.as_str(), &customer).await?;
    }
    sync::mark_peer(tx, peer_id, ModuleId::Sessions, &object(owner, session.id.as_str())).await
}

/// Remembers the preferences of the driver of a Session. `request` names the change at the station that goes with them.
pub async fn put_preferences(
    tx: &mut Tx,
    owner: &PartyId,
    session_id: &str,
    request: &str,
    wish: &ChargingPreferences,
    now: DateTime,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO charging_preferences (owner, session_id, request, received_at, json) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (owner, session_id) DO UPDATE SET request = excluded.request, \
         received_at = excluded.received_at, json = excluded.json",
    )
    .bind(owner.key())
    .bind(session_id.to_ascii_uppercase())
    .bind(request)
    .bind(now.timestamp_millis())
    .bind(wish.to_json())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The preferences that came with this request, unless others have come since.
pub async fn preferences(
    tx: &mut Tx,
    owner: &PartyId,
    session_id: &str,
    request: &str,
) -> Result<Option<ChargingPreferences>, DbError> {
    let json: Option<String> = sqlx::query_scalar(
        "SELECT json FROM charging_preferences WHERE owner = $1 AND session_id = $2 AND request = $3",
    )
    .bind(owner.key())
    .bind(session_id.to_ascii_uppercase())
    .bind(request)
    .fetch_optional(&mut **tx)
    .await?;
    let parse = |json: String| {
        serde_json::from_str(&json).map_err(|error| DbError::corrupt(format!("charging_preferences.json: {error}")))
    };
    json.map(parse).transpose()
}
