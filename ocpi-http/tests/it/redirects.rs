//! Redirects: followed at home, never abroad.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode, Uri};
use ocpi_http::{CallError, ClientConfig, FailureClass, OcpiClient, Url, UrlPolicy};
use serde_json::json;

use crate::support::{client, client_config, envelope, peer, target, token};

fn to(http: u16, location: impl Into<String>) -> impl IntoResponse {
    (StatusCode::from_u16(http).unwrap(), [(LOCATION, location.into())])
}

/// A peer that tells what reaches `/there`, and redirects everything else to it.
async fn home() -> Url {
    let there = async |method: Method, headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let seen =
            json!([method.as_str(), header("authorization"), header("x-request-id"), String::from_utf8_lossy(&body)]);
        envelope(&seen.to_string())
    };
    let router = Router::new()
        .route("/there/", any(there))
        .route("/redirect/{http}", any(async |Path(http): Path<u16>| to(http, "../there/?x=1")))
        .route("/loop", any(async || to(307, "/loop")))
        .route("/nowhere", any(async || to(307, "http://[")))
        .route("/twice", any(async || to(308, "/redirect/307")));
    peer(router).await
}

// Field note 18, and the slashes of frameworks: 307 from `/locations` to `/locations/`.
#[tokio::test]
async fn redirects_within_the_origin_are_followed_with_token_and_body() {
    let (home, token) = (home().await, token());
    for (path, method) in [
        ("redirect/301", "PUT"),
        ("redirect/302", "PUT"),
        ("redirect/307", "PUT"),
        ("redirect/308", "PUT"),
        ("twice", "PUT"),
        ("redirect/303", "GET"),
    ] {
        let url = home.join(path).unwrap();
        let answer = client().call(&target(&token), Method::PUT, &url, Some("{}".into())).await.unwrap();
        let body = if method == "PUT" { "{}" } else { "" };
        assert_eq!(answer.data[0], method, "{path}");
        assert_eq!(answer.data[1], "Token PDw/Pz8+Pn4+PDA=", "{path}");
        assert_eq!(answer.data[3], body, "{path}");
    }
}

// DESIGN 3.9: a credentials token never leaves the host it belongs to.
#[tokio::test]
async fn redirects_to_another_host_are_not_followed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let elsewhere = peer(Router::new().fallback(any(async move |_: Uri| {
        counted.fetch_add(1, Ordering::SeqCst);
        envelope("{}")
    })))
    .await;
    let port = elsewhere.port().unwrap();
    for location in [elsewhere.to_string(), format!("http://localhost:{port}/"), format!("//127.0.0.1:{port}/")] {
        let shown = location.clone();
        let home = peer(Router::new().fallback(get(async move || to(307, location)))).await;
        let error = client().call(&target(&token()), Method::GET, &home, None).await.unwrap_err();
        assert!(matches!(&error, CallError::Redirected { .. }), "{shown}: {error:?}");
        assert!(error.to_string().contains(&port.to_string()), "{error}");
        assert_eq!(error.class(), FailureClass::PeerDown);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn every_hop_is_judged() {
    let policy = UrlPolicy { allow_private: true, allow_http: true };
    let client = OcpiClient::new(ClientConfig { policy, ..client_config() });
    for location in ["ftp://127.0.0.1/", "file:///etc/passwd", "http://me:pass@127.0.0.1/", "gopher://x/"] {
        let home = peer(Router::new().fallback(get(async move || to(302, location)))).await;
        let error = client.call(&target(&token()), Method::GET, &home, None).await.unwrap_err();
        assert!(matches!(error, CallError::Policy(_)), "{location}: {error:?}");
        assert!(!error.to_string().contains("pass@"), "{error}");
    }
}

#[tokio::test]
async fn circles_and_nonsense_end() {
    let (home, token) = (home().await, token());
    let error = client().call(&target(&token), Method::GET, &home.join("loop").unwrap(), None).await.unwrap_err();
    assert!(matches!(error, CallError::TooManyRedirects), "{error:?}");
    let error = client().call(&target(&token), Method::GET, &home.join("nowhere").unwrap(), None).await.unwrap_err();
    assert!(matches!(error, CallError::Redirected { .. }), "{error:?}");
    // 304 and a 302 without a Location are no redirects.
    let bare = peer(Router::new().fallback(get(async || StatusCode::FOUND))).await;
    let error = client().call(&target(&token), Method::GET, &bare, None).await.unwrap_err();
    assert!(matches!(error, CallError::Http { .. }), "{error:?}");
}
