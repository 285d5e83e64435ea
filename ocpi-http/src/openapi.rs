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
mod errors;
mod params;

pub use complete::{OcpiApi, TOKEN_SCHEME};
pub use errors::{CommonErrors, CredentialsErrors, ListErrors, ReadErrors, WriteErrors};
pub use params::{MessageIds, RoutingHeaders};

use utoipa::ToSchema;

/// The response format around one object. Only a schema; servers answer with [`OcpiReply`](crate::OcpiReply).
#[derive(Debug, ToSchema)]
pub struct Envelope<T> {
    /// The object.
    pub data: T,
    /// 1000 for success. 2xxx: the request was understood and cannot be fulfilled, `data` is absent and `status_message`
    /// says why. 3xxx: trouble of the server.
    #[schema(example = 1000, minimum = 1000, maximum = 4999)]
    pub status_code: u16,
    /// For people; no logic should depend on it.
    #[schema(example = "Success")]
    pub status_message: String,
    /// When the answer was made, in UTC.
    #[schema(example = "2026-01-15T10:00:00Z", format = "date-time")]
    pub timestamp: String,
}

/// The response format around one page of a list.
#[derive(Debug, ToSchema)]
pub struct ListEnvelope<T> {
    /// The objects, oldest first.
    pub data: Vec<T>,
    /// 1000 for success; 2001 when a parameter is wrong, and `data` is absent.
    #[schema(example = 1000, minimum = 1000, maximum = 4999)]
    pub status_code: u16,
    /// For people; no logic should depend on it.
    #[schema(example = "Success")]
    pub status_message: String,
    /// When the answer was made, in UTC.
    #[schema(example = "2026-01-15T10:00:00Z", format = "date-time")]
    pub timestamp: String,
}

/// The response format without `data`: the request was carried out, or, with another `status_code` than 1000, was not.
#[derive(Debug, ToSchema)]
pub struct Acknowledgement {
    /// 1000 for success. 2001: the object is refused and nothing was changed; `status_message` lists what is wrong, with
    /// JSON Pointers.
    #[schema(example = 1000, minimum = 1000, maximum = 4999)]
    pub status_code: u16,
    /// For people; no logic should depend on it.
    #[schema(example = "Success")]
    pub status_message: String,
    /// When the answer was made, in UTC.
    #[schema(example = "2026-01-15T10:00:00Z", format = "date-time")]
    pub timestamp: String,
}

/// The response format of an error: no `data`.
#[derive(Debug, ToSchema)]
pub struct OcpiErrorBody {
    /// 2xxx: trouble with the request, 3xxx: trouble of the server.
    #[schema(example = 2001, minimum = 2000, maximum = 4999)]
    pub status_code: u16,
    /// What is wrong, for people.
    #[schema(example = "there is nothing at this URL")]
    pub status_message: String,
    /// When the answer was made, in UTC.
    #[schema(example = "2026-01-15T10:00:00Z", format = "date-time")]
    pub timestamp: String,
}
