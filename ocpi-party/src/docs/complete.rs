//! What every document gets, whatever its routes.

use ocpi_types::examples;
use utoipa::openapi::path::Operation;
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, PathItem, RefOr, Schema};

use super::tags::TAGS;

/// Names the operations, describes the tags that are used, and gives each class of OCPI an example.
pub(crate) fn complete(api: &mut OpenApi) {
    api.servers = Some(vec![ServerBuilder::new().url("/").description(Some("This server")).build()]);
    let mut used = Vec::new();
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
        if let Some(id) = &mut operation.operation_id {
            // The names of functions are not unique, together with their tags they are.
            *id = format!("{}_{id}", slug(&tag));
        }
        used.push(tag);
    }
    let described = TAGS.iter().filter(|(name, _)| used.iter().any(|tag| tag == name));
    let tag = |(name, about): &(&str, &str)| TagBuilder::new().name(*name).description(Some(*about)).build();
    api.tags = Some(described.map(tag).collect());

    let schemas = api.components.iter_mut().flat_map(|components| components.schemas.iter_mut());
    for (name, schema) in schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && object.example.is_none()
            && examples::ALL.iter().any(|example| example.class == name)
        {
            object.example = Some(examples::json(name));
        }
    }
    super::common::set(api);
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, patch, delete, .. } = item;
    [get, put, post, patch, delete].into_iter().flatten()
}

/// `locations (Receiver)` as `locations_receiver`.
fn slug(tag: &str) -> String {
    let words = tag.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}
