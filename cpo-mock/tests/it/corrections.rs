//! CDRs that were wrong: taken back, replaced, compared with what the partner holds. And what a CDR remembers.

use axum::http::Method;
use ocpi_party::testing::databases;
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{Partner, World, location, tariff};

async fn prepared(database: &ocpi_party::testing::TestDatabase) -> (World, Emsp, Partner) {
    let world = World::new(database).await;
    let emsp = Emsp::start("US", "EMS").await;
    let partner = world.register(&emsp).await;
    world.publish().await;
    (world, emsp, partner)
}

/// Charges for half an hour; the CDR as the partner got it.
async fn charged(world: &World, emsp: &Emsp, partner: &Partner) -> Value {
    world.operate(Method::POST, "/stations/E1/plug-in", &json!({ "battery_kwh": 60, "soc_percent": 20 })).await;
    crate::charge::start(world, partner, emsp).await;
    world.advance(30).await;
    world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
    emsp.take();
    world.settle().await;
    emsp.wait_for(Method::POST, "/cdrs").await.body
}

fn path(cdr: &Value, action: &str) -> String {
    format!("/cdrs/US/CPO/{}/{action}", cdr["id"].as_str().unwrap())
}

fn posted(emsp: &Emsp) -> Vec<Value> {
    emsp.take().into_iter().filter(|request| request.path == "/cdrs").map(|request| request.body).collect()
}

fn amount(value: &Value) -> ocpi_types::Decimal {
    value.to_string().parse().unwrap()
}

/// Proves: CDR-006, CDR-009, CDR-010, CDR-011, CDR-012, CDR-013, CDR-014, CDR-017, CDR-074
#[tokio::test]
async fn a_credit_cdr_repeats_all_and_negates_the_total() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let cdr = charged(&world, &emsp, &partner).await;
        // Months later.
        world.advance(60 * 24 * 90).await;
        emsp.take();
        let reply = world.operate(Method::POST, &path(&cdr, "credit"), &Value::Null).await;
        assert_eq!(reply.http, 201, "{reply:?}");
        world.settle().await;
        let sent = posted(&emsp);
        assert_eq!(sent, std::slice::from_ref(&reply.json));
        let credit = &sent[0];
        assert!(ocpi_types::parse::<ocpi_types::Cdr>(credit.clone()).report.is_clean());
        let mut expected = cdr.clone();
        expected["id"] = json!(format!("{}-C", cdr["id"].as_str().unwrap()));
        expected["credit"] = json!(true);
        expected["credit_reference_id"] = cdr["id"].clone();
        expected["last_updated"] = credit["last_updated"].clone();
        for part in ["excl_vat", "incl_vat"] {
            assert_eq!(amount(&credit["total_cost"][part]), -amount(&cdr["total_cost"][part]));
        }
        expected["total_cost"] = credit["total_cost"].clone();
        assert_eq!(credit, &expected, "all the rest is repeated");
        assert_ne!(credit["last_updated"], cdr["last_updated"]);

        // Once, and not back again.
        for id in [&cdr, credit] {
            let again = world.operate(Method::POST, &path(id, "credit"), &Value::Null).await;
            assert_eq!(again.http, 409, "{again:?}");
        }
        let unknown = world.operate(Method::POST, "/cdrs/US/CPO/NONE/credit", &Value::Null).await;
        assert_eq!(unknown.http, 404);
        let list = partner.get(&world, "/cdrs").await;
        assert_eq!(list.data(), &json!([cdr, credit]), "what was sent stays as it was sent");
    }
}

