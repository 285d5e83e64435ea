//! The exchanges as JSON.

use axum::Json;
use axum::extract::{Path, State};

use super::view::{ExchangeLine, ExchangeView, Exchanges};
use crate::operator::{OperatorError, OperatorErrors};
use crate::{Operator, Party};

/// The recent OCPI exchanges with partners, oldest first
///
/// Shows who called whom, and how that went, as far as this server remembers. Operators and their tools call it to see what
/// happened a moment ago; the page `/inspect` shows the same, live.
#[utoipa::path(
    get,
    path = "/operator/v1/exchanges",
    tag = "operator: exchanges",
    security(("operator_key" = [])),
    responses((status = 200, description = "The exchanges that are kept", body = Exchanges), OperatorErrors)
)]
pub(super) async fn list(State(party): State<Party>, _: Operator) -> Result<Json<Exchanges>, OperatorError> {
    check_kept(&party)?;
    let exchanges = party.exchanges.recent().iter().map(|exchange| ExchangeLine::new(&party, exchange)).collect();
    Ok(Json(Exchanges { exchanges }))
}

/// One exchange with its headers, its bodies and what the validator says about them
///
/// Secrets are replaced by `***`; JSON Pointers say where in a body something is wrong. Operators call it to see why a
/// partner refused an object, or why this server did.
#[utoipa::path(
    get,
    path = "/operator/v1/exchanges/{id}",
    tag = "operator: exchanges",
    security(("operator_key" = [])),
    params(("id" = u64, Path, description = "The number of the exchange, from the list", example = 1)),
    responses((status = 200, description = "The exchange", body = ExchangeView), OperatorErrors)
)]
pub(super) async fn read(
    State(party): State<Party>,
    _: Operator,
    Path(id): Path<u64>,
) -> Result<Json<ExchangeView>, OperatorError> {
    check_kept(&party)?;
    let exchange = party.exchanges.find(id).ok_or_else(|| {
        OperatorError::not_found(format!("exchange {id} is not kept (any more)"))
            .what_next("list those that are with GET /operator/v1/exchanges, or keep more with --inspect-exchanges")
    })?;
    Ok(Json(ExchangeView::new(&party, &exchange)))
}

/// Says what to do where nothing is kept.
pub(super) fn check_kept(party: &Party) -> Result<(), OperatorError> {
    if party.exchanges.limits().exchanges > 0 {
        return Ok(());
    }
    Err(OperatorError::not_found("this server keeps no exchanges: inspection is switched off")
        .what_next("start it with --inspect-exchanges 500 (INSPECT_EXCHANGES)"))
}
