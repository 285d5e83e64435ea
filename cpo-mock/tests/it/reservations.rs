//! Reservations: from RESERVE_NOW to the bill, used or not, and what others find meanwhile.

use axum::http::Method;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::{Emsp, Received};
use crate::world::{Partner, Reply, World, config, location};

const SESSIONS: &str = "/sessions?date_from=2026-01-01T00:00:00Z";

/// Reserving costs 1.00 and 6.00 an hour; whoever does not come pays 3.00 and 12.00 an hour. Charging costs 0.20 a kWh.
fn tariff() -> Value {
    let element = |components: Value, restrictions: Value| json!({ "price_components": components, "restrictions": restrictions });
    let price = |kind: &str, price: f64| json!({ "type": kind, "price": price, "step_size": 1 });
    json!({
        "currency": "USD",
        "elements": [
            element(json!([price("FLAT", 1.0), price("TIME", 6.0)]), json!({ "reservation": "RESERVATION" })),
            element(json!([price("FLAT", 3.0), price("TIME", 12.0)]), json!({ "reservation": "RESERVATION_EXPIRES" })),
            { "price_components": [price("ENERGY", 0.20)] },
        ],
    })
}

/// LOC1 with three EVSEs; E1 and E2 can be reserved.
fn plaza(tariff_id: &str) -> Value {
    let mut plaza = location();
    for (index, evse) in plaza["evses"].as_array_mut().unwrap().iter_mut().enumerate() {
        let able = json!(["REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE", "RESERVABLE"]);
        evse["capabilities"] = json!(able.as_array().unwrap()[..if index < 2 { 4 } else { 3 }]);
        for connector in evse["connectors"].as_array_mut().unwrap() {
            connector["tariff_ids"] = json!([tariff_id]);
        }
    }
    plaza
}

struct Stage {
    world: World,
    emsp: Emsp,
    partner: Partner,
}

