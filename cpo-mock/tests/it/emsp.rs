//! The other side: a small EMSP, or a small hub with EMSPs behind it, that writes down every request and answers as it is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The token with which the platform calls this EMSP.
pub(crate) const TOKEN_B: &str = "token-b-of-the-emsp";

/// A request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    /// Percent-encoded, as it was sent.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Received {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

type Answer = (u16, Option<Value>);

#[derive(Default)]
struct Book {
    received: Mutex<Vec<Received>>,
    answers: Mutex<HashMap<String, Answer>>,
    came: Notify,
}

/// An EMSP at `base`.
#[derive(Clone)]
pub(crate) struct Emsp {
    pub(crate) base: String,
    pub(crate) country_code: &'static str,
    pub(crate) party_id: &'static str,
    /// More parties of the same platform.
    more: Vec<&'static str>,
    role: &'static str,
    book: Arc<Book>,
}

impl Emsp {
    pub(crate) async fn start(country_code: &'static str, party_id: &'static str) -> Self {
        Self::serve(country_code, party_id, &[], "EMSP").await
    }

    /// A platform that hosts more than one EMSP.
    pub(crate) async fn start_with(country_code: &'static str, party_id: &'static str, more: &[&'static str]) -> Self {
        Self::serve(country_code, party_id, more, "EMSP").await
    }

    /// A hub.
    pub(crate) async fn hub(country_code: &'static str, party_id: &'static str) -> Self {
        Self::serve(country_code, party_id, &[], "HUB").await
    }

    async fn serve(
        country_code: &'static str,
        party_id: &'static str,
        more: &[&'static str],
        role: &'static str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let emsp = Self { base, country_code, party_id, more: more.to_vec(), role, book: Arc::default() };
        let router = axum::Router::new().fallback(handle).with_state(emsp.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        emsp
    }

    /// What to answer to `METHOD /path` from now on; no body means that the connection gets the bare status.
    pub(crate) fn answer(&self, request: &str, status: u16, body: Option<Value>) {
        self.book.answers.lock().unwrap().insert(request.to_owned(), (status, body));
    }

    /// Everything that came in since the last call, apart from what belongs to the registration.
    pub(crate) fn take(&self) -> Vec<Received> {
        let mut received = self.book.received.lock().unwrap();
        received.drain(..).filter(|request| !is_configuration(&request.path)).collect()
    }

    /// The requests as `METHOD /path`.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.take().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    /// Waits for a request and takes it out of the book.
    pub(crate) async fn wait_for(&self, method: Method, path: &str) -> Received {
        let wait = async {
            loop {
                let came = self.book.came.notified();
                {
                    let mut received = self.book.received.lock().unwrap();
                    let found = received.iter().position(|request| request.method == method && request.path == path);
                    if let Some(found) = found {
                        return received.remove(found);
                    }
                }
                came.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
        waited.unwrap_or_else(|_| panic!("{method} {path} did not come; this did: {:?}", self.take_lines()))
    }

    /// The credentials with which it registers.
    pub(crate) fn credentials(&self) -> Value {
        let role = |party_id: &str| {
            json!({
                "role": self.role, "country_code": self.country_code, "party_id": party_id,
                "business_details": { "name": "Test EMSP" },
            })
        };
        let roles: Vec<Value> = std::iter::once(self.party_id).chain(self.more.iter().copied()).map(role).collect();
        json!({ "token": TOKEN_B, "url": format!("{}/versions", self.base), "roles": roles })
    }

    /// An RFID Token of this EMSP.
    pub(crate) fn token(&self, uid: &str, whitelist: &str) -> Value {
        json!({
            "country_code": self.country_code, "party_id": self.party_id, "uid": uid, "type": "RFID",
            "contract_id": "US-EMS-C0000001", "issuer": "Test EMSP", "valid": true, "whitelist": whitelist,
            "last_updated": "2026-06-01T00:00:00Z",
        })
    }
}

fn is_configuration(path: &str) -> bool {
    matches!(path, "/versions" | "/2.2.1")
}

fn envelope(data: &Value) -> Value {
    json!({ "data": data, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" })
}

async fn handle(State(emsp): State<Emsp>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let expected = format!("Token {}", STANDARD.encode(TOKEN_B));
    assert_eq!(headers.get("authorization").and_then(|value| value.to_str().ok()), Some(expected.as_str()));
    let line = format!("{method} {}", uri.path());
    let received = Received {
        method: method.clone(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    emsp.book.received.lock().unwrap().push(received);
    emsp.book.came.notify_waiters();
    let told = emsp.book.answers.lock().unwrap().get(&line).cloned();
    if let Some((status, body)) = told {
        let status = StatusCode::from_u16(status).unwrap();
        return body.map_or_else(|| status.into_response(), |body| (status, axum::Json(body)).into_response());
    }
    let endpoint = |module: &str, role: &str| json!({ "identifier": module, "role": role, "url": format!("{}/{module}", emsp.base) });
    match (method.as_str(), uri.path()) {
        ("GET", "/versions") => {
            axum::Json(envelope(&json!([{ "version": "2.2.1", "url": format!("{}/2.2.1", emsp.base) }])))
                .into_response()
        }
        ("GET", "/2.2.1") => {
            let mut endpoints = vec![
                endpoint("credentials", "SENDER"),
                endpoint("locations", "RECEIVER"),
                endpoint("tariffs", "RECEIVER"),
                endpoint("sessions", "RECEIVER"),
                endpoint("cdrs", "RECEIVER"),
                endpoint("tokens", "SENDER"),
                endpoint("commands", "SENDER"),
                endpoint("chargingprofiles", "SENDER"),
            ];
            if emsp.role == "HUB" {
                endpoints.push(endpoint("hubclientinfo", "SENDER"));
            }
            axum::Json(envelope(&json!({ "version": "2.2.1", "endpoints": endpoints }))).into_response()
        }
        ("GET", "/tokens") => axum::Json(envelope(&json!([]))).into_response(),
        ("POST", "/cdrs") => {
            let place = format!("{}/cdrs/{}", emsp.base, "in-our-words");
            (StatusCode::CREATED, [("Location", place)], axum::Json(envelope(&Value::Null))).into_response()
        }
        _ => axum::Json(envelope(&Value::Null)).into_response(),
    }
}
