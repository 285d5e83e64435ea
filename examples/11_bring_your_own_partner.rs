//! Lesson 11: your own server as the partner of a real CPO. It is small enough to be read in one go.
//!
//! `cargo run --example 11_bring_your_own_partner`

mod lesson;

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use lesson::{Companies, Done, Lesson, partner_call};
use serde_json::{Value, json};

/// Your EMSP: all it has is one card, and a note of what it was told.
#[derive(Clone)]
struct MyEmsp {
    base: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl MyEmsp {
    /// Prints what it was told since it was asked last.
    fn tell(&self) {
        for line in std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner)) {
            println!("  {line}");
        }
        println!();
    }

    fn forget(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Every request to your server comes here.
async fn answer(State(me): State<MyEmsp>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let is_bill = path == "/2.2.1/cdrs";
    me.told.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {path}"));
    let endpoint = |module: &str, role: &str| json!({ "identifier": module, "role": role, "url": format!("{}/2.2.1/{module}", me.base) });
    let data = match (method, path.as_str()) {
        (Method::GET, "/versions") => json!([{ "version": "2.2.1", "url": format!("{}/2.2.1", me.base) }]),
        (Method::GET, "/2.2.1") => json!({
            "version": "2.2.1",
            "endpoints": [
                endpoint("credentials", "SENDER"), endpoint("tokens", "SENDER"), endpoint("locations", "RECEIVER"),
                endpoint("sessions", "RECEIVER"), endpoint("cdrs", "RECEIVER"),
            ],
        }),
        (Method::GET, "/2.2.1/tokens") => json!([my_card()]),
        // Locations, sessions, the bill: thank you.
        (Method::PUT | Method::PATCH | Method::POST, _) => Value::Null,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut envelope = json!({ "status_code": 1000, "timestamp": "2026-10-05T16:00:00Z" });
    if !data.is_null() {
        envelope["data"] = data;
    }
    if is_bill {
        // Where it can be read again.
        return ([(header::LOCATION, format!("{}/2.2.1/cdrs/1", me.base))], Json(envelope)).into_response();
    }
    Json(envelope).into_response()
}

fn my_card() -> Value {
    json!({
        "country_code": "NL", "party_id": "YOU", "uid": "CAFE0001", "type": "RFID", "contract_id": "NL-YOU-C0000001-1",
        "issuer": "You", "valid": true, "whitelist": "ALWAYS", "last_updated": "2026-10-05T12:00:00Z",
    })
}

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 11. Bring your own partner",
        "version_information_endpoint, credentials, mod_tokens, mod_sessions, mod_cdrs",
        "Now you write one side yourself. This lesson has an EMSP of its own, NL/YOU. You find it at the top of the \
         lesson's file: about 50 lines. It is no good EMSP. It believes everything and checks nothing. But the CPO of \
         this project takes it as a partner. In the same way you can test your own platform against it.",
    );
    let companies = Companies::start().await?;
    let cpo = &companies.cpo;

    lesson.step(
        "Your server starts",
        "version_information_endpoint",
        "It can say which version it speaks, where its modules are, and which cards it has. To everything else it \
         says: thank you.",
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let me = MyEmsp { base: format!("http://{}", listener.local_addr()?), told: Arc::default() };
    let router = Router::new().fallback(answer).with_state(me.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    lesson.say(&format!("It listens at {}", me.base));

    lesson.step(
        "You register",
        "credentials, \"POST Method\"",
        "The CPO invites you (lesson 1), and you send your credentials (lesson 2): a token for the CPO to use, and \
         where your versions are. The CPO tries it at once, and gives you a token in return.",
    );
    let invitation = cpo.operator.post("/partners/invitations", &json!({ "name": "NL/YOU" })).await?;
    let token_a = invitation["token_a"].as_str().ok_or("an invitation has a token")?;
    let credentials = json!({
        "token": "my-token-b-which-should-be-random", "url": format!("{}/versions", me.base),
        "roles": [{ "role": "EMSP", "country_code": "NL", "party_id": "YOU", "business_details": { "name": "You" } }],
    });
    let url = format!("{}/ocpi/2.2.1/credentials", cpo.base);
    partner_call("POST", &url, token_a, Some(&credentials)).await?;
    lesson.show("You", "CPO", &cpo.visits());
    lesson.say("Meanwhile your server was asked:");
    me.tell();

    lesson.step(
        "The CPO fetches your cards",
        "mod_tokens, \"GET Method\" of the Sender",
        "From now on the CPO works by itself. First it wants to know your drivers. You have one card.",
    );
    companies.settle().await?;
    lesson.show("CPO", "You", &cpo.calls_of("/tokens"));
    me.forget();

    lesson.step(
        "Your driver charges",
        "mod_sessions, \"PUT Method\" and \"PATCH Method\"; mod_locations, \"PATCH Method\"",
        "Your card is held to a charger in Seattle. The CPO knows it, and need not ask: its whitelist is ALWAYS (lesson \
         4). Half an hour later the car is unplugged. See what your server was told.",
    );
    cpo.operator.post("/stations/SEA001-1/plug-in", &json!({ "soc_percent": 40 })).await?;
    cpo.operator.post("/stations/SEA001-1/present-card", &json!({ "uid": "CAFE0001" })).await?;
    companies.settle().await?;
    companies.pass(30).await?;
    cpo.operator.post("/stations/SEA001-1/unplug", &json!({})).await?;
    companies.settle().await?;
    me.tell();

    lesson.step(
        "The bill",
        "mod_cdrs, \"POST Method\"",
        "The POST was the CDR (lesson 7). Your answer has a header Location: there the CPO can read it again. (Your \
         server promises too much: it cannot do that yet.)",
    );
    lesson.show("CPO", "You", &cpo.calls_of("/cdrs"));

    lesson.end(
        &[
            "A partner can be very small: versions, details, credentials, and the modules it wants.",
            "The CPO uses only what the partner offers. Yours has no tariffs endpoint, so no tariffs were sent.",
            "Either half of this project can be the partner that you test against.",
        ],
        [
            "Answer HTTP 500 to every session. Does the bill still come?",
            "Take this file as the beginning of your own EMSP: store the sessions, and check that they are yours.",
        ],
    );
    Ok(())
}
