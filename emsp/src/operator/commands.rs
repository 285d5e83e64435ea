//! Commands to stations, and what became of them.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson};
use ocpi_types::{CommandResponse, CommandResponseType, CommandResult, PartyId, Session};
use serde::Serialize;
use utoipa::ToSchema;

use super::progress::{Asked, Progress};
use super::{Listing, OperatorQuery, Part, failed, unreadable};
use crate::commands::issue::{self, NotSent};
use crate::commands::order::{CancelOrder, ReserveOrder, StartOrder, StopOrder, UnlockOrder};
use crate::commands::reserve;
use crate::commands::store::{self, Command};
use crate::{App, sessions, time_text};

/// A command as operators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandView {
    /// Its id.
    pub id: String,
    /// Which command.
    #[schema(example = "START_SESSION")]
    pub command: String,
    /// How far it is.
    pub state: Progress,
    /// The CPO.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// The reference that the session will carry, for a start or a reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_reference: Option<String>,
    /// The reservation that it is about; see GET /operator/v1/reservations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<String>,
    /// When it was sent.
    pub sent_at: String,
    /// Until when a result is awaited.
    pub deadline: String,
    /// The CPO's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<CommandResponse>,
    /// Why it could not be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The station's result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<CommandResult>,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_at: Option<String>,
    /// A result that came too late, or another one after the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later_result: Option<CommandResult>,
    /// The session that it started or was about, if we know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
}

async fn view(app: &App, command: Command) -> Result<CommandView, OperatorError> {
    let read = |json: &Option<String>| json.as_deref().map(serde_json::from_str).transpose();
    let response = read(&command.response).map_err(|_| unreadable("a command's response"))?;
    let result_of = |json: &Option<String>| {
        let parsed = json.as_deref().map(serde_json::from_str::<CommandResult>).transpose();
        parsed.map_err(|_| unreadable("a command's result"))
    };
    let reservation_id = reservation_id(&command);
    let asked = Asked {
        accepted: response.as_ref().map(|response: &CommandResponse| response.result == CommandResponseType::Accepted),
        failed: command.failure.is_some(),
        done: command.result.is_some(),
        deadline: command.deadline,
    };
    Ok(CommandView {
        reservation_id,
        state: asked.progress(app.party.clock.wall()),
        session: session_of(app, &command).await?,
        response,
        result: result_of(&command.result)?,
        later_result: result_of(&command.later_result)?,
        authorization_reference: Some(command.authorization_reference).filter(|reference| !reference.is_empty()),
        sent_at: time_text(command.created_at),
        deadline: time_text(command.deadline),
        result_at: command.result_at.map(time_text),
        id: command.id,
        command: command.command,
        party: command.receiver,
        failure: command.failure,
    })
}

/// As we have sent it.
fn reservation_id(command: &Command) -> Option<String> {
    let request: serde_json::Value = serde_json::from_str(&command.request).ok()?;
    request.get("reservation_id")?.as_str().map(str::to_owned)
}

/// The session: named by the command, or carrying its reference, or the first of the same token at the same CPO after it.
async fn session_of(app: &App, command: &Command) -> Result<Option<Session>, OperatorError> {
    let db = &app.party.db;
    let owner: PartyId = command.receiver.parse().map_err(|_| unreadable("a command's receiver"))?;
    if !command.session_id.is_empty() {
        return sessions::store::find(db, &owner, &command.session_id).await.map_err(failed);
    }
    if command.token_id.is_empty() {
        return Ok(None);
    }
    let json = sessions::store::started_by(db, &owner, command).await?;
    json.map(|json| super::objects::read(&json)).transpose()
}

/// Commands, the latest first
///
/// Lists what we have asked CPOs to do at their stations, and how far that is. Help desks call it to see what a
/// driver has tried.
#[utoipa::path(
    get,
    path = "/operator/v1/commands",
    tag = "operator: commands",
    security(("operator_key" = [])),
    params(Part),
    responses((status = 200, description = "Commands", body = Listing<CommandView>), OperatorErrors)
)]
pub async fn list(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
) -> Result<Json<Listing<CommandView>>, OperatorError> {
    let (commands, total) = store::list(&app.party.db, part.offset, part.limit()).await?;
    let mut items = Vec::with_capacity(commands.len());
    for command in commands {
        items.push(view(&app, command).await?);
    }
    Ok(Json(part.of(items, total)))
}

