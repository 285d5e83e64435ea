//! Whether a location is open. Spec: mod_locations, "Hours class": closings beat openings, openings beat the regular hours,
//! regular hours are local, exceptions are in UTC.

use chrono::{Datelike, Days, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::{DateTime, ExceptionalPeriod, Hours, Location, RegularHours, parse_time_of_day, pricing};

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// How far ahead the next change is looked for.
const AHEAD: u64 = 8;

impl Location {
    /// Whether it is open at this moment. `None` when nobody knows: it has no `opening_times`, or no time zone that we know.
    #[must_use]
    pub fn is_open_at(&self, at: DateTime) -> Option<bool> {
        let hours = self.opening_times.as_ref()?;
        Some(hours.is_open_at(at, self.zone()?))
    }

    /// Whether charging goes on when it is closed. Spec: `charging_when_closed`, true when it is absent.
    #[must_use]
    pub fn charges_when_closed(&self) -> bool {
        self.charging_when_closed.unwrap_or(true)
    }

    /// Whether one can charge here at this moment, as far as opening hours are concerned.
    #[must_use]
    pub fn lets_charge_at(&self, at: DateTime) -> bool {
        self.charges_when_closed() || self.is_open_at(at) != Some(false)
    }

    /// When it opens or closes next after `at`; `None` when nothing changes within a week, or nobody knows.
    #[must_use]
    pub fn next_opening_change(&self, at: DateTime) -> Option<DateTime> {
        self.opening_times.as_ref()?.next_change(at, self.zone()?)
    }

    fn zone(&self) -> Option<Tz> {
        pricing::time_zone(self.time_zone.as_str())
    }
}

impl Hours {
    /// Whether these hours are open at this moment, at a place in this time zone.
    ///
    /// `23:59` as an end is the end of the day, because OCPI has no other way to say that. An end that is not later than the
    /// begin is on the next day.
    #[must_use]
    pub fn is_open_at(&self, at: DateTime, zone: Tz) -> bool {
        let within = |period: &ExceptionalPeriod| period.period_begin <= at && at < period.period_end;
        if self.exceptional_closings.iter().any(within) {
            return false;
        }
        self.twentyfourseven
            || self.exceptional_openings.iter().any(within)
            || self.regular_hours.iter().any(|hours| hours.contain(at, zone))
    }

    /// When this changes next after `at`; `None` when it does not within a week.
    #[must_use]
    pub fn next_change(&self, at: DateTime, zone: Tz) -> Option<DateTime> {
        let open = self.is_open_at(at, zone);
        let exceptions = self.exceptional_openings.iter().chain(&self.exceptional_closings);
        let mut moments: Vec<DateTime> =
            exceptions.flat_map(|period| [period.period_begin, period.period_end]).collect();
        let today = at.with_timezone(&zone).date_naive();
        for date in (0..=AHEAD).filter_map(|days| today.checked_add_days(Days::new(days))) {
            for minutes in self.regular_hours.iter().filter_map(RegularHours::minutes) {
                for minute in [minutes.0, minutes.1] {
                    let local = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute));
                    let found = zone.from_local_datetime(&local);
                    moments.extend([found.earliest(), found.latest()].into_iter().flatten().map(|at| at.to_utc()));
                }
            }
        }
        moments.retain(|moment| *moment > at);
        moments.sort_unstable();
        moments.into_iter().find(|moment| self.is_open_at(*moment, zone) != open)
    }
}

impl RegularHours {
    /// Begin and end in minutes of the day; the end of a day is 1440. `None` when one of them is no time of day.
    fn minutes(&self) -> Option<(u32, u32)> {
        let minutes = |text: &str| parse_time_of_day(text).map(|(minutes, _)| minutes);
        let end = match minutes(self.period_end.as_str())? {
            0 => DAY,
            end if end == DAY - 1 => DAY,
            end => end,
        };
        Some((minutes(self.period_begin.as_str())?, end))
    }