impl Stage {
    async fn set(database: &ocpi_party::testing::TestDatabase) -> Self {
        let world = World::new(database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        world.settle().await;
        emsp.take();
        Self { world, emsp, partner }
    }

    async fn send(&self, kind: &str, body: &Value) -> Reply {
        send(&self.world, &self.partner, kind, body).await
    }

    fn reserve_now(&self, change: &Value) -> Value {
        reserve_now(&self.emsp, change)
    }

    /// RESERVE_NOW until its result; gives the result.
    async fn reserve(&self, change: &Value) -> Value {
        reserve(&self.world, &self.partner, &self.emsp, change).await
    }

    async fn cancel(&self, reservation_id: &str) -> Value {
        cancel(&self.world, &self.partner, &self.emsp, reservation_id).await
    }

    async fn start(&self, token: Value, change: &Value) -> Value {
        start(&self.world, &self.partner, &self.emsp, token, change).await
    }

    async fn card(&self, evse: &str, uid: &str) -> u16 {
        let path = format!("/stations/{evse}/present-card");
        self.world.operate(Method::POST, &path, &json!({ "uid": uid })).await.http
    }

    async fn plug_in(&self, evse: &str) {
        let path = format!("/stations/{evse}/plug-in");
        assert_eq!(self.world.operate(Method::POST, &path, &json!({ "soc_percent": 20 })).await.http, 200);
    }

    async fn unplug(&self, evse: &str) {
        let path = format!("/stations/{evse}/unplug");
        assert_eq!(self.world.operate(Method::POST, &path, &Value::Null).await.http, 200);
        self.world.settle().await;
    }

    async fn sessions(&self) -> Vec<Value> {
        self.partner.get(&self.world, SESSIONS).await.data().as_array().unwrap().clone()
    }

    async fn cdrs(&self) -> Vec<Value> {
        let cdrs = self.partner.get(&self.world, "/cdrs").await.data().as_array().unwrap().clone();
        for cdr in &cdrs {
            let report = ocpi_types::parse::<ocpi_types::Cdr>(cdr.clone()).report;
            assert!(report.is_clean(), "{report}");
        }
        cdrs
    }

    async fn status(&self, evse: &str) -> Value {
        self.partner.get(&self.world, &format!("/locations/LOC1/{evse}")).await.data()["status"].clone()
    }

    async fn listed(&self) -> Vec<Value> {
        let listed = self.world.operate(Method::GET, "/reservations", &Value::Null).await;
        listed.json["items"].as_array().unwrap().clone()
    }
}

async fn publish(world: &World) {
    assert_eq!(world.operate(Method::PUT, "/tariffs/US/CPO/T1", &tariff()).await.http, 201);
    assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC1", &plaza("T1")).await.http, 201);
}

async fn send(world: &World, partner: &Partner, kind: &str, body: &Value) -> Reply {
    partner.send(world, Method::POST, &format!("/commands/{kind}"), body).await
}

fn app(emsp: &Emsp) -> Value {
    let mut token = emsp.token("APP1", "NEVER");
    token["type"] = json!("APP_USER");
    token
}

/// A body with these changes; null takes a field away.
fn with(mut body: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    body
}

fn reserve_now(emsp: &Emsp, change: &Value) -> Value {
    let body = json!({
        "response_url": format!("{}/results/reserve", emsp.base), "token": app(emsp), "expiry_date": "2026-06-12T10:30:00Z",
        "reservation_id": "R1", "location_id": "LOC1", "evse_uid": "E1", "authorization_reference": "REF-A",
    });
    with(body, change)
}

async fn reserve(world: &World, partner: &Partner, emsp: &Emsp, change: &Value) -> Value {
    let reply = send(world, partner, "RESERVE_NOW", &reserve_now(emsp, change)).await;
    assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
    let result = emsp.wait_for(Method::POST, "/results/reserve").await;
    world.settle().await;
    result.body["result"].clone()
}

async fn cancel(world: &World, partner: &Partner, emsp: &Emsp, reservation_id: &str) -> Value {
    let body = json!({ "response_url": format!("{}/results/cancel", emsp.base), "reservation_id": reservation_id });
    let reply = send(world, partner, "CANCEL_RESERVATION", &body).await;
    assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
    let result = emsp.wait_for(Method::POST, "/results/cancel").await;
    world.settle().await;
    result.body["result"].clone()
}

async fn start(world: &World, partner: &Partner, emsp: &Emsp, token: Value, change: &Value) -> Value {
    let body = json!({
        "response_url": format!("{}/results/start", emsp.base), "token": token, "location_id": "LOC1", "evse_uid": "E1",
        "authorization_reference": "REF-B",
    });
    let reply = send(world, partner, "START_SESSION", &with(body, change)).await;
    assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
    let result = emsp.wait_for(Method::POST, "/results/start").await;
    world.settle().await;
    result.body["result"].clone()
}

fn requests<'a>(received: &'a [Received], path: &str) -> Vec<&'a Received> {
    received.iter().filter(|request| request.path.starts_with(path)).collect()
}

/// The volume of a dimension over all periods, as text.
fn volume(object: &Value, dimension: &str) -> String {
    let periods = object["charging_periods"].as_array().unwrap();
    let dimensions = periods.iter().flat_map(|period| period["dimensions"].as_array().unwrap());
    let volumes = dimensions.filter(|found| found["type"] == dimension).map(|found| found["volume"].to_string());
    volumes
        .map(|volume| volume.parse::<ocpi_types::Decimal>().unwrap())
        .sum::<ocpi_types::Decimal>()
        .normalize()
        .to_string()
}

