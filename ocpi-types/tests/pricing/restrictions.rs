//! Each restriction: at its bound, inside, outside, and when a period crosses it.

use crate::support::*;
use ocpi_types::pricing::Doubt;
use serde_json::{Value, json};

const MONDAY_NOON: &str = "2026-05-04T12:00:00Z";

/// 1.00 per kWh while the restrictions hold; free otherwise.
fn priced_when(restrictions: Value) -> ocpi_types::Tariff {
    tariff("R", json!([when(restrictions, &[component("ENERGY", 1.0, 1), component("TIME", 60.0, 1)])]))
}

/// The energy billed for 10 kWh in one hour from `start`.
fn billed(restrictions: Value, start: &str) -> String {
    let priced = Story::new(start, &priced_when(restrictions)).charge(60, "10").price();
    priced.billed.energy.normalize().to_string()
}

// Proves: PRC-038, PRC-039
#[test]
fn start_time_is_inclusive_end_time_exclusive() {
    let window = || json!({ "start_time": "12:00", "end_time": "13:00" });
    assert_eq!(billed(window(), "2026-05-04T12:00:00Z"), "10");
    assert_eq!(billed(window(), "2026-05-04T13:00:00Z"), "0");
    assert_eq!(billed(window(), "2026-05-04T11:00:00Z"), "0");
    assert_eq!(billed(window(), "2026-05-04T12:30:00Z"), "5");
    assert_eq!(billed(window(), "2026-05-04T11:15:00Z"), "2.5");
}

// Proves: PRC-040
#[test]
fn a_window_over_midnight() {
    let night = || json!({ "start_time": "22:00", "end_time": "06:00" });
    assert_eq!(billed(night(), "2026-05-04T23:00:00Z"), "10");
    assert_eq!(billed(night(), "2026-05-04T23:30:00Z"), "10");
    assert_eq!(billed(night(), "2026-05-05T05:00:00Z"), "10");
    assert_eq!(billed(night(), "2026-05-05T05:30:00Z"), "5");
    assert_eq!(billed(night(), "2026-05-05T06:00:00Z"), "0");
    assert_eq!(billed(night(), "2026-05-04T21:00:00Z"), "0");
}

// Proves: PRC-041
#[test]
fn midnight_as_the_end_is_the_end_of_the_day() {
    let evening = || json!({ "start_time": "18:00", "end_time": "00:00" });
    assert_eq!(billed(evening(), "2026-05-04T23:00:00Z"), "10");
    assert_eq!(billed(evening(), "2026-05-05T00:00:00Z"), "0");
    assert_eq!(billed(evening(), "2026-05-04T23:30:00Z"), "5");
    assert_eq!(billed(json!({ "start_time": "00:00", "end_time": "00:00" }), "2026-05-04T23:30:00Z"), "10");
    assert_eq!(billed(json!({ "end_time": "00:00" }), "2026-05-04T23:30:00Z"), "10");
    assert_eq!(billed(json!({ "start_time": "18:00", "end_time": "24:00" }), "2026-05-04T23:30:00Z"), "5");
}

// Proves: PRC-038, PRC-039
#[test]
fn one_time_alone_reaches_to_midnight() {
    assert_eq!(billed(json!({ "start_time": "12:30" }), MONDAY_NOON), "5");
    assert_eq!(billed(json!({ "start_time": "12:30" }), "2026-05-04T23:45:00Z"), "2.5");
    assert_eq!(billed(json!({ "end_time": "12:30" }), MONDAY_NOON), "5");
    assert_eq!(billed(json!({ "end_time": "12:30" }), "2026-05-04T23:45:00Z"), "7.5");
}

#[test]
fn a_window_that_ends_where_it_begins_is_empty_except_at_midnight() {
    assert_eq!(billed(json!({ "start_time": "12:00", "end_time": "12:00" }), MONDAY_NOON), "0");
}

// Proves: PRC-042, PRC-043
#[test]
fn dates() {
    let days = || json!({ "start_date": "2026-05-04", "end_date": "2026-05-06" });
    assert_eq!(billed(days(), "2026-05-04T00:00:00Z"), "10");
    assert_eq!(billed(days(), "2026-05-03T23:30:00Z"), "5");
    assert_eq!(billed(days(), "2026-05-05T23:30:00Z"), "5");
    assert_eq!(billed(days(), "2026-05-06T00:00:00Z"), "0");
}

