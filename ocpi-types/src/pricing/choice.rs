//! Which tariff applies, and when its prices can change.

use chrono::TimeDelta;
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::{DateTime, ProfileType, Tariff, TariffType};

use super::calendar;
use super::restrictions::Conditions;

/// Whether a session that starts at `at` can use the tariff: `start_date_time` and `end_date_time`, both inclusive.
#[must_use]
pub fn is_valid_at(tariff: &Tariff, at: DateTime) -> bool {
    tariff.start_date_time.is_none_or(|start| at >= start) && tariff.end_date_time.is_none_or(|end| at <= end)
}

/// The type of tariff that a session with these charging preferences needs; without preferences a regular one.
#[must_use]
pub fn tariff_type_for(profile: Option<&ProfileType>) -> TariffType {
    match profile {
        Some(ProfileType::Cheap) => TariffType::ProfileCheap,
        Some(ProfileType::Fast) => TariffType::ProfileFast,
        Some(ProfileType::Green) => TariffType::ProfileGreen,
        _ => TariffType::Regular,
    }
}

/// The tariff for a session of this type that starts at `at`: one of the type, else one without a type, which is meant for
/// all sessions. Among several the one that became valid last, so that a new tariff replaces the old at its start.
#[must_use]
pub fn choose_tariff<'a>(
    tariffs: impl IntoIterator<Item = &'a Tariff>,
    tariff_type: &TariffType,
    at: DateTime,
) -> Option<&'a Tariff> {
    tariffs
        .into_iter()
        .filter(|tariff| tariff.tariff_type.as_ref().is_none_or(|own| own == tariff_type) && is_valid_at(tariff, at))
        .max_by_key(|tariff| (tariff.tariff_type.is_some(), tariff.start_date_time))
}

/// The next moment after `after`, within eight days, at which the time of day, the date, the day of the week or the
/// duration of the session switches an element of the tariff. A CPO starts a new charging period there.
///
/// `start` is when the charging session started. Energy, current and power switch elements too: see [`thresholds`].
#[must_use]
pub fn next_change(tariff: &Tariff, time_zone: Tz, start: DateTime, after: DateTime) -> Option<DateTime> {
    let conditions: Vec<Conditions> =
        (0..tariff.elements.len()).map(|i| Conditions::read(tariff, i, &mut Vec::new())).collect();
    let horizon = after.checked_add_signed(TimeDelta::days(8))?;
    let mut cuts = calendar::cuts(conditions.iter(), time_zone, after, horizon).unwrap_or_default();
    let durations = conditions.iter().flat_map(|c| c.duration.values());
    cuts.extend(durations.filter_map(|bound| {
        let seconds = i64::try_from(bound).ok()?;
        start.checked_add_signed(TimeDelta::try_seconds(seconds)?)
    }));
    cuts.retain(|cut| *cut > after && *cut < horizon);
    cuts.sort_unstable();
    let state = |at: DateTime| -> Vec<bool> {
        let elapsed = Decimal::new((at - start).num_milliseconds(), 3);
        conditions.iter().map(|c| c.active_by_clock(calendar::local(at, time_zone), elapsed)).collect()
    };
    let now = state(after);
    cuts.into_iter().find(|cut| state(*cut) != now)
}

/// The bounds at which consumption switches elements of a tariff, each list in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Energy of the session in kWh.
    pub kwh: Vec<Decimal>,
    /// Current over all phases in A.
    pub current: Vec<Decimal>,
    /// Power in kW.
    pub power: Vec<Decimal>,
}

/// Where a CPO starts a new charging period when energy, current or power passes.
#[must_use]
pub fn thresholds(tariff: &Tariff) -> Thresholds {
    let restrictions = || tariff.elements.iter().filter_map(|element| element.restrictions.as_ref());
    let sorted = |bounds: Vec<Option<Decimal>>| {
        let mut bounds: Vec<Decimal> = bounds.into_iter().flatten().collect();
        bounds.sort_unstable();
        bounds.dedup();
        bounds
    };
    Thresholds {
        kwh: sorted(restrictions().flat_map(|r| [r.min_kwh, r.max_kwh]).collect()),
        current: sorted(restrictions().flat_map(|r| [r.min_current, r.max_current]).collect()),
        power: sorted(restrictions().flat_map(|r| [r.min_power, r.max_power]).collect()),
    }
}
