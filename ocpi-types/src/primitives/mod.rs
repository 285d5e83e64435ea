//! The primitive types of OCPI. Spec: types.

mod ci_string;
mod date_time;
mod local_time;
mod number;
mod party;
mod text;

pub use ci_string::CiString;
pub use date_time::{DateTime, format_date_time, parse_date_time};
pub use local_time::{parse_local_date, parse_time_of_day};
pub use party::{NotAParty, PartyId};
pub use text::{Text, Url};

use serde_json::Value;

use crate::Context;
use crate::model::kind_of;
use crate::report::Rule;

/// Reads text; a number or boolean counts as its own spelling.
pub(crate) fn read_text(json: Value, type_name: &str, cx: &mut Context) -> Option<String> {
    match json {
        Value::String(text) => Some(text),
        Value::Number(number) => {
            cx.found(Rule::UnquotedValue, format!("{number} should be a string"));
            Some(number.to_string())
        }
        other => {
            cx.found(Rule::WrongType, format!("expected {type_name}, found {}", kind_of(&other)));
            None
        }
    }
}

fn check_length(text: &str, max_length: Option<usize>, cx: &mut Context) {
    if let Some(max) = max_length {
        // Bytes first: most texts are ASCII and short.
        if text.len() > max && text.chars().count() > max {
            cx.found(Rule::TooLong, format!("{} characters, at most {max} are allowed", text.chars().count()));
        }
    }
}
