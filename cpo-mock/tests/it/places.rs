//! Parts of a Location: published alone, taken out of use, by plan or at once, and closed at night.

use axum::http::Method;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::{Emsp, Received};
use crate::world::{Partner, Reply, World, location};

const LOC1: &str = "/locations/US/CPO/LOC1";

async fn prepared(database: &ocpi_party::testing::TestDatabase) -> (World, Emsp, Partner) {
    let world = World::new(database).await;
    let emsp = Emsp::start("US", "EMS").await;
    let partner = world.register(&emsp).await;
    world.publish().await;
    world.settle().await;
    emsp.take();
    world.advance(5).await;
    (world, emsp, partner)
}

/// The only request about Locations since the last time.
fn the_only(emsp: &Emsp) -> Received {
    let mut received = emsp.take();
    received.retain(|request| request.path.starts_with("/locations"));
    assert_eq!(received.len(), 1, "{received:?}");
    received.remove(0)
}

async fn stored(world: &World) -> Value {
    world.operate(Method::GET, LOC1, &Value::Null).await.json
}

/// What a partner makes of it that puts a child in its place and lifts the parents to it.
fn lifted(mut held: Value, push: &Received) -> Value {
    let ids: Vec<&str> = push.path.strip_prefix(LOC1).unwrap().split('/').skip(1).collect();
    let stamp = push.body["last_updated"].clone();
    held["last_updated"] = stamp.clone();
    let evses = held["evses"].as_array_mut().unwrap();
    let Some(evse) = evses.iter_mut().find(|evse| evse["uid"] == ids[0]) else {
        evses.push(push.body.clone());
        return held;
    };
    evse["last_updated"] = stamp;
    let target = match ids.get(1) {
        None => evse,
        Some(id) => {
            let connectors = evse["connectors"].as_array_mut().unwrap();
            let known = connectors.iter().position(|connector| connector["id"] == **id);
            if known.is_none() {
                connectors.push(Value::Null);
            }
            let last = connectors.len() - 1;
            &mut connectors[known.unwrap_or(last)]
        }
    };
    if push.method == Method::PUT {
        *target = push.body.clone();
    } else {
        for (name, value) in push.body.as_object().unwrap() {
            target[name] = value.clone();
        }
    }
    held
}

/// Proves: LOC-007, LOC-008, LOC-009, LOC-017, LOC-029, LOC-030, LOC-050, LOC-053 and LOC-054 (as sender), LOC-058, LOC-059,
/// LOC-060, LOC-061, LOC-065, LOC-066, LOC-091, LOC-108, LOC-117
#[tokio::test]
async fn partners_get_the_part_that_has_changed() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let mut held = stored(&world).await;
        let connector = |amperes: u32| {
            json!({
                "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_1_PHASE", "max_voltage": 240,
                "max_amperage": amperes, "tariff_ids": ["T1"],
            })
        };
        let mut new = location()["evses"][0].clone();
        (new["evse_id"], new["status"]) = (json!("US*CPO*E000004"), json!("INOPERATIVE"));
        new.as_object_mut().unwrap().remove("uid");
        let mut plain = location()["evses"][2].clone();
        plain["physical_reference"] = json!("3");
        for (method, path, body, http, sent) in [
            (Method::PUT, "/evses/E1/connectors/2", connector(16), 201, "PUT /E1/2"),
            (Method::PUT, "/evses/E1/connectors/2", connector(32), 200, "PUT /E1/2"),
            (Method::DELETE, "/evses/E1/connectors/1", Value::Null, 200, "PUT /E1"),
            (Method::PUT, "/evses/E4", new, 201, "PUT /E4"),
            (Method::PATCH, "/evses/E4", json!({ "status": "AVAILABLE" }), 200, "PATCH /E4"),
            (Method::PUT, "/evses/E3", plain, 200, "PUT /E3"),
            (Method::PATCH, "/evses/E3", json!({ "physical_reference": null }), 200, "PUT /E3"),
            (Method::DELETE, "/evses/E3", Value::Null, 200, "PATCH /E3"),
        ] {
            world.advance(1).await;
            let reply = world.operate(method.clone(), &format!("{LOC1}{path}"), &body).await;
            assert_eq!(reply.http, http, "{method} {path}: {reply:?}");
            world.settle().await;
            let push = the_only(&emsp);
            let below = push.path.strip_prefix(LOC1).unwrap();
            assert_eq!(format!("{} {below}", push.method), sent);
            if push.method == Method::PATCH {
                assert_eq!(push.body.as_object().unwrap().len(), 2, "what has changed, and when: {push:?}");
            }
            held = lifted(held, &push);
            assert_eq!(held, stored(&world).await, "{sent}: what the partner makes of it is what we hold");
        }
        assert_eq!(held["evses"][2]["status"], "REMOVED");
        assert!(ocpi_types::parse::<ocpi_types::Location>(held).report.is_clean());
        let evse = partner.get(&world, "/locations/LOC1/E3").await;
        assert_eq!(evse.data()["status"], "REMOVED", "other objects refer to it: {evse:?}");

        // The same again is no change.
        let same = stored(&world).await["evses"][3].clone();
        assert_eq!(world.operate(Method::PUT, &format!("{LOC1}/evses/E4"), &same).await.http, 200);
        assert_eq!(world.operate(Method::PUT, LOC1, &stored(&world).await).await.http, 200);
        world.settle().await;
        assert_eq!(emsp.take_lines(), Vec::<String>::new());
    }
}

