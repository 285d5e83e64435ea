//! Checks raw JSON against the object tables of the specification.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::formats::{brief, is_ocpi_datetime};

const TABLES: &str = include_str!("../data/objects.json");

#[derive(Deserialize)]
struct Tables {
    objects: HashMap<String, Object>,
    enums: HashMap<String, Vec<String>>,
}

/// A table of the specification.
#[derive(Debug, Deserialize)]
pub struct Object {
    /// Its rows.
    pub fields: Vec<Field>,
}

/// A row of a table.
#[derive(Debug, Deserialize)]
pub struct Field {
    /// Name on the wire.
    pub name: String,
    /// Type as the table says it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Maximum length in characters.
    pub max_length: Option<usize>,
    /// Maximum number of digits of an int.
    pub max_digits: Option<usize>,
    /// `1`, `?`, `*` or `+`.
    pub card: String,
    /// Pattern given in the table.
    pub regex: Option<String>,
}

impl Field {
    /// Whether an object without it is wrong.
    #[must_use]
    pub fn is_required(&self) -> bool {
        matches!(self.card.as_str(), "1" | "+")
    }

    /// Whether it holds a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.card.as_str(), "*" | "+")
    }
}

/// The kind of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A required field is absent, null or an empty list.
    Missing,
    /// The JSON type is wrong.
    Type,
    /// Too long.
    Length,
    /// Not a value of the enumeration.
    Enum,
    /// Wrong spelling: date, URL, pattern, characters.
    Format,
}

/// One violation of a table.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Where, RFC 6901.
    pub pointer: String,
    /// What kind.
    pub rule: Rule,
    /// In words.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", if self.pointer.is_empty() { "(object)" } else { &self.pointer }, self.message)
    }
}

fn tables() -> &'static Tables {
    static PARSED: OnceLock<Tables> = OnceLock::new();
    PARSED.get_or_init(|| serde_json::from_str(TABLES).expect("the tables in the crate are JSON"))
}

/// The table of an object, by the specification's spelling (`EVSE`, `CDR`).
#[must_use]
pub fn object(name: &str) -> Option<&'static Object> {
    tables().objects.get(name)
}

/// The values of an enumeration.
#[must_use]
pub fn values(name: &str) -> Option<&'static [String]> {
    tables().enums.get(name).map(Vec::as_slice)
}

/// Every violation in `value`, read as the object `name`. Unknown fields are no violation.
///
/// # Panics
/// If the tables have no such object: a mistake in this crate.
#[must_use]
pub fn check(name: &str, value: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    check_object(name, value, "", &mut found);
    found
}

fn check_object(name: &str, value: &Value, pointer: &str, found: &mut Vec<Violation>) {
    let table = object(name).unwrap_or_else(|| panic!("no table for {name}"));
    let Value::Object(map) = value else {
        found.push(violation(pointer, Rule::Type, format!("{name} must be an object, is {}", brief(value))));
        return;
    };
    for field in &table.fields {
        let place = format!("{pointer}/{}", field.name);
        match map.get(&field.name) {
            None | Some(Value::Null) => {
                if field.is_required() {
                    found.push(violation(&place, Rule::Missing, format!("{name}.{} is required", field.name)));
                }
            }
            Some(Value::Array(items)) if field.is_list() => {
                if items.is_empty() && field.card == "+" {
                    found.push(violation(&place, Rule::Missing, format!("{name}.{} must not be empty", field.name)));
                }
                for (index, item) in items.iter().enumerate() {
                    check_value(field, item, &format!("{place}/{index}"), found);
                }
            }
            Some(other) if field.is_list() => {
                found.push(violation(&place, Rule::Type, format!("must be a list, is {}", brief(other))));
            }
            Some(other) => check_value(field, other, &place, found),
        }
    }
}

fn violation(pointer: &str, rule: Rule, message: String) -> Violation {
    Violation { pointer: pointer.to_string(), rule, message }
}

fn check_value(field: &Field, value: &Value, place: &str, found: &mut Vec<Violation>) {
    let mut add = |rule, message: String| found.push(violation(place, rule, message));
    match field.ty.as_str() {
        "string" | "CiString" | "URL" | "DateTime" => {
            let Value::String(text) = value else {
                return add(Rule::Type, format!("{} must be a string, is {}", field.ty, brief(value)));
            };
            if let Some((rule, message)) = text_fault(field, text) {
                add(rule, message);
            }
        }
        "number" => match value {
            Value::Number(number) if decimals(&number.to_string()) > 4 => {
                add(Rule::Format, format!("a number has at most 4 decimals, is {number}"));
            }
            Value::Number(_) => {}
            _ => add(Rule::Type, format!("must be a number, is {}", brief(value))),
        },
        "int" => match value {
            Value::Number(number) if number.as_i64().is_some() => {
                if field.max_digits.is_some_and(|max| number.to_string().trim_start_matches('-').len() > max) {
                    add(Rule::Length, format!("has too many digits: {number}"));
                }
            }
            _ => add(Rule::Type, format!("must be an integer, is {}", brief(value))),
        },
        "boolean" => {
            if !value.is_boolean() {
                add(Rule::Type, format!("must be true or false, is {}", brief(value)));
            }
        }
        other => {
            if let Some(allowed) = values(other) {
                match value {
                    Value::String(text) if allowed.contains(text) => {}
                    Value::String(text) => add(Rule::Enum, format!("{text:?} is no {other}")),
                    _ => add(Rule::Type, format!("{other} must be a string, is {}", brief(value))),
                }
            } else if object(other).is_some() {
                check_object(other, value, place, found);
            }
        }
    }
}

