//! The machinery under the data model: how a value is read from JSON, checked and written back.
//!
//! Every type of the model implements [`Model`]. Objects and enums get theirs from the macros `object!` and
//! `open_enum!`, whose bodies look like the tables of the spec.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::report::{Finding, Report, Rule};

/// A type of the OCPI data model: primitive, enum or object.
pub trait Model: Sized + Clone + fmt::Debug + PartialEq {
    /// The name in the spec (`CiString`, `Location`).
    const NAME: &'static str;
    /// The number of Unicode code points allowed, for texts that have a limit.
    const MAX_LENGTH: Option<usize> = None;

    /// Reads a value as leniently as its meaning allows. What is off is told to `cx`; `None` when nothing usable is there.
    fn read(json: Value, cx: &mut Context) -> Option<Self>;

    /// Checks everything that reading let pass.
    fn check(&self, cx: &mut Context);

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
    /// The object with its tolerated faults, or everything that is wrong when a receiver must refuse it.
    pub fn accept(self) -> Result<(T, Report), Report> {
        match self.value {
            Some(value) if self.report.is_acceptable() => Ok((value, self.report)),
            _ => Err(self.report),
        }
    }
}

/// Reads one object from parsed JSON and validates it.
///
/// ```
/// use ocpi_types::{parse, GeoLocation};
/// let json = serde_json::json!({ "latitude": 52.37403, "longitude": "4.88969" });
/// let parsed = parse::<GeoLocation>(json);
/// assert_eq!(parsed.value.unwrap().latitude, "52.37403");
/// assert_eq!(parsed.report.findings[0].pointer, "/latitude"); // a number where a string belongs: tolerated
/// assert!(parsed.report.is_acceptable());
/// ```
pub fn parse<T: Object>(json: Value) -> Parsed<T> {
    let mut cx = Context::default();
    let value = T::read(json, &mut cx);
    if let Some(value) = &value {
        value.check(&mut cx);
    }
    Parsed { value, report: cx.into_report() }
}

/// Reads one object from JSON text and validates it. `Err` when the text is not JSON.
pub fn parse_slice<T: Object>(json: &[u8]) -> Result<Parsed<T>, serde_json::Error> {
    Ok(parse(serde_json::from_slice(json)?))
}

/// The members of an object that its table does not list. They are kept and written back.
///
/// Almost always empty, hence a pointer's size.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    fn new(rest: Map<String, Value>) -> Self {
        Self((!rest.is_empty()).then(|| Box::new(rest)))
    }

    /// The value of an unlisted member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// All unlisted members.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|map| map.iter())
    }

    /// Adds or replaces an unlisted member.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        self.0.get_or_insert_default().insert(name.into(), value);
    }

    /// No unlisted members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Field(&'static str),
    Index(usize),
}

/// Where we are in a document, and what was found so far.
#[derive(Debug, Default)]
pub struct Context {
    path: Vec<Step>,
    /// The class and field around the current place: what the tolerance table is asked for.
    scope: Vec<(&'static str, &'static str)>,
    report: Report,
}

impl Context {
    /// Does `work` one step down, at field `name` of `class`.
    pub fn field<R>(&mut self, class: &'static str, name: &'static str, work: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(Step::Field(name));
        self.scope.push((class, name));
        let result = work(self);
        self.scope.pop();
        self.path.pop();
        result
    }

    /// Does `work` one step down, at an entry of a list.
    pub fn index<R>(&mut self, index: usize, work: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(Step::Index(index));
        let result = work(self);
        self.path.pop();
        result
    }

    /// Records that `rule` is broken here.
    pub fn found(&mut self, rule: Rule, message: impl Into<Cow<'static, str>>) {
        let (class, field) = self.scope.last().copied().unwrap_or(("", ""));
        self.report.findings.push(Finding {
            pointer: self.pointer(),
            rule,
            severity: rule.severity(class, field),
            message: message.into().into_owned(),
        });
    }