/// Proves: LOC-107, LOC-109
#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    for database in databases().await {
        let (world, emsp, _) = prepared(&database).await;
        let before = stored(&world).await;
        let evse = location()["evses"][0].clone();
        let mut broken = evse.clone();
        broken["connectors"] = json!([]);
        for (method, path, body, http, says) in [
            (Method::DELETE, "/evses/E1/connectors/1", Value::Null, 409, "at least one Connector"),
            (Method::DELETE, "/evses/E1/connectors/9", Value::Null, 404, "no such Connector"),
            (Method::DELETE, "/evses/E9", Value::Null, 404, "no such EVSE"),
            (Method::PUT, "/evses/E9/connectors/1", evse["connectors"][0].clone(), 404, "no such EVSE"),
            (Method::PUT, "/evses/E1", broken, 422, "/connectors"),
            (Method::PUT, "/evses/E5", evse.clone(), 422, "/uid"),
            (Method::PATCH, "/evses/E1", json!({ "status": "ASLEEP" }), 422, "/status"),
            (Method::PATCH, "/evses/E1", json!({ "status": null }), 422, "/status"),
            (Method::PUT, "/evses/E1/connectors/1", json!({ "standard": "PLUG" }), 422, "/standard"),
        ] {
            let reply = world.operate(method.clone(), &format!("{LOC1}{path}"), &body).await;
            let message = reply.json["error"]["message"].as_str().unwrap_or_default();
            assert!(reply.http == http && message.contains(says), "{method} {path}: {reply:?}");
        }
        let unknown = world.operate(Method::DELETE, "/locations/US/CPO/LOC9/evses/E1", &Value::Null).await;
        assert_eq!(unknown.http, 404);
        assert_eq!(stored(&world).await, before);
        world.settle().await;
        assert_eq!(emsp.take_lines(), Vec::<String>::new());
    }
}

/// Proves: LOC-019, LOC-037, LOC-100, LOC-104, LOC-169
#[tokio::test]
async fn a_uid_is_used_once_and_what_was_removed_stays() {
    for database in databases().await {
        let (world, _, partner) = prepared(&database).await;
        let refused = |reply: &Reply, says: &str| {
            let message = reply.json["error"]["message"].as_str().unwrap_or_default();
            assert!(reply.http == 409 && message.contains(says), "{reply:?}");
        };
        // Elsewhere.
        refused(
            &world.operate(Method::PUT, "/locations/US/CPO/LOC2", &location()).await,
            "LOC1/E1 has this uid already",
        );
        let mut other = location();
        for evse in other["evses"].as_array_mut().unwrap() {
            evse["uid"] = json!(format!("X{}", evse["uid"].as_str().unwrap()));
        }
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC2", &other).await.http, 201);
        let mut evse = location()["evses"][1].clone();
        evse["uid"] = json!("XE2");
        refused(&world.operate(Method::PUT, &format!("{LOC1}/evses/XE2"), &evse).await, "LOC2/XE2");

        // Later.
        for uid in ["E1", "E2", "E3"] {
            assert_eq!(world.operate(Method::DELETE, &format!("{LOC1}/evses/{uid}"), &Value::Null).await.http, 200);
        }
        refused(&world.operate(Method::PUT, LOC1, &location()).await, "E1 was removed");
        let evse = location()["evses"][0].clone();
        refused(&world.operate(Method::PUT, &format!("{LOC1}/evses/E1"), &evse).await, "E1 was removed");
        let back = json!({ "status": "AVAILABLE" });
        refused(&world.operate(Method::PATCH, &format!("{LOC1}/evses/E1"), &back).await, "E1 was removed");

        // A Location without a valid EVSE is listed and served as before; its evse_ids are free.
        let list = partner.get(&world, "/locations").await;
        let ids: Vec<_> = list.data().as_array().unwrap().iter().map(|location| &location["id"]).collect();
        assert_eq!(ids, ["LOC1", "LOC2"]);
        let mut same_id = evse;
        same_id["uid"] = json!("E9");
        assert_eq!(world.operate(Method::PUT, &format!("{LOC1}/evses/E9"), &same_id).await.http, 201);
        let none = json!({ "evse_id": null });
        assert_eq!(world.operate(Method::PATCH, &format!("{LOC1}/evses/E1"), &none).await.http, 200);
        assert_eq!(partner.get(&world, "/locations/LOC1/E1").await.data().get("evse_id"), None);
    }
}

