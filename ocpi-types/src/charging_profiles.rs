//! How fast a session may charge. Spec: mod_charging_profiles.

use crate::model::{object, open_enum};
use crate::{Context, DateTime, Decimal, Rule, Url, check};

object! {
    /// Limits for the power or current of a session over time. Upper limits: charging with less is no fault.
    ///
    /// Spec: mod_charging_profiles, "ChargingProfile class".
    ///
    /// ```
    /// use ocpi_types::{ChargingProfile, ChargingProfilePeriod, ChargingRateUnit, Decimal};
    ///
    /// let step = |start: i64, amperes: i64| {
    ///     ChargingProfilePeriod::builder().start_period(start).limit(Decimal::from(amperes)).build().unwrap()
    /// };
    /// let profile = ChargingProfile::builder()
    ///     .charging_rate_unit(ChargingRateUnit::A)
    ///     .charging_profile_period([step(0, 16), step(1800, 10)])
    ///     .build()
    ///     .unwrap();
    /// assert_eq!(profile.duration, None); // the last limit holds until the end
    /// ```
    ChargingProfile("ChargingProfile", "mod_charging_profiles", ChargingProfileBuilder, rules = profile_rules) {
        /// When it begins. Absent: when charging begins.
        start_date_time: ? DateTime,
        /// How long it is, in seconds. Absent: its last limit holds on, or until the end of the session.
        duration: ? i64,
        /// The unit of all its limits.
        charging_rate_unit: 1 ChargingRateUnit,
        /// The lowest rate at which the car charges well, with at most one decimal.
        min_charging_rate: ? Decimal,
        /// The limits, in order.
        charging_profile_period: * ChargingProfilePeriod,
    }
}

fn profile_rules(profile: &ChargingProfile, cx: &mut Context) {
    const CLASS: &str = "ChargingProfile";
    // CHP-062.
    if profile.duration.is_some_and(|duration| duration < 0) {
        cx.found_at(CLASS, "duration", Rule::Range, "negative");
    }
    // CHP-063.
    if let Some(rate) = &profile.min_charging_rate {
        one_decimal(rate, CLASS, "min_charging_rate", cx);
    }
    // CHP-064.
    let starts = profile.charging_profile_period.iter().map(|period| period.start_period);
    if let Some(i) = check::first_out_of_order(starts.clone()) {
        let message = format!("period {i} starts before the one before it");
        cx.found_at(CLASS, "charging_profile_period", Rule::Inconsistent, message);
    }
    if profile.duration.is_some_and(|duration| starts.max().is_some_and(|last| last >= duration.max(1))) {
        cx.found_at(CLASS, "duration", Rule::Suspicious, "the last period starts when the profile has ended");
    }
}

fn one_decimal(rate: &Decimal, class: &'static str, field: &'static str, cx: &mut Context) {
    if rate.normalize().scale() > 1 {
        cx.found_at(class, field, Rule::TooManyDecimals, format!("{rate} has more than one decimal"));
    }
    if *rate < Decimal::ZERO {
        cx.found_at(class, field, Rule::Suspicious, "negative");
    }
}

object! {
    /// A limit that holds until the next one begins.
    ///
    /// Spec: mod_charging_profiles, "ChargingProfilePeriod class".
    ChargingProfilePeriod(
        "ChargingProfilePeriod", "mod_charging_profiles", ChargingProfilePeriodBuilder, rules = period_rules
    ) {
        /// When it begins, in seconds from the start of the profile.
        start_period: 1 i64,
        /// The limit, in the profile's unit, with at most one decimal.
        limit: 1 Decimal,
    }
}

fn period_rules(period: &ChargingProfilePeriod, cx: &mut Context) {
    const CLASS: &str = "ChargingProfilePeriod";
    // CHP-064.
    if period.start_period < 0 {
        cx.found_at(CLASS, "start_period", Rule::Range, "negative");
    }
    // CHP-065.
    one_decimal(&period.limit, CLASS, "limit", cx);
}

open_enum! {
    /// The unit of a charging profile.
    ///
    /// Spec: mod_charging_profiles, "ChargingRateUnit enum".
    ChargingRateUnit("ChargingRateUnit", "mod_charging_profiles") {
        /// Watts, in total. Mostly for direct current.
        W = "W",
        /// Amperes, for each phase and not summed. Mostly for alternating current.
        A = "A",
    }
}

