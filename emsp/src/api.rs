//! The OpenAPI document.

use ocpi_party::app::complete_openapi;
use ocpi_types::examples;
use utoipa::openapi::{OpenApi, RefOr, Schema};

const DESCRIPTION: &str = "\
An OCPI 2.2.1 e-mobility service provider.

CPOs push locations, tariffs, sessions and CDRs to the Receiver interfaces, read tokens and ask for real-time authorization at \
the Sender interface, and report the results of commands. The operator API (`/operator/v1`) is for the provider's own people.";

/// Title, shared parts, and an example of each class of OCPI.
pub(crate) fn complete(api: OpenApi) -> OpenApi {
    let mut api = complete_openapi(api, "EMSP", DESCRIPTION);
    let schemas = api.components.iter_mut().flat_map(|components| components.schemas.iter_mut());
    for (name, schema) in schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && object.example.is_none()
            && examples::ALL.iter().any(|example| example.class == name)
        {
            object.example = Some(examples::json(name));
        }
    }
    api
}
