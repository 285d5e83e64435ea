//! What holds for every session and every tariff.

use crate::support::*;
use ocpi_types::Decimal;
use ocpi_types::pricing::Priced;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What happens in a period: minutes, and Wh charged (`None`: parked).
type Step = (i64, Option<i64>);

fn restrictions() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        (0..24, 0..24).prop_map(|(from, to)| json!({
            "start_time": format!("{from:02}:00"), "end_time": format!("{to:02}:30")
        })),
        (1..40_000).prop_map(|wh| json!({ "min_kwh": f64::from(wh) / 1000.0 })),
        (1..40_000).prop_map(|wh| json!({ "max_kwh": f64::from(wh) / 1000.0 })),
        (60..20_000).prop_map(|seconds| json!({ "min_duration": seconds })),
        (60..20_000).prop_map(|seconds| json!({ "max_duration": seconds })),
        Just(json!({ "day_of_week": ["SATURDAY", "MONDAY"] })),
        Just(json!({ "start_date": "2026-03-29" })),
    ]
}

fn elements(steps: impl Strategy<Value = i64> + Clone) -> impl Strategy<Value = Value> {
    let dimension = prop_oneof![Just("ENERGY"), Just("TIME"), Just("PARKING_TIME"), Just("FLAT")];
    let vat = prop_oneof![Just(Value::Null), Just(json!(0)), Just(json!(21))];
    let component = (dimension, 0..500_i64, vat, steps).prop_map(|(dimension, cents, vat, step)| {
        let price = num(&Decimal::new(cents, 2).to_string());
        json!({ "type": dimension, "price": price, "vat": vat, "step_size": step })
    });
    let element = (prop::collection::vec(component, 1..4), restrictions())
        .prop_map(|(components, restrictions): (Vec<Value>, Value)| when(restrictions, &components));
    prop::collection::vec(element, 1..5).prop_map(Value::Array)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![(1..400_i64, (0..30_000_i64).prop_map(Some)), (1..400_i64, Just(None))];
    prop::collection::vec(step, 1..5)
}

fn tell(elements: &Value, steps: &[Step]) -> Story {
    // The day on which summer time begins, so that the clock jumps now and then.
    let mut story = Story::new("2026-03-28T18:00:00Z", &tariff("P", elements.clone())).zone("Europe/Amsterdam");
    for (minutes, wh) in steps {
        story = match wh {
            Some(wh) => story.charge(*minutes, &Decimal::new(*wh, 3).to_string()),
            None => story.park(*minutes),
        };
    }
    story
}

fn close(a: Decimal, b: Decimal) -> bool {
    (a - b).abs() <= dec("0.0001")
}

fn sum_of_lines(priced: &Priced) -> Decimal {
    priced.lines.iter().map(|line| line.cost_excl_vat).sum()
}

proptest! {
    // Proves: PRC-070
    #[test]
    fn lines_and_subtotals_add_up(elements in elements(1..1000_i64), steps in steps()) {
        let priced = tell(&elements, &steps).price();
        prop_assert!(close(sum_of_lines(&priced), priced.unlimited.excl_vat));
        let parts = [&priced.fixed, &priced.energy, &priced.time, &priced.parking, &priced.reservation];
        let sum: Decimal = parts.iter().map(|part| part.excl_vat).sum();
        prop_assert!((sum - priced.unlimited.excl_vat).abs() <= dec("0.0003"));
    }

    #[test]
    fn nothing_costs_less_than_nothing(elements in elements(0..1000_i64), steps in steps()) {
        let priced = tell(&elements, &steps).price();
        prop_assert!(priced.total.excl_vat >= Decimal::ZERO);
        prop_assert!(priced.total.incl_vat.is_none_or(|incl| incl >= priced.total.excl_vat));
        for line in &priced.lines {
            prop_assert!(line.billed >= line.quantity);
            prop_assert!(line.quantity >= Decimal::ZERO);
        }
    }

    // Proves: PRC-061
    #[test]
    fn cutting_a_period_in_two_changes_nothing(elements in elements(Just(0)), steps in steps(), cut in 1..400_i64) {
        let whole = tell(&elements, &steps).price();
        let mut parts = steps.clone();
        let (minutes, wh) = parts[0];
        // Only cuts that divide the energy exactly, as the periods carry whole Wh.
        let cut = cut % minutes;
        prop_assume!(cut > 0 && wh.is_none_or(|wh| (wh * cut) % minutes == 0));
        let first = wh.map(|wh| wh * cut / minutes);
        parts[0] = (minutes - cut, wh.zip(first).map(|(wh, first)| wh - first));
        parts.insert(0, (cut, first));
        let divided = tell(&elements, &parts).price();
        prop_assert!(close(whole.total.excl_vat, divided.total.excl_vat), "{:?} {:?}", whole, divided);
    }

    #[test]
    fn more_energy_never_costs_less(price in 1..500_i64, step in 0..2000_i64, wh in 0..50_000_i64, more in 0..50_000_i64) {
        let price = num(&Decimal::new(price, 2).to_string());
        let elements = json!([always(&[json!({ "type": "ENERGY", "price": price, "step_size": step })])]);
        let cost = |wh: i64| tell(&elements, &[(60, Some(wh))]).price().total.excl_vat;
        prop_assert!(cost(wh) <= cost(wh + more));
    }

    // Proves: PRC-062, PRC-068
    #[test]
    fn billed_energy_is_the_next_multiple(step in 1..2000_i64, steps in steps()) {
        let elements = json!([always(&[component("ENERGY", 1.0, step)])]);
        let priced = tell(&elements, &steps).price();
        let block = Decimal::new(step, 3);
        prop_assert!((priced.billed.energy % block).is_zero());
        let added = priced.billed.energy - priced.measured.energy;
        prop_assert!(added >= Decimal::ZERO && added < block);
    }

    // A running session is priced by the same rules: what is added later never changes what was known before.
    #[test]
    fn a_running_session_costs_what_its_beginning_costs(elements in elements(Just(0)), steps in steps()) {
        let mut before = Decimal::ZERO;
        for known in 1..=steps.len() {
            let cost = tell(&elements, &steps[..known]).price().total.excl_vat;
            prop_assert!(cost >= before - dec("0.0001"));
            before = cost;
        }
    }
}
