//! An example of every class: for documentation, first requests and tests.
//!
//! All of them tell one story. A driver of the EMSP `US/EMS` charges at the station `LOC-1001` of the CPO `US/CPO`, by the
//! tariff `TARIFF-DAY`, in the session `SESSION-9001`, and the bill is `CDR-9001`. Every field of every class occurs, and
//! every example is valid without a single finding.
//!
//! ```
//! use ocpi_types::{Location, Object, examples};
//!
//! let location: Location = examples::of();
//! assert_eq!(location.evses[0].uid, "EVSE-1001-1");
//! assert!(location.validate().is_clean());
//! assert!(examples::LOCATION.contains("Harbor Lane"));
//! ```

use serde_json::Value;

use crate::Object;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("examples/", $file, ".json"));)*
    };
}

texts! {
    /// A public [`Location`](crate::Location) with every field but `publish_allowed_to`.
    LOCATION = "location";
    /// A [`Location`](crate::Location) that only some drivers may see.
    LOCATION_UNPUBLISHED = "location_unpublished";
    /// A [`Tariff`](crate::Tariff) with every field.
    TARIFF = "tariff";
    /// [`TariffRestrictions`](crate::TariffRestrictions) with every field.
    TARIFF_RESTRICTIONS = "tariff_restrictions";
    /// An RFID [`Token`](crate::Token) with every field.
    TOKEN = "token";
    /// The smallest [`Token`](crate::Token): that of an app's user.
    TOKEN_APP_USER = "token_app_user";
    /// An [`AuthorizationInfo`](crate::AuthorizationInfo) with every field.
    AUTHORIZATION_INFO = "authorization_info";
    /// A completed [`Session`](crate::Session) with every field.
    SESSION = "session";
    /// A [`Session`](crate::Session) that has just begun.
    SESSION_ACTIVE = "session_active";
    /// [`ChargingPreferences`](crate::ChargingPreferences) with every field.
    CHARGING_PREFERENCES = "charging_preferences";
    /// A [`Cdr`](crate::Cdr) with every field but those of a credit.
    CDR = "cdr";
    /// The [`Cdr`](crate::Cdr) that takes [`CDR`] back.
    CDR_CREDIT = "cdr_credit";
    /// A [`StartSession`](crate::StartSession) with every field.
    START_SESSION = "start_session";
    /// A [`StopSession`](crate::StopSession).
    STOP_SESSION = "stop_session";
    /// A [`ReserveNow`](crate::ReserveNow) with every field.
    RESERVE_NOW = "reserve_now";
    /// A [`CancelReservation`](crate::CancelReservation).
    CANCEL_RESERVATION = "cancel_reservation";
    /// An [`UnlockConnector`](crate::UnlockConnector).
    UNLOCK_CONNECTOR = "unlock_connector";
    /// A [`CommandResponse`](crate::CommandResponse) with every field.
    COMMAND_RESPONSE = "command_response";
    /// A [`CommandResult`](crate::CommandResult) with every field.
    COMMAND_RESULT = "command_result";
    /// A [`SetChargingProfile`](crate::SetChargingProfile) with every field.
    SET_CHARGING_PROFILE = "set_charging_profile";
    /// A [`ChargingProfileResponse`](crate::ChargingProfileResponse).
    CHARGING_PROFILE_RESPONSE = "charging_profile_response";
    /// A [`ChargingProfileResult`](crate::ChargingProfileResult).
    CHARGING_PROFILE_RESULT = "charging_profile_result";
    /// A [`ClearProfileResult`](crate::ClearProfileResult).
    CLEAR_PROFILE_RESULT = "clear_profile_result";
    /// An [`ActiveChargingProfileResult`](crate::ActiveChargingProfileResult) with every field.
    ACTIVE_CHARGING_PROFILE_RESULT = "active_charging_profile_result";
    /// A [`ClientInfo`](crate::ClientInfo).
    CLIENT_INFO = "client_info";
    /// [`Credentials`](crate::Credentials) with every field.
    CREDENTIALS = "credentials";
    /// A [`Version`](crate::Version).
    VERSION = "version";
    /// [`VersionDetails`](crate::VersionDetails) of a CPO.
    VERSION_DETAILS = "version_details";
}

/// One example: the text, and where in it the object of that class is.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The class's name in the spec.
    pub class: &'static str,
    /// The JSON text that holds it.
    pub text: &'static str,
    /// The JSON Pointer to it in `text`; `""` when the text is the example.
    pub pointer: &'static str,
}

const fn example(class: &'static str, text: &'static str, pointer: &'static str) -> Example {
    Example { class, text, pointer }
}

