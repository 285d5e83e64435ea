//! What partners can read, and what they cannot.

use axum::http::Method;
use cpo_mock::Config;
use ocpi_http::Clock;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{World, at, config, location};

/// Proves: LOC-023, LOC-025, LOC-026, LOC-027, LOC-028, LOC-031, LOC-032, LOC-033, TRN-033 (pages are complete), TAR-010,
/// TAR-011, TAR-017, TAR-018, SES-017, CDR-027
#[tokio::test]
async fn lists_come_page_by_page_and_can_be_filtered() {
    for database in databases().await {
        let world =
            World::at_time(Config { demo_data: true, ..config(&database) }, Clock::manual(at("2027-06-12T10:00:00Z")))
                .await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let mut path = "/locations?limit=15".to_owned();
        let mut ids = Vec::new();
        loop {
            let page = partner.get(&world, &path).await;
            assert_eq!((page.http, page.code()), (200, 1000));
            assert_eq!((page.header("x-total-count"), page.header("x-limit")), (Some("40"), Some("1000")));
            ids.extend(
                page.data().as_array().unwrap().iter().map(|location| location["id"].as_str().unwrap().to_owned()),
            );
            let Some(link) = page.header("link") else { break };
            let url = link.strip_prefix('<').and_then(|link| link.split_once('>')).unwrap().0;
            assert!(url.starts_with(&world.base), "{url}");
            path = url.split_once("/cpo").unwrap().1.to_owned();
        }
        assert_eq!(ids.len(), 40);
        let unique: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), 40);

        assert_eq!(partner.get(&world, "/tariffs").await.header("x-total-count"), Some("22"));
        let none = partner.get(&world, "/locations?date_from=2030-01-01T00:00:00Z").await;
        assert_eq!((none.data(), none.header("x-total-count")), (&json!([]), Some("0")));
        assert_eq!(partner.get(&world, "/locations?limit=abc").await.code(), 2001);
        world.operate(Method::POST, "/stations/SEA001-1/fault", &Value::Null).await;
        let changed = partner.get(&world, "/locations?date_from=2027-06-12T10:00:00Z").await;
        assert_eq!(changed.data().as_array().map(Vec::len), Some(1));
        assert_eq!(changed.data()[0]["evses"].as_array().map(Vec::len), Some(3), "the whole Location");
        let before = partner.get(&world, "/locations?date_to=2027-06-12T10:00:00Z").await;
        assert_eq!(before.header("x-total-count"), Some("39"), "date_to is exclusive");
        for list in ["sessions?date_from=2026-01-01T00:00:00Z", "cdrs"] {
            assert_eq!(partner.get(&world, &format!("/{list}")).await.data(), &json!([]));
        }
    }
}

