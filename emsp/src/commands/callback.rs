//! The Sender interface: CPOs report what became of a command. Spec: mod_commands, "Sender Interface".

use axum::extract::State;
use ocpi_http::openapi::{Acknowledgement, MessageIds, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiError, OcpiPath, OcpiReply, OcpiResult, OcpiValue, Routing};
use ocpi_party::{RegisteredPeer, check_to};
use ocpi_types::{CommandResult, CommandType, Object};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::store;
use crate::App;

/// Which command the result is for; this is the `response_url` that we gave out with it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ResultPath {
    /// The command.
    #[param(example = "START_SESSION")]
    command: String,
    /// What only the CPO that got the command can know.
    #[param(example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")]
    id: String,
}

/// Takes what became of a command
///
/// Stores the answer of the station to a command that we have sent to the CPO. The CPO calls this URL, which we gave
/// it as `response_url`, once; a result that comes late or again is accepted and changes nothing.
#[utoipa::path(
    post,
    path = "/ocpi/2.2.1/emsp/commands/{command}/{id}",
    tag = "commands (Sender)",
    params(MessageIds, RoutingHeaders, ResultPath),
    request_body = CommandResult,
    responses((status = 200, description = "Noted", body = Acknowledgement), WriteErrors)
)]
pub async fn post(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<ResultPath>,
    OcpiValue(body): OcpiValue,
) -> OcpiResult {
    check_to(&app.party, &routing).await?;
    let result = read(body)?;
    let command = CommandType::from(path.command.to_ascii_uppercase().as_str());
    let at = app.party.clock.wall();
    let known = store::resulted(&app.party.db, path.id, command, peer.id.clone(), result.to_json(), at).await?;
    if known { Ok(OcpiReply::ok()) } else { Err(OcpiError::unknown_object("no such command")) }
}

/// A bare CommandResult, as the spec has it, or one inside of an envelope, as some send it.
fn read(mut json: Value) -> Result<CommandResult, OcpiError> {
    if json.get("result").is_none()
        && let Some(data) = json.get_mut("data")
    {
        json = data.take();
    }
    let (result, _tolerated) = ocpi_types::parse::<CommandResult>(json)
        .accept()
        .map_err(|report| OcpiError::refused("CommandResult", report))?;
    Ok(result)
}
