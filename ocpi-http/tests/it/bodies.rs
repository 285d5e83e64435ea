//! Bodies: right, wrong, too long, too slow.

use std::time::Duration;

use axum::Router;
use axum::routing::{post, put};
use bytes::Bytes;
use http::Method;
use ocpi_http::{LayerConfig, OcpiJson, OcpiPatch, OcpiReply, OcpiValue, PresentedToken, ServeConfig};
use ocpi_types::{LocationReferences, Token};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{Reply, Server, layer_config};

fn app() -> Router {
    let put_token =
        async |OcpiJson { value, report }: OcpiJson<Token>| OcpiReply::data(&json!([value.uid, report.findings.len()]));
    let patch_token = async |OcpiPatch(patch): OcpiPatch<Token>| OcpiReply::data(&patch);
    let authorize =
        async |body: Option<OcpiJson<LocationReferences>>| OcpiReply::data(&body.map(|body| body.value.location_id));
    Router::new()
        .route("/ocpi/2.2.1/cpo/tokens", put(put_token).patch(patch_token))
        .route("/ocpi/2.2.1/emsp/authorize", post(authorize))
        .route("/ocpi/2.2.1/emsp/any", post(async |OcpiValue(json): OcpiValue| OcpiReply::data(&json)))
        .route("/ocpi/2.2.1/emsp/private", post(async |_token: PresentedToken, _body: OcpiValue| OcpiReply::ok()))
        .route("/operator/v1/upload", post(async |body: Bytes| body.len().to_string()))
}

fn valid_token() -> serde_json::Value {
    json!({
        "country_code": "NL", "party_id": "TNM", "uid": "012345678", "type": "RFID", "contract_id": "NL8ACC12E46L89",
        "issuer": "TheNewMotion", "valid": true, "whitelist": "ALWAYS", "last_updated": "2026-01-15T09:00:00Z"
    })
}

async fn put_token(server: &Server, body: &str) -> Reply {
    server.send(Method::PUT, "/ocpi/2.2.1/cpo/tokens", &[("content-type", "application/json")], Some(body)).await
}

#[tokio::test]
async fn objects_are_read_and_tolerated_faults_reported() {
    let server = Server::start(app()).await;
    let valid = valid_token().to_string();
    assert_eq!(put_token(&server, &valid).await.is(200, 1000).json()["data"], json!(["012345678", 0]));
    assert_eq!(put_token(&server, &format!("\u{feff}{valid}\n")).await.is(200, 1000).json()["data"][1], 0);
    let mut quoted = valid_token();
    quoted["valid"] = "true".into();
    assert_eq!(put_token(&server, &quoted.to_string()).await.is(200, 1000).json()["data"][1], 1);
}

