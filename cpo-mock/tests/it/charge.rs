//! A charge from the first command to the bill, and what the partner hears of it.

use std::time::Duration;

use axum::http::Method;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::{Emsp, Received};
use crate::world::{Partner, World, at, location};

const SESSION: &str = "/sessions/US/CPO/";

/// Sends START_SESSION for E1 and waits for the result.
pub(crate) async fn start(world: &World, partner: &Partner, emsp: &Emsp) {
    let command = json!({
        "response_url": format!("{}/results/1?try=1", emsp.base), "token": emsp.token("APP1", "NEVER"),
        "location_id": "LOC1", "evse_uid": "E1", "authorization_reference": "REF-1",
    });
    let reply = partner.send(world, Method::POST, "/commands/START_SESSION", &command).await;
    assert_eq!(reply.data()["result"], "ACCEPTED", "{reply:?}");
    let result = emsp.wait_for(Method::POST, "/results/1").await;
    assert_eq!((result.query.as_str(), &result.body), ("try=1", &json!({ "result": "ACCEPTED" })));
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

fn sessions(received: &[Received]) -> Vec<&Received> {
    received.iter().filter(|request| request.path.starts_with(SESSION)).collect()
}

/// The periods of a bill follow each other within the charge, end where the price changes (at 2 kWh), and add up in kWh.
fn check_periods(cdr: &Value) {
    assert!(ocpi_types::parse::<ocpi_types::Cdr>(cdr.clone()).report.is_clean());
    let time = |json: &Value| at(json.as_str().unwrap());
    let periods = cdr["charging_periods"].as_array().unwrap();
    let mut starts: Vec<_> = periods.iter().map(|period| time(&period["start_date_time"])).collect();
    assert_eq!(starts[0], time(&cdr["start_date_time"]));
    starts.push(time(&cdr["end_date_time"]));
    assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{starts:?}");
    let mut watt_hours = vec![0.0];
    for dimension in periods.iter().flat_map(|period| period["dimensions"].as_array().unwrap()) {
        if dimension["type"] == "ENERGY" {
            watt_hours.push(watt_hours.last().unwrap() + 1000.0 * dimension["volume"].as_f64().unwrap());
        }
    }
    assert!(watt_hours.iter().any(|sum: &f64| (sum - 2000.0).abs() < 0.1), "{watt_hours:?}");
    let total = 1000.0 * cdr["total_energy"].as_f64().unwrap();
    assert!((watt_hours.last().unwrap() - total).abs() < 0.1, "{watt_hours:?}");
}

/// Proves: SES-003, SES-004, SES-049 (as sender), SES-057, SES-058, SES-064, SES-067, SES-068, SES-069, SES-070, SES-072,
/// SES-078, SES-091, SES-092, LOC-008, LOC-029, LOC-066, LOC-163, LOC-164, CDR-002, CDR-018, CDR-040, CDR-041, CDR-046,
/// CDR-052, CDR-053, CDR-054, CDR-055, CDR-057, CDR-059, CDR-062, CDR-064, CDR-066, CDR-068, CDR-069, CDR-076, CDR-081,
/// CDR-094, CMD-064, CMD-067, SES-002, SES-039, SES-050, CDR-051, CDR-080, CDR-098, CDR-108, CDR-120, PRC-057, PRC-058,
/// LOC-050, TRN-060, TRN-074, TRN-101, STA-020, SES-059, CDR-116
#[tokio::test]
async fn a_charge_started_by_an_app_ends_in_one_bill() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        world.settle().await;
        emsp.take();

        let car = json!({ "battery_kwh": 40, "soc_percent": 90, "max_ac_kw": 7 });
        world.operate(Method::POST, "/stations/E1/plug-in", &car).await;
        start(&world, &partner, &emsp).await;
        world.settle().await;
        let received = emsp.take();
        let status = received.iter().find(|request| request.path == "/locations/US/CPO/LOC1/E1").unwrap();
        assert_eq!(status.method, Method::PATCH);
        assert_eq!(status.body["status"], "CHARGING");
        let begun = sessions(&received)[0];
        assert!(ocpi_types::parse::<ocpi_types::Session>(begun.body.clone()).report.is_clean());
        let place = format!("{SESSION}{}", begun.body["id"].as_str().unwrap());
        assert_eq!(begun.path, place);
        assert_eq!((begun.method.clone(), &begun.body["status"]), (Method::PUT, &json!("ACTIVE")));
        assert_eq!(begun.body["kwh"], json!(0));
        assert_eq!(begun.header("ocpi-to-party-id"), Some("EMS"));
        assert_eq!(begun.header("ocpi-from-party-id"), Some("CPO"));

        let mut periods = Vec::new();
        for _ in 0..18 {
            world.advance(5).await;
            for update in sessions(&emsp.take()) {
                assert_eq!(update.method, Method::PATCH, "the partner has acknowledged what came before");
                assert_eq!(update.path, place);
                assert!(update.body["last_updated"].is_string(), "{}", update.body);
                periods.extend(update.body["charging_periods"].as_array().cloned().unwrap_or_default());
            }
        }
        world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
        world.settle().await;
        let received = emsp.take();
        let last = sessions(&received)[0];
        assert_eq!((last.method.clone(), &last.body["status"]), (Method::PATCH, &json!("COMPLETED")));
        let free = received.iter().find(|request| request.path == "/locations/US/CPO/LOC1/E1").unwrap();
        assert_eq!(free.body["status"], "AVAILABLE");
        let bills: Vec<_> = received.iter().filter(|request| request.path == "/cdrs").collect();
        assert_eq!((bills.len(), bills[0].method.clone()), (1, Method::POST));
        let payer = &bills[0].body["cdr_token"];
        assert_eq!((&payer["country_code"], &payer["party_id"]), (&json!("US"), &json!("EMS")));

        let sessions = partner.get(&world, "/sessions?date_from=2026-06-12T00:00:00Z").await;
        let session = &sessions.data()[0];
        assert_eq!(session["charging_periods"].as_array(), Some(&periods), "the PATCHes added up to the Session");
        let cdrs = partner.get(&world, "/cdrs").await;
        assert_eq!(cdrs.data(), &json!([bills[0].body]));
        check_periods(&bills[0].body);
        let explained = format!("/cdrs/US/CPO/{}/explanation", bills[0].body["id"].as_str().unwrap());
        let explained = world.operate(Method::GET, &explained, &Value::Null).await;
        assert_eq!(
            (&explained.json["differences"], &explained.json["doubts"]),
            (&json!([]), &json!([])),
            "{explained:?}"
        );
        assert_eq!(explained.json["price"]["total_cost"], bills[0].body["total_cost"]);
        assert!(explained.json["sentences"].to_string().contains("Energy: "), "{explained:?}");
        if database.name == "sqlite" {
            insta::assert_snapshot!("session_of_a_charge", pretty(session));
            insta::assert_snapshot!("cdr_of_a_charge", pretty(&cdrs.data()[0]));
        }
    }
}

