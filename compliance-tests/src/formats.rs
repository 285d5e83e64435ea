//! Spellings of OCPI that are checked on the raw text: DateTime, Base64 tokens, ids.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;

/// Whether the text has the form `YYYY-MM-DDThh:mm:ss[.fraction][Z]` of a real moment, and at most 25 characters.
#[must_use]
pub fn is_ocpi_datetime(text: &str) -> bool {
    text.len() <= 25 && shape_is_right(text) && instant(text).is_some()
}

fn shape_is_right(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let at = |index: usize, byte: u8| bytes.get(index) == Some(&byte);
    let head = digits(0..4)
        && at(4, b'-')
        && digits(5..7)
        && at(7, b'-')
        && digits(8..10)
        && at(10, b'T')
        && digits(11..13)
        && at(13, b':')
        && digits(14..16)
        && at(16, b':')
        && digits(17..19);
    let Some(tail) = text.get(19..) else { return false };
    let tail = tail.strip_suffix('Z').unwrap_or(tail);
    head && (tail.is_empty()
        || tail.strip_prefix('.').is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())))
}

/// The moment that a text names, read leniently (with or without `Z`, with any offset).
#[must_use]
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .ok()
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.and_utc()))
}

/// The moment in a field of an object.
#[must_use]
pub fn instant_of(object: &Value, field: &str) -> Option<DateTime<Utc>> {
    object.get(field).and_then(Value::as_str).and_then(instant)
}

/// The header value for a credentials token: `Token` and the Base64 of the token.
#[must_use]
pub fn authorization(token: &str) -> String {
    format!("Token {}", STANDARD.encode(token))
}

/// The token in an `Authorization` header in the one form that 2.2.1 allows.
#[must_use]
pub fn token_of(header: &str) -> Option<String> {
    let encoded = header.strip_prefix("Token ")?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// The decimal in a JSON number.
#[must_use]
pub fn decimal(value: &Value) -> Option<Decimal> {
    let Value::Number(number) = value else { return None };
    let text = number.to_string();
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

/// Whether a JSON number has at most one decimal.
#[must_use]
pub fn single_decimal(value: &Value) -> bool {
    decimal(value).is_some_and(|number| number.normalize().scale() <= 1)
}

/// Whether two JSON values say the same: absent, null and empty lists are equal, numbers compare by value, moments by
/// instant, and only the fields of `sent` count (a platform may add fields of its own).
#[must_use]
pub fn same(sent: &Value, got: &Value) -> bool {
    difference(sent, got, "").is_none()
}

/// The first place where `got` does not say what `sent` said, as text for a report.
#[must_use]
pub fn difference(sent: &Value, got: &Value, pointer: &str) -> Option<String> {
    let blank = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match (sent, got) {
        _ if blank(sent) && blank(got) => None,
        (Value::Object(a), Value::Object(b)) => a.iter().find_map(|(key, value)| {
            difference(value, b.get(key).unwrap_or(&Value::Null), &format!("{pointer}/{key}"))
        }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (x, y))| difference(x, y, &format!("{pointer}/{i}")))
        }
        (Value::Number(_), Value::Number(_)) if decimal(sent) == decimal(got) => None,
        (Value::String(a), Value::String(b)) if a == b => None,
        (Value::String(a), Value::String(b)) if instant(a).is_some() && instant(a) == instant(b) => None,
        _ if sent == got => None,
        _ => Some(format!("{pointer}: sent {}, got {}", brief(sent), brief(got))),
    }
}

/// A value as text, cut for a report.
#[must_use]
pub fn brief(value: &Value) -> String {
    shorten(&value.to_string(), 240)
}

/// A text cut to `limit` characters.
#[must_use]
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_string();
    }
    let mut cut: String = text.chars().take(limit).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn datetimes_of_the_types_chapter_are_told_from_others() {
        for good in ["2015-06-29T20:39:09Z", "2015-06-29T20:39:09", "2016-12-29T17:45:09.2Z", "2018-01-01T01:08:01.123"]
        {
            assert!(is_ocpi_datetime(good), "{good}");
        }
        for bad in [
            "2015-06-29T20:39:09+00:00",
            "2015-06-29 20:39:09Z",
            "2015-06-29t20:39:09z",
            "2015-06-29",
            "2015-13-29T20:39:09Z",
            "2015-06-29T20:39:09.Z",
        ] {
            assert!(!is_ocpi_datetime(bad), "{bad}");
        }
    }

    #[test]
    fn a_difference_is_named_by_its_place_and_blank_values_are_equal() {
        let sent = json!({"a": 1.50, "b": [], "t": "2026-01-01T00:00:00Z", "c": {"d": "x"}});
        assert_eq!(difference(&sent, &json!({"a": 1.5, "t": "2026-01-01T00:00:00.000", "c": {"d": "x"}}), ""), None);
        assert!(
            difference(&sent, &json!({"a": 1.5, "t": "2026-01-01T00:00:00Z", "c": {"d": "y"}}), "")
                .unwrap()
                .starts_with("/c/d")
        );
    }

    #[test]
    fn tokens_are_read_only_in_their_encoded_form() {
        assert_eq!(token_of(&authorization("abc")).as_deref(), Some("abc"));
        assert_eq!(token_of("Token !!!"), None);
        assert_eq!(token_of("Bearer YWJj"), None);
    }
}
