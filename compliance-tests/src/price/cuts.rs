//! Where a charging period has to end because another price becomes active. Spec: mod_cdrs, "ChargingPeriod class".

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::elements::{find, minutes};
use super::{Charge, RIGHT, seconds_between};
use crate::formats::decimal;

/// A moment and the kWh charged until then.
pub type Point = (DateTime<Utc>, Decimal);

/// The points strictly between `from` and `to` at which a restriction of the tariff may begin or end to hold, in order.
/// Energy is taken to flow evenly.
#[must_use]
pub fn cuts(tariff: &Value, began: DateTime<Utc>, zone: Tz, from: Point, to: Point) -> Vec<Point> {
    let length = seconds_between(from.0, to.0);
    let used = to.1 - from.1;
    let mut found: Vec<Point> = Vec::new();
    let mut at_time = |at: DateTime<Utc>| {
        if from.0 < at && at < to.0 {
            found.push((at, from.1 + used * seconds_between(from.0, at) / length));
        }
    };
    let restrictions = || tariff["elements"].as_array().into_iter().flatten().map(|element| &element["restrictions"]);
    for rule in restrictions() {
        for field in ["min_duration", "max_duration"] {
            let seconds = rule[field].as_i64().and_then(TimeDelta::try_seconds);
            if let Some(at) = seconds.and_then(|seconds| began.checked_add_signed(seconds)) {
                at_time(at);
            }
        }
        let mut times: Vec<u32> =
            ["start_time", "end_time"].iter().filter_map(|f| rule[*f].as_str()).filter_map(minutes).collect();
        if ["start_date", "end_date", "day_of_week"].iter().any(|field| !rule[*field].is_null()) {
            times.push(0);
        }
        for minute in times {
            wall_clock(minute, zone, from.0, to.0).into_iter().for_each(&mut at_time);
        }
    }
    for threshold in restrictions().flat_map(|rule| ["min_kwh", "max_kwh"].map(|field| decimal(&rule[field]))).flatten()
    {
        if from.1 < threshold && threshold < to.1 {
            let ms =
                (length * Decimal::ONE_THOUSAND * (threshold - from.1) / used).round().to_i64().unwrap_or_default();
            found.push((from.0 + TimeDelta::milliseconds(ms), threshold));
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|(at, _)| *at);
    found
}

/// Every moment from `from` to `to` at which the clock at the place shows this minute of the day.
fn wall_clock(minute: u32, zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let Some(time) = NaiveTime::from_num_seconds_from_midnight_opt(minute * 60 % 86_400, 0) else { return Vec::new() };
    let first = from.with_timezone(&zone).date_naive();
    let last = to.with_timezone(&zone).date_naive();
    std::iter::successors(Some(first), |date| date.checked_add_days(Days::new(1)))
        .take_while(|date| *date <= last)
        .take(1000)
        .filter_map(|date| zone.from_local_datetime(&date.and_time(time)).earliest().map(|at| at.to_utc()))
        .collect()
}

/// Periods inside of which another price becomes active, in words. A second and a watt-hour are forgiven.
#[must_use]
pub fn unsplit(charge: &Charge<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let Some(began) = charge.began() else { return found };
    for period in &charge.periods {
        let Some(tariff) = period.tariff.map(|index| charge.tariffs[index]) else { continue };
        let to = (period.end, period.kwh + period.energy.hi);
        for (at, kwh) in cuts(tariff, began, charge.zone, (period.start, period.kwh), to) {
            let near_edge = at - period.start <= TimeDelta::seconds(1) || period.end - at <= TimeDelta::seconds(1);
            let small = kwh - period.kwh <= Decimal::new(1, 3) || to.1 - kwh <= Decimal::new(1, 3);
            if near_edge || (small && !period.energy.is_zero()) {
                continue;
            }
            let mut moment = charge.moment(period, RIGHT);
            let mut active = |at: DateTime<Utc>, kwh: Decimal| {
                moment.at = at;
                moment.since = seconds_between(began, at);
                moment.kwh = kwh;
                [("ENERGY", period.energy), ("TIME", period.time), ("PARKING_TIME", period.parking)]
                    .into_iter()
                    .filter(|(_, quantity)| !quantity.is_zero())
                    .flat_map(|(dimension, _)| find(tariff, dimension, &moment, RIGHT, &mut Vec::new()))
                    .map(|found| found.place)
                    .collect::<Vec<_>>()
            };
            let earlier = active(at - TimeDelta::milliseconds(500), kwh - Decimal::new(5, 4));
            if earlier != active(at + TimeDelta::milliseconds(500), kwh + Decimal::new(5, 4)) {
                found.push(format!(
                    "the period of {} goes on over {}, where another price becomes active",
                    period.start, at
                ));
            }
        }
    }
    found
}
