//! Rounding up to blocks: once per session, on the session's total.

use crate::support::*;
use serde_json::json;

const START: &str = "2026-05-04T16:00:00Z";

fn before_and_after_five(dimension: &str, prices: (f64, f64), steps: (i64, i64)) -> serde_json::Value {
    json!([
        when(json!({ "end_time": "17:00" }), &[component(dimension, prices.0, steps.0)]),
        always(&[component(dimension, prices.1, steps.1)]),
    ])
}

// Proves: PRC-062, PRC-065, PRC-068, CDR-084, CDR-087, CDR-090
#[test]
fn energy_is_rounded_once_on_the_total() {
    let tariff = tariff("E", before_and_after_five("ENERGY", (0.20, 0.27), (500, 500)));
    let priced = Story::new(START, &tariff).charge(60, "4.3").charge(20, "1.1").price();
    assert_eq!(priced.billed.energy, dec("5.5"));
    assert_price(&priced.total, "1.184", None); // 4.3 × 0.20 + 1.2 × 0.27
}

// Proves: PRC-065, PRC-068, CDR-091
#[test]
fn time_is_rounded_once_on_the_total() {
    let tariff = tariff("T", before_and_after_five("TIME", (5.0, 7.0), (600, 600)));
    let priced = Story::new("2026-05-04T16:54:00Z", &tariff).charge(6, "1").charge(22, "2").price();
    assert_eq!(priced.billed.time, minutes(30));
    assert_price(&priced.total, "3.3", None); // 6 min × 5 + 24 min × 7
}

// Proves: PRC-066, CDR-088
#[test]
fn the_last_component_decides_the_step() {
    let tariff = tariff("E", before_and_after_five("ENERGY", (0.20, 0.20), (1000, 100)));
    let story = Story::new(START, &tariff);
    assert_eq!(story.clone().charge(60, "4.31").charge(20, "1").price().billed.energy, dec("5.4"));
    assert_eq!(story.charge(60, "4.31").price().billed.energy, dec("5"));
}

// Proves: PRC-063, PRC-064, PRC-069, CDR-085, CDR-086, CDR-092
#[test]
fn only_parking_is_rounded_when_both_have_a_price() {
    let tariff =
        |step: i64| tariff("B", json!([always(&[component("TIME", 1.0, step), component("PARKING_TIME", 2.0, step)])]));
    let five = Story::new(START, &tariff(300)).charge(21, "1").park(7).price();
    assert_eq!((five.billed.time, five.billed.parking_time), (minutes(21), minutes(10)));
    let ten = Story::new(START, &tariff(600)).charge(21, "1").park(16).price();
    assert_eq!((ten.billed.time, ten.billed.parking_time), (minutes(21), minutes(20)));
    assert_price(&ten.total, "1.0167", None); // 21 min × 1 + 20 min × 2
}

// Proves: PRC-069
#[test]
fn parking_between_two_charges_is_what_is_rounded() {
    let tariff = tariff("B", json!([always(&[component("TIME", 1.0, 600), component("PARKING_TIME", 2.0, 600)])]));
    let priced = Story::new(START, &tariff).charge(21, "1").park(7).charge(4, "1").price();
    assert_eq!((priced.billed.time, priced.billed.parking_time), (minutes(25), minutes(10)));
}

// Proves: PRC-011, PRC-031
#[test]
fn free_parking_leaves_the_rounding_to_charging_time() {
    let tariff = tariff("T", json!([always(&[component("TIME", 3.0, 900)])]));
    let priced = Story::new(START, &tariff).charge(20, "1").park(45).price();
    assert_eq!((priced.billed.time, priced.billed.parking_time), (minutes(30), minutes(0)));
}

// Proves: PRC-031
#[test]
fn free_time_is_not_part_of_the_total() {
    let elements = json!([when(json!({ "min_duration": 1200 }), &[component("TIME", 6.0, 600)])]);
    let priced = Story::new(START, &tariff("T", elements)).charge(20, "1").charge(3, "1").price();
    assert_eq!(priced.billed.time, minutes(10));
}

// Proves: PRC-027
#[test]
fn exact_multiples_stay() {
    let tariff = tariff("M", json!([always(&[component("TIME", 3.0, 600), component("ENERGY", 1.0, 100)])]));
    // 40 minutes are written as 0.6667 h, which is 0.12 s more.
    let priced = Story::new(START, &tariff).charge(40, "1.2").price();
    assert_eq!((priced.billed.time, priced.billed.energy), (minutes(40), dec("1.2")));
    let in_thirds = Story::new(START, &tariff).charge(20, "0.4").charge(20, "0.4").charge(20, "0.4").price();
    assert_eq!((in_thirds.billed.time, in_thirds.billed.energy), (minutes(60), dec("1.2")));
}

// Proves: PRC-027, PRC-083
#[test]
fn volumes_of_a_mixed_period_are_read_as_whole_seconds() {
    let tariff = tariff("M", json!([always(&[component("TIME", 3.0, 600), component("PARKING_TIME", 3.0, 600)])]));
    let mixed = json!([
        { "type": "TIME", "volume": num("0.3333") },
        { "type": "PARKING_TIME", "volume": num("0.6667") },
    ]);
    let priced = Story::new(START, &tariff).period(3600, mixed).price();
    assert_eq!((priced.billed.time, priced.billed.parking_time), (minutes(20), minutes(40)));
    assert!(priced.findings.is_empty(), "{:?}", priced.findings);
}

// Proves: PRC-028
#[test]
fn fractions_of_the_unit_round_up() {
    let tariff = tariff("M", json!([always(&[component("ENERGY", 1.0, 1)])]));
    assert_eq!(Story::new(START, &tariff).charge(40, "1.0001").price().billed.energy, dec("1.001"));
}

// Proves: PRC-026
#[test]
fn a_step_of_zero_rounds_nothing() {
    let tariff = tariff("Z", json!([always(&[component("ENERGY", 1.0, 0), component("TIME", 3.0, -5)])]));
    let priced = Story::new(START, &tariff).charge(7, "1.0001").price();
    assert_eq!((priced.billed.energy, priced.billed.time), (dec("1.0001"), minutes(7)));
}

// Proves: PRC-062, PRC-063
#[test]
fn energy_time_and_reservation_round_apart_from_each_other() {
    let elements = json!([
        when(json!({ "reservation": "RESERVATION" }), &[component("TIME", 6.0, 600)]),
        always(&[component("TIME", 6.0, 600), component("ENERGY", 1.0, 1000)]),
    ]);
    let priced = Story::new(START, &tariff("A", elements)).reserve(11).charge(11, "1.5").price();
    assert_eq!(priced.billed.reservation_time, minutes(20));
    assert_eq!(priced.billed.time, minutes(20));
    assert_eq!(priced.billed.energy, dec("2"));
}

#[test]
fn what_is_added_goes_to_the_last_line_of_its_dimension() {
    let tariff = tariff("E", before_and_after_five("ENERGY", (0.20, 0.30), (1000, 1000)));
    let priced = Story::new(START, &tariff).charge(60, "4.3").charge(20, "1.1").park(60).price();
    let lines: Vec<_> = priced.lines.iter().map(|line| (line.period, line.quantity, line.billed)).collect();
    assert_eq!(lines, [(0, dec("4.3"), dec("4.3")), (1, dec("1.1"), dec("1.7"))]);
}
