//! When the wall clock of a location can switch a tariff element on or off.

use chrono::{Days, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::DateTime;

use super::restrictions::Conditions;

/// More divisions than this in one charging period are no longer a charging session but an attempt to keep us busy: hourly
/// prices over two years stay below it.
const MAX_CUTS: i64 = 20_000;

/// The wall-clock time at the location.
pub(super) fn local(at: DateTime, zone: Tz) -> chrono::NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// The moments strictly between `from` and `to` at which a time, date or day restriction can change, in order. `None` when
/// there are too many to be real.
pub(super) fn cuts<'a>(
    conditions: impl Iterator<Item = &'a Conditions>,
    zone: Tz,
    from: DateTime,
    to: DateTime,
) -> Option<Vec<DateTime>> {
    let mut times = vec![NaiveTime::MIN];
    let mut any = false;
    for condition in conditions.filter(|condition| condition.uses_calendar()) {
        any = true;
        times.extend(condition.window.iter().flat_map(|window| [Some(window.start), window.end]).flatten());
    }
    if !any || to <= from {
        return Some(Vec::new());
    }
    times.sort_unstable();
    times.dedup();
    let days = (to - from).num_days() + 1;
    if days > MAX_CUTS / i64::try_from(times.len()).unwrap_or(MAX_CUTS) {
        return None;
    }
    let mut found = Vec::new();
    let last = local(to, zone).date();
    let mut date = local(from, zone).date();
    while date <= last {
        // A time that the clock shows twice (end of summer time) switches twice; one that it skips, not at all.
        found.extend(times.iter().flat_map(|time| instants(zone, date.and_time(*time))));
        let Some(next) = date.checked_add_days(Days::new(1)) else { break };
        date = next;
    }
    found.extend(jumps(zone, from, to));
    found.retain(|at| *at > from && *at < to);
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn instants(zone: Tz, local: chrono::NaiveDateTime) -> impl Iterator<Item = DateTime> {
    let found = zone.from_local_datetime(&local);
    [found.earliest(), found.latest()].into_iter().flatten().map(|at| at.to_utc())
}

/// The moments at which the wall clock jumps (start and end of summer time).
fn jumps(zone: Tz, from: DateTime, to: DateTime) -> Vec<DateTime> {
    let offset = |at: DateTime| local(at, zone) - at.naive_utc();
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        let Some(next) = at.checked_add_signed(TimeDelta::days(1)) else { break };
        let next = next.min(to);
        if offset(at) != offset(next) {
            let (mut before, mut after) = (at, next);
            while after - before > TimeDelta::milliseconds(1) {
                let middle = before + (after - before) / 2;
                if offset(middle) == offset(at) { before = middle } else { after = middle }
            }
            found.push(after);
        }
        at = next;
    }
    found
}
