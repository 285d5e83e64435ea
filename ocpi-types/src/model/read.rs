//! Reading and checking the fields of an object: what the macro `object!` calls.

use serde_json::{Map, Value};

use super::{Context, Extra, Model};
use crate::report::{Report, Rule};

/// What kind of JSON value this is, for messages.
pub(crate) fn kind_of(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Reads a value and, where that is wanted, checks it on the spot, so that findings point at where it really stood.
pub(crate) fn read_checked<T: Model>(json: Value, cx: &mut Context) -> Option<T> {
    let unusable = cx.unusable();
    let value = T::read(json, cx);
    match &value {
        // Where a part is missing, rules about the whole would only add noise.
        Some(value) if cx.is_checking() && cx.unusable() == unusable => value.check_here(cx),
        Some(_) => {}
        None => cx.add_unusable(),
    }
    value
}

/// Reads a field of cardinality `1`.
pub(crate) fn read_one<T: Model>(
    map: &mut Map<String, Value>,
    class: &'static str,
    name: &'static str,
    cx: &mut Context,
) -> Option<T> {
    cx.field(class, name, |cx| match map.shift_remove(name) {
        None | Some(Value::Null) => {
            let default = Rule::default_for(class, name);
            let read_as = default.map(|default| format!("; read as {default}")).unwrap_or_default();
            cx.found(Rule::Missing, format!("{class}.{name} is required{read_as}"));
            T::read(serde_json::from_str(default?).ok()?, cx)
        }
        Some(json) => read_single(json, cx),
    })
}

/// Reads a field of cardinality `?`. Unusable content has been reported; the rest of the object is still read.
pub(crate) fn read_optional<T: Model>(
    map: &mut Map<String, Value>,
    class: &'static str,
    name: &'static str,
    cx: &mut Context,
) -> Option<T> {
    cx.field(class, name, |cx| match map.shift_remove(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() && !T::EMPTY_TEXT => {
            cx.found(Rule::EmptyText, format!("an empty string is no {}; read as absent", T::NAME));
            None
        }
        Some(Value::Array(list)) if list.is_empty() => {
            cx.found(Rule::ListForSingle, "an empty list where a single value belongs; read as absent");
            None
        }
        Some(json) => read_single(json, cx),
    })
}

fn read_single<T: Model>(json: Value, cx: &mut Context) -> Option<T> {
    match json {
        Value::Array(mut list) if !list.is_empty() => {
            if list.len() == 1 {
                cx.found(Rule::ListForSingle, "a list of one where a single value belongs");
            } else {
                let message = format!("a list of {} where a single value belongs; the first one is read", list.len());
                cx.found(Rule::SeveralForSingle, message);
            }
            cx.wrapped(|cx| read_checked(list.swap_remove(0), cx))
        }
        json => read_checked(json, cx),
    }
}

/// Reads a field of cardinality `*` or `+`.
pub(crate) fn read_list<T: Model>(
    map: &mut Map<String, Value>,
    class: &'static str,
    name: &'static str,
    at_least_one: bool,
    cx: &mut Context,
) -> Vec<T> {
    cx.field(class, name, |cx| {
        let unusable = cx.unusable();
        let list: Vec<T> = match map.shift_remove(name) {
            None => Vec::new(),
            Some(Value::Null) => {
                if !at_least_one {
                    cx.found(Rule::NullForList, "null where a list belongs");
                }
                Vec::new()
            }
            // Entries that cannot be read have been reported as violations.
            Some(Value::Array(list)) => {
                list.into_iter().enumerate().filter_map(|(i, json)| cx.index(i, |cx| read_checked(json, cx))).collect()
            }
            Some(single) => {
                cx.found(Rule::SingleForList, format!("{} where a list belongs", kind_of(&single)));
                cx.lone(|cx| read_checked(single, cx)).into_iter().collect()
            }
        };
        if at_least_one && list.is_empty() && cx.is_checking() && cx.unusable() == unusable {
            cx.found(Rule::EmptyList, format!("{class}.{name} must hold at least one entry"));
        }
        list
    })
}

/// Takes the JSON object apart, or reports that there is none.
pub(crate) fn read_object(json: Value, class: &'static str, cx: &mut Context) -> Option<Map<String, Value>> {
    match json {
        Value::Object(map) => Some(map),
        other => {
            cx.found(Rule::WrongType, format!("expected {class}, found {}", kind_of(&other)));
            None
        }
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(rest: Map<String, Value>) -> Self {
        Self::new(rest)
    }
}

/// Checks a field of cardinality `1`, or one of cardinality `?` that is there.
pub(crate) fn check_one<T: Model>(value: &T, class: &'static str, name: &'static str, cx: &mut Context) {
    cx.field(class, name, |cx| value.check(cx));
}

/// Checks a field of cardinality `*` or `+`.
pub(crate) fn check_list<T: Model>(
    list: &[T],
    class: &'static str,
    name: &'static str,
    at_least_one: bool,
    cx: &mut Context,
) {
    cx.field(class, name, |cx| {
        if at_least_one && list.is_empty() {
            cx.found(Rule::EmptyList, format!("{class}.{name} must hold at least one entry"));
        }
        for (i, value) in list.iter().enumerate() {
            cx.index(i, |cx| value.check(cx));
        }
    });
}

/// Checks the number of digits of an `int` that has a limit.
pub(crate) fn check_digits(
    number: impl Into<Option<i64>>,
    max_digits: u32,
    class: &'static str,
    name: &'static str,
    cx: &mut Context,
) {
    if number.into().is_some_and(|number| number.unsigned_abs() >= 10_u64.pow(max_digits)) {
        cx.found_at(class, name, Rule::TooLong, format!("at most {max_digits} digits are allowed"));
    }
}

/// `Err` with a finding for each name: the required fields that a builder was not given.
pub(crate) fn missing(class: &'static str, names: &[Option<&'static str>]) -> Result<(), Report> {
    let mut cx = Context::default();
    for name in names.iter().flatten() {
        cx.found_at(class, name, Rule::Missing, format!("{class}.{name} is required"));
    }
    let report = cx.into_report();
    if report.is_clean() { Ok(()) } else { Err(report) }
}

/// Turns a failed read into the error that serde wants.
pub(crate) fn deserialize_model<'de, T: Model, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let json = <Value as serde::Deserialize>::deserialize(deserializer)?;
    let mut cx = Context::default();
    let value = T::read(json, &mut cx);
    let report = cx.into_report();
    match value {
        Some(value) if report.is_acceptable() => Ok(value),
        _ => Err(serde::de::Error::custom(report)),
    }
}
