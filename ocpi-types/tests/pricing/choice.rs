//! Which tariff applies, and when a new charging period is due.

use crate::support::*;
use ocpi_types::pricing::{
    Tz, choose_tariff, is_valid_at, next_change, tariff_type_for, thresholds, time_zone, time_zone_of_country,
};
use ocpi_types::{ProfileType, Tariff, TariffType};
use serde_json::json;

fn typed(id: &str, kind: Option<TariffType>, valid: (Option<&str>, Option<&str>)) -> Tariff {
    let mut tariff = tariff(id, json!([always(&[component("ENERGY", 1.0, 1)])]));
    tariff.tariff_type = kind;
    tariff.start_date_time = valid.0.map(at);
    tariff.end_date_time = valid.1.map(at);
    tariff
}

// Proves: TAR-042, TAR-043
#[test]
fn validity() {
    let tariff = typed("V", None, (Some("2026-05-01T00:00:00Z"), Some("2026-05-31T23:59:59Z")));
    assert!(!is_valid_at(&tariff, at("2026-04-30T23:59:59Z")));
    assert!(is_valid_at(&tariff, at("2026-05-01T00:00:00Z")));
    assert!(is_valid_at(&tariff, at("2026-05-31T23:59:59Z")));
    assert!(!is_valid_at(&tariff, at("2026-06-01T00:00:00Z")));
}

fn chosen(tariffs: &[Tariff], kind: &TariffType, moment: &str) -> Option<String> {
    choose_tariff(tariffs, kind, at(moment)).map(|tariff| tariff.id.to_string())
}

// Proves: TAR-039, TAR-060, TAR-061, TAR-062
#[test]
fn by_type() {
    let always = (None, None);
    let tariffs = [
        typed("any", None, always),
        typed("cheap", Some(TariffType::ProfileCheap), always),
        typed("card", Some(TariffType::AdHocPayment), always),
    ];
    let moment = "2026-05-04T12:00:00Z";
    assert_eq!(chosen(&tariffs, &TariffType::ProfileCheap, moment).as_deref(), Some("cheap"));
    assert_eq!(chosen(&tariffs, &TariffType::ProfileFast, moment).as_deref(), Some("any"));
    assert_eq!(chosen(&tariffs, &TariffType::Regular, moment).as_deref(), Some("any"));
    assert_eq!(chosen(&tariffs[1..], &TariffType::Regular, moment), None);
    assert_eq!(chosen(&tariffs[2..], &TariffType::AdHocPayment, moment).as_deref(), Some("card"));
    let newer = [tariffs[1].clone(), typed("new", None, (Some("2026-05-01T00:00:00Z"), None))];
    assert_eq!(chosen(&newer, &TariffType::ProfileCheap, moment).as_deref(), Some("cheap"), "the type goes first");
}

// Proves: TAR-061, TAR-062
#[test]
fn type_of_the_charging_preferences() {
    assert_eq!(tariff_type_for(Some(&ProfileType::Cheap)), TariffType::ProfileCheap);
    assert_eq!(tariff_type_for(Some(&ProfileType::Fast)), TariffType::ProfileFast);
    assert_eq!(tariff_type_for(Some(&ProfileType::Green)), TariffType::ProfileGreen);
    assert_eq!(tariff_type_for(Some(&ProfileType::Regular)), TariffType::Regular);
    assert_eq!(tariff_type_for(None), TariffType::Regular);
}

// Proves: TAR-044
#[test]
fn a_new_tariff_replaces_the_old_at_its_start() {
    let change = "2026-06-01T00:00:00Z";
    let tariffs = [typed("old", None, (None, Some(change))), typed("new", None, (Some(change), None))];
    assert_eq!(chosen(&tariffs, &TariffType::Regular, "2026-05-31T23:59:59Z").as_deref(), Some("old"));
    assert_eq!(chosen(&tariffs, &TariffType::Regular, change).as_deref(), Some("new"));
}

// Proves: PRC-056, CDR-079
#[test]
fn the_next_change_by_the_clock() {
    let tariff = tariff(
        "C",
        json!([
            when(
                json!({ "start_time": "17:00", "end_time": "20:00", "day_of_week": ["MONDAY"] }),
                &[component("ENERGY", 2.0, 1)]
            ),
            when(json!({ "min_duration": 14_400 }), &[component("TIME", 2.0, 1)]),
            always(&[component("ENERGY", 1.0, 1)]),
        ]),
    );
    let zone = time_zone("europe/amsterdam").expect("a zone");
    let start = at("2026-05-04T12:00:00Z");
    let next = |after: &str| next_change(&tariff, zone, start, at(after)).map(|at| at.to_rfc3339());
    assert_eq!(next("2026-05-04T12:00:00Z").as_deref(), Some("2026-05-04T15:00:00+00:00"));
    assert_eq!(next("2026-05-04T15:00:00Z").as_deref(), Some("2026-05-04T16:00:00+00:00"));
    assert_eq!(next("2026-05-04T16:00:00Z").as_deref(), Some("2026-05-04T18:00:00+00:00"));
    assert_eq!(next("2026-05-04T18:00:00Z").as_deref(), Some("2026-05-11T15:00:00+00:00"));
}

#[test]
fn a_plain_tariff_never_changes() {
    let tariff = typed("P", None, (None, None));
    assert_eq!(next_change(&tariff, Tz::UTC, at("2026-05-04T12:00:00Z"), at("2026-05-04T12:00:00Z")), None);
    assert_eq!(thresholds(&tariff), ocpi_types::pricing::Thresholds::default());
}

// Proves: PRC-059
#[test]
fn bounds_of_consumption() {
    let tariff = tariff(
        "B",
        json!([
            when(json!({ "max_power": 16, "max_kwh": 20 }), &[component("ENERGY", 2.0, 1)]),
            when(json!({ "min_power": 16, "max_power": 32, "min_current": 6 }), &[component("ENERGY", 2.0, 1)]),
        ]),
    );
    let found = thresholds(&tariff);
    assert_eq!((found.kwh, found.current, found.power), (vec![dec("20")], vec![dec("6")], vec![dec("16"), dec("32")]));
}

#[test]
fn time_zones() {
    assert_eq!(time_zone(" Europe/Oslo "), Some(Tz::Europe__Oslo));
    assert_eq!(time_zone("europe/oslo"), Some(Tz::Europe__Oslo));
    assert_eq!(time_zone("Atlantis"), None);
    assert_eq!(time_zone_of_country("nld"), Some(Tz::Europe__Amsterdam));
    assert_eq!(time_zone_of_country("DE"), Some(Tz::Europe__Berlin));
    assert_eq!(time_zone_of_country("USA"), None, "it has several");
}
