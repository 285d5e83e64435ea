//! Charging profiles: the answer at once, the one result that follows, what the station makes of it, and who hears of changes.

use axum::http::Method;
use cpo_mock::Config;
use cpo_mock::callback::State;
use cpo_mock::charging_profiles::store::{self, Kind, Record};
use cpo_mock::station::{Command, EvseKey, Origin, Profile, ProfileChange, Stations, Unit};
use ocpi_party::DbError;
use ocpi_party::testing::databases;
use ocpi_types::{ActiveChargingProfile, ActiveChargingProfileResult, PartyId};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::emsp::{Emsp, Received};
use crate::world::{Partner, Reply, World, config};

/// Publishes a Location SMART: S1 with 3 times 230 V and 16 A takes profiles and preferences, S2 takes neither. Tariffs:
/// REGULAR for 0.30 a kWh, FAST for 0.60, GREEN for 0.40; none for CHEAP.
pub(crate) async fn publish(world: &World) {
    for (id, kind, price) in
        [("REG", "REGULAR", "0.30"), ("FAST", "PROFILE_FAST", "0.60"), ("GREEN", "PROFILE_GREEN", "0.40")]
    {
        let price: Value = serde_json::from_str(price).unwrap();
        let tariff = json!({
            "currency": "USD", "type": kind,
            "elements": [{ "price_components": [{ "type": "ENERGY", "price": price, "step_size": 1 }] }],
        });
        assert_eq!(world.operate(Method::PUT, &format!("/tariffs/US/CPO/{id}"), &tariff).await.http, 201);
    }
    let mut location = crate::world::location();
    let evse = |uid: &str, capabilities: Value| {
        json!({
            "uid": uid, "evse_id": format!("US*CPO*E{uid}"), "status": "AVAILABLE", "capabilities": capabilities,
            "connectors": [{
                "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
                "max_voltage": 230, "max_amperage": 16, "tariff_ids": ["REG", "FAST", "GREEN"],
            }],
        })
    };
    let smart = json!(["REMOTE_START_STOP_CAPABLE", "CHARGING_PROFILE_CAPABLE", "CHARGING_PREFERENCES_CAPABLE"]);
    location["evses"] = json!([evse("S1", smart), evse("S2", json!(["REMOTE_START_STOP_CAPABLE"]))]);
    let put = world.operate(Method::PUT, "/locations/US/CPO/SMART", &location).await;
    assert_eq!(put.http, 201, "{put:?}");
}

/// Somebody charges at this EVSE with as much as there is, or as the car takes; the Session's id.
pub(crate) async fn charge(world: &World, partner: &Partner, emsp: &Emsp, evse: &str, car: &Value) -> String {
    world.operate(Method::POST, &format!("/stations/{evse}/plug-in"), car).await;
    start(world, partner, emsp, evse, &emsp.token("APP1", "NEVER")).await
}

