//! Where one can charge: locations, their EVSEs and connectors. Spec: mod_locations.
//!
//! The data is a tree of three levels: a [`Location`] holds [`Evse`]s, an [`Evse`] holds [`Connector`]s.

mod business_details;
mod connector;
mod energy_mix;
mod evse;
mod geo_location;
mod hours;
mod image;
mod location;
#[cfg(feature = "pricing")]
mod opening;
mod publish_token;

pub use business_details::*;
pub use connector::*;
pub use energy_mix::*;
pub use evse::*;
pub use geo_location::*;
pub use hours::*;
pub use image::*;
pub use location::*;
pub use publish_token::*;
