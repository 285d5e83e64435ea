//! The objects of module chargingprofiles. Spec: mod_charging_profiles.

use rust_decimal::Decimal;

use crate::model::{object, open_enum};
use crate::{DateTime, Url};

object! {
    /// ChargingProfileResponse. Spec: mod_charging_profiles.
    ChargingProfileResponse("ChargingProfileResponse", "mod_charging_profiles", ChargingProfileResponseBuilder) {
        /// Result.
        result: 1 ChargingProfileResponseType,
        /// Timeout.
        timeout: 1 i64,
    }
}

object! {
    /// ActiveChargingProfileResult. Spec: mod_charging_profiles.
    ActiveChargingProfileResult("ActiveChargingProfileResult", "mod_charging_profiles", ActiveChargingProfileResultBuilder) {
        /// Result.
        result: 1 ChargingProfileResultType,
        /// Profile.
        profile: ? ActiveChargingProfile,
    }
}

object! {
    /// ChargingProfileResult. Spec: mod_charging_profiles.
    ChargingProfileResult("ChargingProfileResult", "mod_charging_profiles", ChargingProfileResultBuilder) {
        /// Result.
        result: 1 ChargingProfileResultType,
    }
}

object! {
    /// ClearProfileResult. Spec: mod_charging_profiles.
    ClearProfileResult("ClearProfileResult", "mod_charging_profiles", ClearProfileResultBuilder) {
        /// Result.
        result: 1 ChargingProfileResultType,
    }
}

object! {
    /// SetChargingProfile. Spec: mod_charging_profiles.
    SetChargingProfile("SetChargingProfile", "mod_charging_profiles", SetChargingProfileBuilder) {
        /// Charging profile.
        charging_profile: 1 ChargingProfile,
        /// Response url.
        response_url: 1 Url,
    }
}

object! {
    /// ActiveChargingProfile. Spec: mod_charging_profiles.
    ActiveChargingProfile("ActiveChargingProfile", "mod_charging_profiles", ActiveChargingProfileBuilder) {
        /// Start date time.
        start_date_time: 1 DateTime,
        /// Charging profile.
        charging_profile: 1 ChargingProfile,
    }
}

open_enum! {
    /// ChargingRateUnit. Spec: mod_charging_profiles.
    ChargingRateUnit("ChargingRateUnit", "mod_charging_profiles") {
        /// W.
        W = "W",
        /// A.
        A = "A",
    }
}

object! {
    /// ChargingProfile. Spec: mod_charging_profiles.
    ChargingProfile("ChargingProfile", "mod_charging_profiles", ChargingProfileBuilder) {
        /// Start date time.
        start_date_time: ? DateTime,
        /// Duration.
        duration: ? i64,
        /// Charging rate unit.
        charging_rate_unit: 1 ChargingRateUnit,
        /// Min charging rate.
        min_charging_rate: ? Decimal,
        /// Charging profile period.
        charging_profile_period: * ChargingProfilePeriod,
    }
}

object! {
    /// ChargingProfilePeriod. Spec: mod_charging_profiles.
    ChargingProfilePeriod("ChargingProfilePeriod", "mod_charging_profiles", ChargingProfilePeriodBuilder) {
        /// Start period.
        start_period: 1 i64,
        /// Limit.
        limit: 1 Decimal,
    }
}

open_enum! {
    /// ChargingProfileResponseType. Spec: mod_charging_profiles.
    ChargingProfileResponseType("ChargingProfileResponseType", "mod_charging_profiles") {
        /// ACCEPTED.
        Accepted = "ACCEPTED",
        /// NOT_SUPPORTED.
        NotSupported = "NOT_SUPPORTED",
        /// REJECTED.
        Rejected = "REJECTED",
        /// TOO_OFTEN.
        TooOften = "TOO_OFTEN",
        /// UNKNOWN_SESSION.
        UnknownSession = "UNKNOWN_SESSION",
    }
}

open_enum! {
    /// ChargingProfileResultType. Spec: mod_charging_profiles.
    ChargingProfileResultType("ChargingProfileResultType", "mod_charging_profiles") {
        /// ACCEPTED.
        Accepted = "ACCEPTED",
        /// REJECTED.
        Rejected = "REJECTED",
        /// UNKNOWN.
        Unknown = "UNKNOWN",
    }
}
