//! From a driver's preferences to the limits that serve them. Spec: mod_sessions, "Set: Charging Preferences".
//!
//! FAST and REGULAR charge with all there is. CHEAP and GREEN use the best hours between now and the departure, and no more of
//! them than the energy takes that is still needed. At the departure the plan ends: whoever stays longer charges on without it.

use chrono::{TimeDelta, Timelike};
use ocpi_types::pricing::Tz;
use ocpi_types::{ChargingPreferences, ChargingPreferencesResponse, DateTime, Decimal};
use rust_decimal::prelude::ToPrimitive;

use super::forecast;
use crate::station::{Profile, Step, Unit};

/// How far ahead is planned. Departures beyond are as good as this one.
const HORIZON: TimeDelta = TimeDelta::days(7);

/// What is known of a session when preferences come.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// Now.
    pub now: DateTime,
    /// The location's time zone.
    pub zone: Tz,
    /// The most that the connector can deliver, in W.
    pub most_watts: i64,
    /// What the vehicle was last seen to take, in W; 0 when it takes nothing.
    pub drawn_watts: i64,
    /// What has been charged so far, in kWh.
    pub charged: Decimal,
}

/// An hour, or a part of one.
struct Slot {
    from: i64,
    until: i64,
    badness: u32,
}

/// The limits that serve these preferences, or why there are none: `DEPARTURE_REQUIRED`, `ENERGY_NEED_REQUIRED`,
/// `NOT_POSSIBLE`. `energy_need` is that of the whole session.
pub fn plan(wish: &ChargingPreferences, now: &Situation) -> Result<Profile, ChargingPreferencesResponse> {
    let seconds = wish.departure_time.map(|departure| (departure - now.now).num_seconds());
    let need = wish.energy_need.map(|need| watt_seconds((need - now.charged).max(Decimal::ZERO)));
    if let (Some(need), Some(seconds)) = (need, seconds)
        && need > i128::from(now.most_watts) * i128::from(seconds)
        && need > 0
    {
        return Err(ChargingPreferencesResponse::NotPossible);
    }
    if forecast::badness(&wish.profile_type, 0).is_none() {
        return Ok(Profile::none());
    }
    let Some(seconds) = seconds else { return Err(ChargingPreferencesResponse::DepartureRequired) };
    let Some(need) = need else { return Err(ChargingPreferencesResponse::EnergyNeedRequired) };
    let seconds = seconds.min(HORIZON.num_seconds());
    if seconds <= 0 {
        return Ok(Profile::none());
    }
    let mut slots = slots(wish, now, seconds);
    slots.sort_by_key(|slot| (slot.badness, slot.from));
    // A vehicle that takes less than there is needs more time.
    let watts = if now.drawn_watts > 0 { now.drawn_watts.min(now.most_watts) } else { now.most_watts };
    Ok(Profile {
        start: Some(now.now),
        seconds: Some(seconds),
        unit: Unit::Watts,
        lowest: None,
        steps: steps(&fill(&slots, need, watts), now.most_watts, seconds),
    })
}

fn slots(wish: &ChargingPreferences, now: &Situation, seconds: i64) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut from = 0;
    while from < seconds {
        let local = (now.now + TimeDelta::seconds(from)).with_timezone(&now.zone);
        let left = 3600 - i64::from(local.minute() * 60 + local.second());
        let until = (from + left).min(seconds);
        let hour = local.hour() as usize;
        slots.push(Slot { from, until, badness: forecast::badness(&wish.profile_type, hour).unwrap_or_default() });
        from = until;
    }
    slots
}

/// When to charge, in order of time: as many of the slots, the first ones first, as the need takes.
fn fill(slots: &[Slot], need: i128, watts: i64) -> Vec<(i64, i64)> {
    let mut left = need;
    let mut used = Vec::new();
    for slot in slots {
        if left <= 0 {
            break;
        }
        let watts = i128::from(watts.max(1));
        let seconds = i64::try_from((left + watts - 1) / watts).unwrap_or(i64::MAX).min(slot.until - slot.from);
        used.push((slot.from, slot.from + seconds));
        left -= watts * i128::from(seconds);
    }
    used.sort_unstable();
    used
}

fn steps(used: &[(i64, i64)], watts: i64, seconds: i64) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut add = |from: i64, limit: i64| {
        let limit = Decimal::from(limit);
        match steps.last_mut() {
            // Nothing lies between: the later one counts.
            Some(last) if last.from == from => last.limit = limit,
            _ => steps.push(Step { from, limit }),
        }
    };
    add(0, 0);
    for (from, until) in used {
        add(*from, watts);
        if *until < seconds {
            add(*until, 0);
        }
    }
    steps.dedup_by(|later, earlier| later.limit == earlier.limit);
    steps
}

