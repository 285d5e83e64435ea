//! Cards at the reader: who decides, and what is asked.

use axum::http::Method;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{Partner, Reply, World};

async fn present(world: &World, uid: &str) -> Reply {
    world.operate(Method::POST, "/stations/E1/present-card", &json!({ "uid": uid })).await
}

async fn push_token(world: &World, partner: &Partner, token: &Value) {
    let uid = token["uid"].as_str().unwrap();
    let reply = partner.send(world, Method::PUT, &format!("/tokens/US/EMS/{uid}"), token).await;
    assert_eq!(reply.code(), 1000, "{reply:?}");
}

/// What the EMSP is told to answer when it is asked about a card.
fn verdict(emsp: &Emsp, uid: &str, allowed: &str, more: &Value) {
    let mut info = json!({ "allowed": allowed, "token": emsp.token(uid, "NEVER") });
    for (name, value) in more.as_object().unwrap() {
        info[name] = value.clone();
    }
    let body = json!({ "data": info, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
    emsp.answer(&format!("POST /tokens/{uid}/authorize"), 200, Some(body));
}

/// The last Session, as the partner sees it.
async fn session(world: &World, partner: &Partner) -> Value {
    let reply = partner.get(world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
    reply.data().as_array().unwrap().last().cloned().unwrap_or_default()
}

async fn prepared(database: &ocpi_party::testing::TestDatabase) -> (World, Emsp, Partner) {
    let world = World::new(database).await;
    let emsp = Emsp::start("US", "EMS").await;
    let partner = world.register(&emsp).await;
    world.publish().await;
    world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
    world.settle().await;
    emsp.take();
    (world, emsp, partner)
}

/// Proves: TOK-008, TOK-036, TOK-085, TOK-086, TOK-087, TOK-088, TOK-089, TOK-090, CDR-093, CDR-095
#[tokio::test]
async fn the_whitelist_type_says_who_decides() {
    for database in databases().await {
        // whitelist, valid, what the EMSP answers (None: it is down), whether it is asked, the auth_method when it starts.
        for (whitelist, valid, answer, asked, method) in [
            ("ALWAYS", true, Some("BLOCKED"), false, Some("WHITELIST")),
            ("ALWAYS", false, Some("ALLOWED"), false, None),
            ("ALLOWED", true, Some("BLOCKED"), false, Some("WHITELIST")),
            ("ALLOWED", false, Some("ALLOWED"), false, None),
            ("ALLOWED_OFFLINE", true, Some("ALLOWED"), true, Some("AUTH_REQUEST")),
            ("ALLOWED_OFFLINE", false, Some("ALLOWED"), true, Some("AUTH_REQUEST")),
            ("ALLOWED_OFFLINE", true, Some("NO_CREDIT"), true, None),
            ("ALLOWED_OFFLINE", true, None, true, Some("WHITELIST")),
            ("ALLOWED_OFFLINE", false, None, true, None),
            ("NEVER", true, Some("ALLOWED"), true, Some("AUTH_REQUEST")),
            ("NEVER", false, Some("ALLOWED"), true, Some("AUTH_REQUEST")),
            ("NEVER", true, Some("EXPIRED"), true, None),
            ("NEVER", true, None, true, None),
        ] {
            // Each case needs a fresh database; PostgreSQL gives one for the first case that asks the EMSP.
            let own = ocpi_party::testing::sqlite();
            let on_postgres = database.name == "postgres";
            if on_postgres && (whitelist, valid, answer) != ("ALLOWED_OFFLINE", true, None) {
                continue;
            }
            let (world, emsp, partner) = prepared(if on_postgres { &database } else { &own }).await;
            let mut token = emsp.token("CARD1", whitelist);
            token["valid"] = json!(valid);
            push_token(&world, &partner, &token).await;
            match answer {
                Some(allowed) => verdict(&emsp, "CARD1", allowed, &json!({})),
                None => emsp.answer("POST /tokens/CARD1/authorize", 503, None),
            }
            let reply = present(&world, "card1").await;
            let case = format!("{whitelist} {valid} {answer:?}: {reply:?}");
            let lines = emsp.take_lines();
            assert_eq!(lines.contains(&"POST /tokens/CARD1/authorize".to_owned()), asked, "{case}");
            assert!(!lines.iter().any(|line| line.starts_with("GET")), "no list is fetched for it: {lines:?}");
            assert_eq!(reply.http, if method.is_some() { 200 } else { 409 }, "{case}");
            assert_eq!(session(&world, &partner).await["auth_method"].as_str(), method, "{case}");
        }
    }
}

/// Proves: TOK-011, TOK-046, TOK-051, TOK-052, TOK-060, TOK-079, SES-070, CDR-055
#[tokio::test]
async fn a_card_that_nobody_has_pushed_is_asked_about() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let other = Emsp::start("NL", "TNM").await;
        world.register(&other).await;
        for emsp in [&emsp, &other] {
            let unknown = json!({ "status_code": 2004, "timestamp": "2026-06-12T10:00:00Z" });
            emsp.answer("POST /tokens/CARD/7/authorize", 404, Some(unknown.clone()));
            emsp.answer("POST /tokens/CARD%2F7/authorize", 404, Some(unknown));
        }
        let reply = present(&world, "CARD/7").await;
        assert_eq!(reply.http, 409);
        assert!(reply.json["error"]["message"].as_str().unwrap().contains("no EMSP knows this card"), "{reply:?}");
        let question = emsp.wait_for(Method::POST, "/tokens/CARD%2F7/authorize").await;
        assert_eq!(question.body, json!({ "location_id": "LOC1", "evse_uids": ["E1"] }));
        assert_eq!(question.header("ocpi-to-party-id"), Some("EMS"));
        other.wait_for(Method::POST, "/tokens/CARD%2F7/authorize").await;

        verdict(&emsp, "CARD8", "ALLOWED", &json!({ "authorization_reference": "REF-8" }));
        assert_eq!(present(&world, "CARD8").await.http, 200);
        let session = session(&world, &partner).await;
        assert_eq!(session["authorization_reference"], "REF-8");
        assert_eq!(session["auth_method"], "AUTH_REQUEST");

        // The same card again ends the charge; nobody needs to be asked.
        emsp.take();
        world.advance(5).await;
        assert_eq!(present(&world, "CARD8").await.http, 200);
        world.settle().await;
        let lines = emsp.take_lines();
        assert!(!lines.iter().any(|line| line.contains("authorize")), "{lines:?}");
        let bill = partner.get(&world, "/cdrs").await;
        assert_eq!(bill.data()[0]["authorization_reference"], "REF-8");
        assert_eq!(bill.data()[0]["remark"], "Stopped with the card at the station");
    }
}

/// Proves: TOK-058 (as receiver), TOK-059 (as receiver)
#[tokio::test]
async fn an_emsp_can_allow_a_card_at_other_evses_only() {
    for database in databases().await {
        let (world, emsp, _) = prepared(&database).await;
        let elsewhere = json!({ "location": { "location_id": "LOC1", "evse_uids": ["E2"] } });
        verdict(&emsp, "CARD1", "ALLOWED", &elsewhere);
        assert_eq!(present(&world, "CARD1").await.http, 409);
        verdict(&emsp, "CARD1", "ALLOWED", &json!({ "location": { "location_id": "LOC1", "evse_uids": ["e1"] } }));
        assert_eq!(present(&world, "CARD1").await.http, 200);
    }
}

/// Proves: CMD-011, CMD-061, CMD-063
#[tokio::test]
async fn the_token_of_a_command_is_not_asked_about_for_a_quarter_of_an_hour() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let command = json!({
            "response_url": format!("{}/results/1", emsp.base), "token": emsp.token("CARD1", "NEVER"),
            "location_id": "LOC1", "evse_uid": "E1", "authorization_reference": "REF-1",
        });
        partner.send(&world, Method::POST, "/commands/START_SESSION", &command).await;
        emsp.wait_for(Method::POST, "/results/1").await;
        assert_eq!(present(&world, "CARD1").await.http, 200, "the card ends the charge that the command began");
        world.advance(14).await;
        emsp.take();
        assert_eq!(present(&world, "CARD1").await.http, 200);
        assert_eq!(session(&world, &partner).await["authorization_reference"], "REF-1");
        assert_eq!(present(&world, "CARD1").await.http, 200);
        assert_eq!(emsp.take_lines().iter().filter(|line| line.contains("authorize")).count(), 0);
        world.advance(2).await;
        emsp.take();
        verdict(&emsp, "CARD1", "BLOCKED", &json!({}));
        assert_eq!(present(&world, "CARD1").await.http, 409);
        assert!(emsp.take_lines().contains(&"POST /tokens/CARD1/authorize".to_owned()));
    }
}

