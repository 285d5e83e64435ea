//! Charging preferences: the answer, what the station makes of them, and what that costs.

use axum::http::Method;
use ocpi_party::testing::databases;
use ocpi_types::Decimal;
use serde_json::{Value, json};

use crate::charging_profiles::{charge, publish, session, start};
use crate::emsp::Emsp;
use crate::world::{Partner, Reply, World};

async fn prefer(world: &World, partner: &Partner, id: &str, wish: &Value) -> Reply {
    partner.send(world, Method::PUT, &format!("/sessions/{id}/charging_preferences"), wish).await
}

fn volume(period: &Value, name: &str) -> Option<Decimal> {
    let dimensions = period["dimensions"].as_array().unwrap();
    let found = dimensions.iter().find(|dimension| dimension["type"] == name);
    found.map(|dimension| dimension["volume"].to_string().parse().unwrap())
}

/// Proves: SES-018, SES-028, SES-029, SES-030, SES-031, SES-032, SES-080, SES-081, SES-084, SES-085, SES-086, SES-087, SES-088,
/// SES-089, LOC-122, LOC-115
#[tokio::test]
async fn every_wish_is_answered_with_one_word() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let other = Emsp::start("NL", "TNM").await;
        let partner = world.register(&emsp).await;
        let stranger = world.register(&other).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &Value::Null).await;
        let plain = charge(&world, &partner, &emsp, "S2", &Value::Null).await;
        for (wish, answer) in [
            (json!({ "profile_type": "REGULAR" }), "ACCEPTED"),
            (json!({ "profile_type": "FAST" }), "ACCEPTED"),
            (json!({ "profile_type": "FAST", "departure_time": "2026-06-12T09:00:00Z" }), "ACCEPTED"),
            (json!({ "profile_type": "CHEAP" }), "PROFILE_TYPE_NOT_SUPPORTED"),
            (json!({ "profile_type": "GREEN" }), "DEPARTURE_REQUIRED"),
            (json!({ "profile_type": "GREEN", "energy_need": 5 }), "DEPARTURE_REQUIRED"),
            (json!({ "profile_type": "GREEN", "departure_time": "2026-06-12T16:00:00Z" }), "ENERGY_NEED_REQUIRED"),
            (
                json!({ "profile_type": "GREEN", "departure_time": "2026-06-12T10:01:00Z", "energy_need": 1000 }),
                "NOT_POSSIBLE",
            ),
            (
                json!({ "profile_type": "GREEN", "departure_time": "2026-06-12T16:00:00Z", "energy_need": 5 }),
                "ACCEPTED",
            ),
            (
                json!({ "profile_type": "GREEN", "departure_time": "2026-06-12T17:00:00Z", "energy_need": 6 }),
                "ACCEPTED",
            ),
        ] {
            let reply = prefer(&world, &partner, &id, &wish).await;
            assert_eq!((reply.http, reply.code(), reply.data()), (200, 1000, &json!(answer)), "{wish}: {reply:?}");
        }
        let any = json!({ "profile_type": "REGULAR" });
        for (caller, session, wish, status) in [
            (&partner, "nobody", &any, (404, 2001)),
            (&stranger, id.as_str(), &any, (404, 2001)),
            (&partner, plain.as_str(), &any, (404, 2001)),
            (&partner, id.as_str(), &json!({ "energy_need": 5 }), (200, 2001)),
            (&partner, id.as_str(), &json!({ "profile_type": "ECO" }), (200, 2001)),
        ] {
            let reply = prefer(&world, caller, session, wish).await;
            assert_eq!(
                (reply.http, reply.code(), reply.data()),
                (status.0, status.1, &Value::Null),
                "{session} {wish}"
            );
        }
        let without = partner.send(&world, Method::PUT, &format!("/sessions/{id}"), &any).await;
        assert!(matches!(without.http, 404 | 405), "{without:?}");
        world.operate(Method::POST, "/stations/S1/unplug", &Value::Null).await;
        assert_eq!(prefer(&world, &partner, &id, &any).await.data(), &json!("NOT_POSSIBLE"), "it has ended");
    }
}

