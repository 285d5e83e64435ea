//! The Receiver interface: the hub PUTs who is there, and may GET what we hold. Spec: mod_hub_client_info, "Receiver
//! Interface".

use axum::extract::State;
use ocpi_http::openapi::{Acknowledgement, Envelope, MessageIds, ReadErrors, WriteErrors};
use ocpi_http::{OcpiError, OcpiJson, OcpiPath, OcpiReply, OcpiResult};
use ocpi_types::{ClientInfo, ConnectionStatus, DateTime, PartyId, format_date_time};
use serde::Deserialize;
use utoipa::IntoParams;

use super::after_reconnection;
use super::store::{self, Saved};
use crate::{Party, Peer, RegisteredPeer};

/// Which party.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ClientPath {
    /// The country code of the party that the hub speaks about.
    #[param(example = "NL")]
    country_code: String,
    /// Its id.
    #[param(example = "TNM")]
    party_id: String,
}

impl ClientPath {
    fn party(&self) -> Result<PartyId, OcpiError> {
        let party = PartyId::new(self.country_code.as_str(), self.party_id.as_str());
        if party.is_well_formed() { Ok(party) } else { Err(OcpiError::invalid(format!("{party} is no party"))) }
    }
}

/// A party as the hub has told us about it
///
/// Gives back what we hold about one of the hub's other clients. Hubs call this to compare our state with their own.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/hubclientinfo/{country_code}/{party_id}",
    tag = "hubclientinfo (Receiver)",
    params(MessageIds, ClientPath),
    responses((status = 200, description = "As the hub has sent it", body = Envelope<ClientInfo>), ReadErrors)
)]
pub(crate) async fn get(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    OcpiPath(path): OcpiPath<ClientPath>,
) -> OcpiResult {
    hub_only(&peer)?;
    let client = path.party()?;
    let stored = store::get(&party.db, &peer.id, &client).await?;
    stored
        .map(OcpiReply::json)
        .ok_or_else(|| OcpiError::unknown_object(format!("you have not told us anything about {client}")))
}

/// Takes how a party on the hub is
///
/// While a party is not CONNECTED nothing is sent to it; once it is again, it gets what it missed, as that stands then. Hubs call
/// this when a client appears or its state changes; there is no DELETE, a party that is gone is SUSPENDED.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/hubclientinfo/{country_code}/{party_id}",
    tag = "hubclientinfo (Receiver)",
    params(MessageIds, ClientPath),
    request_body = ClientInfo,
    responses(
        (status = 200, description = "Replaced; or refused with 2001, and nothing was changed", body = Acknowledgement),
        (status = 201, description = "The party is new", body = Acknowledgement),
        WriteErrors
    )
)]
pub(crate) async fn put(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    OcpiPath(path): OcpiPath<ClientPath>,
    OcpiJson { value: mut info, .. }: OcpiJson<ClientInfo>,
) -> OcpiResult {
    hub_only(&peer)?;
    let (url, client) = (path.party()?, store::party_of(&info));
    if url != client {
        return Err(OcpiError::invalid(format!("the URL names {url}, the object names {client}; nothing was changed")));
    }
    date(&mut info, party.clock.now());
    let (hub_id, now) = (peer.id.clone(), party.clock.wall());
    // Also when it is said again: the hub may know better than what it answered to our last request.
    let connected = info.status == ConnectionStatus::Connected;
    let put = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let put = store::put(tx, &hub_id, &info, now).await?;
                if connected && !matches!(put.saved, Saved::Stale(_)) {
                    store::release(tx, &hub_id).await?;
                }
                Ok::<_, OcpiError>(put)
            })
        })
        .await?;
    if connected && !matches!(put.saved, Saved::Stale(_)) {
        after_reconnection(&party, &peer.id, &[client]);
    }
    match put.saved {
        Saved::Created => Ok(OcpiReply::created()),
        Saved::Replaced => Ok(OcpiReply::ok()),
        Saved::Stale(known) => Err(OcpiError::invalid(format!(
            "we hold a newer state, with last_updated {}; nothing was changed",
            format_date_time(&known)
        ))),
    }
}

/// The spec's own example lacks `last_updated`: then it is now.
pub(super) fn date(info: &mut ClientInfo, now: DateTime) {
    if info.last_updated == DateTime::UNIX_EPOCH {
        info.last_updated = now;
    }
}

/// Nobody else owns ClientInfo objects.
fn hub_only(peer: &Peer) -> Result<(), OcpiError> {
    if peer.is_hub() {
        return Ok(());
    }
    Err(OcpiError::wrong_owner("hubclientinfo is for hubs, and your credentials have no role HUB"))
}
