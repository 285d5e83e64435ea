//! Opening hours.

use crate::model::object;
use crate::{Context, DateTime, Rule, Text, check, parse_time_of_day};

object! {
    /// When one can get to a location to charge.
    ///
    /// Spec: mod_locations, "Hours class". Closings beat openings where the exceptions overlap.
    Hours("Hours", "mod_locations", HoursBuilder, rules = hours_rules) {
        /// Whether it is open around the clock on every day, but for the exceptions.
        twentyfourseven: 1 bool,
        /// The hours of each weekday, in local time. Given exactly when `twentyfourseven` is false.
        regular_hours: * RegularHours,
        /// When it is open in addition to the regular hours.
        exceptional_openings: * ExceptionalPeriod,
        /// When it is closed in spite of all else.
        exceptional_closings: * ExceptionalPeriod,
    }
}

fn hours_rules(hours: &Hours, cx: &mut Context) {
    // LOC-140.
    if hours.twentyfourseven && !hours.regular_hours.is_empty() {
        cx.found_at("Hours", "regular_hours", Rule::Inconsistent, "not used when twentyfourseven is true");
    }
    // LOC-141.
    if !hours.twentyfourseven && hours.regular_hours.is_empty() {
        cx.found_at("Hours", "regular_hours", Rule::EmptyList, "at least one entry when twentyfourseven is false");
    }
}

object! {
    /// The opening hours of a weekday, in the local time of the location.
    ///
    /// Spec: mod_locations, "RegularHours class".
    RegularHours("RegularHours", "mod_locations", RegularHoursBuilder, rules = regular_rules) {
        /// 1 for Monday to 7 for Sunday.
        weekday: 1 i64 [1 digits],
        /// When it opens: `HH:MM`, 24 hours, with leading zeros.
        period_begin: 1 Text<5>,
        /// When it closes: `HH:MM`, later than `period_begin`. The last minute of a day is `23:59`.
        period_end: 1 Text<5>,
    }
}

fn regular_rules(hours: &RegularHours, cx: &mut Context) {
    const CLASS: &str = "RegularHours";
    // LOC-157.
    if !(1..=7).contains(&hours.weekday) {
        cx.found_at(CLASS, "weekday", Rule::Range, "not between 1 (Monday) and 7 (Sunday)");
    }
    check::time_of_day(&hours.period_begin, CLASS, "period_begin", cx);
    check::time_of_day(&hours.period_end, CLASS, "period_end", cx);
    // LOC-159.
    let minutes = |text: &Text<5>| parse_time_of_day(text.as_str()).map(|(minutes, _)| minutes);
    if let (Some(begin), Some(end)) = (minutes(&hours.period_begin), minutes(&hours.period_end))
        && end <= begin
    {
        cx.found_at(CLASS, "period_end", Rule::Inconsistent, "not later than period_begin: read as the next day");
    }
}

object! {
    /// A period in which the regular opening hours do not apply.
    ///
    /// Spec: mod_locations, "ExceptionalPeriod class".
    ExceptionalPeriod("ExceptionalPeriod", "mod_locations", ExceptionalPeriodBuilder, rules = exceptional_rules) {
        /// When it begins, in UTC, unlike regular hours.
        period_begin: 1 DateTime,
        /// When it ends, in UTC.
        period_end: 1 DateTime,
    }
}

fn exceptional_rules(period: &ExceptionalPeriod, cx: &mut Context) {
    // LOC-133.
    if period.period_end <= period.period_begin {
        cx.found_at("ExceptionalPeriod", "period_end", Rule::Inconsistent, "not later than period_begin");
    }
}
