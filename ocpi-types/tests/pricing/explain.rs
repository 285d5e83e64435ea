//! The bill in plain words and as JSON.

use crate::support::*;
use ocpi_types::pricing;
use serde_json::json;

fn story() -> Story {
    let tariff = tariff(
        "X",
        json!([
            when(json!({ "reservation": "RESERVATION" }), &[taxed("FLAT", 2.0, 20.0, 1), component("TIME", 6.0, 600)]),
            always(&[taxed("FLAT", 0.5, 20.0, 1), taxed("ENERGY", 0.25, 10.0, 100), component("TIME", 3.0, 60)]),
            when(json!({ "start_time": "12:00" }), &[component("PARKING_TIME", 2.0, 900)]),
        ]),
    );
    let mut limited = tariff;
    limited.max_price = Some(object(json!({ "excl_vat": 10, "incl_vat": 11 })));
    Story::new("2026-05-04T12:00:00Z", &limited).reserve(13).charge(61, "20.45").park(40)
}

#[test]
fn every_line_is_a_sentence() {
    assert_eq!(
        pricing::explain(&story().price()),
        [
            "Fixed price for the reservation: 2, with 20% VAT 2.4 (tariff X, element 1)",
            "Reservation: 13 min, billed as 20 min (blocks of 10 min), at 6 per h = 2, no VAT (tariff X, element 1)",
            "Fixed price: 0.5, with 20% VAT 0.6 (tariff X, element 2)",
            "Energy: 20.45 kWh, billed as 20.5 kWh (blocks of 0.1 kWh), at 0.25 per kWh = 5.125, with 10% VAT 5.6375 \
         (tariff X, element 2)",
            "Charging time: 61 min, at 3 per h = 3.05, no VAT (tariff X, element 2)",
            "Parking: 40 min, billed as 45 min (blocks of 15 min), at 2 per h = 1.5, no VAT (tariff X, element 3)",
            "The lines add up to 14.175 EUR without VAT, 15.1875 EUR with VAT; the tariff's minimum or maximum price \
         changes that.",
            "Total: 10 EUR without VAT, 11 EUR with VAT",
        ]
    );
}

#[test]
fn nothing_to_pay_is_said_too() {
    let free = tariff("F", json!([when(json!({ "start_time": "20:00" }), &[component("ENERGY", 1.0, 1)])]));
    let priced = Story::new("2026-05-04T12:00:00Z", &free).charge(5, "1").price();
    assert_eq!(pricing::explain(&priced), ["Nothing in this session has a price.", "Total: 0 EUR, no VAT"]);
}

#[test]
fn findings_name_the_period() {
    let priced = story().tariff_id(None).charge(5, "1").price();
    let told: Vec<_> = priced.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["charging period 4: it has no tariff_id, so no tariff is relevant and it is free"]);
}

#[test]
fn the_json_has_the_names_of_a_cdr() {
    let json = story().price().to_json();
    assert_eq!(json["total_cost"], json!({ "excl_vat": 10, "incl_vat": 11 }));
    assert_eq!(
        json["billed"].to_string(),
        r#"{"energy":20.5,"time":1.0167,"parking_time":0.75,"reservation_time":0.3333}"#
    );
    assert_eq!(json["lines"][3]["quantity"].to_string(), "20.45");
    assert_eq!(json["lines"][3]["unit"], "kWh");
    assert_eq!(json["lines"][5]["vat"], json!(null));
    assert_eq!(json["lines"].as_array().map(Vec::len), Some(6));
}
