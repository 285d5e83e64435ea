//! The other side: a small CPO, or a small hub with CPOs behind it, written by hand from the spec and not from our types, that notes what it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use serde_json::{Value, json};

/// A request that reached the CPO.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub url: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Seen {
    /// `NL/TNM` of a pair of routing headers.
    pub fn party(&self, direction: &str) -> String {
        let text = |part: &str| {
            let value = self.headers.get(format!("ocpi-{direction}-{part}"));
            value.map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        format!("{}/{}", text("country-code"), text("party-id"))
    }
}

#[derive(Default)]
struct Inner {
    lists: HashMap<String, Vec<Value>>,
    seen: Vec<Seen>,
    /// What a command, or a request about profiles or preferences, is answered with: HTTP status, OCPI status, data.
    command: Option<(u16, u16, Value)>,
    /// Everything is answered with this HTTP status.
    broken: Option<u16>,
    page: usize,
    /// A hub: the status code with which it answers what is for this party.
    unreachable: HashMap<String, u16>,
}

/// The CPO's platform.
#[derive(Clone)]
pub struct FakeCpo {
    inner: Arc<Mutex<Inner>>,
    pub base: String,
    /// The token that it gives to the EMSP.
    pub token_b: String,
    /// `US/CPO`.
    pub parties: Vec<String>,
    /// `CPO`, `SCSP` or `HUB`.
    pub role: &'static str,
}

impl FakeCpo {
    /// Starts it on a port of its own.
    pub async fn start(parties: &[&str]) -> Self {
        Self::start_as("CPO", parties).await
    }

