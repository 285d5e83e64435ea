//! The page: plain HTML, CSS and JavaScript, built into the program.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

use super::api::check_kept;
use crate::{OperatorError, Party};

/// Nothing from elsewhere, nothing inline, no frames: what partners send cannot become part of the program.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn file(content_type: &'static str, text: &'static str) -> impl IntoResponse + use<> {
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text)
}

pub(super) async fn html(State(party): State<Party>) -> Result<impl IntoResponse, OperatorError> {
    check_kept(&party)?;
    Ok(file("text/html; charset=utf-8", include_str!("page/inspect.html")))
}

/// Relative, because a proxy may have put a prefix before the path.
pub(super) async fn without_slash() -> Redirect {
    Redirect::to("../inspect")
}

pub(super) async fn css() -> impl IntoResponse {
    file("text/css; charset=utf-8", include_str!("page/style.css"))
}

pub(super) async fn script() -> impl IntoResponse {
    file("text/javascript; charset=utf-8", include_str!("page/script.js"))
}

pub(super) async fn json_script() -> impl IntoResponse {
    file("text/javascript; charset=utf-8", include_str!("page/json.js"))
}
