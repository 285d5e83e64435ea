//! The Sender interface: partners read our Tariffs. Spec: mod_tariffs, "Sender Interface".

use axum::extract::State;
use ocpi_http::openapi::{ListEnvelope, ListErrors, MessageIds, RoutingHeaders};
use ocpi_http::{ListQuery, OcpiResult, Routing};
use ocpi_party::{Party, RegisteredPeer};
use ocpi_types::Tariff;

use super::store;
use crate::api;

/// A page of the Tariffs of this platform
///
/// Lists the price lists that connectors refer to, in the order in which they were created. EMSPs call this after
/// registration and from time to time, with `date_from` for what has changed.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/tariffs",
    tag = "tariffs (Sender)",
    params(MessageIds, RoutingHeaders, ListQuery),
    responses((status = 200, description = "One page", body = ListEnvelope<Tariff>), ListErrors)
)]
pub async fn list(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    query: ListQuery,
) -> OcpiResult {
    api::page(&party, &peer, &routing, store::TABLE, query, "/ocpi/2.2.1/cpo/tariffs").await
}
