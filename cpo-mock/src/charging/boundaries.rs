//! Where a tariff's price can change during a charge: the CPO has to begin a new charging period there.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use ocpi_types::pricing::Tz;
use ocpi_types::{DateTime, Decimal, Tariff};
use rust_decimal::prelude::ToPrimitive;

/// The moments and meter readings at which another price component may become active.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boundaries {
    /// Since the session's start, in seconds.
    durations: Vec<i64>,
    /// Since the session's start, in Wh.
    energies: Vec<i64>,
    /// In the location's local time, every day.
    times: Vec<NaiveTime>,
}

impl Boundaries {
    /// Those of a tariff. A restriction that cannot be read has none: the pricing engine reports it.
    #[must_use]
    pub fn of(tariff: &Tariff) -> Self {
        let mut found = Self::default();
        for restrictions in tariff.elements.iter().filter_map(|element| element.restrictions.as_ref()) {
            found.durations.extend([restrictions.min_duration, restrictions.max_duration].into_iter().flatten());
            found.energies.extend([restrictions.min_kwh, restrictions.max_kwh].into_iter().flatten().filter_map(wh));
            let times = [&restrictions.start_time, &restrictions.end_time];
            let times = times.into_iter().flatten().filter_map(|time| time_of(time.as_str()));
            found.times.extend(times);
            let dates = restrictions.start_date.is_some() || restrictions.end_date.is_some();
            if dates || !restrictions.day_of_week.is_empty() {
                found.times.push(NaiveTime::MIN);
            }
        }
        found.durations.sort_unstable();
        found.durations.dedup();
        found.energies.sort_unstable();
        found.energies.dedup();
        found.times.sort_unstable();
        found.times.dedup();
        found
    }

    /// The moments after `from` and before `until` at which time alone changes the price, in order.
    #[must_use]
    pub fn moments(&self, session_start: DateTime, from: DateTime, until: DateTime, zone: Tz) -> Vec<DateTime> {
        let durations = self
            .durations
            .iter()
            .filter_map(|seconds| session_start.checked_add_signed(TimeDelta::try_seconds(*seconds)?));
        let mut moments: Vec<_> = durations.chain(self.clock_times(from, until, zone)).collect();
        moments.retain(|at| from < *at && *at < until);
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    fn clock_times(&self, from: DateTime, until: DateTime, zone: Tz) -> Vec<DateTime> {
        if self.times.is_empty() {
            return Vec::new();
        }
        let first = from.with_timezone(&zone).date_naive();
        let last = until.with_timezone(&zone).date_naive();
        let dates = std::iter::successors(Some(first), |date| date.checked_add_days(Days::new(1)));
        dates
            .take_while(|date| *date <= last)
            .flat_map(|date| self.times.iter().filter_map(move |time| instant(date, *time, zone)))
            .collect()
    }

    /// The meter readings between `from` and `until` Wh (since the session's start) at which the price changes, in order.
    pub fn energies(&self, from: i64, until: i64) -> impl Iterator<Item = i64> + '_ {
        self.energies.iter().copied().filter(move |wh| from < *wh && *wh < until)
    }
}

/// The instant at which a clock on the wall shows this time; after it where the clock is put forward over it.
fn instant(date: NaiveDate, time: NaiveTime, zone: Tz) -> Option<DateTime> {
    let local = date.and_time(time);
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?).earliest());
    found.map(|at| at.to_utc())
}

fn time_of(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

fn wh(kwh: Decimal) -> Option<i64> {
    kwh.checked_mul(Decimal::from(1000))?.trunc().to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn boundaries(restrictions: &serde_json::Value) -> Boundaries {
        let tariff = json!({
            "country_code": "US", "party_id": "CPO", "id": "T", "currency": "USD", "last_updated": "2026-01-01T00:00:00Z",
            "elements": [{
                "price_components": [{ "type": "ENERGY", "price": 0.25, "step_size": 1 }],
                "restrictions": restrictions,
            }],
        });
        Boundaries::of(&ocpi_types::parse::<Tariff>(tariff).value.unwrap())
    }

    fn at(text: &str) -> DateTime {
        ocpi_types::parse_date_time(text).unwrap().0
    }

    // Proves: CDR-079
    #[test]
    fn times_are_those_on_the_wall_of_the_location() {
        let found = boundaries(&json!({ "start_time": "22:00", "end_time": "06:00", "day_of_week": ["FRIDAY"] }));
        let start = at("2026-06-12T19:00:00Z");
        let moments = found.moments(start, start, at("2026-06-13T12:00:00Z"), Tz::Europe__Amsterdam);
        assert_eq!(moments, ["2026-06-12T20:00:00Z", "2026-06-12T22:00:00Z", "2026-06-13T04:00:00Z"].map(at));
    }

    #[test]
    fn a_time_that_summer_time_skips_comes_an_hour_later() {
        let found = boundaries(&json!({ "start_time": "02:30" }));
        let start = at("2026-03-28T23:00:00Z");
        let moments = found.moments(start, start, at("2026-03-29T06:00:00Z"), Tz::Europe__Amsterdam);
        assert_eq!(moments, [at("2026-03-29T01:30:00Z")]);
    }

    #[test]
    fn durations_and_energies_count_from_the_start() {
        let found = boundaries(&json!({ "min_duration": 600, "max_duration": 1800, "min_kwh": 1.5, "max_kwh": 20 }));
        let start = at("2026-06-12T10:00:00Z");
        let moments = found.moments(start, at("2026-06-12T10:10:00Z"), at("2026-06-12T11:00:00Z"), Tz::UTC);
        assert_eq!(moments, [at("2026-06-12T10:30:00Z")]);
        assert_eq!(found.energies(0, 30_000).collect::<Vec<_>>(), [1_500, 20_000]);
        assert_eq!(found.energies(1_500, 20_000).count(), 0);
    }
}
