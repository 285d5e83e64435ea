//! The operator's hands: publishing, stations, parties.

use axum::http::Method;
use cpo_mock::App;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{World, location, tariff};

/// Proves: LOC-017, LOC-019, LOC-029, LOC-030, LOC-091, LOC-108, LOC-117, TAR-048
#[tokio::test]
async fn a_location_keeps_track_of_what_changed_and_loses_nothing() {
    for database in databases().await {
        let world = World::new(&database).await;
        world.publish().await;
        world.advance(10).await;
        let mut changed = location();
        changed["evses"].as_array_mut().unwrap().remove(1);
        changed["evses"][0]["connectors"][0]["max_amperage"] = json!(32);
        let put = world.operate(Method::PUT, "/locations/US/CPO/LOC1", &changed).await;
        assert_eq!(put.http, 200, "{put:?}");
        let evses = put.json["evses"].as_array().unwrap();
        let summary: Vec<_> = evses
            .iter()
            .map(|evse| [&evse["uid"], &evse["status"], &evse["last_updated"]].map(|v| v.as_str().unwrap()))
            .collect();
        assert_eq!(
            summary,
            [
                ["E1", "AVAILABLE", "2026-06-12T10:10:00Z"],
                ["E3", "AVAILABLE", "2026-06-12T10:00:00Z"],
                ["E2", "REMOVED", "2026-06-12T10:10:00Z"],
            ]
        );
        assert_eq!(evses[0]["connectors"][0]["last_updated"], "2026-06-12T10:10:00Z");
        assert_eq!(put.json["last_updated"], "2026-06-12T10:10:00Z");
    }
}

/// Proves: LOC-082, LOC-084, LOC-087, LOC-089, TAR-035, TAR-055
#[tokio::test]
async fn we_are_strict_about_what_we_publish() {
    for database in databases().await {
        let world = World::new(&database).await;
        world.publish().await;
        let mut bad = location();
        bad["country"] = json!("US");
        bad["time_zone"] = json!("Mars/Olympus");
        bad["evses"][0]["connectors"][0]["power_type"] = json!("NUCLEAR");
        let reply = world.operate(Method::PUT, "/locations/US/CPO/LOC2", &bad).await;
        assert_eq!(reply.http, 422);
        let message = reply.json["error"]["message"].as_str().unwrap();
        for pointer in ["/country:", "/time_zone:", "/evses/0/connectors/0/power_type:"] {
            assert!(message.contains(pointer), "{message}");
        }
        let mut bad = tariff();
        bad["elements"][1]["restrictions"]["start_time"] = json!("24:00");
        let reply = world.operate(Method::PUT, "/tariffs/US/CPO/T2", &bad).await;
        assert!(
            reply.json["error"]["message"].as_str().unwrap().contains("/elements/1/restrictions/start_time"),
            "{reply:?}"
        );
        let mut unsaid = location();
        unsaid.as_object_mut().unwrap().remove("publish");
        let mut public = location();
        public["publish_allowed_to"] = json!([{ "uid": "CARD1", "type": "RFID" }]);
        for (path, body, http) in [
            ("/locations/US/CPO/LOC2", unsaid, 422),
            ("/locations/US/CPO/LOC2", public, 422),
            ("/locations/US/XXX/LOC2", location(), 404),
            ("/locations/US/CPO/LOC2", json!({ "id": "LOC3" }), 422),
            ("/locations/US/CPO/LOC2?secret=true", location(), 422),
        ] {
            assert_eq!(world.operate(Method::PUT, path, &body).await.http, http, "{path}");
        }
        let used = world.operate(Method::DELETE, "/tariffs/US/CPO/T1", &Value::Null).await;
        assert_eq!(used.http, 409, "a Connector refers to it: {used:?}");
        let list = world.operate(Method::GET, "/locations", &Value::Null).await;
        assert_eq!(list.json["total"], 1);
    }
}

/// Proves: TAR-005, TAR-018, TAR-034
#[tokio::test]
async fn a_deleted_tariff_is_gone_here_and_there() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.operate(Method::PUT, "/tariffs/US/CPO/T1", &tariff()).await;
        world.settle().await;
        assert_eq!(world.operate(Method::DELETE, "/tariffs/US/CPO/T1", &Value::Null).await.http, 204);
        assert_eq!(world.operate(Method::DELETE, "/tariffs/US/CPO/T1", &Value::Null).await.http, 404);
        world.settle().await;
        assert_eq!(emsp.take_lines(), ["PUT /tariffs/US/CPO/T1", "DELETE /tariffs/US/CPO/T1"]);
        assert_eq!(partner.get(&world, "/tariffs").await.data(), &json!([]));
    }
}

