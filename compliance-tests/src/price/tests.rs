//! The examples of mod_tariffs and mod_cdrs, in our own words and numbers.

use serde_json::{Value, json};

use super::*;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn tariff(elements: &Value) -> Value {
    json!({"id": "T", "elements": elements})
}

/// A CDR from periods of (minutes from 09:00 on, dimensions).
fn cdr(tariff: &Value, periods: &[(i64, Value)], minutes: i64) -> Value {
    let at = |minute: i64| {
        let start: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
        crate::clock::ocpi(start + chrono::TimeDelta::minutes(minute))
    };
    let periods: Vec<Value> = periods
        .iter()
        .map(|(minute, dimensions)| {
            let list: Vec<Value> = dimensions
                .as_object()
                .unwrap()
                .iter()
                .map(|(kind, volume)| json!({"type": kind, "volume": volume}))
                .collect();
            json!({"start_date_time": at(*minute), "tariff_id": "t", "dimensions": list})
        })
        .collect();
    json!({"tariffs": [tariff], "charging_periods": periods, "end_date_time": at(minutes)})
}

fn priced(cdr: &Value) -> Bill {
    bill(&Charge::of_cdr(cdr, Tz::Europe__Berlin).unwrap(), RIGHT)
}

#[track_caller]
fn costs(amount: Amount, excl: &str, incl: &str) {
    assert!(amount.excl.allows(dec(excl)) && amount.incl.allows(dec(incl)), "{} / {}", amount.excl, amount.incl);
    assert!(!amount.excl.allows(dec(excl) + dec("0.05")), "the span {} is too wide to tell anything", amount.excl);
}

fn energy(price: f64, step: i64) -> Value {
    json!({"type": "ENERGY", "price": price, "step_size": step})
}

fn time(kind: &str, price: f64, vat: f64, step: i64) -> Value {
    json!({"type": kind, "price": price, "vat": vat, "step_size": step})
}

#[test]
fn energy_is_rounded_once_with_the_last_step_and_the_last_price() {
    let tariff = tariff(&json!([
        {"price_components": [energy(0.20, 300)], "restrictions": {"end_time": "11:00"}},
        {"price_components": [energy(0.27, 500)]}]));
    let cdr = cdr(&tariff, &[(0, json!({"ENERGY": 4.3})), (60, json!({"ENERGY": 1.1}))], 90);
    costs(priced(&cdr).energy, "1.184", "1.184");
}

#[test]
fn parking_is_rounded_and_the_charging_before_it_is_not() {
    let tariff = tariff(&json!([{"price_components": [
        time("TIME", 3.0, 10.0, 300), time("PARKING_TIME", 5.0, 20.0, 300), json!({"type": "FLAT", "price": 1, "step_size": 0})]}]));
    let cdr = cdr(&tariff, &[(0, json!({"TIME": 0.35})), (21, json!({"PARKING_TIME": 0.1167}))], 28);
    let bill = priced(&cdr);
    costs(bill.time, "1.05", "1.155");
    costs(bill.parking, "0.83333", "1.0");
    costs(bill.fixed, "1", "1");
    costs(bill.total, "2.88333", "3.155");
}

#[test]
fn a_volume_that_was_rounded_up_does_not_reach_the_next_block() {
    // 40 minutes are 0.6667 h, and that is 2400.12 s.
    let tariff = tariff(&json!([{"price_components": [time("TIME", 6.0, 0.0, 1200)]}]));
    let cdr = cdr(&tariff, &[(0, json!({"TIME": 0.6667}))], 40);
    assert!(priced(&cdr).time.excl.allows(dec("4.00")));
}

#[test]
fn minimum_and_maximum_hold_without_and_with_vat_for_themselves() {
    let mut tariff = tariff(&json!([{"price_components": [{"type": "FLAT", "price": 4, "vat": 50, "step_size": 1}]}]));
    tariff["min_price"] = json!({"excl_vat": 5, "incl_vat": 5.5});
    let least = cdr(&tariff, &[(0, json!({"ENERGY": 1.0}))], 10);
    costs(priced(&least).total, "5", "6");
    tariff["min_price"] = Value::Null;
    tariff["max_price"] = json!({"excl_vat": 10, "incl_vat": 5});
    let most = cdr(&tariff, &[(0, json!({"ENERGY": 1.0}))], 10);
    costs(priced(&most).total, "4", "5");
    costs(priced(&most).fixed, "4", "6");
}

#[test]
fn each_dimension_has_its_own_first_matching_element() {
    let tariff = tariff(&json!([
        {"price_components": [time("TIME", 1.0, 0.0, 1)], "restrictions": {"day_of_week": ["MONDAY"]}},
        {"price_components": [energy(0.50, 1), time("TIME", 9.0, 0.0, 1)]},
        {"price_components": [energy(5.0, 1)]}]));
    let cdr = cdr(&tariff, &[(0, json!({"ENERGY": 2.0, "TIME": 0.5}))], 30);
    let bill = priced(&cdr);
    costs(bill.energy, "1.00", "1.00");
    costs(bill.time, "0.50", "0.50");
}

