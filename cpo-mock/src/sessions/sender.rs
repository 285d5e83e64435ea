//! The Sender interface: partners read the charges of their customers. Spec: mod_sessions, "Sender Interface".

use axum::extract::State;
use ocpi_http::openapi::{ListEnvelope, ListErrors, MessageIds, RoutingHeaders};
use ocpi_http::{ListQuery, OcpiResult, Routing};
use ocpi_party::{Party, RegisteredPeer};
use ocpi_types::Session;

use super::store;
use crate::api;

/// A page of the Sessions that concern the caller
///
/// Lists the charges of the caller's drivers, in the order in which they were created; the spec requires `date_from`
/// here and shows requests without it, which get all Sessions. EMSPs call this to fetch what they have missed.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/sessions",
    tag = "sessions (Sender)",
    params(MessageIds, RoutingHeaders, ListQuery),
    responses((status = 200, description = "One page", body = ListEnvelope<Session>), ListErrors)
)]
pub async fn list(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    query: ListQuery,
) -> OcpiResult {
    api::own_page(&party, &peer, &routing, store::TABLE, query, "/ocpi/2.2.1/cpo/sessions").await
}
