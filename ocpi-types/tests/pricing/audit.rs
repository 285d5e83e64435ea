//! CDRs against their own periods and tariffs.

use crate::support::*;
use ocpi_types::Cdr;
use ocpi_types::pricing::{self, Tz};
use serde_json::{Value, json};

fn story() -> Story {
    let tariff = tariff(
        "A",
        json!([always(&[
            taxed("FLAT", 0.5, 20.0, 1),
            taxed("ENERGY", 0.25, 10.0, 100),
            taxed("PARKING_TIME", 2.0, 20.0, 900),
        ])]),
    );
    Story::new("2026-05-04T12:00:00Z", &tariff).charge(120, "20.45").park(40)
}

fn pointers(cdr: Value) -> Vec<String> {
    let cdr: Cdr = object(cdr);
    pricing::audit(&cdr, &[], Tz::UTC).into_iter().map(|difference| difference.pointer).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

// Proves: PRC-070, PRC-071, PRC-072, PRC-074, PRC-076, PRC-077, PRC-078, PRC-081, CDR-020
#[test]
fn a_right_cdr_has_no_differences() {
    assert_eq!(pointers(story().cdr()), none());
    let mut without_subtotals = story().cdr();
    for name in
        ["total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost", "total_reservation_cost"]
    {
        without_subtotals.as_object_mut().expect("an object").remove(name);
    }
    assert_eq!(pointers(without_subtotals), none());
}

// Proves: CDR-062, CDR-063, CDR-064, CDR-065, CDR-066, CDR-067, CDR-068, CDR-069, CDR-070
#[test]
fn each_wrong_total_is_named() {
    for pointer in [
        "/total_cost/excl_vat",
        "/total_cost/incl_vat",
        "/total_fixed_cost/excl_vat",
        "/total_energy_cost/incl_vat",
        "/total_time_cost/excl_vat",
        "/total_parking_cost/excl_vat",
        "/total_reservation_cost/excl_vat",
        "/total_energy",
        "/total_time",
        "/total_parking_time",
    ] {
        let mut cdr = story().cdr();
        *cdr.pointer_mut(pointer).expect(pointer) = num("77.7");
        assert_eq!(pointers(cdr), [pointer]);
    }
}

#[test]
fn a_difference_tells_both_values() {
    let mut cdr = story().cdr();
    cdr["total_energy"] = num("20.5");
    let differences = pricing::audit(&object::<Cdr>(cdr), &[], Tz::UTC);
    assert_eq!(differences[0].expected, dec("20.45"));
    assert_eq!(differences[0].actual, Some(dec("20.5")));
    assert_eq!(differences[0].message, "is 20.5 kWh; the periods and tariffs give 20.45");
}

// Proves: TAR-049
#[test]
fn cents_are_close_enough() {
    let mut cdr = story().cdr();
    cdr["total_cost"] = json!({ "excl_vat": num("7.13"), "incl_vat": num("8.04") });
    cdr["total_parking_time"] = num("0.67");
    assert_eq!(pointers(cdr.clone()), none());
    cdr["total_cost"]["excl_vat"] = num("7.15");
    assert_eq!(pointers(cdr), ["/total_cost/excl_vat"]);
}

#[test]
fn missing_values_are_named_where_they_matter() {
    let mut cdr = story().cdr();
    cdr["total_cost"].as_object_mut().expect("a price").remove("incl_vat");
    cdr.as_object_mut().expect("an object").remove("total_parking_time");
    assert_eq!(pointers(cdr), ["/total_cost/incl_vat", "/total_parking_time"]);
}

// Proves: PRC-082, CDR-014, CDR-015
#[test]
fn a_credit_cdr_negates_total_cost_only() {
    let mut cdr = story().cdr();
    cdr["credit"] = json!(true);
    cdr["credit_reference_id"] = json!("cdr-0");
    assert_eq!(pointers(cdr.clone()), ["/total_cost/excl_vat", "/total_cost/incl_vat"]);
    let total = &story().price().total;
    let minus = |value: ocpi_types::Decimal| num(&(-value).to_string());
    cdr["total_cost"] = json!({ "excl_vat": minus(total.excl_vat), "incl_vat": minus(total.incl_vat.expect("VAT")) });
    assert_eq!(pointers(cdr), none());
}

#[test]
fn other_tariffs_can_be_agreed() {
    let cdr: Cdr = object(story().cdr());
    let mut agreed = cdr.tariffs.clone();
    agreed[0].elements[0].price_components[0].price = dec("1");
    let differences = pricing::audit(&cdr, &agreed, Tz::UTC);
    let found: Vec<_> = differences.iter().map(|difference| difference.pointer.as_str()).collect();
    assert_eq!(
        found,
        ["/total_cost/excl_vat", "/total_cost/incl_vat", "/total_fixed_cost/excl_vat", "/total_fixed_cost/incl_vat"]
    );
}

// Proves: PRC-080
#[test]
fn reservations_used_and_expired() {
    let tariff = tariff(
        "R",
        json!([
            when(json!({ "reservation": "RESERVATION_EXPIRES" }), &[component("FLAT", 4.0, 1)]),
            when(json!({ "reservation": "RESERVATION" }), &[component("TIME", 2.0, 600)]),
            always(&[component("ENERGY", 1.0, 1)]),
        ]),
    );
    let story = Story::new("2026-05-04T12:00:00Z", &tariff).reserve(60);
    assert_eq!(pointers(story.cdr()), none());
    assert_eq!(pointers(story.clone().expired().cdr()), none());
    let mut with_reservation = story.charge(60, "3").cdr();
    assert_eq!(pointers(with_reservation.clone()), none());
    with_reservation["total_time"] = num("2");
    assert_eq!(pointers(with_reservation.clone()), none());
    with_reservation["total_time"] = num("1.5");
    assert_eq!(pointers(with_reservation), ["/total_time"]);
}

#[test]
fn absurd_totals_do_not_overflow() {
    let mut cdr = story().cdr();
    cdr["total_cost"]["excl_vat"] = num("-79228162514264337593543950335");
    assert_eq!(pointers(cdr), ["/total_cost/excl_vat"]);
}