/// One command and its result
///
/// Shows what the CPO answered, what the station said, and the session that came out of it. An app calls it after a
/// command until the state is DONE.
#[utoipa::path(
    get,
    path = "/operator/v1/commands/{id}",
    tag = "operator: commands",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "The id of the command",
        example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")),
    responses((status = 200, description = "The command", body = CommandView), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<CommandView>, OperatorError> {
    let command = store::get(&app.party.db, &id).await?;
    let command = command.ok_or_else(|| OperatorError::not_found(format!("no command {id:?}")))?;
    view(&app, command).await.map(Json)
}

/// Starts a charge
///
/// Authorizes the token, and then asks the CPO to start; the answer tells what the CPO said, not yet what the station
/// did. An app calls it when its driver presses "start"; ask for the command again to see the result.
#[utoipa::path(
    post,
    path = "/operator/v1/commands/START_SESSION",
    tag = "operator: commands",
    security(("operator_key" = [])),
    request_body = StartOrder,
    responses((status = 201, description = "Sent", body = CommandView), OperatorErrors)
)]
pub async fn start(
    _: Operator,
    State(app): State<App>,
    OperatorJson(order): OperatorJson<StartOrder>,
) -> Result<(StatusCode, Json<CommandView>), OperatorError> {
    let sent = issue::start(&app, &order).await;
    answer(&app, sent).await
}

/// Stops a charge
///
/// Asks the CPO to end a session that is going on. An app calls it when its driver presses "stop"; the bill follows
/// as a CDR.
#[utoipa::path(
    post,
    path = "/operator/v1/commands/STOP_SESSION",
    tag = "operator: commands",
    security(("operator_key" = [])),
    request_body = StopOrder,
    responses((status = 201, description = "Sent", body = CommandView), OperatorErrors)
)]
pub async fn stop(
    _: Operator,
    State(app): State<App>,
    OperatorJson(order): OperatorJson<StopOrder>,
) -> Result<(StatusCode, Json<CommandView>), OperatorError> {
    let sent = issue::stop(&app, &order).await;
    answer(&app, sent).await
}

/// Unlocks a connector
///
/// Asks the CPO to release a plug that is stuck. Help desks call it while they talk to the driver; it is nothing that
/// an app may offer.
#[utoipa::path(
    post,
    path = "/operator/v1/commands/UNLOCK_CONNECTOR",
    tag = "operator: commands",
    security(("operator_key" = [])),
    request_body = UnlockOrder,
    responses((status = 201, description = "Sent", body = CommandView), OperatorErrors)
)]
pub async fn unlock(
    _: Operator,
    State(app): State<App>,
    OperatorJson(order): OperatorJson<UnlockOrder>,
) -> Result<(StatusCode, Json<CommandView>), OperatorError> {
    let sent = issue::unlock(&app, &order).await;
    answer(&app, sent).await
}

/// Reserves a charge point
///
/// Authorizes the token, and then asks the CPO to keep an EVSE free; with the `reservation_id` of an earlier one, that
/// reservation is changed. An app calls it when its driver is on the way; GET /operator/v1/reservations tells what becomes of it.
#[utoipa::path(
    post,
    path = "/operator/v1/commands/RESERVE_NOW",
    tag = "operator: commands",
    security(("operator_key" = [])),
    request_body = ReserveOrder,
    responses((status = 201, description = "Sent", body = CommandView), OperatorErrors)
)]
pub async fn reserve_now(
    _: Operator,
    State(app): State<App>,
    OperatorJson(order): OperatorJson<ReserveOrder>,
) -> Result<(StatusCode, Json<CommandView>), OperatorError> {
    let sent = reserve::reserve(&app, &order).await;
    answer(&app, sent).await
}

/// Gives a reservation up
///
/// Asks the CPO to let others charge there again; it may cost something all the same. An app calls it when its driver has changed
/// plans.
#[utoipa::path(
    post,
    path = "/operator/v1/commands/CANCEL_RESERVATION",
    tag = "operator: commands",
    security(("operator_key" = [])),
    request_body = CancelOrder,
    responses((status = 201, description = "Sent", body = CommandView), OperatorErrors)
)]
pub async fn cancel_reservation(
    _: Operator,
    State(app): State<App>,
    OperatorJson(order): OperatorJson<CancelOrder>,
) -> Result<(StatusCode, Json<CommandView>), OperatorError> {
    let sent = reserve::cancel(&app, &order).await;
    answer(&app, sent).await
}

/// Why something was not sent, as operators are told.
pub(super) fn not_sent(error: NotSent) -> OperatorError {
    match error {
        NotSent::Unknown(what) => OperatorError::not_found(what)
            .what_next("pull the partner's lists with POST /operator/v1/partners/{id}/sync, or check the spelling"),
        NotSent::Refused(why) => OperatorError::conflict(why),
        NotSent::Failed(error) => OperatorError::internal(error),
    }
}

async fn answer(app: &App, sent: Result<String, NotSent>) -> Result<(StatusCode, Json<CommandView>), OperatorError> {
    let id = sent.map_err(not_sent)?;
    let command = store::get(&app.party.db, &id).await?.ok_or_else(|| unreadable("a command"))?;
    Ok((StatusCode::CREATED, Json(view(app, command).await?)))
}
