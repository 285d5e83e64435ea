//! The part of a station that serves one car at a time.

use crate::model::{object, open_enum};
use crate::{CiString, Connector, Context, DateTime, DisplayText, GeoLocation, Image, Rule, Text, check};

object! {
    /// The part of a charging station that supplies one car in one session. Its connectors cannot be used at the same time.
    ///
    /// Spec: mod_locations, "EVSE Object". Always belongs to a [`Location`](crate::Location).
    Evse("EVSE", "mod_locations", EvseBuilder, rules = evse_rules) {
        /// Names the EVSE within the CPO's platform for all time, at most 36 characters. Technical: not shown to drivers.
        uid: 1 CiString<36>,
        /// The id that drivers see (`NL*TNM*E123*1`), in the form of eMI3, at most 48 characters. Left out only when the EVSE
        /// was removed and its id is used elsewhere.
        evse_id: ? CiString<48>,
        /// What it is doing now.
        status: 1 Status,
        /// What is planned.
        status_schedule: * StatusSchedule,
        /// What it can do.
        capabilities: * Capability,
        /// Its connectors, of which one at a time can be used.
        connectors: + Connector,
        /// The floor, as it is called on the spot, at most 4 characters.
        floor_level: ? Text<4>,
        /// Where exactly it is, if that differs from the location.
        coordinates: ? GeoLocation,
        /// The number or name that is written on it, at most 16 characters.
        physical_reference: ? Text<16>,
        /// How to get to it from the location, in several languages.
        directions: * DisplayText,
        /// Who may park here.
        parking_restrictions: * ParkingRestriction,
        /// Pictures of it.
        images: * Image,
        /// When the EVSE or one of its connectors changed last.
        last_updated: 1 DateTime,
    }
}

const CLASS: &str = "EVSE";

fn evse_rules(evse: &Evse, cx: &mut Context) {
    check::id(&evse.uid, CLASS, "uid", cx);
    match &evse.evse_id {
        // LOC-104.
        None if evse.status != Status::Removed => {
            cx.found_at(CLASS, "evse_id", Rule::Missing, "may only be left out when the status is REMOVED");
        }
        // LOC-103.
        Some(evse_id) if !check::is_evse_id(evse_id.as_str()) => {
            cx.found_at(CLASS, "evse_id", Rule::Pattern, "not an eMI3 EVSE id such as NL*TNM*E123");
        }
        _ => {}
    }
    // LOC-109.
    if let Some(id) = check::first_repeated(evse.connectors.iter().map(|connector| connector.id.as_str())) {
        cx.found_at(CLASS, "connectors", Rule::Inconsistent, format!("the id {id:?} occurs twice"));
    }
    // LOC-108.
    if evse.connectors.iter().any(|connector| connector.last_updated > evse.last_updated) {
        cx.found_at(
            CLASS,
            "last_updated",
            Rule::Inconsistent,
            "earlier than the last_updated of one of its connectors",
        );
    }
}

open_enum! {
    /// What an EVSE is doing.
    ///
    /// Spec: mod_locations, "Status enum".
    Status("Status", "mod_locations", misspelt = ["OUT_OF_ORDER" => Outoforder]) {
        /// A new session can start.
        Available = "AVAILABLE",
        /// Something is in the way, such as a parked car.
        Blocked = "BLOCKED",
        /// In use.
        Charging = "CHARGING",
        /// Not in service yet, or out of service for a while without being broken.
        Inoperative = "INOPERATIVE",
        /// Broken.
        Outoforder = "OUTOFORDER",
        /// Announced; will be in service soon.
        Planned = "PLANNED",
        /// Gone for good.
        Removed = "REMOVED",
        /// Kept free for one driver.
        Reserved = "RESERVED",
        /// Nobody knows; also while it is offline.
        Unknown = "UNKNOWN",
    }
}

object! {
    /// A planned status. For information only: the CPO pushes the status itself once it is there.
    ///
    /// Spec: mod_locations, "StatusSchedule class".
    StatusSchedule("StatusSchedule", "mod_locations", StatusScheduleBuilder, rules = schedule_rules) {
        /// When it begins.
        period_begin: 1 DateTime,
        /// When it ends, if that is known.
        period_end: ? DateTime,
        /// The status in between.
        status: 1 Status,
    }
}

fn schedule_rules(schedule: &StatusSchedule, cx: &mut Context) {
    // LOC-170.
    if schedule.period_end.is_some_and(|end| end <= schedule.period_begin) {
        cx.found_at("StatusSchedule", "period_end", Rule::Inconsistent, "not later than period_begin");
    }
}

open_enum! {
    /// What an EVSE can do.
    ///
    /// Spec: mod_locations, "Capability enum".
    Capability("Capability", "mod_locations") {
        /// Charging profiles can be set.
        ChargingProfileCapable = "CHARGING_PROFILE_CAPABLE",
        /// Charging preferences can be set for a session.
        ChargingPreferencesCapable = "CHARGING_PREFERENCES_CAPABLE",
        /// The payment terminal takes chip cards.
        ChipCardSupport = "CHIP_CARD_SUPPORT",
        /// The payment terminal takes contactless cards.
        ContactlessCardSupport = "CONTACTLESS_CARD_SUPPORT",
        /// One can pay by credit card.
        CreditCardPayable = "CREDIT_CARD_PAYABLE",
        /// One can pay by debit card.
        DebitCardPayable = "DEBIT_CARD_PAYABLE",
        /// The payment terminal has keys to enter a PIN.
        PedTerminal = "PED_TERMINAL",
        /// Sessions can be started and stopped by command.
        RemoteStartStopCapable = "REMOTE_START_STOP_CAPABLE",
        /// It can be reserved by command.
        Reservable = "RESERVABLE",
        /// It reads RFID tokens.
        RfidReader = "RFID_READER",
        /// A command to start a session must name the connector.
        StartSessionConnectorRequired = "START_SESSION_CONNECTOR_REQUIRED",
        /// A session that was started with one token can be stopped with another one of the same group.
        TokenGroupCapable = "TOKEN_GROUP_CAPABLE",
        /// Connectors can be unlocked by command.
        UnlockCapable = "UNLOCK_CAPABLE",
    }
}

open_enum! {
    /// Who may park at an EVSE, and when.
    ///
    /// Spec: mod_locations, "ParkingRestriction enum".
    ParkingRestriction("ParkingRestriction", "mod_locations") {
        /// Electric cars only.
        EvOnly = "EV_ONLY",
        /// Only while plugged in.
        Plugged = "PLUGGED",
        /// Only people with a disability and the badge for it.
        Disabled = "DISABLED",
        /// Only customers or guests, of a shop or hotel for instance.
        Customers = "CUSTOMERS",
        /// Only electric motorcycles and scooters.
        Motorcycles = "MOTORCYCLES",
    }
}
