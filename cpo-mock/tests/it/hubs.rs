//! EMSPs behind a hub: what goes to all of them, what goes to one, and what waits.

use axum::http::Method;
use ocpi_party::push_due;
use ocpi_party::testing::{TestDatabase, databases};
use serde_json::{Value, json};

use crate::emsp::{Emsp, Received};
use crate::world::{Partner, Reply, World, read};

fn client(party: &str, status: &str) -> Value {
    let (country, id) = party.split_once('/').unwrap();
    json!({ "country_code": country, "party_id": id, "role": "EMSP", "status": status, "last_updated": "2026-06-12T10:00:00Z" })
}

fn route(headers: &axum::http::HeaderMap, direction: &str) -> String {
    let text = |part: &str| {
        headers
            .get(format!("ocpi-{direction}-{part}"))
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    format!("{}/{}", text("country-code"), text("party-id"))
}

/// `METHOD /path: to <- from`.
fn routes(received: &[Received]) -> Vec<String> {
    let line = |request: &Received| {
        format!(
            "{} {}: {} <- {}",
            request.method,
            request.path,
            route(&request.headers, "to"),
            route(&request.headers, "from")
        )
    };
    received.iter().map(line).collect()
}

/// The platform, and a hub with DE/EMP and NL/OTH behind it.
struct Hubs {
    world: World,
    hub: Emsp,
    partner: Partner,
}

impl Hubs {
    async fn new(database: &TestDatabase) -> Self {
        let world = World::new(database).await;
        let hub = Emsp::hub("EU", "HUB").await;
        let list =
            |clients: Value| json!({ "data": clients, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
        let clients = json!([client("DE/EMP", "CONNECTED"), client("NL/OTH", "CONNECTED")]);
        hub.answer("GET /hubclientinfo", 200, Some(list(clients)));
        let partner = world.register(&hub).await;
        world.publish().await;
        Self { world, hub, partner }
    }

    /// A request that comes through the hub from this party.
    async fn from(&self, party: &str, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let (country, id) = party.split_once('/').unwrap();
        let mut request = self
            .world
            .http
            .request(method, format!("{}/ocpi/2.2.1/cpo{path}", self.world.base))
            .header("Authorization", &self.partner.authorization)
            .header("OCPI-from-country-code", country)
            .header("OCPI-from-party-id", id)
            .header("OCPI-to-country-code", "US")
            .header("OCPI-to-party-id", "CPO");
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        read(request).await
    }

    async fn tell(&self, party: &str, status: &str) {
        let path = format!("/ocpi/2.2.1/hubclientinfo/{party}");
        let reply =
            self.world.request(Method::PUT, &path, &self.partner.authorization, Some(&client(party, status))).await;
        assert_eq!(reply.code(), 1000, "{reply:?}");
    }

    /// A charge of a driver of this party at this EVSE; it is running when this returns.
    async fn charge(&self, party: &str, evse: &str) {
        let car = json!({ "connector_id": "1", "battery_kwh": 50, "soc_percent": 30 });
        assert_eq!(self.world.operate(Method::POST, &format!("/stations/{evse}/plug-in"), &car).await.http, 200);
        let (country, id) = party.split_once('/').unwrap();
        let mut token = self.hub.token(&format!("APP-{id}"), "NEVER");
        token["country_code"] = json!(country);
        token["party_id"] = json!(id);
        token["type"] = json!("APP_USER");
        let command = json!({
            "response_url": format!("{}/results/{id}", self.hub.base), "token": token, "location_id": "LOC1",
            "evse_uid": evse, "connector_id": "1",
        });
        let reply = self.from(party, Method::POST, "/commands/START_SESSION", Some(&command)).await;
        assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
        let result = self.hub.wait_for(Method::POST, &format!("/results/{id}")).await;
        assert_eq!((route(&result.headers, "to"), route(&result.headers, "from")), (party.into(), "US/CPO".into()));
        self.world.settle().await;
    }

    /// The Sessions that this party sees.
    async fn sessions(&self, party: &str) -> Vec<Value> {
        self.from(party, Method::GET, "/sessions", None).await.data().as_array().unwrap().clone()
    }

    async fn findings(&self) -> String {
        let view = self.world.operate(Method::GET, &format!("/partners/{}", self.partner.id), &Value::Null).await;
        view.json["findings"].to_string()
    }
}

/// Proves: HUB-021, HUB-028, HUB-029, HUB-047, HUB-052, HUB-006, HUB-040, HUB-041, HUB-042, HUB-045, HUB-026, HUB-001, STA-020
#[tokio::test]
async fn what_is_for_everybody_goes_to_the_hub_and_what_is_for_one_to_that_one() {
    for database in databases().await {
        let hubs = Hubs::new(&database).await;
        push_due(&hubs.world.app.party, &hubs.world.app.outbox()).await;
        assert_eq!(
            routes(&hubs.hub.take()),
            ["PUT /tariffs/US/CPO/T1: EU/HUB <- US/CPO", "PUT /locations/US/CPO/LOC1: EU/HUB <- US/CPO"]
        );
        hubs.charge("DE/EMP", "E1").await;
        let id = hubs.sessions("DE/EMP").await[0]["id"].as_str().unwrap().to_owned();
        let lines = routes(&hubs.hub.take());
        assert!(lines.contains(&format!("PUT /sessions/US/CPO/{id}: DE/EMP <- US/CPO")), "{lines:?}");
        assert!(lines.contains(&"PATCH /locations/US/CPO/LOC1/E1: EU/HUB <- US/CPO".to_owned()), "{lines:?}");
        hubs.world.advance(5).await;
        assert_eq!(hubs.world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await.http, 200);
        hubs.world.advance(1).await;
        let received = hubs.hub.take();
        let lines = routes(&received);
        assert!(lines.contains(&format!("PATCH /sessions/US/CPO/{id}: DE/EMP <- US/CPO")), "{lines:?}");
        assert!(lines.contains(&"POST /cdrs: DE/EMP <- US/CPO".to_owned()), "{lines:?}");
        assert!(
            lines.iter().all(|line| !line.contains("sessions") && !line.contains("cdrs") || line.contains("DE/EMP"))
        );
        for patch in received.iter().filter(|request| request.method == Method::PATCH) {
            assert!(patch.body["last_updated"].is_string(), "{patch:?}");
        }

        // All Tokens are asked for in the name of the hub; its own list without routing.
        let sync = format!("/partners/{}/sync", hubs.partner.id);
        hubs.world.operate(Method::POST, &sync, &json!({ "full": true })).await;
        let mut token = hubs.hub.token("CARD1", "ALWAYS");
        token["country_code"] = json!("NL");
        token["party_id"] = json!("OTH");
        let list = json!({ "data": [token], "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
        hubs.hub.answer("GET /tokens", 200, Some(list.clone()));
        ocpi_party::pull_due(&hubs.world.app.party, &hubs.world.app.inbox()).await;
        assert_eq!(routes(&hubs.hub.take()), ["GET /hubclientinfo: / <- /", "GET /tokens: EU/HUB <- US/CPO"]);
        let stored = hubs.from("NL/OTH", Method::GET, "/tokens/NL/OTH/CARD1", None).await;
        assert_eq!(stored.data(), &list["data"][0]);
    }
}

/// Proves: HCI-005, HCI-007, HCI-008, HCI-010, HCI-013
#[tokio::test]
async fn what_is_for_a_party_that_is_away_waits_and_is_sent_as_it_is_then() {
    for database in databases().await {
        let hubs = Hubs::new(&database).await;
        hubs.charge("DE/EMP", "E1").await;
        hubs.charge("NL/OTH", "E2").await;
        hubs.hub.take();
        let mut away = false;
        for status in ["OFFLINE", "SUSPENDED", "PLANNED"] {
            hubs.tell("DE/EMP", status).await;
            hubs.world.advance(5).await;
            hubs.world.advance(5).await;
            let lines = routes(&hubs.hub.take());
            assert!(lines.iter().all(|line| !line.contains("DE/EMP")), "{status}: {lines:?}");
            assert!(lines.iter().any(|line| line.contains(": NL/OTH <-")), "others are served: {lines:?}");
            away = true;
        }
        assert!(away);
        let view = hubs.world.operate(Method::GET, &format!("/partners/{}", hubs.partner.id), &Value::Null).await;
        assert_eq!(
            (&view.json["push"]["behind"]["sessions"], &view.json["push"]["out_of_sync_since"]),
            (&json!(1), &Value::Null)
        );
        assert_eq!(hubs.world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await.http, 200);
        hubs.world.settle().await;
        let line = |request: &str| request.contains("DE/EMP");
        assert!(!routes(&hubs.hub.take()).iter().any(|request| line(request)));

        // Back again: one message for each object, with what it is now.
        hubs.tell("DE/EMP", "CONNECTED").await;
        push_due(&hubs.world.app.party, &hubs.world.app.outbox()).await;
        let received = hubs.hub.take();
        let session = &hubs.sessions("DE/EMP").await[0];
        let id = session["id"].as_str().unwrap();
        let missed: Vec<String> = routes(&received).into_iter().filter(|request| line(request)).collect();
        assert_eq!(missed.len(), 2, "no message of the time between is repeated: {missed:?}");
        let told = received.iter().find(|request| request.path == format!("/sessions/US/CPO/{id}")).unwrap();
        assert_eq!((&told.body["status"], &told.body["kwh"]), (&json!("COMPLETED"), &session["kwh"]));
        assert!(missed.contains(&"POST /cdrs: DE/EMP <- US/CPO".to_owned()), "{missed:?}");
        push_due(&hubs.world.app.party, &hubs.world.app.outbox()).await;
        assert!(hubs.hub.take().is_empty(), "nothing is left over");
    }
}

/// 4002 and 4003 put off what is for one party, 4001 ends it; the line to the hub is fine all the while. (STA-034, STA-035 and
/// STA-036, as the hub's client.)
#[tokio::test]
async fn what_the_hub_cannot_deliver_is_put_off_for_that_party_alone() {
    for database in databases().await {
        let hubs = Hubs::new(&database).await;
        hubs.charge("DE/EMP", "E1").await;
        hubs.charge("NL/OTH", "E2").await;
        hubs.hub.take();
        let id = hubs.sessions("DE/EMP").await[0]["id"].as_str().unwrap().to_owned();
        let refusal = |code: u16| {
            Some(json!({ "status_code": code, "status_message": "no", "timestamp": "2026-06-12T10:00:00Z" }))
        };
        let (patch, put) = (format!("PATCH /sessions/US/CPO/{id}"), format!("PUT /sessions/US/CPO/{id}"));
        let answer = |code: u16| {
            hubs.hub.answer(&patch, 200, refusal(code));
            hubs.hub.answer(&put, 200, refusal(code));
        };
        answer(4003);
        hubs.world.advance(5).await;
        let lines = routes(&hubs.hub.take());
        assert_eq!(lines.iter().filter(|line| line.contains("DE/EMP")).count(), 1, "{lines:?}");
        assert!(lines.iter().any(|line| line.contains(": NL/OTH <-")), "{lines:?}");
        let view = hubs.world.operate(Method::GET, &format!("/partners/{}", hubs.partner.id), &Value::Null).await;
        assert_eq!(view.json["push"]["out_of_sync_since"], Value::Null, "the hub is not to blame");
        assert!(hubs.findings().await.contains("DE/EMP cannot be reached through the hub"), "{view:?}");
        let clients =
            hubs.world.operate(Method::GET, &format!("/partners/{}/clients", hubs.partner.id), &Value::Null).await;
        let first = &clients.json["clients"][0];
        assert_eq!((&first["info"]["status"], &first["reachable"]), (&json!("CONNECTED"), &json!(false)), "{first}");

        // It answers again: what it missed is sent as a whole.
        hubs.hub.answer(&put, 200, Some(json!({ "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" })));
        hubs.tell("DE/EMP", "CONNECTED").await;
        hubs.world.advance(5).await;
        let lines = routes(&hubs.hub.take());
        assert!(lines.iter().any(|line| line.starts_with(&put)), "{lines:?}");

        answer(4001);
        hubs.world.advance(5).await;
        hubs.hub.take();
        assert!(hubs.findings().await.contains("4001"), "the operator hears of it");
        hubs.world.settle().await;
        assert!(hubs.hub.take().is_empty(), "and it is not repeated");
    }
}

/// Proves: HUB-050, HUB-054: what concerns one party behind a hub is for that party alone
#[tokio::test]
async fn parties_behind_one_hub_see_nothing_of_each_other() {
    for database in databases().await {
        let hubs = Hubs::new(&database).await;
        hubs.charge("DE/EMP", "E1").await;
        hubs.charge("NL/OTH", "E2").await;
        let owner = |session: &Value| session["cdr_token"]["party_id"].clone();
        let (one, other) = (hubs.sessions("DE/EMP").await, hubs.sessions("NL/OTH").await);
        assert_eq!((one.len(), owner(&one[0])), (1, json!("EMP")));
        assert_eq!((other.len(), owner(&other[0])), (1, json!("OTH")));
        let list = hubs.from("DE/EMP", Method::GET, "/sessions", None).await;
        assert_eq!(list.header("x-total-count"), Some("1"));
        assert_eq!((route(&list.headers, "to"), route(&list.headers, "from")), ("DE/EMP".into(), "US/CPO".into()));
        assert!(hubs.sessions("FR/XXX").await.is_empty());
        assert_eq!(hubs.sessions("EU/HUB").await.len(), 2, "the hub itself has carried them all");

        let stop = json!({ "response_url": format!("{}/results/stop", hubs.hub.base), "session_id": other[0]["id"] });
        let foreign = hubs.from("DE/EMP", Method::POST, "/commands/STOP_SESSION", Some(&stop)).await;
        assert_eq!((foreign.code(), &foreign.data()["result"]), (1000, &json!("REJECTED")));
        let mut token = hubs.hub.token("APP-1", "NEVER");
        token["country_code"] = json!("NL");
        token["party_id"] = json!("OTH");
        let start = json!({
            "response_url": format!("{}/results/x", hubs.hub.base), "token": token, "location_id": "LOC1", "evse_uid": "E1",
        });
        let foreign = hubs.from("DE/EMP", Method::POST, "/commands/START_SESSION", Some(&start)).await;
        assert_eq!(foreign.data()["result"], "REJECTED", "another party's token");
        let own = hubs.from("NL/OTH", Method::POST, "/commands/STOP_SESSION", Some(&stop)).await;
        assert_eq!(own.data()["result"], "ACCEPTED");
        assert_eq!(hubs.hub.wait_for(Method::POST, "/results/stop").await.body["result"], "ACCEPTED");

        for minutes in [5, 1] {
            hubs.world.advance(minutes).await;
        }
        for evse in ["E1", "E2"] {
            hubs.world.operate(Method::POST, &format!("/stations/{evse}/unplug"), &Value::Null).await;
        }
        hubs.world.advance(1).await;
        for (party, id) in [("DE/EMP", "EMP"), ("NL/OTH", "OTH")] {
            let cdrs = hubs.from(party, Method::GET, "/cdrs", None).await;
            let cdrs = cdrs.data().as_array().unwrap();
            assert_eq!((cdrs.len(), owner(&cdrs[0])), (1, json!(id)));
        }
    }
}

/// Proves: HUB-033, HUB-037 (with POST), HUB-032, HCI-007
#[tokio::test]
async fn the_hub_finds_out_whose_card_it_is() {
    for database in databases().await {
        let hubs = Hubs::new(&database).await;
        hubs.world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        hubs.world.settle().await;
        hubs.hub.take();
        let mut token = hubs.hub.token("CARD1", "NEVER");
        token["country_code"] = json!("NL");
        token["party_id"] = json!("OTH");
        let info = json!({ "data": { "allowed": "ALLOWED", "token": token }, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
        hubs.hub.answer("POST /tokens/CARD1/authorize", 200, Some(info));
        let present =
            async || hubs.world.operate(Method::POST, "/stations/E1/present-card", &json!({ "uid": "CARD1" })).await;
        assert_eq!(present().await.http, 200);
        let asked = hubs.hub.take();
        assert_eq!(routes(&asked), ["POST /tokens/CARD1/authorize: / <- US/CPO"], "no OCPI-to headers at all");
        hubs.world.settle().await;
        assert_eq!(hubs.sessions("NL/OTH").await.len(), 1);

        // A Token that is known goes to its owner, and to nobody while that is away.
        hubs.world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
        hubs.world.settle().await;
        let put = hubs.from("NL/OTH", Method::PUT, "/tokens/NL/OTH/CARD1", Some(&token)).await;
        assert_eq!(put.http, 201);
        hubs.world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        hubs.world.settle().await;
        hubs.hub.take();
        hubs.tell("NL/OTH", "OFFLINE").await;
        present().await;
        assert!(hubs.hub.take().iter().all(|request| !request.path.contains("authorize")));
        hubs.tell("NL/OTH", "CONNECTED").await;
        present().await;
        let asked: Vec<String> =
            routes(&hubs.hub.take()).into_iter().filter(|line| line.contains("authorize")).collect();
        assert_eq!(asked, ["POST /tokens/CARD1/authorize: NL/OTH <- US/CPO"]);
    }
}

/// Proves: HUB-025, HUB-031, HCI-009, HCI-044, HCI-046
#[tokio::test]
async fn a_hub_speaks_for_emsps_and_its_list_is_the_truth_about_them() {
    for database in databases().await {
        let hubs = Hubs::new(&database).await;
        let mut token = hubs.hub.token("CARD1", "ALWAYS");
        token["country_code"] = json!("NL");
        token["party_id"] = json!("OTH");
        let put = hubs.from("EU/HUB", Method::PUT, "/tokens/NL/OTH/CARD1", Some(&token)).await;
        assert_eq!((put.http, put.code()), (201, 1000), "a broadcast of another party's Token");
        assert_eq!((route(&put.headers, "to"), route(&put.headers, "from")), ("EU/HUB".into(), "US/CPO".into()));

        let mut known = client("DE/EMP", "CONNECTED");
        known["x_vendor"] = json!("more than the spec has");
        let list = json!({ "data": [known], "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
        hubs.hub.answer("GET /hubclientinfo", 200, Some(list));
        hubs.hub.take();
        // The line to the hub was broken: whatever is due is asked for, first of all who is there.
        hubs.world
            .operate(Method::POST, &format!("/partners/{}/sync", hubs.partner.id), &json!({ "full": true }))
            .await;
        ocpi_party::pull_due(&hubs.world.app.party, &hubs.world.app.inbox()).await;
        assert_eq!(routes(&hubs.hub.take()), ["GET /hubclientinfo: / <- /", "GET /tokens: EU/HUB <- US/CPO"]);
        let clients =
            hubs.world.operate(Method::GET, &format!("/partners/{}/clients", hubs.partner.id), &Value::Null).await;
        let status = |n: usize| clients.json["clients"][n]["info"]["status"].clone();
        assert_eq!((status(0), status(1)), (json!("CONNECTED"), json!("SUSPENDED")), "{clients:?}");
    }
}
