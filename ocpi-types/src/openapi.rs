//! `OpenAPI` schemas of the model, for utoipa.
//!
//! Every object and enum is a named schema; fields refer to it by `$ref`. Descriptions are the first paragraphs of the
//! doc comments.

use utoipa::openapi::schema::{Array, ObjectBuilder, SchemaType};
use utoipa::openapi::{RefOr, Schema, SchemaFormat, Type};

use crate::{Cardinality, FieldInfo};

/// Gives the schema of a field's type.
pub(crate) type SchemaOf = fn() -> RefOr<Schema>;

/// A text of limited length, with a format where there is one.
pub(crate) fn text(max_length: Option<usize>, format: Option<&str>) -> RefOr<Schema> {
    // utoipa knows these formats too, some of them behind features that would bring dependencies.
    let format = format.map(|name| SchemaFormat::Custom(name.to_owned()));
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).max_length(max_length).format(format).into()
}

/// A number or boolean.
pub(crate) fn scalar(kind: Type) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind)).into()
}

/// An enum of texts.
pub(crate) fn text_enum(values: &'static [&'static str], attributes: &[&str]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(values.iter().copied()))
        .description(Some(first_paragraph(attributes)))
        .into()
}

/// An object: its table, the schemas of its fields' types, the attributes of its fields and its own.
pub(crate) fn object(
    fields: &[FieldInfo],
    types: &[SchemaOf],
    field_attributes: &[&[&str]],
    attributes: &[&str],
) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().description(Some(first_paragraph(attributes)));
    for ((field, schema_of), doc) in fields.iter().zip(types).zip(field_attributes) {
        let schema = limited(schema_of(), field.max_digits);
        let description = first_paragraph(doc);
        object = match field.cardinality {
            Cardinality::One => object.property(field.name, described(schema, description)).required(field.name),
            Cardinality::Optional => object.property(field.name, described(schema, description)),
            Cardinality::Any => object.property(field.name, list(schema, None, description)),
            Cardinality::AtLeastOne => {
                object.property(field.name, list(schema, Some(1), description)).required(field.name)
            }
        };
    }
    object.into()
}

fn limited(schema: RefOr<Schema>, max_digits: Option<u32>) -> RefOr<Schema> {
    match (schema, max_digits) {
        (RefOr::T(Schema::Object(mut object)), Some(digits)) => {
            object.maximum = Some((10_i64.pow(digits) - 1).into());
            RefOr::T(Schema::Object(object))
        }
        (schema, _) => schema,
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
        other @ RefOr::T(_) => other,
    }
}

/// The first paragraph of the doc comment among stringified attributes (`doc = r" text"`, one for each line).
fn first_paragraph(attributes: &[&str]) -> String {
    let lines = attributes.iter().filter_map(|attribute| doc_literal(attribute)).map(line);
    let text = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    // Links are for rustdoc.
    text.replace("[`", "`").replace("`]", "`")
}

/// The literal of a doc attribute. `stringify!` breaks long lines after the equals sign.
fn doc_literal(attribute: &str) -> Option<&str> {
    attribute.strip_prefix("doc")?.trim_start().strip_prefix('=').map(str::trim_start)
}

/// The text of a string literal as `stringify!` gives it: `r" text"` or `" text"`.
fn line(literal: &str) -> String {
    let raw = literal.starts_with('r');
    let text = literal.trim_start_matches(['r', '#']).trim_end_matches('#');
    let text = text.strip_prefix('"').unwrap_or(text);
    let text = text.strip_suffix('"').unwrap_or(text).trim();
    if raw { text.to_owned() } else { text.replace("\\\"", "\"") }
}

#[cfg(test)]
mod tests {
    use super::first_paragraph;

    macro_rules! stringified {
        ($(#[$meta:meta])* $name:ident) => {
            [$(stringify!($meta)),*]
        };
    }

    #[test]
    fn doc_comments_become_descriptions() {
        let attributes = stringified! {
            /// Some text with "quotes" in it,
            /// on two lines.
            ///
            /// Not this one.
            #[must_use]
            thing
        };
        assert_eq!(first_paragraph(&attributes), "Some text with \"quotes\" in it, on two lines.");
        assert_eq!(first_paragraph(&["doc = r\" See [`Token`].\""]), "See `Token`.");
        assert_eq!(first_paragraph(&["must_use"]), "");
        assert_eq!(first_paragraph(&["doc =\nr\" Long.\""]), "Long.");
    }
}
