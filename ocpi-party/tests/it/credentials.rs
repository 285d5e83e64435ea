//! The credentials endpoint, called by a platform that is written by hand.

use ocpi_party::testing::databases;
use ocpi_party::{PartyConfig, PeerStatus};
use ocpi_types::{Role, Url};
use serde_json::{Value, json};

use crate::platform::{Platform, envelope, refusal, role};
use crate::support::{Answer, Server, config};

const CREDENTIALS: &str = "/ocpi/2.2.1/credentials";
const VERSIONS: &str = "/ocpi/versions";
const LOCATIONS: &str = "/ocpi/2.2.1/cpo/locations";

/// Registers the platform; the answer's token.
async fn register(server: &Server, platform: &Platform) -> String {
    let (token_a, _) = server.invite().await;
    let answer = server.call("POST", CREDENTIALS, &token_a, Some(platform.credentials("token-b"))).await;
    assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
    token_of(&answer)
}

fn token_of(answer: &Answer) -> String {
    answer.json["data"]["token"].as_str().unwrap_or_default().to_owned()
}

fn lines(platform: &Platform) -> Vec<(String, String)> {
    platform.seen().into_iter().map(|seen| (seen.line, seen.token)).collect()
}

fn pair(line: &str, token: &str) -> (String, String) {
    (line.to_owned(), token.to_owned())
}

#[tokio::test]
async fn post_registers_after_fetching_back() {
    // Proves: CRE-004, CRE-011, CRE-012, CRE-013, CRE-014, CRE-016, CRE-032, CRE-035, CRE-038, CRE-039, CRE-040, CRE-041,
    // CRE-042, CRE-049, VER-037, TRN-011, TRN-015, TRN-016
    for database in databases().await {
        let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
        let (token_a, _) = server.invite().await;
        let (other_a, _) = server.invite().await;
        assert_ne!(token_a, other_a);
        // Token A: versions and credentials, nothing else.
        assert_eq!(server.get(VERSIONS, &token_a).await.codes(), (200, 1000));
        assert_eq!(server.get("/ocpi/2.2.1", &token_a).await.codes(), (200, 1000));
        assert_eq!(token_of(&server.get(CREDENTIALS, &token_a).await), token_a);
        assert_eq!(server.get(LOCATIONS, &token_a).await.http, 401);
        assert_eq!(server.call("PUT", CREDENTIALS, &token_a, Some(json!(1))).await.http, 405);
        assert_eq!(server.call("DELETE", CREDENTIALS, &token_a, None).await.http, 405);

        let answer = server.call("POST", CREDENTIALS, &token_a, Some(platform.credentials("token-b"))).await;
        assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
        let data = &answer.json["data"];
        assert_eq!(data["url"], server.path(VERSIONS));
        assert_eq!((&data["roles"][0]["role"], &data["roles"][0]["party_id"]), (&json!("EMSP"), &json!("EMS")));
        let token_c = token_of(&answer);
        assert!(token_c.len() <= 64 && ![&token_a, &other_a, "token-b"].contains(&token_c.as_str()));
        assert_eq!(lines(&platform), [pair("GET /versions", "token-b"), pair("GET /odd/2-2-1", "token-b")]);

        assert_eq!(server.get(VERSIONS, &token_a).await.http, 401, "token A is void");
        assert_eq!(server.get(LOCATIONS, &token_c).await.codes(), (200, 1000));
        assert_eq!(token_of(&server.get(CREDENTIALS, &token_c).await), token_c);
        let again = server.call("POST", CREDENTIALS, &token_c, Some(platform.credentials("x"))).await;
        assert_eq!((again.http, again.headers["allow"].to_str().unwrap()), (405, "GET, PUT, DELETE"));
        assert_eq!(server.get(LOCATIONS, &token_c).await.http, 200, "nothing has changed");
        let peers = server.party.peers.registered().await.unwrap();
        let peer = &peers[0];
        assert_eq!((peer.name.as_str(), peer.token_out.expose()), ("a partner", "token-b"));
        let mut endpoints: Vec<_> = peer.endpoints.iter().map(|e| format!("{} {}", e.identifier, e.role)).collect();
        endpoints.sort();
        assert_eq!(endpoints, ["credentials SENDER", "locations RECEIVER", "locations SENDER"]);
    }
}

