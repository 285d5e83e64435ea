//! Every answer is an envelope with ids.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use http::{Method, StatusCode};
use ocpi_http::{OcpiError, OcpiReply, OcpiResult, OcpiStatus, PresentedToken, RequestIds, ServeConfig};
use serde_json::json;
use std::time::Duration;

use crate::support::{Server, layer_config};

fn app() -> Router {
    Router::new()
        .route("/ocpi/versions", get(async || OcpiReply::data(&json!([{"version": "2.2.1", "url": "x"}]))))
        .route(
            "/ocpi/2.2.1/cpo/things/{id}",
            get(thing).put(async || OcpiReply::created()).delete(async || OcpiReply::ok()),
        )
        .route(
            "/ocpi/2.2.1/cpo/ids",
            get(async |ids: RequestIds| OcpiReply::data(&[ids.request_id, ids.correlation_id])),
        )
        .route("/ocpi/2.2.1/cpo/panic", any(panics))
        .route("/ocpi/2.2.1/cpo/internal", get(async || -> OcpiResult { Err(OcpiError::internal("password=hunter2")) }))
        .route("/ocpi/2.2.1/cpo/bare/{status}", get(bare))
        .route("/ocpi/2.2.1/cpo/empty", get(async || StatusCode::NO_CONTENT))
        .route("/ocpi/2.2.1/cpo/none", get(async || OcpiReply::ok().with_http(StatusCode::NO_CONTENT)))
        .route("/ocpi/2.2.1/cpo/html", get(async || "<html>"))
        .route(
            "/ocpi/2.2.1/cpo/half",
            get(async || {
                OcpiReply::data(&json!({"result": "REJECTED"})).with_status(OcpiStatus::UnknownLocation, "no LOC9")
            }),
        )
        .route("/docs/", get(async || "documentation"))
        .route("/operator/v1/partners", get(async || (StatusCode::CONFLICT, "own error")))
        .route("/operator/v1/panic", get(panics))
        .route("/health", get(async || StatusCode::NO_CONTENT))
}

