//! What the platform says it offers, and who is let in where.

use std::collections::BTreeSet;

use axum::http::Method;
use cpo_mock::App;
use ocpi_party::testing::databases;
use ocpi_types::{Version, VersionDetails};
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{Reply, World};

/// A request that the module of this endpoint knows.
async fn probe(world: &World, endpoint: &Value, authorization: &str) -> Reply {
    let path = endpoint["url"].as_str().unwrap().strip_prefix(&world.base).unwrap();
    let request = async |method: Method, more: &str, body: Option<&Value>| {
        world.request(method, &format!("{path}{more}"), authorization, body).await
    };
    match endpoint["identifier"].as_str().unwrap() {
        "tokens" => request(Method::GET, "/US/EMS/CARD1", None).await,
        "chargingprofiles" => request(Method::GET, "/unknown?duration=60", None).await,
        "hubclientinfo" => request(Method::GET, "/NL/ALL", None).await,
        "commands" => request(Method::POST, "/START_SESSION", Some(&json!({}))).await,
        _ => request(Method::GET, "", None).await,
    }
}

/// Proves: VER-010, VER-013, VER-014, VER-019, VER-021, VER-023, VER-028, VER-029, VER-031, VER-033, TRN-017, TRN-102,
/// LOC-001, SES-001, CDR-001, TOK-001, TAR-001, CMD-001, CMD-003, CHP-001, CHP-002, HCI-001
#[tokio::test]
async fn every_endpoint_is_listed_once_and_is_there() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let versions = world.request(Method::GET, "/ocpi/versions", &partner.authorization, None).await;
        let details_url = format!("{}/ocpi/2.2.1", world.base);
        assert_eq!((versions.http, versions.code()), (200, 1000));
        assert_eq!(versions.data(), &json!([{ "version": "2.2.1", "url": details_url }]));
        assert!(ocpi_types::parse::<Version>(versions.data()[0].clone()).report.is_clean());

        let details = world.request(Method::GET, "/ocpi/2.2.1", &partner.authorization, None).await;
        assert_eq!((details.http, details.code(), &details.data()["version"]), (200, 1000, &json!("2.2.1")));
        assert!(ocpi_types::parse::<VersionDetails>(details.data().clone()).report.is_clean());
        let endpoints = details.data()["endpoints"].as_array().unwrap();
        let text = |endpoint: &Value, name: &str| endpoint[name].as_str().unwrap().to_owned();
        let listed: Vec<_> = endpoints.iter().map(|e| (text(e, "identifier"), text(e, "role"))).collect();
        let unique: BTreeSet<_> = listed.iter().map(|(module, role)| (module.as_str(), role.as_str())).collect();
        let expected = [
            ("cdrs", "SENDER"),
            ("chargingprofiles", "RECEIVER"),
            ("commands", "RECEIVER"),
            ("credentials", "SENDER"),
            ("hubclientinfo", "RECEIVER"),
            ("locations", "SENDER"),
            ("sessions", "SENDER"),
            ("tariffs", "SENDER"),
            ("tokens", "RECEIVER"),
        ];
        assert_eq!((unique, listed.len()), (expected.into(), expected.len()));

        for endpoint in endpoints.iter().filter(|endpoint| endpoint["role"] == "SENDER") {
            let list = probe(&world, endpoint, &partner.authorization).await;
            assert_eq!((list.http, list.code()), (200, 1000), "{endpoint}");
            assert_eq!(list.data().is_array(), endpoint["identifier"] != "credentials", "{endpoint}");
        }
        let card = emsp.token("CARD1", "ALWAYS");
        assert_eq!(partner.send(&world, Method::PUT, "/tokens/US/EMS/CARD1", &card).await.http, 201);
        for endpoint in endpoints.iter().filter(|endpoint| endpoint["role"] == "RECEIVER") {
            // There, and not for an EMSP.
            let expected = if endpoint["identifier"] == "hubclientinfo" { (404, 2001) } else { (200, 1000) };
            let reply = probe(&world, endpoint, &partner.authorization).await;
            // Commands and charging profiles say what the probe lacks.
            let picky = matches!(endpoint["identifier"].as_str(), Some("commands" | "chargingprofiles"));
            let code = if picky { 1000 } else { reply.code() };
            assert_eq!((reply.http, code), expected, "{endpoint}");
        }
        // What is served is listed.
        let api = serde_json::to_value(App::openapi()).unwrap();
        for path in api["paths"].as_object().unwrap().keys().filter(|path| path.starts_with("/ocpi/2.2.1/")) {
            let url = format!("{}{path}", world.base);
            assert!(endpoints.iter().any(|endpoint| url.starts_with(endpoint["url"].as_str().unwrap())), "{path}");
        }
    }
}

/// Proves: TRN-013, TRN-015, TRN-016
#[tokio::test]
async fn token_a_opens_versions_and_credentials_and_an_unknown_token_nothing() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let details = world.request(Method::GET, "/ocpi/2.2.1", &partner.authorization, None).await;
        let mut endpoints = details.data()["endpoints"].as_array().unwrap().clone();
        for (module, path) in [("versions", "/ocpi/versions"), ("details", "/ocpi/2.2.1")] {
            endpoints.push(json!({ "identifier": module, "url": format!("{}{path}", world.base) }));
        }
        let invitation = world.operate(Method::POST, "/partners/invitations", &json!({ "name": "new" })).await;
        let header = |token: &str| {
            use base64::Engine;
            format!("Token {}", base64::engine::general_purpose::STANDARD.encode(token))
        };
        let token_a = header(invitation.json["token_a"].as_str().unwrap());
        for endpoint in &endpoints {
            let unknown = probe(&world, endpoint, &header("never-issued")).await;
            assert_eq!((unknown.http, unknown.code()), (401, 2000), "{endpoint}");
            let open = matches!(endpoint["identifier"].as_str().unwrap(), "versions" | "details" | "credentials");
            let invited = probe(&world, endpoint, &token_a).await;
            assert_eq!((invited.http, invited.code()), if open { (200, 1000) } else { (401, 2000) }, "{endpoint}");
        }
        let newcomer = Emsp::start("NL", "TNM").await;
        let post =
            world.request(Method::POST, "/ocpi/2.2.1/credentials", &token_a, Some(&newcomer.credentials())).await;
        assert_eq!((post.http, post.code()), (200, 1000), "{post:?}");
    }
}
