//! What the outside can see of a running server: log, metrics, health.
//!
//! The spans of ocpi-http put request id, correlation id and peer on every line of the log.

use std::io::IsTerminal;
use std::sync::OnceLock;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::Party;
use crate::config::ConfigError;

/// The upper bounds of the buckets of durations, in seconds.
const DURATIONS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0];

/// Starts the log on stderr: text for people, or JSON for machines. `filter` is a level or a filter such as
/// `info,sqlx=warn`. Where a log is running already, nothing happens.
pub fn init_log(filter: &str, json: bool) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        ConfigError::new(format!("log: {filter:?} is no filter such as info or info,sqlx=warn: {error}"))
    })?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let started = if json {
        log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        log.with_target(false).try_init()
    };
    // Somebody (a test, the launcher) has started one before.
    drop(started);
    Ok(())
}

/// The metrics of this process, which all parties in it share: they tell theirs apart by the label `party`.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let built = PrometheusBuilder::new().set_buckets(&DURATIONS);
        built.and_then(PrometheusBuilder::install_recorder).inspect_err(|error| {
            tracing::warn!(%error, "there are no metrics");
        })
    };
    RECORDER.get_or_init(|| install().ok()).as_ref()
}

/// Starts collecting metrics, once per process.
pub fn init_metrics() {
    recorder();
}

/// `/health` (the process runs), `/ready` (the database answers), `/metrics` (Prometheus).
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    init_metrics();
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics_text))
}

async fn ready(State(party): State<Party>) -> (StatusCode, &'static str) {
    match party.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(error = error.chain(), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn metrics_text() -> (StatusCode, [(HeaderName, &'static str); 1], String) {
    let header = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    match recorder() {
        Some(recorder) => {
            recorder.run_upkeep();
            (StatusCode::OK, header, recorder.render())
        }
        None => {
            (StatusCode::SERVICE_UNAVAILABLE, header, "# another recorder is installed in this process\n".to_owned())
        }
    }
}
