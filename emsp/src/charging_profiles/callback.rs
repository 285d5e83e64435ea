//! The Sender interface: CPOs report what became of a request, and what their stations intend to do. Spec:
//! mod_charging_profiles, "Sender Interface".

use axum::extract::State;
use http::Method;
use ocpi_http::openapi::{Acknowledgement, MessageIds, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiError, OcpiJson, OcpiPath, OcpiReply, OcpiResult, OcpiValue, RequestIds, Routing, Url};
use ocpi_party::{RegisteredPeer, check_to};
use ocpi_types::{
    ActiveChargingProfile, ActiveChargingProfileResult, ChargingProfileResult, ChargingProfileResultType as Outcome,
    ClearProfileResult, Object, PartyId,
};
use serde_json::Value;

use super::store::{self, Kind, Request};
use crate::{App, receive, sessions};

/// Takes what became of a request about a charging profile
///
/// Notes what the station has said, and passes it on where we had asked on behalf of somebody else; a result that comes late or
/// again is accepted and changes nothing. CPOs call this once for each request that they have accepted.
#[utoipa::path(
    post,
    path = "/ocpi/2.2.1/emsp/chargingprofiles/results/{id}",
    tag = "chargingprofiles (Sender)",
    params(MessageIds, RoutingHeaders, ("id" = String, Path, description = "What only the CPO that got the request can know",
        example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")),
    request_body(content = Value, description = "The object that belongs to the request: ActiveChargingProfileResult (GET), \
        ChargingProfileResult (PUT) or ClearProfileResult (DELETE)."),
    responses((status = 200, description = "Noted", body = Acknowledgement), WriteErrors)
)]
pub async fn post(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    ids: RequestIds,
    OcpiPath(id): OcpiPath<String>,
    body: OcpiValue,
) -> OcpiResult {
    check_to(&app.party, &routing).await?;
    let request = store::get(&app.party.db, &id).await?.filter(|request| request.peer_id == peer.id);
    let request = request.ok_or_else(|| OcpiError::unknown_object("no such request"))?;
    let result = Read::of(request.kind, body.content())?;
    let at = app.party.clock.wall();
    let accepted = result.outcome == Outcome::Accepted;
    let first = store::resulted(&app.party.db, id, result.json.clone(), accepted, at).await?;
    if let Some(profile) = result.profile.filter(|_| accepted) {
        store::put_active(&app.party.db, owner(&request)?, request.session_id.clone(), profile, at).await?;
    }
    if first && !request.relay.url.is_empty() {
        tokio::spawn(async move { relay(&app, &request, result.json, &ids.correlation_id).await });
    }
    Ok(OcpiReply::ok())
}

/// Takes what a station intends to do now
///
/// Replaces the plan that we hold for the session. CPOs call this when something else than our requests has changed the plan,
/// such as a limit of the site or the driver's preferences.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Sender)",
    params(MessageIds, RoutingHeaders, ("session_id" = String, Path, description = "Session.id", example = "101")),
    request_body = ActiveChargingProfile,
    responses((status = 200, description = "Noted", body = Acknowledgement), WriteErrors)
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(session_id): OcpiPath<String>,
    OcpiJson { value: profile, .. }: OcpiJson<ActiveChargingProfile>,
) -> OcpiResult {
    check_to(&app.party, &routing).await?;
    let owner = sessions::store::owner_of(&app.party.db, &session_id, &peer.id, routing.from.as_ref()).await?;
    let owner = owner.ok_or_else(|| OcpiError::unknown_object(format!("no session {session_id:?} of yours")))?;
    let at = app.party.clock.wall();
    let started = profile.start_date_time;
    if store::put_active(&app.party.db, owner, session_id.clone(), profile, at).await? {
        app.party.nudge();
        return Ok(OcpiReply::ok());
    }
    Err(receive::stale(&format!("the plan for session {session_id}"), started))
}

/// A result, whatever it is the result of.
struct Read {
    outcome: Outcome,
    profile: Option<ActiveChargingProfile>,
    json: String,
}

impl Read {
    fn of(kind: Kind, json: Value) -> Result<Self, OcpiError> {
        Ok(match kind {
            Kind::Get => {
                let result = object::<ActiveChargingProfileResult>(json)?;
                Self { json: result.to_json(), outcome: result.result, profile: result.profile }
            }
            Kind::Put => {
                let result = object::<ChargingProfileResult>(json)?;
                Self { json: result.to_json(), outcome: result.result, profile: None }
            }
            Kind::Delete => {
                let result = object::<ClearProfileResult>(json)?;
                Self { json: result.to_json(), outcome: result.result, profile: None }
            }
        })
    }
}

fn object<T: Object>(json: Value) -> Result<T, OcpiError> {
    let parsed = ocpi_types::parse::<T>(json).accept_pushed();
    parsed.map(|(object, _)| object).map_err(|report| OcpiError::refused(T::NAME, report))
}

fn owner(request: &Request) -> Result<PartyId, OcpiError> {
    request.owner.parse().map_err(|_| receive::unreadable("the CPO of a request"))
}

/// The result goes on to the partner on whose behalf we had asked, once.
async fn relay(app: &App, request: &Request, result: String, correlation_id: &str) {
    let relayed = async {
        let peer = app.party.peers.get(&request.relay.peer_id).await.map_err(|error| error.chain())?;
        let peer = peer.ok_or_else(|| "the partner is gone".to_owned())?;
        let url = Url::parse(&request.relay.url).map_err(|error| error.to_string())?;
        let to: PartyId = request.relay.party.parse().unwrap_or_else(|_| app.party.own_party());
        let own = app.party.own_party();
        let mut target = app.party.target(&peer, &own, &to);
        target.correlation_id = Some(correlation_id);
        let sent = app.party.client.call(&target, Method::POST, &url, Some(result)).await;
        sent.map(drop).map_err(|error| error.to_string())
    };
    if let Err(error) = relayed.await {
        tracing::warn!(request = request.id, error, "a result did not reach the smart charging partner");
    }
}
