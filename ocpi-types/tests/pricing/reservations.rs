//! Reservations, beyond the examples of the spec.

use crate::support::*;
use ocpi_types::pricing::Doubt;
use serde_json::json;

const START: &str = "2026-05-04T12:00:00Z";

fn reservable() -> ocpi_types::Tariff {
    tariff(
        "R",
        json!([
            when(
                json!({ "reservation": "RESERVATION_EXPIRES" }),
                &[component("FLAT", 4.0, 1), component("TIME", 6.0, 600)]
            ),
            when(json!({ "reservation": "RESERVATION" }), &[component("FLAT", 2.0, 1), component("TIME", 3.0, 600)]),
            always(&[component("FLAT", 0.5, 1), component("TIME", 60.0, 1), component("ENERGY", 1.0, 1)]),
        ]),
    )
}

// Proves: PRC-013, PRC-015, PRC-016, PRC-075, PRC-086
#[test]
fn a_used_reservation() {
    let priced = Story::new(START, &reservable()).reserve(20).charge(1, "1").price();
    assert_price(&priced.reservation, "3", None);
    assert_price(&priced.fixed, "0.5", None);
    assert_price(&priced.time, "1", None);
    assert_price(&priced.total, "5.5", None);
    assert_eq!(priced.duration, minutes(1));
}

// Proves: PRC-015, PRC-016, PRC-017, PRC-019
#[test]
fn an_expired_reservation_owes_neither_start_fee_nor_the_price_of_a_used_one() {
    let priced = Story::new(START, &reservable()).reserve(55).expired().price();
    assert_price(&priced.total, "10", None);
    assert_price(&priced.reservation, "10", None);
    assert_eq!(priced.billed.reservation_time, minutes(60));
    assert!(priced.findings.is_empty(), "{:?}", priced.findings);
}

// Proves: PRC-019
#[test]
fn the_expired_price_wins_wherever_its_element_stands() {
    let mut tariff = reservable();
    tariff.elements.swap(0, 1);
    assert_price(&Story::new(START, &tariff).reserve(60).expired().price().total, "10", None);
}

// Proves: PRC-016
#[test]
fn a_reservation_that_led_to_a_session_did_not_expire() {
    let priced = Story::new(START, &reservable()).reserve(20).charge(1, "1").expired().price();
    assert_price(&priced.total, "5.5", None);
    assert_eq!(doubts(&priced), [Doubt::ReservationUsed]);
}

#[test]
fn a_reservation_alone_may_have_been_cancelled() {
    let priced = Story::new(START, &reservable()).reserve(20).price();
    assert_price(&priced.total, "3", None);
    assert_eq!(doubts(&priced), [Doubt::ReservationOnly]);
}

// Proves: PRC-013
#[test]
fn without_reservation_elements_a_reservation_is_free() {
    let tariff = tariff("N", json!([always(&[component("TIME", 60.0, 1), component("FLAT", 1.0, 1)])]));
    assert_price(&Story::new(START, &tariff).reserve(30).price().total, "0", None);
    assert_price(&Story::new(START, &tariff).reserve(30).charge(2, "1").price().total, "3", None);
}

// Proves: TAR-057
#[test]
fn energy_under_a_reservation_is_ignored_and_reported() {
    let tariff = tariff(
        "E",
        json!([
            when(json!({ "reservation": "RESERVATION" }), &[component("ENERGY", 9.0, 1), component("TIME", 6.0, 1)]),
            always(&[component("ENERGY", 1.0, 1)]),
        ]),
    );
    let priced = Story::new(START, &tariff).reserve(10).charge(60, "10").price();
    assert_price(&priced.total, "11", None);
    assert_eq!(doubts(&priced), [Doubt::BadComponent]);
}

#[test]
fn reservation_and_charging_in_one_period() {
    let both = json!([
        { "type": "RESERVATION_TIME", "volume": num("0.25") },
        { "type": "TIME", "volume": num("0.75") },
        { "type": "ENERGY", "volume": 3 },
    ]);
    let priced = Story::new(START, &reservable()).period(3600, both).price();
    assert_eq!((priced.billed.reservation_time, priced.billed.time), (minutes(20), minutes(45)));
    assert_price(&priced.total, "51.5", None); // 2 + 1 for the reservation, 0.5 + 45 + 3 for the session
}

#[test]
fn energy_belongs_to_the_session_even_in_a_period_with_a_reservation() {
    for rest in [json!({ "type": "PARKING_TIME", "volume": num("0.5") }), json!({ "type": "MAX_POWER", "volume": 11 })]
    {
        let period =
            json!([{ "type": "RESERVATION_TIME", "volume": num("0.5") }, { "type": "ENERGY", "volume": 3 }, rest]);
        assert_eq!(Story::new(START, &reservable()).period(3600, period).price().billed.energy, dec("3"));
    }
}

// Proves: PRC-037
#[test]
fn the_time_of_day_counts_for_reservations_too() {
    let tariff = tariff(
        "D",
        json!([
            when(json!({ "reservation": "RESERVATION", "end_time": "12:10" }), &[component("TIME", 6.0, 1)]),
            when(json!({ "reservation": "RESERVATION" }), &[component("TIME", 12.0, 1)]),
        ]),
    );
    assert_price(&Story::new(START, &tariff).reserve(30).price().total, "5", None);
}

#[test]
fn an_expired_reservation_owes_no_minimum_price() {
    let mut tariff = reservable();
    tariff.min_price = Some(object(json!({ "excl_vat": 50 })));
    assert_price(&Story::new(START, &tariff).reserve(60).expired().price().total, "10", None);
}
