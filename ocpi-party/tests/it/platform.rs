//! A partner's platform, written by hand: it answers what a test tells it to, and remembers who asked for what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    /// The token in the Authorization header, decoded.
    pub(crate) token: String,
    pub(crate) body: Value,
}

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<HashMap<String, (u16, Value)>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A platform with versions, details and credentials.
pub(crate) struct Platform {
    pub(crate) url: String,
    script: Script,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Script::default();
        let router = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let platform = Self { url, script };
        platform.offers(&["2.1.1", "2.2.1", "3.0"], &platform.endpoints());
        platform
    }

    /// What its details list by default.
    pub(crate) fn endpoints(&self) -> Vec<Value> {
        let endpoint = |module: &str, role: &str| json!({ "identifier": module, "role": role, "url": format!("{}/{module}/{role}", self.url) });
        vec![
            endpoint("credentials", "RECEIVER"),
            endpoint("locations", "SENDER"),
            endpoint("locations", "RECEIVER"),
            endpoint("nltnm-custom", "SENDER"),
        ]
    }

    /// Says which versions it speaks, and what 2.2.1 offers.
    pub(crate) fn offers(&self, versions: &[&str], endpoints: &[Value]) {
        let url = |version: &str| format!("{}/odd/{}", self.url, version.replace('.', "-"));
        let list: Vec<_> = versions.iter().map(|v| json!({ "version": v, "url": url(v) })).collect();
        self.answers("GET /versions", 200, envelope(json!(list)));
        self.answers("GET /odd/2-2-1", 200, envelope(json!({ "version": "2.2.1", "endpoints": endpoints })));
    }

    /// Says what to answer to a request line; `{}` as body means: an empty envelope.
    pub(crate) fn answers(&self, line: &str, http: u16, body: Value) {
        self.script.answers.lock().unwrap().insert(line.to_owned(), (http, body));
    }

    /// The credentials of this platform.
    pub(crate) fn credentials(&self, token: &str) -> Value {
        json!({ "token": token, "url": format!("{}/versions", self.url), "roles": [role("CPO", "NL", "TNM")] })
    }

    /// What arrived since the last time.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.script.seen.lock().unwrap())
    }
}

pub(crate) fn role(role: &str, country: &str, party: &str) -> Value {
    json!({ "role": role, "country_code": country, "party_id": party, "business_details": { "name": "The Partner" } })
}

#[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
pub(crate) fn envelope(data: Value) -> Value {
    json!({ "data": data, "status_code": 1000, "timestamp": "2026-01-15T10:00:00Z" })
}

pub(crate) fn refusal(code: u16) -> Value {
    json!({ "status_code": code, "status_message": "no", "timestamp": "2026-01-15T10:00:00Z" })
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = header.strip_prefix("Token ").and_then(|token| STANDARD.decode(token).ok()).unwrap_or_default();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    script.seen.lock().unwrap().push(Seen {
        line: line.clone(),
        token: String::from_utf8(token).unwrap(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    let (http, body) = script.answers.lock().unwrap().get(&line).cloned().unwrap_or((404, refusal(2000)));
    (StatusCode::from_u16(http).unwrap(), [("content-type", "application/json")], body.to_string()).into_response()
}