/// Proves: SES-082, SES-083, PRC-085, CHP-011 (the CPO's own profile)
#[tokio::test]
async fn green_waits_for_the_sun_and_is_done_by_the_departure() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        // Three in the morning at the station; nine is the departure. At 6 kW the need takes an hour and a half.
        let id = charge(&world, &partner, &emsp, "S1", &json!({ "max_ac_kw": 6 })).await;
        let wish = json!({ "profile_type": "GREEN", "departure_time": "2026-06-12T16:00:00Z", "energy_need": 9 });
        assert_eq!(prefer(&world, &partner, &id, &wish).await.data(), &json!("ACCEPTED"));
        let kwh = async |minutes| {
            world.advance(minutes).await;
            session(&world, &partner, &id).await["kwh"].to_string()
        };
        assert_eq!(kwh(240).await, "0", "until seven there are better hours to come");
        assert_eq!(kwh(30).await, "3");
        assert_eq!(kwh(30).await, "3", "the rest is better done between eight and nine");
        assert_eq!(kwh(60).await, "9");
        assert_eq!(kwh(10).await, "10", "the driver stays longer than that and charges on");
        let all = session(&world, &partner, &id).await;
        let periods = all["charging_periods"].as_array().unwrap();
        assert!(
            periods.iter().all(|period| volume(period, "PARKING_TIME").is_none()),
            "the vehicle asked all the time"
        );
        assert!(periods.iter().all(|period| volume(period, "ENERGY_EXPORT").is_none()), "nothing was taken from it");
        let hours: Decimal = periods.iter().filter_map(|period| volume(period, "TIME")).sum();
        assert_eq!(hours.round_dp(2).to_string(), "6.17");
        world.operate(Method::POST, "/stations/S1/unplug", &Value::Null).await;
        let cdrs = partner.get(&world, "/cdrs").await;
        assert_eq!(
            (&cdrs.data()[0]["total_cost"]["excl_vat"], cdrs.data()[0].get("total_parking_time")),
            (&json!(4), None)
        );
    }
}

/// Proves: TAR-039, TAR-061, TAR-062, PRC-067, SES-032
#[tokio::test]
async fn another_preference_is_another_price_from_then_on() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        let id = charge(&world, &partner, &emsp, "S1", &json!({ "max_ac_kw": 6 })).await;
        for profile_type in ["FAST", "FAST", "REGULAR"] {
            world.advance(10).await;
            let wish = json!({ "profile_type": profile_type });
            assert_eq!(prefer(&world, &partner, &id, &wish).await.data(), &json!("ACCEPTED"));
        }
        world.advance(10).await;
        world.operate(Method::POST, "/stations/S1/unplug", &Value::Null).await;
        world.settle().await;
        let cdr = &partner.get(&world, "/cdrs").await.data()[0].clone();
        let mut tariffs: Vec<_> =
            cdr["tariffs"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
        tariffs.sort_unstable();
        assert_eq!(tariffs, ["FAST", "REG"], "each once");
        let periods = cdr["charging_periods"].as_array().unwrap();
        let of = |tariff: &str| -> Decimal {
            let of_it = periods.iter().filter(|period| period["tariff_id"] == tariff);
            of_it.filter_map(|period| volume(period, "ENERGY")).sum()
        };
        assert_eq!((of("REG"), of("FAST")), (2.into(), 2.into()), "ten minutes at 6 kW each");
        assert_eq!(periods[0]["tariff_id"], "REG");
        assert_eq!(periods.last().unwrap()["tariff_id"], "REG");
        assert_eq!(cdr["total_cost"]["excl_vat"].to_string(), "1.8", "twice 0.30, twice 0.60");
        assert_eq!(session(&world, &partner, &id).await["total_cost"], cdr["total_cost"]);
        assert!(ocpi_types::parse::<ocpi_types::Cdr>(cdr.clone()).report.is_clean());
    }
}

/// Proves: TOK-073, TAR-062
#[tokio::test]
async fn what_the_driver_always_wants_counts_from_the_start() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        publish(&world).await;
        let mut token = emsp.token("APP1", "NEVER");
        token["default_profile_type"] = json!("FAST");
        // The second EVSE knows no preferences; the third driver's are not on offer.
        for (evse, tariff) in [("S1", "FAST"), ("S2", "REG")] {
            world.operate(Method::POST, &format!("/stations/{evse}/plug-in"), &Value::Null).await;
            let id = start(&world, &partner, &emsp, evse, &token).await;
            world.advance(5).await;
            assert_eq!(session(&world, &partner, &id).await["charging_periods"][0]["tariff_id"], tariff, "{evse}");
        }
        world.operate(Method::POST, "/stations/S1/unplug", &Value::Null).await;
        token["default_profile_type"] = json!("CHEAP");
        world.operate(Method::POST, "/stations/S1/plug-in", &Value::Null).await;
        let id = start(&world, &partner, &emsp, "S1", &token).await;
        world.advance(5).await;
        assert_eq!(session(&world, &partner, &id).await["charging_periods"][0]["tariff_id"], "REG");
    }
}
