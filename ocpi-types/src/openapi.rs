//! `OpenAPI` schemas of the model, for utoipa.

use utoipa::openapi::schema::{Array, ObjectBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat, Type};

use crate::Cardinality;

pub(crate) fn text(max_length: Option<usize>, format: Option<&str>) -> RefOr<Schema> {
    let format = format.map(|name| match name {
        "date-time" => SchemaFormat::KnownFormat(KnownFormat::DateTime),
        other => SchemaFormat::Custom(other.to_owned()),
    });
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).max_length(max_length).format(format).into()
}

pub(crate) fn scalar(kind: Type) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind)).into()
}

pub(crate) fn text_enum(values: &'static [&'static str], description: String) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(values.iter().copied()))
        .description(Some(description))
        .into()
}

pub(crate) fn property(
    object: ObjectBuilder,
    name: &str,
    cardinality: Cardinality,
    schema: RefOr<Schema>,
    description: String,
) -> ObjectBuilder {
    match cardinality {
        Cardinality::One => object.property(name, described(schema, description)).required(name),
        Cardinality::Optional => object.property(name, described(schema, description)),
        Cardinality::Any => object.property(name, list(schema, None, description)),
        Cardinality::AtLeastOne => object.property(name, list(schema, Some(1), description)).required(name),
    }
}

fn list(items: RefOr<Schema>, min_items: Option<usize>, description: String) -> Schema {
    let mut array = Array::new(items);
    array.min_items = min_items;
    array.description = Some(description);
    Schema::Array(array)
}

fn described(schema: RefOr<Schema>, text: String) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.description = Some(text);
            RefOr::T(Schema::Object(object))
        }
        RefOr::Ref(mut reference) => {
            reference.description = text;
            RefOr::Ref(reference)
        }
        other => other,
    }
}

/// The first line of the doc comment among stringified attributes (`doc = r" text"`).
pub(crate) fn first_doc_line(attributes: &[&str]) -> String {
    attributes
        .iter()
        .find_map(|attribute| attribute.strip_prefix("doc = "))
        .map(|literal| literal.trim_start_matches('r').trim_matches('"').trim().replace("\\\"", "\""))
        .unwrap_or_default()
}