    fn contain(&self, at: DateTime, zone: Tz) -> bool {
        let Some((begin, end)) = self.minutes() else { return false };
        let local = at.with_timezone(&zone);
        let weekday = i64::from(local.weekday().number_from_monday());
        let minute = local.hour() * 60 + local.minute();
        if begin < end {
            return weekday == self.weekday && (begin..end).contains(&minute);
        }
        // Into the next day.
        let day_after = self.weekday % 7 + 1;
        (weekday == self.weekday && minute >= begin) || (weekday == day_after && minute < end)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> DateTime {
        crate::parse_date_time(text).unwrap().0
    }

    fn hours(json: Value) -> Hours {
        crate::parse::<Hours>(json).value.unwrap()
    }

    fn day(weekday: u32, begin: &str, end: &str) -> Value {
        json!({ "weekday": weekday, "period_begin": begin, "period_end": end })
    }

    const AMSTERDAM: Tz = Tz::Europe__Amsterdam;

    // Proves: LOC-139, LOC-142, LOC-143
    #[test]
    fn closings_beat_openings_and_openings_beat_regular_hours() {
        let period = |begin: &str, end: &str| json!({ "period_begin": begin, "period_end": end });
        let always = hours(json!({
            "twentyfourseven": true, "exceptional_closings": [period("2026-12-25T00:00:00Z", "2026-12-26T00:00:00Z")],
        }));
        assert!(always.is_open_at(at("2026-12-24T23:59:59Z"), AMSTERDAM));
        assert!(!always.is_open_at(at("2026-12-25T00:00:00Z"), AMSTERDAM));
        assert!(always.is_open_at(at("2026-12-26T00:00:00Z"), AMSTERDAM), "the end does not belong to it");
        assert_eq!(always.next_change(at("2026-12-24T10:00:00Z"), AMSTERDAM), Some(at("2026-12-25T00:00:00Z")));

        let shop = hours(json!({
            "twentyfourseven": false, "regular_hours": [day(4, "08:00", "18:00")],
            "exceptional_openings": [period("2026-06-11T16:00:00Z", "2026-06-11T20:00:00Z")],
            "exceptional_closings": [period("2026-06-11T18:00:00Z", "2026-06-11T19:00:00Z")],
        }));
        for (time, open) in [("15:59", true), ("16:30", true), ("18:30", false), ("19:30", true), ("20:00", false)] {
            assert_eq!(shop.is_open_at(at(&format!("2026-06-11T{time}:00Z")), AMSTERDAM), open, "{time}");
        }
    }

    // Proves: LOC-160
    #[test]
    fn regular_hours_are_those_of_the_clock_on_the_wall() {
        // A Thursday in winter and one in summer; 8 o'clock is 7 and 6 o'clock in UTC.
        let shop = hours(json!({ "twentyfourseven": false, "regular_hours": [day(4, "08:00", "20:00")] }));
        for (moment, open) in [
            ("2026-01-15T06:59:59Z", false),
            ("2026-01-15T07:00:00Z", true),
            ("2026-01-15T19:00:00Z", false),
            ("2026-06-11T05:59:59Z", false),
            ("2026-06-11T06:00:00Z", true),
            ("2026-06-11T18:00:00Z", false),
            ("2026-06-12T10:00:00Z", false),
        ] {
            assert_eq!(shop.is_open_at(at(moment), AMSTERDAM), open, "{moment}");
        }
        assert_eq!(shop.next_change(at("2026-06-11T10:00:00Z"), AMSTERDAM), Some(at("2026-06-11T18:00:00Z")));
        assert_eq!(shop.next_change(at("2026-06-11T18:00:00Z"), AMSTERDAM), Some(at("2026-06-18T06:00:00Z")));
    }

    // The clock jumps from 2 to 3 on 29 March 2026, and back on 25 October.
    #[test]
    fn on_days_when_the_clock_jumps_too() {
        let night = hours(json!({ "twentyfourseven": false, "regular_hours": [day(7, "02:30", "04:00")] }));
        assert!(!night.is_open_at(at("2026-03-29T00:59:00Z"), AMSTERDAM));
        assert!(night.is_open_at(at("2026-03-29T01:00:00Z"), AMSTERDAM), "it is three o'clock at once");
        assert!(night.is_open_at(at("2026-10-25T00:30:00Z"), AMSTERDAM), "half past two for the first time");
        assert!(!night.is_open_at(at("2026-10-25T01:00:00Z"), AMSTERDAM), "two o'clock again");
        assert!(night.is_open_at(at("2026-10-25T01:30:00Z"), AMSTERDAM));
    }

    #[test]
    fn midnight_can_be_said_in_several_ways() {
        for (end, begin) in [("23:59", "00:00"), ("00:00", "00:00"), ("24:00", "00:00")] {
            let week = hours(json!({
                "twentyfourseven": false, "regular_hours": (1..=7).map(|n| day(n, begin, end)).collect::<Vec<_>>(),
            }));
            assert!(week.is_open_at(at("2026-06-11T21:59:59Z"), AMSTERDAM), "{end}");
            assert_eq!(week.next_change(at("2026-06-11T10:00:00Z"), AMSTERDAM), None, "{end}");
        }
        let bar = hours(json!({ "twentyfourseven": false, "regular_hours": [day(7, "22:00", "02:00")] }));
        assert!(bar.is_open_at(at("2026-06-14T20:00:00Z"), AMSTERDAM));
        assert!(bar.is_open_at(at("2026-06-14T23:59:00Z"), AMSTERDAM), "Monday, before two");
        assert!(!bar.is_open_at(at("2026-06-15T00:00:00Z"), AMSTERDAM));
    }

    // Proves: LOC-090
    #[test]
    fn charging_goes_on_when_closed_unless_it_is_said() {
        let mut location: Location = crate::examples::of();
        location.opening_times =
            Some(hours(json!({ "twentyfourseven": false, "regular_hours": [day(4, "08:00", "20:00")] })));
        location.time_zone = "Europe/Amsterdam".into();
        location.charging_when_closed = None;
        let night = at("2026-06-11T22:00:00Z");
        assert_eq!((location.is_open_at(night), location.lets_charge_at(night)), (Some(false), true));
        location.charging_when_closed = Some(false);
        assert!(!location.lets_charge_at(night));
        assert!(location.lets_charge_at(at("2026-06-11T10:00:00Z")));
        location.opening_times = None;
        assert_eq!((location.is_open_at(night), location.lets_charge_at(night)), (None, true), "nobody knows");
        assert_eq!(location.next_opening_change(night), None);
    }
}