// Proves: PRC-036, PRC-042
#[test]
fn dates_and_times_together_mean_the_window_of_each_day() {
    let restrictions = || json!({ "start_date": "2026-05-04", "start_time": "12:00", "end_time": "13:00" });
    assert_eq!(billed(restrictions(), "2026-05-03T12:00:00Z"), "0");
    assert_eq!(billed(restrictions(), "2026-05-05T11:30:00Z"), "5");
}

// Proves: PRC-044, PRC-045
#[test]
fn energy_bounds() {
    let story = |restrictions: Value| Story::new(MONDAY_NOON, &priced_when(restrictions));
    let min = || json!({ "min_kwh": 4 });
    assert_eq!(story(min()).charge(20, "4").charge(40, "6").price().billed.energy, dec("6"));
    assert_eq!(story(min()).charge(60, "10").price().billed.energy, dec("6"));
    assert_eq!(story(min()).charge(60, "4").price().billed.energy, dec("0"));
    let max = || json!({ "max_kwh": 4 });
    assert_eq!(story(max()).charge(20, "4").charge(40, "6").price().billed.energy, dec("4"));
    let crossing = story(max()).charge(60, "10").price();
    assert_eq!(crossing.billed.energy, dec("4"));
    assert_eq!(crossing.billed.time, minutes(24), "the time is divided as evenly as the energy");
    assert_eq!(doubts(&crossing), [Doubt::Straddle]);
}

// Proves: PRC-044, PRC-045
#[test]
fn after_the_energy_bound_is_reached_time_without_energy_counts_as_behind_it() {
    let tariff = tariff("P", json!([when(json!({ "min_kwh": 4 }), &[component("PARKING_TIME", 6.0, 1)])]));
    assert_eq!(Story::new(MONDAY_NOON, &tariff).charge(20, "4").park(30).price().billed.parking_time, minutes(30));
    assert_eq!(Story::new(MONDAY_NOON, &tariff).charge(20, "3").park(30).price().billed.parking_time, minutes(0));
}

fn with(restrictions: Value, dimensions: &[(&str, &str)]) -> (String, Vec<Doubt>) {
    let mut story = Story::new(MONDAY_NOON, &priced_when(restrictions)).charge(60, "10");
    for (dimension, volume) in dimensions {
        story = story.with(dimension, volume);
    }
    let priced = story.price();
    (priced.billed.energy.normalize().to_string(), doubts(&priced))
}

fn yes() -> (String, Vec<Doubt>) {
    ("10".into(), vec![])
}

fn no() -> (String, Vec<Doubt>) {
    ("0".into(), vec![])
}

// Proves: PRC-046, PRC-047
#[test]
fn current_bounds() {
    let min = || json!({ "min_current": 32 });
    assert_eq!(with(min(), &[("MIN_CURRENT", "32"), ("MAX_CURRENT", "48")]), yes());
    assert_eq!(with(min(), &[("MAX_CURRENT", "31.9")]), no());
    assert_eq!(with(min(), &[("MAX_CURRENT", "32")]), yes());
    assert_eq!(with(min(), &[("CURRENT", "33")]), yes());
    let max = || json!({ "max_current": 32 });
    assert_eq!(with(max(), &[("MIN_CURRENT", "6"), ("MAX_CURRENT", "31.9")]), yes());
    assert_eq!(with(max(), &[("MIN_CURRENT", "32")]), no());
    assert_eq!(with(max(), &[("MAX_CURRENT", "32")]), no());
    let between = || json!({ "min_current": 16, "max_current": 32 });
    assert_eq!(with(between(), &[("MIN_CURRENT", "16"), ("MAX_CURRENT", "31")]), yes());
    assert_eq!(with(between(), &[("MIN_CURRENT", "33"), ("MAX_CURRENT", "48")]), no());
}

