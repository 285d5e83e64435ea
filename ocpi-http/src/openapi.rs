//! What the OpenAPI documents of both servers have in common, for utoipa.
//!
//! A route names its answer and the set of errors that fits it; the parts that repeat are references, so that the documents
//! stay small. [`OcpiApi`] adds what is referred to, once all routes are there.
//!
//! ```
//! use ocpi_http::openapi::{Envelope, ListEnvelope, ListErrors, MessageIds, OcpiApi, ReadErrors, RoutingHeaders};
//! use ocpi_http::{ListQuery, OcpiReply, OcpiResult};
//! use ocpi_types::Tariff;
//! use utoipa::{Modify, OpenApi};
//!
//! /// All tariffs, page by page.
//! #[utoipa::path(
//!     get,
//!     path = "/ocpi/2.2.1/cpo/tariffs",
//!     tag = "tariffs",
//!     params(MessageIds, RoutingHeaders, ListQuery),
//!     responses((status = 200, description = "One page", body = ListEnvelope<Tariff>), ListErrors),
//! )]
//! async fn list(query: ListQuery) -> OcpiResult {
//!     Ok(OcpiReply::json("[]"))
//! }
//!
//! #[derive(OpenApi)]
//! #[openapi(paths(list))]
//! struct Api;
//!
//! let mut api = Api::openapi();
//! OcpiApi::default().modify(&mut api);
//! assert!(api.to_json().unwrap().contains("X-Total-Count"));
//! ```

mod complete;
mod envelopes;
mod errors;
mod params;
mod refusals;

pub use complete::{OcpiApi, TOKEN_SCHEME};
pub use envelopes::{Acknowledgement, Envelope, ListEnvelope, OcpiErrorBody};
pub use errors::{CommonErrors, CredentialsErrors, ListErrors, ReadErrors, WriteErrors};
pub use params::{MessageIds, RoutingHeaders};
