//! Commands: the answer at once, and the one result that follows.

use axum::http::Method;
use cpo_mock::Config;
use cpo_mock::commands::store::{self, NewCommand, Record};
use ocpi_party::DbError;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::charge;
use crate::emsp::Emsp;
use crate::world::{Partner, Reply, World, config, location};

fn start(emsp: &Emsp, change: &Value) -> Value {
    let mut command = json!({
        "response_url": format!("{}/results/1", emsp.base), "token": emsp.token("CARD1", "NEVER"),
        "location_id": "LOC1", "evse_uid": "E1",
    });
    for (name, value) in change.as_object().unwrap() {
        command[name] = value.clone();
    }
    command.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    command
}

async fn send(world: &World, partner: &Partner, kind: &str, body: &Value) -> Reply {
    partner.send(world, Method::POST, &format!("/commands/{kind}"), body).await
}

async fn result(emsp: &Emsp) -> Value {
    emsp.wait_for(Method::POST, "/results/1").await.body["result"].clone()
}

/// Proves: CMD-004, CMD-005, CMD-006, CMD-009, CMD-010, CMD-018, CMD-022, CMD-025, CMD-027, CMD-028, CMD-032, CMD-037,
/// CMD-059, CMD-063, LOC-118 (with it)
#[tokio::test]
async fn the_result_is_an_ordinary_request_of_the_same_conversation() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        // An invalid Token is the EMSP's business; it is not checked, and not kept.
        let mut token = emsp.token("CARD1", "NEVER");
        token["valid"] = json!(false);
        let url = format!("{}/results/1?of=%2Fa&b=2", emsp.base);
        let body = start(&emsp, &json!({ "token": token, "response_url": url }));
        let request = world
            .http
            .post(format!("{}/ocpi/2.2.1/cpo/commands/START_SESSION", world.base))
            .header("Authorization", &partner.authorization)
            .header("X-Request-ID", "request-1")
            .header("X-Correlation-ID", "conversation-1")
            .header("Content-Type", "application/json")
            .body(body.to_string());
        let reply = crate::world::read(request).await;
        assert_eq!((reply.http, reply.code()), (200, 1000));
        assert_eq!(reply.data(), &json!({ "result": "ACCEPTED", "timeout": 30 }));

        let result = emsp.wait_for(Method::POST, "/results/1").await;
        assert_eq!(result.query, "of=%2Fa&b=2");
        assert_eq!(result.body, json!({ "result": "ACCEPTED" }));
        assert_eq!(result.header("x-correlation-id"), Some("conversation-1"));
        assert!(result.header("x-request-id").is_some_and(|id| id != "request-1"));
        let routing = ["ocpi-from-country-code", "ocpi-from-party-id", "ocpi-to-country-code", "ocpi-to-party-id"];
        assert_eq!(routing.map(|name| result.header(name).unwrap()), ["US", "CPO", "US", "EMS"]);
        assert_eq!(partner.get(&world, "/tokens/US/EMS/CARD1").await.http, 404);
    }
}

/// Proves: CMD-002, CMD-012, CMD-020, CMD-021, CMD-023, CMD-031, CMD-032, CMD-070, CMD-071, CMD-072, CMD-073, STA-023,
/// LOC-118 (without it)
#[tokio::test]
async fn what_cannot_be_passed_on_is_said_at_once() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        let mut foreign = emsp.token("CARD1", "NEVER");
        foreign["party_id"] = json!("XYZ");
        for (change, code, result) in [
            (json!({ "location_id": "NOWHERE" }), 2003, "REJECTED"),
            (json!({ "evse_uid": "E9" }), 1000, "REJECTED"),
            (json!({ "connector_id": "9" }), 1000, "REJECTED"),
            (json!({ "evse_uid": "E2" }), 1000, "REJECTED"),
            (json!({ "evse_uid": "E3" }), 1000, "NOT_SUPPORTED"),
            (json!({ "token": foreign }), 1000, "REJECTED"),
        ] {
            let reply = send(&world, &partner, "START_SESSION", &start(&emsp, &change)).await;
            assert_eq!((reply.http, reply.code()), (200, code), "{change}: {reply:?}");
            assert_eq!((&reply.data()["result"], &reply.data()["timeout"]), (&json!(result), &json!(30)), "{change}");
        }
        let url = format!("{}/results/1", emsp.base);
        let unlock =
            |evse: &str| json!({ "response_url": url, "location_id": "LOC1", "evse_uid": evse, "connector_id": "1" });
        let mut nowhere = unlock("E1");
        nowhere["location_id"] = json!("NOWHERE");
        let reserve = json!({
            "response_url": url, "token": emsp.token("CARD1", "NEVER"), "expiry_date": "2026-06-12T11:00:00Z",
            "reservation_id": "1", "location_id": "LOC1",
        });
        for (kind, body, code, result) in [
            ("STOP_SESSION", json!({ "response_url": url, "session_id": "unknown" }), 1000, "UNKNOWN_SESSION"),
            ("UNLOCK_CONNECTOR", nowhere, 2003, "REJECTED"),
            ("UNLOCK_CONNECTOR", unlock("E2"), 1000, "NOT_SUPPORTED"),
            ("RESERVE_NOW", reserve, 1000, "NOT_SUPPORTED"),
        ] {
            let reply = send(&world, &partner, kind, &body).await;
            assert_eq!((reply.http, reply.code()), (200, code), "{kind}: {reply:?}");
            assert_eq!(reply.data()["result"], json!(result), "{kind}");
        }
        for (kind, body) in [
            ("START_SESSION", json!({ "response_url": url, "session_id": "1" })),
            ("CANCEL_RESERVATION", json!({ "response_url": url })),
            ("START_SESSION", start(&emsp, &json!({ "evse_uid": null, "connector_id": "1" }))),
            ("STOP_SESSION", json!({ "session_id": "1" })),
            ("UNLOCK_CONNECTOR", json!({ "response_url": url, "location_id": "LOC1" })),
            // Our token must not go to a host that has nothing to do with the partner.
            ("STOP_SESSION", json!({ "session_id": "1", "response_url": "http://elsewhere.example/x" })),
            ("STOP_SESSION", json!({ "session_id": "1", "response_url": "ftp://127.0.0.1/x" })),
        ] {
            let reply = send(&world, &partner, kind, &body).await;
            assert_eq!((reply.http, reply.code(), reply.data()), (200, 2001, &Value::Null), "{kind} {body}: {reply:?}");
        }
        let reply = send(&world, &partner, "DANCE", &json!({ "response_url": url })).await;
        assert_eq!((reply.http, reply.code()), (404, 2001));
        world.settle().await;
        assert_eq!(
            emsp.take_lines().iter().filter(|line| line.contains("results")).count(),
            0,
            "no result was promised"
        );
        assert_eq!(partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await.data(), &json!([]));
    }
}

