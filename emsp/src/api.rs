//! The OpenAPI document.

mod examples;

use ocpi_party::app::complete_openapi;
use utoipa::openapi::OpenApi;

const DESCRIPTION: &str = "\
An OCPI 2.2.1 e-mobility service provider.

CPOs push locations, tariffs, sessions and CDRs to the Receiver interfaces, read tokens and ask for real-time authorization at \
the Sender interface, and report the results of commands. The operator API (`/operator/v1`) is for the provider's own people.

Routes under `/ocpi` want a credentials token, those under `/operator` the operator key: press *Authorize*. Examples name what \
is there after `cargo run`.";

/// Title, shared parts, and examples.
pub(crate) fn complete(api: OpenApi) -> OpenApi {
    let mut api = complete_openapi(api, "EMSP", DESCRIPTION);
    examples::set(&mut api);
    api
}
