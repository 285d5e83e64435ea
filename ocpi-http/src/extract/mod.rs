//! What handlers can ask of a request. All of it is refused with an [`OcpiError`](crate::OcpiError).

mod ids;
mod json;
mod list_query;
mod path;
mod profile_query;
mod routing;
mod token;

pub use ids::RequestIds;
pub(crate) use json::BYTE_ORDER_MARK;
pub use json::{OcpiJson, OcpiPatch, OcpiValue};
pub use list_query::ListQuery;
pub use path::OcpiPath;
pub use profile_query::{ProfileClearQuery, ProfileReadQuery};
pub use routing::Routing;
pub(crate) use routing::{FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY};
pub use token::{PresentedToken, TokenForm};
