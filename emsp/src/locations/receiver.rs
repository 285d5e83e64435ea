//! The Receiver interface: CPOs push their Locations, EVSEs and Connectors. Spec: mod_locations, "Receiver Interface".

use axum::extract::State;
use ocpi_http::openapi::{Acknowledgement, Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiJson, OcpiPatch, OcpiPath, OcpiReply, OcpiResult, Routing};
use ocpi_party::RegisteredPeer;
use ocpi_types::{Connector, Evse, Location, Object, PartyId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{store, tree};
use crate::{App, receive};

/// Where a Location lives.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct LocationPath {
    /// The CPO's country code.
    #[param(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Location.id`.
    #[param(example = "SEA001")]
    location_id: String,
}

/// Where an EVSE lives.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EvsePath {
    /// The CPO's country code.
    #[param(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Location.id`.
    #[param(example = "SEA001")]
    location_id: String,
    /// `EVSE.uid`.
    #[param(example = "SEA001-1")]
    evse_uid: String,
}

/// Where a Connector lives.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ConnectorPath {
    /// The CPO's country code.
    #[param(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Location.id`.
    #[param(example = "SEA001")]
    location_id: String,
    /// `EVSE.uid`.
    #[param(example = "SEA001-1")]
    evse_uid: String,
    /// `Connector.id`.
    #[param(example = "1")]
    connector_id: String,
}

fn party(country_code: &str, party_id: &str) -> PartyId {
    PartyId::new(country_code, party_id)
}

fn put_reply(created: bool) -> OcpiReply {
    if created { OcpiReply::created() } else { OcpiReply::ok() }
}

/// A Location as we hold it
///
/// Gives back the whole site with its EVSEs and connectors, as far as we know it. The CPO that owns it calls this to
/// compare our state with its own, for example after an outage.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, LocationPath),
    responses((status = 200, description = "As we hold it", body = Envelope<Location>), ReadErrors)
)]
pub async fn get(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<LocationPath>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let stored = store::get(&app.party.db, &owner, &path.location_id).await?;
    Ok(OcpiReply::json(stored.json))
}

/// One EVSE as we hold it
///
/// Gives back one place for one car, with its status and its connectors. The CPO that owns it calls this to find out
/// whether we are up to date.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, EvsePath),
    responses((status = 200, description = "As we hold it", body = Envelope<Evse>), ReadErrors)
)]
pub async fn get_evse(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<EvsePath>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let location = store::read(&store::get(&app.party.db, &owner, &path.location_id).await?)?;
    let evse = tree::evse(&location, &path.evse_uid).map_err(|e| store::explain(&owner, &path.location_id, e))?;
    Ok(OcpiReply::json(evse.to_json()))
}

/// One Connector as we hold it
///
/// Gives back one plug or socket, with its power and its tariffs. The CPO that owns it calls this to find out whether
/// we are up to date.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}/{connector_id}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, ConnectorPath),
    responses((status = 200, description = "As we hold it", body = Envelope<Connector>), ReadErrors)
)]
pub async fn get_connector(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<ConnectorPath>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let location = store::read(&store::get(&app.party.db, &owner, &path.location_id).await?)?;
    let connector = tree::evse(&location, &path.evse_uid)
        .and_then(|evse| tree::connector(evse, &path.connector_id))
        .map_err(|e| store::explain(&owner, &path.location_id, e))?;
    Ok(OcpiReply::json(connector.to_json()))
}