pub(crate) async fn start(world: &World, partner: &Partner, emsp: &Emsp, evse: &str, token: &Value) -> String {
    let command = json!({
        "response_url": format!("{}/results/start", emsp.base), "token": token, "location_id": "SMART", "evse_uid": evse,
    });
    let reply = partner.send(world, Method::POST, "/commands/START_SESSION", &command).await;
    assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
    assert_eq!(emsp.wait_for(Method::POST, "/results/start").await.body, json!({ "result": "ACCEPTED" }));
    let sessions = partner.get(world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
    let all = sessions.data().as_array().unwrap();
    let here = |session: &&Value| session["evse_uid"] == evse && session["status"] == "ACTIVE";
    all.iter().find(here).unwrap_or_else(|| panic!("nobody charges: {all:?}"))["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn session(world: &World, partner: &Partner, id: &str) -> Value {
    let sessions = partner.get(world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
    sessions.data().as_array().unwrap().iter().find(|session| session["id"] == id).unwrap().clone()
}

/// The periods as `kW kWh`.
fn powers(session: &Value) -> Vec<String> {
    let volume = |period: &Value, name: &str| {
        let dimensions = period["dimensions"].as_array().unwrap();
        dimensions.iter().find(|dimension| dimension["type"] == name).unwrap()["volume"].to_string()
    };
    let periods = session["charging_periods"].as_array().unwrap();
    periods.iter().map(|period| format!("{} kW {}", volume(period, "MAX_POWER"), volume(period, "ENERGY"))).collect()
}

fn limit(unit: &str, limit: &str) -> Value {
    let limit: Value = serde_json::from_str(limit).unwrap();
    json!({ "charging_rate_unit": unit, "charging_profile_period": [{ "start_period": 0, "limit": limit }] })
}

async fn put(world: &World, partner: &Partner, emsp: &Emsp, id: &str, profile: &Value) -> Reply {
    let body = json!({ "charging_profile": profile, "response_url": format!("{}/results/put?of=%2Fa&b=2", emsp.base) });
    partner.send(world, Method::PUT, &format!("/chargingprofiles/{id}"), &body).await
}

async fn set(world: &World, partner: &Partner, emsp: &Emsp, id: &str, profile: &Value) -> Received {
    let reply = put(world, partner, emsp, id, profile).await;
    assert_eq!((reply.http, reply.code()), (200, 1000), "{reply:?}");
    assert_eq!(reply.data(), &json!({ "result": "ACCEPTED", "timeout": 30 }));
    emsp.wait_for(Method::POST, "/results/put").await
}

async fn ask(world: &World, partner: &Partner, method: Method, id: &str, query: &str) -> Reply {
    let path = format!("/ocpi/2.2.1/cpo/chargingprofiles/{id}?{query}");
    world.request(method, &path, &partner.authorization, None).await
}

/// A URL of the EMSP as a query parameter.
fn encoded(emsp: &Emsp, path: &str) -> String {
    let url = format!("{}{path}", emsp.base);
    format!("response_url={}", url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>())
}

/// What the station intends to do, asked in the partner's name.
async fn plan(world: &World, partner: &Partner, emsp: &Emsp, id: &str, seconds: u32) -> Value {
    let query = format!("duration={seconds}&{}", encoded(emsp, "/results/get?id=1&x=2"));
    let reply = ask(world, partner, Method::GET, id, &query).await;
    assert_eq!(reply.data(), &json!({ "result": "ACCEPTED", "timeout": 30 }), "{reply:?}");
    let result = emsp.wait_for(Method::POST, "/results/get").await;
    assert_eq!(result.query, "id=1&x=2");
    assert!(ocpi_types::parse::<ActiveChargingProfileResult>(result.body.clone()).report.is_clean());
    assert_eq!(result.body["result"], "ACCEPTED");
    result.body["profile"].clone()
}

async fn clear(world: &World, partner: &Partner, emsp: &Emsp, id: &str) -> Value {
    let reply = ask(world, partner, Method::DELETE, id, &encoded(emsp, "/results/delete")).await;
    assert_eq!(reply.data(), &json!({ "result": "ACCEPTED", "timeout": 30 }), "{reply:?}");
    emsp.wait_for(Method::POST, "/results/delete").await.body
}

fn steps(profile: &Value) -> &Value {
    &profile["charging_profile"]["charging_profile_period"]
}

/// Proves: CHP-005, CHP-007, CHP-009, CHP-013, CHP-021, CHP-024, CHP-026, CHP-027, CHP-029, CHP-031, CHP-032, CHP-034, CHP-038,
/// CHP-040, CHP-050, CHP-052, CHP-055, CHP-056, CHP-057, CHP-058, CHP-061, CHP-064, CHP-065, CHP-066, CHP-070, CHP-071, CHP-002,
/// LOC-121 (with it), CHP-003
#[tokio::test]
async fn a_limit_is_set_seen_in_the_meter_values_and_lifted() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &json!({ "max_ac_kw": 22 })).await;
        world.advance(5).await;
        assert_eq!(steps(&plan(&world, &partner, &emsp, &id, 900).await), &json!([{ "start_period": 0, "limit": 16 }]));

        // Relative to the beginning of charging, five minutes ago; 8.15 A are one decimal too many.
        let profile = json!({
            "charging_rate_unit": "A",
            "charging_profile_period": [
                { "start_period": 0, "limit": 8.15 }, { "start_period": 600, "limit": 10 }, { "start_period": 900, "limit": 32 },
            ],
        });
        let result = set(&world, &partner, &emsp, &id, &profile).await;
        assert_eq!((result.query.as_str(), &result.body), ("of=%2Fa&b=2", &json!({ "result": "ACCEPTED" })));
        let routing = ["ocpi-from-country-code", "ocpi-from-party-id", "ocpi-to-country-code", "ocpi-to-party-id"];
        assert_eq!(routing.map(|name| result.header(name).unwrap()), ["US", "CPO", "US", "EMS"]);
        world.advance(1).await;
        let active = plan(&world, &partner, &emsp, &id, 900).await;
        assert_eq!(active["start_date_time"], "2026-06-12T10:06:00Z");
        assert_eq!(
            (&active["charging_profile"]["duration"], &active["charging_profile"]["charging_rate_unit"]),
            (&json!(900), &json!("A"))
        );
        let expected = json!([
            { "start_period": 0, "limit": 8.1 }, { "start_period": 240, "limit": 10 }, { "start_period": 540, "limit": 16 },
        ]);
        assert_eq!(steps(&active), &expected, "never more than the connector can deliver");
        world.advance(14).await;
        // 8.1 A on each of three phases of 230 V are 5,589 W.
        assert_eq!(
            powers(&session(&world, &partner, &id).await),
            ["11.04 kW 0.92", "5.589 kW 0.465", "6.9 kW 0.575", "11.04 kW 0.92"],
            "a period ends where the limit changes"
        );

        // Another profile takes the place of the first; in W it is the sum of the phases.
        set(&world, &partner, &emsp, &id, &limit("W", "3000")).await;
        world.advance(5).await;
        let last = powers(&session(&world, &partner, &id).await);
        assert_eq!(last.last().unwrap(), "3 kW 0.25");
        assert_eq!(
            steps(&plan(&world, &partner, &emsp, &id, 7200).await),
            &json!([{ "start_period": 0, "limit": 3000 }])
        );

        assert_eq!(clear(&world, &partner, &emsp, &id).await, json!({ "result": "ACCEPTED" }));
        assert_eq!(steps(&plan(&world, &partner, &emsp, &id, 60).await), &json!([{ "start_period": 0, "limit": 16 }]));
        assert_eq!(clear(&world, &partner, &emsp, &id).await, json!({ "result": "UNKNOWN" }), "there is none any more");
        world.settle().await;
        let lines = emsp.take_lines();
        assert!(
            !lines.iter().any(|line| line.contains("chargingprofiles")),
            "it asked for all of it itself: {lines:?}"
        );
        for method in [Method::POST, Method::PATCH] {
            assert_eq!(partner.send(&world, method, &format!("/chargingprofiles/{id}"), &json!({})).await.http, 405);
        }
        let book = world.operate(Method::GET, "/charging-profiles", &Value::Null).await;
        assert_eq!(
            (&book.json["items"][0]["kind"], &book.json["items"][0]["result"]),
            (&json!("DELETE"), &json!("UNKNOWN"))
        );
        let one = format!("/charging-profiles/{}", book.json["items"][0]["id"].as_str().unwrap());
        assert_eq!(world.operate(Method::GET, &one, &Value::Null).await.json, book.json["items"][0]);
    }
}

