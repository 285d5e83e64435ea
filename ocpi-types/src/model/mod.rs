//! The machinery under the data model: how a value is read from JSON, checked and written back.
//!
//! Every type of the model implements [`Model`]. Objects and enums get theirs from the macros `object!` and
//! `open_enum!`, whose bodies look like the tables of the spec.

mod context;
mod enum_macro;
mod extra;
mod object_macro;
mod read;
mod write;

use std::fmt;

use serde::ser::Serializer;
use serde_json::Value;

pub use context::Context;
pub(crate) use enum_macro::open_enum;
pub use extra::Extra;
pub(crate) use object_macro::object;
pub(crate) use read::{
    check_digits, check_list, check_one, deserialize_model, kind_of, missing, read_list, read_object, read_one,
    read_optional,
};
pub(crate) use write::{debug_field, write_extra, write_list, write_one};

use crate::report::Report;

/// A type of the OCPI data model: primitive, enum or object.
pub trait Model: Sized + Clone + fmt::Debug + PartialEq {
    /// The name in the spec (`CiString`, `Location`).
    const NAME: &'static str;
    /// The number of Unicode code points allowed, for texts that have a limit.
    const MAX_LENGTH: Option<usize> = None;
    /// Whether the empty text is a value of this type, and not just another way to say that there is none.
    const EMPTY_TEXT: bool = false;

    /// Reads a value as leniently as its meaning allows. What is off is told to `cx`; `None` when nothing usable is there.
    fn read(json: Value, cx: &mut Context) -> Option<Self>;

    /// Checks everything that reading let pass, at every depth.
    fn check(&self, cx: &mut Context);

    /// Checks this value only, and not what is inside of it: that has been checked while it was read.
    fn check_here(&self, cx: &mut Context) {
        self.check(cx);
    }

    /// Writes the value as the spec's JSON.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// The `OpenAPI` schema of a field of this type.
    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema>;

    /// Adds the named schemas that this type's schema refers to, itself included.
    #[cfg(feature = "openapi")]
    fn openapi_parts(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        let _ = parts;
    }
}

/// How often a field occurs, as the tables of the spec write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cardinality {
    /// `1`: required.
    One,
    /// `?`: optional.
    Optional,
    /// `*`: a list that may be empty.
    Any,
    /// `+`: a list of at least one.
    AtLeastOne,
}

/// One row of an object's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// The JSON name.
    pub name: &'static str,
    /// The type's name in the spec.
    pub type_name: &'static str,
    /// The type's length limit in Unicode code points.
    pub max_length: Option<usize>,
    /// The number of decimal digits allowed, for an `int` that has a limit.
    pub max_digits: Option<u32>,
    /// How often it occurs.
    pub cardinality: Cardinality,
}

/// An object (the spec also says class): a JSON object with a table of fields.
pub trait Object: Model + serde::Serialize + serde::de::DeserializeOwned {
    /// The file of the spec that defines it (`mod_locations`).
    const SPEC: &'static str;
    /// The table.
    const FIELDS: &'static [FieldInfo];

    /// Rules that concern more than one field, or more than a field's type.
    fn rules(&self, cx: &mut Context) {
        let _ = cx;
    }

    /// Everything that is wrong with this object, with tolerated faults too.
    ///
    /// ```
    /// use ocpi_types::{GeoLocation, Object};
    /// let here = GeoLocation { latitude: "52.1".into(), longitude: "4.90000".into(), extra: Default::default() };
    /// assert_eq!(here.validate().findings[0].pointer, "/latitude");
    /// ```
    fn validate(&self) -> Report {
        let mut cx = Context::default();
        self.check(&mut cx);
        cx.into_report()
    }

    /// The object as the JSON text that is served.
    fn to_json(&self) -> String {
        // Maps with string keys and exact numbers cannot fail to serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What reading a document gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// The object; `None` when something is missing or mistyped without which it means nothing.
    pub value: Option<T>,
    /// All findings of reading and of [`Object::validate`].
    pub report: Report,
}

impl<T> Parsed<T> {
    /// The object of a push with its tolerated faults, or everything that is wrong when a receiver must refuse it.
    pub fn accept_pushed(self) -> Result<(T, Report), Report> {
        Self { value: self.value, report: self.report.for_push() }.accept()
    }

    /// The object of a pulled list or an imported file with its tolerated faults, or everything that is wrong when it has
    /// to be left out.
    pub fn accept(self) -> Result<(T, Report), Report> {
        match self.value {
            Some(value) if self.report.is_acceptable() => Ok((value, self.report)),
            _ => Err(self.report),
        }
    }
}

/// Reads one object from parsed JSON and validates it.
///
/// Findings point into the document as it was sent. The rules of an object are only asked where everything in it could be
/// read, since they would misjudge what is left.
///
/// ```
/// use ocpi_types::{parse, GeoLocation};
/// let json = serde_json::json!({ "latitude": 52.37403, "longitude": "4.88969" });
/// let parsed = parse::<GeoLocation>(json);
/// assert_eq!(parsed.value.unwrap().latitude, "52.37403");
/// assert_eq!(parsed.report.findings[0].pointer, "/latitude"); // a number where a string belongs: tolerated
/// assert!(parsed.report.is_acceptable());
/// ```
#[must_use]
pub fn parse<T: Object>(json: Value) -> Parsed<T> {
    let mut cx = Context::checking();
    let value = read::read_checked(json, &mut cx);
    Parsed { value, report: cx.into_report() }
}

/// Reads one object from JSON text and validates it. `Err` when the text is not JSON.
///
/// ```
/// use ocpi_types::{DisplayText, parse_slice};
/// let (text, report) = parse_slice::<DisplayText>(br#"{"language":"nl","text":"Links achterin"}"#).unwrap().accept().unwrap();
/// assert_eq!(text.text, "Links achterin");
/// assert!(report.is_clean());
/// ```
pub fn parse_slice<T: Object>(json: &[u8]) -> Result<Parsed<T>, serde_json::Error> {
    Ok(parse(serde_json::from_slice(json)?))
}