/// Proves: CDR-005, CDR-006, CDR-016, CDR-029, CDR-042, CDR-130
#[tokio::test]
async fn a_corrected_cdr_follows_the_credit_cdr() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let cdr = charged(&world, &emsp, &partner).await;
        // Billed by a tariff that should have been cheaper.
        let mut right = cdr["tariffs"].clone();
        right[0]["elements"] =
            json!([{ "price_components": [{ "type": "ENERGY", "price": 0.10, "vat": 10.0, "step_size": 1 }] }]);
        let signed = json!({
            "encoding_method": "OCMF", "public_key": "QUJD",
            "signed_values": [{ "nature": "End", "plain_data": "OCMF|{\"RV\": 1.10}|\u{e9} /\\", "signed_data": "QUJD" }],
        });
        let body = json!({ "tariffs": right, "remark": "The autumn price applies", "signed_data": signed });

        for (wrong, says) in [
            (json!({ "id": "MINE" }), "/id cannot be chosen"),
            (json!({ "charging_periods": [] }), "/charging_periods"),
            (json!({ "currency": "dollars" }), "/currency"),
            (json!({ "total_energy": null }), "/total_energy"),
        ] {
            let reply = world.operate(Method::POST, &path(&cdr, "correct"), &wrong).await;
            let message = reply.json["error"]["message"].as_str().unwrap_or_default();
            assert!(reply.http == 422 && message.contains(says), "{wrong}: {reply:?}");
        }
        world.settle().await;
        assert_eq!(posted(&emsp), Vec::<Value>::new(), "nothing is taken back by a correction that is none");

        let reply = world.operate(Method::POST, &path(&cdr, "correct"), &body).await;
        assert_eq!(reply.http, 201, "{reply:?}");
        world.settle().await;
        let sent = posted(&emsp);
        assert_eq!(sent, [reply.json["credit"].clone(), reply.json["corrected"].clone()], "in this order");
        let corrected = &sent[1];
        assert!(ocpi_types::parse::<ocpi_types::Cdr>(corrected.clone()).report.is_clean());
        assert!(corrected.get("credit").is_none() && corrected.get("credit_reference_id").is_none());
        assert_eq!(corrected["session_id"], cdr["session_id"]);
        assert_eq!((&corrected["remark"], &corrected["signed_data"]), (&body["remark"], &signed));
        let kwh = amount(&cdr["total_energy"]);
        assert_eq!(amount(&corrected["total_cost"]["excl_vat"]), (kwh / ocpi_types::Decimal::TEN).round_dp(4));
        assert_eq!(corrected["total_energy_cost"], corrected["total_cost"]);
        assert!(corrected.get("total_fixed_cost").is_none(), "there is no fixed price any more");
        assert_eq!((&corrected["total_energy"], &corrected["total_time"]), (&cdr["total_energy"], &cdr["total_time"]));
        let ids: Vec<_> = [&cdr, &sent[0], corrected].iter().map(|cdr| cdr["id"].as_str().unwrap()).collect();
        assert!(ids[0] != ids[2] && ids[1] != ids[2] && ids[2].len() <= 36, "{ids:?}");

        // The correction can be corrected, the first CDR not any more. Half of the energy was somebody else's.
        assert_eq!(world.operate(Method::POST, &path(&cdr, "correct"), &body).await.http, 409);
        let mut periods = corrected["charging_periods"].clone();
        periods.as_array_mut().unwrap().truncate(1);
        let end = corrected["charging_periods"][1]["start_date_time"].clone();
        let shorter = json!({ "charging_periods": periods, "end_date_time": end });
        let again = world.operate(Method::POST, &path(corrected, "correct"), &shorter).await;
        assert_eq!(again.http, 201, "{again:?}");
        let shorter = &again.json["corrected"];
        let first = periods[0]["dimensions"].as_array().unwrap().iter().find(|d| d["type"] == "ENERGY").unwrap();
        assert_eq!(amount(&shorter["total_energy"]), amount(&first["volume"]));
        assert!(amount(&shorter["total_cost"]["excl_vat"]) < amount(&corrected["total_cost"]["excl_vat"]));
    }
}

/// Proves: CDR-022, CDR-037
#[tokio::test]
async fn a_cdr_is_read_back_by_the_url_that_the_partner_gave() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let cdr = charged(&world, &emsp, &partner).await;
        let answer = |data: &Value| {
            let body = json!({ "data": data, "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z" });
            emsp.answer("GET /cdrs/in-our-words", 200, Some(body));
        };
        answer(&cdr);
        let reply = world.operate(Method::GET, &path(&cdr, "at-partner"), &Value::Null).await;
        let url = format!("{}/cdrs/in-our-words", emsp.base);
        assert_eq!(reply.json, json!({ "url": url, "differences": [] }), "{reply:?}");
        let asked = emsp.wait_for(Method::GET, "/cdrs/in-our-words").await;
        assert_eq!((asked.header("ocpi-from-party-id"), asked.header("ocpi-to-party-id")), (Some("CPO"), Some("EMS")));
        let mut changed = cdr.clone();
        changed["total_energy"] = json!(1);
        answer(&changed);
        let reply = world.operate(Method::GET, &path(&cdr, "at-partner"), &Value::Null).await;
        assert_eq!(reply.json["differences"], json!(["/total_energy"]));
        emsp.answer("GET /cdrs/in-our-words", 404, None);
        assert_eq!(world.operate(Method::GET, &path(&cdr, "at-partner"), &Value::Null).await.http, 502);
    }
}

