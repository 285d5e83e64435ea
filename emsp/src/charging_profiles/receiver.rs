//! The Receiver interface, for smart charging partners (SCSP) that steer our drivers' sessions through us: each request goes on
//! to the CPO, and the CPO's answer is ours. Spec: mod_charging_profiles, "The eMSP delegated Smart Charging to SCSP".

use axum::extract::State;
use ocpi_http::openapi::{Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiJson, OcpiPath, OcpiReply, OcpiResult, OcpiStatus, ProfileClearQuery, ProfileReadQuery, Routing};
use ocpi_party::{Peer, RegisteredPeer, check_response_url, check_to, party_of};
use ocpi_types::{ChargingProfileResponse, ChargingProfileResponseType as Verdict, Extra, Role, SetChargingProfile};

use super::issue::{self, Order};
use super::store::Relay;
use crate::commands::issue::NotSent;
use crate::{App, sessions};

/// Asks what the station intends to do with a Session
///
/// The question goes on to the CPO, and the result is POSTed to `response_url`. Smart charging partners (SCSP) call this before they
/// set a profile; others are answered REJECTED.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Receiver)",
    params(MessageIds, RoutingHeaders, ProfileReadQuery,
        ("session_id" = String, Path, description = "Session.id", example = "101")),
    responses(
        (status = 200, description = "The CPO's answer", body = Envelope<ChargingProfileResponse>), ReadErrors
    )
)]
pub async fn get(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(session_id): OcpiPath<String>,
    query: ProfileReadQuery,
) -> OcpiResult {
    relay(&app, &peer, routing, &session_id, &Order::Read(query.duration), &query.response_url).await
}

/// Sets the profile of a Session
///
/// The profile goes on to the CPO, and the result is POSTed to `response_url`. Smart charging partners (SCSP) call this to steer how
/// fast our drivers charge; others are answered REJECTED.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Receiver)",
    params(MessageIds, RoutingHeaders, ("session_id" = String, Path, description = "Session.id", example = "101")),
    request_body = SetChargingProfile,
    responses(
        (status = 200, description = "The CPO's answer", body = Envelope<ChargingProfileResponse>), WriteErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(session_id): OcpiPath<String>,
    OcpiJson { value: set, .. }: OcpiJson<SetChargingProfile>,
) -> OcpiResult {
    relay(&app, &peer, routing, &session_id, &Order::Set(set.charging_profile), set.response_url.as_str()).await
}

/// Clears the profile of a Session
///
/// The request goes on to the CPO, and the result is POSTed to `response_url`. Smart charging partners (SCSP) call this when they
/// have no wish any more; others are answered REJECTED.
#[utoipa::path(
    delete,
    path = "/ocpi/2.2.1/emsp/scsp/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Receiver)",
    params(MessageIds, RoutingHeaders, ProfileClearQuery,
        ("session_id" = String, Path, description = "Session.id", example = "101")),
    responses(
        (status = 200, description = "The CPO's answer", body = Envelope<ChargingProfileResponse>), ReadErrors
    )
)]
pub async fn delete(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(session_id): OcpiPath<String>,
    query: ProfileClearQuery,
) -> OcpiResult {
    relay(&app, &peer, routing, &session_id, &Order::Clear, &query.response_url).await
}

async fn relay(
    app: &App,
    peer: &Peer,
    routing: Routing,
    session_id: &str,
    order: &Order,
    response_url: &str,
) -> OcpiResult {
    check_to(&app.party, &routing).await?;
    check_response_url(peer, response_url, false)?;
    if !peer.roles.iter().any(|role| role.role == Role::Scsp) {
        return Ok(answer(Verdict::Rejected, "charging profiles are taken from smart charging partners (SCSP) only"));
    }
    let Some(owner) = sessions::store::owner(&app.party.db, session_id).await? else {
        return Ok(answer(Verdict::UnknownSession, "there is no such session here"));
    };
    let party = routing.from.or_else(|| peer.parties(&Role::Scsp).into_iter().next());
    let party = party.or_else(|| peer.roles.first().map(party_of)).map(|party| party.key()).unwrap_or_default();
    let relay = Relay { peer_id: peer.id.clone(), party, url: response_url.to_owned() };
    match issue::send(app, &owner, session_id, order, relay).await {
        Ok(sent) => Ok(match sent.response {
            Some(response) => OcpiReply::data(&response),
            None => answer(Verdict::Rejected, "the CPO did not take it"),
        }),
        Err(NotSent::Unknown(why)) => Ok(answer(Verdict::UnknownSession, why)),
        Err(NotSent::Refused(why)) => Ok(answer(Verdict::Rejected, why)),
        Err(NotSent::Failed(error)) => Err(error),
    }
}

fn answer(result: Verdict, why: impl Into<String>) -> OcpiReply {
    let response = ChargingProfileResponse { result, timeout: 0, extra: Extra::default() };
    OcpiReply::data(&response).with_status(OcpiStatus::Success, why)
}
