//! What drivers are shown of the Locations that we hold. Spec: mod_locations, "Location Object" and "PublishTokenType class".
//!
//! A Location that is not to be published is shown to the owners of the Tokens that it names, and to nobody else; one that names
//! none is for helpdesks only. Charging there goes on as anywhere: this is about being shown.

use ocpi_types::{
    BusinessDetails, Connector, DateTime, Evse, GeoLocation, Hours, Location, PublishTokenType, Status, Token,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// As much of a Location as decides about who is shown it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Audience {
    publish: bool,
    publish_allowed_to: Vec<PublishTokenType>,
    evses: Vec<EvseStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EvseStatus {
    status: String,
}

impl Audience {
    /// Whether a driver with this Token, or one without, is shown the Location. What has been removed is shown to nobody.
    pub(super) fn includes(&self, token: Option<&Token>) -> bool {
        let removed = Status::Removed;
        let gone = !self.evses.is_empty() && self.evses.iter().all(|evse| evse.status == removed.as_str());
        let named = || token.is_some_and(|token| self.publish_allowed_to.iter().any(|entry| entry.matches(token)));
        !gone && (self.publish || named())
    }
}

/// A Location as a driver is shown it: without technical keys, and without who else may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownLocation {
    /// The CPO's country code.
    #[schema(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[schema(example = "CPO")]
    party_id: String,
    /// `Location.id`.
    #[schema(example = "LOC1")]
    id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Test Plaza")]
    name: Option<String>,
    /// Street and number.
    #[schema(example = "1 Test Street")]
    address: String,
    /// City.
    #[schema(example = "Seattle")]
    city: String,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-3.
    #[schema(example = "USA")]
    country: String,
    /// Where it is.
    coordinates: GeoLocation,
    /// Who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<BusinessDetails>,
    /// When it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_times: Option<Hours>,
    /// What one can charge at.
    evses: Vec<ShownEvse>,
    /// When that changed last.
    #[schema(value_type = String, example = "2026-01-15T10:00:00Z")]
    last_updated: DateTime,
}

/// An EVSE as a driver is shown it: known by what is printed on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownEvse {
    /// The eMI3 id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "US*CPO*E000001")]
    evse_id: Option<String>,
    /// What is written on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_reference: Option<String>,
    /// Whether it is free.
    status: Status,
    /// Its plugs.
    connectors: Vec<Connector>,
}

impl From<Location> for ShownLocation {
    fn from(location: Location) -> Self {
        let text = |text: &dyn ToString| text.to_string();
        Self {
            country_code: text(&location.country_code),
            party_id: text(&location.party_id),
            id: text(&location.id),
            name: location.name.as_ref().map(ToString::to_string),
            address: text(&location.address),
            city: text(&location.city),
            postal_code: location.postal_code.as_ref().map(ToString::to_string),
            country: text(&location.country),
            coordinates: location.coordinates,
            operator: location.operator,
            opening_times: location.opening_times,
            evses: location.evses.into_iter().filter(|evse| evse.status != Status::Removed).map(Into::into).collect(),
            last_updated: location.last_updated,
        }
    }
}

impl From<Evse> for ShownEvse {
    fn from(evse: Evse) -> Self {
        Self {
            evse_id: evse.evse_id.as_ref().map(ToString::to_string),
            physical_reference: evse.physical_reference.as_ref().map(ToString::to_string),
            status: evse.status,
            connectors: evse.connectors,
        }
    }
}