object! {
    /// What a station plans to do, by all profiles and limits that it knows of.
    ///
    /// Spec: mod_charging_profiles, "ActiveChargingProfile class".
    ActiveChargingProfile("ActiveChargingProfile", "mod_charging_profiles", ActiveChargingProfileBuilder) {
        /// When the station worked it out; all times in the profile count from here.
        start_date_time: 1 DateTime,
        /// The plan.
        charging_profile: 1 ChargingProfile,
    }
}

object! {
    /// Set the profile of a session.
    ///
    /// Spec: mod_charging_profiles, "SetChargingProfile Object".
    SetChargingProfile("SetChargingProfile", "mod_charging_profiles", SetChargingProfileBuilder, rules = set_rules) {
        /// The profile.
        charging_profile: 1 ChargingProfile,
        /// Where the result is to be posted. Best different for each request.
        response_url: 1 Url,
    }
}

fn set_rules(set: &SetChargingProfile, cx: &mut Context) {
    // CHP-056.
    check::called_url(&set.response_url, "SetChargingProfile", "response_url", cx);
}

object! {
    /// The CPO's answer to a request about profiles: whether it goes to the station.
    ///
    /// Spec: mod_charging_profiles, "ChargingProfileResponse Object".
    ChargingProfileResponse(
        "ChargingProfileResponse", "mod_charging_profiles", ChargingProfileResponseBuilder, rules = response_rules
    ) {
        /// The CPO's verdict.
        result: 1 ChargingProfileResponseType,
        /// How long to wait for the result, in seconds.
        timeout: 1 i64,
    }
}

fn response_rules(response: &ChargingProfileResponse, cx: &mut Context) {
    // CHP-052.
    if response.timeout < 0 {
        cx.found_at("ChargingProfileResponse", "timeout", Rule::Range, "negative");
    }
}

object! {
    /// The station's answer to the question what it plans to do.
    ///
    /// Spec: mod_charging_profiles, "ActiveChargingProfileResult Object".
    ActiveChargingProfileResult(
        "ActiveChargingProfileResult", "mod_charging_profiles", ActiveChargingProfileResultBuilder, rules = active_rules
    ) {
        /// The station's verdict.
        result: 1 ChargingProfileResultType,
        /// The plan. Given exactly when the result is `ACCEPTED`.
        profile: ? ActiveChargingProfile,
    }
}

fn active_rules(result: &ActiveChargingProfileResult, cx: &mut Context) {
    const CLASS: &str = "ActiveChargingProfileResult";
    // CHP-055.
    match (&result.profile, result.result == ChargingProfileResultType::Accepted) {
        (None, true) => cx.found_at(CLASS, "profile", Rule::Missing, "expected when the result is ACCEPTED"),
        (Some(_), false) => {
            cx.found_at(CLASS, "profile", Rule::Inconsistent, "only given when the result is ACCEPTED");
        }
        _ => {}
    }
}

object! {
    /// The station's answer to a new profile.
    ///
    /// Spec: mod_charging_profiles, "ChargingProfileResult Object".
    ChargingProfileResult("ChargingProfileResult", "mod_charging_profiles", ChargingProfileResultBuilder) {
        /// The station's verdict.
        result: 1 ChargingProfileResultType,
    }
}

object! {
    /// The station's answer to the removal of a profile.
    ///
    /// Spec: mod_charging_profiles, "ClearProfileResult Object".
    ClearProfileResult("ClearProfileResult", "mod_charging_profiles", ClearProfileResultBuilder) {
        /// The station's verdict.
        result: 1 ChargingProfileResultType,
    }
}

open_enum! {
    /// What a CPO does with a request about profiles.
    ///
    /// Spec: mod_charging_profiles, "ChargingProfileResponseType enum".
    ChargingProfileResponseType("ChargingProfileResponseType", "mod_charging_profiles") {
        /// It goes to the station; a result will follow.
        Accepted = "ACCEPTED",
        /// The CPO, the station or the EVSE knows no charging profiles.
        NotSupported = "NOT_SUPPORTED",
        /// The CPO refuses, perhaps because the session is another EMSP's.
        Rejected = "REJECTED",
        /// The CPO refuses because there are too many requests.
        TooOften = "TOO_OFTEN",
        /// The CPO does not know the session.
        UnknownSession = "UNKNOWN_SESSION",
    }
}

open_enum! {
    /// What became of a request about profiles.
    ///
    /// Spec: mod_charging_profiles, "ChargingProfileResultType enum".
    ChargingProfileResultType("ChargingProfileResultType", "mod_charging_profiles") {
        /// The EVSE did it.
        Accepted = "ACCEPTED",
        /// The EVSE refused.
        Rejected = "REJECTED",
        /// The EVSE has no such profile.
        Unknown = "UNKNOWN",
    }
}