/// Proves: SES-056, LOC-070 (whole objects after a failure), TRN-085 (nothing is replayed: the present state is sent)
#[tokio::test]
async fn after_an_outage_the_partner_gets_the_present_state_once() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        world.settle().await;
        emsp.take();
        world.operate(Method::POST, "/stations/E1/plug-in", &json!({ "soc_percent": 20 })).await;
        start(&world, &partner, &emsp).await;
        world.settle().await;
        let id = sessions(&emsp.take())[0].path.clone();

        for method in ["PATCH", "PUT"] {
            emsp.answer(&format!("{method} {id}"), 503, None);
        }
        for _ in 0..4 {
            world.advance(5).await;
        }
        assert!(sessions(&emsp.take()).iter().any(|request| request.method == Method::PATCH));
        for method in ["PATCH", "PUT"] {
            emsp.answer(
                &format!("{method} {id}"),
                200,
                Some(json!({ "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" })),
            );
        }
        world.advance(10).await;
        let received = emsp.take();
        let updates = sessions(&received);
        assert_eq!(updates.len(), 1, "one state, not six messages");
        assert_eq!(updates[0].method, Method::PUT);
        assert_eq!(
            updates[0].body["charging_periods"].as_array().map(Vec::len),
            Some(7),
            "six intervals, one of them cut at 2 kWh"
        );
        // From here on a change is enough again.
        world.advance(5).await;
        assert_eq!(sessions(&emsp.take())[0].method, Method::PATCH);
    }
}

