//! The Receiver interface: CPOs push their Tariffs. Spec: mod_tariffs, "Receiver Interface".

use axum::extract::State;
use ocpi_http::openapi::{Acknowledgement, Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiJson, OcpiPath, OcpiReply, OcpiResult, Routing};
use ocpi_party::RegisteredPeer;
use ocpi_types::{Object, PartyId, Tariff};
use serde::Deserialize;
use utoipa::IntoParams;

use super::store;
use crate::{App, receive};

/// Where a Tariff lives.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TariffPath {
    /// The CPO's country code.
    #[param(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Tariff.id`.
    #[param(example = "CPO-ADHOC")]
    tariff_id: String,
}

impl TariffPath {
    fn owner(&self) -> PartyId {
        PartyId::new(self.country_code.as_str(), self.party_id.as_str())
    }
}

/// A Tariff as we hold it
///
/// Gives back one price list of the CPO. The CPO calls this to make sure that drivers will be shown the right price.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/tariffs/{country_code}/{party_id}/{tariff_id}",
    tag = "tariffs (Receiver)",
    params(MessageIds, RoutingHeaders, TariffPath),
    responses((status = 200, description = "As we hold it", body = Envelope<Tariff>), ReadErrors)
)]
pub async fn get(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<TariffPath>,
) -> OcpiResult {
    let owner = path.owner();
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let stored = store::TABLE.get(&app.party.db, &owner, &path.tariff_id).await?;
    stored.map(|stored| OcpiReply::json(stored.json)).ok_or_else(|| store::unknown(&owner, &path.tariff_id))
}

/// Takes a whole Tariff
///
/// Creates the price list, or replaces the one that we hold. CPOs call this before the price is used at any
/// connector.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/tariffs/{country_code}/{party_id}/{tariff_id}",
    tag = "tariffs (Receiver)",
    params(MessageIds, RoutingHeaders, TariffPath),
    request_body = Tariff,
    responses(
        (status = 200, description = "Replaced; or refused with 2001, and nothing was changed", body = Acknowledgement),
        (status = 201, description = "The Tariff is new", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<TariffPath>,
    OcpiJson { value: tariff, .. }: OcpiJson<Tariff>,
) -> OcpiResult {
    let owner = path.owner();
    let body = PartyId::new(tariff.country_code.clone(), tariff.party_id.clone());
    receive::check(&app, &peer, &routing, &owner, Some(&body)).await?;
    receive::same_id("id", &path.tariff_id, &tariff.id)?;
    let (json, last_updated) = (tariff.to_json(), tariff.last_updated);
    let created = receive::store(&app, store::TABLE, &peer, owner, path.tariff_id, last_updated, json).await?;
    Ok(if created { OcpiReply::created() } else { OcpiReply::ok() })
}

/// Takes note that a Tariff is not used any more
///
/// Forgets the price list; bills that were made with it keep their own copy. CPOs call this when no connector refers
/// to it any more.
#[utoipa::path(
    delete,
    path = "/ocpi/2.2.1/emsp/tariffs/{country_code}/{party_id}/{tariff_id}",
    tag = "tariffs (Receiver)",
    params(MessageIds, RoutingHeaders, TariffPath),
    responses((status = 200, description = "Removed", body = Acknowledgement), ReadErrors)
)]
pub async fn delete(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<TariffPath>,
) -> OcpiResult {
    let owner = path.owner();
    receive::check(&app, &peer, &routing, &owner, None).await?;
    if store::delete(&app.party.db, owner.clone(), path.tariff_id.clone()).await? {
        Ok(OcpiReply::ok())
    } else {
        Err(store::unknown(&owner, &path.tariff_id))
    }
}