#[test]
fn an_expired_reservation_has_its_own_prices_and_falls_back_to_those_of_reservations() {
    let element = |components: Value, reservation: &str| json!({"price_components": components, "restrictions": {"reservation": reservation}});
    let flat = |price: f64| json!({"type": "FLAT", "price": price, "step_size": 1});
    let tariff = tariff(&json!([
        element(json!([flat(3.0), time("TIME", 6.0, 0.0, 600)]), "RESERVATION"),
        element(json!([flat(7.0)]), "RESERVATION_EXPIRES"),
        {"price_components": [flat(50.0), time("TIME", 60.0, 0.0, 1)]}]));
    let cdr = cdr(&tariff, &[(0, json!({"RESERVATION_TIME": 0.25}))], 15);
    let charge = Charge::of_cdr(&cdr, Tz::UTC).unwrap();
    // Twenty minutes at 6.00, with either fee.
    costs(bill(&charge, RIGHT).reservation, "5.00", "5.00");
    let expired = bill(&charge.expired(true), RIGHT);
    costs(expired.reservation, "9.00", "9.00");
    costs(expired.total, "9.00", "9.00");
}

#[test]
fn bounds_are_inclusive_below_and_exclusive_above_and_local() {
    let moment = |hour: u32, since: i64| Moment {
        at: format!("2026-03-02T{hour:02}:00:00Z").parse().unwrap(),
        zone: Tz::Europe__Berlin,
        since: Decimal::from(since),
        kwh: Decimal::ONE,
        power: Some((dec("11"), dec("11"))),
        current: None,
        reserved: false,
        expired: false,
    };
    let active = |rule: Value, hour: u32, since: i64| {
        let tariff = tariff(&json!([{"price_components": [energy(1.0, 1)], "restrictions": rule}]));
        !find(&tariff, "ENERGY", &moment(hour, since), RIGHT, &mut Vec::new()).is_empty()
    };
    for (rule, hour, since, wanted) in [
        (json!({"start_time": "10:00", "end_time": "11:00"}), 9, 0, true),
        (json!({"start_time": "09:00", "end_time": "10:00"}), 9, 0, false),
        (json!({"start_time": "22:00", "end_time": "06:00"}), 22, 0, true),
        (json!({"start_time": "22:00", "end_time": "06:00"}), 5, 0, false),
        (json!({"start_time": "18:00", "end_time": "00:00"}), 22, 0, true),
        (json!({"min_duration": 60}), 9, 60, true),
        (json!({"max_duration": 60}), 9, 60, false),
        (json!({"min_kwh": 1, "max_kwh": 1.5}), 9, 0, true),
        (json!({"max_kwh": 1}), 9, 0, false),
        (json!({"min_power": 11}), 9, 0, true),
        (json!({"max_power": 11}), 9, 0, false),
        (json!({"start_date": "2026-03-02", "end_date": "2026-03-03"}), 9, 0, true),
        (json!({"end_date": "2026-03-02"}), 9, 0, false),
        (json!({"day_of_week": ["TUESDAY"]}), 9, 0, false),
        // 23:30 UTC is Tuesday in Berlin.
        (json!({"day_of_week": ["TUESDAY"]}), 23, 0, true),
        (json!({"reservation": "RESERVATION"}), 9, 0, false),
    ] {
        assert_eq!(active(rule.clone(), hour, since), wanted, "{rule} at {hour} UTC after {since} s");
    }
}

#[test]
fn what_the_periods_do_not_tell_is_named() {
    let tariff = tariff(&json!([{"price_components": [energy(1.0, 1)], "restrictions": {"min_current": 10}}]));
    let cdr = cdr(&tariff, &[(0, json!({"ENERGY": 2.0}))], 30);
    assert_eq!(priced(&cdr).unknown, ["the current of a period"]);
}

#[test]
fn a_period_that_runs_over_a_change_of_price_is_found() {
    let tariff = tariff(&json!([
        {"price_components": [energy(0.20, 1)], "restrictions": {"end_time": "11:00"}},
        {"price_components": [energy(0.27, 1)]}]));
    let whole = cdr(&tariff, &[(0, json!({"ENERGY": 5.4}))], 90);
    assert_eq!(unsplit(&Charge::of_cdr(&whole, Tz::Europe__Berlin).unwrap()).len(), 1);
    let split = cdr(&tariff, &[(0, json!({"ENERGY": 4.3})), (60, json!({"ENERGY": 1.1}))], 90);
    assert!(unsplit(&Charge::of_cdr(&split, Tz::Europe__Berlin).unwrap()).is_empty());
}
