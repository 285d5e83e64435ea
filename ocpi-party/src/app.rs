//! Starting and stopping a server: what both binaries and the launcher share.

use std::net::SocketAddr;
use std::process::Termination;
use std::time::Duration;

use axum::extract::FromRef;
use axum::{Router, middleware};
use http::Uri;
use ocpi_http::openapi::OcpiApi;
use ocpi_http::{LayerConfig, OcpiError, with_layers};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa::Modify;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::auth::KnownCaller;
use crate::config::ConfigError;
use crate::operator::{OPERATOR_SCHEME, OperatorErrorBody};
use crate::{DbError, Party, credentials, docs, hubclientinfo, inspect, operator, sync, telemetry, versions};

/// Everything under this path is OCPI.
const OCPI_PREFIX: &str = "/ocpi";

/// How a program of ours ends. Scripts may rely on these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: done, or stopped in good order.
    Success = 0,
    /// 1: something failed while running; the last line says what.
    Failure = 1,
    /// 2: an option has a bad value, or is no option.
    Usage = 2,
    /// 3: the database cannot be opened or brought up to date.
    Database = 3,
    /// 4: the address cannot be listened on; most likely the port is in use.
    Listen = 4,
    /// 5: a partner did not do what was asked of it.
    Partner = 5,
    /// 6: some of the input was faulty; what was good has been done.
    PartlyDone = 6,
}

impl Termination for ExitCode {
    fn report(self) -> std::process::ExitCode {
        std::process::ExitCode::from(self as u8)
    }
}

/// Why a server does not start; its text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error("{}; check --database (DATABASE_URL): the file and its folder must be writable, a server must be running", .0.chain())]
    Database(#[from] DbError),
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}: {source}; stop the other program or choose another --port (OCPI_PORT)")]
    Listen {
        /// The address.
        addr: String,
        /// Why.
        source: std::io::Error,
    },
}

impl StartError {
    /// The exit code that tells this.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) => ExitCode::Usage,
            Self::Database(_) => ExitCode::Database,
            Self::Listen { .. } => ExitCode::Listen,
        }
    }
}

/// Tells background tasks to stop. Clones are the same signal.
#[derive(Debug, Clone)]
pub struct Shutdown {
    signal: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A signal that has not been given.
    #[must_use]
    pub fn new() -> Self {
        Self { signal: watch::Sender::new(false) }
    }

    /// Gives the signal.
    pub fn trigger(&self) {
        self.signal.send_replace(true);
    }

    /// Whether it has been given.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        *self.signal.borrow()
    }

    /// Waits until it is given.
    pub async fn triggered(&self) {
        let mut receiver = self.signal.subscribe();
        // The sender is alive as long as `self` is.
        let _ = receiver.wait_for(|given| *given).await;
    }
}

/// The routes that every party has: versions, credentials, hub client info, and the operator API about partners, parties and
/// exchanges.
#[must_use]
pub fn common_routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    OpenApiRouter::new()
        .merge(versions::routes())
        .merge(credentials::routes())
        .merge(hubclientinfo::routes())
        .merge(operator::routes())
        .merge(inspect::routes())
}

/// Completes the document of a server: the parts that all OCPI routes refer to, the operator key, title and version, the
/// names and groups of the operations. Examples of single operations come after that, see [`docs::Examples`].
#[must_use]
pub fn complete_openapi(mut api: OpenApi, title: &str, description: &str) -> OpenApi {
    title.clone_into(&mut api.info.title);
    env!("CARGO_PKG_VERSION").clone_into(&mut api.info.version);
    api.info.description = Some(description.to_owned());
    // What utoipa fills in is its own author.
    api.info.contact = None;
    OcpiApi::default().modify(&mut api);
    let components = api.components.get_or_insert_default();
    let mut parts =
        vec![(OperatorErrorBody::name().into_owned(), <OperatorErrorBody as utoipa::PartialSchema>::schema())];
    OperatorErrorBody::schemas(&mut parts);
    components.schemas.extend(parts);
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The operator key")).build();
    components.add_security_scheme(OPERATOR_SCHEME, SecurityScheme::Http(key));
    docs::complete(&mut api);
    api
}