// Proves: PRC-048, PRC-049, CDR-120 (without an end of its own, a period is as long as until the next one, or the end)
#[test]
fn power_bounds() {
    let min = || json!({ "min_power": 16 });
    assert_eq!(with(min(), &[("MIN_POWER", "16"), ("MAX_POWER", "22")]), yes());
    assert_eq!(with(min(), &[("MIN_POWER", "11"), ("MAX_POWER", "15.9")]), no());
    let max = || json!({ "max_power": 16 });
    assert_eq!(with(max(), &[("MAX_POWER", "15.9")]), yes());
    assert_eq!(with(max(), &[("MAX_POWER", "16")]), no());
    assert_eq!(with(max(), &[("POWER", "11")]), yes());
    assert_eq!(with(max(), &[]), yes(), "10 kWh in an hour are 10 kW");
    assert_eq!(with(json!({ "max_power": 10 }), &[]), no());
}

#[test]
fn a_period_on_both_sides_of_a_bound_is_reported() {
    let (billed, doubts) = with(json!({ "max_power": 16 }), &[("MIN_POWER", "4"), ("MAX_POWER", "48")]);
    assert_eq!((billed.as_str(), doubts.as_slice()), ("0", [Doubt::Straddle].as_slice()));
    let within = json!({ "min_power": 16, "max_power": 32 });
    let (billed, doubts) = with(within, &[("MIN_POWER", "4"), ("MAX_POWER", "48")]);
    assert_eq!((billed.as_str(), doubts.as_slice()), ("0", [Doubt::Straddle].as_slice()));
}

#[test]
fn a_restriction_that_fails_settles_the_matter() {
    assert_eq!(with(json!({ "min_current": 16, "max_power": 5 }), &[]), no());
    assert_eq!(with(json!({ "min_power": 16, "max_current": 5 }), &[]), no());
}

#[test]
fn a_parked_car_draws_nothing() {
    let parking = |restrictions: Value| {
        let tariff = tariff("P", json!([when(restrictions, &[component("PARKING_TIME", 6.0, 1)])]));
        let mixed = json!([
            { "type": "TIME", "volume": num("0.5") },
            { "type": "PARKING_TIME", "volume": num("0.5") },
            { "type": "ENERGY", "volume": 20 },
            { "type": "MIN_POWER", "volume": 40 },
        ]);
        let story = Story::new(MONDAY_NOON, &tariff).charge(30, "20").park(30).period(3600, mixed);
        story.price().billed.parking_time
    };
    assert_eq!(parking(json!({ "max_power": 1 })), minutes(60));
    assert_eq!(parking(json!({ "max_current": 1 })), minutes(60));
    assert_eq!(parking(json!({ "min_power": 1 })), minutes(0));
}

// Proves: PRC-087
#[test]
fn energy_bounds_passed_on_the_way_back() {
    let tariff = tariff(
        "B",
        json!([
            when(json!({ "max_kwh": 2 }), &[component("ENERGY", 1.0, 1)]),
            when(json!({ "max_kwh": 6 }), &[component("ENERGY", 10.0, 1)]),
            always(&[component("ENERGY", 100.0, 1)]),
        ]),
    );
    let priced = Story::new(MONDAY_NOON, &tariff).charge(60, "8").charge(60, "-7").price();
    assert_price(&priced.total, "1", None); // back from 8 to 1 kWh takes off what from 1 to 8 kWh was charged
}

#[test]
fn a_period_that_does_not_tell_its_current_is_reported() {
    let (billed, doubts) = with(json!({ "min_current": 16 }), &[]);
    assert_eq!((billed.as_str(), doubts.as_slice()), ("0", [Doubt::Undecidable].as_slice()));
    assert_eq!(with(json!({ "min_current": 0 }), &[]), yes());
}

// Proves: PRC-051, PRC-052
#[test]
fn duration_bounds() {
    let story = |restrictions: Value| Story::new(MONDAY_NOON, &priced_when(restrictions));
    let min = || json!({ "min_duration": 1800 });
    assert_eq!(story(min()).charge(30, "6").charge(30, "4").price().billed.energy, dec("4"));
    assert_eq!(story(min()).charge(60, "10").price().billed.time, minutes(30));
    let max = || json!({ "max_duration": 1800 });
    assert_eq!(story(max()).charge(30, "6").charge(30, "4").price().billed.energy, dec("6"));
    assert_eq!(story(max()).charge(60, "10").price().billed.time, minutes(30));
}

// Proves: PRC-053
#[test]
fn durations_count_from_the_start_of_the_session() {
    let tariff = tariff("P", json!([when(json!({ "min_duration": 3600 }), &[component("PARKING_TIME", 6.0, 1)])]));
    let priced = Story::new(MONDAY_NOON, &tariff).charge(50, "10").park(30).price();
    assert_eq!(priced.billed.parking_time, minutes(20));
}