/// Proves: CHP-004, CHP-014, CHP-022, CHP-028, CHP-030, CHP-031, CHP-034, CHP-052, CHP-059, CHP-066, CHP-067, CHP-068, CHP-069,
/// LOC-121 (without it)
#[tokio::test]
async fn what_cannot_be_passed_on_is_said_at_once() {
    for database in databases().await {
        let world = World::with(Config { profile_requests_per_minute: 3, ..config(&database) }).await;
        let emsp = Emsp::start("US", "EMS").await;
        let other = Emsp::start("NL", "TNM").await;
        let partner = world.register(&emsp).await;
        let stranger = world.register(&other).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &Value::Null).await;
        let plain = charge(&world, &partner, &emsp, "S2", &Value::Null).await;
        let any = limit("A", "6");
        let url = |emsp: &Emsp| encoded(emsp, "/results/refused");
        let says =
            |reply: &Reply| (reply.http, reply.code(), reply.data()["result"].clone(), reply.data()["timeout"].clone());
        let refused = |result: &str| (200, 1000, json!(result), json!(30));
        for (caller, from, session, result) in [
            (&partner, &emsp, "nobody", "UNKNOWN_SESSION"),
            (&stranger, &other, id.as_str(), "REJECTED"),
            (&partner, &emsp, plain.as_str(), "NOT_SUPPORTED"),
        ] {
            assert_eq!(says(&put(&world, caller, from, session, &any).await), refused(result));
            let get = ask(&world, caller, Method::GET, session, &format!("duration=60&{}", url(from))).await;
            assert_eq!(says(&get), refused(result));
            assert_eq!(says(&ask(&world, caller, Method::DELETE, session, &url(from)).await), refused(result));
        }

        // What cannot be understood is no request at all.
        let ok = url(&emsp);
        for (method, query) in [
            (Method::GET, "duration=60".to_owned()),
            (Method::GET, ok.clone()),
            (Method::GET, format!("duration=abc&{ok}")),
            (Method::GET, format!("duration=0&{ok}")),
            (Method::GET, format!("duration=-5&{ok}")),
            (Method::GET, "duration=60&response_url=http%3A%2F%2Felsewhere.example%2Fx".to_owned()),
            (Method::GET, format!("duration=60&response_url=http://127.0.0.1/{}", "x".repeat(255))),
            (Method::DELETE, String::new()),
            (Method::DELETE, "response_url=".to_owned()),
            (Method::DELETE, "response_url=nowhere".to_owned()),
        ] {
            let reply = ask(&world, &partner, method.clone(), &id, &query).await;
            assert_eq!((reply.http, reply.code(), reply.data()), (200, 2001, &Value::Null), "{method} {query}");
        }
        let here = format!("{}/results/refused", emsp.base);
        let mut backwards = limit("A", "6");
        backwards["charging_profile_period"][0]["start_period"] = json!(-1);
        for body in [
            json!({ "charging_profile": any }),
            json!({ "response_url": here }),
            json!({ "charging_profile": limit("kW", "6"), "response_url": here }),
            json!({ "charging_profile": backwards, "response_url": here }),
            json!({ "charging_profile": { "charging_profile_period": [] }, "response_url": here }),
            json!({ "charging_profile": any, "response_url": "http://elsewhere.example/x" }),
        ] {
            let reply = partner.send(&world, Method::PUT, &format!("/chargingprofiles/{id}"), &body).await;
            assert_eq!((reply.http, reply.code(), reply.data()), (200, 2001, &Value::Null), "{body}: {reply:?}");
        }

        // Three within a minute, and three in the next.
        for round in 0..2 {
            for _ in 0..3 {
                set(&world, &partner, &emsp, &id, &any).await;
            }
            let reply = put(&world, &partner, &emsp, &id, &any).await;
            assert_eq!(says(&reply), refused("TOO_OFTEN"), "round {round}");
            world.advance(2).await;
        }
        world.operate(Method::POST, "/stations/S1/unplug", &Value::Null).await;
        assert_eq!(says(&put(&world, &partner, &emsp, &id, &any).await), refused("REJECTED"), "it has ended");
        world.settle().await;
        let lines = [emsp.take_lines(), other.take_lines()].concat();
        assert!(!lines.iter().any(|line| line.contains("results")), "nothing more was promised: {lines:?}");
    }
}

