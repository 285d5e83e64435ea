//! Chargers at drivers' homes.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson, Party};
use ocpi_types::CiString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::party_of;
use crate::charging::home;
use crate::locations::store;

/// Whose home a Location is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// `Token.contract_id` of those who live there. Nobody does where the list is empty.
    #[schema(example = json!(["US-EMS-C00054321-9"]))]
    contract_ids: Vec<String>,
}

type LocationPath = Path<(String, String, String)>;

/// Whose home a Location is
///
/// Shows the contracts of those who live where the charger is. Operators call it when a bill says that the driver
/// gets something back.
#[utoipa::path(
    get, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/home", tag = "operator: objects",
    operation_id = "read_home",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Location.id", example = "SEA001"),
    ),
    responses((status = 200, description = "The contracts of those who live there", body = Home), OperatorErrors)
)]
pub async fn read(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): LocationPath,
) -> Result<Json<Home>, OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    Ok(Json(Home { contract_ids: home::contracts(&party.db, &owner, &id).await? }))
}

/// Makes a Location somebody's home charger
///
/// CDRs of charges under these contracts say `home_charging_compensation`: the driver has paid for the energy and
/// gets it back. Operators call it when a company pays for charging at home; a home charger is usually private, see
/// `?private=true` of the Location.
#[utoipa::path(
    put, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/home", tag = "operator: objects",
    operation_id = "put_home",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Location.id", example = "SEA001"),
    ),
    request_body = Home,
    responses((status = 200, description = "As it is now", body = Home), OperatorErrors)
)]
pub async fn put(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): LocationPath,
    OperatorJson(home): OperatorJson<Home>,
) -> Result<Json<Home>, OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    if let Some(bad) = home.contract_ids.iter().find(|id| id.is_empty() || id.chars().count() > 36) {
        return Err(OperatorError::invalid(format!("/contract_ids: {bad:?} must have 1 to 36 characters")));
    }
    if store::TABLE.get(&party.db, &owner, &id).await?.is_none() {
        return Err(OperatorError::not_found(format!("{owner} has no Location {id} here"))
            .what_next("list what there is with GET /operator/v1/locations"));
    }
    let contracts: Vec<CiString<36>> = home.contract_ids.iter().map(|id| CiString::from(id.as_str())).collect();
    party
        .db
        .write(move |tx| {
            Box::pin(async move { home::set(tx, &owner, &id, &contracts).await.map_err(OperatorError::from) })
        })
        .await?;
    Ok(Json(home))
}
