//! The documentation at `/docs`: Swagger UI with the OpenAPI document of the server, without anything from the internet.
//!
//! In a demonstration (the launcher, never `serve`) the page is logged in already, and its examples name things that exist:
//! see [`Demo`].

mod common;
mod complete;
mod demo;
mod demo_data;
mod examples;
mod tags;

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use ocpi_types::format_date_time;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

pub(crate) use complete::complete;
pub use demo::{Demo, DemoExample, DemoLogin};
pub use demo_data::{demo_location, demo_tariff};
pub use examples::Examples;
pub use tags::TAGS;

use crate::Party;

/// The routes of the documentation.
pub(crate) fn routes(party: &Party, api: OpenApi) -> Router {
    let document = Arc::new(serde_json::to_value(api).unwrap_or_default());
    let config = Arc::new(Config::new(["openapi.json"]));
    let (of_login, of_document) = (party.clone(), party.clone());
    let login = async move |headers: HeaderMap| Json(login(&of_login, &headers).await);
    let openapi = async move |headers: HeaderMap| Json(filled(&of_document, &headers, &document).await);
    Router::new()
        // Relative, because a proxy may have put a prefix before the path.
        .route("/docs", get(async || Redirect::to("docs/")))
        .route("/docs/", get(async || text("text/html; charset=utf-8", include_str!("docs/page/index.html"))))
        .route(
            "/docs/start.js",
            get(async || text("text/javascript; charset=utf-8", include_str!("docs/page/start.js"))),
        )
        .route("/docs/style.css", get(async || text("text/css; charset=utf-8", include_str!("docs/page/style.css"))))
        .route("/docs/login.json", get(login))
        .route("/docs/openapi.json", get(openapi))
        .route("/docs/{*file}", get(async move |Path(file): Path<String>| swagger(&file, config)))
}

fn text(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")], text)
}

/// What the page logs in with: nothing, outside of demonstrations.
async fn login(party: &Party, headers: &HeaderMap) -> Value {
    match demo::login(party, headers).await {
        Some(login) => json!({
            "acts_as": login.acts_as,
            "ocpi_token": login.ocpi_token.as_ref().map(ocpi_http::Secret::expose),
            "operator_key": login.operator_key.expose(),
            "now": format_date_time(&party.clock.now()),
        }),
        None => json!({}),
    }
}

async fn filled(party: &Party, headers: &HeaderMap, document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(login) = demo::login(party, headers).await {
        demo::fill(&mut document, &login, &party.clock.now());
    }
    document
}

/// The files of Swagger UI.
fn swagger(file: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(file, config) {
        Ok(Some(found)) => {
            let mut response = ([(CONTENT_TYPE, found.content_type)], found.bytes.into_owned()).into_response();
            if found.gzpipped {
                response.headers_mut().insert(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
            }
            response
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, file, "the documentation cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