/// Proves: CHP-008
#[tokio::test]
async fn the_answer_does_not_wait_for_what_follows() {
    let database = ocpi_party::testing::sqlite();
    let world = World::new(&database).await;
    let emsp = Emsp::start("US", "EMS").await;
    let partner = world.register(&emsp).await;
    publish(&world).await;
    let id = charge(&world, &partner, &emsp, "S1", &Value::Null).await;
    // Somebody who takes the result's connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/never", silent.local_addr().unwrap());
    let body = json!({ "charging_profile": limit("A", "6"), "response_url": url });
    let reply = partner.send(&world, Method::PUT, &format!("/chargingprofiles/{id}"), &body).await;
    assert_eq!(reply.data()["result"], "ACCEPTED");
    let _held = silent.accept().await.unwrap();
    let book = world.operate(Method::GET, "/charging-profiles", &Value::Null).await;
    assert_eq!(
        (&book.json["items"][0]["result"], &book.json["items"][0]["delivery_error"]),
        (&json!("ACCEPTED"), &Value::Null)
    );
}

/// The plans that the EMSP was told of by itself.
async fn updates(world: &World, emsp: &Emsp, id: &str) -> Vec<Value> {
    world.settle().await;
    let path = format!("/chargingprofiles/{id}");
    let told = emsp.take().into_iter().filter(|request| request.path.contains("chargingprofiles"));
    told.map(|request| {
        assert_eq!((request.method.clone(), request.path.as_str()), (Method::PUT, path.as_str()));
        assert!(ocpi_types::parse::<ActiveChargingProfile>(request.body.clone()).report.is_clean());
        assert_eq!(request.body["charging_profile"]["duration"], 1800);
        steps(&request.body).clone()
    })
    .collect()
}