/// Proves: CMD-014, CMD-041, CMD-044, CMD-045, CMD-050, CMD-054, CMD-067, CMD-082, SES-012, SES-013, SES-014, SES-065, SES-069,
/// SES-071, SES-073, SES-094, CDR-050, CDR-052, CDR-056, CDR-101, LOC-119, LOC-162, LOC-164, PRC-013
#[tokio::test]
async fn the_driver_comes_and_charges_in_the_session_of_the_reservation() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
        let received = stage.emsp.take();
        assert!(requests(&received, "/tokens").is_empty(), "the EMSP has authorized the token already");
        let status = requests(&received, "/locations")[0];
        assert_eq!((status.path.as_str(), &status.body["status"]), ("/locations/US/CPO/LOC1/E1", &json!("RESERVED")));
        let pushed = requests(&received, "/sessions")[0];
        assert_eq!(pushed.method, Method::PUT);
        assert!(ocpi_types::parse::<ocpi_types::Session>(pushed.body.clone()).report.is_clean());
        let id = pushed.body["id"].clone();
        for (field, value) in [
            ("status", json!("RESERVATION")),
            ("authorization_reference", json!("REF-A")),
            ("auth_method", json!("COMMAND")),
            ("start_date_time", json!("2026-06-12T10:00:00Z")),
            ("kwh", json!(0)),
            ("evse_uid", json!("E1")),
            ("connector_id", json!("1")),
        ] {
            assert_eq!(pushed.body[field], value, "{field}");
        }
        assert_eq!(pushed.body["cdr_token"]["uid"], "APP1");
        let station = stage.world.operate(Method::GET, "/stations/E1", &Value::Null).await;
        assert_eq!((&station.json["state"], &station.json["reservation_id"]), (&json!("RESERVED"), &id));
        assert_ne!(id, "R1", "the station never gets to know the EMSP's id");
        // Whatever the operator publishes meanwhile, the EVSE stays reserved.
        assert_eq!(stage.world.operate(Method::PUT, "/locations/US/CPO/LOC1", &plaza("T1")).await.http, 200);
        assert_eq!(stage.status("E1").await, "RESERVED");

        stage.world.advance(15).await;
        stage.plug_in("E1").await;
        assert_eq!(stage.status("E1").await, "RESERVED", "a cable alone uses nothing");
        assert_eq!(stage.start(app(&stage.emsp), &json!({})).await, "ACCEPTED");
        let received = stage.emsp.take();
        assert!(requests(&received, "/tokens").is_empty(), "an app's token is never asked about");
        let active = requests(&received, "/sessions")[0];
        assert_eq!((active.method.clone(), &active.body["id"]), (Method::PUT, &id));
        assert_eq!(
            (&active.body["status"], &active.body["authorization_reference"]),
            (&json!("ACTIVE"), &json!("REF-B"))
        );
        assert_eq!(active.body["start_date_time"], "2026-06-12T10:15:00Z");
        assert_eq!(stage.status("E1").await, "CHARGING");
        // The reservation is gone: it neither expires nor can it be cancelled.
        stage.world.advance(30).await;
        assert_eq!(stage.cancel("R1").await, "UNKNOWN_RESERVATION");
        stage.unplug("E1").await;
        assert_eq!(stage.status("E1").await, "AVAILABLE");
        let (sessions, cdrs) = (stage.sessions().await, stage.cdrs().await);
        assert_eq!((sessions.len(), cdrs.len()), (1, 1));
        assert_eq!((&sessions[0]["status"], &sessions[0]["id"]), (&json!("COMPLETED"), &id));
        let cdr = &cdrs[0];
        assert_eq!((&cdr["session_id"], &cdr["authorization_reference"]), (&id, &json!("REF-B")));
        assert_eq!(cdr["start_date_time"], "2026-06-12T10:00:00Z", "of the reservation");
        assert_eq!((volume(cdr, "RESERVATION_TIME").as_str(), volume(cdr, "TIME").as_str()), ("0.25", "0.5"));
        assert_eq!(cdr["total_reservation_cost"]["excl_vat"].to_string(), "2.5");
        assert_eq!(cdr["total_time"].to_string(), "0.5", "the reservation is no part of the charge");
        let listed = stage.listed().await;
        assert_eq!((listed.len(), &listed[0]["state"], &listed[0]["id"]), (1, &json!("USED"), &id));
        if database.name == "sqlite" {
            insta::assert_snapshot!("cdr_of_a_used_reservation", serde_json::to_string_pretty(cdr).unwrap());
        }
    }
}

