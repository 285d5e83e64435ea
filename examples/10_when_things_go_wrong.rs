//! Lesson 10: wrong tokens, bad objects, and a partner that is away.
//!
//! `cargo run --example 10_when_things_go_wrong`

#![allow(clippy::too_many_lines, reason = "a lesson is told in one piece")]

mod lesson;

use emsp::demo;
use lesson::{Companies, Done, Lesson, partner_call};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 10. When things go wrong",
        "status_codes, transport_and_format",
        "So far everything went well. But networks fail, programs have bugs, and clocks are wrong. OCPI has rules for \
         all of it. Let us break some things, and see what the others say.\n\n\
         You are a programmer at the CPO today. First you call the EMSP by hand, with a session that you have made up.",
    );
    let companies = Companies::registered().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);
    // What the CPO shows to the EMSP. It has got it when both registered: see lesson 2.
    let token = cpo.app.party.peers.registered().await?[0].token_out.expose().to_owned();
    let sessions = format!("{}/ocpi/2.2.1/emsp/sessions", emsp.base);
    let session = made_up_session();
    emsp.visits();

    lesson.step(
        "A wrong token",
        "transport_and_format, \"Authorization header\"",
        "You mistype the token. The EMSP does not know who you are, so it does not even look at the session. That is \
         HTTP 401.",
    );
    partner_call("PUT", &format!("{sessions}/US/CPO/S1"), "not-the-token", Some(&session)).await?;
    lesson.show("CPO", "EMSP", &emsp.visits());

    lesson.step(
        "This is no session at all",
        "transport_and_format, \"Request format\"; status_codes",
        "The token is right now. But you send a text where a JSON object is wanted. The EMSP can do nothing with it.",
    );
    partner_call("PUT", &format!("{sessions}/US/CPO/S1"), &token, Some(&json!("not an object"))).await?;
    lesson.show("CPO", "EMSP", &emsp.visits());

    lesson.step(
        "This is a session, but a bad one",
        "status_codes, \"2xxx: Client errors\"",
        "The energy is a word, the status is invented, and cdr_token is missing. The answer is 2001: invalid or missing \
         parameters. Codes that begin with 2 mean: the mistake is yours. Good programs also say where each mistake \
         is: /kwh is the field kwh of the object. Nothing is stored.",
    );
    let bad = json!({ "kwh": "many", "status": "HAPPY", "cdr_token": null });
    partner_call("PUT", &format!("{sessions}/US/CPO/S1"), &token, Some(&with(&session, &bad))).await?;
    lesson.show("CPO", "EMSP", &emsp.visits());

    lesson.step(
        "This is not yours",
        "transport_and_format, \"Client Owned Object Push\"",
        "A CPO may only send its own objects. The URL says whose it is: NL/XYZ. That is another company.",
    );
    partner_call("PUT", &format!("{sessions}/NL/XYZ/S1"), &token, Some(&session)).await?;
    lesson.show("CPO", "EMSP", &emsp.visits());

    lesson.step(
        "This is old news",
        "mod_sessions, \"PUT Method\"",
        "At last a good session: the EMSP stores it. Then you send it once more, with an older last_updated. Messages \
         can overtake each other on the way. So the EMSP looks at the time in it, and keeps what is newer.",
    );
    partner_call("PUT", &format!("{sessions}/US/CPO/S1"), &token, Some(&session)).await?;
    let old = json!({ "kwh": 0.5, "last_updated": "2026-10-05T15:10:00Z" });
    partner_call("PUT", &format!("{sessions}/US/CPO/S1"), &token, Some(&with(&session, &old))).await?;
    lesson.show("CPO", "EMSP", &emsp.visits());
    let stored = emsp.operator.get("/sessions/US/CPO/S1").await?;
    println!("  The EMSP has kwh {} and last_updated {}.\n", stored["kwh"], stored["last_updated"]);

    lesson.step(
        "The EMSP is away",
        "transport_and_format, \"Offline behaviour\"",
        "Enough of bad calls. Now the EMSP's computers are down. A car begins to charge all the same: the CPO knows the \
         card. It wants to tell the EMSP two things: the charger is busy, and there is a session. Nobody answers the \
         first call, so it does not even try the second one.\n\n\
         What should it do with the two messages? Keep them, and send them later? No. When they arrive they may be \
         wrong. The CPO remembers only this: on this charger and on this session the EMSP is behind.",
    );
    emsp.go_away().await;
    cpo.calls();
    cpo.operator.post("/stations/SEA001-1/plug-in", &json!({ "soc_percent": 40 })).await?;
    cpo.operator.post("/stations/SEA001-1/present-card", &json!({ "uid": demo::RFID_ALWAYS })).await?;
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls());

    lesson.step(
        "The EMSP is back",
        "transport_and_format, \"Offline behaviour\"",
        "Twenty minutes later the EMSP is there again, and the charge has gone on. The CPO sends the session as it is \
         now, as a whole. All that was missed is in it.",
    );
    emsp.come_back().await?;
    companies.pass(20).await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/sessions"));

    lesson.end(
        &[
            "HTTP tells whether a call arrived and was allowed. The status_code tells what came of it: 1000 is good, \
             2xxx is the caller's mistake, 3xxx is the mistake of who was called.",
            "A good answer says where the mistake is. A bad object changes nothing.",
            "Newer news win. last_updated says which are newer.",
            "After an outage the state is sent again, not the messages.",
        ],
        [
            "Send the good session with \"kwh\": \"1\", in quotes. It is accepted! Why? See \
             ocpi-types/src/report/tolerance.rs.",
            "Let the outage last until the car is unplugged. What does the CPO send then, and in which order?",
        ],
    );
    Ok(())
}

/// A session that is good, but for that it has never been.
fn made_up_session() -> Value {
    json!({
        "country_code": "US", "party_id": "CPO", "id": "S1", "start_date_time": "2026-10-05T15:00:00Z", "kwh": 1,
        "cdr_token": {
            "country_code": "US", "party_id": "EMS", "uid": demo::RFID_NEVER, "type": "RFID",
            "contract_id": "US-EMS-C00000005-X",
        },
        "auth_method": "AUTH_REQUEST", "location_id": "OAK001", "evse_uid": "OAK001-1", "connector_id": "1",
        "currency": "USD", "status": "ACTIVE", "last_updated": "2026-10-05T15:30:00Z",
    })
}

/// The session with these changes; null takes a field away.
fn with(session: &Value, changes: &Value) -> Value {
    let mut other = session.clone();
    if let (Some(fields), Some(changes)) = (other.as_object_mut(), changes.as_object()) {
        fields.extend(changes.clone());
        fields.retain(|_, value| !value.is_null());
    }
    other
}
