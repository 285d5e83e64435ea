//! The operator API: plain JSON for the company's own people and programs, apart from OCPI, with a key of its own.
//!
//! These routes are common to all parties; each server adds its own under the same prefix.

mod error;
mod explanation;
mod models;
mod parties;
mod partners;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use error::finish_errors;
pub use error::{OperatorError, OperatorErrorBody, OperatorErrors, OperatorJson};
pub use explanation::{DifferenceView, Explanation};
pub use models::{
    FindingView, HubClientView, HubClients, InvitationRequest, InvitationView, PartnerChange, PartnerView, Partners,
    PullView, PushView, RegistrationRequest, RoleView, SyncRequest, UnregisteredView,
};

use crate::Party;

/// The prefix of every route of the operator API.
pub const OPERATOR_PREFIX: &str = "/operator/v1";

/// The name of the security scheme of the operator API in OpenAPI documents.
pub const OPERATOR_SCHEME: &str = "operator_key";

/// The routes about partners and our own parties, with their full paths.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(partners::list, partners::register))
        .routes(routes!(partners::invite))
        .routes(routes!(partners::read, partners::change, partners::unregister))
        .routes(routes!(partners::sync))
        .routes(routes!(partners::send_credentials))
        .routes(routes!(partners::clients))
        .routes(routes!(parties::list, parties::add))
}
