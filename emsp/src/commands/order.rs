//! What an operator orders.

use ocpi_types::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Start charging for one of our drivers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartOrder {
    /// The CPO, as `NL/TNM`.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Location.id` of that CPO.
    #[schema(example = "PDX001")]
    pub location_id: String,
    /// `EVSE.uid`; needed with a connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "PDX001-1")]
    pub evse_uid: Option<String>,
    /// `Connector.id`; needed where the EVSE asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    pub connector_id: Option<String>,
    /// `Token.uid` of our driver.
    #[schema(example = "demo-app-0001")]
    pub token_uid: String,
    /// `Token.type`; `APP_USER` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "APP_USER")]
    pub token_type: Option<String>,
    /// Our party that issued the Token, as `NL/EMS`; needed where several of our brands use the same uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "US/EMS")]
    pub brand: Option<String>,
}

/// End a charge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopOrder {
    /// The CPO, as `NL/TNM`.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Session.id` of that CPO.
    #[schema(example = "101")]
    pub session_id: String,
}

/// Release a plug that is stuck. For operators and help desks, never for drivers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlockOrder {
    /// The CPO, as `NL/TNM`.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Location.id` of that CPO.
    #[schema(example = "PDX001")]
    pub location_id: String,
    /// `EVSE.uid`.
    #[schema(example = "PDX001-1")]
    pub evse_uid: String,
    /// `Connector.id`.
    #[schema(example = "1")]
    pub connector_id: String,
}

/// Reserve an EVSE for one of our drivers, or change a reservation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveOrder {
    /// The CPO, as `NL/TNM`.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Location.id` of that CPO.
    #[schema(example = "SLC001")]
    pub location_id: String,
    /// `EVSE.uid`; each EVSE of the location will do when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SLC001-2")]
    pub evse_uid: Option<String>,
    /// `Token.uid` of our driver.
    #[schema(example = "demo-app-0001")]
    pub token_uid: String,
    /// `Token.type`; `APP_USER` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "APP_USER")]
    pub token_type: Option<String>,
    /// Our party that issued the Token, as `NL/EMS`; needed where several of our brands use the same uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "US/EMS")]
    pub brand: Option<String>,
    /// When the reservation ends; in half an hour when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-05-12T15:31:00Z")]
    pub expiry_date: Option<DateTime>,
    /// The reservation to change; a new one is made when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null))]
    pub reservation_id: Option<String>,
}

/// Give a reservation up. It may cost something all the same.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// The reservation.
    #[schema(example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")]
    pub reservation_id: String,
}
