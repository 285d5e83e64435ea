//! Lesson 8: a charger that waits for its driver.
//!
//! `cargo run --example 08_reservation`

#![allow(clippy::too_many_lines, reason = "a lesson is told in one piece")]

mod lesson;

use emsp::demo;
use lesson::{Companies, Done, Lesson};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 8. Reservation",
        "mod_commands, mod_sessions, mod_tariffs",
        "The driver of lesson 6 is still on the road, and the last charger in the street may be taken before the car \
         is there. So the driver reserves it in the EMSP's app. Again the charger is the CPO's, and again the EMSP \
         sends a command.\n\n\
         Keeping a charger free costs the CPO money. So a reservation may have its price, and it may cost something \
         not to come. You will see both.",
    );
    let companies = Companies::registered().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);

    lesson.step(
        "What will it cost?",
        "mod_tariffs, \"ReservationRestrictionType\"",
        "The charger is OAK001-1, and this is its price list (a tariff: see lesson 5). Two of its elements have the \
         restriction reservation. RESERVATION: so much for each hour that the charger is kept free. \
         RESERVATION_EXPIRES: so much if nobody comes.",
    );
    let tariff = &emsp.operator.get("/tariffs/US/CPO/CPO-ENERGY-TIME").await?;
    for element in tariff["elements"].as_array().into_iter().flatten() {
        lesson.show_json(element);
    }

    lesson.step(
        "The EMSP sends the command RESERVE_NOW",
        "mod_commands, \"ReserveNow Object\"",
        "The EMSP says for whom (token), where, and until when (expiry_date: in half an hour). It also gives the \
         reservation a name: reservation_id. Whoever wants to change the reservation later, or to give it up, uses \
         that name.",
    );
    let command = emsp.operator.post("/commands/RESERVE_NOW", &order("2026-10-05T16:30:00Z")).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());

    lesson.step(
        "The charger has answered",
        "mod_commands, \"CommandResult Object\"",
        "As with every command the first answer only meant: I pass it on. Now comes what the charger says. Had \
         somebody been faster, it would be EVSE_OCCUPIED.",
    );
    lesson.show("CPO", "EMSP", &cpo.call("POST", "/commands/RESERVE_NOW").await?);

    lesson.step(
        "Everybody can see it",
        "mod_sessions, \"SessionStatus\"; mod_locations, \"Status\"",
        "Two things have changed, and the CPO tells both. There is a session already, with the status RESERVATION: the \
         time until the car comes costs something, so it is on record. And the EVSE is RESERVED: other drivers see that \
         in their apps.",
    );
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls());

    lesson.step(
        "The driver is there, after ten minutes",
        "mod_commands, \"StartSession Object\"",
        "The driver taps \"start\" and plugs in. The CPO sees the same driver's token, and so the reservation is used. \
         Look at the session. It has the same id, and now it is ACTIVE. The time before is a charging period of \
         its own, and total_cost says what the waiting has cost.",
    );
    companies.pass(10).await?;
    let start = json!({
        "party": "US/CPO", "location_id": "OAK001", "evse_uid": "OAK001-1", "connector_id": "1",
        "token_uid": demo::APP_USER, "token_type": "APP_USER",
    });
    emsp.operator.post("/commands/START_SESSION", &start).await?;
    cpo.call("POST", "/commands/START_SESSION").await?;
    cpo.operator.post("/stations/OAK001-1/plug-in", &json!({ "soc_percent": 30 })).await?;
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/sessions"));

    lesson.step(
        "The bill",
        "mod_cdrs, \"CDR Object\"; mod_tariffs, \"ReservationRestrictionType\"",
        "The car charges for 20 minutes, and the driver leaves. Here are some lines of the bill (the CDR: see \
         lesson 7). The reservation has a cost of its own, total_reservation_cost: ten minutes at 3.00 for an hour. The \
         first period says how long: RESERVATION_TIME, in hours.",
    );
    companies.pass(20).await?;
    cpo.operator.post("/stations/OAK001-1/unplug", &json!({})).await?;
    companies.settle().await?;
    let reservation = reservation_of(&companies, &command).await?;
    let bill = &reservation["cdrs"][0];
    lesson.show_json(&json!({
        "total_reservation_cost": bill["total_reservation_cost"],
        "total_energy_cost": bill["total_energy_cost"],
        "total_time_cost": bill["total_time_cost"],
        "total_cost": bill["total_cost"],
        "charging_periods": [bill["charging_periods"][0]],
    }));

    lesson.step(
        "The next driver does not come",
        "mod_commands, \"ReserveNow Object\"; mod_tariffs, \"ReservationRestrictionType\"",
        "Once more a reservation, for half an hour. This time the clock passes that moment, and nobody comes. The \
         charger is free again, the session ends, and there is a bill without a charge: 1.50 for half an hour, and 2.00 \
         because nobody came.",
    );
    let command = emsp.operator.post("/commands/RESERVE_NOW", &order("2026-10-05T17:00:00Z")).await?;
    cpo.call("POST", "/commands/RESERVE_NOW").await?;
    companies.settle().await?;
    cpo.calls();
    companies.pass(31).await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/locations"));
    let reservation = reservation_of(&companies, &command).await?;
    let bill = &reservation["cdrs"][0];
    lesson.show_json(&json!({
        "total_reservation_cost": bill["total_reservation_cost"],
        "total_energy": bill["total_energy"],
        "total_cost": bill["total_cost"],
    }));

    lesson.step(
        "Somebody changes their mind",
        "mod_commands, \"CancelReservation Object\"",
        "Who does not come should say so in time: then another driver can have the charger, and only the time until now \
         is paid. The EMSP sends CANCEL_RESERVATION, with the name of the reservation and no more. The answers are like \
         those of all commands.",
    );
    let command = emsp.operator.post("/commands/RESERVE_NOW", &order("2026-10-05T18:00:00Z")).await?;
    cpo.call("POST", "/commands/RESERVE_NOW").await?;
    emsp.calls();
    let reservation = reservation_of(&companies, &command).await?;
    let name = json!({ "reservation_id": reservation["reservation_id"] });
    emsp.operator.post("/commands/CANCEL_RESERVATION", &name).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());
    lesson.show("CPO", "EMSP", &cpo.call("POST", "/commands/CANCEL_RESERVATION").await?);

    lesson.end(
        &[
            "RESERVE_NOW and CANCEL_RESERVATION are commands: one answer at once, one later.",
            "The EMSP names the reservation. The same name once more changes it.",
            "While it lasts the EVSE is RESERVED, and the session has the status RESERVATION.",
            "Tariffs have prices of their own for a reservation that is used, and for one that expires.",
        ],
        [
            "Send RESERVE_NOW again with the reservation_id of the first one and a later expiry_date. What happens to \
             the session?",
            "Let another driver's card (demo::RFID_ALLOWED) come to the reserved charger: POST \
             /stations/OAK001-1/present-card. What does the charger say?",
        ],
    );
    Ok(())
}

/// What the EMSP's people ask for: the charger OAK001-1 for the driver with the app, until then.
fn order(expiry_date: &str) -> Value {
    json!({
        "party": "US/CPO", "location_id": "OAK001", "evse_uid": "OAK001-1",
        "token_uid": demo::APP_USER, "token_type": "APP_USER", "expiry_date": expiry_date,
    })
}

/// The reservation that a command has made, as the EMSP's people see it.
async fn reservation_of(companies: &Companies, command: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let name = command["reservation_id"].as_str().ok_or("the command is about a reservation")?;
    Ok(companies.emsp.operator.get(&format!("/reservations/{name}")).await?)
}
