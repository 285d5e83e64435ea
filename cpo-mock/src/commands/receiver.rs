//! The Receiver interface: a command is answered at once, its result follows. Spec: mod_commands, "Receiver Interface".

use std::time::Duration;

use axum::extract::State;
use ocpi_http::openapi::{Envelope, MessageIds, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiError, OcpiPath, OcpiReply, OcpiResult, OcpiStatus, OcpiValue, RequestIds, Routing};
use ocpi_party::{DbError, Peer, RegisteredPeer, check_response_url, check_to};
use ocpi_types::{CommandResponse, CommandResponseType, CommandResultType, CommandType, PartyId, Role, TokenType};
use serde_json::Value;

use super::carry;
use super::request::{Decision, Forward, Refusal, Request};
use super::store::{self, NewCommand, Record};
use super::{cancel, reserve, start, stop, unlock};
use crate::App;
use crate::api;
use crate::charging::authorization;
use crate::reservations::{self, CanceledBy};
use crate::tokens::store::owner_of;

/// Takes a command
///
/// Checks what can be checked at once and passes the command on to the station; ACCEPTED says only that, and the
/// station's own answer is POSTed to `response_url`. EMSPs call this when a driver starts or stops in an app, or when
/// a help desk frees a plug.
#[utoipa::path(
    post,
    path = "/ocpi/2.2.1/cpo/commands/{command}",
    tag = "commands (Receiver)",
    params(MessageIds, RoutingHeaders, ("command" = String, Path, example = "START_SESSION",
        description = "START_SESSION, STOP_SESSION, UNLOCK_CONNECTOR, RESERVE_NOW or CANCEL_RESERVATION")),
    request_body(content = Value, description = "The object that belongs to the command: StartSession, StopSession, \
        UnlockConnector, ReserveNow or CancelReservation."),
    responses((status = 200, description = "The CommandResponse", body = Envelope<CommandResponse>), WriteErrors)
)]
pub async fn post(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    ids: RequestIds,
    OcpiPath(command): OcpiPath<String>,
    OcpiValue(body): OcpiValue,
) -> OcpiResult {
    let kind = CommandType::from(command.to_ascii_uppercase().as_str());
    let request = Request::read(&kind, body.clone())?;
    check_response_url(&peer, request.response_url().as_str(), app.config.any_response_host)?;
    let owner = check_to(&app.party, &routing).await?;
    let from = api::asking(&peer, routing.from.as_ref());
    let decision = decide(&app, &peer, (from, owner.as_ref()), &request).await?;
    let incoming = Incoming { kind, body, routing, owner, correlation_id: ids.correlation_id, request };
    match decision {
        Decision::Refuse(refusal) => refuse(&app, &peer, incoming, refusal).await,
        Decision::Forward(forward) => forward_it(&app, &peer, incoming, *forward).await,
        Decision::Settled(result, message) => settle(&app, &peer, incoming, result, message).await,
    }
}

/// What came in, beside what was decided.
struct Incoming {
    kind: CommandType,
    body: Value,
    routing: Routing,
    owner: Option<PartyId>,
    correlation_id: String,
    request: Request,
}

/// `parties`: who sends the command, and to whom, as far as it says.
async fn decide(
    app: &App,
    peer: &Peer,
    parties: (Option<&PartyId>, Option<&PartyId>),
    request: &Request,
) -> Result<Decision, OcpiError> {
    Ok(match request {
        Request::Start(command) => start::decide(&app.party, &app.ids, peer, parties, command).await?,
        Request::Stop(command) => stop::decide(&app.party, peer, parties, command).await?,
        Request::Unlock(command) => unlock::decide(&app.party, peer, parties.1, command).await?,
        Request::Reserve(command) => reserve::decide(&app.party, &app.ids, peer, parties, command).await?,
        Request::CancelReservation(command) => cancel::decide(&app.party, peer, parties, command).await?,
    })
}

async fn refuse(app: &App, peer: &Peer, incoming: Incoming, refusal: Refusal) -> OcpiResult {
    let timeout = app.config.command_timeout;
    let record = record(app, peer, &incoming, refusal.result.as_str(), Some(refusal.message.clone()), None);
    let now = app.party.clock.wall();
    let new = NewCommand { record, evse: None, token: None, result_by: now };
    app.party.db.write(move |tx| Box::pin(async move { store::add(tx, &new).await })).await.map_err(OcpiError::from)?;
    let reply = OcpiReply::data(&response(refusal.result, timeout, Some(&refusal.message)));
    Ok(match refusal.status {
        OcpiStatus::Success => reply,
        status => reply.with_status(status, refusal.message),
    })
}

