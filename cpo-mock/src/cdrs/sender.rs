//! The Sender interface: partners read the bills of their customers. Spec: mod_cdrs, "Sender Interface".

use axum::extract::State;
use ocpi_http::openapi::{ListEnvelope, ListErrors, MessageIds, RoutingHeaders};
use ocpi_http::{ListQuery, OcpiResult, Routing};
use ocpi_party::{Party, RegisteredPeer};
use ocpi_types::Cdr;

use super::store;
use crate::api;

/// A page of the CDRs that concern the caller
///
/// Lists the bills of charges by the caller's drivers, in the order in which they were created. EMSPs call this to
/// fetch what they have missed, with `date_from` for what is new.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/cdrs",
    tag = "cdrs (Sender)",
    params(MessageIds, RoutingHeaders, ListQuery),
    responses((status = 200, description = "One page", body = ListEnvelope<Cdr>), ListErrors)
)]
pub async fn list(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    query: ListQuery,
) -> OcpiResult {
    api::own_page(&party, &peer, &routing, store::TABLE, query, "/ocpi/2.2.1/cpo/cdrs").await
}
