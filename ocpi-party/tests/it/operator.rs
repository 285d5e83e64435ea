//! The operator API about partners, and what every server offers besides OCPI.

use ocpi_party::testing::{databases, sqlite};
use serde_json::json;

use crate::support::{Server, call};

#[tokio::test]
async fn partners_are_invited_changed_and_removed() {
    for database in databases().await {
        let server = Server::emsp(&database).await;
        assert_eq!(server.operator("GET", "/partners", None).await.json, json!({ "partners": [] }));
        let invitation = server.operator("POST", "/partners/invitations", Some(json!({ "name": "Alpha" }))).await;
        assert_eq!(invitation.json["versions_url"], server.path("/ocpi/versions"));
        let id = invitation.json["partner_id"].as_str().unwrap();
        let token = invitation.json["token_a"].as_str().unwrap();
        let shown = server.operator("GET", &format!("/partners/{id}"), None).await;
        assert_eq!((&shown.json["name"], &shown.json["status"]), (&json!("Alpha"), &json!("INVITED")));
        assert!(!shown.json.to_string().contains(token), "a token is shown once");

        let change = json!({ "name": "Beta", "token_form": "RAW", "emit_nulls": true });
        let changed = server.operator("PATCH", &format!("/partners/{id}"), Some(change)).await.json;
        assert_eq!(
            (&changed["name"], &changed["token_form"], &changed["emit_nulls"]),
            (&json!("Beta"), &json!("RAW"), &json!(true))
        );
        assert_eq!(server.get("/ocpi/versions", token).await.http, 200);
        let again = server.operator("POST", "/partners/invitations", Some(json!({ "partner_id": id }))).await;
        assert_eq!(again.json["partner_id"], id);
        assert_eq!(server.get("/ocpi/versions", token).await.http, 401, "replaced by the new one");
        assert_eq!(server.operator("DELETE", &format!("/partners/{id}"), None).await.json["partner_told"], true);
        assert_eq!(server.get("/ocpi/versions", again.json["token_a"].as_str().unwrap()).await.http, 401);
        assert_eq!(server.operator("GET", &format!("/partners/{id}"), None).await.json["status"], "UNREGISTERED");
    }
}

#[tokio::test]
async fn mistakes_get_an_answer_that_helps() {
    let database = sqlite();
    let server = Server::emsp(&database).await;
    let (_, id) = server.invite().await;
    for (method, path, body, http) in [
        ("GET", "/partners/nobody".to_owned(), None, 404),
        ("POST", "/partners/nobody/credentials".to_owned(), None, 404),
        ("POST", format!("/partners/{id}/credentials"), None, 409),
        ("POST", format!("/partners/{id}/sync"), None, 409),
        ("POST", "/partners/invitations".to_owned(), Some(json!({})), 422),
        ("POST", "/partners/invitations".to_owned(), Some(json!({ "nam": "x" })), 422),
        ("POST", "/partners/invitations".to_owned(), Some(json!({ "partner_id": "nobody" })), 404),
        ("POST", "/partners".to_owned(), Some(json!({ "versions_url": "x", "token_a": "a", "name": "n" })), 422),
        ("PATCH", format!("/partners/{id}"), Some(json!({ "token_form": "ROT13" })), 422),
        (
            "POST",
            "/partners".to_owned(),
            Some(json!({ "versions_url": "http://127.0.0.1:9/", "token_a": "a", "name": "n" })),
            502,
        ),
    ] {
        let answer = server.operator(method, &path, body.clone()).await;
        assert_eq!(answer.http, http, "{method} {path} {body:?}: {answer:?}");
        assert_eq!(answer.json["error"]["request_id"], answer.headers["x-request-id"].to_str().unwrap());
        assert!(answer.json["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    let auth = format!("Bearer {}", crate::support::OPERATOR_KEY);
    let broken = reqwest::Client::new()
        .post(server.path("/operator/v1/partners"))
        .header("Authorization", auth)
        .body("{")
        .send()
        .await
        .unwrap();
    assert_eq!(broken.status(), 400);
}

#[tokio::test]
async fn health_metrics_and_documentation_are_served() {
    // Proves: VER-005, VER-009, VER-020, VER-024, VER-026, VER-034, STA-005, STA-025
    let database = sqlite();
    let server = Server::cpo(&database).await;
    for path in ["/health", "/ready", "/docs/"] {
        assert_eq!(call("GET", &server.path(path), "", None).await.http, 200, "{path}");
    }
    let (token_a, _) = server.invite().await;
    let versions = server.get("/ocpi/versions/", &token_a).await;
    let expected = json!([{ "version": "2.2.1", "url": server.path("/ocpi/2.2.1") }]);
    assert_eq!((versions.codes(), &versions.json["data"]), ((200, 1000), &expected));
    let details = server.get("/ocpi/2.2.1", &token_a).await.json["data"].clone();
    let endpoint =
        |module: &str, role: &str, path: &str| json!({ "identifier": module, "role": role, "url": server.path(path) });
    let endpoints = json!([
        endpoint("credentials", "SENDER", "/ocpi/2.2.1/credentials"),
        endpoint("hubclientinfo", "RECEIVER", "/ocpi/2.2.1/hubclientinfo"),
        endpoint("locations", "SENDER", "/ocpi/2.2.1/cpo/locations"),
        endpoint("tokens", "RECEIVER", "/ocpi/2.2.1/cpo/tokens"),
    ]);
    assert_eq!(details, json!({ "version": "2.2.1", "endpoints": endpoints }));
    let metrics = call("GET", &server.path("/metrics"), "", None).await;
    assert!(metrics.json.as_str().unwrap().contains("ocpi_requests_total"), "{metrics:?}");
    let api = call("GET", &server.path("/docs/openapi.json"), "", None).await.json;
    let wanted = ["/ocpi/versions", "/ocpi/2.2.1/credentials", "/operator/v1/partners/{id}/sync"];
    for path in wanted {
        assert!(api["paths"][path].is_object(), "{path} is documented");
    }
    for (_, responses) in api["paths"].as_object().unwrap() {
        for (_, operation) in responses.as_object().unwrap() {
            assert!(operation["responses"]["401"].is_object(), "{operation}");
        }
    }
    assert_eq!(server.get("/ocpi/nothing", &token_a).await.codes(), (404, 2000));
    assert_eq!(call("GET", &server.path("/nothing"), "", None).await.http, 404);

    server.party.db.close().await;
    let ready = call("GET", &server.path("/ready"), "", None).await;
    assert_eq!(ready.http, 503);
    let broken = server.get("/ocpi/versions", "some token").await;
    assert_eq!(broken.codes(), (500, 3000));
    assert!(!broken.message().contains("database"), "nothing internal is told: {}", broken.message());
}