/// Proves: TRN-066, TRN-067, SES-056
#[tokio::test]
async fn after_a_refused_patch_the_partners_state_is_looked_at_and_mended() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        world.operate(Method::POST, "/stations/E1/plug-in", &json!({ "soc_percent": 20 })).await;
        start(&world, &partner, &emsp).await;
        world.settle().await;
        let session = sessions(&emsp.take())[0].clone();
        let said = |code: u16, data: Value| {
            Some(json!({ "status_code": code, "timestamp": "2026-06-12T10:00:00Z", "data": data }))
        };
        let refused = || said(2001, json!(null));
        let path = session.path.clone();
        emsp.answer(&format!("PATCH {path}"), 200, refused());
        // What is sent of the next state, which is given.
        let next = async |theirs: &dyn Fn(Value)| {
            world.clock.advance(Duration::from_mins(5));
            world.app.run_due().await.unwrap();
            let ours = partner.get(&world, "/sessions?date_from=2026-01-01T00:00:00Z").await;
            theirs(ours.data()[0].clone());
            world.settle().await;
            let lines: Vec<_> =
                sessions(&emsp.take()).iter().map(|r| format!("{} {}", r.method, r.path.replace(&path, "…"))).collect();
            lines
        };
        let shows = |code: u16, data: Value| emsp.answer(&format!("GET {path}"), 200, said(code, data));
        let older = next(&|_| shows(1000, session.body.clone())).await;
        assert_eq!(older, ["PATCH …", "GET …", "PUT …"], "it has an older state");
        emsp.answer(&format!("GET {path}"), 404, said(2004, json!(null)));
        assert_eq!(next(&|_| ()).await, ["PATCH …", "GET …", "PUT …"], "it has nothing");
        let current = next(&|ours| shows(1000, ours)).await;
        assert_eq!(current, ["PATCH …", "GET …"], "it has taken it over all the same");
        emsp.answer(&format!("GET {path}"), 405, None);
        assert_eq!(next(&|_| ()).await, ["PATCH …", "GET …"], "it has said no, and nothing else is known");
    }
}

/// Proves: LOC-004, LOC-007, LOC-050, LOC-061, TAR-003, TAR-005, SES-003, TRN-060, TRN-074
#[tokio::test]
async fn a_partner_that_lacks_the_object_gets_all_of_it() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        world.register(&emsp).await;
        world.publish().await;
        world.settle().await;
        assert_eq!(emsp.take_lines(), ["PUT /tariffs/US/CPO/T1", "PUT /locations/US/CPO/LOC1"]);

        let unknown = json!({ "status_code": 2003, "timestamp": "2026-06-12T10:00:00Z" });
        emsp.answer("PATCH /locations/US/CPO/LOC1/E1", 404, Some(unknown));
        world.operate(Method::POST, "/stations/E1/fault", &json!({ "fault": "ground fault" })).await;
        world.settle().await;
        let received = emsp.take();
        let lines: Vec<_> = received.iter().map(|request| format!("{} {}", request.method, request.path)).collect();
        let evse = "/locations/US/CPO/LOC1/E1";
        assert_eq!(lines, [&format!("PATCH {evse}"), &format!("GET {evse}"), "PUT /locations/US/CPO/LOC1"]);
        assert_eq!(received[2].body["evses"][0]["status"], "OUTOFORDER");
        assert!(ocpi_types::parse::<ocpi_types::Location>(received[2].body.clone()).report.is_clean());

        // A new EVSE comes complete: nobody can change what the partner does not have.
        let mut larger = location();
        let mut added = larger["evses"][0].clone();
        added["uid"] = json!("E4");
        larger["evses"].as_array_mut().unwrap().push(added);
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC1", &larger).await.http, 200);
        world.settle().await;
        let received = emsp.take();
        assert_eq!((received.len(), received[0].method.clone()), (1, Method::PUT), "{received:?}");
        let evse = match received[0].path.as_str() {
            "/locations/US/CPO/LOC1" => &received[0].body["evses"][3],
            path => (path == "/locations/US/CPO/LOC1/E4").then_some(&received[0].body).unwrap(),
        };
        assert_eq!(evse["uid"], "E4");
        assert!(ocpi_types::parse::<ocpi_types::Evse>(evse.clone()).report.is_clean(), "{evse}");
    }
}

/// Proves: SES-005, SES-064, SES-065, SES-090, SES-093, CMD-007
#[tokio::test]
async fn a_start_without_a_vehicle_stays_pending_and_is_never_billed() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        world.publish().await;
        start(&world, &partner, &emsp).await;
        let session = |reply: &crate::world::Reply| reply.data()[0].clone();
        let pending = session(&partner.get(&world, "/sessions?date_from=2026-06-12T00:00:00Z").await);
        assert_eq!(pending["status"], "PENDING");
        world.advance(3).await;
        let over = session(&partner.get(&world, "/sessions?date_from=2026-06-12T00:00:00Z").await);
        assert_eq!((&over["status"], &over["kwh"]), (&json!("INVALID"), &json!(0)));
        assert_eq!(over["last_updated"], "2026-06-12T10:03:00Z", "who asks for what has changed must learn of the end");
        assert_eq!(partner.get(&world, "/cdrs").await.data(), &json!([]));

        // The second time somebody comes, a minute later.
        start(&world, &partner, &emsp).await;
        world.advance(1).await;
        world.operate(Method::POST, "/stations/E1/plug-in", &Value::Null).await;
        let begun = partner.get(&world, "/sessions?date_from=2026-06-12T00:00:00Z").await;
        assert_eq!(begun.data()[1]["status"], "ACTIVE");
        assert_eq!(begun.data()[1]["start_date_time"], "2026-06-12T10:04:00Z");
    }
}
