//! The cache of Tokens: pushed and pulled.

use axum::http::Method;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::World;

const CARD: &str = "/tokens/US/EMS/CARD1";

/// Proves: TOK-023, TOK-024, TOK-025, TOK-026, TOK-027, TOK-032, TOK-034, TOK-035, TOK-036, TOK-063, TOK-017,
/// TOK-018, TOK-019, TOK-020, TOK-021, TOK-022, STA-024, TRN-062, TRN-070, TRN-073, TRN-075
#[tokio::test]
async fn pushed_tokens_are_kept_as_they_were_sent() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        assert_eq!((partner.get(&world, CARD).await.http, partner.get(&world, CARD).await.code()), (404, 2004));
        let token = emsp.token("CARD1", "ALWAYS");
        assert_eq!(partner.send(&world, Method::PUT, CARD, &token).await.http, 201);
        assert_eq!(partner.send(&world, Method::PUT, CARD, &token).await.http, 200, "the same again is fine");
        assert_eq!(partner.get(&world, "/tokens/us/ems/card1").await.data(), &token);
        assert_eq!(partner.get(&world, &format!("{CARD}?type=APP_USER")).await.http, 404);

        let mut app = token.clone();
        app["type"] = json!("APP_USER");
        assert_eq!(partner.send(&world, Method::PUT, &format!("{CARD}?type=APP_USER"), &app).await.http, 201);
        assert_eq!(partner.get(&world, &format!("{CARD}?type=APP_USER")).await.data(), &app);
        assert_eq!(partner.get(&world, CARD).await.data(), &token, "another Token");

        let block = json!({ "valid": false, "last_updated": "2026-06-02T00:00:00Z" });
        let reply = partner.send(&world, Method::PATCH, CARD, &block).await;
        assert_eq!((reply.http, reply.code(), reply.data()), (200, 1000, &Value::Null));
        let mut blocked = token.clone();
        blocked["valid"] = json!(false);
        blocked["last_updated"] = block["last_updated"].clone();
        assert_eq!(partner.get(&world, CARD).await.data(), &blocked);
        assert_eq!(partner.get(&world, &format!("{CARD}?type=APP_USER")).await.data()["valid"], true);
        for method in [Method::POST, Method::DELETE] {
            assert_eq!(partner.send(&world, method, CARD, &token).await.http, 405);
        }

        let other = Emsp::start("NL", "TNM").await;
        let theirs = other.token("CARD1", "NEVER");
        let second = world.register(&other).await;
        assert_eq!(second.send(&world, Method::PUT, "/tokens/NL/TNM/CARD1", &theirs).await.http, 201);
        assert_eq!(second.get(&world, "/tokens/NL/TNM/CARD1").await.data(), &theirs);
        assert_eq!(partner.get(&world, CARD).await.data(), &blocked, "equal uids of two parties are two Tokens");
        let mut named = theirs.clone();
        named["visual_number"] = json!("DF000-2001-8999-1");
        for token in [&named, &theirs] {
            assert_eq!(second.send(&world, Method::PUT, "/tokens/NL/TNM/CARD1", token).await.http, 200);
            assert_eq!(second.get(&world, "/tokens/NL/TNM/CARD1").await.data(), token, "what was left out is gone");
        }
    }
}

/// Proves: TOK-028 to TOK-031 (as receiver), TOK-034, TRN-018 (wrong owner), TRN-019 (stale state never wins)
#[tokio::test]
async fn what_must_not_be_stored_is_not_stored() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let token = emsp.token("CARD1", "ALWAYS");
        partner.send(&world, Method::PUT, CARD, &token).await;
        let with = |field: &str, value: Value| {
            let mut changed = token.clone();
            changed[field] = value;
            changed
        };
        for (method, path, body, http, code) in [
            (Method::PUT, CARD, with("last_updated", json!("2026-05-01T00:00:00Z")), 200, 2001),
            (Method::PUT, CARD, with("uid", json!("CARD2")), 200, 2001),
            (Method::PUT, CARD, with("party_id", json!("XYZ")), 200, 2001),
            (Method::PUT, CARD, with("valid", json!("perhaps")), 200, 2001),
            (Method::PUT, "/tokens/US/XYZ/CARD1", with("party_id", json!("XYZ")), 404, 2001),
            (Method::PUT, "/tokens/US/EMS/CARD1?type=APP_USER", token.clone(), 200, 2001),
            (Method::PUT, "/tokens/US/EMS/CARD1?type=WATCH", token.clone(), 200, 2001),
            (Method::PATCH, CARD, json!({ "valid": false }), 200, 2001),
            (Method::PATCH, CARD, json!({ "valid": false, "last_updated": "2026-05-01T00:00:00Z" }), 200, 2001),
            (Method::PATCH, CARD, json!({ "issuer": null, "last_updated": "2026-07-01T00:00:00Z" }), 200, 2001),
            (Method::PATCH, CARD, json!({ "uid": "CARD2", "last_updated": "2026-07-01T00:00:00Z" }), 200, 2001),
            (
                Method::PATCH,
                "/tokens/US/EMS/CARD9",
                json!({ "valid": false, "last_updated": "2026-07-01T00:00:00Z" }),
                404,
                2004,
            ),
        ] {
            let reply = partner.send(&world, method.clone(), path, &body).await;
            assert_eq!((reply.http, reply.code()), (http, code), "{method} {path} {body}: {reply:?}");
        }
        let invalid = partner.send(&world, Method::PUT, CARD, &with("valid", json!(7))).await;
        assert!(invalid.json["status_message"].as_str().unwrap().contains("/valid"), "{invalid:?}");
        assert_eq!(partner.get(&world, CARD).await.data(), &token);
        let tokens = world.operate(Method::GET, "/tokens", &Value::Null).await;
        assert_eq!(tokens.json["total"], 1);
    }
}

/// Proves: TOK-007, TOK-044, TOK-045
#[tokio::test]
async fn a_complete_list_replaces_what_was_known() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let list = |tokens: Value| {
            let body = json!({ "data": tokens, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
            emsp.answer("GET /tokens", 200, Some(body));
        };
        let mut faulty = emsp.token("CARD3", "ALWAYS");
        faulty["valid"] = json!("perhaps");
        let mut foreign = emsp.token("CARD4", "ALWAYS");
        foreign["party_id"] = json!("XYZ");
        list(json!([emsp.token("CARD1", "ALWAYS"), emsp.token("CARD2", "NEVER"), faulty, foreign]));
        let sync = async || {
            let path = format!("/partners/{}/sync", partner.id);
            world.operate(Method::POST, &path, &json!({ "full": true })).await;
            ocpi_party::pull_due(&world.app.party, &world.app.inbox()).await;
            let tokens = world.operate(Method::GET, "/tokens", &Value::Null).await;
            let uid = |token: &Value| token["uid"].as_str().unwrap().to_owned();
            tokens.json["items"].as_array().unwrap().iter().map(uid).collect::<Vec<_>>()
        };
        assert_eq!(sync().await, ["CARD1", "CARD2"], "one bad object does not spoil the list");
        let view = world.operate(Method::GET, &format!("/partners/{}", partner.id), &Value::Null).await;
        let findings = view.json["findings"].to_string();
        assert!(findings.contains("CARD3|RFID") && findings.contains("CARD4|RFID"), "{view:?}");

        list(json!([emsp.token("CARD2", "NEVER"), emsp.token("CARD5", "NEVER")]));
        assert_eq!(sync().await, ["CARD2", "CARD5"]);
    }
}