/// Proves: CMD-046, SES-069, SES-070, SES-071, CDR-054, CDR-055, CDR-056, TOK-069
#[tokio::test]
async fn a_card_uses_the_reservation_and_what_was_given_last_counts() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        let card = |uid: &str| {
            let mut token = stage.emsp.token(uid, "NEVER");
            token["group_id"] = json!("FAMILY");
            token
        };
        let verdict = |uid: &str, allowed: &str| {
            let info = json!({ "allowed": allowed, "token": card(uid), "authorization_reference": "REF-C" });
            let body = json!({ "data": info, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
            stage.emsp.answer(&format!("POST /tokens/{uid}/authorize"), 200, Some(body));
        };
        // Within a quarter of an hour the EMSP's word for the card holds.
        assert_eq!(stage.reserve(&json!({ "token": card("CARD1") })).await, "ACCEPTED");
        stage.world.advance(14).await;
        stage.plug_in("E1").await;
        stage.emsp.take();
        assert_eq!(stage.card("E1", "card1").await, 200);
        stage.world.settle().await;
        assert!(requests(&stage.emsp.take(), "/tokens").is_empty());
        let session = stage.sessions().await.remove(0);
        assert_eq!((&session["status"], &session["auth_method"]), (&json!("ACTIVE"), &json!("COMMAND")));
        assert_eq!(session["authorization_reference"], "REF-A");
        stage.unplug("E1").await;

        // Later it is asked, and its answer counts; a card of the same group is as good as the one that was named.
        let later = json!({ "token": card("CARD1"), "reservation_id": "R2", "expiry_date": "2026-06-12T10:45:00Z" });
        assert_eq!(stage.reserve(&later).await, "ACCEPTED");
        stage.world.advance(16).await;
        stage.plug_in("E1").await;
        verdict("CARD2", "BLOCKED");
        assert_eq!(stage.card("E1", "CARD2").await, 409, "blocked is blocked");
        assert_eq!(stage.status("E1").await, "RESERVED");
        verdict("CARD2", "ALLOWED");
        assert_eq!(stage.card("E1", "CARD2").await, 200);
        stage.world.settle().await;
        let session = stage.sessions().await.remove(1);
        assert_eq!((&session["status"], &session["auth_method"]), (&json!("ACTIVE"), &json!("AUTH_REQUEST")));
        assert_eq!(
            (&session["authorization_reference"], &session["cdr_token"]["uid"]),
            (&json!("REF-C"), &json!("CARD2"))
        );
        stage.unplug("E1").await;
        let cdr = stage.cdrs().await.remove(1);
        assert_eq!((&cdr["auth_method"], &cdr["authorization_reference"]), (&json!("AUTH_REQUEST"), &json!("REF-C")));
    }
}

/// Proves: CMD-042, CMD-052, SES-015, SES-016, CDR-052, CDR-101, PRC-016, PRC-017, PRC-019, SES-059
#[tokio::test]
async fn whoever_does_not_come_pays_for_all_of_the_time() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
        stage.emsp.take();
        // Nobody looks for a while: the reservation ends when it was to end all the same.
        stage.world.advance(45).await;
        let received = stage.emsp.take();
        assert_eq!(requests(&received, "/locations")[0].body["status"], "AVAILABLE");
        assert_eq!(requests(&received, "/sessions")[0].body["status"], "COMPLETED");
        assert!(requests(&received, "/results").is_empty());
        let session = stage.sessions().await.remove(0);
        assert_eq!(session["end_date_time"], "2026-06-12T10:30:00Z");
        assert_eq!((&session["kwh"], session["total_cost"]["excl_vat"].to_string().as_str()), (&json!(0), "9"));
        let cdrs = stage.cdrs().await;
        assert_eq!((cdrs.len(), &cdrs[0]["session_id"]), (1, &session["id"]));
        assert_eq!(cdrs[0]["total_reservation_cost"]["excl_vat"].to_string(), "9", "3.00, and half an hour at 12.00");
        assert_eq!((&cdrs[0]["total_energy"], &cdrs[0]["total_time"]), (&json!(0), &json!(0)));
        assert_eq!((cdrs[0].get("total_energy_cost"), cdrs[0].get("total_fixed_cost")), (None, None));
        assert_eq!(stage.listed().await[0]["state"], "EXPIRED");
        assert_eq!(stage.cancel("R1").await, "UNKNOWN_RESERVATION");
        if database.name == "sqlite" {
            insta::assert_snapshot!("cdr_of_an_expired_reservation", serde_json::to_string_pretty(&cdrs[0]).unwrap());
        }

        // Where reserving is free, there is nothing to bill.
        let free = json!({ "currency": "USD", "elements": [{ "price_components": [{ "type": "ENERGY", "price": 0.2, "step_size": 1 }] }] });
        stage.world.operate(Method::PUT, "/tariffs/US/CPO/T1", &free).await;
        assert_eq!(stage.reserve(&json!({ "expiry_date": "2026-06-12T11:00:00Z" })).await, "ACCEPTED");
        stage.world.advance(30).await;
        let session = stage.sessions().await.remove(1);
        assert_eq!((&session["status"], &session["total_cost"]["excl_vat"]), (&json!("COMPLETED"), &json!(0)));
        assert_eq!(stage.cdrs().await.len(), 1);
    }
}