fn only(limit: i64) -> Value {
    json!([{ "start_period": 0, "limit": limit }])
}

/// Proves: CHP-010, CHP-011, CHP-033, CHP-036, CHP-037, CHP-042, CHP-043, CHP-045, CHP-046, CHP-048, CHP-049, CHP-050, CHP-062
#[tokio::test]
async fn who_has_set_a_profile_hears_of_what_others_change() {
    for database in databases().await {
        let mut world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &json!({ "max_ac_kw": 22, "battery_kwh": 200 })).await;
        let load = format!("/sessions/US/CPO/{id}/limit");
        let manage = async |world: &World, limit: Value| {
            let reply = world.operate(Method::PUT, &load, &limit).await;
            assert_eq!(reply.http, 200, "{reply:?}");
            reply.json
        };
        // However the number is written.
        for amperes in ["11.5", "\"11.5\"", "1.15e1"] {
            let limit = serde_json::from_str(&format!("{{ \"amperes\": {amperes} }}")).unwrap();
            assert_eq!(manage(&world, limit).await["limit_watts"], 7935, "{amperes}");
        }
        manage(&world, json!({ "amperes": 12 })).await;
        let mut over = limit("A", "6");
        over["start_date_time"] = json!("2026-06-12T09:00:00Z");
        over["duration"] = json!(60);
        assert_eq!(set(&world, &partner, &emsp, &id, &over).await.body, json!({ "result": "REJECTED" }), "it is over");
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({ "watts": 8000 })).await;
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({})).await;
        assert_eq!(updates(&world, &emsp, &id).await, [Value::Null; 0], "no profile has been accepted yet");

        let mut short = limit("A", "10");
        short["start_date_time"] = json!("2026-06-12T10:00:00Z");
        short["duration"] = json!(600);
        assert_eq!(set(&world, &partner, &emsp, &id, &short).await.body, json!({ "result": "ACCEPTED" }));
        assert_eq!(updates(&world, &emsp, &id).await, [Value::Null; 0], "it knows what it has asked for");
        assert_eq!(manage(&world, json!({ "watts": 4140 })).await["limit_watts"], 4140);
        assert_eq!(updates(&world, &emsp, &id).await, [only(6)]);
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({ "watts": 2070 })).await;
        assert_eq!(updates(&world, &emsp, &id).await, [only(3)], "each change");

        // What the EMSP has set dies by itself; the limits of others stay, also when the EMSP clears.
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({})).await;
        world.operate(Method::DELETE, &load, &Value::Null).await;
        assert_eq!(world.operate(Method::DELETE, &load, &Value::Null).await.http, 409, "there is none");
        let until_then = json!([{ "start_period": 0, "limit": 10 }, { "start_period": 600, "limit": 16 }]);
        assert_eq!(updates(&world, &emsp, &id).await, [until_then], "as it is when it is sent");
        world.advance(10).await;
        assert_eq!(updates(&world, &emsp, &id).await, [only(16)], "all that the connector can deliver");
        set(&world, &partner, &emsp, &id, &limit("A", "6")).await;
        manage(&world, json!({ "amperes": 8 })).await;
        assert_eq!(clear(&world, &partner, &emsp, &id).await, json!({ "result": "ACCEPTED" }));
        assert_eq!(steps(&plan(&world, &partner, &emsp, &id, 60).await), &only(8));

        // Out of reach, then killed: the profile holds, and what has changed meanwhile is told when that is possible again.
        set(&world, &partner, &emsp, &id, &limit("A", "7")).await;
        updates(&world, &emsp, &id).await;
        emsp.answer(&format!("PUT /chargingprofiles/{id}"), 503, None);
        manage(&world, json!({ "amperes": 5 })).await;
        assert_eq!(updates(&world, &emsp, &id).await, [only(5)]);
        let clock = world.kill();
        // The same seed would give the same ids again.
        world = World::at_time(Config { seed: Some(8), ..config(&database) }, clock).await;
        emsp.answer(
            &format!("PUT /chargingprofiles/{id}"),
            200,
            Some(json!({ "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" })),
        );
        world.operate(Method::DELETE, &load, &Value::Null).await;
        world.clock.advance(std::time::Duration::from_hours(1));
        assert_eq!(updates(&world, &emsp, &id).await, [only(7)], "the latest state, once");

        // It ends with the session.
        world.operate(Method::POST, "/stations/S1/unplug", &Value::Null).await;
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({ "watts": 1000 })).await;
        assert_eq!(updates(&world, &emsp, &id).await, [Value::Null; 0]);
        assert_eq!(manage_ended(&world, &load).await, 409);
        let next = charge(&world, &partner, &emsp, "S1", &json!({ "max_ac_kw": 22 })).await;
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({})).await;
        assert_eq!(updates(&world, &emsp, &next).await, [Value::Null; 0], "another session, another profile");
        assert_eq!(steps(&plan(&world, &partner, &emsp, &next, 60).await), &only(16));
    }
}

