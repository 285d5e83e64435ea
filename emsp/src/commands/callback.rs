//! The Sender interface: CPOs report what became of a command. Spec: mod_commands, "Sender Interface".

use axum::extract::State;
use ocpi_http::{OcpiError, OcpiPath, OcpiReply, OcpiResult, OcpiValue, Routing};
use ocpi_party::RegisteredPeer;
use ocpi_types::{CommandResult, CommandType, Object};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::store;
use crate::App;

/// Which command the result is for; this is the `response_url` that we gave out with it.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ResultPath {
    /// The command.
    #[param(example = "START_SESSION")]
    command: String,
    /// What only the CPO that got the command can know.
    #[param(example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")]
    id: String,
}

/// What became of a command. A result that comes late or again is accepted and changes nothing.
pub async fn post(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<ResultPath>,
    OcpiValue(body): OcpiValue,
) -> OcpiResult {
    app.addressed(&peer, &routing)?;
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
    let (result, _tolerated) =
        ocpi_types::parse::<CommandResult>(json).accept().map_err(|report| OcpiError::refused("CommandResult", report))?;
    Ok(result)
}