/// Proves: TOK-069, LOC-125
#[tokio::test]
async fn cards_of_one_group_work_as_one() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        for (uid, group) in [("CARD1", "FAMILY"), ("CARD2", "family"), ("CARD3", "OTHERS")] {
            let mut token = emsp.token(uid, "ALWAYS");
            token["group_id"] = json!(group);
            push_token(&world, &partner, &token).await;
        }
        assert_eq!(present(&world, "CARD1").await.http, 200);
        assert_eq!(present(&world, "CARD3").await.http, 409);
        assert_eq!(session(&world, &partner).await["status"], "ACTIVE");
        assert_eq!(present(&world, "CARD2").await.http, 200);
        assert_eq!(session(&world, &partner).await["status"], "COMPLETED");
    }
}

/// Proves: TOK-069, TOK-090, LOC-125 (a card of the group that has to be asked about, or that nobody has pushed)
#[tokio::test]
async fn a_card_of_the_group_is_asked_about_like_any_other() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let in_group = |uid: &str, group: &str| {
            let mut token = emsp.token(uid, "NEVER");
            token["group_id"] = json!(group);
            token
        };
        push_token(&world, &partner, &in_group("CARD1", "FAMILY")).await;
        push_token(&world, &partner, &in_group("CARD2", "FAMILY")).await;
        verdict(&emsp, "CARD1", "ALLOWED", &json!({ "token": in_group("CARD1", "FAMILY") }));
        assert_eq!(present(&world, "CARD1").await.http, 200);
        emsp.take();
        for (uid, allowed, group, http) in [
            ("CARD2", "BLOCKED", "FAMILY", 409),
            ("CARD3", "ALLOWED", "OTHERS", 409),
            ("CARD4", "ALLOWED", "family", 200),
        ] {
            verdict(&emsp, uid, allowed, &json!({ "token": in_group(uid, group) }));
            assert_eq!(present(&world, uid).await.http, http, "{uid}");
            assert!(emsp.take_lines().contains(&format!("POST /tokens/{uid}/authorize")), "{uid}");
            let status = if http == 200 { "COMPLETED" } else { "ACTIVE" };
            assert_eq!(session(&world, &partner).await["status"], status, "{uid}");
        }
        assert_eq!(session(&world, &partner).await["cdr_token"]["uid"], "CARD1", "the first card pays");
    }
}

