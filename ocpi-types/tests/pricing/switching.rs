//! More than one tariff in a session.

use crate::support::*;
use ocpi_types::pricing::{Doubt, PricingInput};
use serde_json::json;

const START: &str = "2026-05-04T16:00:00Z";

// Proves: PRC-067, CDR-089
#[test]
fn the_first_tariff_is_billed_unrounded() {
    let cheap = tariff("CHEAP", json!([always(&[component("ENERGY", 0.20, 500)])]));
    let fast = tariff("FAST", json!([always(&[component("ENERGY", 0.50, 500)])]));
    let priced = Story::new(START, &cheap).charge(60, "4.3").switch(&fast).charge(20, "1.1").price();
    assert_price(&priced.total, "1.46", None); // 4.3 × 0.20 + 1.2 × 0.50: the session's 5.4 kWh become 5.5
}

// Proves: PRC-067
#[test]
fn what_ends_with_the_first_tariff_is_not_rounded() {
    let timed = tariff("TIMED", json!([always(&[component("TIME", 6.0, 600)])]));
    let metered = tariff("METERED", json!([always(&[component("ENERGY", 0.50, 1)])]));
    let priced = Story::new(START, &timed).charge(21, "4").switch(&metered).charge(20, "1").price();
    assert_eq!(priced.billed.time, minutes(21));
}

// Proves: PRC-010
#[test]
fn one_fixed_price_for_the_session() {
    let one = tariff("ONE", json!([always(&[component("FLAT", 1.0, 1)])]));
    let two = tariff("TWO", json!([always(&[component("FLAT", 3.0, 1)])]));
    let priced = Story::new(START, &one).charge(30, "4").switch(&two).charge(20, "1").price();
    assert_price(&priced.total, "1", None);
    assert!(doubts(&priced).contains(&Doubt::SecondFee));
}

// Proves: PRC-005, PRC-007
#[test]
fn the_limits_of_all_tariffs_hold_for_the_session() {
    let limited = |id: &str, price: f64, min: f64, max: f64| {
        let mut tariff = tariff(id, json!([always(&[component("ENERGY", price, 1)])]));
        tariff.min_price = Some(object(json!({ "excl_vat": min })));
        tariff.max_price = Some(object(json!({ "excl_vat": max })));
        tariff
    };
    let (one, two) = (limited("ONE", 1.0, 3.0, 30.0), limited("TWO", 2.0, 5.0, 20.0));
    let total = |kwh: &str| Story::new(START, &one).charge(30, kwh).switch(&two).charge(30, kwh).price().total.excl_vat;
    assert_eq!(total("1"), dec("5"));
    assert_eq!(total("5"), dec("15"));
    assert_eq!(total("9"), dec("20"));
}

// Proves: PRC-089, CDR-122
#[test]
fn a_period_without_tariff_id_is_free_and_reported() {
    let tariff = tariff("T", json!([always(&[component("ENERGY", 1.0, 1)])]));
    let story = Story::new(START, &tariff).charge(30, "4").tariff_id(None).charge(30, "2");
    let priced = story.price();
    assert_price(&priced.total, "4", None);
    assert_eq!(doubts(&priced), [Doubt::NoTariffId]);
    assert_eq!(priced.measured.energy, dec("6"));
    let assumed = story.price_with(|input| PricingInput { assume_only_tariff: true, ..input });
    assert_price(&assumed.total, "6", None);
}

#[test]
fn an_unknown_tariff_is_reported() {
    let known = tariff("T", json!([always(&[component("ENERGY", 1.0, 1)])]));
    let priced = Story::new(START, &known).charge(30, "4").price_with(|input| PricingInput { tariffs: &[], ..input });
    assert_price(&priced.total, "0", None);
    assert_eq!(doubts(&priced), [Doubt::TariffMissing]);
}

#[test]
fn tariff_ids_are_compared_without_regard_to_case() {
    let tariff = tariff("abC", json!([always(&[component("ENERGY", 1.0, 1)])]));
    let priced = Story::new(START, &tariff).tariff_id("ABc").charge(30, "4").price();
    assert_price(&priced.total, "4", None);
}

// Proves: PRC-079, TAR-042, TAR-043, TAR-044
#[test]
fn the_version_that_was_valid_at_the_start_is_used() {
    let version = |price: f64, from: &str, to: &str| {
        let mut version = tariff("V", json!([always(&[component("ENERGY", price, 1)])]));
        version.start_date_time = Some(at(from));
        version.end_date_time = Some(at(to));
        version
    };
    let new = version(2.0, "2026-05-04T16:30:00Z", "2026-12-31T00:00:00Z");
    let old = version(1.0, "2026-01-01T00:00:00Z", "2026-05-04T16:29:59Z");
    let priced = Story::new(START, &new).switch(&old).charge(20, "1").charge(60, "1").price();
    assert_price(&priced.total, "2", None);
    let late = Story::new("2027-01-01T00:00:00Z", &old).charge(60, "1").price();
    assert_eq!(doubts(&late), [Doubt::TariffNotValid]);
}