/// Proves: CDR-075
#[tokio::test]
async fn charging_at_home_is_to_be_compensated() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let cdr = charged(&world, &emsp, &partner).await;
        assert!(cdr.get("home_charging_compensation").is_none());
        let home = json!({ "contract_ids": ["us-ems-c0000001"] });
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC9/home", &home).await.http, 404);
        let bad = json!({ "contract_ids": [""] });
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC1/home", &bad).await.http, 422);
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC1/home", &home).await.json, home);
        let cdr = charged(&world, &emsp, &partner).await;
        assert_eq!(cdr["home_charging_compensation"], true);
        let nobody = json!({ "contract_ids": [] });
        world.operate(Method::PUT, "/locations/US/CPO/LOC1/home", &nobody).await;
        assert_eq!(world.operate(Method::GET, "/locations/US/CPO/LOC1/home", &Value::Null).await.json, nobody);
        assert!(charged(&world, &emsp, &partner).await.get("home_charging_compensation").is_none());
    }
}

/// Proves: CDR-046, CDR-021, CDR-057, CDR-112 (the place is that of the start, shortened as CDRs have it)
#[tokio::test]
async fn a_cdr_remembers_how_things_were_at_the_start() {
    for database in databases().await {
        let (world, emsp, partner) = prepared(&database).await;
        let mut place = location();
        let long = "A very long street name that nobody would ever want to write on an envelope 12";
        (place["address"], place["state"]) = (json!(long), json!("A state with a name of many letters"));
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC1", &place).await.http, 200);
        world.operate(Method::POST, "/stations/E1/plug-in", &json!({ "soc_percent": 20 })).await;
        crate::charge::start(&world, &partner, &emsp).await;
        world.advance(10).await;

        let mut renamed = place.clone();
        renamed["name"] = json!("Another Name");
        renamed["coordinates"] = json!({ "latitude": "1.00000", "longitude": "2.00000" });
        renamed["evses"][0]["evse_id"] = json!("US*CPO*E999999");
        assert_eq!(world.operate(Method::PUT, "/locations/US/CPO/LOC1", &renamed).await.http, 200);
        let mut dearer = tariff();
        dearer["elements"][0]["price_components"][0]["price"] = json!(99);
        assert_eq!(world.operate(Method::PUT, "/tariffs/US/CPO/T1", &dearer).await.http, 200);
        world.advance(10).await;
        world.operate(Method::POST, "/stations/E1/unplug", &Value::Null).await;
        emsp.take();
        world.settle().await;
        let cdr = emsp.wait_for(Method::POST, "/cdrs").await.body;
        let there = &cdr["cdr_location"];
        assert_eq!((&there["name"], &there["evse_id"]), (&json!("Test Plaza"), &json!("US*CPO*E000001")));
        assert_eq!(there["coordinates"], place["coordinates"]);
        assert_eq!(there["address"], long.chars().take(45).collect::<String>());
        assert_eq!(there["state"], "A state with a name ");
        assert_eq!((&there["evse_uid"], &there["connector_id"]), (&json!("E1"), &json!("1")));
        assert_eq!(cdr["tariffs"][0]["elements"][0]["price_components"][0]["price"], json!(0.5));
        assert_eq!(cdr["total_fixed_cost"]["excl_vat"], json!(0.5));
        let kinds: Vec<_> =
            cdr["charging_periods"][0]["dimensions"].as_array().unwrap().iter().map(|d| &d["type"]).collect();
        assert!(kinds.contains(&&json!("ENERGY")) && kinds.contains(&&json!("TIME")), "{kinds:?}");
    }
}
