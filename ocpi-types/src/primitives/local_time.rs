//! Local times of day and dates, which OCPI sends as strings.

use chrono::{NaiveDate, NaiveTime};

/// Reads a local time of day as opening hours and tariff restrictions hold it (`18:15`), with the minutes since midnight.
///
/// `true`: as the spec writes it. `false`: in a form that is not allowed but clear (`7:00`, `07:00:00`, and `24:00` for the end
/// of the day, which is 1440). `None` when it is no time of day.
///
/// ```
/// use ocpi_types::parse_time_of_day;
/// assert_eq!(parse_time_of_day("18:15"), Some((1095, true)));
/// assert_eq!(parse_time_of_day("24:00"), Some((1440, false)));
/// assert_eq!(parse_time_of_day("noon"), None);
/// ```
#[must_use]
pub fn parse_time_of_day(text: &str) -> Option<(u32, bool)> {
    let text_only_digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.trim().split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next());
    if !text_only_digits(hour) || !text_only_digits(minute) || parts.next().is_some() {
        return None;
    }
    if second.is_some_and(|second| second != "00") {
        return None;
    }
    let minutes = hour.parse::<u32>().ok()? * 60 + minute.parse::<u32>().ok()?;
    let as_specified = text.len() == 5 && minutes < 1440;
    let in_range = minutes == 1440 || NaiveTime::parse_from_str(&format!("{hour}:{minute}"), "%H:%M").is_ok();
    in_range.then_some((minutes, as_specified))
}

/// Reads a local date as tariff restrictions hold it (`2015-12-24`). `None` when it is no such date.
///
/// ```
/// use ocpi_types::parse_local_date;
/// assert_eq!(parse_local_date("2015-12-24").unwrap().to_string(), "2015-12-24");
/// assert_eq!(parse_local_date("24-12-2015"), None);
/// assert_eq!(parse_local_date("2015-02-30"), None);
/// ```
#[must_use]
pub fn parse_local_date(text: &str) -> Option<NaiveDate> {
    let shape_fits = text.len() == 10 && text.starts_with(['1', '2']);
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| shape_fits)
}

#[cfg(test)]
mod tests {
    use super::{parse_local_date, parse_time_of_day};

    // Proves: LOC-158, TAR-055
    #[test]
    fn times_of_day() {
        assert_eq!(parse_time_of_day("00:00"), Some((0, true)));
        assert_eq!(parse_time_of_day("23:59"), Some((1439, true)));
        assert_eq!(parse_time_of_day("7:00"), Some((420, false)));
        assert_eq!(parse_time_of_day("07:00:00"), Some((420, false)));
        assert_eq!(parse_time_of_day(" 07:00"), Some((420, false)));
        for text in ["", "24:01", "25:00", "12:60", "12", "12:", ":30", "12.30", "+1:30", "12:30:15", "1:2:3:4"] {
            assert_eq!(parse_time_of_day(text), None, "{text}");
        }
    }

    // Proves: TAR-056
    #[test]
    fn local_dates() {
        assert!(parse_local_date("2024-02-29").is_some());
        for text in ["", "2023-02-29", "2024-2-29", "2024-02-29T00:00:00Z", "0024-02-29", "3024-02-29"] {
            assert_eq!(parse_local_date(text), None, "{text}");
        }
    }
}
