//! `number`, `int` and `boolean`.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::model::kind_of;
use crate::report::Rule;
use crate::{Context, Model};

/// The JSON number with exactly this value.
fn json_number(value: &Decimal) -> Result<serde_json::Number, serde_json::Error> {
    serde_json::Number::from_str(&value.to_string())
}

/// The value of a JSON number. What JSON does not allow (`1_000`) is no number here either.
fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok().filter(|_| plain)
}

/// The text of a number, quoted or not.
fn number_text(json: Value, type_name: &str, cx: &mut Context) -> Option<String> {
    match json {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if decimal(text.trim()).is_some() => {
            cx.found(Rule::QuotedValue, format!("{text:?} should be a number, without quotes"));
            Some(text.trim().to_owned())
        }
        other => {
            cx.found(Rule::WrongType, format!("expected {type_name}, found {}", kind_of(&other)));
            None
        }
    }
}

impl Model for Decimal {
    const NAME: &'static str = "number";

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        let text = number_text(json, Self::NAME, cx)?;
        let value = decimal(&text);
        if value.is_none() {
            cx.found(Rule::Range, format!("{text} is out of range"));
        }
        value
    }

    fn check(&self, cx: &mut Context) {
        if self.normalize().scale() > 4 {
            cx.found(Rule::TooManyDecimals, format!("{self} has more than four decimals"));
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json_number(self).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::scalar(utoipa::openapi::Type::Number)
    }
}

impl Model for i64 {
    const NAME: &'static str = "int";

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        let text = number_text(json, Self::NAME, cx)?;
        let whole = decimal(&text).filter(|value| value.fract().is_zero()).and_then(|value| i64::try_from(value).ok());
        if whole.is_none() {
            cx.found(Rule::WrongType, format!("{text} is not a whole number"));
        }
        whole
    }

    fn check(&self, _cx: &mut Context) {}

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*self)
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::scalar(utoipa::openapi::Type::Integer)
    }
}

impl Model for bool {
    const NAME: &'static str = "boolean";

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        let quoted = match &json {
            Value::Bool(value) => return Some(*value),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if let Some(value) = quoted {
            cx.found(Rule::QuotedValue, format!("\"{value}\" should be {value}, without quotes"));
        } else {
            cx.found(Rule::WrongType, format!("expected boolean, found {}", kind_of(&json)));
        }
        quoted
    }

    fn check(&self, _cx: &mut Context) {}

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::scalar(utoipa::openapi::Type::Boolean)
    }
}
