//! Drivers say how they want to be charged. Spec: mod_sessions, "Sender Interface", "PUT Method".

use axum::extract::State;
use ocpi_http::openapi::{Envelope, MessageIds, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiError, OcpiJson, OcpiPath, OcpiReply, OcpiResult, Routing};
use ocpi_party::{DbError, RegisteredPeer, check_to};
use ocpi_types::{
    Capability, ChargingPreferences, ChargingPreferencesResponse as Answer, Connector, Evse, Session, SessionStatus,
};

use super::store::{self, Found};
use crate::App;
use crate::charging::charge;
use crate::charging::preferences::{Situation, plan};
use crate::station::{self, Command, ConnectorSpec, EvseKey, Origin, Profile, ProfileChange, Stations};
use crate::{api, locations, tariffs};

/// Takes how the driver of a Session wants it to be charged
///
/// CHEAP, FAST and GREEN need a tariff of that type at the connector, which the Session has from now on; CHEAP and GREEN need
/// departure_time and energy_need as well, the latter for the whole Session. EMSPs call this when a driver has said in the app
/// when the car is needed.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/cpo/sessions/{session_id}/charging_preferences",
    tag = "sessions (Sender)",
    params(MessageIds, RoutingHeaders, ("session_id" = String, Path, description = "Session.id", example = "101")),
    request_body = ChargingPreferences,
    responses(
        (status = 200, description = "The ChargingPreferencesResponse", body = Envelope<Answer>, example = json!({
            "data": "ACCEPTED", "status_code": 1000, "status_message": "success", "timestamp": "2026-01-15T10:00:00Z"
        })),
        WriteErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(session_id): OcpiPath<String>,
    OcpiJson { value: wish, .. }: OcpiJson<ChargingPreferences>,
) -> OcpiResult {
    let owner = check_to(&app.party, &routing).await?;
    let found = store::find(&app.party.db, owner.as_ref(), &session_id).await?;
    let found = found.filter(|found| found.concerns(&peer, api::asking(&peer, routing.from.as_ref())));
    let (found, key, evse) = capable(&app, found, &session_id).await?;
    let answer = match decide(&app, &found.session, &key, &evse, &wish).await? {
        Ok(profile) => carry(&app, &found, &key, &wish, profile).await?,
        Err(answer) => answer,
    };
    Ok(OcpiReply::data(&answer))
}

/// The Session and its EVSE, if the caller may ask for such a thing there: else 404, and 2001.
async fn capable(app: &App, found: Option<Found>, id: &str) -> Result<(Found, EvseKey, Evse), OcpiError> {
    let found = found.ok_or_else(|| OcpiError::unknown_object(format!("there is no Session {id} of yours here")))?;
    let session = &found.session;
    let key = EvseKey {
        owner: found.owner.clone(),
        location_id: session.location_id.clone(),
        evse_uid: session.evse_uid.clone(),
    };
    let evse = locations::store::evse(&app.party.db, &key).await?;
    let capable = evse.filter(|evse| evse.capabilities.contains(&Capability::ChargingPreferencesCapable));
    let evse = capable
        .ok_or_else(|| OcpiError::unknown_object(format!("EVSE {} knows no charging preferences", session.evse_uid)))?;
    Ok((found, key, evse))
}

/// The limits that serve what is wanted, or why it is not done.
async fn decide(
    app: &App,
    session: &Session,
    key: &EvseKey,
    evse: &Evse,
    wish: &ChargingPreferences,
) -> Result<Result<Profile, Answer>, DbError> {
    if session.status != SessionStatus::Active {
        return Ok(Err(Answer::NotPossible));
    }
    let connector = evse.connectors.iter().find(|connector| connector.id == session.connector_id);
    let running = charge::running_at(&app.party.db, key).await?;
    let (Some(connector), Some(running)) = (connector, running) else { return Ok(Err(Answer::NotPossible)) };
    if tariff_type_is_missing(app, key, session, connector, wish).await? {
        return Ok(Err(Answer::ProfileTypeNotSupported));
    }
    let situation = Situation {
        now: app.party.clock.now(),
        zone: running.zone(),
        most_watts: ConnectorSpec::of(connector).watts,
        drawn_watts: running.drawn_watts(),
        charged: session.kwh,
    };
    Ok(plan(wish, &situation))
}

async fn tariff_type_is_missing(
    app: &App,
    key: &EvseKey,
    session: &Session,
    connector: &Connector,
    wish: &ChargingPreferences,
) -> Result<bool, DbError> {
    let mut tariffs = tariffs::store::of_connector(&app.party.db, &key.owner, connector).await?;
    tariffs.retain(|tariff| tariff.currency == session.currency);
    Ok(tariffs::store::for_profile(&tariffs, &wish.profile_type, session.start_date_time).is_none())
}

/// Remembers what is wanted and has the station do it. It takes effect, on the price too, when the station reports it.
async fn carry(
    app: &App,
    found: &Found,
    key: &EvseKey,
    wish: &ChargingPreferences,
    profile: Profile,
) -> Result<Answer, OcpiError> {
    let request = app.ids.next();
    let session_id = found.session.id.as_str().to_owned();
    let (owner, wanted, name, now) = (found.owner.clone(), wish.clone(), request.clone(), app.party.clock.now());
    let id = session_id.clone();
    app.party
        .db
        .write(move |tx| Box::pin(async move { store::put_preferences(tx, &owner, &id, &name, &wanted, now).await }))
        .await?;
    let change =
        ProfileChange { transaction_id: session_id, request, origin: Origin::Preferences, profile: Some(profile) };
    match app.simulator.send(key, Command::Profile(change)).await? {
        station::Answer::Accepted => Ok(Answer::Accepted),
        // The charge has just ended.
        _ => Ok(Answer::NotPossible),
    }
}
