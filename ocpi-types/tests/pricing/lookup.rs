//! Which element prices which dimension, and fixed prices.

use crate::support::*;
use ocpi_types::pricing::{Charge, Doubt};
use serde_json::json;

const MONDAY: &str = "2026-05-04T12:00:00Z";

// Proves: PRC-001, PRC-002, PRC-032
#[test]
fn each_dimension_is_looked_up_by_itself() {
    let tariff = tariff(
        "L",
        json!([
            when(json!({ "day_of_week": ["MONDAY"] }), &[component("TIME", 6.0, 1)]),
            always(&[component("ENERGY", 1.0, 1), component("TIME", 12.0, 1)]),
        ]),
    );
    let monday = Story::new(MONDAY, &tariff).charge(60, "10").price();
    assert_price(&monday.total, "16", None);
    let elements: Vec<_> = monday.lines.iter().map(|line| (line.charge, line.element)).collect();
    assert_eq!(elements, [(Charge::Energy, 1), (Charge::Time, 0)]);
    let tuesday = Story::new("2026-05-05T12:00:00Z", &tariff).charge(60, "10").price();
    assert_price(&tuesday.total, "22", None);
}

// Proves: PRC-002
#[test]
fn only_the_first_match_is_charged() {
    let elements = json!([always(&[component("ENERGY", 1.0, 1)]), always(&[component("ENERGY", 5.0, 1)])]);
    assert_price(&Story::new(MONDAY, &tariff("L", elements)).charge(60, "10").price().total, "10", None);
    let together =
        json!([always(&[component("ENERGY", 1.0, 1), component("TIME", 6.0, 1), component("FLAT", 0.5, 1)])]);
    assert_price(&Story::new(MONDAY, &tariff("L", together)).charge(60, "10").price().total, "16.5", None);
}

// Proves: PRC-003
#[test]
fn without_a_match_a_dimension_is_free() {
    let elements = json!([when(json!({ "start_time": "20:00" }), &[component("ENERGY", 1.0, 1)])]);
    let priced = Story::new(MONDAY, &tariff("L", elements)).charge(60, "10").price();
    assert_price(&priced.total, "0", None);
    assert!(priced.lines.is_empty());
}

// Proves: PRC-004
#[test]
fn an_element_without_restrictions_is_the_fallback() {
    let tariff = tariff(
        "L",
        json!([
            when(json!({ "start_time": "22:00", "end_time": "06:00" }), &[component("ENERGY", 1.0, 1)]),
            always(&[component("ENERGY", 2.0, 1)]),
        ]),
    );
    assert_price(&Story::new("2026-05-04T22:00:00Z", &tariff).charge(60, "10").price().total, "10", None);
    assert_price(&Story::new("2026-05-04T06:00:00Z", &tariff).charge(60, "10").price().total, "20", None);
}

// Proves: PRC-010
#[test]
fn a_fixed_price_does_not_depend_on_the_number_of_periods() {
    let tariff = tariff(
        "F",
        json!([
            when(json!({ "end_time": "12:10" }), &[component("FLAT", 1.0, 1)]),
            always(&[component("FLAT", 1.0, 1)]),
        ]),
    );
    let priced = Story::new(MONDAY, &tariff).charge(5, "1").charge(5, "1").charge(5, "1").park(5).price();
    assert_price(&priced.total, "1", None);
    assert_price(&priced.fixed, "1", None);
    assert!(doubts(&priced).contains(&Doubt::SecondFee));
}

#[test]
fn a_fixed_price_with_a_duration_falls_due_when_it_becomes_active() {
    let tariff = tariff(
        "F",
        json!([
            when(json!({ "min_duration": 3600 }), &[component("FLAT", 30.0, 1)]),
            always(&[component("FLAT", 0.0, 1), component("ENERGY", 1.0, 1)]),
        ]),
    );
    assert_price(&Story::new(MONDAY, &tariff).charge(59, "10").price().total, "10", None);
    assert_price(&Story::new(MONDAY, &tariff).charge(61, "10").price().total, "40", None);
}

// Proves: PRC-071, PRC-074
#[test]
fn a_fixed_price_of_parking_belongs_to_the_parking_cost() {
    let tariff = tariff(
        "F",
        json!([
            when(json!({ "min_duration": 3600 }), &[component("FLAT", 3.0, 1), component("PARKING_TIME", 6.0, 1)]),
            always(&[component("ENERGY", 1.0, 1)]),
        ]),
    );
    let priced = Story::new(MONDAY, &tariff).charge(60, "10").park(10).price();
    assert_price(&priced.parking, "4", None);
    assert_price(&priced.fixed, "0", None);
    assert_price(&priced.total, "14", None);
}

// Proves: PRC-061, PRC-088, CDR-082
#[test]
fn more_periods_cost_the_same() {
    let tariff = tariff(
        "L",
        json!([
            when(json!({ "end_time": "12:20" }), &[component("ENERGY", 1.0, 100), component("TIME", 6.0, 60)]),
            always(&[component("ENERGY", 2.0, 100), component("TIME", 3.0, 60)]),
        ]),
    );
    let few = Story::new(MONDAY, &tariff).charge(20, "4").charge(40, "8").price();
    let many = Story::new(MONDAY, &tariff).charge(10, "2").charge(10, "2").charge(20, "4").charge(20, "4").price();
    assert_eq!(few.total, many.total);
}

// Proves: PRC-087
#[test]
fn energy_fed_back_is_a_credit() {
    let tariff = tariff("V", json!([always(&[component("ENERGY", 0.5, 1)])]));
    let priced = Story::new(MONDAY, &tariff).charge(60, "10").charge(60, "-4").price();
    assert_price(&priced.total, "3", None);
}
