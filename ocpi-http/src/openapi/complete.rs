//! The last touch to an OpenAPI document.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Header, ObjectBuilder, OpenApi, RefOr, Response, Type};
use utoipa::{Modify, PartialSchema, ToSchema};

use super::errors::definitions;
use super::{OcpiErrorBody, refusals};

/// The name of the security scheme for credentials tokens.
pub const TOKEN_SCHEME: &str = "ocpi_token";

/// Completes a document whose routes are all there: defines the responses, schemas and the security scheme that the
/// routes refer to, asks for a credentials token on each OCPI route, and lists the headers of each of its answers.
///
/// With an `OpenApiRouter`, apply it after `split_for_parts`.
#[derive(Debug, Clone, Copy)]
pub struct OcpiApi {
    /// Where the OCPI routes are.
    pub prefix: &'static str,
}

impl Default for OcpiApi {
    fn default() -> Self {
        Self { prefix: "/ocpi" }
    }
}

impl Modify for OcpiApi {
    fn modify(&self, api: &mut OpenApi) {
        let components = api.components.get_or_insert_default();
        components.schemas.insert(OcpiErrorBody::name().into_owned(), OcpiErrorBody::schema());
        for (name, mut response) in definitions() {
            add_ids(&mut response);
            components.responses.insert(name.to_owned(), response.into());
        }
        let about = "The word Token, a blank and the credentials token in Base64: Token dG9rZW4=";
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", about)));
        components.add_security_scheme(TOKEN_SCHEME, scheme);

        let ocpi = api.paths.paths.iter_mut().filter(|(path, _)| path.starts_with(self.prefix));
        for (_, item) in ocpi {
            refusals::show(item);
            for operation in
                [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
            {
                complete(operation);
            }
        }
    }
}

fn complete(operation: &mut Operation) {
    let token = SecurityRequirement::new(TOKEN_SCHEME, Vec::<String>::new());
    let security = operation.security.get_or_insert_default();
    if security.is_empty() {
        security.push(token);
    }
    let is_paged = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "offset"));
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            add_ids(response);
            if is_paged && status == "200" {
                add_paging(response);
            }
        }
    }
}

fn add_ids(response: &mut Response) {
    for (name, about) in [("X-Request-ID", "As in the request."), ("X-Correlation-ID", "As in the request.")] {
        add(response, name, Type::String, about);
    }
}

fn add_paging(response: &mut Response) {
    add(response, "X-Total-Count", Type::Integer, "How many objects match the filters, on all pages.");
    add(response, "X-Limit", Type::Integer, "The largest page that this server gives.");
    add(response, "Link", Type::String, "The URL of the next page with rel=\"next\"; absent on the last page.");
}

fn add(response: &mut Response, name: &str, kind: Type, about: &str) {
    let mut header = Header::new(ObjectBuilder::new().schema_type(SchemaType::Type(kind)));
    header.description = Some(about.to_owned());
    response.headers.entry(name.to_owned()).or_insert(header.into());
}
