//! What surrounds every handler: one outermost service for ids, limits, time-outs, panics and the envelope.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::EXPECT;
use tower::{Layer, Service};
use tracing::Instrument;

use crate::body::Guarded;
use crate::context::{Context, id_text};
use crate::finish::{Asked, Finish, Swapped};
use crate::paths::{Scope, normalise};
use crate::{Clock, ExchangeLog, OcpiError};

/// What the layers need to know.
#[derive(Debug, Clone)]
pub struct LayerConfig {
    /// For the envelope's timestamp.
    pub clock: Clock,
    /// Everything under this path is OCPI, without a trailing slash: `/ocpi`.
    pub ocpi_prefix: &'static str,
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// How long a handler may take, once the body is there. Then the answer is 503 with 3000.
    pub handler_timeout: Duration,
    /// How long the body may take to arrive. Then the answer is 408.
    pub read_timeout: Duration,
    /// Where OCPI requests are published.
    pub exchanges: ExchangeLog,
    /// Whose log that is.
    pub party_name: String,
}

/// Surrounds all routes of a server with what OCPI asks of every answer.
///
/// * Paths under the prefix work with and without a trailing slash and with double slashes; there are no redirects.
/// * Every answer carries `X-Request-ID` and `X-Correlation-ID`, as they came or made anew.
/// * Every answer under the prefix, and every error without a body elsewhere, is an OCPI envelope, also for unknown paths,
///   wrong methods, panics (500 with 3000), handlers that take too long (503 with 3000), bodies that are too long (413) or
///   too slow (408).
///   What is no HTTP request at all (a malformed head, one longer than hyper reads) is answered by hyper, with an empty 400,
///   414 or 431.
/// * Answers of functional modules carry the routing headers of the request, swapped.
/// * Every request is a span in the log (`request_id`, `correlation_id`, `peer`, see [`note_peer`](crate::note_peer)) and
///   is counted: `ocpi_requests_total` by method, route, HTTP and OCPI status, `ocpi_request_duration_seconds` by method
///   and route.
pub fn with_layers(router: Router, config: LayerConfig) -> Router {
    // Extractors of axum's own have a limit of their own.
    let inner = router.layer((DefaultBodyLimit::disable(), NoteRouteLayer));
    Router::new().fallback_service(Outermost { inner, config: Arc::new(config) })
}

#[derive(Clone)]
struct Outermost {
    inner: Router,
    config: Arc<LayerConfig>,
}

impl Service<Request> for Outermost {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { inner, config } = self.clone();
        Box::pin(async move { Ok(answer(inner, &config, request).await) })
    }
}

async fn answer(inner: Router, config: &LayerConfig, mut request: Request) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let url = request.uri().clone();
    let scope = normalise(request.uri_mut(), config.ocpi_prefix);
    let watched = scope != Scope::Other && config.exchanges.is_watched();
    let asked = watched.then(|| Asked { url, headers: request.headers().clone() });
    let context = Context::start(request.headers(), config.max_body, watched);
    let span = tracing::info_span!(
        "request",
        request_id = %id_text(context.request_id()),
        correlation_id = %id_text(context.correlation_id()),
        peer = tracing::field::Empty,
    );
    context.set_span(span.clone());
    let swapped = (scope == Scope::Functional).then(|| Swapped::of(request.headers()));
    let mut limit = config.handler_timeout;
    if !request.body().is_end_stream() {
        limit += config.read_timeout;
        request = guard(request, config, &context);
    }
    request.extensions_mut().insert(context.clone());

    let response = if holds_nul(&request) {
        OcpiError::bad_json("the URL holds a NUL character (%00), which no id and no filter does").into_response()
    } else {
        run(inner, request, limit).instrument(span.clone()).await
    };
    let finish = Finish { config, context, scope, swapped, method: &method, asked, started };
    span.in_scope(|| finish.response(response))
}

/// PostgreSQL takes no NUL in a text, and nothing in OCPI may hold one: refused before any handler looks it up.
fn holds_nul(request: &Request) -> bool {
    request.uri().path_and_query().is_some_and(|target| target.as_str().contains("%00"))
}

/// Runs the handler, whatever it does.
async fn run(mut inner: Router, request: Request, limit: Duration) -> Response {
    let work = AssertUnwindSafe(async move { inner.call(request).await }).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(panic)) => OcpiError::internal(format!("a handler panicked: {}", panic_text(&*panic))).into_response(),
        Err(_elapsed) => OcpiError::overloaded().with_log("a handler took too long and was stopped").into_response(),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

fn guard(request: Request, config: &LayerConfig, context: &Context) -> Request {
    let polite = request.headers().contains_key(EXPECT);
    request.map(|body| Body::new(Guarded::new(body, config.max_body, config.read_timeout, polite, context.clone())))
}

/// Remembers which route a request took, for the metrics.
#[derive(Clone)]
struct NoteRouteLayer;

#[derive(Clone)]
struct NoteRoute<S>(S);

impl<S> Layer<S> for NoteRouteLayer {
    type Service = NoteRoute<S>;

    fn layer(&self, inner: S) -> NoteRoute<S> {
        NoteRoute(inner)
    }
}

impl<S: Service<Request>> Service<Request> for NoteRoute<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        if let (Some(context), Some(route)) =
            (Context::of(request.extensions()), request.extensions().get::<MatchedPath>())
        {
            context.set_route(route.clone());
        }
        self.0.call(request)
    }
}
