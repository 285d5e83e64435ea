//! The reservations that we have made, and what became of them.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors};
use ocpi_types::{Cdr, Session, format_date_time};
use serde::Serialize;
use utoipa::ToSchema;

use super::objects::read;
use super::{Listing, OperatorQuery, Part, failed};
use crate::commands::reservation::{CanceledBy, Reservation, ReservationState};
use crate::commands::store;
use crate::{App, cdrs};

/// A reservation as operators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationView {
    /// Its name, ours: for POST /operator/v1/commands/CANCEL_RESERVATION, and to change it with RESERVE_NOW.
    #[schema(example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")]
    pub reservation_id: String,
    /// How it stands.
    pub state: ReservationState,
    /// Who gave it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled_by: Option<CanceledBy>,
    /// The CPO.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Location.id` of that CPO.
    #[schema(example = "BOS001")]
    pub location_id: String,
    /// `EVSE.uid`; left out where each EVSE of the location will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "BOS001-2")]
    pub evse_uid: Option<String>,
    /// The driver's token, `UID|TYPE`.
    #[schema(example = "demo-app-0001|APP_USER")]
    pub token: String,
    /// When it ends.
    #[schema(example = "2026-05-12T15:31:00Z")]
    pub expires_at: String,
    /// The commands about it, in order; GET /operator/v1/commands/{id} shows their results.
    pub commands: Vec<String>,
    /// Its session, if we have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What it cost, with the charge if there was one; what our check says is at GET /operator/v1/cdrs.
    pub cdrs: Vec<Cdr>,
}

async fn view(app: &App, reservation_id: &str) -> Result<Option<ReservationView>, OperatorError> {
    let db = &app.party.db;
    let commands = store::of_reservation(db, reservation_id).await?;
    let Some(known) = Reservation::load(app, &commands).await.map_err(failed)? else { return Ok(None) };
    let owner = known.party.parse().map_err(|_| super::unreadable("a command's receiver"))?;
    let bills = cdrs::store::of_reservation(db, &owner, known.session_id.as_deref(), &known.references).await?;
    Ok(Some(ReservationView {
        reservation_id: known.reservation_id,
        state: known.state,
        canceled_by: known.canceled_by,
        party: known.party,
        location_id: known.location_id,
        evse_uid: known.evse_uid,
        token: known.token_id,
        expires_at: format_date_time(&known.expires_at),
        commands: known.commands,
        session: known.session,
        cdrs: bills.iter().map(|json| read(json)).collect::<Result<_, _>>()?,
    }))
}

/// Reservations, the latest first
///
/// Lists what our drivers have reserved, and how each reservation stands. Help desks call it to find the one that a driver asks
/// about.
#[utoipa::path(
    get,
    path = "/operator/v1/reservations",
    tag = "operator: reservations",
    security(("operator_key" = [])),
    params(Part),
    responses((status = 200, description = "Reservations", body = Listing<ReservationView>), OperatorErrors)
)]
pub async fn list(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
) -> Result<Json<Listing<ReservationView>>, OperatorError> {
    let (ids, total) = store::reservations(&app.party.db, part.offset, part.limit()).await?;
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        items.extend(view(&app, &id).await?);
    }
    Ok(Json(part.of(items, total)))
}

/// One reservation, with its session and what it cost
///
/// Shows the commands about it, its session, and its bill when there is one. An app calls it after RESERVE_NOW, to show its
/// driver until when the place is kept.
#[utoipa::path(
    get,
    path = "/operator/v1/reservations/{reservation_id}",
    tag = "operator: reservations",
    security(("operator_key" = [])),
    params(("reservation_id" = String, Path, description = "Our name for the reservation",
        example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")),
    responses((status = 200, description = "The reservation", body = ReservationView), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(reservation_id): Path<String>,
) -> Result<Json<ReservationView>, OperatorError> {
    let found = view(&app, &reservation_id).await?;
    let unknown = || {
        OperatorError::not_found(format!("no reservation {reservation_id:?}"))
            .what_next("list them with GET /operator/v1/reservations")
    };
    found.map(Json).ok_or_else(unknown)
}
