//! Who gets in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ocpi_party::PartyConfig;
use ocpi_party::testing::sqlite;
use ocpi_types::Role;
use serde_json::json;

use crate::platform::{Platform, role};
use crate::support::{OPERATOR_KEY, Server, call, config};

const LOCATIONS: &str = "/ocpi/2.2.1/cpo/locations";
const PUT: &str = "/ocpi/2.2.1/emsp/locations/NL/TNM/LOC1";

async fn registered(server: &Server, platform: &Platform, body: serde_json::Value) -> String {
    let (token_a, _) = server.invite().await;
    let answer = server.call("POST", "/ocpi/2.2.1/credentials", &token_a, Some(body)).await;
    assert_eq!(answer.codes(), (200, 1000), "{answer:?}");
    platform.seen();
    answer.json["data"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_accepted_encoded_and_raw_and_the_operator_sees_which() {
    // Proves: CRE-002, TRN-008
    let database = sqlite();
    let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
    let token = registered(&server, &platform, platform.credentials("b")).await;
    let url = server.path(LOCATIONS);
    let encoded = STANDARD.encode(&token);
    for good in [
        format!("Token {encoded}"),
        format!("token {encoded}"),
        format!("Token {}", STANDARD.encode(format!("{token}\n"))),
    ] {
        assert_eq!(call("GET", &url, &good, None).await.http, 200, "{good}");
    }
    for bad in
        [String::new(), "Token".into(), format!("Bearer {encoded}"), format!("Token {encoded}x"), "Token !".into()]
    {
        let answer = call("GET", &url, &bad, None).await;
        assert_eq!(
            (answer.codes(), answer.headers["www-authenticate"].to_str().unwrap()),
            ((401, 2000), "Token"),
            "{bad}"
        );
        assert!(answer.headers.contains_key("x-request-id"));
    }
    assert_eq!(call("GET", &url, &format!("Token {}", STANDARD.encode(token.to_uppercase())), None).await.http, 401);
    assert_eq!(call("GET", &url, &format!("Token {token}"), None).await.http, 200, "raw");
    // The form is stored off the request's way: closing the database waits for it.
    for _ in 0..100 {
        let seen = server.operator("GET", "/partners", None).await.json["partners"][0]["token_form_seen"].clone();
        if seen == "RAW" {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the raw token was not noticed");
}

#[tokio::test]
async fn raw_tokens_can_be_switched_off() {
    let database = sqlite();
    let strict = PartyConfig { accept_raw_tokens: false, ..config(&Role::Emsp, &database) };
    let (server, platform) = (Server::start(Role::Emsp, strict).await, Platform::start().await);
    let token = registered(&server, &platform, platform.credentials("b")).await;
    let answer = call("GET", &server.path(LOCATIONS), &format!("Token {token}"), None).await;
    assert_eq!(answer.http, 401);
    assert!(answer.message().contains("Base64"));
    assert_eq!(server.get(LOCATIONS, &token).await.http, 200);
}

#[tokio::test]
async fn only_the_owners_platform_pushes_an_object() {
    // Proves: TRN-064, HUB-004
    let database = sqlite();
    let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
    let token = registered(&server, &platform, platform.credentials("b")).await;
    let body = |country: &str, party: &str| Some(json!({ "country_code": country, "party_id": party }));
    assert_eq!(server.call("PUT", PUT, &token, body("nl", "tnm")).await.codes(), (200, 1000));
    assert_eq!(server.call("PUT", PUT, &token, body("DE", "TNM")).await.codes(), (200, 2001));
    let other = "/ocpi/2.2.1/emsp/locations/DE/TNM/LOC1";
    assert_eq!(server.call("PUT", other, &token, body("DE", "TNM")).await.codes(), (404, 2001));

    let hub = Platform::start().await;
    let mut credentials = hub.credentials("h");
    credentials["roles"] = json!([role("HUB", "NL", "HUB")]);
    let hub_token = registered(&server, &hub, credentials).await;
    assert_eq!(
        server.call("PUT", other, &hub_token, body("DE", "TNM")).await.codes(),
        (200, 1000),
        "a hub speaks for others"
    );
}

#[tokio::test]
async fn a_request_for_a_party_that_is_not_here_is_refused() {
    let database = sqlite();
    let (server, platform) = (Server::cpo(&database).await, Platform::start().await);
    let mut credentials = platform.credentials("b");
    credentials["roles"] = json!([role("EMSP", "NL", "TNM")]);
    let token = registered(&server, &platform, credentials).await;
    let to = async |country: &str, party: &str| {
        let client = reqwest::Client::new();
        let request = client
            .get(server.path(LOCATIONS))
            .header("Authorization", format!("Token {}", STANDARD.encode(&token)))
            .header("OCPI-to-country-code", country)
            .header("OCPI-to-party-id", party);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(to("us", "cpo").await, 200);
    assert_eq!(to("NL", "XXX").await, 404);
}

#[tokio::test]
async fn the_operator_api_wants_its_key_and_says_so() {
    let database = sqlite();
    let server = Server::emsp(&database).await;
    let url = server.path("/operator/v1/whoami");
    assert_eq!(call("GET", &url, &format!("Bearer {OPERATOR_KEY}"), None).await.http, 200);
    for bad in ["", "Bearer wrong", &format!("Token {OPERATOR_KEY}"), &format!("Bearer {OPERATOR_KEY}x")] {
        let answer = call("GET", &url, bad, None).await;
        assert_eq!(answer.http, 401, "{bad}");
        assert!(answer.json["error"]["what_next"].as_str().unwrap().contains("Bearer"));
        assert_eq!(answer.json["error"]["request_id"], answer.headers["x-request-id"].to_str().unwrap());
    }
    let database = sqlite();
    let closed = Server::start(Role::Emsp, PartyConfig { operator_key: None, ..config(&Role::Emsp, &database) }).await;
    let answer = call("GET", &closed.path("/operator/v1/partners"), "Bearer x", None).await;
    assert_eq!(answer.http, 403);
    assert!(answer.json["error"]["what_next"].as_str().unwrap().contains("OPERATOR_KEY"), "{answer:?}");
}

#[tokio::test]
async fn tokens_are_not_readable_in_the_database() {
    let database = sqlite();
    let (server, platform) = (Server::emsp(&database).await, Platform::start().await);
    let token = registered(&server, &platform, platform.credentials("b")).await;
    let (token_a, _) = server.invite().await;
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT hash FROM peer_tokens").fetch_all(server.party.db.read()).await.unwrap();
    assert_eq!(stored.len(), 2);
    assert!(stored.iter().all(|hash| hash.len() == 64 && *hash != token && *hash != token_a));
    let shown = format!("{:?} {:?}", server.party.peers.all().await.unwrap(), server.party);
    assert!(!shown.contains(&token) && !shown.contains(&token_a), "{shown}");
}

#[tokio::test]
async fn strangers_do_not_learn_what_is_there() {
    // Proves: STA-004
    let database = sqlite();
    let server = Server::emsp(&database).await;
    for (method, path) in [("GET", "/ocpi/2.2.1/nothing/here"), ("PATCH", "/ocpi/2.2.1/credentials"), ("GET", "/ocpi")]
    {
        let answer = server.call(method, path, "nobody-knows-this", None).await;
        assert_eq!(answer.codes(), (401, 2000), "{method} {path}: {answer:?}");
    }
    let (token_a, _) = server.invite().await;
    assert_eq!(server.call("GET", "/ocpi/2.2.1/nothing/here", &token_a, None).await.codes(), (404, 2000));
    assert_eq!(server.call("PATCH", "/ocpi/2.2.1/credentials", &token_a, None).await.codes(), (405, 2000));
}
