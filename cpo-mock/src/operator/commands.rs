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
#[utoipa::path(
    get, path = "/operator/v1/commands", tag = "operator: objects", params(Part), security(("operator_key" = [])),
    responses((status = 200, description = "A part of the list", body = Commands), OperatorErrors)
)]
pub async fn list(State(party): State<Party>, _: Operator, part: Part) -> Result<Json<Commands>, OperatorError> {
    Ok(Json(Commands { items: store::list(&party.db, part.offset, part.limit).await? }))
}

/// One command and what became of it
#[utoipa::path(
    get, path = "/operator/v1/commands/{id}", tag = "operator: objects", security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the command")),
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
