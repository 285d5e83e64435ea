//! What is told in parts and what is put right later: both sides hold the same in the end.

use std::time::Duration;

use emsp::pull::CpoInbox;
use ocpi_http::Clock;
use ocpi_party::{PartyConfig, pull_due, push_due};
use reqwest::Method;
use serde_json::{Value, json};

const KEY: &str = "the-operator-key";
const EVSES: &str = "/locations/US/CPO/SEA001/evses";
const LOCATION: &str = "/locations/US/CPO/SEA001";

/// One of the two, as its operator sees it.
struct Side {
    base: String,
    http: reqwest::Client,
}

impl Side {
    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let mut request =
            self.http.request(method.clone(), format!("{}/operator/v1{path}", self.base)).bearer_auth(KEY);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null).await
    }
}

fn party(defaults: PartyConfig, database_url: &str) -> PartyConfig {
    PartyConfig {
        database_url: database_url.to_owned(),
        operator_key: Some(KEY.into()),
        allow_private_urls: true,
        allow_http_urls: true,
        ..defaults
    }
}

async fn listen() -> (tokio::net::TcpListener, std::net::SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Both platforms with the demonstration's data, registered with each other; what they do in the background is done by hand.
struct Pair {
    clock: Clock,
    cpo: (cpo_mock::App, Side),
    emsp: (emsp::App, Side),
}

impl Pair {
    async fn start(databases: (&str, &str)) -> Self {
        let clock = Clock::manual("2026-10-01T16:00:00Z".parse().unwrap());
        let config = cpo_mock::Config {
            party: party(PartyConfig::cpo(), databases.0),
            demo_data: true,
            auto_driver: false,
            ..cpo_mock::Config::default()
        };
        let cpo = cpo_mock::App::open(config, clock.clone()).await.unwrap();
        let config =
            emsp::Config { party: party(PartyConfig::emsp(), databases.1), demo_data: true, ..emsp::Config::default() };
        let emsp = emsp::App::open(config, clock.clone()).await.unwrap();
        let http = reqwest::Client::new();
        let side = |addr| Side { base: format!("http://{addr}"), http: http.clone() };
        let (listener, addr) = listen().await;
        cpo.party.bound_to(addr);
        tokio::spawn(ocpi_http::serve(listener, cpo.router(), std::future::pending()));
        let cpo = (cpo, side(addr));
        let (listener, addr) = listen().await;
        emsp.party.bound_to(addr);
        tokio::spawn(ocpi_http::serve(listener, emsp.router(), std::future::pending()));
        let pair = Self { clock, cpo, emsp: (emsp, side(addr)) };
        let invited = pair.cpo.1.call(Method::POST, "/partners/invitations", &json!({ "name": "EMSP" })).await;
        let order = json!({ "name": "CPO", "versions_url": invited["versions_url"], "token_a": invited["token_a"] });
        pair.emsp.1.call(Method::POST, "/partners", &order).await;
        pull_due(&pair.emsp.0.party, &CpoInbox(pair.emsp.0.clone())).await;
        pull_due(&pair.cpo.0.party, &pair.cpo.0.inbox()).await;
        pair.settle().await;
        pair
    }

    async fn settle(&self) {
        self.cpo.0.run_due().await.unwrap();
        push_due(&self.cpo.0.party, &self.cpo.0.outbox()).await;
    }

    async fn advance(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
        self.settle().await;
    }
}

/// Proves: LOC-053, LOC-054, LOC-062, LOC-068, LOC-069, LOC-073, LOC-171, LOC-172
#[tokio::test]
async fn parts_of_a_location_add_up_to_the_same_on_both_sides() {
    let (one, two) = (ocpi_party::testing::sqlite(), ocpi_party::testing::sqlite());
    let pair = Pair::start((&one.url, &two.url)).await;
    let connector = json!({
        "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_1_PHASE", "max_voltage": 240,
        "max_amperage": 32, "tariff_ids": ["CPO-ENERGY"],
    });
    let plan = json!({ "status_schedule": [{ "period_begin": "2026-10-01T16:20:00Z", "status": "INOPERATIVE" }] });
    let mut new = pair.cpo.1.get(LOCATION).await["evses"][0].clone();
    (new["uid"], new["evse_id"]) = (json!("SEA001-9"), json!("US*CPO*E695399"));
    for (method, path, body) in [
        (Method::PUT, "/SEA001-1/connectors/2", connector),
        (Method::DELETE, "/SEA001-1/connectors/1", Value::Null),
        (Method::PUT, "/SEA001-9", new),
        (Method::PATCH, "/SEA001-2", plan),
        (Method::PATCH, "/SEA001-3", json!({ "status": "BLOCKED" })),
        (Method::DELETE, "/SEA001-3", Value::Null),
    ] {
        pair.cpo.1.call(method.clone(), &format!("{EVSES}{path}"), &body).await;
        pair.advance(1).await;
        assert_eq!(pair.emsp.1.get(LOCATION).await, pair.cpo.1.get(LOCATION).await, "{method} {path}");
    }
    // Past the time of the plan, but nobody has published anything yet.
    pair.clock.advance(Duration::from_mins(20));
    let availability = pair.emsp.1.get(&format!("{LOCATION}/availability")).await;
    assert_eq!(
        (&availability["evses"][1]["status"], &availability["evses"][1]["planned"]),
        (&json!("AVAILABLE"), &json!("INOPERATIVE"))
    );
    pair.settle().await;
    assert_eq!(pair.emsp.1.get(LOCATION).await["evses"][1]["status"], "INOPERATIVE");
    assert_eq!(pair.emsp.1.get(LOCATION).await, pair.cpo.1.get(LOCATION).await);
}

/// Proves: CDR-006, CDR-013, CDR-014, CDR-015, CDR-016
#[tokio::test]
async fn a_corrected_bill_leaves_one_that_stands() {
    let (one, two) = (ocpi_party::testing::sqlite(), ocpi_party::testing::sqlite());
    let pair = Pair::start((&one.url, &two.url)).await;
    let station = async |action: &str, body: Value| {
        pair.cpo.1.call(Method::POST, &format!("/stations/SEA001-1/{action}"), &body).await;
    };
    station("plug-in", json!({ "soc_percent": 20 })).await;
    station("present-card", json!({ "uid": emsp::demo::RFID_NEVER })).await;
    pair.advance(40).await;
    station("unplug", Value::Null).await;
    pair.settle().await;
    let cdr = pair.cpo.1.get("/cdrs").await["items"][0].clone();
    let (id, session) = (cdr["id"].as_str().unwrap(), cdr["session_id"].as_str().unwrap());
    let mut tariffs = cdr["tariffs"].clone();
    tariffs[0]["elements"][0]["price_components"][0]["price"] = json!(0.01);
    let fields = json!({ "tariffs": tariffs, "remark": "A special price" });
    let both = pair.cpo.1.call(Method::POST, &format!("/cdrs/US/CPO/{id}/correct"), &fields).await;
    pair.settle().await;
    let balance = pair.emsp.1.get(&format!("/sessions/US/CPO/{session}/balance")).await;
    let verdicts: Vec<_> = balance["cdrs"].as_array().unwrap().iter().map(|cdr| &cdr["verdict"]).collect();
    assert_eq!(verdicts, ["FINE", "FINE", "FINE"], "{balance}");
    assert_eq!(balance["standing"], json!([both["corrected"]["id"]]));
    let net = &balance["net"][0]["sum"]["excl_vat"];
    assert_eq!(net, &both["corrected"]["total_cost"]["excl_vat"], "{balance}");
    assert_ne!(net, &cdr["total_cost"]["excl_vat"]);
    let there = pair.cpo.1.get(&format!("/cdrs/US/CPO/{id}/at-partner")).await;
    assert_eq!(there["differences"], json!([]), "what was sent first is still there as it was: {there}");
}
