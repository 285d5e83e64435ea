//! Reading the commands that partners have sent.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors, Party};
use serde::Serialize;
use utoipa::ToSchema;

use super::query::Part;
use crate::commands::store::{self, Record};

/// A part of the list of commands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commands {
    /// The commands, the latest first.
    items: Vec<Record>,
}

/// The commands that partners have sent, the latest first
///
/// Lists what EMSPs have asked stations to do, and what became of it. Operators call it when a partner says that a
/// command had no effect.
#[utoipa::path(
    get, path = "/operator/v1/commands", tag = "operator: commands", params(Part), security(("operator_key" = [])),
    responses((status = 200, description = "A part of the list", body = Commands), OperatorErrors)
)]
pub async fn list(State(party): State<Party>, _: Operator, part: Part) -> Result<Json<Commands>, OperatorError> {
    Ok(Json(Commands { items: store::list(&party.db, part.offset, part.limit).await? }))
}

/// One command and what became of it
///
/// Shows the request, our answer, the result and whether the EMSP has received it. Operators call it to find out
/// where a command was lost.
#[utoipa::path(
    get, path = "/operator/v1/commands/{id}", tag = "operator: commands", security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the command",
        example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")),
    responses((status = 200, description = "The command", body = Record), OperatorErrors)
)]
pub async fn read(
    State(party): State<Party>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<Record>, OperatorError> {
    let record = store::find(&party.db, &id).await?;
    let unknown =
        || OperatorError::not_found("there is no such command").what_next("list them with GET /operator/v1/commands");
    record.map(Json).ok_or_else(unknown)
}
