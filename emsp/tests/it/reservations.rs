//! Reservations, as the EMSP that makes them: what is sent, what becomes of it, and what it costs.

use std::time::Duration;

use emsp::demo;
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{Registered, Reply, START, World, example};

const RESERVE: &str = "/operator/v1/commands/RESERVE_NOW";
const CANCEL: &str = "/operator/v1/commands/CANCEL_RESERVATION";
const CDRS: &str = "/ocpi/2.2.1/emsp/cdrs";

fn order() -> Value {
    json!({
        "party": "US/CPO", "location_id": "LOC-1001", "evse_uid": "EVSE-1001-1", "token_uid": demo::APP_USER,
        "expiry_date": "2026-05-12T12:30:00Z",
    })
}

fn with(changes: &Value) -> Value {
    let mut order = order();
    order.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    order
}

/// A CPO whose location we know.
async fn cpo_with_location(world: &World) -> Registered {
    let cpo = world.register(&["US/CPO"]).await;
    let location = example(examples::LOCATION);
    assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001", &location).await.code(), 1000);
    cpo
}

/// A reservation that the CPO has accepted: what was sent, and the answer of the operator API.
async fn reserved(world: &World, cpo: &Registered) -> (Value, Reply) {
    let sent = world.operator().post(RESERVE, &order()).await;
    assert_eq!((sent.http, &sent.body["state"]), (201, &json!("WAITING")), "{sent:?}");
    let request = cpo.platform.take_seen().remove(0).body;
    assert_eq!(report(cpo, &request, "ACCEPTED").await.status(), (200, 1000));
    (request, sent)
}

async fn report(cpo: &Registered, request: &Value, result: &str) -> Reply {
    cpo.caller.post(request["response_url"].as_str().unwrap(), &json!({ "result": result })).await
}

async fn read(world: &World, request: &Value) -> Value {
    let id = request["reservation_id"].as_str().unwrap();
    world.operator().get(&format!("/operator/v1/reservations/{id}")).await.body
}

/// The Session that a CPO makes of a RESERVE_NOW.
fn session(request: &Value) -> Value {
    let mut session = example(examples::SESSION_ACTIVE);
    for (field, value) in [
        ("id", json!("SESSION-R")),
        ("status", json!("RESERVATION")),
        ("start_date_time", json!(START)),
        ("last_updated", json!(START)),
        ("evse_uid", json!("#NA")),
        ("connector_id", json!("#NA")),
        ("authorization_reference", request["authorization_reference"].clone()),
    ] {
        session[field] = value;
    }
    for field in ["uid", "type", "contract_id", "country_code", "party_id"] {
        session["cdr_token"][field] = request["token"][field].clone();
    }
    session
}

async fn put(cpo: &Registered, session: &Value) {
    let path = format!("/ocpi/2.2.1/emsp/sessions/US/CPO/{}", session["id"].as_str().unwrap());
    let reply = cpo.caller.put(&path, session).await;
    assert_eq!(reply.code(), 1000, "{reply:?}");
}

/// Reserving costs 6.00 an hour; whoever does not come pays 3.00 on top.
fn tariff() -> Value {
    let element = |kind: &str, price: f64, reservation: &str| {
        json!({
            "price_components": [{ "type": kind, "price": price, "step_size": 1 }], "restrictions": { "reservation": reservation },
        })
    };
    json!({
        "country_code": "US", "party_id": "CPO", "id": "T-R", "currency": "USD", "last_updated": "2026-01-01T00:00:00Z",
        "elements": [
            element("TIME", 6.0, "RESERVATION"),
            element("FLAT", 3.0, "RESERVATION_EXPIRES"),
            { "price_components": [{ "type": "ENERGY", "price": 0.5, "step_size": 1 }] },
        ],
    })
}

/// The bill of a reservation that was not used.
fn cdr(session: &Value, minutes: u32, cost: f64) -> Value {
    let cost = json!({ "excl_vat": cost });
    let mut cdr = example(examples::CDR);
    let end = format!("2026-05-12T12:{minutes:02}:00Z");
    for (field, value) in [
        ("id", json!("CDR-R")),
        ("session_id", session["id"].clone()),
        ("start_date_time", json!(START)),
        ("end_date_time", json!(end)),
        ("last_updated", json!(end)),
        ("cdr_token", session["cdr_token"].clone()),
        ("authorization_reference", session["authorization_reference"].clone()),
        ("auth_method", json!("COMMAND")),
        ("total_energy", json!(0)),
        ("total_time", json!(0)),
        ("tariffs", json!([tariff()])),
        ("total_cost", cost.clone()),
        ("total_reservation_cost", cost),
        (
            "charging_periods",
            json!([{
                "start_date_time": START, "tariff_id": "T-R",
                "dimensions": [{ "type": "RESERVATION_TIME", "volume": f64::from(minutes * 10_000 / 60) / 10_000.0 }],
            }]),
        ),
    ] {
        cdr[field] = value;
    }
    for field in ["evse_uid", "evse_id", "connector_id"] {
        cdr["cdr_location"][field] = json!("#NA");
    }
    for field in [
        "total_fixed_cost",
        "total_energy_cost",
        "total_time_cost",
        "total_parking_cost",
        "total_parking_time",
        "signed_data",
        "remark",
        "credit",
        "invoice_reference_id",
        "home_charging_compensation",
    ] {
        cdr.as_object_mut().unwrap().shift_remove(field);
    }
    cdr
}

