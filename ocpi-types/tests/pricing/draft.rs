//! Documents that are not complete OCPI objects.

use crate::support::*;
use ocpi_types::pricing::{self, Draft, Tz, read_tariffs};
use serde_json::{Value, json};

fn bare() -> Value {
    json!({
        "start_date_time": "2026-05-04T08:00:00Z", "end_date_time": "2026-05-04T10:00:00Z", "currency": "EUR",
        "charging_periods": [{
            "start_date_time": "2026-05-04T08:00:00Z", "tariff_id": "t",
            "dimensions": [{ "type": "ENERGY", "volume": 10 }, { "type": "TIME", "volume": 2 }]
        }],
        "tariffs": [{ "id": "t", "elements": [{ "price_components": [{ "type": "TIME", "price": 2, "step_size": 3600 }] }] }]
    })
}

fn total(document: Value) -> String {
    let draft = Draft::read(document).expect("readable");
    pricing::price(&draft.input(Tz::UTC)).total.excl_vat.to_string()
}

#[test]
fn a_cdr_without_totals() {
    assert_eq!(total(bare()), "4");
    assert_eq!(total(json!({ "data": bare(), "status_code": 1000, "timestamp": "2026-05-04T12:00:00Z" })), "4");
    assert_eq!(total(json!([bare()])), "4");
    assert_eq!(Draft::read(bare()).expect("readable").currency.as_deref(), Some("EUR"));
}

#[test]
fn a_complete_cdr_reads_the_same() {
    let tariff = tariff("A", json!([always(&[taxed("ENERGY", 0.25, 10.0, 100)])]));
    let story = Story::new("2026-05-04T12:00:00Z", &tariff).charge(120, "20.45").park(40);
    let draft = Draft::read(story.cdr()).expect("readable");
    assert_eq!(pricing::price(&draft.input(Tz::UTC)), story.price());
    assert_eq!(draft.country.as_deref(), Some("NLD"));
    assert!(draft.report.is_clean(), "{:?}", draft.report);
}

#[test]
fn without_start_and_end_the_periods_tell() {
    let mut document = bare();
    document["end_date_time"] = json!("soon");
    document.as_object_mut().expect("an object").remove("start_date_time");
    let draft = Draft::read(document).expect("readable");
    assert_eq!((draft.start, draft.end), (at("2026-05-04T08:00:00Z"), at("2026-05-04T10:00:00Z")));
    assert_eq!(draft.report.findings[0].pointer, "/end_date_time");
}

#[test]
fn what_cannot_be_priced_is_refused_with_its_place() {
    let pointer = |document: Value| Draft::read(document).expect_err("unreadable").findings[0].pointer.clone();
    assert_eq!(pointer(json!({ "charging_periods": [] })), "/charging_periods");
    assert_eq!(pointer(json!({})), "/charging_periods");
    assert_eq!(pointer(json!(3)), "");
    let mut broken = bare();
    broken["charging_periods"][0]["start_date_time"] = json!("never");
    assert_eq!(pointer(json!({ "data": broken })), "/data/charging_periods/0/start_date_time");
    let mut broken = bare();
    broken["tariffs"][0]["elements"][0]["price_components"][0]["price"] = json!("free");
    assert_eq!(pointer(broken), "/tariffs/0/elements/0/price_components/0/price");
}

#[test]
fn tariffs_in_any_wrapping() {
    let tariff =
        json!({ "id": "t", "currency": "EUR", "elements": [{ "price_components": [{ "type": "FLAT", "price": 1 }] }] });
    for document in [tariff.clone(), json!([tariff]), json!({ "data": [tariff] }), json!({ "data": tariff })] {
        let tariffs = read_tariffs(document).expect("readable");
        assert_eq!(tariffs[0].elements[0].price_components[0].step_size, 1);
    }
    assert_eq!(read_tariffs(json!([{ "id": "t" }])).expect_err("unreadable").findings[0].pointer, "/0/currency");
    assert_eq!(read_tariffs(json!("t")).expect_err("unreadable").findings[0].pointer, "");
}