#[test]
fn after_a_reservation_durations_count_from_the_start_of_charging() {
    let tariff = tariff(
        "P",
        json!([
            when(json!({ "reservation": "RESERVATION", "min_duration": 600 }), &[component("TIME", 6.0, 1)]),
            when(json!({ "min_duration": 1800 }), &[component("TIME", 6.0, 1)]),
        ]),
    );
    let priced = Story::new(MONDAY_NOON, &tariff).reserve(25).charge(50, "10").price();
    assert_eq!((priced.billed.reservation_time, priced.billed.time), (minutes(15), minutes(20)));
}

// Proves: PRC-054
#[test]
fn days_of_the_week() {
    let monday = || json!({ "day_of_week": ["MONDAY"] });
    assert_eq!(billed(monday(), MONDAY_NOON), "10");
    assert_eq!(billed(monday(), "2026-05-05T12:00:00Z"), "0");
    assert_eq!(billed(monday(), "2026-05-04T23:45:00Z"), "2.5");
    assert_eq!(billed(json!({ "day_of_week": [] }), MONDAY_NOON), "10");
    assert_eq!(billed(json!({ "day_of_week": null }), MONDAY_NOON), "10");
    let all = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    for (index, day) in all.iter().enumerate() {
        let start = format!("2026-05-{:02}T12:00:00Z", 4 + index);
        assert_eq!(billed(json!({ "day_of_week": [day] }), &start), "10");
    }
}

// Proves: PRC-036, PRC-054
#[test]
fn the_day_is_asked_at_each_moment_of_a_window_over_midnight() {
    let friday_night = || json!({ "day_of_week": ["FRIDAY"], "start_time": "22:00", "end_time": "06:00" });
    assert_eq!(billed(friday_night(), "2026-05-08T23:30:00Z"), "5");
    assert_eq!(billed(friday_night(), "2026-05-09T01:00:00Z"), "0");
    assert_eq!(billed(friday_night(), "2026-05-08T05:00:00Z"), "10");
}

// Proves: PRC-036
#[test]
fn all_restrictions_must_hold() {
    let restrictions = || json!({ "day_of_week": ["MONDAY"], "start_time": "12:00", "end_time": "13:00", "min_current": 32, "min_kwh": 0 });
    let story = |start: &str, current: &str| {
        Story::new(start, &priced_when(restrictions()))
            .charge(60, "10")
            .with("MIN_CURRENT", current)
            .price()
            .billed
            .energy
    };
    assert_eq!(story(MONDAY_NOON, "32"), dec("10"));
    assert_eq!(story("2026-05-05T12:00:00Z", "32"), dec("0"));
    assert_eq!(story("2026-05-04T13:00:00Z", "32"), dec("0"));
    assert_eq!(story(MONDAY_NOON, "16"), dec("0"));
}

#[test]
fn nulls_are_no_restrictions() {
    let nulls = json!({
        "start_time": null, "end_time": null, "start_date": null, "end_date": null, "min_kwh": null, "max_kwh": null,
        "min_current": null, "max_current": null, "min_power": null, "max_power": null, "min_duration": null,
        "max_duration": null, "day_of_week": null, "reservation": null
    });
    assert_eq!(billed(nulls, MONDAY_NOON), "10");
}

#[test]
fn an_unreadable_restriction_keeps_its_element_off() {
    for restrictions in [
        json!({ "start_time": "25:00" }),
        json!({ "end_time": "noon" }),
        json!({ "start_date": "2026-13-01" }),
        json!({ "day_of_week": ["MONDAY", "FUNDAY"] }),
        json!({ "reservation": "MAYBE" }),
    ] {
        let mut tariff = priced_when(json!({}));
        let text = restrictions.to_string();
        let mut element = serde_json::to_value(&tariff.elements[0]).expect("JSON");
        element["restrictions"] = restrictions;
        tariff.elements[0] = object(element);
        let priced = Story::new(MONDAY_NOON, &tariff).charge(60, "10").price();
        assert_eq!(priced.billed.energy, dec("0"), "{text}");
        assert!(doubts(&priced).contains(&Doubt::BadRestriction), "{text}");
    }
}