/// Proves: CMD-029 (as Receiver), CMD-030, CMD-080, SES-015, LOC-162
#[tokio::test]
async fn the_emsp_cancels_and_pays_for_the_time_until_then() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
        stage.world.advance(10).await;
        assert_eq!(stage.cancel("nothing").await, "UNKNOWN_RESERVATION");
        assert_eq!(stage.status("E1").await, "RESERVED");
        assert_eq!(stage.cancel("r1").await, "ACCEPTED");
        assert_eq!(stage.status("E1").await, "AVAILABLE");
        let session = stage.sessions().await.remove(0);
        assert_eq!(
            (&session["status"], &session["end_date_time"]),
            (&json!("COMPLETED"), &json!("2026-06-12T10:10:00Z"))
        );
        let cdr = stage.cdrs().await.remove(0);
        assert_eq!(cdr["total_reservation_cost"]["excl_vat"].to_string(), "2", "1.00, and ten minutes at 6.00");
        assert_eq!(
            (&cdr["total_cost"], &cdr["remark"]),
            (&cdr["total_reservation_cost"], &json!("Reservation cancelled"))
        );
        let listed = stage.listed().await.remove(0);
        assert_eq!((&listed["state"], &listed["canceled_by"]), (&json!("CANCELED"), &json!("EMSP")));
        assert_eq!(stage.cancel("R1").await, "UNKNOWN_RESERVATION");
        // The id can be used again: it is another reservation then.
        assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
        assert_eq!(stage.sessions().await.len(), 2);
    }
}

/// Proves: CMD-015, CMD-030
#[tokio::test]
async fn the_cpo_cancels_and_says_so_where_the_reservation_was_asked_for() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        for (number, by_hand) in [("R1", true), ("R2", false)] {
            assert_eq!(stage.reserve(&json!({ "reservation_id": number })).await, "ACCEPTED");
            let id = stage.listed().await[0]["id"].as_str().unwrap().to_owned();
            if by_hand {
                let reply =
                    stage.world.operate(Method::POST, &format!("/reservations/{id}/cancel"), &Value::Null).await;
                assert_eq!((reply.http, &reply.json["state"]), (200, &json!("CANCELED")), "{reply:?}");
                let again =
                    stage.world.operate(Method::POST, &format!("/reservations/{id}/cancel"), &Value::Null).await;
                assert_eq!(again.http, 409);
            } else {
                stage.world.operate(Method::POST, "/stations/E1/fault", &json!({})).await;
            }
            stage.world.settle().await;
            stage.world.settle().await;
            let received = stage.emsp.take();
            let told = requests(&received, "/results/reserve");
            assert_eq!((told.len(), &told[0].body["result"]), (1, &json!("CANCELED_RESERVATION")), "once");
            assert_eq!(stage.status("E1").await, if by_hand { "AVAILABLE" } else { "OUTOFORDER" });
            let session = stage.sessions().await.pop().unwrap();
            assert_eq!((&session["status"], &session["total_cost"]["excl_vat"]), (&json!("COMPLETED"), &json!(0)));
            let listed = stage.listed().await.remove(0);
            assert_eq!((&listed["state"], &listed["canceled_by"]), (&json!("CANCELED"), &json!("CPO")));
        }
        assert!(stage.cdrs().await.is_empty(), "nobody pays for what we have cancelled");

        // An EMSP that does not listen is not told again; the Session tells it, too.
        stage.world.operate(Method::POST, "/stations/E1/repair", &Value::Null).await;
        assert_eq!(stage.reserve(&json!({ "reservation_id": "R3" })).await, "ACCEPTED");
        stage.emsp.answer("POST /results/reserve", 500, None);
        stage.world.operate(Method::POST, "/stations/E1/fault", &json!({})).await;
        stage.world.settle().await;
        stage.world.settle().await;
        assert_eq!(requests(&stage.emsp.take(), "/results/reserve").len(), 1);
        let error = stage.listed().await.remove(0)["notice_error"].clone();
        assert!(error.as_str().is_some_and(|error| error.contains("500")), "{error}");
        let unknown = stage.world.operate(Method::POST, "/reservations/nothing/cancel", &Value::Null).await;
        assert_eq!(unknown.http, 404);
    }
}

