//! What operators see: metrics and logs.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use http::{Extensions, Method};
use metrics_exporter_prometheus::PrometheusBuilder;
use ocpi_http::{OcpiError, OcpiReply, OcpiResult, OcpiValue, PresentedToken, Target, Url, note_peer};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Server, client, target, token};

fn app() -> Router {
    let fine = async |extensions: Extensions, _token: PresentedToken| {
        note_peer(&extensions, "Peer AG");
        OcpiReply::ok()
    };
    let broken = async |_body: OcpiValue| -> OcpiResult { Err(OcpiError::internal("the disk is full")) };
    Router::new().route("/ocpi/2.2.1/cpo/fine/{id}", get(fine)).route("/ocpi/2.2.1/cpo/broken", post(broken))
}

// The test's runtime has one thread, so that what is set for the thread holds for the server in it too.
#[tokio::test]
async fn requests_and_calls_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start(app()).await;
    let fine: Url = server.url("/ocpi/2.2.1/cpo/fine/1").parse().unwrap();
    let other: Url = server.url("/ocpi/2.2.1/cpo/fine/2/").parse().unwrap();
    let nowhere: Url = server.url("/ocpi/2.2.1/cpo/nowhere/7").parse().unwrap();
    let token = token();
    client().call(&target(&token), Method::GET, &fine, None).await.unwrap();
    client().call(&target(&token), Method::GET, &other, None).await.unwrap();
    client().call(&target(&token), Method::GET, &nowhere, None).await.unwrap_err();
    server.send(Method::from_bytes(b"BREW").unwrap(), "/ocpi/2.2.1/cpo/fine/1", &[], None).await.is(405, 2000);

    let text = metrics.render();
    for line in [
        r#"ocpi_requests_total{method="GET",route="/ocpi/2.2.1/cpo/fine/{id}",http_status="200",ocpi_status="1000"} 2"#,
        r#"ocpi_requests_total{method="GET",route="(unknown)",http_status="404",ocpi_status="2000"} 1"#,
        r#"ocpi_requests_total{method="other",route="/ocpi/2.2.1/cpo/fine/{id}",http_status="405",ocpi_status="2000"} 1"#,
        r#"ocpi_request_duration_seconds_count{method="GET",route="/ocpi/2.2.1/cpo/fine/{id}"} 2"#,
        r#"ocpi_calls_total{peer="the peer",outcome="success"} 2"#,
        r#"ocpi_calls_total{peer="the peer",outcome="refused"} 1"#,
        r#"ocpi_call_duration_seconds_count{peer="the peer"} 3"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// The log is that of all tests that run meanwhile: the ids tell their lines apart, and none may hold a secret.
#[tokio::test]
async fn the_log_has_ids_and_peer_on_every_line_and_no_secret() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(lines.clone())
        .with_ansi(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = Server::start(app()).await;
    let ids = [("x-request-id", "req-1"), ("x-correlation-id", "cor-1"), ("authorization", "Token PDw/Pz8+Pn4+PDA=")];
    server.send(Method::GET, "/ocpi/2.2.1/cpo/fine/1", &ids, None).await.is(200, 1000);
    let body = r#"{"token":"body s3cret"}"#;
    server.send(Method::POST, "/ocpi/2.2.1/cpo/broken", &ids, Some(body)).await.is(500, 3000);
    let (token, url) = (token(), server.url("/ocpi/2.2.1/cpo/broken").parse().unwrap());
    let caller = Target { correlation_id: Some("cor-2"), ..target(&token) };
    client().call(&caller, Method::POST, &url, Some(body.into())).await.unwrap_err();

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let has = |parts: &[&str]| text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(has(&["answered", "request_id=req-1", "correlation_id=cor-1", "Peer AG", "GET"]), "{text}");
    assert!(has(&["ERROR", "the disk is full", "request_id=req-1", "correlation_id=cor-1", "3000"]), "{text}");
    assert!(
        has(&["WARN", "the peer answered HTTP 500, OCPI 3000", "peer=\"the peer\"", "correlation_id=cor-2"]),
        "{text}"
    );
    for secret in ["PDw/Pz8", "<<???>>", "s3cret"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
