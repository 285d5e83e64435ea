//! Connections: accepted, timed out, and closed in good order.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

use crate::patient::Patient;

/// How connections are treated. The defaults suit a server on the open internet.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// How long a connection may take to send a request's line and headers; also how long it may stay idle between two
    /// requests. Default 30 seconds.
    pub header_timeout: Duration,
    /// How long a client may take nothing of its answer. Default 30 seconds.
    pub send_timeout: Duration,
    /// How many connections may be open; others wait until one closes. Default 10,000.
    pub max_connections: usize,
    /// How long running requests get to end after shutdown has begun. Default 10 seconds.
    pub grace: Duration,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            send_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            grace: Duration::from_secs(10),
        }
    }
}

/// Serves `router` until `shutdown` completes, then lets running requests end. With the default [`ServeConfig`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, router, ServeConfig::default(), shutdown).await
}

/// As [`serve`], with limits of your own.
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    config: ServeConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(config.header_timeout);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(config.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, accept(&listener).await)
        };
        let (place, stream) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let service = service_fn(handler(router.clone()));
        let connection =
            graceful.watch(builder.serve_connection(TokioIo::new(Patient::new(stream, config.send_timeout)), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                // Peers close connections as they please; that is no news.
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(config.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the time for shutting down was over");
    }
    Ok(())
}

/// The next connection. Errors are of single connections, or of too many open files: the next try may work.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are written in one piece; waiting for more would only add latency.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "connections cannot be accepted");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn handler(router: Router) -> impl Fn(Request<Incoming>) -> RouterFuture {
    move |request| {
        // Requests without a body are most of all, and need no allocation for it.
        let request = request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        let mut router = router.clone();
        router.call(request)
    }
}

type RouterFuture = <Router as Service<Request<Body>>>::Future;
