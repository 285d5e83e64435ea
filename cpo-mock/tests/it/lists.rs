//! What partners can read, and what they cannot.

use axum::http::Method;
use cpo_mock::Config;
use ocpi_http::Clock;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{Partner, Reply, World, at, config, location, tariff};

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

/// Proves: LOC-024, LOC-038, LOC-039, LOC-040, LOC-041, LOC-042, LOC-043, SES-019, CDR-028, TAR-010, CMD-019,
/// TRN-023
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

/// Three charges by an app and without a contract, each with a Tariff, a Session and a CDR, at three times.
async fn charge_three_times(world: &World, partner: &Partner, emsp: &Emsp) {
    world.publish().await;
    for (uid, token_type) in [("APP1", "APP_USER"), ("GUEST", "AD_HOC_USER"), ("APP2", "APP_USER")] {
        world.operate(Method::PUT, &format!("/tariffs/US/CPO/{uid}"), &tariff()).await;
        let car = json!({ "connector_id": "1", "battery_kwh": 50, "soc_percent": 30 });
        assert_eq!(world.operate(Method::POST, "/stations/E2/plug-in", &car).await.http, 200);
        let mut token = emsp.token(uid, "NEVER");
        token["type"] = json!(token_type);
        let command = json!({
            "response_url": format!("{}/results/{uid}", emsp.base), "token": token, "location_id": "LOC1",
            "evse_uid": "E2", "connector_id": "1",
        });
        let reply = partner.send(world, Method::POST, "/commands/START_SESSION", &command).await;
        assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
        assert_eq!(emsp.wait_for(Method::POST, &format!("/results/{uid}")).await.body["result"], "ACCEPTED");
        world.advance(5).await;
        assert_eq!(world.operate(Method::POST, "/stations/E2/unplug", &Value::Null).await.http, 200);
        world.advance(5).await;
    }
}

fn objects(reply: &Reply) -> Vec<Value> {
    assert_eq!((reply.http, reply.code()), (200, 1000), "{reply:?}");
    reply.data().as_array().unwrap().clone()
}

/// The list in pages of one object, by the links.
async fn one_by_one(world: &World, partner: &Partner, list: &str, total: &str) -> Vec<Value> {
    let mut path = format!("/{list}?limit=1");
    let mut seen = Vec::new();
    loop {
        let page = partner.get(world, &path).await;
        assert_eq!((page.header("x-total-count"), page.header("x-limit")), (Some(total), Some("1000")));
        let items = objects(&page);
        assert_eq!(items.len(), 1, "limit is an upper bound, and no page is empty");
        seen.extend(items);
        let Some(link) = page.header("link") else { return seen };
        link.split(['<', '>']).nth(1).unwrap().split_once("/cpo").unwrap().1.clone_into(&mut path);
    }
}

/// Of two windows that touch at the time of one object it is in the second, and in the second only.
async fn windows_touch(world: &World, partner: &Partner, list: &str, all: &[Value]) {
    let boundary = all[all.len() - 2]["last_updated"].as_str().unwrap();
    let updated = |object: &&Value| at(object["last_updated"].as_str().unwrap());
    let (later, earlier): (Vec<_>, Vec<_>) = all.iter().partition(|object| updated(object) >= at(boundary));
    assert!(!earlier.is_empty() && later.len() == 2, "{list}: {boundary}");
    for (window, expected) in [
        (format!("date_from={boundary}"), &later),
        (format!("date_to={boundary}"), &earlier),
        (format!("date_from={boundary}&date_to=2030-01-01T00:00:00Z"), &later),
        (format!("date_from=2020-01-01T00:00:00Z&date_to={boundary}"), &earlier),
    ] {
        let reply = partner.get(world, &format!("/{list}?{window}")).await;
        assert_eq!(objects(&reply).iter().collect::<Vec<_>>(), *expected, "{list}?{window}");
        assert_eq!(reply.header("x-total-count"), Some(expected.len().to_string().as_str()));
    }
}

/// Proves: SES-021, SES-022, SES-023, SES-024, SES-025, SES-062, CDR-029, CDR-030, CDR-031, CDR-032, CDR-033, CDR-047,
/// TAR-002, TAR-012, TAR-013, TAR-014, TAR-015, TAR-016, LOC-080, TRN-011, TRN-057, TRN-072, PRC-084, CMD-060
#[tokio::test]
async fn tariffs_sessions_and_cdrs_are_listed_by_the_same_rules() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let other = world.register(&Emsp::start("NL", "TNM").await).await;
        assert_ne!(partner.authorization, other.authorization);
        charge_three_times(&world, &partner, &emsp).await;
        let credentials = world.request(Method::GET, "/ocpi/2.2.1/credentials", &partner.authorization, None).await;
        let owner = |json: &Value| (json["country_code"].clone(), json["party_id"].clone());
        let roles: Vec<_> = credentials.data()["roles"].as_array().unwrap().iter().map(owner).collect();
        assert!(objects(&partner.get(&world, "/locations").await).iter().all(|place| roles.contains(&owner(place))));

        for (list, class, visible_to_all) in
            [("tariffs", "Tariff", true), ("sessions", "Session", false), ("cdrs", "CDR", false)]
        {
            let all = objects(&partner.get(&world, &format!("/{list}")).await);
            let total = all.len().to_string();
            assert_eq!(all.len(), if visible_to_all { 4 } else { 3 }, "{list}");
            let class = ocpi_types::catalogue::class(class).unwrap();
            for object in &all {
                assert!(class.parse(object.clone()).report.is_clean(), "{object}");
                assert!(roles.contains(&owner(object)), "{object}");
            }
            assert_eq!(one_by_one(&world, &partner, list, &total).await, all);
            assert_eq!(objects(&partner.get(&world, &format!("/{list}?offset=0")).await), all);
            assert_eq!(objects(&partner.get(&world, &format!("/{list}?offset=1")).await), all[1..]);

            windows_touch(&world, &partner, list, &all).await;
            let foreign = other.get(&world, &format!("/{list}")).await;
            assert_eq!(objects(&foreign), if visible_to_all { all.clone() } else { Vec::new() });
            assert_eq!(foreign.header("x-total-count"), Some(if visible_to_all { total.as_str() } else { "0" }));
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                for path in [format!("/{list}"), format!("/{list}/US/CPO/T1")] {
                    let reply = partner.send(&world, method.clone(), &path, &all[0]).await;
                    assert!(matches!(reply.http, 404 | 405), "{method} {path}: {reply:?}");
                }
            }
            world.advance(60).await;
            assert_eq!(objects(&partner.get(&world, &format!("/{list}")).await), all, "nothing has changed");
        }
        let dimensions = async |list: &str| partner.get(&world, &format!("/{list}")).await.data().to_string();
        assert!(dimensions("sessions").await.contains("STATE_OF_CHARGE"));
        let bills = dimensions("cdrs").await;
        for session_only in ["CURRENT", "ENERGY_EXPORT", "ENERGY_IMPORT", "POWER", "STATE_OF_CHARGE"] {
            assert!(!bills.contains(&format!("\"{session_only}\"")), "{session_only}");
        }

        let received = emsp.take();
        assert!(
            !received.iter().any(|request| request.path.ends_with("/authorize")),
            "apps and guests are not asked about"
        );
        let pushed: Vec<_> = received.iter().filter(|request| request.method != Method::POST).collect();
        assert!(!pushed.is_empty());
        for request in pushed {
            let path: Vec<_> = request.path.split('/').collect();
            assert!(roles.contains(&(json!(path[2]), json!(path[3]))), "{}", request.path);
        }
    }
}