/// Proves: CMD-008, CMD-075, CMD-076, CMD-077, CMD-078
#[tokio::test]
async fn what_the_station_says_is_the_result() {
    for database in databases().await {
        let world = World::with(Config { cable_first: true, ..config(&database) }).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        let attempt = async || {
            let reply = send(&world, &partner, "START_SESSION", &start(&emsp, &json!({}))).await;
            assert_eq!(reply.data()["result"], "ACCEPTED", "the request can be passed on");
            result(&emsp).await
        };
        assert_eq!(attempt().await, "FAILED", "no cable");
        world.operate(Method::POST, "/stations/E1/fault", &json!({})).await;
        assert_eq!(attempt().await, "EVSE_INOPERATIVE");
        world.operate(Method::POST, "/stations/E1/repair", &Value::Null).await;
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        assert_eq!(attempt().await, "ACCEPTED");
        assert_eq!(attempt().await, "EVSE_OCCUPIED");
    }
}

/// Proves: CMD-033, CMD-078, CMD-079
#[tokio::test]
async fn stations_refuse_fail_or_keep_silent_when_they_are_told_to() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        let attempt = async |temper: &str| {
            let station = world.operate(Method::POST, "/stations/E1/temper", &json!({ "temper": temper })).await;
            assert_eq!(station.json["temper"], temper);
            let reply = send(&world, &partner, "START_SESSION", &start(&emsp, &json!({}))).await;
            assert_eq!(reply.data()["result"], "ACCEPTED", "the request can be passed on");
        };
        attempt("REFUSING").await;
        assert_eq!(result(&emsp).await, "REJECTED");
        attempt("FAILING").await;
        assert_eq!(result(&emsp).await, "FAILED");

        emsp.take();
        attempt("SILENT").await;
        // A change of the Location builds idle stations anew; this one is not idle.
        world.operate(Method::PUT, "/locations/US/CPO/LOC1", &location()).await;
        world.clock.advance(std::time::Duration::from_secs(20));
        world.settle().await;
        assert_eq!(emsp.take_lines().iter().filter(|line| line.contains("results")).count(), 0, "there is time yet");
        world.clock.advance(std::time::Duration::from_secs(6));
        world.settle().await;
        assert_eq!(result(&emsp).await, "TIMEOUT");
        let sessions = partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
        assert_eq!(sessions.data(), &json!([]), "nothing has begun");

        attempt("NORMAL").await;
        assert_eq!(result(&emsp).await, "ACCEPTED");
        let reply = world.operate(Method::POST, "/stations/E1/temper", &json!({ "temper": "MOODY" })).await;
        assert_eq!(reply.http, 422, "{reply:?}");
    }
}