/// Takes a whole Location
///
/// Creates the site, or replaces what we hold of it. CPOs call this when a site is new or when much of it has
/// changed; an older state than ours is refused.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, LocationPath),
    request_body = Location,
    responses(
        (status = 200, description = "Replaced; or refused with 2001, and nothing was changed", body = Acknowledgement),
        (status = 201, description = "The Location is new", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<LocationPath>,
    OcpiJson { value: location, .. }: OcpiJson<Location>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    let body = PartyId::new(location.country_code.clone(), location.party_id.clone());
    receive::check(&app, &peer, &routing, &owner, Some(&body)).await?;
    receive::same_id("id", &path.location_id, &location.id)?;
    let (json, last_updated) = (location.to_json(), location.last_updated);
    let created = receive::store(&app, store::TABLE, &peer, owner, path.location_id, last_updated, json).await?;
    Ok(put_reply(created))
}

/// Takes a whole EVSE
///
/// Creates or replaces one EVSE of a Location that we hold. CPOs call this when a charge point is added to a site;
/// without the Location it is 404 with 2003, and the CPO then PUTs the whole Location.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, EvsePath),
    request_body = Evse,
    responses(
        (status = 200, description = "Replaced; or refused with 2001, and nothing was changed", body = Acknowledgement),
        (status = 201, description = "The EVSE is new", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn put_evse(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<EvsePath>,
    OcpiJson { value: evse, .. }: OcpiJson<Evse>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    receive::same_id("uid", &path.evse_uid, &evse.uid)?;
    let put = move |location: &mut Location| tree::put_evse(location, evse);
    Ok(put_reply(store::change(&app.party.db, owner, path.location_id, put).await?))
}

/// Takes a whole Connector
///
/// Creates or replaces one connector of an EVSE that we hold. CPOs call this when a plug or its tariffs are changed.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}/{connector_id}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, ConnectorPath),
    request_body = Connector,
    responses(
        (status = 200, description = "Replaced; or refused with 2001, and nothing was changed", body = Acknowledgement),
        (status = 201, description = "The Connector is new", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn put_connector(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<ConnectorPath>,
    OcpiJson { value: connector, .. }: OcpiJson<Connector>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    receive::same_id("id", &path.connector_id, &connector.id)?;
    let put = move |location: &mut Location| tree::put_connector(location, &path.evse_uid, connector);
    Ok(put_reply(store::change(&app.party.db, owner, path.location_id, put).await?))
}

/// Takes some fields of a Location
///
/// Changes the fields that are in the body and leaves the others as they are. CPOs call this when little about a site
/// has changed, such as its opening times.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, LocationPath),
    request_body(content = serde_json::Value, description = "The fields that have changed, and last_updated."),
    responses(
        (status = 200, description = "Changed; or refused with 2001, and nothing was changed", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn patch(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<LocationPath>,
    OcpiPatch(fields): OcpiPatch<Location>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let change = move |location: &mut Location| {
        *location = tree::patch_location(location, &fields)?;
        Ok(false)
    };
    store::change(&app.party.db, owner, path.location_id, change).await?;
    Ok(OcpiReply::ok())
}

/// Takes some fields of an EVSE
///
/// Changes the fields that are in the body, which mostly is the status. CPOs call this each time a car comes or goes:
/// it is the most frequent of all calls.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, EvsePath),
    request_body(content = serde_json::Value, description = "The fields that have changed, and last_updated."),
    responses(
        (status = 200, description = "Changed; or refused with 2001, and nothing was changed", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn patch_evse(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<EvsePath>,
    OcpiPatch(fields): OcpiPatch<Evse>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let change = move |location: &mut Location| tree::patch_evse(location, &path.evse_uid, &fields).map(|()| false);
    store::change(&app.party.db, owner, path.location_id, change).await?;
    Ok(OcpiReply::ok())
}

/// Takes some fields of a Connector
///
/// Changes the fields that are in the body and leaves the others as they are. CPOs call this when a connector has got
/// another tariff, for example.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}/{connector_id}",
    tag = "locations (Receiver)",
    params(MessageIds, RoutingHeaders, ConnectorPath),
    request_body(content = serde_json::Value, description = "The fields that have changed, and last_updated."),
    responses(
        (status = 200, description = "Changed; or refused with 2001, and nothing was changed", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn patch_connector(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<ConnectorPath>,
    OcpiPatch(fields): OcpiPatch<Connector>,
) -> OcpiResult {
    let owner = party(&path.country_code, &path.party_id);
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let change = move |location: &mut Location| {
        tree::patch_connector(location, &path.evse_uid, &path.connector_id, &fields).map(|()| false)
    };
    store::change(&app.party.db, owner, path.location_id, change).await?;
    Ok(OcpiReply::ok())
}