    /// Records that `rule` is broken at `field` of the object `class` that is being checked here.
    pub fn found_at(
        &mut self,
        class: &'static str,
        field: &'static str,
        rule: Rule,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.field(class, field, |cx| cx.found(rule, message));
    }

    /// The JSON Pointer of the current place (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        use std::fmt::Write;
        self.path.iter().fold(String::new(), |mut pointer, step| {
            // Field names of OCPI hold neither `~` nor `/`: nothing to escape. Writing to a String cannot fail.
            let _ = match step {
                Step::Field(name) => write!(pointer, "/{name}"),
                Step::Index(index) => write!(pointer, "/{index}"),
            };
            pointer
        })
    }

    /// Whether the current place is an entry of a list.
    #[must_use]
    pub fn in_list(&self) -> bool {
        matches!(self.path.last(), Some(Step::Index(_)))
    }

    /// What was found.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report
    }
}

/// What kind of JSON value this is, for messages.
#[must_use]
pub fn kind_of(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Reads a field of cardinality `1`. Not for use outside of the macros.
pub(crate) fn read_one<T: Model>(
    map: &mut Map<String, Value>,
    class: &'static str,
    name: &'static str,
    cx: &mut Context,
) -> Option<T> {
    cx.field(class, name, |cx| match map.shift_remove(name) {
        None | Some(Value::Null) => {
            cx.found(Rule::Missing, format!("{class}.{name} is required"));
            let default = serde_json::from_str(Rule::default_for(class, name)?).ok()?;
            T::read(default, cx)
        }
        Some(json) => read_single(json, cx),
    })
}

/// Reads a field of cardinality `?`.
pub(crate) fn read_optional<T: Model>(
    map: &mut Map<String, Value>,
    class: &'static str,
    name: &'static str,
    cx: &mut Context,
) -> Option<Option<T>> {
    cx.field(class, name, |cx| match map.shift_remove(name) {
        None | Some(Value::Null) => Some(None),
        // Unusable content of an optional field is a violation that has been reported; the rest of the object is still read.
        Some(json) => Some(read_single(json, cx)),
    })
}

fn read_single<T: Model>(json: Value, cx: &mut Context) -> Option<T> {
    match json {
        Value::Array(mut list) if list.len() == 1 => {
            cx.found(Rule::ListForSingle, "a list of one where a single value belongs");
            T::read(list.remove(0), cx)
        }
        json => T::read(json, cx),
    }
}

/// Reads a field of cardinality `*` or `+`.
pub(crate) fn read_list<T: Model>(
    map: &mut Map<String, Value>,
    class: &'static str,
    name: &'static str,
    at_least_one: bool,
    cx: &mut Context,
) -> Option<Vec<T>> {
    cx.field(class, name, |cx| {
        let list = match map.shift_remove(name) {
            // Emptiness of a `+` list is found by `check`, once.
            None => Vec::new(),
            Some(Value::Null) => {
                if !at_least_one {
                    cx.found(Rule::NullForList, "null where a list belongs");
                }
                Vec::new()
            }
            Some(Value::Array(list)) => list,
            Some(single) => {
                cx.found(Rule::SingleForList, format!("{} where a list belongs", kind_of(&single)));
                vec![single]
            }
        };
        // Entries that cannot be read have been reported as violations.
        Some(list.into_iter().enumerate().filter_map(|(i, json)| cx.index(i, |cx| T::read(json, cx))).collect())
    })
}

/// Takes the JSON object apart, or reports that there is none.
pub(crate) fn read_object(json: Value, class: &'static str, cx: &mut Context) -> Option<Map<String, Value>> {
    match json {
        Value::Object(map) => Some(map),
        other => {
            cx.found(Rule::WrongType, format!("{class} must be an object, not {}", kind_of(&other)));
            None
        }
    }
}

pub(crate) fn extra_of(rest: Map<String, Value>) -> Extra {
    Extra::new(rest)
}

pub(crate) fn check_one<T: Model>(value: &T, class: &'static str, name: &'static str, cx: &mut Context) {
    cx.field(class, name, |cx| value.check(cx));
}

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

/// Lets serde write a [`Model`] value.
pub(crate) struct Written<'a, T>(pub(crate) &'a T);

