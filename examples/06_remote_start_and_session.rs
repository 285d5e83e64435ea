//! Lesson 6: a driver taps "start" in the app.
//!
//! `cargo run --example 06_remote_start_and_session`

mod lesson;

use emsp::demo;
use lesson::{Companies, Done, Lesson};
use serde_json::json;

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 6. Remote start, and a session",
        "mod_commands, mod_sessions",
        "A driver stands in front of a charger and taps \"start\" in the EMSP's app. But the charger belongs to the \
         CPO. So the EMSP must ask the CPO to start it. In OCPI such a request is called a command.\n\n\
         What comes out of it is a session. A session is one charge, from its beginning to its end. The CPO owns it, \
         and tells the EMSP all the time how it stands.",
    );
    let companies = Companies::registered().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);

    lesson.step(
        "The EMSP sends the command START_SESSION",
        "mod_commands, \"StartSession Object\" and \"CommandResponse Object\"",
        "The EMSP says who wants to charge (token: the driver's account in the app) and where (location, EVSE, \
         connector: see lesson 3). It also gives a response_url. The CPO shall call there when it knows more.\n\n\
         Watch the answer. ACCEPTED does not mean that the car charges. It only means: I can pass this on to the \
         charger. The timeout says how many seconds that may take.",
    );
    let order = json!({
        "party": "US/CPO", "location_id": "OAK001", "evse_uid": "OAK001-1", "connector_id": "1",
        "token_uid": demo::APP_USER, "token_type": "APP_USER",
    });
    let command = emsp.operator.post("/commands/START_SESSION", &order).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());

    lesson.step(
        "The charger has answered",
        "mod_commands, \"CommandResult Object\"",
        "Now the CPO calls the EMSP, at the response_url. This is the result of the command: what the charger said.",
    );
    lesson.show("CPO", "EMSP", &cpo.call("POST", "/commands/START_SESSION").await?);

    lesson.step(
        "There is a session, but no charge",
        "mod_sessions, \"Session Object\" and \"SessionStatus\"",
        "The driver has not plugged in yet. So the status of the session is PENDING, and kwh (the energy so far) is \
         0. The CPO sends the session with PUT: that stores it as a whole.\n\n\
         The EMSP had put an authorization_reference into its command. Here it comes back. So the EMSP knows which \
         command this session comes from.",
    );
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/sessions"));

    lesson.step(
        "The driver plugs in",
        "mod_sessions, \"PUT Method\"",
        "Half a minute later the cable is in, and the car charges. The session becomes ACTIVE. Its beginning has \
         moved, too: it counts from the moment at which the charge began. The CPO sends the session once more with \
         PUT.",
    );
    companies.clock.advance(std::time::Duration::from_secs(30));
    cpo.operator.post("/stations/OAK001-1/plug-in", &json!({ "soc_percent": 30 })).await?;
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/sessions"));

    lesson.step(
        "Ten minutes later",
        "mod_sessions, \"PATCH Method\"; mod_cdrs, \"ChargingPeriod\"",
        "The CPO tells how the charge goes on: the energy so far, the cost so far, and the charging periods that are \
         new. Everything else is as before, so a PATCH is enough: it holds only some of the fields. A charging \
         period is a piece of the charge, with what was measured in it: ENERGY in kWh, TIME in hours, and the lowest \
         and the highest current (ampere) and power (kW). The field tariff_id names the price list: see lesson \
         5.\n\n\
         Periods are an exception. All other fields of a PATCH replace what was there. Periods are added to those \
         that are there.",
    );
    companies.pass(10).await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/sessions"));

    lesson.step(
        "What the driver sees in the app",
        "mod_sessions, \"Session Object\"",
        "The EMSP has put the pieces together. It knows the whole session now, and did not have to ask for it.",
    );
    let id = command["id"].as_str().ok_or("the command has an id")?;
    let session = &emsp.operator.get(&format!("/commands/{id}")).await?["session"];
    println!("  status   {}", session["status"].as_str().unwrap_or_default());
    println!("  energy   {} kWh", session["kwh"]);
    println!("  so far   {} {}", session["total_cost"]["excl_vat"], session["currency"].as_str().unwrap_or_default());
    println!("  periods  {}", session["charging_periods"].as_array().map_or(0, Vec::len));
    println!();

    lesson.end(
        &[
            "A command has two answers: one at once (can it be passed on?), and one later, at the response_url (was \
             it done?).",
            "Neither of them is the session. The CPO sends that when there is one.",
            "PUT sends a whole session, PATCH what is new. Charging periods in a PATCH are added.",
        ],
        [
            "Break the charger before the first step: `cpo.operator.post(\"/stations/OAK001-1/fault\", \
             &json!({})).await?`. Which of the two answers says no?",
            "Leave out the step in which the driver plugs in, and let five minutes pass. What becomes of the session?",
        ],
    );
    Ok(())
}
