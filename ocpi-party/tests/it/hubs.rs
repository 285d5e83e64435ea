//! What a hub tells about who is connected to it.

use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::platform::{Platform, role};
use crate::support::{Answer, Server};

const PATH: &str = "/ocpi/2.2.1/hubclientinfo/NL/ALL";

/// A platform with this role, registered by the real handshake; its token.
async fn register(server: &Server, platform: &Platform, roles: Value) -> String {
    let (token_a, _) = server.invite().await;
    let mut credentials = platform.credentials("token-b");
    credentials["roles"] = roles;
    let answer = server.call("POST", "/ocpi/2.2.1/credentials", &token_a, Some(credentials)).await;
    assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
    answer.json["data"]["token"].as_str().unwrap().to_owned()
}

fn info(role: &str, status: &str, last_updated: &str) -> Value {
    json!({ "country_code": "NL", "party_id": "ALL", "role": role, "status": status, "last_updated": last_updated })
}

fn has_routing(answer: &Answer) -> bool {
    answer.headers.keys().any(|name| name.as_str().starts_with("ocpi-"))
}

/// Proves: HCI-001, HCI-003, HCI-026, HCI-027, HCI-028, HCI-030, HCI-031, HCI-033, HCI-034, HCI-050, HUB-002
#[tokio::test]
async fn a_hub_puts_who_is_there_and_may_read_it_back() {
    for database in databases().await {
        let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
        let hub = register(&server, &platform, json!([role("HUB", "EU", "HUB")])).await;
        let details = server.get("/ocpi/2.2.1", &hub).await;
        let endpoints = details.json["data"]["endpoints"].as_array().unwrap();
        let own: Vec<_> = endpoints.iter().filter(|endpoint| endpoint["identifier"] == "hubclientinfo").collect();
        let url = server.path("/ocpi/2.2.1/hubclientinfo");
        assert_eq!(own, [&json!({ "identifier": "hubclientinfo", "role": "RECEIVER", "url": url })]);

        assert_eq!(server.get(PATH, &hub).await.codes(), (404, 2001), "nothing has been told");
        let first = info("CPO", "CONNECTED", "2026-01-15T09:00:00Z");
        let put = async |path: &str, body: &Value| server.call("PUT", path, &hub, Some(body.clone())).await;
        let created = put(PATH, &first).await;
        assert_eq!((created.codes(), has_routing(&created)), ((201, 1000), false));
        let read = server.get(PATH, &hub).await;
        assert_eq!((read.codes(), &read.json["data"], has_routing(&read)), ((200, 1000), &first, false));
        let offline = info("CPO", "OFFLINE", "2026-01-15T09:30:00Z");
        assert_eq!(put("/ocpi/2.2.1/hubclientinfo/nl/all", &offline).await.codes(), (200, 1000));
        assert_eq!(server.get(PATH, &hub).await.json["data"], offline);

        // The URL knows no role: each is kept, the last one is shown.
        let second = info("EMSP", "CONNECTED", "2026-01-15T09:10:00Z");
        assert_eq!(put(PATH, &second).await.codes(), (201, 1000));
        assert_eq!(server.get(PATH, &hub).await.json["data"], second);
        let id = server.peer().await.id.clone();
        let clients = server.operator("GET", &format!("/partners/{id}/clients"), None).await;
        let listed: Vec<_> = clients.json["clients"].as_array().unwrap().iter().map(|client| &client["info"]).collect();
        assert_eq!(listed, [&offline, &second]);

        for (path, body) in [
            (PATH, info("CPO", "CONNECTED", "2026-01-15T09:29:59Z")),
            (PATH, info("CPO", "ON_HOLIDAY", "2026-01-15T10:00:00Z")),
            (PATH, json!({ "country_code": "NL", "party_id": "ALL", "role": "CPO" })),
            ("/ocpi/2.2.1/hubclientinfo/NL/XXX", info("CPO", "CONNECTED", "2026-01-15T10:00:00Z")),
            ("/ocpi/2.2.1/hubclientinfo/N/ALL", info("CPO", "CONNECTED", "2026-01-15T10:00:00Z")),
        ] {
            assert_eq!(put(path, &body).await.codes(), (200, 2001), "{path} {body}");
        }
        for method in ["POST", "PATCH", "DELETE"] {
            assert_eq!(server.call(method, PATH, &hub, Some(first.clone())).await.http, 405, "{method}");
        }
        for path in ["/ocpi/2.2.1/hubclientinfo", "/ocpi/2.2.1/hubclientinfo/NL"] {
            assert_eq!(put(path, &first).await.codes(), (404, 2000), "{path}");
        }
        let clients = server.operator("GET", &format!("/partners/{id}/clients"), None).await;
        let kept: Vec<_> = clients.json["clients"].as_array().unwrap().iter().map(|client| &client["info"]).collect();
        assert_eq!(kept, [&offline, &second], "what was refused has changed nothing");

        // The spec's own example has no last_updated.
        let undated = json!({ "country_code": "NL", "party_id": "ALL", "role": "CPO", "status": "PLANNED" });
        assert_eq!(put(PATH, &undated).await.codes(), (200, 1000));
        let stored = server.get(PATH, &hub).await.json;
        assert_eq!(
            (&stored["data"]["status"], &stored["data"]["last_updated"]),
            (&json!("PLANNED"), &json!("2026-01-15T10:00:00Z"))
        );
    }
}

/// Proves: HCI-002 (as seen from here), HCI-023, STA-006
#[tokio::test]
async fn only_hubs_tell_and_versions_have_no_effects() {
    for database in databases().await {
        let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
        let cpo = register(&server, &platform, json!([role("CPO", "NL", "TNM")])).await;
        let first = info("CPO", "CONNECTED", "2026-01-15T09:00:00Z");
        assert_eq!(server.call("PUT", PATH, &cpo, Some(first.clone())).await.codes(), (404, 2001));
        assert_eq!(server.get(PATH, &cpo).await.codes(), (404, 2001));
        assert_eq!(server.call("PUT", PATH, "nobody", Some(first)).await.http, 401);
        let before = server.operator("GET", "/partners", None).await.json;
        let versions = server.get("/ocpi/versions", &cpo).await;
        for _ in 0..3 {
            let again = server.get("/ocpi/versions", &cpo).await;
            assert_eq!((again.codes(), &again.json["data"]), ((200, 1000), &versions.json["data"]));
        }
        assert_eq!(server.operator("GET", "/partners", None).await.json, before);
    }
}

#[tokio::test]
async fn what_a_hub_told_ends_with_its_registration() {
    for database in databases().await {
        let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
        let hub = register(&server, &platform, json!([role("HUB", "EU", "HUB")])).await;
        let first = info("CPO", "OFFLINE", "2026-01-15T09:00:00Z");
        assert_eq!(server.call("PUT", PATH, &hub, Some(first)).await.codes(), (201, 1000));
        let id = server.peer().await.id.clone();
        let party = "NL/ALL".parse().unwrap();
        assert!(server.party.why_away(&*server.peer().await, &party).unwrap().contains("OFFLINE"));
        assert_eq!(server.call("DELETE", "/ocpi/2.2.1/credentials", &hub, None).await.codes(), (200, 1000));
        assert_eq!(
            server.operator("GET", &format!("/partners/{id}/clients"), None).await.json,
            json!({ "clients": [] })
        );
    }
}
