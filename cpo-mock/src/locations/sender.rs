//! The Sender interface: partners read our Locations. Spec: mod_locations, "Sender Interface".

use axum::extract::State;
use ocpi_http::openapi::{Envelope, ListEnvelope, ListErrors, MessageIds, ReadErrors, RoutingHeaders};
use ocpi_http::{ListQuery, OcpiError, OcpiPath, OcpiReply, OcpiResult, Routing};
use ocpi_party::{Party, Peer, RegisteredPeer, check_to};
use ocpi_types::{CiString, Connector, Evse, Location};

use super::store::{self, Found};
use crate::api;

/// A page of the Locations of this platform
///
/// Lists the sites with their EVSEs and connectors, in the order in which they were created. EMSPs call this after
/// registration and from time to time, with `date_from` for what has changed.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/locations",
    tag = "locations (Sender)",
    params(MessageIds, RoutingHeaders, ListQuery),
    responses((status = 200, description = "One page", body = ListEnvelope<Location>), ListErrors)
)]
pub async fn list(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    query: ListQuery,
) -> OcpiResult {
    api::page(&party, &peer, &routing, store::TABLE, query, "/ocpi/2.2.1/cpo/locations").await
}

/// One Location with everything in it
///
/// Gives one site with its EVSEs, its connectors and their status. EMSPs call this when a driver looks at the site
/// and the status should be fresh.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/locations/{location_id}",
    tag = "locations (Sender)",
    params(MessageIds, RoutingHeaders, ("location_id" = String, Path, description = "Location.id", example = "SEA001")),
    responses((status = 200, description = "The Location", body = Envelope<Location>), ReadErrors)
)]
pub async fn location(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(location_id): OcpiPath<String>,
) -> OcpiResult {
    Ok(OcpiReply::json(find(&party, &peer, &routing, &location_id).await?.json))
}

/// One EVSE of a Location
///
/// Gives one place for one car, with its status. EMSPs call this right before they send a driver there.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/locations/{location_id}/{evse_uid}",
    tag = "locations (Sender)",
    params(
        MessageIds,
        RoutingHeaders,
        ("location_id" = String, Path, description = "Location.id", example = "SEA001"),
        ("evse_uid" = String, Path, description = "EVSE.uid", example = "SEA001-1"),
    ),
    responses((status = 200, description = "The Evse", body = Envelope<Evse>), ReadErrors)
)]
pub async fn evse(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath((location_id, evse_uid)): OcpiPath<(String, String)>,
) -> OcpiResult {
    let location = find(&party, &peer, &routing, &location_id).await?.location()?;
    Ok(OcpiReply::data(&evse_of(location, &evse_uid)?))
}

/// One Connector of an EVSE
///
/// Gives one plug or socket, with its power and its tariffs. EMSPs call this to show what charging there costs.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/locations/{location_id}/{evse_uid}/{connector_id}",
    tag = "locations (Sender)",
    params(
        MessageIds,
        RoutingHeaders,
        ("location_id" = String, Path, description = "Location.id", example = "SEA001"),
        ("evse_uid" = String, Path, description = "EVSE.uid", example = "SEA001-1"),
        ("connector_id" = String, Path, description = "Connector.id", example = "1"),
    ),
    responses((status = 200, description = "The Connector", body = Envelope<Connector>), ReadErrors)
)]
pub async fn connector(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath((location_id, evse_uid, connector_id)): OcpiPath<(String, String, String)>,
) -> OcpiResult {
    let location = find(&party, &peer, &routing, &location_id).await?.location()?;
    let evse = evse_of(location, &evse_uid)?;
    let connector = evse.connectors.iter().find(|connector| connector.id == *connector_id);
    let connector =
        connector.ok_or_else(|| OcpiError::unknown_object(format!("the EVSE has no connector {connector_id}")))?;
    Ok(OcpiReply::data(connector))
}

async fn find(party: &Party, _peer: &Peer, routing: &Routing, id: &str) -> Result<Found, OcpiError> {
    let owner = check_to(party, routing).await?;
    let found = store::find(&party.db, owner.as_ref(), id).await?;
    found
        .filter(|found| !found.is_private)
        .ok_or_else(|| OcpiError::unknown_location(format!("there is no Location {id} here")))
}

fn evse_of(location: Location, uid: &str) -> Result<Evse, OcpiError> {
    let uid = CiString::<36>::from(uid);
    let evse = location.evses.into_iter().find(|evse| evse.uid == uid);
    evse.ok_or_else(|| OcpiError::unknown_object(format!("the Location has no EVSE {uid}")))
}
