//! Which price component is active at a moment.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Kind, Line, Span, Wrong};
use crate::formats::decimal;

/// What restrictions are compared with.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) at: DateTime<Utc>,
    pub(super) zone: Tz,
    /// Seconds since charging began.
    pub(super) since: Decimal,
    /// kWh charged so far.
    pub(super) kwh: Decimal,
    pub(super) power: Option<(Decimal, Decimal)>,
    pub(super) current: Option<(Decimal, Decimal)>,
    pub(super) reserved: bool,
    /// The reservation was not used.
    pub(super) expired: bool,
}

/// An active price component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: (usize, usize),
    pub(super) price: Decimal,
    pub(super) vat: Decimal,
    pub(super) step: Decimal,
    /// Its element prices parking and nothing else.
    pub(super) parking_only: bool,
}

impl Found {
    pub(super) fn line(&self, kind: Kind, quantity: Span) -> Line {
        Line { kind, quantity, price: self.price, vat: self.vat, step: self.step }
    }
}

/// The active component of a dimension: that of the first element in the list that has the dimension and whose restrictions
/// all hold. An expired reservation is priced by elements for that, and where none of these has the dimension by those for
/// reservations. Empty when there is none; more than one only where a fault wants it.
pub(super) fn find(
    tariff: &Value,
    dimension: &str,
    moment: &Moment,
    wrong: Wrong<'_>,
    unknown: &mut Vec<String>,
) -> Vec<Found> {
    let mut all = Vec::new();
    for reservation in reservations(moment, wrong) {
        all.extend(find_for(*reservation, tariff, dimension, moment, wrong, unknown));
        if !all.is_empty() && !wrong("price-expired-both") {
            break;
        }
    }
    all
}

/// What `reservation` an element has to have, in order of preference.
fn reservations(moment: &Moment, wrong: Wrong<'_>) -> &'static [Option<&'static str>] {
    const USED: Option<&str> = Some("RESERVATION");
    const EXPIRED: Option<&str> = Some("RESERVATION_EXPIRES");
    if !moment.reserved || wrong("price-reservation-as-time") {
        &[None]
    } else if moment.expired && wrong("price-expired-only") {
        &[EXPIRED]
    } else if moment.expired && !wrong("price-expired-as-used") || wrong("price-expired-always") {
        &[EXPIRED, USED]
    } else {
        &[USED]
    }
}

fn find_for(
    reservation: Option<&str>,
    tariff: &Value,
    dimension: &str,
    moment: &Moment,
    wrong: Wrong<'_>,
    unknown: &mut Vec<String>,
) -> Vec<Found> {
    let mut found = Vec::new();
    let elements = tariff["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (number, element) in elements.iter().enumerate() {
        let components = element["price_components"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = components.iter().position(|component| component["type"] == dimension);
        if has.is_none() && !wrong("price-whole-element") {
            continue;
        }
        let restrictions = &element["restrictions"];
        if restrictions["reservation"].as_str() != reservation || !holds(restrictions, moment, wrong, unknown) {
            continue;
        }
        let Some(index) = has else { break };
        let component = &components[index];
        let number_of = |field: &str| decimal(&component[field]);
        let kinds = || components.iter().filter(|c| c["type"] != "FLAT");
        found.push(Found {
            place: (number, index),
            price: number_of("price").unwrap_or_default(),
            vat: number_of("vat").unwrap_or(if wrong("price-vat-invented") {
                Decimal::from(19)
            } else {
                Decimal::ZERO
            }),
            step: number_of("step_size").unwrap_or(Decimal::ONE),
            parking_only: kinds().next().is_some() && kinds().all(|c| c["type"] == "PARKING_TIME"),
        });
    }
    if wrong("price-last-element") {
        found.reverse();
    }
    if !wrong("price-adds-elements") {
        found.truncate(1);
    }
    found
}

fn holds(restrictions: &Value, moment: &Moment, wrong: Wrong<'_>, unknown: &mut Vec<String>) -> bool {
    if wrong("price-ignores-restrictions") {
        return true;
    }
    let mut verdicts = Vec::new();
    verdicts.extend(calendar(restrictions, moment, wrong));
    for (name, value, what) in [
        ("kwh", Some((moment.kwh, moment.kwh)), "energy"),
        ("duration", Some((moment.since, moment.since)), "duration"),
        ("power", moment.power, "power"),
        ("current", moment.current, "current"),
    ] {
        if matches!(name, "power" | "current") && wrong("price-ignores-power") {
            continue;
        }
        let (least, most) =
            (decimal(&restrictions[format!("min_{name}")]), decimal(&restrictions[format!("max_{name}")]));
        if least.is_none() && most.is_none() {
            continue;
        }
        let Some((low, high)) = value else {
            unknown.push(format!("the {what} of a period"));
            verdicts.push(false);
            continue;
        };
        let swapped = wrong("price-bounds-swapped");
        verdicts.extend(least.map(|least| if swapped { low > least } else { low >= least }));
        verdicts.extend(most.map(|most| if swapped { high <= most } else { high < most }));
    }
    if wrong("price-any-restriction") && !verdicts.is_empty() {
        return verdicts.contains(&true);
    }
    !verdicts.contains(&false)
}

/// Times of day, dates and weekdays: in the local time of the Location.
fn calendar(restrictions: &Value, moment: &Moment, wrong: Wrong<'_>) -> Vec<bool> {
    let zone = if wrong("price-utc") { Tz::UTC } else { moment.zone };
    let local = moment.at.with_timezone(&zone).naive_local();
    let mut verdicts = Vec::new();
    let text = |field: &str| restrictions[field].as_str();
    let (start, end) = (text("start_time").and_then(minutes), text("end_time").and_then(minutes));
    if start.is_some() || end.is_some() {
        verdicts.push(in_window(start.unwrap_or(0), end, local.num_seconds_from_midnight() / 60, wrong));
    }
    let date = |field: &str| text(field).and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    verdicts.extend(date("start_date").map(|first| local.date() >= first));
    let last_counts = wrong("price-end-date-inclusive");
    verdicts.extend(date("end_date").map(|end| local.date() < end || (last_counts && local.date() == end)));
    if let Some(days) = restrictions["day_of_week"].as_array().filter(|days| !days.is_empty()) {
        let today = DAYS[local.weekday().num_days_from_monday() as usize];
        verdicts.push(wrong("price-ignores-weekday") || days.iter().any(|day| day == today));
    }
    verdicts
}

/// The names of the days in OCPI, from Monday on.
pub const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

pub(super) fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<u32>().ok()? * 60 + minute.parse::<u32>().ok()?)
}

/// The end is not part of the window; 00:00 as end is the end of the day; an end before the start lies in the next day.
fn in_window(start: u32, end: Option<u32>, minute: u32, wrong: Wrong<'_>) -> bool {
    let midnight = if wrong("price-midnight-empty") { 0 } else { 24 * 60 };
    let end = end.map_or(24 * 60, |end| if end == 0 { midnight } else { end });
    if start < end || end == 0 || wrong("price-no-wrap") {
        start <= minute && minute < end
    } else {
        start <= minute || minute < end
    }
}
