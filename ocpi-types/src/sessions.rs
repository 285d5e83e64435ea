//! Charging sessions as they go on. Spec: mod_sessions.

use crate::model::{object, open_enum};
use crate::{AuthMethod, CdrToken, ChargingPeriod, CiString, Context, DateTime, Decimal, Price, Rule, Text, check};

object! {
    /// A charging session, as far as it has gone.
    ///
    /// Spec: mod_sessions, "Session Object". Owned by the CPO; for information, while only the CDR is billed.
    ///
    /// ```
    /// use ocpi_types::{Session, SessionStatus, examples, parse};
    ///
    /// let (session, report) = parse::<Session>(serde_json::from_str(examples::SESSION).unwrap()).accept().unwrap();
    /// assert!(report.is_clean());
    /// assert_eq!(session.status, SessionStatus::Completed);
    /// ```
    Session("Session", "mod_sessions", SessionBuilder, rules = session_rules) {
        /// Country of the CPO that owns this session: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// Id of the CPO that owns this session: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Names the session within the CPO's platform, at most 36 characters.
        id: 1 CiString<36>,
        /// When it became active; while it is pending, when it was created.
        start_date_time: 1 DateTime,
        /// When it ended, which can be long after the car was full.
        end_date_time: ? DateTime,
        /// How much has been charged so far, in kWh.
        kwh: 1 Decimal,
        /// The token that started it.
        cdr_token: 1 CdrToken,
        /// How the driver was authorized; can change on the way.
        auth_method: 1 AuthMethod,
        /// The EMSP's name for the authorization, at most 36 characters; the last one if there were several.
        authorization_reference: ? CiString<36>,
        /// The location, at most 36 characters.
        location_id: 1 CiString<36>,
        /// The EVSE, at most 36 characters; `#NA` while a reservation has none yet.
        evse_uid: 1 CiString<36>,
        /// The connector, at most 36 characters; `#NA` while a reservation has none yet.
        connector_id: 1 CiString<36>,
        /// Names the meter, at most 255 characters.
        meter_id: ? Text<255>,
        /// The currency of all its prices: ISO 4217.
        currency: 1 Text<3>,
        /// What happened when, in order. A PATCH adds to them, a PUT replaces them.
        charging_periods: * ChargingPeriod,
        /// What the EMSP will have to pay, as far as it is known. Absent does not mean free.
        total_cost: ? Price,
        /// Where it stands.
        status: 1 SessionStatus,
        /// When it changed last.
        last_updated: 1 DateTime,
    }
}

const CLASS: &str = "Session";

fn session_rules(session: &Session, cx: &mut Context) {
    check::owner(&session.country_code, &session.party_id, CLASS, cx);
    check::id(&session.id, CLASS, "id", cx);
    check::currency(&session.currency, CLASS, cx);
    time_rules(session, cx);
    // SES-073, SES-074.
    if session.status == SessionStatus::Active {
        for (field, id) in [("evse_uid", &session.evse_uid), ("connector_id", &session.connector_id)] {
            if *id == check::NOT_AVAILABLE {
                cx.found_at(CLASS, field, Rule::Inconsistent, "#NA is for reservations; this session is active");
            }
        }
    }
    // SES-067.
    crate::cdrs::wh_rules(session.kwh, "kwh", &session.charging_periods, CLASS, cx);
}

fn time_rules(session: &Session, cx: &mut Context) {
    // SES-066.
    match session.end_date_time {
        Some(end) if end < session.start_date_time => {
            cx.found_at(CLASS, "end_date_time", Rule::Inconsistent, "earlier than start_date_time");
        }
        Some(_) if session.status == SessionStatus::Active => {
            cx.found_at(CLASS, "end_date_time", Rule::Suspicious, "the session has ended and is still active");
        }
        None if session.status == SessionStatus::Completed => {
            cx.found_at(CLASS, "end_date_time", Rule::Missing, "expected when the session is completed");
        }
        _ => {}
    }
    // CDR-120: a period ends where the next one starts.
    if let Some(i) = check::first_out_of_order(session.charging_periods.iter().map(|period| period.start_date_time)) {
        let message = format!("period {i} starts before the one before it");
        cx.found_at(CLASS, "charging_periods", Rule::Inconsistent, message);
    }
}

open_enum! {
    /// Where a session stands.
    ///
    /// Spec: mod_sessions, "SessionStatus enum". The chapter's text also speaks of `RESERVED`, which is read as `RESERVATION`.
    SessionStatus("SessionStatus", "mod_sessions", misspelt = ["RESERVED" => Reservation]) {
        /// The car is connected and the driver is authorized; energy may flow or not.
        Active = "ACTIVE",
        /// It ended well. Nothing changes any more.
        Completed = "COMPLETED",
        /// It is void and will not be billed.
        Invalid = "INVALID",
        /// It has not begun: something is still missing, and may never come.
        Pending = "PENDING",
        /// An EVSE is reserved; charging has not begun, and may never begin.
        Reservation = "RESERVATION",
    }
}

object! {
    /// How a driver wants a session to be charged.
    ///
    /// Spec: mod_sessions, "ChargingPreferences Object".
    ChargingPreferences("ChargingPreferences", "mod_sessions", ChargingPreferencesBuilder, rules = preference_rules) {
        /// What matters most.
        profile_type: 1 ProfileType,
        /// When the driver expects to leave.
        departure_time: ? DateTime,
        /// How much energy the driver wants, in kWh.
        energy_need: ? Decimal,
        /// Whether energy may be taken from the car on the way. Absent means false.
        discharge_allowed: ? bool,
    }
}

fn preference_rules(preferences: &ChargingPreferences, cx: &mut Context) {
    // SES-082.
    if preferences.energy_need.is_some_and(|need| need <= Decimal::ZERO) {
        cx.found_at("ChargingPreferences", "energy_need", Rule::Suspicious, "no energy at all");
    }
}

open_enum! {
    /// What matters most to a driver.
    ///
    /// Spec: mod_sessions, "ProfileType enum".
    ProfileType("ProfileType", "mod_sessions") {
        /// As cheap as possible.
        Cheap = "CHEAP",
        /// As fast as possible, at a price.
        Fast = "FAST",
        /// As much renewable energy as possible.
        Green = "GREEN",
        /// Nothing in particular.
        Regular = "REGULAR",
    }
}

open_enum! {
    /// The answer to charging preferences.
    ///
    /// Spec: mod_sessions, "ChargingPreferencesResponse enum".
    ChargingPreferencesResponse("ChargingPreferencesResponse", "mod_sessions") {
        /// The EVSE will try.
        Accepted = "ACCEPTED",
        /// `departure_time` is needed.
        DepartureRequired = "DEPARTURE_REQUIRED",
        /// `energy_need` is needed.
        EnergyNeedRequired = "ENERGY_NEED_REQUIRED",
        /// It is known that this cannot be done.
        NotPossible = "NOT_POSSIBLE",
        /// The EVSE does not know this kind of profile.
        ProfileTypeNotSupported = "PROFILE_TYPE_NOT_SUPPORTED",
    }
}
