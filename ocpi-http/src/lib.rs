//! What every OCPI request carries: authorization, ids, routing, envelope, paging, errors.
//!
//! One side is axum: extractors ([`OcpiJson`], [`Routing`], [`ListQuery`], …), answers ([`OcpiReply`], [`OcpiError`]) and the
//! layers around them ([`with_layers`], [`serve`]). The other side is the client, [`OcpiClient`]. Both know only the
//! protocol: no database, no business.

mod body;
mod client;
mod context;
mod error;
mod exchange;
mod extract;
mod finish;
mod layers;
mod paths;
mod patient;
mod render;
mod reply;
mod secret;
mod serve;
mod status;
mod url_policy;

pub mod clock;
pub mod openapi;

pub use client::{Answer, CallError, ClientConfig, FailureClass, OcpiClient, PageOf, Pages, Target, join};
pub use clock::Clock;
pub use context::{answer_as, note_peer};
pub use error::OcpiError;
pub use exchange::{Exchange, ExchangeLog};
pub use extract::{
    ListQuery, OcpiJson, OcpiPatch, OcpiPath, OcpiValue, PresentedToken, RequestIds, Routing, TokenForm,
};
pub use layers::{LayerConfig, with_layers};
pub use reply::{OcpiReply, OcpiResult, ReplyPage};
pub use secret::Secret;
pub use serve::{ServeConfig, serve, serve_with};
pub use status::OcpiStatus;
pub use url::Url;
pub use url_policy::UrlPolicy;
