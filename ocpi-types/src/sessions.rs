//! The objects of module sessions. Spec: mod_sessions.

use rust_decimal::Decimal;

use crate::model::{object, open_enum};
use crate::{AuthMethod, CdrToken, ChargingPeriod, CiString, DateTime, Price, Text};

object! {
    /// Session. Spec: mod_sessions.
    Session("Session", "mod_sessions", SessionBuilder) {
        /// Country code.
        country_code: 1 CiString<2>,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Id.
        id: 1 CiString<36>,
        /// Start date time.
        start_date_time: 1 DateTime,
        /// End date time.
        end_date_time: ? DateTime,
        /// Kwh.
        kwh: 1 Decimal,
        /// Cdr token.
        cdr_token: 1 CdrToken,
        /// Auth method.
        auth_method: 1 AuthMethod,
        /// Authorization reference.
        authorization_reference: ? CiString<36>,
        /// Location id.
        location_id: 1 CiString<36>,
        /// Evse uid.
        evse_uid: 1 CiString<36>,
        /// Connector id.
        connector_id: 1 CiString<36>,
        /// Meter id.
        meter_id: ? Text<255>,
        /// Currency.
        currency: 1 Text<3>,
        /// Charging periods.
        charging_periods: * ChargingPeriod,
        /// Total cost.
        total_cost: ? Price,
        /// Status.
        status: 1 SessionStatus,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

object! {
    /// ChargingPreferences. Spec: mod_sessions.
    ChargingPreferences("ChargingPreferences", "mod_sessions", ChargingPreferencesBuilder) {
        /// Profile type.
        profile_type: 1 ProfileType,
        /// Departure time.
        departure_time: ? DateTime,
        /// Energy need.
        energy_need: ? Decimal,
        /// Discharge allowed.
        discharge_allowed: ? bool,
    }
}

open_enum! {
    /// ChargingPreferencesResponse. Spec: mod_sessions.
    ChargingPreferencesResponse("ChargingPreferencesResponse", "mod_sessions") {
        /// ACCEPTED.
        Accepted = "ACCEPTED",
        /// DEPARTURE_REQUIRED.
        DepartureRequired = "DEPARTURE_REQUIRED",
        /// ENERGY_NEED_REQUIRED.
        EnergyNeedRequired = "ENERGY_NEED_REQUIRED",
        /// NOT_POSSIBLE.
        NotPossible = "NOT_POSSIBLE",
        /// PROFILE_TYPE_NOT_SUPPORTED.
        ProfileTypeNotSupported = "PROFILE_TYPE_NOT_SUPPORTED",
    }
}

open_enum! {
    /// ProfileType. Spec: mod_sessions.
    ProfileType("ProfileType", "mod_sessions") {
        /// CHEAP.
        Cheap = "CHEAP",
        /// FAST.
        Fast = "FAST",
        /// GREEN.
        Green = "GREEN",
        /// REGULAR.
        Regular = "REGULAR",
    }
}

open_enum! {
    /// SessionStatus. Spec: mod_sessions.
    SessionStatus("SessionStatus", "mod_sessions", misspelt = ["RESERVED" => Reservation]) {
        /// ACTIVE.
        Active = "ACTIVE",
        /// COMPLETED.
        Completed = "COMPLETED",
        /// INVALID.
        Invalid = "INVALID",
        /// PENDING.
        Pending = "PENDING",
        /// RESERVATION.
        Reservation = "RESERVATION",
    }
}