/// Codes of the findings about a CDR that are more than notes.
async fn serious(world: &World) -> Vec<String> {
    let view = world.operator().post("/operator/v1/cdrs/US/CPO/CDR-R/check", &Value::Null).await;
    let findings = view.body["findings"].as_array().unwrap_or_else(|| panic!("{view:?}"));
    let serious = findings.iter().filter(|finding| finding["severity"] != "NOTE");
    serious.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

fn minutes(world: &World, minutes: u64) {
    world.app.party.clock.advance(Duration::from_secs(minutes * 60));
}

crate::on_each_database! {
    // Proves: CMD-016, CMD-047, CMD-049 (as Sender), LOC-079, CMD-017, CMD-024
    async fn a_reservation_is_made_and_read_back(world: World) {
        let cpo = cpo_with_location(&world).await;
        let (request, sent) = reserved(&world, &cpo).await;
        assert!(ocpi_types::parse::<ocpi_types::ReserveNow>(request.clone()).report.is_clean(), "{request}");
        assert_eq!((&request["token"]["uid"], &request["token"]["party_id"]), (&json!(demo::APP_USER), &json!("EMS")));
        assert_eq!((&request["evse_uid"], &request["expiry_date"]), (&json!("EVSE-1001-1"), &json!("2026-05-12T12:30:00Z")));
        assert_eq!(request["authorization_reference"], sent.body["authorization_reference"]);
        assert_eq!(request["reservation_id"], sent.body["reservation_id"]);
        let known = read(&world, &request).await;
        assert_eq!((&known["state"], &known["expires_at"]), (&json!("ACTIVE"), &json!("2026-05-12T12:30:00Z")));
        assert_eq!((known.get("session"), &known["cdrs"]), (None, &json!([])));

        // The CPO's Session belongs to it, also after its reference has changed.
        let mut session = session(&request);
        put(&cpo, &session).await;
        assert_eq!(read(&world, &request).await["session"], session);
        let start = json!({
            "party": "US/CPO", "location_id": "LOC-1001", "evse_uid": "EVSE-1001-1", "connector_id": "1",
            "token_uid": demo::APP_USER,
        });
        let start = world.operator().post("/operator/v1/commands/START_SESSION", &start).await;
        for (field, value) in [
            ("status", json!("ACTIVE")), ("evse_uid", json!("EVSE-1001-1")), ("connector_id", json!("1")),
            ("authorization_reference", start.body["authorization_reference"].clone()),
            ("start_date_time", json!("2026-05-12T12:10:00Z")), ("last_updated", json!("2026-05-12T12:10:00Z")),
        ] {
            session[field] = value;
        }
        put(&cpo, &session).await;
        let known = read(&world, &request).await;
        assert_eq!((&known["state"], &known["session"]["id"]), (&json!("USED"), &json!("SESSION-R")));
        let started = world.operator().get(&format!("/operator/v1/commands/{}", start.body["id"].as_str().unwrap())).await;
        assert_eq!(started.body["session"]["id"], "SESSION-R");
        let cancel = world.operator().post(CANCEL, &json!({ "reservation_id": request["reservation_id"] })).await;
        assert_eq!(cancel.http, 409, "{cancel:?}");
        let listed = world.operator().get("/operator/v1/reservations").await;
        assert_eq!((&listed.body["total"], &listed.body["items"][0]), (&json!(1), &known));
    }

    // Proves: CMD-029, CMD-030, CMD-080 (as Sender)
    async fn a_reservation_is_given_up_and_may_cost_something(world: World) {
        let cpo = cpo_with_location(&world).await;
        let (request, _) = reserved(&world, &cpo).await;
        let session = session(&request);
        put(&cpo, &session).await;
        minutes(&world, 10);
        let order = json!({ "reservation_id": request["reservation_id"] });
        let sent = world.operator().post(CANCEL, &order).await;
        assert_eq!(sent.http, 201, "{sent:?}");
        let cancel = cpo.platform.take_seen().remove(0);
        assert_eq!((cancel.url.as_str(), &cancel.body["reservation_id"]), ("/2.2.1/commands/CANCEL_RESERVATION", &request["reservation_id"]));
        assert!(ocpi_types::parse::<ocpi_types::CancelReservation>(cancel.body.clone()).report.is_clean());
        assert_eq!(read(&world, &request).await["state"], "ACTIVE", "the station has not said anything yet");
        assert_eq!(report(&cpo, &cancel.body, "ACCEPTED").await.status(), (200, 1000));
        let known = read(&world, &request).await;
        assert_eq!((&known["state"], &known["canceled_by"]), (&json!("CANCELED"), &json!("EMSP")));
        // 10 minutes at 6.00 an hour; the fee of those who do not come is not due.
        assert_eq!(cpo.caller.post(CDRS, &cdr(&session, 10, 1.0)).await.status(), (201, 1000));
        assert_eq!(serious(&world).await, [""; 0]);
        assert_eq!(read(&world, &request).await["cdrs"][0]["id"], "CDR-R");
        assert_eq!(world.operator().post(CANCEL, &order).await.http, 409);
        assert_eq!(world.operator().post(CANCEL, &json!({ "reservation_id": "nothing" })).await.http, 404);
    }

    // Proves: CMD-016
    async fn the_cpo_cancels_much_later(world: World) {
        let cpo = cpo_with_location(&world).await;
        let (request, sent) = reserved(&world, &cpo).await;
        minutes(&world, 20);
        assert_eq!(report(&cpo, &request, "CANCELED_RESERVATION").await.status(), (200, 1000));
        assert_eq!(report(&cpo, &request, "ACCEPTED").await.status(), (200, 1000), "which changes nothing any more");
        let known = read(&world, &request).await;
        assert_eq!((&known["state"], &known["canceled_by"]), (&json!("CANCELED"), &json!("CPO")));
        let command = world.operator().get(&format!("/operator/v1/commands/{}", sent.body["id"].as_str().unwrap())).await;
        assert_eq!((&command.body["result"]["result"], &command.body["later_result"]["result"]), (&json!("ACCEPTED"), &json!("CANCELED_RESERVATION")));
        // It has cancelled by itself: that is not for us to pay.
        let session = session(&request);
        assert_eq!(cpo.caller.post(CDRS, &cdr(&session, 20, 2.0)).await.status(), (201, 1000));
        assert!(serious(&world).await.contains(&"RESERVATION_CANCELED".to_owned()));
    }

    // Proves: CMD-052 (as Sender), CMD-040 (as Sender)
    async fn a_reservation_is_changed_and_expires(world: World) {
        let cpo = cpo_with_location(&world).await;
        let (request, _) = reserved(&world, &cpo).await;
        put(&cpo, &session(&request)).await;
        let id = request["reservation_id"].clone();
        let later = with(&json!({ "reservation_id": id, "expiry_date": "2026-05-12T12:45:00Z" }));
        world.operator().post(RESERVE, &later).await;
        let second = cpo.platform.take_seen().remove(0).body;
        assert_eq!(second["reservation_id"], id);
        assert_ne!(second["response_url"], request["response_url"]);
        assert_eq!(read(&world, &request).await["expires_at"], "2026-05-12T12:30:00Z", "not agreed yet");
        assert_eq!(report(&cpo, &second, "ACCEPTED").await.status(), (200, 1000));
        let known = read(&world, &request).await;
        assert_eq!((&known["state"], &known["expires_at"]), (&json!("ACTIVE"), &json!("2026-05-12T12:45:00Z")));
        assert_eq!((known["commands"].as_array().map(Vec::len), &known["session"]["id"]), (Some(2), &json!("SESSION-R")));
        // A change that is refused is none.
        let third = with(&json!({ "reservation_id": id, "expiry_date": "2026-05-12T14:00:00Z" }));
        world.operator().post(RESERVE, &third).await;
        assert_eq!(report(&cpo, &cpo.platform.take_seen().remove(0).body, "REJECTED").await.status(), (200, 1000));
        assert_eq!(read(&world, &request).await["expires_at"], "2026-05-12T12:45:00Z");

        minutes(&world, 50);
        let mut over = session(&request);
        for (field, value) in
            [("status", json!("COMPLETED")), ("end_date_time", json!("2026-05-12T12:45:00Z")), ("last_updated", json!("2026-05-12T12:45:00Z"))]
        {
            over[field] = value;
        }
        put(&cpo, &over).await;
        assert_eq!(read(&world, &request).await["state"], "EXPIRED");
        // 45 minutes at 6.00, and 3.00 because nobody came.
        assert_eq!(cpo.caller.post(CDRS, &cdr(&over, 45, 7.5)).await.status(), (201, 1000));
        assert_eq!(serious(&world).await, [""; 0]);
        assert_eq!(world.operator().post(RESERVE, &later).await.http, 409, "it has ended");
    }

    async fn the_bill_of_a_reservation_is_held_against_what_we_know(world: World) {
        let cpo = cpo_with_location(&world).await;
        let (request, _) = reserved(&world, &cpo).await;
        let session = session(&request);
        put(&cpo, &session).await;
        minutes(&world, 60);
        let taken = async |id: &str, change: &dyn Fn(&mut Value)| {
            let mut cdr = cdr(&session, 30, 6.0);
            cdr["id"] = json!(id);
            change(&mut cdr);
            assert_eq!(cpo.caller.post(CDRS, &cdr).await.status(), (201, 1000));
            let view = world.operator().get(&format!("/operator/v1/cdrs/US/CPO/{id}")).await;
            let findings = view.body["check"]["findings"].as_array().unwrap().clone();
            findings.iter().filter(|found| found["severity"] != "NOTE").map(|found| found["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        // Half an hour is 3.00, and 3.00 because nobody came; without naming a session, the reference tells.
        let unnamed = taken("A", &|cdr| {
            cdr.as_object_mut().unwrap().shift_remove("session_id");
        });
        assert_eq!(unnamed.await, [""; 0]);
        assert_eq!(read(&world, &request).await["cdrs"][0]["id"], "A");
        let without_fee = taken("B", &|cdr| {
            for field in ["total_cost", "total_reservation_cost"] {
                cdr[field]["excl_vat"] = json!(3.0);
            }
        });
        assert!(without_fee.await.contains(&"COST".to_owned()), "it has expired, so the fee is due");
        let too_long = taken("C", &|cdr| {
            cdr["charging_periods"][0]["dimensions"][0]["volume"] = json!(0.75);
            cdr["end_date_time"] = json!("2026-05-12T12:45:00Z");
        });
        assert!(too_long.await.contains(&"RESERVATION_TIME".to_owned()));
        let never_made = taken("D", &|cdr| {
            cdr["session_id"] = json!("ANOTHER");
            cdr.as_object_mut().unwrap().shift_remove("authorization_reference");
        });
        assert!(never_made.await.contains(&"RESERVATION_UNKNOWN".to_owned()));
    }

    // Proves: CMD-043, CMD-053, CMD-049 (as Sender)
    async fn impossible_reservations_are_not_sent(world: World) {
        let cpo = cpo_with_location(&world).await;
        let rfid = |uid: &str| with(&json!({ "token_uid": uid, "token_type": "RFID" }));
        for (order, http) in [
            (with(&json!({ "party": "NL/TNM" })), 404),
            (with(&json!({ "location_id": "NOWHERE" })), 404),
            (with(&json!({ "evse_uid": "NONE" })), 404),
            (with(&json!({ "evse_uid": "EVSE-1001-2" })), 409),
            (with(&json!({ "expiry_date": START })), 409),
            (with(&json!({ "expiry_date": "soon" })), 422),
            (with(&json!({ "reservation_id": "nothing" })), 404),
            (with(&json!({ "token_uid": "NOBODY" })), 404),
            (rfid(demo::RFID_BLOCKED), 409),
            (rfid(demo::RFID_NO_CREDIT), 409),
            (with(&json!({ "connector_id": "1" })), 422),
        ] {
            let reply = world.operator().post(RESERVE, &order).await;
            assert_eq!(reply.http, http, "{order} {reply:?}");
        }
        assert_eq!(cpo.platform.take_seen().len(), 0);
        assert_eq!(world.operator().get("/operator/v1/reservations").await.body["total"], 0);
        assert_eq!(world.operator().get("/operator/v1/reservations/nothing").await.http, 404);
        // Anywhere at the location, for half an hour.
        let mut anywhere = order();
        for field in ["evse_uid", "expiry_date"] {
            anywhere.as_object_mut().unwrap().shift_remove(field);
        }
        assert_eq!(world.operator().post(RESERVE, &anywhere).await.http, 201);
        let request = cpo.platform.take_seen().remove(0).body;
        assert_eq!((request.get("evse_uid"), &request["expiry_date"]), (None, &json!("2026-05-12T12:30:00Z")));
        for (result, state) in [(None, "REQUESTED"), (Some("TIMEOUT"), "UNKNOWN"), (Some("REJECTED"), "REFUSED")] {
            if let Some(result) = result {
                world.operator().post(RESERVE, &order()).await;
                let request = cpo.platform.take_seen().remove(0).body;
                report(&cpo, &request, result).await;
                assert_eq!(read(&world, &request).await["state"], state);
            } else {
                assert_eq!(read(&world, &request).await["state"], state);
            }
        }
        cpo.platform.answer_commands(200, 1000, json!({ "result": "NOT_SUPPORTED", "timeout": 5 }));
        let refused = world.operator().post(RESERVE, &order()).await;
        assert_eq!(refused.body["state"], "REFUSED");
        assert_eq!(read(&world, &refused.body).await["state"], "REFUSED");
    }
}
