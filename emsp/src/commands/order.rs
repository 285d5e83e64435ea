//! What an operator orders.

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
    #[schema(example = "LOC1")]
    pub location_id: String,
    /// `EVSE.uid`; needed with a connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "3256")]
    pub evse_uid: Option<String>,
    /// `Connector.id`; needed where the EVSE asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    pub connector_id: Option<String>,
    /// `Token.uid` of our driver.
    #[schema(example = "APP-0001")]
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
    #[schema(example = "LOC1")]
    pub location_id: String,
    /// `EVSE.uid`.
    #[schema(example = "3256")]
    pub evse_uid: String,
    /// `Connector.id`.
    #[schema(example = "1")]
    pub connector_id: String,
}
