//! A platform on a database of its own, an EMSP that is registered with it, and the time.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cpo_mock::{App, Config};
use ocpi_http::Clock;
use ocpi_party::testing::TestDatabase;
use ocpi_party::{PartyConfig, push_due};
use ocpi_types::DateTime;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::emsp::Emsp;

pub(crate) const OPERATOR_KEY: &str = "the-operator-key";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    server: tokio::task::JoinHandle<()>,
}

/// An answer: HTTP status, headers, JSON (null when the body is none).
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) http: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) json: Value,
}

impl Reply {
    /// The OCPI status code.
    pub(crate) fn code(&self) -> u64 {
        self.json["status_code"].as_u64().unwrap_or_else(|| panic!("no envelope: {self:?}"))
    }

    pub(crate) fn data(&self) -> &Value {
        &self.json["data"]
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub(crate) fn at(text: &str) -> DateTime {
    ocpi_types::parse_date_time(text).unwrap().0
}

/// The configuration of the tests.
pub(crate) fn config(database: &TestDatabase) -> Config {
    Config {
        party: PartyConfig {
            database_url: database.url.clone(),
            operator_key: Some(OPERATOR_KEY.into()),
            allow_private_urls: true,
            allow_http_urls: true,
            ..PartyConfig::cpo()
        },
        auto_driver: false,
        seed: Some(7),
        ..Config::default()
    }
}

impl World {
    pub(crate) async fn new(database: &TestDatabase) -> Self {
        Self::with(config(database)).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::at_time(config, Clock::manual(at("2026-06-12T10:00:00Z"))).await
    }

    pub(crate) async fn at_time(config: Config, clock: Clock) -> Self {
        let app = App::open(config, clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        app.party.bound_to(addr);
        let router = app.router();
        let server = tokio::spawn(async move {
            ocpi_http::serve(listener, router, std::future::pending()).await.unwrap();
        });
        Self { app, clock, base: format!("http://{addr}"), http: reqwest::Client::new(), server }
    }

    /// A server that was started with its background tasks.
    pub(crate) fn of_running(app: App, clock: Clock, running: &ocpi_party::Running) -> Self {
        let server = tokio::spawn(std::future::ready(()));
        Self { app, clock, base: format!("http://{}", running.addr), http: reqwest::Client::new(), server }
    }

    /// The process dies.
    pub(crate) fn kill(self) -> Clock {
        self.server.abort();
        self.clock
    }

    /// A request with a body, authorized by this header.
    pub(crate) async fn request(&self, method: Method, path: &str, authorization: &str, body: Option<&Value>) -> Reply {
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("Authorization", authorization);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        read(request).await
    }

    /// As the operator.
    pub(crate) async fn operate(&self, method: Method, path: &str, body: &Value) -> Reply {
        let body = (!body.is_null()).then_some(body);
        self.request(method, &format!("/operator/v1{path}"), &format!("Bearer {OPERATOR_KEY}"), body).await
    }

    /// Registers an EMSP by the real handshake and fetches its Tokens.
    pub(crate) async fn register(&self, emsp: &Emsp) -> Partner {
        let invitation = self.operate(Method::POST, "/partners/invitations", &json!({ "name": emsp.party_id })).await;
        let token_a = invitation.json["token_a"].as_str().unwrap();
        let header = format!("Token {}", STANDARD.encode(token_a));
        let reply = self.request(Method::POST, "/ocpi/2.2.1/credentials", &header, Some(&emsp.credentials())).await;
        assert_eq!((reply.http, reply.code()), (200, 1000), "{reply:?}");
        let token = reply.data()["token"].as_str().unwrap();
        let id = invitation.json["partner_id"].as_str().unwrap().to_owned();
        ocpi_party::pull_due(&self.app.party, &self.app.inbox()).await;
        emsp.take();
        Partner { id, authorization: format!("Token {}", STANDARD.encode(token)) }
    }

    /// Does everything that is due now, and tells the partners.
    pub(crate) async fn settle(&self) {
        self.app.run_due().await.unwrap();
        push_due(&self.app.party, &self.app.outbox()).await;
    }

    /// Lets time pass.
    pub(crate) async fn advance(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
        self.settle().await;
    }

    /// Publishes a Location LOC1 with an AC EVSE (E1) and a DC EVSE (E2), and the Tariff T1.
    pub(crate) async fn publish(&self) {
        let tariff = self.operate(Method::PUT, "/tariffs/US/CPO/T1", &tariff()).await;
        assert_eq!(tariff.http, 201, "{tariff:?}");
        let location = self.operate(Method::PUT, "/locations/US/CPO/LOC1", &location()).await;
        assert_eq!(location.http, 201, "{location:?}");
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (http, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Reply { http, headers, json: serde_json::from_str(&text).unwrap_or_default() }
}

/// A registered EMSP, as the platform knows it.
pub(crate) struct Partner {
    pub(crate) id: String,
    pub(crate) authorization: String,
}

impl Partner {
    pub(crate) async fn get(&self, world: &World, path: &str) -> Reply {
        world.request(Method::GET, &format!("/ocpi/2.2.1/cpo{path}"), &self.authorization, None).await
    }

    pub(crate) async fn send(&self, world: &World, method: Method, path: &str, body: &Value) -> Reply {
        world.request(method, &format!("/ocpi/2.2.1/cpo{path}"), &self.authorization, Some(body)).await
    }
}

pub(crate) fn tariff() -> Value {
    json!({
        "currency": "USD",
        "elements": [
            { "price_components": [{ "type": "FLAT", "price": 0.50, "vat": 10.0, "step_size": 1 }] },
            {
                "price_components": [{ "type": "ENERGY", "price": 0.20, "vat": 10.0, "step_size": 1 }],
                "restrictions": { "max_kwh": 2.0 },
            },
            { "price_components": [
                { "type": "ENERGY", "price": 0.30, "vat": 10.0, "step_size": 1 },
                { "type": "PARKING_TIME", "price": 6.00, "vat": 10.0, "step_size": 60 },
            ] },
        ],
    })
}

pub(crate) fn location() -> Value {
    let connector = |id: &str, power_type: &str, volts: u32, amperes: u32| {
        json!({
            "id": id, "standard": if power_type == "DC" { "IEC_62196_T1_COMBO" } else { "IEC_62196_T1" },
            "format": "CABLE", "power_type": power_type, "max_voltage": volts, "max_amperage": amperes,
            "tariff_ids": ["T1"],
        })
    };
    json!({
        "publish": true, "name": "Test Plaza", "address": "1 Test Street", "city": "Seattle", "postal_code": "98101",
        "state": "WA", "country": "USA", "time_zone": "America/Los_Angeles",
        "coordinates": { "latitude": "47.608897", "longitude": "-122.334332" },
        "evses": [
            {
                "uid": "E1", "evse_id": "US*CPO*E000001", "status": "AVAILABLE",
                "capabilities": ["REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE", "TOKEN_GROUP_CAPABLE"],
                "connectors": [connector("1", "AC_1_PHASE", 240, 30)],
            },
            {
                "uid": "E2", "evse_id": "US*CPO*E000002", "status": "AVAILABLE",
                "capabilities": ["REMOTE_START_STOP_CAPABLE", "START_SESSION_CONNECTOR_REQUIRED"],
                "connectors": [connector("1", "DC", 500, 100), connector("2", "DC", 400, 100)],
            },
            {
                "uid": "E3", "evse_id": "US*CPO*E000003", "status": "AVAILABLE", "capabilities": ["RFID_READER"],
                "connectors": [connector("1", "AC_1_PHASE", 240, 30)],
            },
        ],
    })
}
