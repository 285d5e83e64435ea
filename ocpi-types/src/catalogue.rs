//! The data model as data: every class with its table, every enum with its values.
//!
//! For tools that learn a class's name only when they run: validators, documentation, mappers.
//!
//! ```
//! use ocpi_types::catalogue;
//!
//! let connector = catalogue::class("Connector").unwrap();
//! assert_eq!(connector.field("tariff_ids").unwrap().max_length, Some(36));
//!
//! let parsed = connector.parse(serde_json::json!({ "id": "1" }));
//! assert!(parsed.report.violations().any(|finding| finding.pointer == "/standard"));
//!
//! assert_eq!(catalogue::enumeration("PowerType").unwrap().values.len(), 5);
//! ```

use serde_json::{Map, Value};

use crate::{Cardinality, FieldInfo, Model, Object, Parsed, parse};

/// A class of the spec: a JSON object with a table of fields.
#[derive(Debug, Clone, Copy)]
pub struct ClassInfo {
    /// The name in the spec (`EVSE`).
    pub name: &'static str,
    /// The file of the spec that defines it (`mod_locations`).
    pub spec: &'static str,
    /// The table, in the order of the spec.
    pub fields: &'static [FieldInfo],
    parse: fn(Value) -> Parsed<Value>,
}

impl ClassInfo {
    const fn of<T: Object>() -> Self {
        Self { name: T::NAME, spec: T::SPEC, fields: T::FIELDS, parse: parse_to_json::<T> }
    }

    /// The row of a field, by its JSON name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldInfo> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Reads and validates an object of this class; the value is the object as this crate would write it.
    #[must_use]
    pub fn parse(&self, json: Value) -> Parsed<Value> {
        (self.parse)(json)
    }
}

/// An enum of the spec.
#[derive(Debug, Clone, Copy)]
pub struct EnumInfo {
    /// The name in the spec (`ModuleID`).
    pub name: &'static str,
    /// The file of the spec that defines it (`version_information_endpoint`).
    pub spec: &'static str,
    /// The listed values, in the order of the spec.
    pub values: &'static [&'static str],
}

fn parse_to_json<T: Object>(json: Value) -> Parsed<Value> {
    let Parsed { value, report } = parse::<T>(json);
    Parsed { value: value.and_then(|object| serde_json::to_value(object).ok()), report }
}

macro_rules! classes {
    ($($class:ident),* $(,)?) => {
        /// Every class of OCPI 2.2.1 except the envelope `ResponseFormat`, which belongs to the transport.
        pub const CLASSES: &[ClassInfo] = &[$(ClassInfo::of::<crate::$class>()),*];
    };
}

macro_rules! enums {
    ($($name:ident),* $(,)?) => {
        /// Every enum of OCPI 2.2.1.
        pub const ENUMS: &[EnumInfo] = &[$(EnumInfo {
            name: <crate::$name as Model>::NAME,
            spec: crate::$name::SPEC,
            values: crate::$name::VALUES,
        }),*];
    };
}

classes![
    ActiveChargingProfile,
    ActiveChargingProfileResult,
    AdditionalGeoLocation,
    AuthorizationInfo,
    BusinessDetails,
    CancelReservation,
    Cdr,
    CdrDimension,
    CdrLocation,
    CdrToken,
    ChargingPeriod,
    ChargingPreferences,
    ChargingProfile,
    ChargingProfilePeriod,
    ChargingProfileResponse,
    ChargingProfileResult,
    ClearProfileResult,
    ClientInfo,
    CommandResponse,
    CommandResult,
    Connector,
    Credentials,
    CredentialsRole,
    DisplayText,
    Endpoint,
    EnergyContract,
    EnergyMix,
    EnergySource,
    EnvironmentalImpact,
    Evse,
    ExceptionalPeriod,
    GeoLocation,
    Hours,
    Image,
    Location,
    LocationReferences,
    Price,
    PriceComponent,
    PublishTokenType,
    RegularHours,
    ReserveNow,
    Session,
    SetChargingProfile,
    SignedData,
    SignedValue,
    StartSession,
    StatusSchedule,
    StopSession,
    Tariff,
    TariffElement,
    TariffRestrictions,
    Token,
    UnlockConnector,
    Version,
    VersionDetails,
];

enums![
    AllowedType,
    AuthMethod,
    Capability,
    CdrDimensionType,
    ChargingPreferencesResponse,
    ChargingProfileResponseType,
    ChargingProfileResultType,
    ChargingRateUnit,
    CommandResponseType,
    CommandResultType,
    CommandType,
    ConnectionStatus,
    ConnectorFormat,
    ConnectorType,
    DayOfWeek,
    EnergySourceCategory,
    EnvironmentalImpactCategory,
    Facility,
    ImageCategory,
    InterfaceRole,
    ModuleId,
    ParkingRestriction,
    ParkingType,
    PowerType,
    ProfileType,
    ReservationRestrictionType,
    Role,
    SessionStatus,
    Status,
    TariffDimensionType,
    TariffType,
    TokenType,
    VersionNumber,
    WhitelistType,
];

/// The class of this name in the spec (`CDR`, not `Cdr`).
#[must_use]
pub fn class(name: &str) -> Option<&'static ClassInfo> {
    CLASSES.iter().find(|class| class.name == name)
}

/// The enum of this name in the spec (`ModuleID`, not `ModuleId`).
#[must_use]
pub fn enumeration(name: &str) -> Option<&'static EnumInfo> {
    ENUMS.iter().find(|entry| entry.name == name)
}

/// The object with `null` for every absent optional field and `[]` for every absent list, at every depth.
///
/// Absent, `null` and `[]` mean the same in OCPI, but some partners insist on seeing every field of the table.
///
/// ```
/// use ocpi_types::catalogue::with_nulls;
/// let price = with_nulls("Price", serde_json::json!({ "excl_vat": 1.5 }));
/// assert_eq!(price.to_string(), r#"{"excl_vat":1.5,"incl_vat":null}"#);
/// ```
#[must_use]
pub fn with_nulls(class_name: &str, json: Value) -> Value {
    match (class(class_name), json) {
        (Some(class), Value::Object(mut map)) => {
            let mut filled = Map::new();
            for field in class.fields {
                let value = match (map.shift_remove(field.name), field.cardinality) {
                    (Some(value), _) => with_nulls(field.type_name, value),
                    (None, Cardinality::One | Cardinality::Optional) => Value::Null,
                    (None, Cardinality::Any | Cardinality::AtLeastOne) => Value::Array(Vec::new()),
                };
                filled.insert(field.name.to_owned(), value);
            }
            filled.extend(map);
            Value::Object(filled)
        }
        (Some(_), Value::Array(list)) => {
            Value::Array(list.into_iter().map(|entry| with_nulls(class_name, entry)).collect())
        }
        (_, other) => other,
    }
}
