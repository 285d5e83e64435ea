//! What is doubtful is told, and hostile numbers do no harm.

use crate::support::*;
use ocpi_types::pricing::{Doubt, PricingInput};
use serde_json::json;

const START: &str = "2026-05-04T12:00:00Z";

fn metered() -> ocpi_types::Tariff {
    tariff("D", json!([always(&[component("ENERGY", 1.0, 1), component("TIME", 60.0, 60)])]))
}

#[test]
fn another_currency() {
    let story = Story::new(START, &metered()).charge(60, "1");
    let priced = story.price_with(|input| PricingInput { currency: Some("SEK"), ..input });
    assert_eq!(doubts(&priced), [Doubt::CurrencyMismatch]);
    assert_eq!(priced.currency.as_deref(), Some("EUR"));
}

// Proves: PRC-083, CDR-099
#[test]
fn volumes_that_do_not_fit_the_clock() {
    let story = |hours: &str| {
        let dimensions = json!([{ "type": "TIME", "volume": num(hours) }, { "type": "ENERGY", "volume": 1 }]);
        Story::new(START, &metered()).period(3600, dimensions).price()
    };
    assert_eq!((doubts(&story("1")), story("1").billed.time), (vec![], minutes(60)));
    assert_eq!((doubts(&story("0.99")), story("0.99").billed.time), (vec![], minutes(60)));
    assert_eq!((doubts(&story("0.5")), story("0.5").billed.time), (vec![Doubt::VolumeMismatch], minutes(30)));
    assert_eq!(doubts(&story("3600")), [Doubt::VolumeMismatch]);
}

#[test]
fn periods_out_of_order_are_priced_in_order() {
    let tariff = tariff(
        "O",
        json!([
            when(json!({ "max_duration": 3600 }), &[component("ENERGY", 1.0, 1)]),
            always(&[component("ENERGY", 2.0, 1)]),
        ]),
    );
    let story = Story::new(START, &tariff).charge(60, "3").charge(60, "5");
    let mut periods = story.periods();
    periods.reverse();
    let periods: &'static [_] = periods.leak();
    let priced = story.price_with(|input| PricingInput { periods, ..input });
    assert_price(&priced.total, "13", None);
    assert_eq!(doubts(&priced), [Doubt::PeriodOrder]);
}

#[test]
fn an_end_before_the_last_period() {
    let story = Story::new(START, &metered()).charge(60, "3").charge(30, "5");
    let priced = story.price_with(|input| PricingInput { end: input.start, ..input });
    assert_eq!(priced.billed.time, minutes(90));
    assert_eq!(doubts(&priced), [Doubt::PeriodOrder]);
}

#[test]
fn a_priced_dimension_that_no_period_tells() {
    let priced = Story::new(START, &metered()).period(3600, json!([{ "type": "ENERGY", "volume": 1 }])).price();
    assert_price(&priced.total, "1", None);
    assert_eq!(doubts(&priced), [Doubt::DimensionMissing]);
}

#[test]
fn hostile_numbers_do_not_panic() {
    let huge = "79228162514264337593543950335";
    let tariff = tariff(
        "H",
        json!([
            when(
                json!({ "max_kwh": num(huge), "min_power": num(&format!("-{huge}")), "max_duration": i64::MAX, "min_duration": i64::MIN }),
                &[json!({ "type": "ENERGY", "price": num(huge), "vat": num(huge), "step_size": i64::MAX })]
            ),
            always(&[json!({ "type": "TIME", "price": num(huge), "vat": num(huge), "step_size": i64::MIN })]),
            always(&[json!({ "type": "MAX_POWER", "price": 1, "step_size": 1 })]),
        ]),
    );
    for volume in [huge, "-79228162514264337593543950335", "0.0000000000000000000000000001", "9999999", "-9999999"] {
        let mut story = Story::new(START, &tariff);
        for _ in 0..50 {
            story = story
                .charge(60, volume)
                .with("TIME", volume)
                .with("PARKING_TIME", volume)
                .with("MIN_POWER", volume)
                .with("MAX_CURRENT", volume)
                .reserve(30);
        }
        let priced = story.price();
        assert!(doubts(&priced).contains(&Doubt::OutOfRange));
        assert!(doubts(&priced).contains(&Doubt::BadComponent));
    }
}

#[test]
fn no_periods_cost_nothing() {
    let story = Story::new(START, &metered());
    let priced = story.price();
    assert_price(&priced.total, "0", None);
    assert!(priced.lines.is_empty() && priced.findings.is_empty());
}