/// Puts a server's routes together: `routes` (with those of [`common_routes`]), health, metrics, the inspector at
/// `/inspect`, the documentation at `/docs`, and around all of it what OCPI asks of every answer.
pub fn finish_router<S>(party: &Party, routes: Router<S>, api: OpenApi, state: S) -> Router
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    let all = routes
        .merge(telemetry::routes())
        .merge(inspect::pages())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
        .merge(docs::routes(party, api))
        .layer(middleware::from_fn(operator::finish_errors));
    with_layers(
        all,
        LayerConfig {
            clock: party.clock.clone(),
            ocpi_prefix: OCPI_PREFIX,
            max_body: party.config.max_body_bytes,
            handler_timeout: Duration::from_secs(party.config.handler_timeout_seconds),
            read_timeout: Duration::from_secs(party.config.read_timeout_seconds),
            exchanges: party.exchanges.clone(),
            party_name: party.config.project_name.clone(),
        },
    )
}

/// Strangers learn nothing about what is there: under `/ocpi` the token is judged first. Spec: status_codes.
async fn unknown_path(uri: Uri, caller: Result<KnownCaller, OcpiError>) -> OcpiError {
    stranger(&uri, caller).unwrap_or_else(OcpiError::unknown_path)
}

async fn wrong_method(uri: Uri, caller: Result<KnownCaller, OcpiError>) -> OcpiError {
    stranger(&uri, caller).unwrap_or_else(OcpiError::wrong_method)
}

fn stranger(uri: &Uri, caller: Result<KnownCaller, OcpiError>) -> Option<OcpiError> {
    caller.err().filter(|_| uri.path().starts_with(OCPI_PREFIX))
}

/// Listens on the configured address.
pub async fn listen(party: &Party) -> Result<TcpListener, StartError> {
    let addr = format!("{}:{}", party.config.host, party.config.port);
    TcpListener::bind(&addr).await.map_err(|source| StartError::Listen { addr, source })
}

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    shutdown: Shutdown,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Asks it to stop: no new connections, requests under way are finished, background tasks end.
    pub fn shutdown(&self) {
        self.shutdown.trigger();
    }

    /// Waits until it has stopped.
    pub async fn join(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task ended badly");
            }
        }
    }

    /// Stops it and waits until it has stopped.
    pub async fn stop(self) {
        self.shutdown();
        self.join().await;
    }
}

/// Serves `router` on `listener`, and runs the background tasks that `tasks` starts with the party and the signal to stop.
///
/// Leases of a process that died are cleared first, peers are pulled from at once, and if our endpoints have moved since the
/// last start, registered peers are told by a credentials PUT.
pub async fn serve_party(
    party: &Party,
    router: Router,
    listener: TcpListener,
    tasks: impl FnOnce(&Party, &Shutdown) -> Vec<JoinHandle<()>>,
) -> Result<Running, StartError> {
    let addr =
        listener.local_addr().map_err(|source| StartError::Listen { addr: party.config.host.clone(), source })?;
    party.bound_to(addr);
    sync::resume(party).await?;
    versions::announce_if_changed(party).await?;
    let shutdown = Shutdown::new();
    party.serve_until(&shutdown);
    let stop = shutdown.clone();
    let serving = tokio::spawn(async move {
        if let Err(error) = ocpi_http::serve(listener, router, async move { stop.triggered().await }).await {
            tracing::error!(%error, "the server stopped");
        }
    });
    let mut all = tasks(party, &shutdown);
    all.push(serving);
    tracing::info!(party = party.config.project_name, url = %party.base_url(), "serving");
    Ok(Running { addr, shutdown, tasks: all })
}
