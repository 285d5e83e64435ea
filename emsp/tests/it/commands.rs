//! Module Commands, as its Sender: what is sent, what is refused before, and results in every order.

use emsp::demo;
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{Registered, Reply, World, example};

const START: &str = "/operator/v1/commands/START_SESSION";

fn order() -> Value {
    json!({
        "party": "US/CPO", "location_id": "LOC-1001", "evse_uid": "EVSE-1001-1", "connector_id": "1",
        "token_uid": demo::APP_USER
    })
}

/// A CPO whose location we know.
async fn cpo_with_location(world: &World) -> Registered {
    let cpo = world.register(&["US/CPO"]).await;
    let location = example(examples::LOCATION);
    assert_eq!(cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001", &location).await.code(), 1000);
    cpo
}

async fn read(world: &World, command: &Reply) -> Reply {
    world.operator().get(&format!("/operator/v1/commands/{}", command.body["id"].as_str().unwrap())).await
}

crate::on_each_database! {
    // Proves: CMD-018, CMD-026, CMD-017, CMD-065, CMD-062, CMD-056, CMD-067, CMD-024, CMD-027, CMD-007, LOC-079
    async fn a_charge_is_started_and_its_result_read(world: World) {
        let cpo = cpo_with_location(&world).await;
        let sent = world.operator().post(START, &order()).await;
        assert_eq!(sent.http, 201, "{sent:?}");
        assert_eq!((&sent.body["state"], &sent.body["response"]["result"]), (&json!("WAITING"), &json!("ACCEPTED")));
        let seen = cpo.platform.take_seen();
        assert_eq!((seen[0].method.as_str(), seen[0].url.as_str()), ("POST", "/2.2.1/commands/START_SESSION"));
        assert_eq!((seen[0].party("from"), seen[0].party("to")), ("US/EMS".into(), "US/CPO".into()));
        let body = &seen[0].body;
        assert!(ocpi_types::parse::<ocpi_types::StartSession>(body.clone()).report.is_clean());
        assert_eq!((&body["token"]["uid"], &body["token"]["type"]), (&json!(demo::APP_USER), &json!("APP_USER")));
        assert_eq!(body["authorization_reference"], sent.body["authorization_reference"]);
        let url = body["response_url"].as_str().unwrap().to_owned();
        assert!(url.len() <= 255);

        assert_eq!(cpo.caller.post(&url, &json!({ "result": "ACCEPTED" })).await.status(), (200, 1000));
        let done = read(&world, &sent).await;
        assert_eq!((&done.body["state"], &done.body["result"]["result"]), (&json!("DONE"), &json!("ACCEPTED")));
        assert!(done.body.get("session").is_none(), "accepted is not started");

        let mut session = example(examples::SESSION_ACTIVE);
        session["authorization_reference"] = sent.body["authorization_reference"].clone();
        let id = session["id"].as_str().unwrap().to_owned();
        let put = cpo.caller.put(&format!("/ocpi/2.2.1/emsp/sessions/US/CPO/{id}"), &session).await;
        assert_eq!(put.code(), 1000, "{put:?}");
        assert_eq!(read(&world, &sent).await.body["session"]["id"], id);
        let second = world.operator().post(START, &order()).await;
        assert_ne!(second.body["id"], sent.body["id"]);
        let seen = cpo.platform.take_seen();
        assert_ne!(seen[0].body["response_url"], json!(url), "each command has its own");
        let all = world.operator().get("/operator/v1/commands?limit=1").await;
        assert_eq!((&all.body["total"], &all.body["items"][0]["id"]), (&json!(2), &second.body["id"]));
    }

    // Proves: CMD-034, CMD-037; field note 12: results that come late, twice, wrapped, from somebody else
    async fn a_result_counts_once_and_in_time(world: World) {
        let cpo = cpo_with_location(&world).await;
        let other = world.register(&["NL/TNM"]).await.caller;
        let sent = world.operator().post(START, &order()).await;
        let url = cpo.platform.take_seen()[0].body["response_url"].as_str().unwrap().to_owned();
        let result = |text: &str| json!({ "result": text });
        assert_eq!(other.post(&url, &result("FAILED")).await.http, 404, "not its command");
        assert_eq!(world.stranger().post(&url, &result("FAILED")).await.http, 401);
        assert_eq!(cpo.caller.post(&url, &result("PERHAPS")).await.status(), (200, 2001));
        assert_eq!(cpo.caller.post(&url, &json!({})).await.status(), (200, 2001));
        assert_eq!(cpo.caller.send_text("POST", &url, Some("{".into())).await.status(), (400, 2001));
        assert_eq!(cpo.caller.post(&format!("{url}0"), &result("FAILED")).await.http, 404);
        let as_another = url.replace("START_SESSION", "STOP_SESSION");
        assert_eq!(cpo.caller.post(&as_another, &result("FAILED")).await.http, 404);
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            assert_eq!(cpo.caller.send(method, &url, Some(&result("FAILED"))).await.http, 405);
        }
        assert_eq!(read(&world, &sent).await.body["state"], "WAITING");

        let wrapped = json!({ "data": result("REJECTED"), "status_code": 1000, "timestamp": "2026-01-15T10:00:00Z" });
        assert_eq!(cpo.caller.post(&url, &wrapped).await.status(), (200, 1000));
        assert_eq!(cpo.caller.post(&url, &result("REJECTED")).await.status(), (200, 1000));
        let done = read(&world, &sent).await;
        assert_eq!((&done.body["result"]["result"], done.body.get("later_result")), (&json!("REJECTED"), None));
        assert_eq!(cpo.caller.post(&url, &result("ACCEPTED")).await.status(), (200, 1000));
        let done = read(&world, &sent).await;
        assert_eq!((&done.body["result"]["result"], &done.body["later_result"]["result"]), (&json!("REJECTED"), &json!("ACCEPTED")));

        cpo.platform.answer_commands(200, 1000, json!({ "result": "ACCEPTED", "timeout": 5 }));
        let slow = world.operator().post(START, &order()).await;
        let url = cpo.platform.take_seen()[0].body["response_url"].as_str().unwrap().to_owned();
        world.app.party.clock.advance(std::time::Duration::from_secs(6));
        assert_eq!(read(&world, &slow).await.body["state"], "TIMEOUT");
        assert_eq!(cpo.caller.post(&url, &result("ACCEPTED")).await.status(), (200, 1000));
        let late = read(&world, &slow).await;
        assert_eq!((&late.body["state"], &late.body["later_result"]["result"]), (&json!("TIMEOUT"), &json!("ACCEPTED")));
    }

    async fn what_the_cpo_answers_is_kept(world: World) {
        let cpo = cpo_with_location(&world).await;
        for (http, status, data, state) in [
            (200, 1000, json!({ "result": "REJECTED", "timeout": 0 }), "REFUSED"),
            (200, 1000, json!({ "result": "NOT_SUPPORTED" }), "FAILED"),
            (200, 2003, json!({ "result": "REJECTED", "timeout": 30 }), "REFUSED"),
            (200, 2001, Value::Null, "FAILED"),
            (500, 3000, Value::Null, "FAILED"),
            (200, 1000, json!("yes"), "FAILED"),
        ] {
            cpo.platform.answer_commands(http, status, data.clone());
            let sent = world.operator().post(START, &order()).await;
            assert_eq!((sent.http, &sent.body["state"]), (201, &json!(state)), "{data} {sent:?}");
        }
        cpo.platform.set_broken(Some(502));
        let sent = world.operator().post(START, &order()).await;
        assert_eq!(sent.body["state"], "FAILED");
        assert!(sent.body["failure"].as_str().unwrap().contains("502"));
    }

    // Proves: CMD-058, CMD-066, CMD-057, LOC-123
    async fn impossible_orders_are_not_sent(world: World) {
        let cpo = cpo_with_location(&world).await;
        let mut picky = example(examples::LOCATION);
        picky["id"] = json!("PICKY");
        picky["evses"][0]["capabilities"] = json!(["START_SESSION_CONNECTOR_REQUIRED"]);
        cpo.caller.put("/ocpi/2.2.1/emsp/locations/US/CPO/PICKY", &picky).await;
        let with = |changes: Value| {
            let mut order = order();
            order.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            order
        };
        let rfid = |uid: &str| with(json!({ "token_uid": uid, "token_type": "RFID" }));
        for (order, http) in [
            (with(json!({ "party": "NL/TNM" })), 404),
            (with(json!({ "party": "somebody" })), 409),
            (with(json!({ "location_id": "NOWHERE" })), 404),
            (with(json!({ "evse_uid": "NONE" })), 404),
            (with(json!({ "connector_id": "9" })), 404),
            (with(json!({ "evse_uid": null })), 409),
            (with(json!({ "location_id": "PICKY", "connector_id": null })), 409),
            (with(json!({ "token_uid": "NOBODY" })), 404),
            (rfid(demo::RFID_BLOCKED), 409),
            (rfid(demo::RFID_EXPIRED), 409),
            (rfid(demo::RFID_NO_CREDIT), 409),
            (rfid(demo::RFID_NOT_ALLOWED), 409),
            (with(json!({ "tokn": "x" })), 422),
            (json!([]), 422),
        ] {
            let reply = world.operator().post(START, &order).await;
            assert_eq!(reply.http, http, "{order} {reply:?}");
            assert!(reply.body["error"]["message"].is_string());
        }
        assert_eq!(cpo.platform.take_seen().len(), 0);
        assert_eq!(world.operator().get("/operator/v1/commands").await.body["total"], 0);
        assert_eq!(world.operator().post(START, &rfid(demo::RFID_BOUND)).await.http, 201);
        let odd = json!({ "contract_id": "not an eMA ID" });
        world.operator().put("/operator/v1/tokens/ODD?type=APP_USER", &odd).await;
        assert_eq!(world.operator().post(START, &with(json!({ "token_uid": "ODD" }))).await.http, 201);
    }

    // Proves: CMD-069 (as Sender), CMD-070 (as Sender), CMD-081
    async fn a_charge_is_stopped_and_a_plug_released(world: World) {
        let cpo = cpo_with_location(&world).await;
        let stop = json!({ "party": "US/CPO", "session_id": "SESSION-9001" });
        let sent = world.operator().post("/operator/v1/commands/STOP_SESSION", &stop).await;
        assert_eq!(sent.body["state"], "WAITING");
        let unlock = json!({ "party": "US/CPO", "location_id": "LOC-1001", "evse_uid": "EVSE-1001-1", "connector_id": "1" });
        let sent = world.operator().post("/operator/v1/commands/UNLOCK_CONNECTOR", &unlock).await;
        assert_eq!(sent.body["state"], "WAITING");
        let seen = cpo.platform.take_seen();
        assert_eq!((seen[0].url.as_str(), &seen[0].body["session_id"]), ("/2.2.1/commands/STOP_SESSION", &json!("SESSION-9001")));
        assert!(ocpi_types::parse::<ocpi_types::StopSession>(seen[0].body.clone()).report.is_clean());
        assert!(ocpi_types::parse::<ocpi_types::UnlockConnector>(seen[1].body.clone()).report.is_clean());
        assert_eq!(seen[1].url, "/2.2.1/commands/UNLOCK_CONNECTOR");
    }

    // Proves: TOK-084, TOK-065
    async fn an_ad_hoc_token_is_for_one_charge(world: World) {
        let cpo = cpo_with_location(&world).await;
        let made = world.operator().post("/operator/v1/tokens?type=AD_HOC_USER", &json!({ "contract_id": "US-EMS-ADHOC" })).await;
        let mut order = order();
        order["token_uid"] = made.body["token"]["uid"].clone();
        order["token_type"] = json!("AD_HOC_USER");
        assert_eq!(world.operator().post(START, &order).await.http, 201);
        let again = world.operator().post(START, &order).await;
        assert!(again.http == 409 && again.body.to_string().contains("for one charge"), "{again:?}");
        assert_eq!(cpo.platform.take_seen().len(), 1, "the CPO never sees it again");
        // An app's user charges again and again.
        for _ in 0..2 {
            assert_eq!(world.operator().post(START, &self::order()).await.http, 201);
        }
    }

    // Proves: TOK-053, TOK-059, TOK-078, LOC-018
    async fn a_charge_is_not_started_where_the_contract_does_not_hold(world: World) {
        let cpo = cpo_with_location(&world).await;
        let account = json!({ "allowed_at": [{ "party": "US/CPO", "location_id": "LOC-1001", "evse_uids": ["EVSE-1001-1"] }] });
        let token = json!({ "contract_id": "US-EMS-C00000103-X", "account": account });
        assert_eq!(world.operator().put("/operator/v1/tokens/bound?type=APP_USER", &token).await.http, 201);
        let mut order = order();
        order["token_uid"] = json!("bound");
        let whole = json!({ "party": "US/CPO", "location_id": "LOC-1001", "token_uid": "bound" });
        let elsewhere = json!({ "party": "US/CPO", "location_id": "LOC-1001", "evse_uid": "EVSE-1001-2", "token_uid": "bound" });
        for (order, says) in [(&whole, "by evse_uid"), (&elsewhere, "NOT_ALLOWED")] {
            let reply = world.operator().post(START, order).await;
            assert!(reply.http == 409 && reply.body.to_string().contains(says), "{order}: {reply:?}");
        }
        assert_eq!(cpo.platform.take_seen().len(), 0);
        assert_eq!(world.operator().post(START, &order).await.http, 201);
        for uid in ["EVSE-1001-1", "EVSE-1001-2"] {
            let removed = json!({ "status": "REMOVED", "last_updated": "2026-08-01T00:00:00Z" });
            let path = format!("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001/{uid}");
            assert_eq!(cpo.caller.patch(&path, &removed).await.code(), 1000, "{uid}");
        }
        let gone = world.operator().post(START, &order).await;
        assert!(gone.http == 409 && gone.body.to_string().contains("no EVSE any more"), "{gone:?}");
    }
}
