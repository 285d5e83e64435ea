//! The Receiver interface: CPOs push the Sessions of our drivers. Spec: mod_sessions, "Receiver Interface".

use axum::extract::State;
use ocpi_http::openapi::{Acknowledgement, Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiJson, OcpiPatch, OcpiPath, OcpiReply, OcpiResult, Routing};
use ocpi_party::RegisteredPeer;
use ocpi_types::{PartyId, Session};
use serde::Deserialize;
use utoipa::IntoParams;

use super::store;
use crate::{App, receive};

/// Where a Session lives.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SessionPath {
    /// The CPO's country code.
    #[param(example = "US")]
    country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Session.id`.
    #[param(example = "101")]
    session_id: String,
}

impl SessionPath {
    fn owner(&self) -> PartyId {
        PartyId::new(self.country_code.as_str(), self.party_id.as_str())
    }
}

/// A Session as we hold it
///
/// Gives back the charge with all the periods that we have been told of. The CPO calls this to compare our state with
/// its own, for example after an outage.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/sessions/{country_code}/{party_id}/{session_id}",
    tag = "sessions (Receiver)",
    params(MessageIds, RoutingHeaders, SessionPath),
    responses((status = 200, description = "As we hold it", body = Envelope<Session>), ReadErrors)
)]
pub async fn get(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<SessionPath>,
) -> OcpiResult {
    let owner = path.owner();
    receive::check(&app, &peer, &routing, &owner, None).await?;
    let stored = store::TABLE.get(&app.party.db, &owner, &path.session_id).await?;
    stored.map(|stored| OcpiReply::json(stored.json)).ok_or_else(|| store::unknown(&owner, &path.session_id))
}

/// Takes a whole Session
///
/// Creates the charge, or replaces what we hold of it, charging periods included. CPOs call this when a charge
/// begins, and when they cannot be sure what we have.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/emsp/sessions/{country_code}/{party_id}/{session_id}",
    tag = "sessions (Receiver)",
    params(MessageIds, RoutingHeaders, SessionPath),
    request_body = Session,
    responses(
        (status = 200, description = "Replaced; or refused with 2001, and nothing was changed", body = Acknowledgement),
        (status = 201, description = "The Session is new", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<SessionPath>,
    OcpiJson { value: session, .. }: OcpiJson<Session>,
) -> OcpiResult {
    let owner = path.owner();
    let body = PartyId::new(session.country_code.clone(), session.party_id.clone());
    receive::check(&app, &peer, &routing, &owner, Some(&body)).await?;
    receive::same_id("id", &path.session_id, &session.id)?;
    let created = store::put(&app.party.db, owner, peer.id.clone(), session).await?;
    Ok(if created { OcpiReply::created() } else { OcpiReply::ok() })
}

/// Takes some fields of a Session
///
/// Changes the fields that are in the body; charging periods are added to those that we have. CPOs call this with
/// every meter value while a car charges.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/emsp/sessions/{country_code}/{party_id}/{session_id}",
    tag = "sessions (Receiver)",
    params(MessageIds, RoutingHeaders, SessionPath),
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
    OcpiPath(path): OcpiPath<SessionPath>,
    OcpiPatch(fields): OcpiPatch<Session>,
) -> OcpiResult {
    let owner = path.owner();
    receive::check(&app, &peer, &routing, &owner, None).await?;
    store::patch(&app.party.db, owner, path.session_id, peer.id.clone(), fields).await?;
    Ok(OcpiReply::ok())
}
