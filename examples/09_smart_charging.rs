//! Lesson 9: who decides how fast a car charges.
//!
//! `cargo run --example 09_smart_charging`

#![allow(clippy::too_many_lines, reason = "a lesson is told in one piece")]

mod lesson;

use std::sync::Arc;

use emsp::demo;
use lesson::{Companies, Done, Lesson};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 9. Smart charging",
        "mod_charging_profiles, mod_sessions",
        "Most cars stand longer than they must charge. That is useful: they can charge when there is much sun or wind, \
         and slow down in the evening, when everybody cooks. In OCPI there are two ways to steer a charge.\n\n\
         With a charging profile somebody gives an upper limit for each moment, in ampere or watt. With charging \
         preferences the driver only says what matters: when the car must be ready, with how much energy. The CPO makes \
         the best of it.",
    );
    let companies = Companies::registered().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);

    lesson.step(
        "A car charges",
        "mod_sessions, \"Session Object\"; mod_cdrs, \"CdrDimensionType\"",
        "We need a charge first. It begins as in lesson 6, at an EVSE that says CHARGING_PROFILE_CAPABLE and \
         CHARGING_PREFERENCES_CAPABLE. After ten minutes the CPO tells how it goes. Look at the dimensions: \
         MAX_CURRENT is the current in ampere, MAX_POWER the power in kW.",
    );
    let session = charge(&companies).await?;
    companies.pass(10).await?;
    lesson.show("CPO", "EMSP", last(&cpo.calls_of("/sessions")));

    lesson.step(
        "The EMSP sets a charging profile",
        "mod_charging_profiles, \"SetChargingProfile Object\" and \"ChargingProfile\"",
        "Energy is short now, so the EMSP allows no more than 10 ampere. It sends a profile with one period, which \
         begins at once (start_period 0, in seconds) and has no end. The URL names the session. As with commands \
         there is a response_url, and the answer means: I pass it on.",
    );
    let profile = json!({
        "charging_rate_unit": "A",
        "charging_profile_period": [{ "start_period": 0, "limit": 10 }],
    });
    emsp.operator.put(&format!("{session}/charging-profile"), &profile).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());

    lesson.step(
        "The charger has answered",
        "mod_charging_profiles, \"ChargingProfileResult Object\"",
        "The CPO calls the response_url: the charger takes the profile. It could also have said REJECTED.",
    );
    lesson.show("CPO", "EMSP", &cpo.call("POST", "/chargingprofiles").await?);

    lesson.step(
        "The car charges more slowly",
        "mod_sessions, \"PATCH Method\"",
        "Ten minutes later the next charging period shows the effect: MAX_CURRENT is 10.",
    );
    companies.pass(10).await?;
    lesson.show("CPO", "EMSP", last(&cpo.calls_of("/sessions")));

    lesson.step(
        "What will the charger do next?",
        "mod_charging_profiles, \"ActiveChargingProfileResult Object\"",
        "An EMSP is not the only one who limits a charge. There are the cable, the fuse of the house, the CPO's own \
         wishes. The lowest limit wins. So the EMSP can ask what the charger really intends, here for the next 15 \
         minutes (duration, in seconds). The charger must be asked for that, so the result comes at the response_url.",
    );
    emsp.operator.post(&format!("{session}/charging-profile/read"), &json!({ "seconds": 900 })).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());
    lesson.show("CPO", "EMSP", &cpo.call("POST", "/chargingprofiles").await?);

    lesson.step(
        "The CPO has less to give",
        "mod_charging_profiles, \"ActiveChargingProfile\"",
        "Now the house needs energy: the CPO itself allows only 7 ampere. It was not asked. But the EMSP has set a \
         profile on this session, so it must learn that the plan is another one now. The CPO sends it with PUT.",
    );
    cpo.operator.put(&format!("{session}/limit"), &json!({ "amperes": "7" })).await?;
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/chargingprofiles"));

    lesson.step(
        "Both let go",
        "mod_charging_profiles, \"DELETE Method\"",
        "The CPO lifts its limit, and the EMSP deletes its profile. In the next ten minutes the car charges as fast as it \
         can again.",
    );
    cpo.operator.delete(&format!("{session}/limit")).await?;
    companies.settle().await?;
    emsp.calls();
    emsp.operator.delete(&format!("{session}/charging-profile")).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());
    cpo.call("POST", "/chargingprofiles").await?;
    companies.pass(10).await?;
    lesson.show("CPO", "EMSP", last(&cpo.calls_of("/sessions")));

    lesson.step(
        "The driver has wishes",
        "mod_sessions, \"ChargingPreferences Object\" and \"ChargingPreferencesResponse\"",
        "The other way. The driver says in the app: cheap, please, but 20 kWh by 22:00. The EMSP passes \
         that on. This is no command: the CPO answers at once, and the answer is one word.",
    );
    let wish = json!({
        "profile_type": "CHEAP", "departure_time": "2026-10-05T22:00:00Z", "energy_need": 20, "discharge_allowed": false,
    });
    emsp.operator.put(&format!("{session}/charging-preferences"), &wish).await?;
    lesson.show("EMSP", "CPO", &emsp.calls_of("/charging_preferences"));

    lesson.step(
        "Wishes have a price",
        "mod_tariffs, \"TariffType\"",
        "A CPO can have a tariff for each wish. This one has: from now on the tariff CPO-CHEAP counts. Look at the \
         periods.",
    );
    companies.pass(10).await?;
    lesson.show("CPO", "EMSP", last(&cpo.calls_of("/sessions")));

    lesson.step(
        "And an answer that is no",
        "mod_sessions, \"ChargingPreferencesResponse\"",
        "Without a time of departure the CPO cannot plan. It says so, and the first wish stays.",
    );
    emsp.operator.put(&format!("{session}/charging-preferences"), &json!({ "profile_type": "CHEAP" })).await?;
    lesson.show("EMSP", "CPO", &emsp.calls_of("/charging_preferences"));

    lesson.end(
        &[
            "A charging profile is an upper limit over time, for one session. The lowest limit of all wins.",
            "PUT sets one, DELETE takes it away, GET asks for the plan. What the charger says comes at a response_url.",
            "Who has set a profile is told when the plan changes.",
            "Charging preferences leave the plan to the CPO. They may also choose another tariff: cheap, fast or green.",
        ],
        [
            "Set a profile with two periods: 16 ampere, and 6 ampere after five minutes (start_period 300). Ask for the \
             plan.",
            "Set a profile at an EVSE that is not CHARGING_PROFILE_CAPABLE. Who says no: the CPO or the charger?",
        ],
    );
    Ok(())
}

/// Starts a charge as in lesson 6, and gives the path of its session in the operator API.
async fn charge(companies: &Companies) -> Result<String, Box<dyn std::error::Error>> {
    let order = json!({
        "party": "US/CPO", "location_id": "BOS001", "evse_uid": "BOS001-1", "connector_id": "1",
        "token_uid": demo::APP_USER, "token_type": "APP_USER",
    });
    let command = companies.emsp.operator.post("/commands/START_SESSION", &order).await?;
    companies.cpo.call("POST", "/commands/START_SESSION").await?;
    companies.cpo.operator.post("/stations/BOS001-1/plug-in", &json!({ "soc_percent": 30 })).await?;
    companies.settle().await?;
    companies.emsp.calls();
    companies.cpo.calls();
    let id = command["id"].as_str().ok_or("the command has an id")?;
    let started: Value = companies.emsp.operator.get(&format!("/commands/{id}")).await?;
    let session = started["session"]["id"].as_str().ok_or("the command has started a session")?;
    Ok(format!("/sessions/US/CPO/{session}"))
}

/// The last of them.
fn last<T>(calls: &[Arc<T>]) -> &[Arc<T>] {
    &calls[calls.len().saturating_sub(1)..]
}
