//! The inspector: the recent OCPI exchanges as a page at `/inspect`, and as JSON for programs.
//!
//! The exchanges are in memory only ([`ExchangeLog`](ocpi_http::ExchangeLog)). What they hold belongs to the partners, so the page itself shows
//! nothing until it has been given the operator key. Secrets are sought, JSON is parsed and objects are judged when somebody
//! looks, never while a request is under way.

mod api;
mod judge;
mod meaning;
mod page;
mod stream;
mod subject;
mod view;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use meaning::meaning;
pub use view::{ExchangeLine, ExchangeView, Exchanges, JudgedFinding, MessageView};

use crate::Party;

/// The page of the inspector.
pub const INSPECT_PATH: &str = "/inspect";

/// The routes for programs, which are part of the operator API.
pub(crate) fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(api::list)).routes(routes!(api::read))
}

/// The page and what it is made of.
pub(crate) fn pages<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    Router::new()
        .route(INSPECT_PATH, get(page::html))
        .route("/inspect/", get(page::without_slash))
        .route("/inspect/style.css", get(page::css))
        .route("/inspect/script.js", get(page::script))
        .route("/inspect/json.js", get(page::json_script))
        .route("/inspect/stream", get(stream::stream))
}
