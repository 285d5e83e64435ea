//! Makes what the examples speak of, once the story is told.

use std::time::Duration;

use serde_json::{Value, json};

use super::smart_session;
use crate::narrator::step;
use crate::operator::Operator;
use crate::pair::Pair;

/// Here a car charges that takes charging profiles and its driver's preferences.
pub(super) const SMART_EVSE: (&str, &str) = ("SFO001", "SFO001-1");
/// Here two charge points are kept for a driver.
const KEPT: (&str, [&str; 2]) = ("SLC001", ["SLC001-1", "SLC001-3"]);

/// Cars that charge, a station that is broken, places that are kept, a tariff that no connector uses. What is there already,
/// from an earlier start, stays: an error of an operator API says that it is so already, or that somebody has moved things
/// around, and then that is what there is.
pub(crate) async fn prepare(pair: &Pair) {
    step(
        9,
        "More to look at",
        "So that there is something to try: a car charges in San Francisco, with a limit and with its driver's preferences,\n\
         and another one in Phoenix, beside one that waits and a station that is broken. Two places are kept in Salt Lake City.",
    );
    let (emsp, cpo) = (&pair.emsp.operator, &pair.cpo.operator);
    let car = json!({ "battery_kwh": 100, "soc_percent": 10 });
    charge(cpo, "PHX001-1", &car, emsp::demo::RFID_ALWAYS).await;
    let _ = cpo.post("/stations/PHX001-2/plug-in", &car).await;
    let _ = cpo.post("/stations/PHX001-3/fault", &json!({ "fault": "the cable was cut" })).await;
    let tariff = json!({
        "currency": "USD",
        "elements": [{ "price_components": [{ "type": "ENERGY", "price": 0.2, "vat": 10, "step_size": 1 }] }],
    });
    let _ = cpo.put("/tariffs/US/CPO/CPO-SUNDAY", &tariff).await;
    keep(emsp, pair).await;
    smart_charging(emsp, cpo).await;
}

async fn charge(cpo: &Operator, evse: &str, car: &Value, card: &str) {
    if cpo.post(&format!("/stations/{evse}/plug-in"), car).await.is_ok() {
        let _ = cpo.post(&format!("/stations/{evse}/present-card"), &json!({ "uid": card })).await;
    }
}

/// Two reservations, so that the examples of both parties have one to cancel.
async fn keep(emsp: &Operator, pair: &Pair) {
    let (location, evses) = KEPT;
    let known = emsp.get("/reservations?limit=100").await.unwrap_or_default();
    for evse in evses {
        let is_kept = |known: &Value| {
            known["evse_uid"] == evse && matches!(known["state"].as_str(), Some("ACTIVE" | "REQUESTED"))
        };
        if known["items"].as_array().is_some_and(|items| items.iter().any(is_kept)) {
            continue;
        }
        let order = json!({
            "party": "US/CPO", "location_id": location, "evse_uid": evse,
            "token_uid": emsp::demo::APP_USER, "token_type": "APP_USER",
            "expiry_date": ocpi_types::format_date_time(&(pair.clock.now() + Duration::from_hours(24))),
        });
        let _ = emsp.post("/commands/RESERVE_NOW", &order).await;
    }
}

async fn smart_charging(emsp: &Operator, cpo: &Operator) {
    // Slow enough that it is not full before the evening is over.
    let car = json!({ "battery_kwh": 120, "soc_percent": 10, "max_ac_kw": 11 });
    charge(cpo, SMART_EVSE.1, &car, emsp::demo::RFID_ALLOWED).await;
    let Some(session) = wait_for_session(emsp).await else { return };
    let path = format!("/sessions/US/CPO/{session}");
    let profile = format!("{path}/charging-profile");
    if emsp.get(&profile).await.is_ok() {
        // Of an earlier start.
        return;
    }
    let preferences = json!({ "profile_type": "FAST" });
    let _ = emsp.put(&format!("{path}/charging-preferences"), &preferences).await;
    let limit = json!({ "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 30 }] });
    let _ = emsp.put(&profile, &limit).await;
    let _ = emsp.post(&format!("{profile}/read"), &json!({ "seconds": 900 })).await;
    let _ = cpo.put(&format!("{path}/limit"), &json!({ "amperes": 40 })).await;
}

/// Until the EMSP has heard of the charge.
async fn wait_for_session(emsp: &Operator) -> Option<String> {
    for _ in 0..100 {
        if let Value::String(id) = smart_session(emsp).await {
            return Some(id);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}