async fn thing(ocpi_http::OcpiPath(id): ocpi_http::OcpiPath<String>) -> OcpiResult {
    match id.as_str() {
        "1" => Ok(OcpiReply::json(r#"{"id":"1"}"#)),
        _ => Err(OcpiError::unknown_object(format!("there is no thing {id}"))),
    }
}

async fn panics() -> OcpiReply {
    panic!("password=hunter2");
}

/// What a handler that knows nothing of envelopes answers.
async fn bare(axum::extract::Path(status): axum::extract::Path<u16>) -> impl IntoResponse {
    (StatusCode::from_u16(status).unwrap(), "internal detail")
}

// Proves: TRN-080, TRN-081, TRN-082, TRN-083, TRN-086, TRN-087, TRN-090, STA-010, STA-015, STA-017.
#[tokio::test]
async fn successes_are_envelopes() {
    let server = Server::start(app()).await;
    let versions = server.get("/ocpi/versions").await;
    versions.is(200, 1000);
    assert_eq!(versions.json()["data"][0]["version"], "2.2.1");
    let one = server.get("/ocpi/2.2.1/cpo/things/1").await;
    assert_eq!(one.is(200, 1000).json()["data"], json!({"id": "1"}));
    assert_eq!(one.header("content-length"), one.body.len().to_string());
    let created = server.send(Method::PUT, "/ocpi/2.2.1/cpo/things/1", &[], Some("")).await;
    assert!(created.is(201, 1000).json().get("data").is_none());
    for path in ["/ocpi/2.2.1/cpo/empty", "/ocpi/2.2.1/cpo/none"] {
        assert!(server.get(path).await.is(200, 1000).json().get("data").is_none());
    }
    let half = server.get("/ocpi/2.2.1/cpo/half").await;
    assert_eq!(half.is(200, 2003).json()["data"]["result"], "REJECTED");
}

// Proves: TRN-080, TRN-088, STA-005, STA-007, STA-010.
#[tokio::test]
async fn errors_of_every_origin_are_envelopes() {
    let server = Server::start(app()).await;
    server.get("/ocpi/2.2.1/cpo/things/2").await.is(404, 2001);
    server.get("/ocpi/2.2.1/nosuchmodule").await.is(404, 2000);
    server.get("/ocpi").await.is(404, 2000);
    server.get("/").await.is(404, 2000);
    server.get("/nonsense").await.is(404, 2000);
    server.send(Method::PUT, "/ocpi/2.2.1/nosuchmodule", &[], Some("{")).await.is(404, 2000);
    let wrong = server.send(Method::POST, "/ocpi/2.2.1/cpo/things/1", &[], Some("{}")).await;
    let mut allowed: Vec<_> = wrong.is(405, 2000).header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PUT"]);
    server.send(Method::from_bytes(b"BREW").unwrap(), "/ocpi/versions", &[], None).await.is(405, 2000);
}

// Proves: TRN-088 for answers that no handler of ours makes, STA-025.
#[tokio::test]
async fn nothing_internal_leaks() {
    let server = Server::start(app()).await;
    for path in ["panic", "internal", "bare/500", "html"] {
        let reply = server.get(&format!("/ocpi/2.2.1/cpo/{path}")).await;
        reply.is(500, 3000);
        assert!(!reply.body.contains("hunter2") && !reply.body.contains("detail"), "{reply:?}");
    }
    server.get("/operator/v1/panic").await.is(500, 3000);
    // The server lives on.
    server.get("/ocpi/versions").await.is(200, 1000);
    for (status, ocpi) in [(400, 2000), (401, 2000), (404, 2000), (415, 2000), (418, 2000), (502, 3000)] {
        let reply = server.get(&format!("/ocpi/2.2.1/cpo/bare/{status}")).await;
        reply.is(status, ocpi);
        assert!(!reply.body.contains("detail"), "{reply:?}");
    }
    assert_eq!(server.get("/ocpi/2.2.1/cpo/bare/401").await.header("www-authenticate"), "Token");
}

#[tokio::test]
async fn other_parts_of_the_server_keep_their_answers_and_get_ids() {
    let server = Server::start(app()).await;
    for (path, http, body) in
        [("/docs/", 200, "documentation"), ("/operator/v1/partners", 409, "own error"), ("/health", 204, "")]
    {
        let reply = server.get(path).await;
        assert_eq!((reply.http, reply.body.as_str()), (http, body));
        assert!(!reply.header("x-request-id").is_empty() && !reply.header("x-correlation-id").is_empty(), "{path}");
    }
    server.get("/docs").await.is(404, 2000);
    server.send(Method::DELETE, "/operator/v1/partners", &[], None).await.is(405, 2000);
}

// Proves: TRN-006 (ids), TRN-095, TRN-097, TRN-098, TRN-099.
#[tokio::test]
async fn ids_are_echoed_on_every_answer() {
    let server = Server::start(app()).await;
    for (path, http) in [
        ("/ocpi/versions", 200),
        ("/ocpi/2.2.1/cpo/ids", 200),
        ("/ocpi/2.2.1/cpo/things/2", 404),
        ("/ocpi/2.2.1/nosuchmodule", 404),
        ("/ocpi/2.2.1/cpo/panic", 500),
        ("/health", 204),
    ] {
        for (request_name, correlation_name) in [
            ("X-Request-ID", "X-Correlation-ID"),
            ("x-request-id", "x-correlation-id"),
            ("X-REQUEST-ID", "X-CORRELATION-ID"),
        ] {
            let ids = [(request_name, "774321"), (correlation_name, "not a uuid")];
            let reply = server.send(Method::GET, path, &ids, None).await;
            assert_eq!(reply.http, http);
            assert_eq!(
                (reply.header("x-request-id"), reply.header("x-correlation-id")),
                ("774321", "not a uuid"),
                "{path}"
            );
        }
    }
    let seen = server
        .send(Method::GET, "/ocpi/2.2.1/cpo/ids", &[("x-request-id", "r"), ("x-correlation-id", "c")], None)
        .await;
    assert_eq!(seen.json()["data"], json!(["r", "c"]));
}

// Proves: TRN-095, TRN-099 (ids that are missing are made up, and are UUIDs).
#[tokio::test]
async fn missing_ids_are_made_up() {
    let server = Server::start(app()).await;
    let (first, second) = (server.get("/ocpi/versions").await, server.get("/ocpi/versions").await);
    let id = first.header("x-request-id");
    assert_eq!(id.len(), 36, "{id}");
    assert_eq!(id.matches('-').count(), 4, "{id}");
    assert_ne!(id, second.header("x-request-id"));
    let made_up = server.get("/ocpi/2.2.1/cpo/ids").await;
    assert_eq!(made_up.json()["data"][0], made_up.header("x-request-id"), "handlers see the same");
    let long = "x".repeat(5000);
    let echoed = server.send(Method::GET, "/ocpi/2.2.1/cpo/ids", &[("x-request-id", &long)], None).await;
    assert_eq!((echoed.header("x-request-id"), &echoed.json()["data"][0]), (long.as_str(), &json!(long)));
    let empty = server.send(Method::GET, "/ocpi/versions", &[("x-request-id", "")], None).await;
    assert_eq!(empty.header("x-request-id").len(), 36);
}

// STA-004: a server that wants a token for everything says so in its fallbacks; the Allow header stays.
#[tokio::test]
async fn fallbacks_of_the_server_are_respected() {
    let token_first = async |_token: PresentedToken| OcpiError::unknown_path();
    let token_before_method = async |_token: PresentedToken| OcpiError::wrong_method();
    let router = app().fallback(token_first).method_not_allowed_fallback(token_before_method);
    let server = Server::start(router).await;
    let token = [("authorization", "Token YQ==")];
    server.get("/ocpi/2.2.1/nosuchmodule").await.is(401, 2000);
    server.send(Method::PATCH, "/ocpi/versions", &[], None).await.is(401, 2000);
    server.send(Method::GET, "/ocpi/2.2.1/nosuchmodule", &token, None).await.is(404, 2000);
    let wrong = server.send(Method::PATCH, "/ocpi/versions", &token, None).await;
    assert_eq!(wrong.is(405, 2000).header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn head_says_what_get_would_say_without_a_body() {
    let server = Server::start(app()).await;
    let (get, head) =
        (server.get("/ocpi/versions").await, server.send(Method::HEAD, "/ocpi/versions", &[], None).await);
    assert_eq!((head.http, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(head.header("content-type"), "application/json");
    let missing = server.send(Method::HEAD, "/ocpi/2.2.1/cpo/things/2", &[("x-request-id", "r")], None).await;
    assert_eq!((missing.http, missing.header("x-request-id")), (404, "r"));
    let options = server.send(Method::OPTIONS, "/ocpi/versions", &[], None).await;
    assert!(options.is(405, 2000).header("allow").contains("GET"));
}

// Field note 18, interop 4: no redirects, all forms work.
#[tokio::test]
async fn all_forms_of_slashes_lead_to_the_same_place() {
    let server = Server::start(app()).await;
    for path in ["/ocpi/versions", "/ocpi/versions/", "//ocpi//versions//", "/ocpi/versions/?x=//"] {
        server.get(path).await.is(200, 1000);
    }
    for path in ["/ocpi/2.2.1/cpo/things/1", "/ocpi/2.2.1/cpo/things/1/", "/ocpi/2.2.1//cpo/things//1"] {
        server.get(path).await.is(200, 1000);
    }
    let encoded = server.get("/ocpi/2.2.1/cpo/things/a%2Fb%20%23%C3%BC/").await;
    assert!(encoded.is(404, 2001).message().contains("thing a/b #ü"), "{encoded:?}");
    let doubled = server.get("/ocpi/2.2.1/cpo/things/a%2F%2Fb").await;
    assert!(doubled.is(404, 2001).message().contains("a//b"), "{doubled:?}");
}

#[tokio::test]
async fn handlers_that_take_too_long_are_stopped() {
    let forever =
        Router::new().route("/ocpi/2.2.1/cpo/forever", get(async || std::future::pending::<OcpiReply>().await));
    let layers = ocpi_http::LayerConfig { handler_timeout: Duration::from_millis(20), ..layer_config() };
    let server = Server::start_with(forever, layers, ServeConfig::default()).await;
    server.get("/ocpi/2.2.1/cpo/forever").await.is(503, 3000);
}
