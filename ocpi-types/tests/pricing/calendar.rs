//! Local time, also on the days on which the clock changes.

use crate::support::*;
use ocpi_types::pricing::{Doubt, PricingInput};
use serde_json::json;

fn day_and_night() -> ocpi_types::Tariff {
    tariff(
        "Z",
        json!([when(
            json!({ "start_time": "07:00", "end_time": "23:00" }),
            &[component("ENERGY", 1.0, 1), component("TIME", 60.0, 1)]
        ),]),
    )
}

// Proves: PRC-037
#[test]
fn times_are_local() {
    let story = |zone: &str, start: &str| Story::new(start, &day_and_night()).zone(zone).charge(60, "10");
    let energy = |zone: &str, start: &str| story(zone, start).price().billed.energy;
    assert_eq!(energy("Europe/Amsterdam", "2026-05-04T05:00:00Z"), dec("10"));
    assert_eq!(energy("Europe/Amsterdam", "2026-05-04T04:30:00Z"), dec("5"));
    assert_eq!(energy("Europe/Amsterdam", "2026-01-05T05:00:00Z"), dec("0"), "an hour later in winter");
    assert_eq!(energy("Europe/Amsterdam", "2026-01-05T06:00:00Z"), dec("10"));
    assert_eq!(energy("Asia/Kathmandu", "2026-05-04T01:15:00Z"), dec("10"));
    assert_eq!(energy("UTC", "2026-05-04T06:30:00Z"), dec("5"));
}

// Proves: PRC-037, PRC-042, PRC-054
#[test]
fn days_and_dates_are_local() {
    let restrictions = json!({ "day_of_week": ["TUESDAY"], "start_date": "2026-05-05" });
    let tariff = tariff("D", json!([when(restrictions, &[component("ENERGY", 1.0, 1)])]));
    let energy =
        |start: &str| Story::new(start, &tariff).zone("Europe/Amsterdam").charge(60, "10").price().billed.energy;
    assert_eq!(energy("2026-05-04T22:00:00Z"), dec("10"));
    assert_eq!(energy("2026-05-04T21:30:00Z"), dec("5"));
    assert_eq!(energy("2026-05-05T21:30:00Z"), dec("5"));
}

/// The night of 29 March 2026 has 23 hours: 02:00 becomes 03:00.
// Proves: PRC-037
#[test]
fn summer_time_begins() {
    let window = |start: &str, end: &str| {
        let restrictions = json!({ "start_time": start, "end_time": end });
        let tariff = tariff("S", json!([when(restrictions, &[component("TIME", 60.0, 1)])]));
        // 00:00 to 06:00 local, which are five hours.
        Story::new("2026-03-28T23:00:00Z", &tariff).zone("Europe/Amsterdam").charge(300, "5").price().billed.time
    };
    assert_eq!(window("01:00", "04:00"), minutes(120));
    assert_eq!(window("02:00", "03:00"), minutes(0));
    assert_eq!(window("02:30", "03:30"), minutes(30), "begins when the clock jumps over its beginning");
    assert_eq!(window("01:30", "02:30"), minutes(30));
    assert_eq!(window("23:00", "06:00"), minutes(300));
}

/// The night of 25 October 2026 has 25 hours: 03:00 becomes 02:00.
// Proves: PRC-037
#[test]
fn summer_time_ends() {
    let window = |start: &str, end: &str| {
        let restrictions = json!({ "start_time": start, "end_time": end });
        let tariff = tariff("S", json!([when(restrictions, &[component("TIME", 60.0, 1)])]));
        // 00:00 to 06:00 local, which are seven hours.
        Story::new("2026-10-24T22:00:00Z", &tariff).zone("Europe/Amsterdam").charge(420, "5").price().billed.time
    };
    assert_eq!(window("01:00", "04:00"), minutes(240));
    assert_eq!(window("02:00", "03:00"), minutes(120), "the hour happens twice");
    assert_eq!(window("02:30", "03:30"), minutes(90));
    assert_eq!(window("00:00", "06:00"), minutes(420));
}

#[test]
fn a_session_over_several_days() {
    let priced = Story::new("2026-05-04T20:00:00Z", &day_and_night()).charge(48 * 60, "48").price();
    assert_eq!(priced.billed.time, minutes(32 * 60));
    assert_eq!(priced.billed.energy, dec("32"));
}

#[test]
fn endless_sessions_are_priced_in_no_time() {
    let period = json!([{ "type": "TIME", "volume": 1 }, { "type": "ENERGY", "volume": 5 }]);
    let story = Story::new("1970-01-01T00:00:00Z", &day_and_night()).period(250_000_000_000, period.clone());
    let priced = story.price();
    assert_eq!(priced.measured.energy, dec("5"));
    assert_eq!(doubts(&priced), [Doubt::VolumeMismatch, Doubt::OutOfRange]);
    let minutes: Vec<_> = (0..1440)
        .map(|minute| {
            let start = format!("{:02}:{:02}", minute / 60, minute % 60);
            when(json!({ "start_time": start }), &[component("ENERGY", 1.0, 1)])
        })
        .collect();
    let busy = tariff("B", json!(minutes));
    let year = Story::new("2025-01-01T00:00:00Z", &busy).period(365 * 86_400, period);
    assert!(doubts(&year.price()).contains(&Doubt::OutOfRange));
}

/// A CDR may carry 1970 for a start that nobody knows.
// Proves: CDR-078
#[test]
fn an_unknown_start() {
    let tariff = tariff("U", json!([when(json!({ "max_duration": 1800 }), &[component("ENERGY", 1.0, 1)])]));
    let story = Story::new("2026-05-04T12:00:00Z", &tariff).charge(30, "5").charge(30, "3");
    let priced = story.price_with(|input| PricingInput { start: at("1970-01-01T00:00:00Z"), ..input });
    assert_eq!(priced.billed.energy, dec("5"));
}
