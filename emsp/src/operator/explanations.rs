//! What CDRs and Sessions cost, in words.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_http::OcpiError;
use ocpi_party::{Explanation, Operator, OperatorError, OperatorErrors};
use ocpi_types::{Cdr, PartyId, Session, pricing};

use super::failed;
use super::objects::ObjectPath;
use crate::cdrs::known::missing_tariffs;
use crate::{App, cdrs, locations, sessions};

/// Why a CDR costs what it costs
///
/// Prices its charging periods by the tariffs in it, or else by those that the CPO has published, and names every total that
/// differs from that. Help desks call it when a driver does not believe a bill.
#[utoipa::path(
    get,
    path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}/explanation",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The bill in words and numbers", body = Explanation), OperatorErrors)
)]
pub async fn of_cdr(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<Explanation>, OperatorError> {
    let owner = path.owner();
    let cdr = cdrs::store::find(&app.party.db, &owner, &path.id).await.map_err(failed)?;
    let cdr: Cdr = cdr.ok_or_else(|| path.unknown("CDR"))?;
    let mut tariffs = cdr.tariffs.clone();
    tariffs.extend(missing_tariffs(&app, &owner, &cdr.charging_periods, &tariffs).await.map_err(failed)?);
    let zone = zone_of(&app, &owner, cdr.cdr_location.id.as_str()).await.map_err(failed)?;
    Ok(Json(Explanation::of_cdr(&cdr, &tariffs, zone)))
}

/// Why a session costs what it costs, or what it has cost so far
///
/// Prices it by the tariffs that the CPO has published; a session that is going on, up to what the CPO has told last. Apps call it
/// to show a driver what the charge costs, and why.
#[utoipa::path(
    get,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/explanation",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The price in words and numbers", body = Explanation), OperatorErrors)
)]
pub async fn of_session(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<Explanation>, OperatorError> {
    let owner = path.owner();
    let session = sessions::store::find(&app.party.db, &owner, &path.id).await.map_err(failed)?;
    let session: Session = session.ok_or_else(|| path.unknown("session"))?;
    let tariffs = missing_tariffs(&app, &owner, &session.charging_periods, &[]).await.map_err(failed)?;
    let zone = zone_of(&app, &owner, session.location_id.as_str()).await.map_err(failed)?;
    Ok(Json(Explanation::of_session(&session, &tariffs, zone, session.last_updated)))
}

/// The time zone of a Location; UTC where it is not known.
async fn zone_of(app: &App, owner: &PartyId, location_id: &str) -> Result<pricing::Tz, OcpiError> {
    let location = locations::store::find(&app.party.db, owner, location_id).await?;
    Ok(location.and_then(|location| pricing::time_zone(location.time_zone.as_str())).unwrap_or(pricing::Tz::UTC))
}