async fn manage_ended(world: &World, load: &str) -> u16 {
    world.operate(Method::PUT, load, &json!({ "amperes": 6 })).await.http
}

/// A request that was accepted by a process that died.
async fn orphan(world: &World, partner: &Partner, emsp: &Emsp, session: &str, id: &str) {
    let now = world.clock.wall();
    let record = Record {
        id: id.to_owned(),
        kind: Kind::Put,
        peer_id: partner.id.clone(),
        from: "US/EMS".to_owned(),
        to: "US/CPO".to_owned(),
        session_id: session.to_owned(),
        request: None,
        response: "ACCEPTED".to_owned(),
        message: None,
        result: None,
        delivery_error: None,
        received_at: now,
        correlation_id: "conversation-2".to_owned(),
        response_url: format!("{}/results/{id}", emsp.base),
    };
    let result_by = now + std::time::Duration::from_secs(30);
    let add = world
        .app
        .party
        .db
        .write(move |tx| Box::pin(async move { store::add(tx, &record, State::Accepted, now, result_by).await }));
    let added: Result<(), DbError> = add.await;
    added.unwrap();
}

#[tokio::test]
async fn a_station_that_is_silent_is_waited_for_and_then_counts_as_a_refusal() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &Value::Null).await;
        world.operate(Method::POST, "/stations/S1/temper", &json!({ "temper": "SILENT" })).await;
        world.settle().await;
        emsp.take();
        let profile =
            json!({ "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 8 }] });
        assert_eq!(put(&world, &partner, &emsp, &id, &profile).await.data()["result"], "ACCEPTED");
        let query = format!("duration=900&{}", encoded(&emsp, "/results/get"));
        assert_eq!(ask(&world, &partner, Method::GET, &id, &query).await.data()["result"], "ACCEPTED");
        let results = || -> Vec<String> {
            let told = emsp.take().into_iter().filter(|told| told.path.contains("results"));
            let mut told: Vec<_> = told.map(|told| format!("{} {}", told.path, told.body["result"])).collect();
            told.sort();
            told
        };
        world.clock.advance(std::time::Duration::from_secs(20));
        world.settle().await;
        assert_eq!(results(), [""; 0], "there is time yet");
        world.clock.advance(std::time::Duration::from_secs(6));
        world.settle().await;
        assert_eq!(results(), [r#"/results/get "REJECTED""#, r#"/results/put "REJECTED""#]);
    }
}

/// Proves: CHP-053 (as Receiver), CHP-054, CHP-009
#[tokio::test]
async fn a_result_is_sent_once_in_time_and_tells_the_truth() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &Value::Null).await;
        for name in ["carried", "never", "refused"] {
            orphan(&world, &partner, &emsp, &id, name).await;
        }
        emsp.answer("POST /results/refused", 500, None);
        // The station has got one of them, and nobody has heard its answer.
        let evse = EvseKey { owner: PartyId::new("US", "CPO"), location_id: "SMART".into(), evse_uid: "S1".into() };
        let change = ProfileChange {
            transaction_id: id.clone(),
            request: "carried".to_owned(),
            origin: Origin::Partner,
            profile: Some(Profile::constant(Unit::AmperesPerPhase, 9.into())),
        };
        world.app.simulator.send(&evse, Command::Profile(change)).await.unwrap();
        let seconds = |seconds| world.clock.advance(std::time::Duration::from_secs(seconds));
        seconds(20);
        world.settle().await;
        let results = |emsp: &Emsp| {
            let mut results: Vec<_> =
                emsp.take().into_iter().filter(|request| request.path.contains("results")).collect();
            results.sort_by(|a, b| a.path.cmp(&b.path));
            results.iter().map(|result| format!("{} {}", result.path, result.body["result"])).collect::<Vec<_>>()
        };
        assert_eq!(results(&emsp), [""; 0], "there is time yet");
        seconds(6);
        world.settle().await;
        world.settle().await;
        let expected =
            [r#"/results/carried "ACCEPTED""#, r#"/results/never "REJECTED""#, r#"/results/refused "REJECTED""#];
        assert_eq!(results(&emsp), expected, "once, also where it was refused");
        let refused = world.operate(Method::GET, "/charging-profiles/refused", &Value::Null).await;
        assert!(refused.json["delivery_error"].as_str().is_some_and(|error| error.contains("500")), "{refused:?}");
        // It counts as set: changes are told from now on.
        world.operate(Method::POST, "/stations/S1/site-limit", &json!({ "watts": 690 })).await;
        assert_eq!(updates(&world, &emsp, &id).await, [only(1)]);

        orphan(&world, &partner, &emsp, &id, "late").await;
        seconds(60);
        world.settle().await;
        assert_eq!(results(&emsp), [""; 0], "nobody waits for it any more");
        let late = world.operate(Method::GET, "/charging-profiles/late", &Value::Null).await;
        assert_eq!(late.json["result"], "REJECTED");
    }
}