async fn forward_it(app: &App, peer: &Peer, incoming: Incoming, forward: Forward) -> OcpiResult {
    let timeout = app.config.command_timeout;
    let token = match &incoming.request {
        Request::Start(command) => Some(&command.token),
        Request::Reserve(command) => Some(&command.token),
        _ => None,
    };
    // Only cards can be presented to a reader afterwards.
    let token = token.filter(|token| token.token_type == TokenType::Rfid);
    let token = token.map(|token| (token.uid.as_str().to_owned(), token.token_type.clone()));
    let session_id = forward.authorization.as_ref().map(|known| known.id.clone()).or_else(|| forward.cancels.clone());
    let mut record = record(app, peer, &incoming, "ACCEPTED", None, session_id);
    record.to = forward.evse.owner.key();
    let id = record.id.clone();
    let asked = forward.asked.map(|mut asked| {
        asked.terms.command_id.clone_from(&id);
        asked
    });
    let cancels = forward.cancels.clone();
    let received_at = record.received_at;
    let result_by = app.party.clock.wall() + Duration::from_secs(u64::from(timeout));
    let new = NewCommand { record, evse: Some(forward.evse.clone()), token, result_by };
    let authorization = forward.authorization.clone();
    let noted = app
        .party
        .db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(asked) = asked
                    && !reservations::store::ask(tx, asked).await?
                {
                    return Ok(false);
                }
                if let Some(id) = &cancels {
                    reservations::store::cancel(tx, id, CanceledBy::Emsp).await?;
                }
                if let Some(authorization) = &authorization {
                    authorization::save(tx, authorization, received_at).await?;
                }
                store::add(tx, &new).await?;
                Ok::<_, DbError>(true)
            })
        })
        .await
        .map_err(OcpiError::from)?;
    if !noted {
        let message = "this reservation is just being changed: try again in a moment".to_owned();
        let refusal = Refusal { result: CommandResponseType::Rejected, status: OcpiStatus::Success, message };
        return refuse(app, peer, incoming, refusal).await;
    }
    let app = app.clone();
    tokio::spawn(async move { carry::carry(&app, &id, &forward.evse, forward.command).await });
    Ok(OcpiReply::data(&response(CommandResponseType::Accepted, timeout, None)))
}

/// The answer is known without asking a station: it is sent as the result all the same.
async fn settle(
    app: &App,
    peer: &Peer,
    incoming: Incoming,
    result: CommandResultType,
    message: &'static str,
) -> OcpiResult {
    let timeout = app.config.command_timeout;
    let mut record = record(app, peer, &incoming, "ACCEPTED", None, None);
    if record.to.is_empty() {
        record.to = app.party.own_party().key();
    }
    let id = record.id.clone();
    let result_by = app.party.clock.wall() + Duration::from_secs(u64::from(timeout));
    let new = NewCommand { record, evse: None, token: None, result_by };
    app.party.db.write(move |tx| Box::pin(async move { store::add(tx, &new).await })).await.map_err(OcpiError::from)?;
    let app = app.clone();
    tokio::spawn(async move { carry::finish(&app, &id, result, Some(message)).await });
    Ok(OcpiReply::data(&response(CommandResponseType::Accepted, timeout, None)))
}

fn record(
    app: &App,
    peer: &Peer,
    incoming: &Incoming,
    response: &str,
    message: Option<String>,
    session_id: Option<String>,
) -> Record {
    let sender = match &incoming.request {
        Request::Start(command) => Some(owner_of(&command.token)),
        Request::Reserve(command) => Some(owner_of(&command.token)),
        _ => incoming.routing.from.clone().or_else(|| peer.for_all(&Role::Emsp)),
    };
    Record {
        id: app.ids.next(),
        kind: incoming.kind.as_str().to_owned(),
        peer_id: peer.id.clone(),
        from: sender.map(|party| party.key()).unwrap_or_default(),
        to: incoming.owner.as_ref().map(PartyId::key).unwrap_or_default(),
        response_url: incoming.request.response_url().as_str().to_owned(),
        request: incoming.body.clone(),
        response: response.to_owned(),
        message,
        result: None,
        delivery_error: None,
        received_at: app.party.clock.now(),
        correlation_id: incoming.correlation_id.clone(),
        session_id,
    }
}

fn response(result: CommandResponseType, timeout: u32, message: Option<&str>) -> CommandResponse {
    CommandResponse {
        result,
        timeout: i64::from(timeout),
        message: message.map(carry::english).into_iter().collect(),
        extra: ocpi_types::Extra::default(),
    }
}