impl<T: Model> serde::Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

struct WrittenList<'a, T>(&'a [T]);

impl<T: Model> serde::Serialize for WrittenList<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            seq.serialize_element(&Written(value))?;
        }
        seq.end()
    }
}

pub(crate) fn write_list<T: Model, M: SerializeMap>(map: &mut M, name: &str, list: &[T]) -> Result<(), M::Error> {
    if list.is_empty() {
        return Ok(());
    }
    map.serialize_entry(name, &WrittenList(list))
}

pub(crate) fn write_one<T: Model, M: SerializeMap>(map: &mut M, name: &str, value: &T) -> Result<(), M::Error> {
    map.serialize_entry(name, &Written(value))
}

pub(crate) fn write_extra<M: SerializeMap>(map: &mut M, extra: &Extra) -> Result<(), M::Error> {
    extra.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
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

/// Declares an object of the spec: a struct whose body is the spec's table (`name: ? Text<255>`), the cardinality before the type.
///
/// It gets `Model`, `Object`, `Serialize`, `Deserialize`, a builder and, with feature `openapi`, `ToSchema`.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident ($spec_name:literal, $spec_file:literal, $builder:ident $(, rules = $rules:path)?) {
            $( $(#[$field_meta:meta])* $field:ident $(as $json:literal)? : $card:tt $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $crate::model::object!(@type $card $type), )*
            /// Members that the spec does not list, kept as received.
            pub extra: $crate::Extra,
        }

        impl $name {
            /// Starts building a valid object, field by field.
            #[must_use]
            pub fn builder() -> $builder {
                $builder::default()
            }
        }

        #[doc = concat!("Builds a valid [`", stringify!($name), "`]; see `", stringify!($name), "::builder`.")]
        #[derive(Debug, Clone, Default)]
        pub struct $builder {
            $( $field: $crate::model::object!(@draft $card $type), )*
        }

        impl $builder {
            $( $crate::model::object!(@setter [$(#[$field_meta])*] $card $field $type); )*

            /// The finished object, or everything that is missing or wrong with it. Nothing is tolerated here.
            pub fn build(self) -> Result<$name, $crate::Report> {
                let mut missing = $crate::model::Context::default();
                $( $crate::model::object!(@require missing, self, $card, $field, $spec_name, $crate::model::object!(@json $field $($json)?)); )*
                let missing = missing.into_report();
                if !missing.is_clean() {
                    return Err(missing);
                }
                let built = $name {
                    $( $field: $crate::model::object!(@finish self, $card, $field), )*
                    extra: $crate::Extra::default(),
                };
                let report = $crate::Object::validate(&built);
                if report.is_clean() { Ok(built) } else { Err(report) }
            }
        }

        impl $crate::Model for $name {
            const NAME: &'static str = $spec_name;

            fn read(json: serde_json::Value, cx: &mut $crate::model::Context) -> Option<Self> {
                let mut map = $crate::model::read_object(json, $spec_name, cx)?;
                $(
                    let $field = $crate::model::object!(
                        @read $card map, $spec_name, $crate::model::object!(@json $field $($json)?), cx
                    );
                )*
                Some(Self { $( $field: $field?, )* extra: $crate::model::extra_of(map) })
            }

            fn check(&self, cx: &mut $crate::model::Context) {
                $(
                    $crate::model::object!(
                        @check $card &self.$field, $spec_name, $crate::model::object!(@json $field $($json)?), cx
                    );
                )*
                $crate::Object::rules(self, cx);
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $(
                    $crate::model::object!(
                        @write $card &mut map, $crate::model::object!(@json $field $($json)?), &self.$field
                    );
                )*
                $crate::model::write_extra(&mut map, &self.extra)?;
                map.end()
            }

            #[cfg(feature = "openapi")]
            fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::RefOr::Ref(utoipa::openapi::Ref::from_schema_name($spec_name))
            }

            #[cfg(feature = "openapi")]
            fn openapi_parts(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                if parts.iter().any(|(name, _)| name == $spec_name) {
                    return;
                }
                parts.push(($spec_name.to_owned(), <$name as utoipa::PartialSchema>::schema()));
                $( <$type as $crate::Model>::openapi_parts(parts); )*
            }
        }

        impl $crate::Object for $name {
            const SPEC: &'static str = $spec_file;
            const FIELDS: &'static [$crate::FieldInfo] = &[
                $( $crate::FieldInfo {
                    name: $crate::model::object!(@json $field $($json)?),
                    type_name: <$type as $crate::Model>::NAME,
                    max_length: <$type as $crate::Model>::MAX_LENGTH,
                    cardinality: $crate::model::object!(@card $card),
                }, )*
            ];
            $(
                fn rules(&self, cx: &mut $crate::model::Context) {
                    $rules(self, cx);
                }
            )?
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::Model::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::deserialize_model(deserializer)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let object = utoipa::openapi::ObjectBuilder::new();
                $(
                    let object = $crate::openapi::property(
                        object,
                        $crate::model::object!(@json $field $($json)?),
                        $crate::model::object!(@card $card),
                        <$type as $crate::Model>::openapi(),
                        $crate::openapi::first_doc_line(&[$(stringify!($field_meta)),*]),
                    );
                )*
                object.description(Some($crate::openapi::first_doc_line(&[$(stringify!($meta)),*]))).into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $spec_name.into()
            }
            fn schemas(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$name as $crate::Model>::openapi_parts(parts);
            }
        }
    };

    (@json $field:ident) => { stringify!($field) };
    (@json $field:ident $json:literal) => { $json };

    (@card 1) => { $crate::Cardinality::One };
    (@card ?) => { $crate::Cardinality::Optional };
    (@card *) => { $crate::Cardinality::Any };
    (@card +) => { $crate::Cardinality::AtLeastOne };

    (@type 1 $type:ty) => { $type };
    (@type ? $type:ty) => { Option<$type> };
    (@type * $type:ty) => { Vec<$type> };
    (@type + $type:ty) => { Vec<$type> };

    (@draft 1 $type:ty) => { Option<$type> };
    (@draft ? $type:ty) => { Option<$type> };
    (@draft * $type:ty) => { Vec<$type> };
    (@draft + $type:ty) => { Vec<$type> };

    (@setter [$($doc:tt)*] 1 $field:ident $type:ty) => { $crate::model::object!(@setter [$($doc)*] ? $field $type); };
    (@setter [$($doc:tt)*] ? $field:ident $type:ty) => {
        $($doc)*
        #[must_use]
        pub fn $field(mut self, value: impl Into<$type>) -> Self {
            self.$field = Some(value.into());
            self
        }
    };
    (@setter [$($doc:tt)*] * $field:ident $type:ty) => { $crate::model::object!(@setter [$($doc)*] + $field $type); };
    (@setter [$($doc:tt)*] + $field:ident $type:ty) => {
        $($doc)*
        #[must_use]
        pub fn $field(mut self, values: impl IntoIterator<Item = impl Into<$type>>) -> Self {
            self.$field = values.into_iter().map(Into::into).collect();
            self
        }
    };

    (@require $cx:ident, $self:ident, 1, $field:ident, $class:literal, $json:expr) => {
        if $self.$field.is_none() {
            $cx.found_at($class, $json, $crate::Rule::Missing, concat!($class, ".", stringify!($field), " is required"));
        }
    };
    (@require $cx:ident, $self:ident, $card:tt, $field:ident, $class:literal, $json:expr) => {};

    (@finish $self:ident, 1, $field:ident) => {
        // The missing ones have been reported just above.
        match $self.$field {
            Some(value) => value,
            None => return Err($crate::Report::default()),
        }
    };
    (@finish $self:ident, $card:tt, $field:ident) => { $self.$field };

    (@read 1 $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_one(&mut $map, $class, $json, $cx)
    };
    (@read ? $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_optional(&mut $map, $class, $json, $cx)
    };
    (@read * $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_list(&mut $map, $class, $json, false, $cx)
    };
    (@read + $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_list(&mut $map, $class, $json, true, $cx)
    };

    (@check 1 $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_one($value, $class, $json, $cx)
    };
    (@check ? $value:expr, $class:literal, $json:expr, $cx:ident) => {
        if let Some(value) = $value {
            $crate::model::check_one(value, $class, $json, $cx);
        }
    };
    (@check * $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_list($value, $class, $json, false, $cx)
    };
    (@check + $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_list($value, $class, $json, true, $cx)
    };

    (@write 1 $map:expr, $json:expr, $value:expr) => { $crate::model::write_one($map, $json, $value)? };
    (@write ? $map:expr, $json:expr, $value:expr) => {
        if let Some(value) = $value {
            $crate::model::write_one($map, $json, value)?;
        }
    };
    (@write * $map:expr, $json:expr, $value:expr) => { $crate::model::write_list($map, $json, $value)? };
    (@write + $map:expr, $json:expr, $value:expr) => { $crate::model::write_list($map, $json, $value)? };
}
pub(crate) use object;

/// Declares an enum of the spec. Text that the spec does not list is kept in `Unlisted` and written back.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $name:ident ($spec_name:literal, $spec_file:literal $(, misspelt = [$($wrong:literal => $right:ident),*])?) {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// Text that OCPI 2.2.1 does not list, as received.
            Unlisted(Box<str>),
        }

        impl $name {
            /// The file of the spec that defines it.
            pub const SPEC: &'static str = $spec_file;
            /// Every listed value, in the order of the spec.
            pub const VALUES: &'static [&'static str] = &[$($text),*];

            /// The text in JSON.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Unlisted(text) => text,
                }
            }

            /// Whether OCPI 2.2.1 lists this value.
            #[must_use]
            pub fn is_listed(&self) -> bool {
                !matches!(self, Self::Unlisted(_))
            }
        }

        impl From<&str> for $name {
            /// Never fails: what the spec does not list becomes `Unlisted`.
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Unlisted(other.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::Model for $name {
            const NAME: &'static str = $spec_name;

            fn read(json: serde_json::Value, cx: &mut $crate::model::Context) -> Option<Self> {
                let text = $crate::primitives::read_text(json, $spec_name, cx)?;
                $($(
                    if text == $wrong {
                        cx.found($crate::Rule::MisspeltEnum, concat!($wrong, " is read as ", stringify!($right)));
                        return Some(Self::$right);
                    }
                )*)?
                Some(Self::from(text.as_str()))
            }

            fn check(&self, cx: &mut $crate::model::Context) {
                if let Self::Unlisted(text) = self {
                    let rule = if cx.in_list() { $crate::Rule::UnknownEnumInList } else { $crate::Rule::UnknownEnum };
                    cx.found(rule, format!("{text:?} is not a {} of OCPI 2.2.1", $spec_name));
                }
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            #[cfg(feature = "openapi")]
            fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::RefOr::Ref(utoipa::openapi::Ref::from_schema_name($spec_name))
            }

            #[cfg(feature = "openapi")]
            fn openapi_parts(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                if !parts.iter().any(|(name, _)| name == $spec_name) {
                    parts.push(($spec_name.to_owned(), <$name as utoipa::PartialSchema>::schema()));
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::Model::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::deserialize_model(deserializer)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::text_enum(Self::VALUES, $crate::openapi::first_doc_line(&[$(stringify!($meta)),*]))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $spec_name.into()
            }
        }
    };
}
pub(crate) use open_enum;