/// Proves: LOC-074, LOC-165, LOC-170, LOC-171 (nothing happens before), LOC-172
#[tokio::test]
async fn a_planned_status_is_published_when_its_time_has_come() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let plan = json!({ "status_schedule": [
            { "period_begin": "2026-06-12T11:00:00Z", "period_end": "2026-06-12T12:00:00Z", "status": "INOPERATIVE" },
            { "period_begin": "2026-06-12T14:00:00Z", "status": "REMOVED" },
        ]});
        assert_eq!(world.operate(Method::PATCH, &format!("{LOC1}/evses/E1"), &plan).await.http, 200);
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        crate::charge::start(&world, &partner, &emsp).await;
        world.advance(54).await;
        emsp.take();
        assert_eq!(stored(&world).await["evses"][0]["status"], "CHARGING", "a minute to eleven");

        world.advance(1).await;
        let received = emsp.take();
        let status = |received: &[Received]| -> Vec<Value> {
            let of_evse = received.iter().filter(|request| request.path == format!("{LOC1}/E1"));
            of_evse.map(|request| request.body["status"].clone()).collect()
        };
        assert_eq!(status(&received), [json!("INOPERATIVE")]);
        let bill = received.iter().find(|request| request.path == "/cdrs").expect("the charge ends, and is billed");
        assert_eq!(bill.body["remark"], "Station taken out of use");
        assert_eq!(bill.body["end_date_time"], "2026-06-12T11:00:00Z");
        let place = stored(&world).await;
        assert_eq!(place["last_updated"], place["evses"][0]["last_updated"]);
        let card = world.operate(Method::POST, "/stations/E1/present-card", &json!({ "uid": "CARD1" })).await;
        assert_eq!(card.http, 409, "nobody charges there now: {card:?}");

        // A vehicle still stands there when the hour is over.
        world.advance(60).await;
        assert_eq!(status(&emsp.take()).last(), Some(&json!("CHARGING")), "in service again, and occupied");
        world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
        world.settle().await;
        assert_eq!(status(&emsp.take()), [json!("AVAILABLE")]);

        world.advance(119).await;
        assert_eq!(status(&emsp.take()), Vec::<Value>::new());
        world.advance(1).await;
        assert_eq!(status(&emsp.take()), [json!("REMOVED")]);
        world.advance(600).await;
        assert_eq!(status(&emsp.take()), Vec::<Value>::new());
    }
}

