//! The reservations of the partners' customers, and cancelling them.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors};
use ocpi_types::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::query::Part;
use crate::App;
use crate::reservations::{CanceledBy, Reservation, State as Progress, store, sweep};
use crate::station::{Answer, Command, Stations};

/// A part of the list of reservations.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reservations {
    /// The reservations, the latest first.
    items: Vec<ReservationView>,
    /// How many there are altogether.
    #[schema(example = 1)]
    total: i64,
}

/// A reservation as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationView {
    /// Our name for it; its Session has the same.
    #[schema(example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")]
    pub id: String,
    /// How far it is.
    pub state: Progress,
    /// Our party, as `NL/TNM`.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Location.id`.
    #[schema(example = "SEA001")]
    pub location_id: String,
    /// The EVSE that is kept.
    #[schema(required = false, example = "SEA001-3")]
    pub evse_uid: Option<String>,
    /// Each EVSE of the Location will do for the driver.
    pub any_evse: bool,
    /// The EMSP.
    #[schema(example = "US/EMS")]
    pub emsp: String,
    /// The EMSP's name for it.
    #[schema(example = "R-2041")]
    pub reservation_id: String,
    /// `Token.uid` of the driver.
    #[schema(required = false, example = "04E3C6A2B91F80")]
    pub token_uid: Option<String>,
    /// Since when the EVSE is kept.
    #[schema(required = false)]
    pub reserved_at: Option<DateTime>,
    /// When it ends by itself.
    #[schema(required = false)]
    pub expires_at: Option<DateTime>,
    /// When it was used, or ended.
    #[schema(required = false)]
    pub ended_at: Option<DateTime>,
    /// Who gave it up.
    #[schema(required = false)]
    pub canceled_by: Option<CanceledBy>,
    /// Why the EMSP could not be told that we have cancelled it.
    #[schema(required = false, example = json!(null))]
    pub notice_error: Option<String>,
}

impl ReservationView {
    fn of(reservation: Reservation) -> Self {
        let terms = reservation.terms.or(reservation.asked);
        Self {
            id: reservation.id,
            state: reservation.state,
            party: reservation.key.owner.to_string(),
            location_id: reservation.key.location_id.as_str().to_owned(),
            evse_uid: terms.as_ref().map(|terms| terms.evse_uid.as_str().to_owned()),
            any_evse: terms.as_ref().is_some_and(|terms| terms.any_evse),
            emsp: reservation.key.sender.to_string(),
            reservation_id: reservation.key.reservation_id.as_str().to_owned(),
            token_uid: terms.as_ref().map(|terms| terms.authorization.cdr_token.uid.as_str().to_owned()),
            reserved_at: reservation.agreed.map(|agreed| agreed.start),
            expires_at: terms.map(|terms| terms.until),
            ended_at: reservation.ended_at,
            canceled_by: reservation.canceled_by.filter(|_| reservation.state == Progress::Canceled),
            notice_error: reservation.notice_error,
        }
    }
}

/// The reservations, the latest first
///
/// Lists which EVSEs are kept for whom, and which were; `?party=` and `?location_id=` choose. Operators call it to see why an
/// EVSE is RESERVED.
#[utoipa::path(
    get, path = "/operator/v1/reservations", tag = "operator: reservations", params(Part), security(("operator_key" = [])),
    responses((status = 200, description = "A part of the list", body = Reservations), OperatorErrors)
)]
pub async fn list(State(app): State<App>, _: Operator, part: Part) -> Result<Json<Reservations>, OperatorError> {
    let place = part.location_id.as_deref();
    let (found, total) = store::list(&app.party.db, part.party.as_ref(), place, part.offset, part.limit).await?;
    Ok(Json(Reservations { items: found.into_iter().map(ReservationView::of).collect(), total }))
}

/// One reservation
///
/// Shows what was asked for, what the station has agreed to, and how it ended. Operators call it when a driver complains.
#[utoipa::path(
    get, path = "/operator/v1/reservations/{id}", tag = "operator: reservations", security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our name for the reservation",
        example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")),
    responses((status = 200, description = "The reservation", body = ReservationView), OperatorErrors)
)]
pub async fn read(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<ReservationView>, OperatorError> {
    find(&app, &id).await.map(ReservationView::of).map(Json)
}

/// Cancels a reservation
///
/// Gives the EVSE free; the driver pays nothing, and the EMSP hears of it at the `response_url` of its RESERVE_NOW. Operators call
/// it when a station has to be closed.
#[utoipa::path(
    post, path = "/operator/v1/reservations/{id}/cancel", tag = "operator: reservations", security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our name for the reservation",
        example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")),
    responses((status = 200, description = "The reservation afterwards", body = ReservationView), OperatorErrors)
)]
pub async fn cancel(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<ReservationView>, OperatorError> {
    let known = find(&app, &id).await?;
    let Some(terms) = known.active() else {
        return Err(OperatorError::conflict("this reservation has ended already, or has not begun"));
    };
    let evse = known.evse(&terms.evse_uid);
    let name = id.clone();
    app.party.db.write(move |tx| Box::pin(async move { store::cancel(tx, &name, CanceledBy::Cpo).await })).await?;
    if app.simulator.send(&evse, Command::CancelReservation { reservation_id: id.clone() }).await? != Answer::Accepted {
        return Err(OperatorError::conflict("the station does not give the EVSE free")
            .what_next("look at it with GET /operator/v1/stations/{evse_uid}"));
    }
    sweep::sweep(&app).await?;
    find(&app, &id).await.map(ReservationView::of).map(Json)
}

async fn find(app: &App, id: &str) -> Result<Reservation, OperatorError> {
    let unknown = || {
        OperatorError::not_found("there is no such reservation")
            .what_next("list them with GET /operator/v1/reservations")
    };
    store::find(&app.party.db, id).await?.ok_or_else(unknown)
}
