//! Module Tokens, as its Sender: the list, real-time authorization, and what CPOs are told.

use emsp::EmspOutbox;
use emsp::demo;
use ocpi_party::push_due;
use serde_json::{Value, json};

use crate::world::{self, Caller, Reply, World};

const TOKENS: &str = "/ocpi/2.2.1/emsp/tokens";

async fn authorize(cpo: &Caller, uid: &str, body: Option<&Value>) -> Reply {
    cpo.send("POST", &format!("{TOKENS}/{uid}/authorize"), body).await
}

fn here() -> Value {
    json!({ "location_id": "LOC1", "evse_uids": ["E1", "E2"] })
}

crate::on_each_database! {
    // Proves: TOK-037, TOK-039, TOK-040, TOK-041, TOK-042, TOK-043, TOK-038
    async fn the_list_is_paged_and_holds_invalid_tokens_too(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let all = cpo.get(TOKENS).await;
        assert_eq!(all.status(), (200, 1000));
        assert_eq!(all.data().as_array().unwrap().len(), 10);
        assert_eq!(all.header("x-total-count"), "10");
        let blocked = all.data().as_array().unwrap().iter().find(|token| token["uid"] == demo::RFID_BLOCKED).unwrap();
        assert_eq!(blocked["valid"], false);
        assert!(blocked.get("account").is_none(), "what only we know stays with us");
        let mut seen = Vec::new();
        let mut next = format!("{}{TOKENS}?limit=4", world.base);
        while !next.is_empty() {
            let page = cpo.get(&next).await;
            assert_eq!((page.header("x-total-count"), page.header("x-limit")), ("10", "1000"));
            seen.extend(page.data().as_array().unwrap().clone());
            let link = page.header("link");
            next = link.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        }
        assert_eq!(&Value::Array(seen), all.data());
        let from = cpo.get(&format!("{TOKENS}?date_from={}", crate::world::START)).await;
        assert_eq!(from.header("x-total-count"), "10");
        let to = cpo.get(&format!("{TOKENS}?date_to={}", crate::world::START)).await;
        assert_eq!((to.header("x-total-count"), to.data()), ("0", &json!([])));
        assert_eq!(cpo.get(&format!("{TOKENS}?limit=x")).await.status(), (200, 2001));
        for method in ["PUT", "PATCH", "DELETE"] {
            assert_eq!(cpo.send(method, TOKENS, Some(&json!({}))).await.http, 405);
        }
        assert_eq!(world.stranger().get(TOKENS).await.http, 401);
        assert_eq!(world.invited().await.get(TOKENS).await.http, 401);
    }

    // Proves: TOK-055, TOK-056, TOK-057, TOK-076, TOK-077, TOK-058
    async fn each_state_of_an_account_has_its_answer(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        for (uid, verdict) in [
            (demo::RFID_NEVER, "ALLOWED"),
            (demo::RFID_ALWAYS, "ALLOWED"),
            (demo::RFID_BLOCKED, "BLOCKED"),
            (demo::RFID_EXPIRED, "EXPIRED"),
            (demo::RFID_NO_CREDIT, "NO_CREDIT"),
        ] {
            let reply = authorize(&cpo, uid, None).await;
            assert_eq!(reply.status(), (200, 1000), "{reply:?}");
            let info = reply.data();
            assert_eq!((&info["allowed"], &info["token"]["uid"]), (&json!(verdict), &json!(uid)));
            assert_eq!(info["authorization_reference"].is_string(), verdict == "ALLOWED");
            assert!(info.get("location").is_none());
            let parsed = ocpi_types::parse::<ocpi_types::AuthorizationInfo>(info.clone());
            assert!(parsed.report.is_clean(), "{}", parsed.report);
        }
    }

    // Proves: TOK-048, TOK-054, TOK-050, TOK-047, TYP-004, STA-024, TOK-046
    async fn unknown_tokens_are_404_with_2004_and_the_type_matters(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let reply = authorize(&cpo, "UNKNOWN", None).await;
        assert_eq!(reply.status(), (404, 2004));
        assert!(reply.body.get("data").is_none());
        assert_eq!(authorize(&cpo, demo::APP_USER, None).await.status(), (404, 2004), "RFID is meant");
        let url = format!("{TOKENS}/{}/authorize?type=APP_USER", demo::APP_USER);
        assert_eq!(cpo.send("POST", &url, None).await.data()["allowed"], "ALLOWED");
        assert_eq!(cpo.post(&url, &here()).await.data()["allowed"], "ALLOWED");
        let url = format!("{TOKENS}/{}/authorize?type=APP_USER", demo::APP_USER.to_uppercase());
        assert_eq!(cpo.send("POST", &url, None).await.data()["allowed"], "ALLOWED", "uids have no case");
        let url = format!("{TOKENS}/{}/authorize?type=PLASTIC", demo::RFID_NEVER);
        assert_eq!(cpo.send("POST", &url, None).await.status(), (200, 2001));
        assert_eq!(world.stranger().send("POST", &url, None).await.http, 401);
    }

    // Proves: TOK-049, TOK-053, TOK-058, TOK-059, TOK-078, TOK-082, TOK-013, TOK-014, STA-022
    async fn the_place_matters_where_the_contract_says_so(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let nobody_knows = json!({ "location_id": "PRIVATE" });
        let reply = authorize(&cpo, demo::RFID_NEVER, Some(&nobody_knows)).await;
        assert_eq!(reply.data()["allowed"], "ALLOWED", "a location that we do not know is no reason to refuse");
        assert_eq!(reply.data()["location"], nobody_knows);
        let mut closed = world::example(ocpi_types::examples::LOCATION);
        closed["opening_times"]["exceptional_closings"][0]["period_begin"] = json!("2026-05-01T00:00:00Z");
        closed["evses"][0]["status"] = json!("OUTOFORDER");
        assert_eq!(cpo.put("/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001", &closed).await.status(), (201, 1000));
        let there = json!({ "location_id": "LOC-1001", "evse_uids": ["EVSE-1001-1"] });
        let reply = authorize(&cpo, demo::RFID_NEVER, Some(&there)).await;
        assert_eq!((&reply.data()["allowed"], &reply.data()["location"]), (&json!("ALLOWED"), &there), "the CPO knows better");
        let reply = authorize(&cpo, demo::RFID_BOUND, None).await;
        assert_eq!((reply.status(), reply.body.get("data")), ((200, 2002), None));
        let reply = authorize(&cpo, demo::RFID_BOUND, Some(&here())).await;
        assert_eq!((&reply.data()["allowed"], &reply.data()["location"]), (&json!("ALLOWED"), &here()));
        let reply = authorize(&cpo, demo::RFID_NOT_ALLOWED, Some(&here())).await;
        assert_eq!(reply.data()["allowed"], "NOT_ALLOWED");
        assert!(reply.data().get("location").is_none());
        // A name that is not the caller's own does not open a place.
        let posing = world.register(&["US/SUB"]).await.caller.posing_as("US/CPO");
        assert_eq!(authorize(&posing, demo::RFID_BOUND, Some(&here())).await.data()["allowed"], "NOT_ALLOWED");

        let account = json!({ "allowed_at": [{ "location_id": "LOC1", "evse_uids": ["e2"] }] });
        let token = json!({ "contract_id": "US-EMS-C00000099-X", "account": account });
        assert_eq!(world.operator().put("/operator/v1/tokens/CARD", &token).await.http, 201);
        let reply = authorize(&cpo, "CARD", Some(&here())).await;
        assert_eq!(reply.data()["location"], json!({ "location_id": "LOC1", "evse_uids": ["E2"] }));
        let elsewhere = json!({ "location_id": "LOC1", "evse_uids": ["E1"] });
        assert_eq!(authorize(&cpo, "CARD", Some(&elsewhere)).await.data()["allowed"], "NOT_ALLOWED");
        let broken = json!({ "evse_uids": ["E1"] });
        assert_eq!(authorize(&cpo, "CARD", Some(&broken)).await.status(), (200, 2001));
    }

    // Every authorization has a reference of its own, and it is on disk when the CPO hears of it.
    async fn references_are_unique_and_kept(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let answers = futures_util::future::join_all((0..200).map(|_| authorize(&cpo, demo::RFID_NEVER, None))).await;
        let mut references: Vec<String> = answers
            .iter()
            .map(|reply| reply.data()["authorization_reference"].as_str().unwrap().to_owned())
            .collect();
        for reference in &references {
            assert!(reference.len() <= 36);
            let token = emsp::tokens::store::token_of_reference(&world.app.party.db, reference).await.unwrap();
            assert_eq!(token.unwrap(), format!("{}|RFID", demo::RFID_NEVER));
        }
        references.sort();
        references.dedup();
        assert_eq!(references.len(), 200);
    }

    // Proves: TOK-003, TOK-004, TOK-005, TOK-028, TOK-029, TOK-030, TOK-031, TOK-051, TOK-066, TOK-075, TOK-015,
    // TOK-021, TRN-060, TRN-072, TRN-074
    async fn changes_are_pushed_as_they_stand(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let operator = world.operator();
        let outbox = EmspOutbox(world.app.clone());
        let card = json!({ "contract_id": "US-EMS-C00000099-X", "whitelist": "ALWAYS", "x_note": "kept" });
        operator.put("/operator/v1/tokens/A%2FB%20C", &card).await;
        let app_user = json!({ "contract_id": "US-EMS-C00000100-X" });
        operator.put("/operator/v1/tokens/user-1?type=APP_USER", &app_user).await;
        let summary = push_due(&world.app.party, &outbox).await;
        assert_eq!(summary.delivered, 2);
        let seen = cpo.platform.take_seen();
        for request in &seen {
            let parsed = ocpi_types::parse::<ocpi_types::Token>(request.body.clone());
            assert!(parsed.report.is_clean(), "{}", parsed.report);
        }
        assert_eq!(seen[0].url, "/2.2.1/tokens/US/EMS/A%2FB%20C");
        assert_eq!(seen[1].url, "/2.2.1/tokens/US/EMS/user-1?type=APP_USER");
        assert_eq!((seen[0].method.as_str(), seen[0].party("from"), seen[0].party("to")), ("PUT", "US/EMS".into(), "US/CPO".into()));
        assert_eq!((&seen[0].body["valid"], &seen[0].body["x_note"]), (&json!(true), &json!("kept")));
        assert_eq!(seen[1].body["whitelist"], "NEVER");
        assert!(seen[0].body.get("account").is_none());

        // Blocked and unblocked while the CPO is away: it gets one message with what is true then.
        cpo.platform.set_broken(Some(503));
        operator.post("/operator/v1/tokens/A%2FB%20C/block", &Value::Null).await;
        assert_eq!(push_due(&world.app.party, &outbox).await.unreachable, 1);
        operator.post("/operator/v1/tokens/A%2FB%20C/unblock", &Value::Null).await;
        operator.post("/operator/v1/tokens/A%2FB%20C/block", &Value::Null).await;
        cpo.platform.set_broken(None);
        cpo.platform.take_seen();
        world.app.party.clock.advance(std::time::Duration::from_hours(1));
        assert_eq!(push_due(&world.app.party, &outbox).await.delivered, 1);
        let seen = cpo.platform.take_seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].body["valid"], false);
        assert_eq!(push_due(&world.app.party, &outbox).await.delivered, 0, "nothing is left over");
    }

    async fn a_blocked_card_is_refused_at_once(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let url = format!("/operator/v1/tokens/{}", demo::RFID_NEVER);
        for _ in 0..3 {
            assert_eq!(authorize(&cpo, demo::RFID_NEVER, None).await.data()["allowed"], "ALLOWED");
            world.operator().post(&format!("{url}/block"), &Value::Null).await;
            assert_eq!(authorize(&cpo, demo::RFID_NEVER, None).await.data()["allowed"], "BLOCKED");
            world.operator().post(&format!("{url}/unblock"), &Value::Null).await;
        }
    }

    // CPOs that decide from their own list must hear of a contract that ends.
    async fn a_contract_that_ends_is_told_to_cpos(world: World) {
        let cpo = world.register(&["US/CPO"]).await;
        let account = json!({ "expires_at": "2026-05-12T13:00:00Z" });
        let card = json!({ "contract_id": "US-EMS-C00000099-X", "whitelist": "ALWAYS", "account": account });
        world.operator().put("/operator/v1/tokens/CARD", &card).await;
        assert_eq!(emsp::tokens::expiry::end_contracts(&world.app).await.unwrap(), 0);
        world.app.party.clock.advance(std::time::Duration::from_hours(1));
        assert_eq!(authorize(&cpo.caller, "CARD", None).await.data()["allowed"], "EXPIRED");
        assert_eq!(emsp::tokens::expiry::end_contracts(&world.app).await.unwrap(), 1);
        assert_eq!(emsp::tokens::expiry::end_contracts(&world.app).await.unwrap(), 0);
        push_due(&world.app.party, &EmspOutbox(world.app.clone())).await;
        let seen = cpo.platform.take_seen();
        assert_eq!((&seen.last().unwrap().body["uid"], &seen.last().unwrap().body["valid"]), (&json!("CARD"), &json!(false)));
    }
}
