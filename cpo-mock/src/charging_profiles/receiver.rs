//! The Receiver interface: a request is answered at once, its result follows. Spec: mod_charging_profiles, "Receiver
//! Interface".

use std::time::Duration;

use axum::extract::State;
use ocpi_http::openapi::{Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{
    OcpiError, OcpiJson, OcpiPath, OcpiReply, OcpiResult, OcpiStatus, ProfileClearQuery, ProfileReadQuery, RequestIds,
    Routing,
};
use ocpi_party::{DbError, Peer, RegisteredPeer, check_response_url, check_to};
use ocpi_types::{
    Capability, ChargingProfileResponse, ChargingProfileResponseType as Verdict, PartyId, Role, SessionStatus,
    SetChargingProfile,
};
use serde_json::Value;

use super::carry::{self, Work};
use super::convert;
use super::store::{self, Kind, Record};
use crate::App;
use crate::sessions::store::Found;
use crate::station::EvseKey;
use crate::{callback, locations, sessions};

/// Asks what the station intends to do with a Session
///
/// The station is asked for its plan, which is then POSTed to `response_url`. EMSPs call this before they set a profile, and to
/// see what one does.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Receiver)",
    params(MessageIds, RoutingHeaders, ProfileReadQuery, ("session_id" = String, Path, description = "Session.id", example = "101")),
    responses(
        (status = 200, description = "The ChargingProfileResponse", body = Envelope<ChargingProfileResponse>), ReadErrors
    )
)]
pub async fn get(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    ids: RequestIds,
    OcpiPath(session_id): OcpiPath<String>,
    query: ProfileReadQuery,
) -> OcpiResult {
    let work = Work::Read(query.duration);
    let request = Request { kind: Kind::Get, session_id, response_url: query.response_url, body: None, work };
    take(&app, &peer, routing, ids, request).await
}

/// Sets the profile of a Session
///
/// Limits how fast the car charges, in place of what this partner has asked before; the station's answer is POSTed to
/// `response_url`. EMSPs and their smart charging partners call this when energy is short or dear.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Receiver)",
    params(MessageIds, RoutingHeaders, ("session_id" = String, Path, description = "Session.id", example = "101")),
    request_body = SetChargingProfile,
    responses(
        (status = 200, description = "The ChargingProfileResponse", body = Envelope<ChargingProfileResponse>), WriteErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    ids: RequestIds,
    OcpiPath(session_id): OcpiPath<String>,
    OcpiJson { value: set, .. }: OcpiJson<SetChargingProfile>,
) -> OcpiResult {
    let profile = convert::profile(&set.charging_profile)
        .ok_or_else(|| OcpiError::invalid("charging_rate_unit must be W or A"))?;
    let body = serde_json::to_value(&set).map_err(OcpiError::internal)?;
    let response_url = set.response_url.as_str().to_owned();
    let request = Request { kind: Kind::Put, session_id, response_url, body: Some(body), work: Work::Set(profile) };
    take(&app, &peer, routing, ids, request).await
}

/// Clears the profile of a Session
///
/// Forgets the profile that this partner has set; whatever others have set stays, and the station's answer is POSTed to
/// `response_url`. EMSPs call this when the car may charge as fast as it can again.
#[utoipa::path(
    delete,
    path = "/ocpi/2.2.1/cpo/chargingprofiles/{session_id}",
    tag = "chargingprofiles (Receiver)",
    params(MessageIds, RoutingHeaders, ProfileClearQuery, ("session_id" = String, Path, description = "Session.id", example = "101")),
    responses(
        (status = 200, description = "The ChargingProfileResponse", body = Envelope<ChargingProfileResponse>), ReadErrors
    )
)]
pub async fn delete(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    ids: RequestIds,
    OcpiPath(session_id): OcpiPath<String>,
    query: ProfileClearQuery,
) -> OcpiResult {
    let request =
        Request { kind: Kind::Delete, session_id, response_url: query.response_url, body: None, work: Work::Clear };
    take(&app, &peer, routing, ids, request).await
}

/// What the three have in common.
struct Request {
    kind: Kind,
    session_id: String,
    response_url: String,
    body: Option<Value>,
    work: Work,
}

