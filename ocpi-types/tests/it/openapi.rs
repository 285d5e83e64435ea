//! The schemas for `OpenAPI` documents.

use std::collections::BTreeMap;

use ocpi_types::{AuthorizationInfo, Capability, Cdr, Location, Session, Tariff, VersionDetails, catalogue};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

/// A schema with all that it refers to, as JSON.
fn schemas<T: ToSchema>() -> BTreeMap<String, Value> {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    parts.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect()
}

fn references(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(map) => map.iter().for_each(|(name, value)| match value.as_str() {
            Some(target) if name == "$ref" => found.push(target.to_owned()),
            _ => references(value, found),
        }),
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn all() -> BTreeMap<String, Value> {
    let mut all = schemas::<Location>();
    all.extend(schemas::<Cdr>());
    all.extend(schemas::<Session>());
    all.extend(schemas::<AuthorizationInfo>());
    all.extend(schemas::<VersionDetails>());
    all
}

#[test]
fn every_reference_leads_to_a_schema() {
    let all = all();
    let mut found = Vec::new();
    for schema in all.values() {
        references(schema, &mut found);
    }
    assert!(found.len() > 50);
    for target in found {
        let name = target.strip_prefix("#/components/schemas/").unwrap();
        assert!(all.contains_key(name), "{target} leads nowhere");
    }
}

#[test]
fn schemas_have_the_names_and_fields_of_the_spec() {
    for (name, schema) in all() {
        assert!(!schema["description"].as_str().unwrap_or_default().is_empty(), "{name} has no description");
        let Some(class) = catalogue::class(&name) else {
            let values = catalogue::enumeration(&name).unwrap_or_else(|| panic!("{name}")).values;
            assert_eq!(schema["enum"], serde_json::json!(values));
            continue;
        };
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), class.fields.len());
        for field in class.fields {
            let property = &properties[field.name];
            let described = property["description"].as_str().is_some_and(|text| text.len() > 2 && !text.contains('\\'));
            assert!(described, "{name}.{}: {property}", field.name);
        }
    }
}

#[test]
fn a_class_and_an_enum() {
    let tariff = schemas::<Tariff>();
    insta::assert_snapshot!("openapi_tariff", pretty(&tariff["Tariff"]));
    let all = all();
    insta::assert_snapshot!("openapi_image", pretty(&all["Image"]));
    insta::assert_snapshot!("openapi_capability", pretty(&serde_json::to_value(Capability::schema()).unwrap()));
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap()
}