/// Proves: TOK-089 (an answer without a verdict is not silence), TOK-052, TOK-081, LOC-011
#[tokio::test]
async fn an_emsp_that_needs_to_know_the_place_is_told() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        push_token(&world, &partner, &emsp.token("CARD1", "ALLOWED_OFFLINE")).await;
        let more = json!({ "status_code": 2002, "timestamp": "2026-06-12T10:00:00Z" });
        emsp.answer("POST /tokens/CARD1/authorize", 200, Some(more.clone()));
        let refused = present(&world, "CARD1").await;
        assert_eq!(refused.http, 409, "it can be reached: {refused:?}");
        let asked = emsp.take();
        assert_eq!(asked.iter().map(|request| &request.body["location_id"]).collect::<Vec<_>>(), ["LOC1"]);

        // A private place is not named, until it has to be.
        let put = world.operate(Method::PUT, "/locations/US/CPO/LOC1?private=true", &crate::world::location()).await;
        assert_eq!(put.http, 200, "{put:?}");
        world.settle().await;
        emsp.take();
        present(&world, "CARD1").await;
        let asked: Vec<_> = emsp.take().into_iter().map(|request| request.body).collect();
        assert_eq!(asked, [Value::Null, json!({ "location_id": "LOC1", "evse_uids": ["E1"] })]);
        verdict(&emsp, "CARD1", "ALLOWED", &json!({}));
        assert_eq!(present(&world, "CARD1").await.http, 200);
        assert_eq!(emsp.wait_for(Method::POST, "/tokens/CARD1/authorize").await.body, Value::Null);
    }
}

/// Proves: TOK-046, TOK-051, TOK-063 (a uid alone is no card)
#[tokio::test]
async fn what_is_read_is_asked_about_by_its_type() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        // An app's user has the uid of somebody's card; the card is another Token.
        let mut app = emsp.token("CARD1", "NEVER");
        app["type"] = json!("APP_USER");
        let command = json!({
            "response_url": format!("{}/results/1", emsp.base), "token": app, "location_id": "LOC1", "evse_uid": "E1",
        });
        partner.send(&world, Method::POST, "/commands/START_SESSION", &command).await;
        emsp.wait_for(Method::POST, "/results/1").await;
        assert_eq!(present(&world, "CARD1").await.http, 409);
        assert_eq!(session(&world, &partner).await["status"], "ACTIVE");
        world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        emsp.take();

        let mut fob = emsp.token("FOB1", "NEVER");
        fob["type"] = json!("OTHER");
        verdict(&emsp, "FOB1", "ALLOWED", &json!({ "token": fob }));
        let body = json!({ "uid": "FOB1", "type": "OTHER" });
        assert_eq!(world.operate(Method::POST, "/stations/E1/present-card", &body).await.http, 200);
        assert_eq!(emsp.wait_for(Method::POST, "/tokens/FOB1/authorize").await.query, "type=OTHER");
        assert_eq!(session(&world, &partner).await["cdr_token"]["type"], "OTHER");
        let body = json!({ "uid": "FOB1", "type": "APP_USER" });
        assert_eq!(world.operate(Method::POST, "/stations/E1/present-card", &body).await.http, 422);
    }
}

/// Whoever is no partner any more pays nothing; another place is not this one. Proves: TOK-058 (as receiver), TOK-002
#[tokio::test]
async fn a_card_of_a_former_partner_is_worth_nothing() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let elsewhere = json!({ "location": { "location_id": "LOC2" } });
        verdict(&emsp, "CARD1", "ALLOWED", &elsewhere);
        assert_eq!(present(&world, "CARD1").await.http, 409);
        push_token(&world, &partner, &emsp.token("CARD2", "ALWAYS")).await;
        let bye = world.request(Method::DELETE, "/ocpi/2.2.1/credentials", &partner.authorization, None).await;
        assert_eq!(bye.code(), 1000, "{bye:?}");
        let refused = present(&world, "CARD2").await;
        assert!(refused.http == 409 && refused.json.to_string().contains("no partner"), "{refused:?}");
    }
}