/// Proves: CMD-040
#[tokio::test]
async fn the_same_reservation_again_is_a_change() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
        let later = json!({ "expiry_date": "2026-06-12T11:00:00Z", "authorization_reference": "REF-B" });
        stage.world.advance(5).await;
        assert_eq!(stage.reserve(&later).await, "ACCEPTED");
        stage.world.advance(35).await;
        let sessions = stage.sessions().await;
        assert_eq!((sessions.len(), &sessions[0]["status"]), (1, &json!("RESERVATION")), "it lasts until 11:00 now");
        assert_eq!(
            (&sessions[0]["authorization_reference"], &sessions[0]["start_date_time"]),
            (&json!("REF-B"), &json!("2026-06-12T10:00:00Z"))
        );

        // To another EVSE: the first one is free again.
        stage.emsp.take();
        let moved = json!({ "reservation_id": "r1", "evse_uid": "E2", "expiry_date": "2026-06-12T11:00:00Z" });
        assert_eq!(stage.reserve(&moved).await, "ACCEPTED");
        stage.world.settle().await;
        assert_eq!((stage.status("E1").await, stage.status("E2").await), (json!("AVAILABLE"), json!("RESERVED")));
        let received = stage.emsp.take();
        let session = requests(&received, "/sessions")[0];
        assert_eq!((session.method.clone(), &session.body["evse_uid"]), (Method::PUT, &json!("E2")));
        assert_eq!(session.body["connector_id"], "#NA", "E2 has two connectors, and none is reserved");

        // A change that the station refuses leaves everything as it was.
        stage.world.operate(Method::POST, "/stations/E1/fault", &json!({})).await;
        assert_eq!(stage.reserve(&json!({ "expiry_date": "2026-06-12T12:00:00Z" })).await, "EVSE_INOPERATIVE");
        assert_eq!(stage.status("E2").await, "RESERVED");
        let mut elsewhere = with(plaza("T1"), &json!({ "name": "Other Plaza" }));
        for evse in elsewhere["evses"].as_array_mut().unwrap() {
            let uid = format!("OTHER-{}", evse["uid"].as_str().unwrap());
            evse["uid"] = json!(uid);
        }
        assert_eq!(stage.world.operate(Method::PUT, "/locations/US/CPO/LOC2", &elsewhere).await.http, 201);
        let reply = stage.send("RESERVE_NOW", &stage.reserve_now(&json!({ "location_id": "LOC2" }))).await;
        assert_eq!(reply.data()["result"], "REJECTED", "CANCEL_RESERVATION could not tell the two apart");
        stage.world.advance(30).await;
        let listed = stage.listed().await;
        assert_eq!((listed.len(), &listed[0]["state"]), (1, &json!("EXPIRED")));
        assert_eq!(listed[0]["ended_at"], "2026-06-12T11:00:00Z");
        assert_eq!(stage.cdrs().await.len(), 1);
    }
}

/// Proves: CMD-013, CMD-049, CMD-051, CMD-072, CMD-074, LOC-162, LOC-164
#[tokio::test]
async fn what_is_reserved_is_nobody_elses() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        let other = Emsp::start("NL", "TNM").await;
        let stranger = stage.world.register(&other).await;
        assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
        // The same id of another EMSP is another reservation.
        assert_eq!(reserve(&stage.world, &stranger, &other, &json!({})).await, "REJECTED");
        let second = json!({ "evse_uid": "E2" });
        assert_eq!(reserve(&stage.world, &stranger, &other, &second).await, "ACCEPTED");
        assert_eq!(start(&stage.world, &stranger, &other, app(&other), &json!({})).await, "REJECTED");
        let unlock = json!({
            "response_url": format!("{}/results/1", other.base), "location_id": "LOC1", "evse_uid": "E1", "connector_id": "1",
        });
        let reply = send(&stage.world, &stranger, "UNLOCK_CONNECTOR", &unlock).await;
        assert_eq!(reply.data()["result"], "REJECTED");
        assert_eq!(cancel(&stage.world, &stranger, &other, "R1").await, "ACCEPTED");
        assert_eq!((stage.status("E1").await, stage.status("E2").await), (json!("RESERVED"), json!("AVAILABLE")));
        // Neither a card of the same EMSP, nor one of another.
        for (emsp, partner, uid) in [(&stage.emsp, &stage.partner, "CARD1"), (&other, &stranger, "CARD2")] {
            let path = format!("/tokens/{}/{}/{uid}", emsp.country_code, emsp.party_id);
            partner.send(&stage.world, Method::PUT, &path, &emsp.token(uid, "ALWAYS")).await;
            assert_eq!(stage.card("E1", uid).await, 409);
        }
        assert_eq!(stage.start(stage.emsp.token("CARD1", "NEVER"), &json!({})).await, "REJECTED");
        assert_eq!(stage.cancel("R1").await, "ACCEPTED");
        stage.plug_in("E1").await;
        assert_eq!(stage.card("E1", "CARD1").await, 200, "now it is free");
        assert!(stage.sessions().await.iter().all(|session| session["cdr_token"]["party_id"] == "EMS"));

        // What cannot be reserved.
        for (change, code, result) in [
            (json!({ "location_id": "NOWHERE" }), 2003, "REJECTED"),
            (json!({ "evse_uid": "E9" }), 1000, "REJECTED"),
            (json!({ "evse_uid": "E3" }), 1000, "NOT_SUPPORTED"),
            (json!({ "expiry_date": "2026-06-12T10:00:00Z" }), 1000, "REJECTED"),
            (json!({ "token": app(&other) }), 1000, "REJECTED"),
            (json!({ "reservation_id": null }), 2001, ""),
        ] {
            let reply = stage.send("RESERVE_NOW", &stage.reserve_now(&change)).await;
            assert_eq!((reply.http, reply.code()), (200, code), "{change}: {reply:?}");
            assert_eq!(reply.data()["result"].as_str().unwrap_or_default(), result, "{change}");
        }
        assert_eq!(stage.reserve(&json!({})).await, "EVSE_OCCUPIED", "somebody charges there");
        stage.world.operate(Method::POST, "/stations/E2/fault", &json!({})).await;
        assert_eq!(stage.reserve(&json!({ "evse_uid": "E2" })).await, "EVSE_INOPERATIVE");
        let refused = stage.listed().await.iter().filter(|listed| listed["state"] == "REFUSED").count();
        assert_eq!(refused, 3);
    }
}