#[tokio::test]
async fn trouble_with_the_callers_platform_is_told_and_token_a_survives() {
    // Proves: CRE-017, CRE-027, CRE-030, STA-026, STA-027, STA-028
    let database = ocpi_party::testing::sqlite();
    let with_required =
        PartyConfig { required_endpoints: vec!["tariffs:SENDER".into()], ..config(&Role::Emsp, &database) };
    let server = Server::start(Role::Emsp, with_required).await;
    let platform = Platform::start().await;
    let (token_a, id) = server.invite().await;
    let post = async |body: Value| server.call("POST", CREDENTIALS, &token_a, Some(body)).await;
    let good = platform.credentials("token-b");

    let mut nobody = good.clone();
    nobody["url"] = json!("http://127.0.0.1:9/versions");
    assert_eq!(post(nobody).await.codes(), (200, 3001));
    for broken in [envelope(json!("?")), refusal(3000), json!("no envelope"), envelope(json!({ "endpoints": 5 }))] {
        platform.answers("GET /odd/2-2-1", 200, broken.clone());
        assert_eq!(post(good.clone()).await.codes(), (200, 3001), "{broken}");
    }
    platform.answers("GET /versions", 401, refusal(2000));
    assert_eq!(post(good.clone()).await.codes(), (200, 3001));
    platform.offers(&["2.1.1", "2.2", "3.0"], &platform.endpoints());
    assert_eq!(post(good.clone()).await.codes(), (200, 3002));
    platform.offers(&["2.2.1"], &platform.endpoints());
    let lacking = post(good.clone()).await;
    assert_eq!(lacking.codes(), (200, 3003));
    assert!(lacking.message().contains("tariffs:SENDER"), "{}", lacking.message());
    let mut endpoints = platform.endpoints();
    endpoints.push(json!({ "identifier": "tariffs", "role": "SENDER", "url": "http://127.0.0.1:9/tariffs" }));
    platform.offers(&["2.2.1"], &endpoints[1..]);
    let no_credentials = post(good.clone()).await;
    assert_eq!(no_credentials.codes(), (200, 3003));

    // Nothing was stored by any of this.
    let peer = server.party.peers.get(&id).await.unwrap().unwrap();
    assert_eq!((peer.status, peer.roles.len(), peer.endpoints.len()), (PeerStatus::Invited, 0, 0));
    platform.offers(&["2.2.1"], &endpoints);
    assert_eq!(post(good).await.codes(), (200, 1000), "and token A is still good");
}

#[tokio::test]
async fn credentials_that_break_rules_are_refused() {
    // Proves: CRE-033, CRE-054, CRE-058, CRE-059, CRE-068, CRE-069, CRE-071, CRE-072, STA-002, STA-004
    let database = ocpi_party::testing::sqlite();
    let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
    let (token_a, _) = server.invite().await;
    let good = platform.credentials("token-b");
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let cases = [
        (with("/token", json!("x".repeat(65))), "/token"),
        (with("/token", json!("")), "token"),
        (with("/url", json!("no url")), "url"),
        (with("/roles", json!([])), "/roles"),
        (with("/roles", json!([role("CPO", "NL", "TNM"), role("CPO", "nl", "tnm")])), "/roles/1"),
        (with("/roles/0/role", json!("cpo")), "/roles/0/role"),
        (with("/roles/0/party_id", json!("TNMX")), "/roles/0/party_id"),
        (with("/roles/0/country_code", json!("NLD")), "/roles/0/country_code"),
        (with("/roles/0/business_details", json!({})), "/roles/0/business_details/name"),
        // Somebody who claims to be us.
        (with("/roles/0", role("EMSP", "us", "ems")), "/roles/0"),
    ];
    for (body, pointer) in cases {
        let answer = server.call("POST", CREDENTIALS, &token_a, Some(body.clone())).await;
        assert_eq!(answer.codes(), (200, 2001), "{body}: {answer:?}");
        assert!(answer.message().contains(pointer), "{pointer}: {}", answer.message());
    }
    assert!(platform.seen().is_empty(), "nobody was called");
    assert_eq!(server.call("POST", CREDENTIALS, "wrong", Some(json!("?"))).await.http, 401);
    assert_eq!(server.call("PATCH", CREDENTIALS, &token_a, Some(json!({}))).await.http, 405);
    let many = json!([role("CPO", "NL", "TNM"), role("EMSP", "NL", "TNM"), role("CPO", "DE", "TNM")]);
    // Proves: CRE-001, CRE-055, CRE-060, CRE-062
    let mut body = with("/token", json!("!~:=odd-but-printable"));
    body["roles"] = many;
    let answer = server.call("POST", CREDENTIALS, &token_a, Some(body)).await;
    assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
    assert_eq!(platform.seen()[0].token, "!~:=odd-but-printable");
}

#[tokio::test]
async fn a_party_has_one_platform_only() {
    let database = ocpi_party::testing::sqlite();
    let (server, first, second) = (Server::emsp(&database).await, Platform::start().await, Platform::start().await);
    let token = register(&server, &first).await;
    let (token_a, _) = server.invite().await;
    let refused = server.call("POST", CREDENTIALS, &token_a, Some(second.credentials("b2"))).await;
    assert_eq!(refused.codes(), (200, 2001));
    assert!(refused.message().contains("CPO NL/TNM is registered here by another platform"), "{}", refused.message());
    assert_eq!(server.call("DELETE", CREDENTIALS, &token, None).await.codes(), (200, 1000));
    assert_eq!(server.call("POST", CREDENTIALS, &token_a, Some(second.credentials("b2"))).await.codes(), (200, 1000));
}

