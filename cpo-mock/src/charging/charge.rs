//! What the platform knows of one charge beyond its Session.

use ocpi_party::{DbError, Tx};
use ocpi_types::pricing::{self, Priced, Tz};
use ocpi_types::{CdrLocation, CiString, ConnectorFormat, ConnectorType, DateTime, PowerType, Session, Tariff};
use serde::{Deserialize, Serialize};

use super::authorization::Authorization;
use super::cdr;
use super::periods::Meter;
use super::reservation::Reserved;
use crate::station::EvseKey;

/// A charge, from the permission to the CDR.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// Who charges; its id is also that of the Session and of the CDR.
    pub authorization: Authorization,
    /// The tariff that applies now: the one from the start, or that of the driver's later preferences.
    pub tariff: Option<Tariff>,
    /// The tariffs that applied before.
    #[serde(default)]
    pub earlier: Vec<Tariff>,
    /// The place, as it was at the start.
    pub place: CdrLocation,
    /// `Location.time_zone`.
    pub time_zone: String,
    /// The driver charges at home, and gets back what that costs.
    #[serde(default)]
    pub at_home: bool,
    /// The meter; `None` until a vehicle is plugged in.
    pub meter: Option<Meter>,
    /// The reservation that is used.
    #[serde(default)]
    pub reserved: Option<Reserved>,
}

impl Charge {
    /// The location's time zone; UTC when its name is not known.
    #[must_use]
    pub fn zone(&self) -> Tz {
        pricing::time_zone(&self.time_zone).unwrap_or(Tz::UTC)
    }

    /// All tariffs that the charge has had, each once.
    #[must_use]
    pub fn tariffs(&self) -> Vec<Tariff> {
        self.earlier.iter().chain(&self.tariff).cloned().collect()
    }

    /// Another tariff applies from now on. One that the charge has had before is taken as it was then.
    pub fn switch_to(&mut self, tariff: Tariff) {
        if self.tariff.as_ref().is_some_and(|current| current.id == tariff.id) {
            return;
        }
        let known = self.earlier.iter().position(|earlier| earlier.id == tariff.id);
        let next = known.map(|known| self.earlier.remove(known)).unwrap_or(tariff);
        self.earlier.extend(self.tariff.replace(next));
    }

    /// What the vehicle was last seen to take, in W.
    #[must_use]
    pub fn drawn_watts(&self) -> i64 {
        self.meter.as_ref().map_or(0, Meter::watts)
    }

    /// Whether this is the tariff of the charge.
    #[must_use]
    pub fn is_under(&self, tariff_id: &CiString<36>) -> bool {
        self.tariff.as_ref().is_some_and(|tariff| tariff.id == *tariff_id)
    }

    /// What it costs up to `until`; `None` when no tariff applies.
    #[must_use]
    pub fn price(&self, session: &Session, until: DateTime) -> Option<Priced> {
        cdr::price(session, &self.tariffs(), self.zone(), until, false)
    }
}

/// The place of a charge as it is kept in the CDR: shortened to the lengths that CDRs still have. Spec: mod_cdrs,
/// "CdrLocation".
#[must_use]
pub fn snapshot(
    location: &ocpi_types::Location,
    evse: &ocpi_types::Evse,
    connector: Option<&ocpi_types::Connector>,
) -> CdrLocation {
    let cut = |text: &str, length: usize| text.chars().take(length).collect::<String>();
    CdrLocation {
        id: location.id.clone(),
        name: location.name.clone(),
        address: cut(location.address.as_str(), 45).into(),
        city: location.city.clone(),
        postal_code: location.postal_code.clone(),
        state: location.state.as_ref().map(|state| cut(state.as_str(), 20).into()),
        country: location.country.clone(),
        coordinates: location.coordinates.clone(),
        evse_uid: evse.uid.clone(),
        evse_id: evse.evse_id.clone().unwrap_or_else(|| "#NA".into()),
        connector_id: connector.map_or_else(|| "#NA".into(), |connector| connector.id.clone()),
        connector_standard: connector.map_or(ConnectorType::Iec62196T2, |connector| connector.standard.clone()),
        connector_format: connector.map_or(ConnectorFormat::Socket, |connector| connector.format.clone()),
        connector_power_type: connector.map_or(PowerType::Ac1Phase, |connector| connector.power_type.clone()),
        extra: ocpi_types::Extra::default(),
    }
}

/// Saves a charge; `running` until its CDR is written.
pub async fn save(tx: &mut Tx, evse: &EvseKey, charge: &Charge, running: bool) -> Result<(), DbError> {
    let (owner, location_id, evse_uid) = evse.parts();
    let json = serde_json::to_string(charge).map_err(|error| DbError::corrupt(error.to_string()))?;
    sqlx::query(
        "INSERT INTO charges (id, owner, location_id, evse_uid, running, json) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET running = excluded.running, json = excluded.json",
    )
    .bind(&charge.authorization.id)
    .bind(owner)
    .bind(location_id)
    .bind(evse_uid)
    .bind(i64::from(running))
    .bind(json)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A charge that is going on.
pub async fn load_running(tx: &mut Tx, id: &str) -> Result<Option<Charge>, DbError> {
    let json: Option<String> = sqlx::query_scalar("SELECT json FROM charges WHERE id = $1 AND running = 1")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    json.map(|json| serde_json::from_str(&json).map_err(|error| DbError::corrupt(format!("charges.json: {error}"))))
        .transpose()
}

/// The charge that is going on at an EVSE: its id and the partner who pays.
pub async fn running_at(db: &ocpi_party::Db, evse: &EvseKey) -> Result<Option<Charge>, DbError> {
    let (owner, location_id, evse_uid) = evse.parts();
    let json: Option<String> = sqlx::query_scalar(
        "SELECT json FROM charges WHERE running = 1 AND owner = $1 AND location_id = $2 AND evse_uid = $3",
    )
    .bind(owner)
    .bind(location_id)
    .bind(evse_uid)
    .fetch_optional(db.read())
    .await?;
    json.map(|json| serde_json::from_str(&json).map_err(|error| DbError::corrupt(format!("charges.json: {error}"))))
        .transpose()
}