/// Proves: CMD-038, CMD-039, SES-073, SES-074, CDR-113
#[tokio::test]
async fn without_an_evse_one_of_the_location_is_kept_and_each_will_do() {
    for database in databases().await {
        let stage = Stage::set(&database).await;
        let anywhere = json!({ "evse_uid": null });
        assert_eq!(stage.reserve(&anywhere).await, "ACCEPTED");
        assert_eq!((stage.status("E1").await, stage.status("E2").await), (json!("RESERVED"), json!("AVAILABLE")));
        let session = stage.sessions().await.remove(0);
        assert_eq!((&session["evse_uid"], &session["connector_id"]), (&json!("#NA"), &json!("#NA")));
        // The app does not say where: where the EVSE is kept. Nobody plugs in; the reservation is still good.
        assert_eq!(stage.start(app(&stage.emsp), &anywhere).await, "ACCEPTED");
        stage.world.advance(3).await;
        let session = stage.sessions().await.remove(0);
        assert_eq!((&session["status"], &session["evse_uid"]), (&json!("RESERVATION"), &json!("E1")));
        assert_eq!(stage.status("E1").await, "RESERVED");
        // The driver chooses E3, which cannot even be reserved. E1 is free from then on.
        stage.plug_in("E3").await;
        assert_eq!(stage.start(app(&stage.emsp), &json!({ "evse_uid": "E3" })).await, "ACCEPTED");
        stage.world.settle().await;
        assert_eq!((stage.status("E1").await, stage.status("E3").await), (json!("AVAILABLE"), json!("CHARGING")));
        stage.world.advance(30).await;
        stage.unplug("E3").await;
        let (sessions, cdrs) = (stage.sessions().await, stage.cdrs().await);
        assert_eq!(
            (sessions.len(), &sessions[0]["status"], &sessions[0]["evse_uid"]),
            (1, &json!("COMPLETED"), &json!("E3"))
        );
        assert_eq!((cdrs.len(), &cdrs[0]["cdr_location"]["evse_uid"]), (1, &json!("E3")));
        assert_eq!(volume(&cdrs[0], "RESERVATION_TIME"), "0.05");

        // Not used, the bill names no EVSE.
        let until = json!({ "evse_uid": null, "reservation_id": "R2", "expiry_date": "2026-06-12T11:00:00Z" });
        assert_eq!(stage.reserve(&until).await, "ACCEPTED");
        stage.world.advance(30).await;
        let place = stage.cdrs().await.remove(1)["cdr_location"].clone();
        for field in ["evse_uid", "evse_id", "connector_id"] {
            assert_eq!(place[field], "#NA", "{field}");
        }
        // With nothing free there is nothing to keep.
        for evse in ["E1", "E2"] {
            stage.plug_in(evse).await;
        }
        let late = json!({ "evse_uid": null, "reservation_id": "R3", "expiry_date": "2026-06-12T12:00:00Z" });
        assert_eq!(stage.reserve(&late).await, "EVSE_OCCUPIED");
    }
}