/// Proves: TRN-063 (routing decides), LOC-037
#[tokio::test]
async fn a_list_is_that_of_the_party_asked_for() {
    for database in databases().await {
        let world = World::with(Config { demo_data: true, ..config(&database) }).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let of = async |party_id: &str| {
            let request = world
                .http
                .get(format!("{}/ocpi/2.2.1/cpo/locations", world.base))
                .header("Authorization", &partner.authorization)
                .header("OCPI-to-country-code", "us")
                .header("OCPI-to-party-id", party_id)
                .header("OCPI-from-country-code", "US")
                .header("OCPI-from-party-id", "EMS");
            crate::world::read(request).await
        };
        let (bright, volt) = (of("CPO").await, of("vlt").await);
        let owners = |reply: &crate::world::Reply| {
            let owner = |location: &Value| location["party_id"].as_str().unwrap().to_owned();
            reply.data().as_array().unwrap().iter().map(owner).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(owners(&bright), ["CPO".to_owned()].into());
        assert_eq!(owners(&volt), ["VLT".to_owned()].into());
        assert_eq!(volt.header("ocpi-from-party-id"), Some("vlt"), "who was asked answers");
        let stranger = of("XXX").await;
        assert_eq!((stranger.http, stranger.code()), (404, 2001));
    }
}

/// Proves: LOC-024, LOC-038, LOC-039, LOC-040, LOC-041, LOC-042, LOC-043, SES-019, CDR-028, TAR-010, CMD-019
#[tokio::test]
async fn single_objects_are_found_whatever_the_case_and_the_characters() {
    for database in databases().await {
        let world = World::with(Config { demo_data: true, ..config(&database) }).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let read = async |path: &str| partner.get(&world, path).await;
        assert_eq!(read("/locations/sea001").await.data()["id"], "SEA001");
        assert_eq!(read("/locations/SEA001/").await.data()["id"], "SEA001");
        assert_eq!(read("/locations/i40%2Fmm159").await.data()["id"], "I40/MM159");
        assert_eq!(read("/locations/I40%2FMM159/I40%2FMM159-2").await.data()["uid"], "I40/MM159-2");
        assert_eq!(read("/locations/I40%2FMM159/I40%2FMM159-2/2").await.data()["id"], "2");
        for (path, code) in [
            ("/locations/NOWHERE", 2003),
            ("/locations/NOWHERE/1", 2003),
            ("/locations/SEA001/NOTHING", 2001),
            ("/locations/SEA001/SEA001-1/9", 2001),
        ] {
            let reply = read(path).await;
            assert_eq!((reply.http, reply.code(), reply.data()), (404, code, &Value::Null), "{path}");
        }
        for (method, path) in [
            (Method::POST, "/locations"),
            (Method::PUT, "/locations/SEA001"),
            (Method::DELETE, "/tariffs"),
            (Method::PATCH, "/sessions"),
            (Method::POST, "/cdrs"),
            (Method::GET, "/commands/START_SESSION"),
        ] {
            let reply = partner.send(&world, method.clone(), path, &json!({})).await;
            assert_eq!(reply.http, 405, "{method} {path}: {reply:?}");
            assert!(reply.code() >= 2000);
        }
        let foreign = world.request(Method::GET, "/ocpi/2.2.1/cpo/locations", "Token bm9ib2R5", None).await;
        assert_eq!((foreign.http, foreign.code()), (401, 2000));
    }
}

/// Proves: LOC-011, LOC-012, LOC-096
#[tokio::test]
async fn a_private_location_exists_for_nobody() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        let mut depot = location();
        for (i, evse) in depot["evses"].as_array_mut().unwrap().iter_mut().enumerate() {
            evse["uid"] = json!(format!("D{i}"));
        }
        depot["publish"] = json!(false);
        let put = world.operate(Method::PUT, "/locations/US/CPO/DEPOT?private=true", &depot).await;
        assert_eq!(put.http, 201, "{put:?}");
        world.operate(Method::POST, "/stations/D0/fault", &Value::Null).await;
        world.settle().await;
        assert!(!emsp.take_lines().iter().any(|line| line.contains("DEPOT")));
        assert_eq!(partner.get(&world, "/locations").await.header("x-total-count"), Some("1"));
        assert_eq!(partner.get(&world, "/locations/DEPOT").await.code(), 2003);
        assert_eq!(partner.get(&world, "/locations/DEPOT/D0").await.code(), 2003);
        let start = json!({
            "response_url": format!("{}/results/1", emsp.base), "token": emsp.token("CARD1", "NEVER"),
            "location_id": "DEPOT", "evse_uid": "D0",
        });
        let reply = partner.send(&world, Method::POST, "/commands/START_SESSION", &start).await;
        assert_eq!((reply.code(), &reply.data()["result"]), (2003, &json!("REJECTED")));
        let own = world.operate(Method::GET, "/locations/US/CPO/DEPOT", &Value::Null).await;
        assert_eq!(own.json["evses"][0]["status"], "OUTOFORDER");
    }
}