/// Proves: LOC-172 (a station that was announced), LOC-167
#[tokio::test]
async fn a_plan_gives_way_to_what_is_known_better() {
    for database in databases().await {
        let (world, emsp, _) = prepared(&database).await;
        let evse = async |uid: &str, fields: Value| {
            let reply = world.operate(Method::PATCH, &format!("{LOC1}/evses/{uid}"), &fields).await;
            assert_eq!(reply.http, 200, "{reply:?}");
        };
        let period = |begin: &str, end: &str, status: &str| json!([{ "period_begin": begin, "period_end": end, "status": status }]);
        let opens = json!([{ "period_begin": "2026-06-12T11:00:00Z", "status": "AVAILABLE" }]);
        evse("E1", json!({ "status": "PLANNED", "status_schedule": opens })).await;
        let noon = ("2026-06-12T11:00:00Z", "2026-06-12T12:00:00Z");
        evse("E2", json!({ "status_schedule": period(noon.0, noon.1, "BLOCKED") })).await;
        evse("E3", json!({ "status_schedule": period(noon.0, noon.1, "INOPERATIVE") })).await;
        let statuses = async || {
            let evses = stored(&world).await["evses"].as_array().unwrap().clone();
            evses.iter().map(|evse| evse["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        world.advance(55).await;
        assert_eq!(statuses().await, ["AVAILABLE", "BLOCKED", "INOPERATIVE"]);
        // The second is free again before its time; the third really breaks.
        evse("E2", json!({ "status": "AVAILABLE" })).await;
        world.operate(Method::POST, "/stations/E3/fault", &json!({ "fault": "ground fault" })).await;
        world.advance(30).await;
        assert_eq!(statuses().await, ["AVAILABLE", "AVAILABLE", "INOPERATIVE"]);
        world.advance(30).await;
        assert_eq!(statuses().await, ["AVAILABLE", "AVAILABLE", "OUTOFORDER"]);
        world.operate(Method::POST, "/stations/E3/repair", &Value::Null).await;
        assert_eq!(statuses().await, ["AVAILABLE", "AVAILABLE", "AVAILABLE"]);
        emsp.take();
    }
}

/// Proves: LOC-165, LOC-166, LOC-169
#[tokio::test]
async fn a_charge_ends_where_the_operator_takes_the_evse_out_of_use() {
    for database in databases().await {
        for (change, status) in [(json!({ "status": "INOPERATIVE" }), "INOPERATIVE"), (Value::Null, "REMOVED")] {
            let own = ocpi_party::testing::sqlite();
            let on_postgres = database.name == "postgres";
            if on_postgres && status == "REMOVED" {
                continue;
            }
            let (world, emsp, partner) = prepared(if on_postgres { &database } else { &own }).await;
            world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
            crate::charge::start(&world, &partner, &emsp).await;
            world.advance(10).await;
            let method = if change.is_null() { Method::DELETE } else { Method::PATCH };
            let reply = world.operate(method, &format!("{LOC1}/evses/E1"), &change).await;
            assert_eq!((reply.http, &reply.json["status"]), (200, &json!(status)), "{reply:?}");
            world.settle().await;
            let bill = partner.get(&world, "/cdrs").await;
            assert_eq!(bill.data()[0]["remark"], "Station taken out of use", "{bill:?}");
            assert_eq!(stored(&world).await["evses"][0]["status"], status);
        }
    }
}

/// Proves: LOC-090, LOC-139, LOC-143, LOC-160 (what the hours mean for charging)
#[tokio::test]
async fn nobody_charges_where_it_is_closed_at_night() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let mut place = location();
        // Friday, five past three in the morning in Seattle.
        place["opening_times"] = json!({
            "twentyfourseven": false, "regular_hours": [{ "weekday": 5, "period_begin": "08:00", "period_end": "20:00" }],
        });
        let start = async || {
            let command = json!({
                "response_url": format!("{}/results/1", emsp.base), "token": emsp.token("APP1", "NEVER"),
                "location_id": "LOC1", "evse_uid": "E1",
            });
            let reply = partner.send(&world, Method::POST, "/commands/START_SESSION", &command).await;
            reply.data()["result"].as_str().unwrap().to_owned()
        };
        let card = async || {
            let body = json!({ "uid": "CARD1" });
            world.operate(Method::POST, "/stations/E3/present-card", &body).await.json["error"]["message"].to_string()
        };
        place["charging_when_closed"] = json!(false);
        assert_eq!(world.operate(Method::PUT, LOC1, &place).await.http, 200);
        assert_eq!(start().await, "REJECTED");
        assert!(card().await.contains("this place is closed"));
        world.advance(5 * 60).await;
        assert!(card().await.contains("no EMSP knows this card"), "it opened at eight");
        assert_eq!(start().await, "ACCEPTED");
        emsp.wait_for(Method::POST, "/results/1").await;

        place.as_object_mut().unwrap().remove("charging_when_closed");
        assert_eq!(world.operate(Method::PUT, LOC1, &place).await.http, 200);
        world.advance(12 * 60).await;
        assert!(card().await.contains("no EMSP knows this card"), "closed, and one may charge all the same");
    }
}