fn watt_seconds(kwh: Decimal) -> i128 {
    // More than can be counted is not possible either.
    kwh.checked_mul(Decimal::from(3_600_000)).and_then(|exact| exact.ceil().to_i128()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChargingPreferencesResponse::{DepartureRequired, EnergyNeedRequired, NotPossible};
    use serde_json::{Value, json};

    fn at(text: &str) -> DateTime {
        ocpi_types::parse_date_time(text).unwrap().0
    }

    /// Half past five in the afternoon, in Los Angeles.
    fn situation() -> Situation {
        Situation {
            now: at("2026-06-13T00:30:00Z"),
            zone: Tz::America__Los_Angeles,
            most_watts: 10_000,
            drawn_watts: 0,
            charged: 0.into(),
        }
    }

    fn asked(wish: Value, now: &Situation) -> Result<Vec<String>, ChargingPreferencesResponse> {
        let wish = ocpi_types::parse::<ChargingPreferences>(wish).value.unwrap();
        let profile = plan(&wish, now)?;
        let start = profile.start.unwrap_or(now.now);
        let local = |from: i64| (start + TimeDelta::seconds(from)).with_timezone(&now.zone).format("%H:%M:%S");
        Ok(profile.steps.iter().map(|step| format!("{} {} W", local(step.from), step.limit)).collect())
    }

    // Proves: SES-082
    #[test]
    fn the_cheapest_hours_before_the_departure_are_used_and_no_more_than_needed() {
        let wish = json!({ "profile_type": "CHEAP", "departure_time": "2026-06-13T14:00:00Z", "energy_need": 25 });
        let steps = asked(wish.clone(), &situation()).unwrap();
        let expected = ["17:30:00 0 W", "01:00:00 10000 W", "01:30:00 0 W", "02:00:00 10000 W", "04:00:00 0 W"];
        assert_eq!(steps, expected, "two and three o'clock, and half of the hour from one");
        let slow = Situation { drawn_watts: 5_000, charged: 5.into(), ..situation() };
        let steps = asked(wish, &slow).unwrap();
        assert_eq!(steps, ["17:30:00 0 W", "01:00:00 10000 W", "05:00:00 0 W"], "four hours at half the power");
    }

    #[test]
    fn green_energy_comes_at_noon() {
        let wish = json!({ "profile_type": "GREEN", "departure_time": "2026-06-14T02:00:00Z", "energy_need": 10 });
        assert_eq!(asked(wish, &situation()).unwrap(), ["17:30:00 0 W", "12:00:00 10000 W", "13:00:00 0 W"]);
    }

    #[test]
    fn little_time_means_full_power() {
        let wish = json!({ "profile_type": "CHEAP", "departure_time": "2026-06-13T02:00:00Z", "energy_need": 15 });
        assert_eq!(asked(wish, &situation()).unwrap(), ["17:30:00 10000 W"]);
        let wish = json!({ "profile_type": "FAST", "departure_time": "2026-06-13T02:00:00Z", "energy_need": 15 });
        assert_eq!(asked(wish, &situation()).unwrap(), [""; 0], "no limit at all");
        assert_eq!(asked(json!({ "profile_type": "REGULAR" }), &situation()).unwrap(), [""; 0]);
    }

    // Proves: SES-086, SES-087, SES-088, SES-081
    #[test]
    fn what_is_missing_or_impossible_is_said() {
        let ask = |wish| asked(wish, &situation()).unwrap_err();
        assert_eq!(ask(json!({ "profile_type": "CHEAP", "energy_need": 5 })), DepartureRequired);
        assert_eq!(ask(json!({ "profile_type": "GREEN" })), DepartureRequired);
        let departure = "2026-06-13T01:30:00Z";
        assert_eq!(ask(json!({ "profile_type": "GREEN", "departure_time": departure })), EnergyNeedRequired);
        for profile_type in ["CHEAP", "FAST", "REGULAR"] {
            let wish = json!({ "profile_type": profile_type, "departure_time": departure, "energy_need": 10.001 });
            assert_eq!(ask(wish), NotPossible, "{profile_type}");
        }
        assert_eq!(
            ask(json!({ "profile_type": "CHEAP", "departure_time": "2026-06-13T00:00:00Z", "energy_need": 1 })),
            NotPossible
        );
        // An estimate that was wrong is no fault by itself.
        let late = json!({ "profile_type": "FAST", "departure_time": "2026-06-13T00:00:00Z" });
        assert_eq!(asked(late, &situation()).unwrap(), [""; 0]);
    }
}
