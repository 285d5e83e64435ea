//! The operator API of an EMSP.

use emsp::demo;
use ocpi_types::examples;
use serde_json::{Value, json};

use crate::world::{World, config, example};

crate::on_each_database! {
    async fn nobody_else_gets_in(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        for path in ["tokens", "locations", "tariffs", "sessions", "cdrs", "commands", "tokens/X", "commands/X"] {
            for caller in [&world.stranger(), &cpo] {
                let reply = caller.get(&format!("/operator/v1/{path}")).await;
                assert_eq!(reply.http, 401, "{path}");
                assert!(reply.body["error"]["what_next"].is_string());
            }
        }
        let reply = cpo.post(&format!("/operator/v1/tokens/{}/block", demo::RFID_NEVER), &Value::Null).await;
        assert_eq!(reply.http, 401);
        assert_eq!(world.operator().get(&format!("/operator/v1/tokens/{}", demo::RFID_NEVER)).await.body["token"]["valid"], true);
    }

    // Proves: TOK-065, TOK-083, CDR-118
    async fn uids_of_apps_are_made_here(world: World) {
        let operator = world.operator();
        let mut uids = Vec::new();
        for token_type in ["APP_USER", "APP_USER", "AD_HOC_USER"] {
            let url = format!("/operator/v1/tokens?type={token_type}");
            let made = operator.post(&url, &json!({ "contract_id": "US-EMS-C00000101-X", "language": "fr" })).await;
            assert_eq!(made.http, 201, "{made:?}");
            let token = &made.body["token"];
            assert_eq!((&token["type"], &token["whitelist"], &token["valid"]), (&json!(token_type), &json!("NEVER"), &json!(true)));
            let uid = token["uid"].as_str().unwrap().to_owned();
            assert_eq!(operator.get(&format!("/operator/v1/tokens/{uid}?type={token_type}")).await.body, made.body);
            uids.push(uid);
        }
        uids.sort();
        uids.dedup();
        assert_eq!(uids.len(), 3);
        let card = operator.post("/operator/v1/tokens", &json!({ "contract_id": "C" })).await;
        assert_eq!(card.http, 422, "a card's uid is printed into it: {card:?}");
    }

    // Proves: TOK-053 (a limit that nobody would heed is refused)
    async fn a_token_that_is_bound_to_places_must_be_asked_about(world: World) {
        let operator = world.operator();
        let card = |whitelist: &str| json!({
            "contract_id": "US-EMS-C00000102-X", "whitelist": whitelist, "account": { "denied_at": [{ "party": "US/CPO" }] },
        });
        for (whitelist, http) in [("ALWAYS", 422), ("ALLOWED", 422), ("ALLOWED_OFFLINE", 201), ("NEVER", 200)] {
            let reply = operator.put("/operator/v1/tokens/BOUND", &card(whitelist)).await;
            assert_eq!(reply.http, http, "{whitelist}: {reply:?}");
        }
    }

    // Proves: LOC-018, LOC-139, LOC-143, LOC-160, LOC-090
    async fn hours_and_plans_of_a_location_can_be_asked_for(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let mut location = example(examples::LOCATION);
        location["time_zone"] = json!("America/New_York");
        location["charging_when_closed"] = json!(false);
        location["opening_times"] = json!({
            "twentyfourseven": false,
            "regular_hours": (1..=5).map(|day| json!({ "weekday": day, "period_begin": "07:00", "period_end": "20:00" })).collect::<Vec<_>>(),
            "exceptional_openings": [{ "period_begin": "2026-09-05T14:00:00Z", "period_end": "2026-09-05T20:00:00Z" }],
            "exceptional_closings": [{ "period_begin": "2026-09-01T16:00:00Z", "period_end": "2026-09-01T18:00:00Z" }],
        });
        let url = "/ocpi/2.2.1/emsp/locations/US/CPO/LOC-1001";
        assert_eq!(cpo.put(url, &location).await.code(), 1000);
        let at = async |moment: &str| {
            let path = format!("/operator/v1/locations/US/CPO/LOC-1001/availability?at={moment}");
            let reply = world.operator().get(&path).await;
            assert_eq!(reply.http, 200, "{reply:?}");
            reply.body
        };
        let then = at("2026-09-01T15:00:00Z").await;
        assert_eq!((&then["open"], &then["changes_at"], &then["lets_charge"]), (&json!(true), &json!("2026-09-01T16:00:00Z"), &json!(true)));
        assert_eq!((&then["evses"][0]["status"], &then["evses"][0]["planned"]), (&json!("AVAILABLE"), &json!("INOPERATIVE")));
        let then = at("2026-09-01T17:00:00Z").await;
        assert_eq!((&then["open"], &then["lets_charge"]), (&json!(false), &json!(false)));
        let then = at("2026-09-05T15:00:00Z").await;
        assert_eq!((&then["open"], &then["evses"][0]["planned"]), (&json!(true), &Value::Null), "a Saturday with an exception");
        let bad = world.operator().get("/operator/v1/locations/US/CPO/LOC-1001/availability?at=noon").await;
        assert_eq!(bad.http, 422);

        for evse in location["evses"].as_array().unwrap() {
            let removed = json!({ "status": "REMOVED", "last_updated": "2026-08-01T00:00:00Z" });
            let path = format!("{url}/{}", evse["uid"].as_str().unwrap());
            assert_eq!(cpo.patch(&path, &removed).await.code(), 1000);
        }
        let then = at("2026-09-01T15:00:00Z").await;
        assert_eq!((&then["expired"], &then["evses"]), (&json!(true), &json!([])));
        assert_eq!(cpo.get(url).await.http, 200, "it stays where it is");
    }

    // Proves: TOK-065, TOK-066, TOK-071, TOK-083, TOK-009, TOK-074, TOK-080, TOK-062
    async fn tokens_are_kept_in_order(world: World) {
        let operator = world.operator();
        let card = json!({
            "contract_id": "US-EMS-C00000099-X", "visual_number": "99", "language": "nl", "whitelist": "ALLOWED_OFFLINE",
            "energy_contract": { "supplier_name": "Sun", "contract_id": "aBc" }, "account": { "credit": 12.50 }
        });
        let created = operator.put("/operator/v1/tokens/CARD-1", &card).await;
        assert_eq!(created.http, 201, "{created:?}");
        let token = &created.body["token"];
        assert_eq!((&token["country_code"], &token["party_id"], &token["type"]), (&json!("US"), &json!("EMS"), &json!("RFID")));
        assert_eq!((&token["valid"], &token["last_updated"]), (&json!(true), &json!(crate::world::START)));
        assert_eq!(token["energy_contract"]["contract_id"], "aBc");
        assert_eq!(created.body["account"]["credit"].to_string(), "12.5");
        let broke = json!({ "contract_id": "US-EMS-C00000099-X", "account": { "credit": 0 } });
        let changed = operator.put("/operator/v1/tokens/card-1", &broke).await;
        assert_eq!((changed.http, &changed.body["token"]["valid"]), (200, &json!(false)));
        let at = |token: &Value| token["last_updated"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert!(at(&changed.body["token"]) > at(token));
        assert_eq!(operator.get("/operator/v1/tokens?limit=1000").await.body["total"], 11, "ids have no case");
        for (url, body, http) in [
            ("/operator/v1/tokens/X", json!({}), 422),
            ("/operator/v1/tokens/X", json!([]), 422),
            ("/operator/v1/tokens/X", json!({ "contract_id": "C", "language": "dutch" }), 422),
            ("/operator/v1/tokens/X", json!({ "contract_id": "C", "account": { "blokked": true } }), 422),
            ("/operator/v1/tokens/X?type=APP_USER", json!({ "contract_id": "C", "whitelist": "ALWAYS" }), 422),
            ("/operator/v1/tokens/X?type=PLASTIC", json!({ "contract_id": "C" }), 422),
        ] {
            let reply = operator.put(url, &body).await;
            assert_eq!(reply.http, http, "{url} {body} {reply:?}");
            assert!(reply.body["error"]["message"].is_string());
        }
        assert_eq!(operator.get("/operator/v1/tokens/X").await.http, 404);
        assert_eq!(operator.post("/operator/v1/tokens/X/block", &Value::Null).await.http, 404);
        assert_eq!(operator.get("/operator/v1/tokens?limit=many").await.http, 400);
    }

    async fn lists_can_be_narrowed(world: World) {
        let cpo = world.register(&["US/CPO"]).await.caller;
        let operator = world.operator();
        for (n, status) in ["ACTIVE", "PENDING", "ACTIVE"].iter().enumerate() {
            let mut session = example(examples::SESSION_ACTIVE);
            session["id"] = json!(format!("S{n}"));
            session["status"] = json!(status);
            session["authorization_reference"] = json!(format!("ref-{n}"));
            assert_eq!(cpo.put(&format!("/ocpi/2.2.1/emsp/sessions/US/CPO/S{n}"), &session).await.http, 201);
        }
        let ids = |reply: crate::world::Reply| -> Vec<String> {
            let items = reply.body["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids(operator.get("/operator/v1/sessions").await), ["S2", "S1", "S0"]);
        assert_eq!(ids(operator.get("/operator/v1/sessions?status=ACTIVE&limit=1&offset=1").await), ["S0"]);
        assert_eq!(ids(operator.get("/operator/v1/sessions?authorization_reference=REF-1").await), ["S1"]);
        assert_eq!(ids(operator.get("/operator/v1/sessions?party=NL/TNM").await), Vec::<String>::new());
        assert_eq!(operator.get("/operator/v1/sessions?party=nonsense").await.http, 422);
        assert_eq!(operator.get("/operator/v1/sessions/US/CPO/S9").await.http, 404);
        assert_eq!(operator.get("/operator/v1/locations/US/CPO/L9").await.http, 404);
        assert_eq!(operator.get("/operator/v1/tariffs/US/CPO/T9").await.http, 404);
        assert_eq!(operator.get("/operator/v1/cdrs/US/CPO/C9").await.http, 404);
        assert_eq!(operator.post("/operator/v1/cdrs/US/CPO/C9/check", &Value::Null).await.http, 404);
    }
}

#[tokio::test]
async fn demo_data_is_put_in_once() {
    let database = ocpi_party::testing::sqlite();
    let world = World::start(&database.url).await;
    let url = format!("/operator/v1/tokens/{}", demo::RFID_NEVER);
    world.operator().post(&format!("{url}/block"), &Value::Null).await;
    world.app.party.db.close().await;
    let again = World::start(&database.url).await;
    assert_eq!(again.operator().get("/operator/v1/tokens").await.body["total"], 10);
    assert_eq!(again.operator().get(&url).await.body["account"]["blocked"], true);
}

#[tokio::test]
async fn without_demo_data_the_books_are_empty() {
    let database = ocpi_party::testing::sqlite();
    let world = World::with(config(&database.url)).await;
    assert_eq!(
        world.operator().get("/operator/v1/tokens").await.body,
        json!({ "total": 0, "offset": 0, "limit": 50, "items": [] })
    );
}