/// The driver starts at another EVSE of the Location while the time of the reservation runs out.
#[tokio::test]
async fn a_driver_who_is_just_plugging_in_is_waited_for() {
    for database in databases().await {
        for comes in [true, false] {
            if database.name != "sqlite" && !comes {
                continue;
            }
            let own = ocpi_party::testing::sqlite();
            let stage = Stage::set(if database.name == "sqlite" { &own } else { &database }).await;
            assert_eq!(stage.reserve(&json!({ "evse_uid": null })).await, "ACCEPTED");
            stage.world.advance(29).await;
            assert_eq!(stage.start(app(&stage.emsp), &json!({ "evse_uid": "E2" })).await, "ACCEPTED");
            stage.world.clock.advance(std::time::Duration::from_secs(80));
            stage.world.settle().await;
            assert_eq!(stage.sessions().await[0]["status"], "RESERVATION");
            if comes {
                stage.plug_in("E2").await;
                assert_eq!(stage.sessions().await[0]["status"], "ACTIVE");
            } else {
                stage.world.advance(2).await;
                let session = stage.sessions().await.remove(0);
                assert_eq!(
                    (&session["status"], &session["end_date_time"]),
                    (&json!("COMPLETED"), &json!("2026-06-12T10:30:00Z"))
                );
                assert_eq!(stage.listed().await[0]["state"], "EXPIRED");
            }
        }
    }
}

/// Proves: CMD-040, SES-014, SES-015 (after a crash), CMD-015 (after a crash)
#[tokio::test]
async fn a_reservation_survives_the_platform() {
    for database in databases().await {
        for (polls, used) in (0..60).step_by(4).flat_map(|polls| [(polls, true), (polls, false)]) {
            // PostgreSQL gives one fresh database.
            if database.name != "sqlite" && (polls > 0 || !used) {
                continue;
            }
            let own = ocpi_party::testing::sqlite();
            let database = if database.name == "sqlite" { &own } else { &database };
            let mut stage = Stage::set(database).await;
            let case = format!("killed after {polls} polls, used: {used}, {}", database.name);
            assert_eq!(stage.reserve(&json!({})).await, "ACCEPTED");
            stage.world.clock.advance(std::time::Duration::from_mins(20));
            crate::restart::die_after(polls, stage.world.settle()).await;
            stage.world = revive(stage.world, database).await;
            assert_eq!(stage.status("E1").await, "RESERVED", "{case}");
            stage.plug_in("E1").await;
            let act = Box::pin(async {
                if used {
                    stage.start(app(&stage.emsp), &json!({})).await;
                } else {
                    stage.world.operate(Method::POST, "/stations/E1/fault", &json!({})).await;
                    stage.world.settle().await;
                }
            });
            crate::restart::die_after(polls, act).await;
            stage.world = revive(stage.world, database).await;
            stage.world.settle().await;
            stage.world.advance(1).await;
            if used && stage.sessions().await[0]["status"] == "RESERVATION" {
                // The command was lost with the process: the EMSP gets a time-out and tries again.
                stage.start(app(&stage.emsp), &json!({})).await;
            }
            if !used {
                // Where the fault was lost with the process, it comes again.
                stage.world.operate(Method::POST, "/stations/E1/fault", &json!({})).await;
            }
            stage.world.advance(60).await;
            stage.world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
            stage.world.settle().await;
            let (sessions, cdrs) = (stage.sessions().await, stage.cdrs().await);
            assert_eq!((sessions.len(), &sessions[0]["status"]), (1, &json!("COMPLETED")), "{case}");
            assert_eq!(cdrs.len(), usize::from(used), "{case}");
            let told = requests(&stage.emsp.take(), "/results/reserve").len();
            assert!(told <= usize::from(!used), "{case}");
            assert_eq!(stage.listed().await[0]["state"], if used { "USED" } else { "CANCELED" }, "{case}");
        }
    }
}

async fn revive(world: World, database: &ocpi_party::testing::TestDatabase) -> World {
    let clock = world.kill();
    // The same seed would give names that are taken.
    World::at_time(cpo_mock::Config { seed: None, ..config(database) }, clock).await
}
