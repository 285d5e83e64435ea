//! VAT, and the limits with and without it.

use crate::support::*;
use ocpi_types::pricing::Doubt;
use serde_json::{Value, json};

const START: &str = "2026-05-04T12:00:00Z";

fn limited(components: &[Value], min: Value, max: Value) -> ocpi_types::Tariff {
    let mut tariff = tariff("L", json!([always(components)]));
    tariff.min_price = (!min.is_null()).then(|| object(min));
    tariff.max_price = (!max.is_null()).then(|| object(max));
    tariff
}

fn total(tariff: &ocpi_types::Tariff, kwh: &str) -> (String, Option<String>) {
    let total = Story::new(START, tariff).charge(60, kwh).price().total;
    (total.excl_vat.to_string(), total.incl_vat.map(|incl| incl.to_string()))
}

fn amounts(excl: &str, incl: &str) -> (String, Option<String>) {
    (excl.to_owned(), Some(incl.to_owned()))
}

// Proves: PRC-005, PRC-006
#[test]
fn the_minimum_with_and_without_vat_are_two_limits() {
    let min = json!({ "excl_vat": 5, "incl_vat": 5.5 });
    let tariff = limited(&[taxed("ENERGY", 1.0, 20.0, 1)], min, Value::Null);
    assert_eq!(total(&tariff, "4"), amounts("5", "5.5"));
    assert_eq!(total(&tariff, "4.8"), amounts("5", "5.76"), "only the amount without VAT is too low");
    assert_eq!(total(&tariff, "6"), amounts("6", "7.2"));
}

// Proves: PRC-007, PRC-008
#[test]
fn the_maximum_with_and_without_vat_are_two_limits() {
    let max = json!({ "excl_vat": 10, "incl_vat": 11 });
    let tariff = limited(&[taxed("ENERGY", 1.0, 20.0, 1)], Value::Null, max);
    assert_eq!(total(&tariff, "9"), amounts("9", "10.8"));
    assert_eq!(total(&tariff, "9.5"), amounts("9.5", "11"), "only the amount with VAT is too high");
    assert_eq!(total(&tariff, "20"), amounts("10", "11"));
}

#[test]
fn a_limit_without_vat_leaves_the_amount_with_vat() {
    let tariff = limited(&[taxed("ENERGY", 1.0, 20.0, 1)], Value::Null, json!({ "excl_vat": 10 }));
    let priced = Story::new(START, &tariff).charge(60, "20").price();
    assert_price(&priced.total, "10", "24");
    assert_eq!(doubts(&priced), [Doubt::OddLimits]);
}

#[test]
fn the_maximum_wins_over_a_higher_minimum() {
    let tariff = limited(&[component("ENERGY", 1.0, 1)], json!({ "excl_vat": 8 }), json!({ "excl_vat": 6 }));
    let priced = Story::new(START, &tariff).charge(60, "1").price();
    assert_price(&priced.total, "6", None);
    assert_eq!(doubts(&priced), [Doubt::OddLimits]);
}

// Proves: PRC-009, PRC-070
#[test]
fn limits_change_the_total_only() {
    let tariff =
        limited(&[component("FLAT", 1.0, 1), component("ENERGY", 1.0, 1)], Value::Null, json!({ "excl_vat": 6 }));
    let priced = Story::new(START, &tariff).charge(60, "20").price();
    assert_price(&priced.total, "6", None);
    assert_price(&priced.unlimited, "21", None);
    assert_price(&priced.energy, "20", None);
    assert_price(&priced.fixed, "1", None);
}

// Proves: PRC-022, TAR-052
#[test]
fn no_vat_is_not_zero_percent() {
    let none = Story::new(START, &tariff("N", json!([always(&[component("ENERGY", 1.0, 1)])]))).charge(60, "2").price();
    assert_price(&none.total, "2", None);
    assert_eq!(none.lines[0].vat, None);
    let zero =
        Story::new(START, &tariff("Z", json!([always(&[taxed("ENERGY", 1.0, 0.0, 1)])]))).charge(60, "2").price();
    assert_price(&zero.total, "2", "2");
    assert_eq!(zero.lines[0].vat, Some(dec("0.0")));
}

// Proves: PRC-021, PRC-022
#[test]
fn a_component_without_vat_adds_the_same_to_both_amounts() {
    let components = [component("FLAT", 1.0, 1), taxed("ENERGY", 1.0, 21.0, 1)];
    let priced = Story::new(START, &tariff("M", json!([always(&components)]))).charge(60, "10").price();
    assert_price(&priced.total, "11", "13.1");
    assert_price(&priced.fixed, "1", "1");
}

// Proves: PRC-008, PRC-022
#[test]
fn a_limit_with_vat_holds_for_amounts_without_any() {
    let tariff = limited(&[component("ENERGY", 1.0, 1)], Value::Null, json!({ "excl_vat": 10, "incl_vat": 11 }));
    assert_eq!(total(&tariff, "20"), amounts("10", "11"));
    assert_eq!(total(&tariff, "5"), ("5".to_owned(), None));
}

// Proves: PRC-020, TAR-049
#[test]
fn money_is_rounded_once_at_the_end() {
    let tariff = tariff("T", json!([always(&[taxed("TIME", 1.0, 7.0, 1), taxed("ENERGY", 0.33333, 7.0, 1)])]));
    let priced = Story::new(START, &tariff).charge(20, "1").charge(20, "1").charge(20, "1").price();
    assert_price(&priced.total, "2", "2.14");
    assert_price(&priced.time, "1", "1.07");
}