/// Proves: CMD-038 (as START_SESSION), CMD-055, CMD-069, CMD-074, SES-005
#[tokio::test]
async fn only_the_emsp_of_the_customer_stops_the_session() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let other = Emsp::start("NL", "TNM").await;
        let partner = world.register(&emsp).await;
        let stranger = world.register(&other).await;
        world.publish().await;
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        charge::start(&world, &partner, &emsp).await;
        let body = start(&emsp, &json!({ "evse_uid": null }));
        assert_eq!(send(&world, &partner, "START_SESSION", &body).await.data()["result"], "ACCEPTED");
        assert_eq!(result(&emsp).await, "EVSE_OCCUPIED", "the only EVSE that can be started without a connector");
        let sessions = partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
        let id = sessions.data()[0]["id"].as_str().unwrap().to_uppercase();
        assert_eq!(stranger.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await.data(), &json!([]));

        let stop = |emsp: &Emsp| json!({ "response_url": format!("{}/results/1", emsp.base), "session_id": id });
        assert_eq!(send(&world, &stranger, "STOP_SESSION", &stop(&other)).await.data()["result"], "REJECTED");
        let unlock = json!({
            "response_url": format!("{}/results/1", other.base), "location_id": "LOC1", "evse_uid": "E1", "connector_id": "1",
        });
        assert_eq!(send(&world, &stranger, "UNLOCK_CONNECTOR", &unlock).await.data()["result"], "REJECTED");
        assert_eq!(send(&world, &partner, "STOP_SESSION", &stop(&emsp)).await.data()["result"], "ACCEPTED");
        assert_eq!(result(&emsp).await, "ACCEPTED");
        let sessions = partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
        assert_eq!(sessions.data()[0]["status"], "COMPLETED");
        assert_eq!(send(&world, &partner, "STOP_SESSION", &stop(&emsp)).await.data()["result"], "REJECTED");
        assert_eq!(partner.get(&world, "/cdrs").await.data().as_array().map(Vec::len), Some(1));
        assert_eq!(stranger.get(&world, "/cdrs").await.data(), &json!([]));
    }
}

/// Proves: CMD-070, CMD-078, LOC-120
#[tokio::test]
async fn unlocking_ends_the_charge_at_the_connector() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        charge::start(&world, &partner, &emsp).await;
        world.advance(10).await;
        let unlock = json!({
            "response_url": format!("{}/results/1", emsp.base), "location_id": "loc1", "evse_uid": "e1", "connector_id": "1",
        });
        assert_eq!(send(&world, &partner, "UNLOCK_CONNECTOR", &unlock).await.data()["result"], "ACCEPTED");
        assert_eq!(result(&emsp).await, "ACCEPTED");
        let cdrs = partner.get(&world, "/cdrs").await;
        assert_eq!(cdrs.data()[0]["remark"], "Connector unlocked on request");
        let evse = partner.get(&world, "/locations/LOC1/E1").await;
        assert_eq!(evse.data()["status"], "AVAILABLE");
    }
}

/// A command that was accepted by a process that died, or whose station is silent.
async fn orphan(world: &World, partner: &Partner, emsp: &Emsp, id: &str) {
    let now = world.clock.wall();
    let record = Record {
        id: id.to_owned(),
        kind: "STOP_SESSION".to_owned(),
        peer_id: partner.id.clone(),
        from: "US/EMS".to_owned(),
        to: "US/CPO".to_owned(),
        request: json!({}),
        response: "ACCEPTED".to_owned(),
        message: None,
        result: None,
        delivery_error: None,
        received_at: now,
        correlation_id: "conversation-2".to_owned(),
        session_id: None,
        response_url: format!("{}/results/{id}", emsp.base),
    };
    let result_by = now + std::time::Duration::from_secs(30);
    let new = NewCommand { record, evse: None, token: None, result_by };
    let add = world.app.party.db.write(move |tx| Box::pin(async move { store::add(tx, &new).await }));
    let added: Result<(), DbError> = add.await;
    added.unwrap();
}

/// Proves: CMD-033, CMD-035, CMD-079
#[tokio::test]
async fn a_silent_station_is_a_timeout_said_once_and_in_time() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        orphan(&world, &partner, &emsp, "early").await;
        orphan(&world, &partner, &emsp, "refused").await;
        emsp.answer("POST /results/refused", 500, None);
        let seconds = |seconds| world.clock.advance(std::time::Duration::from_secs(seconds));
        seconds(20);
        world.settle().await;
        assert_eq!(emsp.take_lines(), [""; 0], "there is time yet");
        seconds(6);
        world.settle().await;
        world.settle().await;
        let mut lines = emsp.take_lines();
        lines.sort();
        assert_eq!(lines, ["POST /results/early", "POST /results/refused"], "once, also where it was refused");
        let command = world.operate(Method::GET, "/commands/refused", &Value::Null).await;
        assert!(command.json["delivery_error"].as_str().is_some_and(|error| error.contains("500")), "{command:?}");

        orphan(&world, &partner, &emsp, "late").await;
        seconds(60);
        world.settle().await;
        assert_eq!(emsp.take_lines(), [""; 0], "nobody waits for it any more");
        let command = world.operate(Method::GET, "/commands/late", &Value::Null).await;
        assert_eq!(command.json["result"], "TIMEOUT");
    }
}
