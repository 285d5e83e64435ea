//! Publishing Tariffs.

use axum::extract::{Path, State};
use http::StatusCode;
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson, Party, Upserted};
use ocpi_types::{Object, Tariff, parse};
use serde_json::{Map, Value};

use super::locations::completed;
use super::{Json, invalid, party_of};
use crate::locations::store::later;
use crate::tariffs::store;

/// Publishes a Tariff, or replaces one
///
/// `country_code`, `party_id`, `id` and `last_updated` may be left out of the body, and sessions that are going on
/// keep the Tariff of their start. Operators call it before a price is used at any connector, and EMSPs are told at
/// once.
#[utoipa::path(
    put, path = "/operator/v1/tariffs/{country_code}/{party_id}/{id}", tag = "operator: objects",
    operation_id = "put_tariff",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Tariff.id", example = "CPO-ENERGY"),
    ),
    request_body = Tariff,
    responses(
        (status = 200, description = "Replaced", body = Tariff),
        (status = 201, description = "New", body = Tariff),
        OperatorErrors
    )
)]
pub async fn put(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): Path<(String, String, String)>,
    OperatorJson(body): OperatorJson<Map<String, Value>>,
) -> Result<(StatusCode, Json), OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    if !party.hosts(&owner).await {
        return Err(OperatorError::not_found(format!("{owner} is not a party of this platform"))
            .what_next("add it with POST /operator/v1/parties"));
    }
    let now = party.clock.now();
    let parsed = parse::<Tariff>(completed(body, (&country_code, &party_id, &id), now)?);
    let Some(mut tariff) = parsed.value.filter(|_| parsed.report.is_clean()) else {
        return Err(invalid("Tariff", &parsed.report));
    };
    let (upserted, json) = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let before = store::last_change(tx, &owner, tariff.id.as_str()).await?;
                tariff.last_updated = before.map_or(now, |before| later(now, before));
                Ok::<_, OperatorError>((store::put(tx, &tariff).await?, tariff.to_json()))
            })
        })
        .await?;
    party.nudge();
    let status = if upserted == Upserted::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json)))
}

/// Deletes a Tariff that no Connector refers to any more
///
/// Removes the price list and tells EMSPs; as long as a connector refers to it, it is 409. Operators call it when a
/// price has ended.
#[utoipa::path(
    delete, path = "/operator/v1/tariffs/{country_code}/{party_id}/{id}", tag = "operator: objects",
    operation_id = "delete_tariff",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Tariff.id", example = "CPO-ENERGY"),
    ),
    responses((status = 204, description = "Deleted"), OperatorErrors)
)]
pub async fn delete(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): Path<(String, String, String)>,
) -> Result<StatusCode, OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    let users = store::users_of(&party.db, &owner, &id).await?;
    if !users.is_empty() {
        let shown = users.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(OperatorError::conflict(format!(
            "Connectors of {} Locations use this Tariff: {shown}",
            users.len()
        ))
        .what_next("give those Connectors another Tariff first"));
    }
    let deleted = party
        .db
        .write(move |tx| Box::pin(async move { store::delete(tx, &owner, &id).await.map_err(OperatorError::from) }))
        .await?;
    if !deleted {
        return Err(OperatorError::not_found("there is no such Tariff"));
    }
    party.nudge();
    Ok(StatusCode::NO_CONTENT)
}
