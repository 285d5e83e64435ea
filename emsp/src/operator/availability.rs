//! When one can charge at a location: its opening hours, and what is planned for its EVSEs.
//!
//! For people who plan. Nothing is decided by it: the CPO knows better than our copy.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors};
use ocpi_types::{DateTime, Evse, Location, Status, format_date_time, parse_date_time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::OperatorQuery;
use super::objects::{ObjectPath, read};
use crate::{App, locations};

/// Which moment.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Moment {
    /// The moment, in UTC; now when it is left out.
    #[param(example = "2026-12-24T18:00:00Z")]
    at: Option<String>,
}

/// When one can charge at a location.
#[derive(Debug, Serialize, ToSchema)]
pub struct Availability {
    /// The moment that is spoken of.
    #[schema(example = "2026-12-24T18:00:00Z")]
    pub at: String,
    /// Whether it is open then; nothing where the CPO does not say.
    pub open: Option<bool>,
    /// When that changes next, within a week.
    #[schema(example = "2026-12-24T22:00:00Z")]
    pub changes_at: Option<String>,
    /// Whether one can charge then, as far as the hours are concerned: some places let charge when they are closed.
    pub lets_charge: bool,
    /// Whether it has no EVSE any more; drivers do not see it then.
    pub expired: bool,
    /// Its EVSEs, without those that were removed.
    pub evses: Vec<EvseThen>,
}

/// An EVSE at that moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvseThen {
    /// `EVSE.evse_id`, where it has one.
    #[schema(example = "US*CPO*E695301")]
    pub evse_id: Option<String>,
    /// `EVSE.uid`.
    #[schema(example = "SEA001-1")]
    pub uid: String,
    /// The status now.
    pub status: Status,
    /// The status that is planned for that moment.
    pub planned: Option<Status>,
}

/// When one can charge at a location
///
/// Tells by the location's own time zone whether it is open at a moment, until when, and what is planned for its
/// EVSEs. Apps call it when a driver plans a stop.
#[utoipa::path(
    get,
    path = "/operator/v1/locations/{country_code}/{party_id}/{id}/availability",
    tag = "operator: received",
    operation_id = "get_availability",
    security(("operator_key" = [])),
    params(ObjectPath, Moment),
    responses((status = 200, description = "Hours and plans", body = Availability), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
    OperatorQuery(moment): OperatorQuery<Moment>,
) -> Result<Json<Availability>, OperatorError> {
    let at = match &moment.at {
        None => app.party.clock.now(),
        Some(text) => {
            let read = parse_date_time(text);
            read.ok_or_else(|| OperatorError::invalid(format!("at={text} is no time such as 2026-12-24T18:00:00Z")))?.0
        }
    };
    let stored = locations::store::TABLE.get(&app.party.db, &path.owner(), &path.id).await?;
    let location: Location = read(&stored.ok_or_else(|| path.unknown("location"))?.json)?;
    Ok(Json(availability(&location, at)))
}

fn availability(location: &Location, at: DateTime) -> Availability {
    let evses = location.evses.iter().filter(|evse| evse.status != Status::Removed);
    Availability {
        at: format_date_time(&at),
        open: location.is_open_at(at),
        changes_at: location.next_opening_change(at).as_ref().map(format_date_time),
        lets_charge: location.lets_charge_at(at),
        expired: location.is_expired(),
        evses: evses.map(|evse| then(evse, at)).collect(),
    }
}

fn then(evse: &Evse, at: DateTime) -> EvseThen {
    let runs = |begin: DateTime, end: Option<DateTime>| begin <= at && end.is_none_or(|end| at < end);
    let planned = evse.status_schedule.iter().filter(|entry| runs(entry.period_begin, entry.period_end));
    EvseThen {
        evse_id: evse.evse_id.as_ref().map(|id| id.as_str().to_owned()),
        uid: evse.uid.as_str().to_owned(),
        status: evse.status.clone(),
        planned: planned.max_by_key(|entry| entry.period_begin).map(|entry| entry.status.clone()),
    }
}
