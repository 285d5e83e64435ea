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
    #[param(example = "LOC1")]
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
    #[param(example = "LOC1")]
    location_id: String,
    /// `EVSE.uid`.
    #[param(example = "3256")]
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
    #[param(example = "LOC1")]
    location_id: String,
    /// `EVSE.uid`.
    #[param(example = "3256")]
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

/// The Location as we hold it.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}",
    tag = "OCPI locations (Receiver)",
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

/// One EVSE as we hold it.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}",
    tag = "OCPI locations (Receiver)",
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

/// One Connector as we hold it.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}/{connector_id}",
    tag = "OCPI locations (Receiver)",
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

/// A whole Location: new, or in place of the one we hold.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}",
    tag = "OCPI locations (Receiver)",
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

/// A whole EVSE of a Location that we hold.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}",
    tag = "OCPI locations (Receiver)",
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

/// A whole Connector of an EVSE that we hold.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}/{connector_id}",
    tag = "OCPI locations (Receiver)",
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

/// Some fields of a Location that we hold.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}",
    tag = "OCPI locations (Receiver)",
    params(MessageIds, RoutingHeaders, LocationPath),
    request_body = Location,
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

/// Some fields of an EVSE that we hold; mostly its status.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}",
    tag = "OCPI locations (Receiver)",
    params(MessageIds, RoutingHeaders, EvsePath),
    request_body = Evse,
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

/// Some fields of a Connector that we hold.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/locations/{country_code}/{party_id}/{location_id}/{evse_uid}/{connector_id}",
    tag = "OCPI locations (Receiver)",
    params(MessageIds, RoutingHeaders, ConnectorPath),
    request_body = Connector,
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
