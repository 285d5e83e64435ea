//! When prices apply.

use crate::model::{object, open_enum};
use crate::{Context, Decimal, Rule, Text, check, parse_local_date};

object! {
    /// When the prices of an element apply: at each moment when everything that is set here holds.
    ///
    /// Spec: mod_tariffs, "TariffRestrictions class". Times and dates are local to the location.
    TariffRestrictions("TariffRestrictions", "mod_tariffs", TariffRestrictionsBuilder, rules = restriction_rules) {
        /// From this time of day on: `HH:MM`, 24 hours, with leading zeros.
        start_time: ? Text<5>,
        /// Until this time of day: `HH:MM`; earlier than `start_time` means on the next day, `00:00` the end of the day.
        end_time: ? Text<5>,
        /// From this day on: `YYYY-MM-DD`.
        start_date: ? Text<10>,
        /// Until the day before this one: `YYYY-MM-DD`.
        end_date: ? Text<10>,
        /// From this much energy in the session on, in kWh.
        min_kwh: ? Decimal,
        /// Below this much energy in the session, in kWh.
        max_kwh: ? Decimal,
        /// While the current, summed over the phases, is at least this, in A.
        min_current: ? Decimal,
        /// While the current, summed over the phases, is below this, in A.
        max_current: ? Decimal,
        /// While the power is at least this, in kW.
        min_power: ? Decimal,
        /// While the power is below this, in kW.
        max_power: ? Decimal,
        /// From this duration of the session on, in seconds.
        min_duration: ? i64,
        /// Below this duration of the session, in seconds.
        max_duration: ? i64,
        /// On these days of the week. None: on all.
        day_of_week: * DayOfWeek,
        /// For a reservation rather than for charging.
        reservation: ? ReservationRestrictionType,
    }
}

const CLASS: &str = "TariffRestrictions";

fn restriction_rules(r: &TariffRestrictions, cx: &mut Context) {
    for (field, time) in [("start_time", &r.start_time), ("end_time", &r.end_time)] {
        if let Some(time) = time {
            check::time_of_day(time, CLASS, field, cx);
        }
    }
    for (field, date) in [("start_date", &r.start_date), ("end_date", &r.end_date)] {
        if let Some(date) = date {
            check::local_date(date, CLASS, field, cx);
        }
    }
    let date = |text: &Option<Text<10>>| text.as_ref().and_then(|text| parse_local_date(text.as_str()));
    if let (Some(start), Some(end)) = (date(&r.start_date), date(&r.end_date))
        && end <= start
    {
        cx.found_at(CLASS, "end_date", Rule::Suspicious, "not later than start_date, and exclusive: never applies");
    }
    limits("max_kwh", r.min_kwh, r.max_kwh, cx);
    limits("max_current", r.min_current, r.max_current, cx);
    limits("max_power", r.min_power, r.max_power, cx);
    limits("max_duration", r.min_duration, r.max_duration, cx);
}

/// An upper limit is exclusive: one that is not above the lower one, or not above zero without one, is never met.
fn limits<T: PartialOrd + Default>(upper: &'static str, min: Option<T>, max: Option<T>, cx: &mut Context) {
    let min = min.unwrap_or_default();
    if max.is_some_and(|max| max <= min) {
        cx.found_at(CLASS, upper, Rule::Suspicious, "not above the lower limit, and exclusive: never applies");
    }
}

open_enum! {
    /// A day of the week.
    ///
    /// Spec: mod_tariffs, "DayOfWeek enum".
    DayOfWeek("DayOfWeek", "mod_tariffs") {
        /// Monday.
        Monday = "MONDAY",
        /// Tuesday.
        Tuesday = "TUESDAY",
        /// Wednesday.
        Wednesday = "WEDNESDAY",
        /// Thursday.
        Thursday = "THURSDAY",
        /// Friday.
        Friday = "FRIDAY",
        /// Saturday.
        Saturday = "SATURDAY",
        /// Sunday.
        Sunday = "SUNDAY",
    }
}

open_enum! {
    /// Which costs of a reservation are meant.
    ///
    /// Spec: mod_tariffs, "ReservationRestrictionType enum".
    ReservationRestrictionType("ReservationRestrictionType", "mod_tariffs") {
        /// Those of any reservation.
        Reservation = "RESERVATION",
        /// Those of a reservation that expires because nobody came.
        ReservationExpires = "RESERVATION_EXPIRES",
    }
}