/// Proves: CRE-043, CRE-058 (new roles are told by PUT)
#[tokio::test]
async fn partners_learn_of_a_new_party() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        world.register(&emsp).await;
        let party = json!({ "country_code": "NL", "party_id": "NEW", "name": "New Operator" });
        assert_eq!(world.operate(Method::POST, "/parties", &party).await.http, 201);
        assert_eq!(world.operate(Method::POST, "/parties", &party).await.http, 200);
        emsp.answer(
            "PUT /credentials",
            200,
            Some(json!({
                "data": emsp.credentials(), "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z",
            })),
        );
        world.settle().await;
        let put = emsp.wait_for(Method::PUT, "/credentials").await;
        assert!(ocpi_types::parse::<ocpi_types::Credentials>(put.body.clone()).report.is_clean(), "{put:?}");
        assert_eq!(put.body["url"], format!("{}/ocpi/versions", world.base));
        let roles: Vec<_> =
            put.body["roles"].as_array().unwrap().iter().map(|role| role["party_id"].as_str().unwrap()).collect();
        assert_eq!(roles, ["CPO", "NEW"]);
        let parties = world.operate(Method::GET, "/parties", &Value::Null).await;
        assert_eq!(parties.json["items"][1]["business_details"]["name"], "New Operator");
    }
}

#[tokio::test]
async fn stations_are_worked_by_hand() {
    for database in databases().await {
        let world = World::new(&database).await;
        world.publish().await;
        let list = world.operate(Method::GET, "/stations", &Value::Null).await;
        assert_eq!(list.json["items"].as_array().map(Vec::len), Some(3));
        let car = json!({ "battery_kwh": 50, "soc_percent": 61, "connector_id": "2" });
        let plugged = world.operate(Method::POST, "/stations/E2/plug-in", &car).await;
        assert_eq!((&plugged.json["state"], &plugged.json["soc_percent"]), (&json!("IN_USE"), &json!(61)));
        for (path, body, http) in [
            ("/stations/E2/plug-in", json!({}), 409),
            ("/stations/E1/unplug", Value::Null, 409),
            ("/stations/E1/repair", Value::Null, 409),
            ("/stations/E9/repair", Value::Null, 404),
            ("/stations/E1/plug-in", json!({ "connector_id": "7" }), 409),
            ("/stations/E1/plug-in", json!({ "colour": "red" }), 422),
            ("/stations/E1/present-card", json!({}), 422),
        ] {
            let reply = world.operate(Method::POST, path, &body).await;
            assert_eq!(reply.http, http, "{path} {body}: {reply:?}");
            assert!(reply.json["error"]["message"].is_string() && reply.json["error"]["request_id"].is_string());
        }
        // Another party's Location with an EVSE of the same uid: then it has to be said which.
        let party = json!({ "country_code": "US", "party_id": "NEW", "name": "New Operator" });
        world.operate(Method::POST, "/parties", &party).await;
        world.operate(Method::PUT, "/locations/US/NEW/LOC2", &location()).await;
        assert_eq!(world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await.http, 409);
        let precise = world.operate(Method::POST, "/stations/E1/plug-in?location_id=LOC2", &Value::Null).await;
        assert_eq!(precise.json["location_id"], "LOC2");
        let closed = world.request(Method::GET, "/operator/v1/stations", "Bearer wrong-key", None).await;
        assert_eq!(closed.http, 401);
    }
}

/// Proves: LOC-106, LOC-163
#[tokio::test]
async fn a_new_text_does_not_end_a_charge() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        crate::charge::start(&world, &partner, &emsp).await;
        let put = world.operate(Method::PUT, "/locations/US/CPO/LOC1", &location()).await;
        assert_eq!(put.json["evses"][0]["status"], "CHARGING", "{put:?}");
        world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
        assert_eq!(partner.get(&world, "/locations/LOC1/E1").await.data()["status"], "AVAILABLE");
    }
}

#[test]
fn the_committed_document_is_the_present_one() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/cpo.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = App::openapi().to_pretty_json().unwrap() + "\n";
    assert!(committed == current, "run: cargo run -p cpo-mock -- openapi > openapi/cpo.json");
}

#[test]
fn every_operation_teaches_and_can_be_tried() {
    let document = serde_json::to_value(App::openapi()).unwrap();
    let complaints = ocpi_party::testing::openapi_complaints(&document);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/ocpi/2.2.1/cpo/locations") && paths.contains_key("/operator/v1/stations"));
}