fn text_fault(field: &Field, text: &str) -> Option<(Rule, String)> {
    let limit = match field.ty.as_str() {
        "DateTime" => Some(25),
        "URL" => Some(255),
        _ => field.max_length,
    };
    let length = text.chars().count();
    if let Some(limit) = limit.filter(|limit| length > *limit) {
        return Some((Rule::Length, format!("has {length} characters, at most {limit} are allowed")));
    }
    match field.ty.as_str() {
        "DateTime" if !is_ocpi_datetime(text) => Some((Rule::Format, format!("{text:?} is no OCPI DateTime"))),
        "URL" if url::Url::from_str(text).is_err() => Some((Rule::Format, format!("{text:?} is no absolute URL"))),
        "CiString" if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) => {
            Some((Rule::Format, format!("CiString {text:?} is not printable ASCII")))
        }
        "string" if text.chars().any(char::is_control) => {
            Some((Rule::Format, format!("string {text:?} holds control characters")))
        }
        _ => field
            .regex
            .as_deref()
            .filter(|pattern| !matches(pattern, text))
            .map(|pattern| (Rule::Format, format!("{text:?} does not match {pattern}"))),
    }
}

/// Number of digits after the decimal point, in plain or scientific notation.
fn decimals(text: &str) -> i64 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let fraction = mantissa.split_once('.').map_or("", |(_, part)| part.trim_end_matches('0'));
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    places - exponent.trim_start_matches('+').parse::<i64>().unwrap_or(0)
}

/// The four patterns that the tables hold, by hand: too few to bring a regular expression engine.
fn matches(pattern: &str, text: &str) -> bool {
    if pattern.starts_with("-?[0-9]{1,2}") {
        return is_coordinate(text, 2);
    }
    if pattern.starts_with("-?[0-9]{1,3}") {
        return is_coordinate(text, 3);
    }
    if pattern.starts_with("([0-1]") {
        return is_time_of_day(text);
    }
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_coordinate(text: &str, whole: usize) -> bool {
    let Some((degrees, fraction)) = text.strip_prefix('-').unwrap_or(text).split_once('.') else { return false };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    (1..=whole).contains(&degrees.len()) && (5..=7).contains(&fraction.len()) && digits(degrees) && digits(fraction)
}

/// Whether the text is a time of day `HH:MM` from 00:00 to 23:59.
#[must_use]
pub fn is_time_of_day(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else { return false };
    let number = |part: &str, below: u8| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u8>().is_ok_and(|n| n < below)
    };
    number(hours, 24) && number(minutes, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(name: &str, value: &Value) -> Vec<(String, Rule)> {
        check(name, value).into_iter().map(|v| (v.pointer, v.rule)).collect()
    }

    #[test]
    fn every_table_names_only_known_types_and_patterns() {
        for (name, object) in &tables().objects {
            for field in object.fields.iter().filter(|_| name != "ResponseFormat") {
                let known = ["string", "CiString", "URL", "DateTime", "number", "int", "boolean"]
                    .contains(&field.ty.as_str())
                    || values(&field.ty).is_some()
                    || super::object(&field.ty).is_some();
                assert!(known, "{name}.{}: {}", field.name, field.ty);
            }
        }
    }

    #[test]
    fn violations_carry_their_place_and_kind() {
        let price = |value: Value| rules("Price", &value);
        assert!(price(json!({"excl_vat": 1.5, "incl_vat": null, "extra": 1})).is_empty());
        assert_eq!(price(json!({})), [("/excl_vat".into(), Rule::Missing)]);
        assert_eq!(price(json!({"excl_vat": "1.5"})), [("/excl_vat".into(), Rule::Type)]);
        assert_eq!(price(json!({"excl_vat": 0.30001})), [("/excl_vat".into(), Rule::Format)]);
        assert!(price(json!({"excl_vat": 0.3000})).is_empty());
        assert_eq!(
            rules("Version", &json!({"version": "9", "url": "/x"})),
            [("/version".into(), Rule::Enum), ("/url".into(), Rule::Format)]
        );
        assert_eq!(
            rules("GeoLocation", &json!({"latitude": "51.04", "longitude": "4.123456"})),
            [("/latitude".into(), Rule::Format)]
        );
        assert_eq!(
            rules("DisplayText", &json!({"language": "eng", "text": "a\nb"})),
            [("/language".into(), Rule::Length), ("/text".into(), Rule::Format)]
        );
        assert_eq!(
            rules("TariffElement", &json!({"price_components": []})),
            [("/price_components".into(), Rule::Missing)]
        );
    }
}
