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

pub use meaning::meaning;
pub use view::{ExchangeLine, ExchangeView, Exchanges, JudgedFinding, MessageView};

use crate::Party;

/// The page of the inspector.
pub const INSPECT_PATH: &str = "/inspect";

/// The page, what it is made of, and the exchanges as JSON for programs.
pub(crate) fn routes<S>() -> Router<S>
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
        .route("/operator/v1/exchanges", get(api::list))
        .route("/operator/v1/exchanges/{id}", get(api::read))
}
