//! What CDRs cost, in words.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Explanation, Operator, OperatorError, OperatorErrors, Party};
use ocpi_types::{Cdr, pricing};

use super::party_of;
use crate::{cdrs, locations};

/// Why a CDR costs what it costs
///
/// Prices its charging periods by the tariffs in it, and names every total that differs from that. Accountants call it when an
/// EMSP does not believe a bill.
#[utoipa::path(
    get, path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}/explanation", tag = "operator: objects",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "CDR.id", example = "CDR-9001"),
    ),
    responses((status = 200, description = "The bill in words and numbers", body = Explanation), OperatorErrors)
)]
pub async fn of_cdr(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): Path<(String, String, String)>,
) -> Result<Json<Explanation>, OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    let stored = cdrs::store::TABLE.get(&party.db, &owner, &id).await?;
    let stored = stored.ok_or_else(|| {
        OperatorError::not_found(format!("{owner} has no CDR {id} here"))
            .what_next("list what there is with GET /operator/v1/cdrs")
    })?;
    let cdr: Cdr = serde_json::from_str(&stored.json).map_err(OperatorError::internal)?;
    let location = locations::store::find(&party.db, Some(&owner), cdr.cdr_location.id.as_str()).await?;
    let zone = location.map(|found| found.location()).transpose()?;
    let zone = zone.and_then(|location| pricing::time_zone(location.time_zone.as_str()));
    Ok(Json(Explanation::of_cdr(&cdr, &cdr.tariffs, zone.unwrap_or(pricing::Tz::UTC))))
}