/// All examples. The first one of a class is the one that [`of`] and [`json`] give.
pub const ALL: &[Example] = &[
    example("ActiveChargingProfile", ACTIVE_CHARGING_PROFILE_RESULT, "/profile"),
    example("ActiveChargingProfileResult", ACTIVE_CHARGING_PROFILE_RESULT, ""),
    example("AdditionalGeoLocation", LOCATION, "/related_locations/0"),
    example("AuthorizationInfo", AUTHORIZATION_INFO, ""),
    example("BusinessDetails", LOCATION, "/operator"),
    example("CDR", CDR, ""),
    example("CDR", CDR_CREDIT, ""),
    example("CancelReservation", CANCEL_RESERVATION, ""),
    example("CdrDimension", CDR, "/charging_periods/0/dimensions/0"),
    example("CdrLocation", CDR, "/cdr_location"),
    example("CdrToken", CDR, "/cdr_token"),
    example("ChargingPeriod", CDR, "/charging_periods/0"),
    example("ChargingPreferences", CHARGING_PREFERENCES, ""),
    example("ChargingProfile", SET_CHARGING_PROFILE, "/charging_profile"),
    example("ChargingProfilePeriod", SET_CHARGING_PROFILE, "/charging_profile/charging_profile_period/1"),
    example("ChargingProfileResponse", CHARGING_PROFILE_RESPONSE, ""),
    example("ChargingProfileResult", CHARGING_PROFILE_RESULT, ""),
    example("ClearProfileResult", CLEAR_PROFILE_RESULT, ""),
    example("ClientInfo", CLIENT_INFO, ""),
    example("CommandResponse", COMMAND_RESPONSE, ""),
    example("CommandResult", COMMAND_RESULT, ""),
    example("Connector", LOCATION, "/evses/0/connectors/0"),
    example("Credentials", CREDENTIALS, ""),
    example("CredentialsRole", CREDENTIALS, "/roles/0"),
    example("DisplayText", LOCATION, "/directions/0"),
    example("EVSE", LOCATION, "/evses/0"),
    example("Endpoint", VERSION_DETAILS, "/endpoints/1"),
    example("EnergyContract", TOKEN, "/energy_contract"),
    example("EnergyMix", LOCATION, "/energy_mix"),
    example("EnergySource", LOCATION, "/energy_mix/energy_sources/0"),
    example("EnvironmentalImpact", LOCATION, "/energy_mix/environ_impact/0"),
    example("ExceptionalPeriod", LOCATION, "/opening_times/exceptional_closings/0"),
    example("GeoLocation", LOCATION, "/coordinates"),
    example("Hours", LOCATION, "/opening_times"),
    example("Image", LOCATION, "/operator/logo"),
    example("Location", LOCATION, ""),
    example("Location", LOCATION_UNPUBLISHED, ""),
    example("LocationReferences", AUTHORIZATION_INFO, "/location"),
    example("Price", CDR, "/total_cost"),
    example("PriceComponent", TARIFF, "/elements/1/price_components/1"),
    example("PublishTokenType", LOCATION_UNPUBLISHED, "/publish_allowed_to/0"),
    example("RegularHours", LOCATION, "/opening_times/regular_hours/0"),
    example("ReserveNow", RESERVE_NOW, ""),
    example("Session", SESSION, ""),
    example("Session", SESSION_ACTIVE, ""),
    example("SetChargingProfile", SET_CHARGING_PROFILE, ""),
    example("SignedData", CDR, "/signed_data"),
    example("SignedValue", CDR, "/signed_data/signed_values/0"),
    example("StartSession", START_SESSION, ""),
    example("StatusSchedule", LOCATION, "/evses/0/status_schedule/0"),
    example("StopSession", STOP_SESSION, ""),
    example("Tariff", TARIFF, ""),
    example("TariffElement", TARIFF, "/elements/0"),
    example("TariffRestrictions", TARIFF_RESTRICTIONS, ""),
    example("Token", TOKEN, ""),
    example("Token", TOKEN_APP_USER, ""),
    example("UnlockConnector", UNLOCK_CONNECTOR, ""),
    example("Version", VERSION, ""),
    example("VersionDetails", VERSION_DETAILS, ""),
];

impl Example {
    /// The example as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let document: Value = serde_json::from_str(self.text).unwrap_or_default();
        document.pointer(self.pointer).cloned().unwrap_or_default()
    }
}

/// The example of a class as JSON, by the class's name in the spec; `null` for an unknown name.
#[must_use]
pub fn json(class: &str) -> Value {
    ALL.iter().find(|example| example.class == class).map(Example::json).unwrap_or_default()
}

/// The example of a class as an object.
///
/// # Panics
/// Never: every class has a valid example, which the tests hold.
#[must_use]
pub fn of<T: Object>() -> T {
    match serde_json::from_value(json(T::NAME)) {
        Ok(object) => object,
        Err(error) => unreachable!("the example of {}: {error}", T::NAME),
    }
}
