//! A platform that hosts two CPOs, and a partner that hosts two EMSPs.

use axum::http::Method;
use ocpi_party::push_due;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{Partner, Reply, World, location, read, tariff};

async fn routed(world: &World, partner: &Partner, (from, to): (&str, &str), path: &str) -> Reply {
    let mut request =
        world.http.get(format!("{}/ocpi/2.2.1/cpo{path}", world.base)).header("Authorization", &partner.authorization);
    for (direction, party) in [("from", from), ("to", to)] {
        let (country, id) = party.split_once('/').unwrap();
        request = request
            .header(format!("OCPI-{direction}-country-code"), country)
            .header(format!("OCPI-{direction}-party-id"), id);
    }
    read(request).await
}

fn ids(reply: &Reply) -> Vec<String> {
    assert_eq!((reply.http, reply.code()), (200, 1000), "{reply:?}");
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    reply.data().as_array().unwrap().iter().map(id).collect()
}

/// Proves: HUB-047, HUB-048, HUB-050, HUB-006, TRN-050
#[tokio::test]
async fn each_operator_of_a_platform_has_its_own_lists_and_sends_in_its_own_name() {
    for database in databases().await {
        let world = World::new(&database).await;
        let second = json!({ "country_code": "US", "party_id": "TWO", "name": "The Second" });
        assert_eq!(world.operate(Method::POST, "/parties", &second).await.http, 201);
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        let mut other = location();
        for evse in other["evses"].as_array_mut().unwrap() {
            evse["uid"] = json!(format!("{}-OF-LOC2", evse["uid"].as_str().unwrap()));
        }
        for (id, location) in [("LOC1", location()), ("LOC2", other)] {
            assert_eq!(world.operate(Method::PUT, &format!("/locations/US/TWO/{id}"), &location).await.http, 201);
        }
        assert_eq!(world.operate(Method::PUT, "/tariffs/US/TWO/T2", &tariff()).await.http, 201);

        let of = async |party: &str, path: &str| routed(&world, &partner, ("US/EMS", party), path).await;
        assert_eq!(ids(&of("US/CPO", "/locations").await), ["LOC1"]);
        assert_eq!(ids(&of("US/TWO", "/locations").await), ["LOC1", "LOC2"]);
        assert_eq!(ids(&of("US/CPO", "/tariffs").await), ["T1"]);
        assert_eq!(ids(&of("us/two", "/tariffs").await), ["T2"]);
        for party in ["US/CPO", "US/TWO"] {
            let one = of(party, "/locations/LOC1").await;
            assert_eq!(one.data()["party_id"], party[3..], "the same id at two operators");
        }
        assert_eq!(of("US/CPO", "/locations/LOC2").await.http, 404, "the other operator's");
        assert_eq!((of("US/XXX", "/locations").await.http, of("US/XXX", "/locations").await.code()), (404, 2001));
        let page = of("US/TWO", "/locations?limit=1").await;
        assert_eq!((ids(&page).len(), page.header("x-total-count")), (1, Some("2")));
        assert!(page.header("link").is_some_and(|link| link.contains("offset=1")), "more follows");
        assert_eq!(of("US/TWO", "/locations?limit=2").await.header("link"), None, "nothing follows");

        push_due(&world.app.party, &world.app.outbox()).await;
        let received = emsp.take();
        let sent: Vec<_> = received.iter().filter(|request| request.method == Method::PUT).collect();
        assert!(sent.len() >= 5, "{received:?}");
        for request in
            sent.iter().filter(|request| request.path.starts_with("/locations") || request.path.starts_with("/tariffs"))
        {
            let owner = request.path.split('/').nth(3).unwrap();
            assert_eq!(request.header("ocpi-from-party-id"), Some(owner), "{}", request.path);
            assert_eq!(request.header("ocpi-to-party-id"), Some("EMS"));
        }
    }
}

/// Proves: HUB-050, HUB-047: two EMSPs on one platform, each with its own Sessions, and asked for Tokens one by one
#[tokio::test]
async fn each_emsp_of_a_partner_sees_its_own_sessions() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start_with("US", "EMS", &["SUN"]).await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        ocpi_party::pull_now(&world.app.party, &world.app.inbox(), &partner.id, true).await.unwrap();
        let lists: Vec<_> = emsp.take().into_iter().filter(|request| request.path == "/tokens").collect();
        let to: Vec<_> = lists.iter().map(|request| request.header("ocpi-to-party-id").unwrap()).collect();
        assert_eq!(to, ["EMS", "SUN"], "a platform has a list for each of its parties");

        for (evse, id) in [("E1", "EMS"), ("E2", "SUN")] {
            let car = json!({ "connector_id": "1", "battery_kwh": 50, "soc_percent": 30 });
            assert_eq!(world.operate(Method::POST, &format!("/stations/{evse}/plug-in"), &car).await.http, 200);
            let mut token = emsp.token(&format!("APP-{id}"), "NEVER");
            token["party_id"] = json!(id);
            token["type"] = json!("APP_USER");
            let command = json!({
                "response_url": format!("{}/results/{id}", emsp.base), "token": token, "location_id": "LOC1",
                "evse_uid": evse, "connector_id": "1",
            });
            let reply = partner.send(&world, Method::POST, "/commands/START_SESSION", &command).await;
            assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
            emsp.wait_for(Method::POST, &format!("/results/{id}")).await;
        }
        world.settle().await;
        for id in ["EMS", "SUN"] {
            let sessions = routed(&world, &partner, (&format!("US/{id}"), "US/CPO"), "/sessions").await;
            let list = sessions.data().as_array().unwrap();
            assert_eq!((list.len(), &list[0]["cdr_token"]["party_id"]), (1, &json!(id)));
        }
        // Without routing headers the platform as a whole is asked for.
        assert_eq!(ids(&partner.get(&world, "/sessions").await).len(), 2);
        let sessions: Vec<_> =
            emsp.take().into_iter().filter(|request| request.path.starts_with("/sessions")).collect();
        for request in &sessions {
            let token = &request.body["cdr_token"]["party_id"];
            assert!(token.is_null() || request.header("ocpi-to-party-id") == token.as_str(), "{request:?}");
        }
    }
}
