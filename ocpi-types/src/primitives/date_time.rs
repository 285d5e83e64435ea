//! `DateTime`: an instant in UTC.

use chrono::{DurationRound, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serializer;
use serde_json::Value;

use super::read_text;
use crate::model::{Context, Model};
use crate::report::Rule;

/// An instant in UTC, exact to the millisecond. Spec: types, "DateTime".
///
/// Written with `Z` and no decimals, or three where there are milliseconds.
pub type DateTime = chrono::DateTime<Utc>;

/// The instant as OCPI writes it.
///
/// ```
/// use ocpi_types::{format_date_time, parse_date_time};
/// let (at, as_specified) = parse_date_time("2026-01-15 10:00:00+01:00").unwrap();
/// assert_eq!(format_date_time(&at), "2026-01-15T09:00:00Z");
/// assert!(!as_specified); // OCPI allows neither the blank nor the offset
/// ```
#[must_use]
pub fn format_date_time(at: &DateTime) -> String {
    let format = if at.timestamp_subsec_millis() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    at.to_rfc3339_opts(format, true)
}

/// Reads an instant: as OCPI writes it (no designator means UTC), or, with `false`, in a form that OCPI does not allow but
/// whose meaning is clear (numeric offset, blank for `T`). `None` when it is no date and time at all.
#[must_use]
pub fn parse_date_time(text: &str) -> Option<(DateTime, bool)> {
    let text = text.trim();
    let (naive, conforming) = if let Some(utc) = text.strip_suffix('Z') {
        (NaiveDateTime::parse_from_str(utc, "%Y-%m-%dT%H:%M:%S%.f").ok(), true)
    } else {
        (NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok(), true)
    };
    let found = match naive {
        Some(naive) => (naive.and_utc(), conforming),
        None => (lenient(text)?, false),
    };
    // OCPI writes at most three decimals; finer ones would not survive being written and read again.
    Some((found.0.duration_trunc(TimeDelta::milliseconds(1)).ok()?, found.1))
}

fn lenient(text: &str) -> Option<DateTime> {
    let text = text.replacen([' ', 't'], "T", 1).replace('z', "Z");
    let with_zone = chrono::DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc());
    let without = || NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").map(|at| at.and_utc());
    with_zone.or_else(|_| without()).ok()
}

impl Model for DateTime {
    const NAME: &'static str = "DateTime";

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        let text = read_text(json, Self::NAME, cx)?;
        match parse_date_time(&text) {
            Some((at, true)) => Some(at),
            Some((at, false)) => {
                cx.found(Rule::DateTimeForm, format!("{text:?} is read as {}", format_date_time(&at)));
                Some(at)
            }
            None => {
                cx.found(Rule::NotADateTime, format!("{text:?} is not a DateTime such as 2026-01-15T10:00:00Z"));
                None
            }
        }
    }

    fn check(&self, _cx: &mut Context) {}

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_date_time(self))
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::text(Some(25), Some("date-time"))
    }
}