#[tokio::test]
async fn put_fetches_again_and_rotates_with_a_short_grace() {
    // Proves: CRE-023, CRE-024, CRE-032, CRE-044, CRE-045, CRE-046, CRE-047, CRE-048, VER-018
    for database in databases().await {
        let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
        let old = register(&server, &platform).await;
        platform.seen();
        let mut endpoints = platform.endpoints();
        endpoints[1]["url"] = json!(format!("{}/moved", platform.url));
        platform.offers(&["2.2.1"], &endpoints);
        let mut changed = platform.credentials("token-b2");
        changed["roles"] = json!([role("CPO", "NL", "TNM"), role("CPO", "DE", "TNM")]);
        let answer = server.call("PUT", CREDENTIALS, &old, Some(changed.clone())).await;
        assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
        let new = token_of(&answer);
        assert_ne!(new, old);
        assert_eq!(lines(&platform), [pair("GET /versions", "token-b2"), pair("GET /odd/2-2-1", "token-b2")]);
        let peer = server.peer().await;
        assert_eq!((peer.token_out.expose(), peer.roles.len()), ("token-b2", 2));
        assert!(peer.endpoints.iter().any(|endpoint| endpoint.url == Url::from(format!("{}/moved", platform.url))));

        assert_eq!(server.get(LOCATIONS, &new).await.http, 200);
        assert_eq!(server.get(LOCATIONS, &old).await.http, 200, "on its way");
        server.clock.advance(std::time::Duration::from_secs(10));
        assert_eq!(server.get(LOCATIONS, &old).await.http, 401, "the grace is over");
        assert_eq!(server.get(LOCATIONS, &new).await.http, 200);

        // Nothing has changed, and still everything is fetched and the token renewed.
        assert_eq!(lines(&platform), []);
        let again = server.call("PUT", CREDENTIALS, &new, Some(changed.clone())).await;
        assert_eq!((again.codes(), platform.seen().len()), ((200, 1000), 2));
        // A PUT that fails changes nothing.
        platform.offers(&["2.1.1"], &endpoints);
        let current = token_of(&again);
        assert_eq!(
            server.call("PUT", CREDENTIALS, &current, Some(platform.credentials("b3"))).await.codes(),
            (200, 3002)
        );
        assert_eq!(server.get(LOCATIONS, &current).await.http, 200);
        assert_eq!(server.peer().await.token_out.expose(), "token-b2");
    }
}

#[tokio::test]
async fn delete_ends_everything() {
    // Proves: CRE-032, CRE-050, CRE-051, CRE-052, CRE-053
    for database in databases().await {
        let (server, platform) = (Server::cpo(&database).await, Platform::start().await);
        let (token_a, _) = server.invite().await;
        let mut body = platform.credentials("token-b");
        body["roles"] = json!([role("EMSP", "NL", "TNM")]);
        let token = token_of(&server.call("POST", CREDENTIALS, &token_a, Some(body)).await);
        assert_eq!(server.call("DELETE", CREDENTIALS, &token, None).await.codes(), (200, 1000));
        for (method, path) in [("GET", VERSIONS), ("GET", LOCATIONS), ("DELETE", CREDENTIALS), ("PUT", CREDENTIALS)] {
            assert_eq!(server.call(method, path, &token, None).await.http, 401, "{method} {path}");
        }
        let peer = server.peer().await;
        assert_eq!((peer.status, peer.token_out.expose(), peer.endpoints.len()), (PeerStatus::Unregistered, "", 0));
        platform.seen();
        // Nothing is marked, and so nothing is ever sent.
        let marks: i64 = server
            .party
            .db
            .write(|tx| {
                Box::pin(async move {
                    ocpi_party::mark_all(tx, ocpi_types::ModuleId::Locations, "US/CPO|1").await?;
                    let count = sqlx::query_scalar("SELECT COUNT(*) FROM sync_behind").fetch_one(&mut **tx).await?;
                    Ok::<_, ocpi_party::DbError>(count)
                })
            })
            .await
            .unwrap();
        assert_eq!((marks, platform.seen().len()), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_registrations_with_one_token_a_the_first_wins() {
    for database in databases().await {
        let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
        let (token_a, _) = server.invite().await;
        let posts =
            [1, 2, 3, 4].map(|i| (token_a.clone(), platform.credentials(&format!("b{i}")))).map(|(token, body)| {
                let url = server.path(CREDENTIALS);
                tokio::spawn(async move {
                    let header = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, token);
                    crate::support::call("POST", &url, &format!("Token {header}"), Some(body)).await
                })
            });
        let mut winners = Vec::new();
        for post in posts {
            let answer = post.await.unwrap();
            match answer.http {
                200 => winners.push(token_of(&answer)),
                // Refused when the exchange was over before it, or at its very end.
                other => assert!(matches!(other, 401 | 405), "{answer:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "{}", database.name);
        assert_eq!(server.get(LOCATIONS, &winners[0]).await.http, 200);
    }
}
