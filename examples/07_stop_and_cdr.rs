//! Lesson 7: the charge ends, the bill arrives, and the EMSP checks it.
//!
//! `cargo run --example 07_stop_and_cdr`

mod lesson;

use emsp::demo;
use lesson::{Companies, Done, Lesson};
use ocpi_types::pricing::{self, PricingInput};
use ocpi_types::{Cdr, Decimal, parse};
use serde_json::json;

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 7. Stop, and the bill",
        "mod_commands, mod_cdrs",
        "Twenty minutes ago a driver has plugged in in Oakland and held up a charge card (lesson 4). The car has \
         charged since then, and the CPO has told the EMSP all the time how the session stands (lesson 6). Now the \
         driver wants to go on.\n\n\
         When a charge has ended the CPO sends the bill. In OCPI it is called a CDR: charge detail record. The EMSP \
         pays the CPO for it. Later the driver gets a bill from the EMSP. The driver never sees the CPO's.",
    );
    let companies = Companies::registered().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);
    cpo.operator.post("/stations/OAK001-1/plug-in", &json!({ "soc_percent": 30 })).await?;
    cpo.operator.post("/stations/OAK001-1/present-card", &json!({ "uid": demo::RFID_NEVER })).await?;
    companies.settle().await?;
    companies.pass(20).await?;
    emsp.calls();
    cpo.calls();

    lesson.step(
        "The EMSP sends the command STOP_SESSION",
        "mod_commands, \"StopSession Object\"",
        "The driver taps \"stop\" in the EMSP's app. The EMSP sends a command, as in lesson 6. Again there are two \
         answers. The first one says that the command is passed on. The second one comes to the response_url, and \
         says that the charger has done it.",
    );
    let sessions = emsp.operator.get("/sessions?limit=1").await?;
    let order = json!({ "party": "US/CPO", "session_id": sessions["items"][0]["id"] });
    emsp.operator.post("/commands/STOP_SESSION", &order).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());
    lesson.show("CPO", "EMSP", &cpo.call("POST", "/commands/STOP_SESSION").await?);

    lesson.step(
        "The session ends",
        "mod_sessions, \"SessionStatus\"",
        "The last news of the session: its status is COMPLETED. From now on it does not change any more.",
    );
    companies.settle().await?;
    let calls = cpo.calls();
    lesson.show("CPO", "EMSP", calls.iter().filter(|call| call.url.contains("/sessions")));

    lesson.step(
        "The bill",
        "mod_cdrs, \"CDR Object\" and \"POST Method\"",
        "The CPO sends the CDR with POST. It is complete in itself: who has charged (cdr_token), where \
         (cdr_location), under which Tariff, each of the charging periods, and what it costs in all. Even if the \
         station is torn down tomorrow, the bill can still be understood.\n\n\
         The EMSP answers with the header Location. It has stored the CDR, and there it can be read.",
    );
    lesson.show("CPO", "EMSP", calls.iter().filter(|call| call.url.contains("/cdrs")));

    lesson.step(
        "Is the bill right?",
        "mod_cdrs, \"CDR Object\"; mod_tariffs",
        "The EMSP does not just believe it. It works out the price by itself from the periods and the Tariff, as in \
         lesson 5. It compares that with the CDR, and the CDR with the session, the Token and the place.",
    );
    let bills = emsp.operator.get("/cdrs?limit=1").await?;
    let bill = &bills["items"][0];
    let mut cdr = parse::<Cdr>(bill["cdr"].clone()).value.ok_or("the CDR is readable")?;
    let zone = pricing::time_zone("America/Los_Angeles").ok_or("a time zone")?;
    lesson.list(pricing::explain(&pricing::price(&PricingInput::of_cdr(&cdr, zone))));
    println!("  In the CDR:         {} {}", cdr.total_cost.excl_vat, cdr.currency);
    println!("  The EMSP's verdict: {}\n", bill["check"]["verdict"].as_str().ok_or("a verdict")?);

    lesson.step(
        "And if it were wrong?",
        "mod_cdrs, \"Credit CDRs\"",
        "Let us add 5 dollars to the total, and check it again.\n\n\
         What happens then? A CDR never changes, so the CPO cannot just correct it. It must send a second CDR that \
         takes the first one back (a Credit CDR), and a third one that is right.",
    );
    cdr.total_cost.excl_vat += Decimal::from(5);
    for difference in pricing::audit(&cdr, &cdr.tariffs, zone) {
        println!("  {} {}", difference.pointer, difference.message);
    }
    println!();

    lesson.end(
        &[
            "A CDR is the bill of one charge. It is complete in itself, and never changes.",
            "It is sent with POST. The header Location of the answer says where it can be read.",
            "The EMSP can work out the price as well as the CPO. So it can check each bill.",
            "Now you can say how roaming works: stations and prices, cards, a session, a bill, and two companies \
             that trust each other and check.",
        ],
        [
            "Let the driver come late: `companies.pass(60).await?` before \"stop\", and begin with \"soc_percent\": \
             95. What does the bill say about the time after the battery was full?",
            "Read emsp/src/cdrs/check.rs. What else is checked when a bill arrives?",
        ],
    );
    Ok(())
}