    /// A platform of another role.
    pub async fn start_as(role: &'static str, parties: &[&str]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let token_b = format!("b-token-of-{}", base.rsplit(':').next().unwrap());
        let parties = parties.iter().map(ToString::to_string).collect();
        let inner = Arc::new(Mutex::new(Inner { page: 50, ..Inner::default() }));
        let cpo = Self { inner, base, token_b, parties, role };
        let router = Router::new().fallback(answer).with_state(cpo.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        cpo
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// What the Sender interface of a module lists.
    pub fn set_list(&self, module: &str, objects: Vec<Value>) {
        self.inner().lists.insert(module.to_owned(), objects);
    }

    /// How many objects it puts on a page.
    pub fn set_page(&self, size: usize) {
        self.inner().page = size;
    }

    pub fn answer_commands(&self, http: u16, status: u16, data: Value) {
        self.inner().command = Some((http, status, data));
    }

    /// What is for this party cannot be delivered from now on, or can again.
    pub fn set_unreachable(&self, party: &str, status: Option<u16>) {
        let mut inner = self.inner();
        inner.unreachable.remove(party);
        inner.unreachable.extend(status.map(|status| (party.to_owned(), status)));
    }

    pub fn set_broken(&self, http: Option<u16>) {
        self.inner().broken = http;
    }

    /// What has come in since the last time, without the handshake.
    pub fn take_seen(&self) -> Vec<Seen> {
        let seen = std::mem::take(&mut self.inner().seen);
        seen.into_iter()
            .filter(|seen| !seen.url.starts_with("/versions") && !seen.url.starts_with("/2.2.1/details"))
            .collect()
    }

    /// Its credentials object.
    pub fn credentials(&self) -> Value {
        let roles: Vec<Value> = self
            .parties
            .iter()
            .map(|party| {
                let (country, id) = party.split_once('/').unwrap();
                json!({ "role": self.role, "country_code": country, "party_id": id, "business_details": { "name": party } })
            })
            .collect();
        json!({ "token": self.token_b, "url": format!("{}/versions", self.base), "roles": roles })
    }

    fn details(&self) -> Value {
        let endpoint = |id: &str, role: &str| json!({ "identifier": id, "role": role, "url": format!("{}/2.2.1/{id}", self.base) });
        let mut endpoints = vec![
            endpoint("credentials", "RECEIVER"),
            endpoint("locations", "SENDER"),
            endpoint("tariffs", "SENDER"),
            endpoint("sessions", "SENDER"),
            endpoint("cdrs", "SENDER"),
            endpoint("tokens", "RECEIVER"),
            endpoint("commands", "RECEIVER"),
            endpoint("chargingprofiles", if self.role == "SCSP" { "SENDER" } else { "RECEIVER" }),
        ];
        if self.role == "HUB" {
            endpoints.push(endpoint("hubclientinfo", "SENDER"));
        }
        json!({ "version": "2.2.1", "endpoints": endpoints })
    }

    fn list(&self, module: &str, query: &HashMap<String, String>, to: &str) -> Response {
        let inner = self.inner();
        let of_party = |object: &&Value| {
            let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
            // Objects so broken that they have no owner are on every list.
            module == "hubclientinfo"
                || (self.role == "HUB" && self.parties[0] == to)
                || object["country_code"].is_null()
                || object["x_on_every_list"] == true
                || format!("{}/{}", text("country_code"), text("party_id")).eq_ignore_ascii_case(to)
        };
        let since = |object: &&Value| match query.get("date_from") {
            Some(from) => object["last_updated"].as_str().unwrap_or_default() >= from.as_str(),
            None => true,
        };
        let all: Vec<&Value> = inner.lists.get(module).into_iter().flatten().filter(of_party).filter(since).collect();
        let offset: usize = query.get("offset").map_or(0, |text| text.parse().unwrap());
        let limit = query.get("limit").map_or(50, |text| text.parse().unwrap()).min(inner.page);
        let page: Vec<&Value> = all.iter().skip(offset).take(limit).copied().collect();
        let next = offset + page.len();
        let mut response = envelope(200, 1000, json!(page));
        let headers = response.headers_mut();
        headers.insert("x-total-count", all.len().to_string().parse().unwrap());
        headers.insert("x-limit", inner.page.to_string().parse().unwrap());
        if next < all.len() {
            let date = query.get("date_from").map(|from| format!("date_from={from}&")).unwrap_or_default();
            let link = format!("<{}/2.2.1/{module}?{date}offset={next}&limit={limit}>; rel=\"next\"", self.base);
            headers.insert("link", link.parse().unwrap());
        }
        response
    }
}

fn envelope(http: u16, status: u16, data: Value) -> Response {
    let mut body = json!({ "status_code": status, "status_message": "-", "timestamp": "2026-01-15T10:00:00Z" });
    if !data.is_null() {
        body["data"] = data;
    }
    (StatusCode::from_u16(http).unwrap(), axum::Json(body)).into_response()
}

async fn answer(State(cpo): State<FakeCpo>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let seen = Seen { method: method.to_string(), url: uri.to_string(), headers, body };
    let to = seen.party("to");
    let token = format!("Token {}", base64::engine::general_purpose::STANDARD.encode(&cpo.token_b));
    let authorized = seen.headers.get("authorization").is_some_and(|shown| shown.to_str().unwrap() == token);
    cpo.inner().seen.push(seen);
    if let Some(http) = cpo.inner().broken {
        return StatusCode::from_u16(http).unwrap().into_response();
    }
    if !authorized {
        return envelope(401, 2000, Value::Null);
    }
    let undeliverable = cpo.inner().unreachable.get(&to).copied();
    if let Some(status) = undeliverable {
        return envelope(200, status, Value::Null);
    }
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["versions"]) => {
            envelope(200, 1000, json!([{ "version": "2.2.1", "url": format!("{}/2.2.1/details", cpo.base) }]))
        }
        ("GET", ["2.2.1", "details"]) => envelope(200, 1000, cpo.details()),
        ("GET", ["2.2.1", module]) => cpo.list(module, &query, &to),
        ("PUT" | "PATCH", ["2.2.1", "tokens", ..]) | ("POST", ["results", ..]) => envelope(200, 1000, Value::Null),
        ("POST", ["2.2.1", "commands", _])
        | ("GET" | "PUT" | "DELETE", ["2.2.1", "chargingprofiles", _])
        | ("PUT", ["2.2.1", "sessions", _, "charging_preferences"]) => {
            let answer = cpo.inner().command.clone();
            let (http, status, data) = answer.unwrap_or((200, 1000, json!({ "result": "ACCEPTED", "timeout": 30 })));
            envelope(http, status, data)
        }
        _ => envelope(404, 2000, Value::Null),
    }
}