// Proves: STA-001, STA-002.
#[tokio::test]
async fn what_is_no_json_is_a_bad_request() {
    let server = Server::start(app()).await;
    for body in [
        r#"{"id":"#,
        "{'id':1}",
        "nonsense",
        "[1,]",
        "{} {}",
        "NaN",
        &"[".repeat(5000),
        &format!(r#"{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200)),
    ] {
        let reply = put_token(&server, body).await;
        assert!(reply.is(400, 2001).message().starts_with("the body is not valid JSON"), "{body}: {reply:?}");
    }
    for body in ["", " \r\n\t"] {
        assert_eq!(put_token(&server, body).await.is(400, 2001).message(), "the body is empty");
    }
    let reply = server.raw(b"PUT /ocpi/2.2.1/cpo/tokens HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{\"a\":\"\xff\"}").await;
    reply.is(400, 2001);
}

// Proves: STA-003, STA-019, TRN-061: right JSON with wrong content is refused with pointers, not with an HTTP error.
#[tokio::test]
async fn refused_objects_are_refused_with_pointers() {
    let server = Server::start(app()).await;
    let mut wrong = valid_token();
    wrong["uid"] = "x".repeat(37).into();
    wrong["whitelist"] = "SOMETIMES".into();
    wrong.as_object_mut().unwrap().remove("issuer");
    let reply = put_token(&server, &wrong.to_string()).await;
    let message = reply.is(200, 2001).message();
    for expected in ["Token is refused", "/uid: ", "/whitelist: ", "/issuer: "] {
        assert!(message.contains(expected), "{expected} in {message}");
    }
    assert!(reply.json().get("data").is_none());
    for body in ["[]", "1", "null", "\"text\"", "{}"] {
        put_token(&server, body).await.is(200, 2001);
    }
    let many = put_token(&server, r#"{"visual_number":1}"#).await;
    assert!(many.message().matches('/').count() <= 11, "{many:?}");
}

// Proves: STA-021, TRN-064 (absent fields stay absent).
#[tokio::test]
async fn patches_need_last_updated() {
    let server = Server::start(app()).await;
    let patch = async |body: &str| {
        server.send(Method::PATCH, "/ocpi/2.2.1/cpo/tokens", &[("content-type", "application/json")], Some(body)).await
    };
    let good = patch(r#"{"valid":false,"language":null,"last_updated":"2026-01-15T10:00:00Z"}"#).await;
    let fields = good.is(200, 1000).json()["data"].clone();
    assert_eq!(fields, json!({"valid": false, "language": null, "last_updated": "2026-01-15T10:00:00Z"}));
    assert!(patch(r#"{"valid":false}"#).await.is(200, 2001).message().contains("/last_updated: "));
    patch("[]").await.is(200, 2001);
    patch("{").await.is(400, 2001);
}

// Proves: TRN-025 (a body is not required where it is optional).
#[tokio::test]
async fn optional_bodies_may_be_absent() {
    let server = Server::start(app()).await;
    let authorize = async |headers: &[(&str, &str)], body| {
        server.send(Method::POST, "/ocpi/2.2.1/emsp/authorize", headers, body).await
    };
    assert_eq!(authorize(&[], None).await.is(200, 1000).json()["data"], json!(null));
    assert_eq!(authorize(&[("content-type", "text/plain")], Some(" ")).await.is(200, 1000).json()["data"], json!(null));
    let json = ("content-type", "application/json");
    let known = authorize(&[json], Some(r#"{"location_id":"LOC1"}"#)).await;
    assert_eq!(known.is(200, 1000).json()["data"], "LOC1");
    authorize(&[json], Some("{}")).await.is(200, 2001);
    authorize(&[json], Some("{")).await.is(400, 2001);
}

#[tokio::test]
async fn the_content_type_may_be_absent_or_have_parameters_but_not_be_something_else() {
    let server = Server::start(app()).await;
    let any = async |content_type: Option<&str>| {
        let headers: Vec<_> = content_type.map(|value| ("content-type", value)).into_iter().collect();
        server.send(Method::POST, "/ocpi/2.2.1/emsp/any", &headers, Some("{}")).await
    };
    for good in [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/vnd.x+json"),
        Some("text/json"),
        Some(""),
    ] {
        any(good).await.is(200, 1000);
    }
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", "+json"] {
        assert!(any(Some(bad)).await.is(415, 2000).message().contains("Content-Type"), "{bad}");
    }
}

// Proves: DESIGN's limits: an oversized body is 413, announced or not, and the client gets to see it.
#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let server = Server::start(app()).await;
    let limit = layer_config().max_body;
    let post = async |path: &str, length: usize| {
        let body = format!("\"{}\"", "x".repeat(length - 2));
        server.send(Method::POST, path, &[("content-type", "application/json")], Some(&body)).await
    };
    post("/ocpi/2.2.1/emsp/any", limit).await.is(200, 1000);
    let over = post("/ocpi/2.2.1/emsp/any", limit + 1).await;
    assert!(over.is(413, 2000).message().contains("65536"));
    assert_eq!(over.header("connection"), "close");
    post("/ocpi/2.2.1/emsp/any", 3_000_000).await.is(413, 2000);
    // Other extractors than ours are limited too.
    assert_eq!(post("/operator/v1/upload", limit).await.body, "65536");
    post("/operator/v1/upload", limit + 1).await.is(413, 2000);
    // A caller without a token does not even get that far.
    post("/ocpi/2.2.1/emsp/private", limit + 1).await.is(401, 2000);
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_when_their_length_is_not_announced() {
    let server = Server::start(app()).await;
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    let request = format!(
        "POST /ocpi/2.2.1/emsp/any HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(20)
    );
    server.raw(request).await.is(413, 2000);
}

#[tokio::test]
async fn a_client_that_asks_first_need_not_send_what_is_too_long() {
    let server = Server::start(app()).await;
    let head =
        "POST /ocpi/2.2.1/emsp/any HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n";
    server.raw(head).await.is(413, 2000);
    let huge = "POST /ocpi/2.2.1/emsp/any HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n";
    server.raw(huge).await.is(413, 2000);
}

fn hasty() -> LayerConfig {
    LayerConfig { read_timeout: Duration::from_millis(30), ..layer_config() }
}

#[tokio::test]
async fn bodies_that_do_not_arrive_are_given_up() {
    let server = Server::start_with(app(), hasty(), ServeConfig::default()).await;
    let slow = server
        .raw("POST /ocpi/2.2.1/emsp/any HTTP/1.1\r\nHost: x\r\nX-Request-ID: slow\r\nContent-Length: 10\r\n\r\n{")
        .await;
    assert_eq!(slow.is(408, 2000).header("x-request-id"), "slow");
    assert_eq!(slow.header("connection"), "close");
    server.raw("POST /operator/v1/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{").await.is(408, 2000);
}

#[tokio::test]
async fn bodies_that_break_off_are_no_reason_to_fall_over() {
    let server = Server::start(app()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /ocpi/2.2.1/emsp/any HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{\"a\":";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    // Whether the answer is still sent is up to hyper; that the server goes on is up to us.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    let bad_chunk =
        server.raw("POST /ocpi/2.2.1/emsp/any HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n").await;
    bad_chunk.is(400, 2001);
    put_token(&server, &valid_token().to_string()).await.is(200, 1000);
}
