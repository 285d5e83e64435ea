//! `DateTime`: an instant in UTC.

use chrono::{Datelike, NaiveDateTime, SecondsFormat, Timelike, Utc};
use serde::Serializer;
use serde_json::Value;

use super::read_text;
use crate::report::Rule;
use crate::{Context, Model};

/// An instant in UTC, exact to the millisecond. Spec: types, "DateTime".
///
/// Written with `Z` and no decimals, or three where there are milliseconds.
pub type DateTime = chrono::DateTime<Utc>;

/// What the spec allows at most: `2026-01-15T10:00:00.1234Z`.
const MAX_LENGTH: usize = 25;

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

/// Reads an instant. `None` when it is no date and time at all.
///
/// `true`: as OCPI writes it, where no designator means UTC. `false`: in a form that OCPI does not allow but whose meaning is
/// clear (numeric offset, blank for `T`, small letters, single digits, more than 25 characters).
#[must_use]
pub fn parse_date_time(text: &str) -> Option<(DateTime, bool)> {
    let (at, as_specified) = match conforming(text) {
        Some(at) => (at, text.len() <= MAX_LENGTH),
        None => (lenient(text.trim())?, false),
    };
    // Only four digits can be written; and at most three decimals, so that finer ones would not survive.
    let millis = at.nanosecond() / 1_000_000 * 1_000_000;
    let at = at.with_nanosecond(millis).filter(|at| (0..=9999).contains(&at.year()))?;
    Some((at, as_specified))
}

/// `YYYY-MM-DDThh:mm:ss[.fraction][Z]`, and nothing else.
fn conforming(text: &str) -> Option<DateTime> {
    let local = text.strip_suffix('Z').unwrap_or(text);
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let matches = |(byte, pattern): (u8, &u8)| if *pattern == b'd' { byte.is_ascii_digit() } else { byte == *pattern };
    if local.len() < shape.len() || !local.bytes().zip(shape).all(matches) {
        return None;
    }
    let fraction = &local.as_bytes()[shape.len()..];
    let digits = fraction.strip_prefix(b".").unwrap_or(fraction);
    if fraction.len() == 1 || fraction.len() == digits.len() && !digits.is_empty() {
        return None;
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.and_utc())
}

fn lenient(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let time = time.trim_end_matches(['Z', 'z']).trim_end();
    // In a query string, `+01:00` arrives as ` 01:00`.
    let time = if time.contains(['+', '-']) { time.replace(' ', "") } else { time.replace(' ', "+") };
    let with_offset = chrono::DateTime::parse_from_str(&format!("{date}T{time}"), "%Y-%m-%dT%H:%M:%S%.f%#z");
    let without = || NaiveDateTime::parse_from_str(&format!("{date}T{time}"), "%Y-%m-%dT%H:%M:%S%.f");
    with_offset.map(|at| at.to_utc()).or_else(|_| without().map(|at| at.and_utc())).ok()
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
        crate::openapi::text(Some(MAX_LENGTH), Some("date-time"))
    }
}

#[cfg(test)]
mod tests {
    use super::{format_date_time, parse_date_time};

    fn read(text: &str) -> Option<(String, bool)> {
        parse_date_time(text).map(|(at, as_specified)| (format_date_time(&at), as_specified))
    }

    // Proves: TYP-013, TYP-014, TYP-015, TYP-016
    #[test]
    fn the_forms_of_the_spec() {
        for (text, written) in [
            ("2015-06-29T20:39:09Z", "2015-06-29T20:39:09Z"),
            ("2015-06-29T20:39:09", "2015-06-29T20:39:09Z"),
            ("2016-12-29T17:45:09.2Z", "2016-12-29T17:45:09.200Z"),
            ("2016-12-29T17:45:09.2", "2016-12-29T17:45:09.200Z"),
            ("2018-01-01T01:08:01.123Z", "2018-01-01T01:08:01.123Z"),
            ("2018-01-01T01:08:01.1239Z", "2018-01-01T01:08:01.123Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text), Some((written.to_owned(), true)), "{text}");
        }
    }

    // Proves: TYP-017, TYP-018
    #[test]
    fn clear_but_not_allowed() {
        for (text, written) in [
            ("2026-01-15T10:00:00+00:00", "2026-01-15T10:00:00Z"),
            ("2026-01-15 10:00:00+00:00", "2026-01-15T10:00:00Z"),
            ("2026-01-15 10:00:00", "2026-01-15T10:00:00Z"),
            ("2026-01-15 10:00:00 +0200", "2026-01-15T08:00:00Z"),
            ("2026-01-15T10:00:00 02:00", "2026-01-15T08:00:00Z"),
            ("2026-01-15t10:00:00z", "2026-01-15T10:00:00Z"),
            ("2026-01-15T10:00:00.5-05:30", "2026-01-15T15:30:00.500Z"),
            ("2026-01-15T10:00:00.123456789Z", "2026-01-15T10:00:00.123Z"),
            ("1970-1-1T00:00:00Z", "1970-01-01T00:00:00Z"),
            (" 2026-01-15T10:00:00Z ", "2026-01-15T10:00:00Z"),
        ] {
            assert_eq!(read(text), Some((written.to_owned(), false)), "{text}");
        }
    }

    #[test]
    fn no_date_and_time() {
        for text in [
            "",
            "yesterday",
            "2026-01-15",
            "10:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-15T25:00:00Z",
            "2026-01-15T10:00:00.Z",
            "+12026-01-15T10:00:00Z",
            "9999-12-31T23:59:59-05:00",
            "1768471200",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
