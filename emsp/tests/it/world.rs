//! An EMSP on a port of its own, and callers in every role.

use axum::http::HeaderMap;
use base64::Engine;
use emsp::{App, Config};
use ocpi_http::Clock;
use ocpi_party::PartyConfig;
use serde_json::{Value, json};

use crate::fake_cpo::FakeCpo;

pub const OPERATOR_KEY: &str = "operator-key-of-the-tests";

/// The moment at which every test begins.
pub const START: &str = "2026-05-12T12:00:00Z";

/// An EMSP whose background work is done by hand.
pub struct World {
    pub app: App,
    pub base: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub http: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The OCPI status code.
    pub fn code(&self) -> u64 {
        self.body["status_code"].as_u64().unwrap_or_default()
    }

    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    pub fn message(&self) -> &str {
        self.body["status_message"].as_str().unwrap_or_default()
    }

    /// HTTP and OCPI status.
    pub fn status(&self) -> (u16, u64) {
        (self.http, self.code())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Somebody who calls the EMSP.
#[derive(Debug, Clone)]
pub struct Caller {
    base: String,
    http: reqwest::Client,
    authorization: Option<String>,
    /// `US/CPO`, in the routing headers; none are sent when it is empty.
    from: String,
    /// `US/EMS`, in the routing headers that go with `from`.
    to: String,
}

impl Caller {
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.send_text(method, path, body.map(Value::to_string)).await
    }

    /// As [`Caller::send`], with a body that need not be JSON.
    pub async fn send_text(&self, method: &str, path: &str, body: Option<String>) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method.parse().unwrap(), url);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        if let Some((country, party)) = self.from.split_once('/') {
            request = request.header("OCPI-from-country-code", country).header("OCPI-from-party-id", party);
        }
        if let Some((country, party)) = self.to.split_once('/').filter(|_| !self.from.is_empty()) {
            request = request.header("OCPI-to-country-code", country).header("OCPI-to-party-id", party);
        }
        request = request.header("X-Request-ID", "request-1").header("X-Correlation-ID", "correlation-1");
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let response = request.send().await.unwrap();
        let (http, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Reply { http, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The same caller with another name in its routing headers.
    pub fn posing_as(mut self, party: &str) -> Self {
        party.clone_into(&mut self.from);
        self
    }

    /// The same caller that addresses another of our parties.
    pub fn addressing(mut self, party: &str) -> Self {
        party.clone_into(&mut self.to);
        self
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }
}

/// A registered CPO: its platform, and its way to call the EMSP.
pub struct Registered {
    pub platform: FakeCpo,
    pub caller: Caller,
    /// The EMSP's id for it.
    pub id: String,
}

impl World {
    /// On this database, with the clock standing at [`START`].
    pub async fn start(database_url: &str) -> Self {
        Self::with(Config { demo_data: true, ..config(database_url) }).await
    }

    pub async fn with(config: Config) -> Self {
        let app = App::open(config, Clock::manual(START.parse().unwrap())).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        app.party.bound_to(addr);
        tokio::spawn(ocpi_http::serve(listener, app.router(), std::future::pending()));
        Self { app, base: format!("http://{addr}") }
    }

    /// Nobody we know.
    pub fn stranger(&self) -> Caller {
        Caller {
            base: self.base.clone(),
            http: reqwest::Client::new(),
            authorization: None,
            from: String::new(),
            to: "US/EMS".to_owned(),
        }
    }

    /// Somebody who shows this credentials token.
    pub fn with_token(&self, token: &str, from: &str) -> Caller {
        let encoded = base64::engine::general_purpose::STANDARD.encode(token);
        Caller { authorization: Some(format!("Token {encoded}")), from: from.to_owned(), ..self.stranger() }
    }

    pub fn operator(&self) -> Caller {
        Caller { authorization: Some(format!("Bearer {OPERATOR_KEY}")), ..self.stranger() }
    }

    /// A CPO that has been invited and has not registered.
    pub async fn invited(&self) -> Caller {
        let invitation = self.operator().post("/operator/v1/partners/invitations", &json!({ "name": "Invited" })).await;
        self.with_token(invitation.body["token_a"].as_str().unwrap(), "")
    }

    /// A CPO that registers with the real handshake.
    pub async fn register(&self, parties: &[&str]) -> Registered {
        self.register_as("CPO", parties).await
    }

    /// A hub that registers with the real handshake.
    pub async fn register_hub(&self, party: &str) -> Registered {
        self.register_as("HUB", &[party]).await
    }

    /// A platform of another role.
    pub async fn register_as(&self, role: &'static str, parties: &[&str]) -> Registered {
        let platform = FakeCpo::start_as(role, parties).await;
        let invitation =
            self.operator().post("/operator/v1/partners/invitations", &json!({ "name": parties[0] })).await;
        assert!(invitation.http < 300, "{invitation:?}");
        let invited = self.with_token(invitation.body["token_a"].as_str().unwrap(), "");
        let registered = invited.post("/ocpi/2.2.1/credentials", &platform.credentials()).await;
        assert_eq!(registered.code(), 1000, "{registered:?}");
        let token_c = registered.data()["token"].as_str().unwrap();
        let caller = self.with_token(token_c, parties[0]);
        let peers = self.app.party.peers.registered().await.unwrap();
        let peer = peers.iter().find(|peer| peer.name == parties[0]).unwrap();
        platform.take_seen();
        Registered { platform, caller, id: peer.id.clone() }
    }
}

pub fn config(database_url: &str) -> Config {
    Config {
        party: PartyConfig {
            database_url: database_url.to_owned(),
            operator_key: Some(OPERATOR_KEY.into()),
            allow_private_urls: true,
            allow_http_urls: true,
            ..PartyConfig::emsp()
        },
        ..Config::default()
    }
}

/// An example of a class, as JSON.
pub fn example(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
