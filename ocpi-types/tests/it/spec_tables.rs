//! The types against the tables of the spec, both ways.
//!
//! `spec_tables.json` holds what the spec's tables say: for each class its fields in order, for each enum its values.

use std::collections::BTreeMap;

use ocpi_types::{Cardinality, CdrDimensionType, catalogue};
use serde_json::{Value, json};

/// Tables of the spec that are no types of this crate: the envelope belongs to the transport.
const NOT_HERE: &[&str] = &["ResponseFormat"];

fn tables() -> Value {
    let mut tables: Value = serde_json::from_str(include_str!("spec_tables.json")).unwrap();
    for name in NOT_HERE {
        tables["classes"].as_object_mut().unwrap().shift_remove(*name).unwrap();
    }
    tables
}

fn symbol(cardinality: Cardinality) -> &'static str {
    match cardinality {
        Cardinality::One => "1",
        Cardinality::Optional => "?",
        Cardinality::Any => "*",
        Cardinality::AtLeastOne => "+",
    }
}

/// The crate's classes in the form of the tables.
fn classes() -> BTreeMap<&'static str, Value> {
    let table = |class: &catalogue::ClassInfo| {
        let rows: Vec<Value> = class
            .fields
            .iter()
            .map(|f| json!([f.name, f.type_name, f.max_length, f.max_digits, symbol(f.cardinality)]))
            .collect();
        json!({ "spec": class.spec, "fields": rows })
    };
    catalogue::CLASSES.iter().map(|class| (class.name, table(class))).collect()
}

/// Compares entry by entry, so that a failure names what differs.
fn compare<'a>(what: &str, spec: &'a Value, ours: &BTreeMap<&'a str, Value>) {
    let spec = spec.as_object().unwrap();
    let missing: Vec<_> = spec.keys().filter(|name| !ours.contains_key(name.as_str())).collect();
    assert!(missing.is_empty(), "{what} of the spec that we lack: {missing:?}");
    let surplus: Vec<_> = ours.keys().filter(|name| !spec.contains_key(**name)).collect();
    assert!(surplus.is_empty(), "{what} that the spec lacks: {surplus:?}");
    for (name, ours) in ours {
        let theirs = &spec[*name];
        for (key, ours) in ours.as_object().unwrap() {
            let (ours, theirs) =
                (serde_json::to_string_pretty(ours).unwrap(), serde_json::to_string_pretty(&theirs[key]).unwrap());
            assert_eq!(ours, theirs, "{key} of {name}: ours, and those of the spec");
        }
    }
}

// Proves: TYP-002, TYP-012, TYP-020, TYP-024, LOC-093, LOC-110, LOC-111, LOC-131, CDR-112, CDR-119, CDR-121, CDR-125,
// CDR-127, CDR-128, CDR-129, TOK-080, TOK-081, CMD-031, CMD-070, VER-011, VER-022, CRE-054, CRE-058, CRE-068, CRE-069,
// CRE-071, CRE-072, HCI-047, HCI-048, HCI-051, CHP-052
#[test]
fn classes_are_those_of_the_spec() {
    compare("classes", &tables()["classes"], &classes());
}

// Proves: TYP-026, LOC-127, TAR-051, TAR-054, TAR-058, TAR-059, CMD-071, CMD-075, CHP-059, CHP-066, CHP-070, HCI-050,
// VER-024, VER-032, VER-036, CDR-107
#[test]
fn enums_are_those_of_the_spec() {
    let ours = catalogue::ENUMS.iter().map(|e| (e.name, json!({ "spec": e.spec, "values": e.values }))).collect();
    compare("enums", &tables()["enums"], &ours);
}

// Proves: CDR-096, CDR-097
#[test]
fn dimensions_for_sessions_only_are_those_of_the_spec() {
    let spec: Vec<String> =
        serde_json::from_value(tables()["enums"]["CdrDimensionType"]["session_only"].clone()).unwrap();
    let is_session_only = |text: &&&str| CdrDimensionType::from(**text).is_session_only();
    let ours: Vec<&str> = CdrDimensionType::VALUES.iter().filter(is_session_only).copied().collect();
    assert_eq!(ours, spec);
}

#[test]
fn the_type_of_every_field_is_a_primitive_a_class_or_an_enum() {
    let primitives = ["CiString", "string", "DateTime", "URL", "number", "int", "boolean"];
    for field in catalogue::CLASSES.iter().flat_map(|class| class.fields) {
        let known = primitives.contains(&field.type_name)
            || catalogue::class(field.type_name).is_some()
            || catalogue::enumeration(field.type_name).is_some();
        assert!(known, "{} is of the type {}", field.name, field.type_name);
    }
}

// Proves: TYP-029
#[test]
fn every_listed_value_is_read_as_itself_and_any_other_text_survives() {
    use ocpi_types::{ConnectorType, ModuleId};
    for text in ConnectorType::VALUES {
        let value = ConnectorType::from(*text);
        assert!(value.is_listed());
        assert_eq!(value.as_str(), *text);
    }
    assert_eq!(ConnectorType::from("MCS").as_str(), "MCS");
    assert!(!ModuleId::from("Locations").is_listed(), "enum values are case-sensitive");
}