/// Why a request goes no further.
struct Refusal(Verdict, &'static str);

async fn take(app: &App, peer: &Peer, routing: Routing, ids: RequestIds, request: Request) -> OcpiResult {
    check_response_url(peer, &request.response_url, app.config.any_response_host)?;
    let owner = check_to(&app.party, &routing).await?;
    let found = sessions::store::find(&app.party.db, owner.as_ref(), &request.session_id).await?;
    let refusal = match &found {
        None => Some(Refusal(Verdict::UnknownSession, "there is no such Session here")),
        Some(found) => refuse(app, peer, found).await?,
    };
    let verdict = refusal.as_ref().map_or(Verdict::Accepted, |refusal| refusal.0.clone());
    let owner = found.as_ref().map(|found| found.owner.clone()).or(owner);
    let record = record(app, peer, routing, ids, owner, &request, &verdict, refusal.as_ref().map(|refusal| refusal.1));
    // Those that are too many would fill the book.
    if verdict != Verdict::TooOften {
        remember(app, record.clone()).await?;
    }
    if let (None, Some(found)) = (&refusal, found) {
        let (app, session) = (app.clone(), found.session);
        tokio::spawn(async move {
            let evse = EvseKey { owner: found.owner, location_id: session.location_id, evse_uid: session.evse_uid };
            carry::carry(&app, &record.id, &evse, session.id.as_str(), request.work).await;
        });
    }
    let timeout = i64::from(app.config.command_timeout);
    let reply =
        OcpiReply::data(&ChargingProfileResponse { result: verdict, timeout, extra: ocpi_types::Extra::default() });
    Ok(match refusal {
        Some(Refusal(_, why)) => reply.with_status(OcpiStatus::Success, why),
        None => reply,
    })
}

/// Whether a request about this Session can be passed on.
async fn refuse(app: &App, peer: &Peer, found: &Found) -> Result<Option<Refusal>, DbError> {
    if found.audience != peer.id {
        return Ok(Some(Refusal(Verdict::Rejected, "this Session belongs to somebody else's customer")));
    }
    let session = &found.session;
    if session.status != SessionStatus::Active {
        return Ok(Some(Refusal(Verdict::Rejected, "nobody is charging in this Session")));
    }
    let evse = EvseKey {
        owner: found.owner.clone(),
        location_id: session.location_id.clone(),
        evse_uid: session.evse_uid.clone(),
    };
    let evse = locations::store::evse(&app.party.db, &evse).await?;
    if !evse.is_some_and(|evse| evse.capabilities.contains(&Capability::ChargingProfileCapable)) {
        return Ok(Some(Refusal(Verdict::NotSupported, "the EVSE knows no charging profiles")));
    }
    let since = app.party.clock.wall() - chrono::TimeDelta::minutes(1);
    let recent = store::count_since(&app.party.db, &found.owner, session.id.as_str(), since).await?;
    if recent >= u64::from(app.config.profile_requests_per_minute) {
        return Ok(Some(Refusal(Verdict::TooOften, "too many requests about this Session within a minute")));
    }
    Ok(None)
}

async fn remember(app: &App, record: Record) -> Result<(), DbError> {
    let now = app.party.clock.wall();
    let (state, result_by) = if record.response == Verdict::Accepted.as_str() {
        (callback::State::Accepted, now + Duration::from_secs(u64::from(app.config.command_timeout)))
    } else {
        (callback::State::Refused, now)
    };
    app.party.db.write(move |tx| Box::pin(async move { store::add(tx, &record, state, now, result_by).await })).await
}

#[expect(clippy::too_many_arguments, reason = "a record is made of everything that is known")]
fn record(
    app: &App,
    peer: &Peer,
    routing: Routing,
    ids: RequestIds,
    owner: Option<PartyId>,
    request: &Request,
    verdict: &Verdict,
    why: Option<&str>,
) -> Record {
    let sender = routing.from.or_else(|| peer.parties(&Role::Emsp).into_iter().next());
    Record {
        id: app.ids.next(),
        kind: request.kind,
        peer_id: peer.id.clone(),
        from: sender.map(|party| party.key()).unwrap_or_default(),
        to: owner.map(|party| party.key()).unwrap_or_default(),
        session_id: request.session_id.clone(),
        request: request.body.clone(),
        response: verdict.as_str().to_owned(),
        message: why.map(str::to_owned),
        result: None,
        delivery_error: None,
        received_at: app.party.clock.now(),
        correlation_id: ids.correlation_id,
        response_url: request.response_url.clone(),
    }
}
