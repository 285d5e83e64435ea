//! Load management, and reading what partners have asked about charging profiles.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson, Party};
use ocpi_types::{Decimal, SessionStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::party_of;
use super::query::Part;
use crate::App;
use crate::charging_profiles::store::{self, Record};
use crate::sessions;
use crate::station::{
    Answer, Command, EvseKey, Origin, Profile, ProfileChange, SimulatorError, StationView, Stations, Unit,
};

/// A part of the list of requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileRequests {
    /// The requests, the latest first.
    items: Vec<Record>,
}

/// How much a session may take. Exactly one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadLimit {
    /// On each phase, in A.
    #[serde(default)]
    #[schema(example = 10, value_type = Option<f64>)]
    amperes: Option<Decimal>,
    /// Altogether, in W.
    #[serde(default)]
    #[schema(example = json!(null), value_type = Option<f64>)]
    watts: Option<Decimal>,
}

/// What partners have asked about charging profiles, the latest first
///
/// Lists the requests of EMSPs and smart charging partners with our answers and the stations' results. Operators call it to see
/// why a car charges slowly.
#[utoipa::path(
    get, path = "/operator/v1/charging-profiles", tag = "operator: smart charging", params(Part),
    security(("operator_key" = [])),
    responses((status = 200, description = "A part of the list", body = ProfileRequests), OperatorErrors)
)]
pub async fn list(State(party): State<Party>, _: Operator, part: Part) -> Result<Json<ProfileRequests>, OperatorError> {
    Ok(Json(ProfileRequests { items: store::list(&party.db, part.offset, part.limit).await? }))
}

/// One request about a charging profile and what became of it
///
/// Shows the request, our answer, the result and whether the partner has received it. Operators call it to find out where a
/// request was lost.
#[utoipa::path(
    get, path = "/operator/v1/charging-profiles/{id}", tag = "operator: smart charging", security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the request",
        example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")),
    responses((status = 200, description = "The request", body = Record), OperatorErrors)
)]
pub async fn read(
    State(party): State<Party>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Json<Record>, OperatorError> {
    let record = store::find(&party.db, &id).await?;
    let unknown = || {
        OperatorError::not_found("there is no such request")
            .what_next("list them with GET /operator/v1/charging-profiles")
    };
    record.map(Json).ok_or_else(unknown)
}

/// Limits a session for load management
///
/// Lets a car charge no faster than this, beside what its EMSP wants; the lowest limit counts, and EMSPs that have set a profile
/// are told. Operators and their load management call it when the grid connection is at its limit.
#[utoipa::path(
    put, path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/limit", tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Session.id", example = "101"),
    ),
    request_body = LoadLimit,
    responses((status = 200, description = "The station afterwards", body = StationView), OperatorErrors)
)]
pub async fn limit(
    State(app): State<App>,
    _: Operator,
    Path(path): Path<(String, String, String)>,
    OperatorJson(limit): OperatorJson<LoadLimit>,
) -> Result<Json<StationView>, OperatorError> {
    let (unit, limit) = match (limit.amperes, limit.watts) {
        (Some(amperes), None) => (Unit::AmperesPerPhase, amperes),
        (None, Some(watts)) => (Unit::Watts, watts),
        _ => return Err(OperatorError::invalid("give either amperes or watts")),
    };
    if limit < Decimal::ZERO {
        return Err(OperatorError::invalid("a limit is not negative"));
    }
    manage(&app, path, Some(Profile::constant(unit, limit))).await
}

/// Lifts the limit of load management
///
/// Lets the car charge as fast as its EMSP allows again. Operators and their load management call it when there is power enough.
#[utoipa::path(
    delete, path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/limit", tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Session.id", example = "101"),
    ),
    responses((status = 200, description = "The station afterwards", body = StationView), OperatorErrors)
)]
pub async fn lift(
    State(app): State<App>,
    _: Operator,
    Path(path): Path<(String, String, String)>,
) -> Result<Json<StationView>, OperatorError> {
    manage(&app, path, None).await
}

async fn manage(
    app: &App,
    (country_code, party_id, id): (String, String, String),
    profile: Option<Profile>,
) -> Result<Json<StationView>, OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    let found = sessions::store::find(&app.party.db, Some(&owner), &id).await?;
    let session = found.map(|found| found.session).ok_or_else(|| {
        OperatorError::not_found(format!("{owner} has no session {id} here"))
            .what_next("list them with GET /operator/v1/sessions")
    })?;
    if session.status != SessionStatus::Active {
        return Err(OperatorError::conflict(format!("the session is {}: nothing flows in it", session.status)));
    }
    let evse = EvseKey { owner, location_id: session.location_id, evse_uid: session.evse_uid };
    let change = ProfileChange {
        transaction_id: session.id.as_str().to_owned(),
        request: app.ids.next(),
        origin: Origin::Platform,
        profile,
    };
    match app.simulator.send(&evse, Command::Profile(change)).await? {
        Answer::Accepted => app.simulator.view(&evse).await.map(Json).map_err(SimulatorError::into),
        Answer::NoProfile => Err(OperatorError::conflict("load management has not limited this session")),
        Answer::Silent => Err(OperatorError::conflict("the station does not answer")),
        _ => {
            Err(OperatorError::conflict("the station refuses: its charge has just ended, or its temper is not NORMAL"))
        }
    }
}
