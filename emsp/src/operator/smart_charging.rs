//! How fast our drivers charge: limits on their sessions, and their own preferences.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson};
use ocpi_types::{
    ActiveChargingProfile, ChargingPreferences, ChargingProfile, ChargingProfileResponse, ChargingProfileResponseType,
    Object, Rule,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::commands::not_sent;
use super::objects::ObjectPath;
use super::progress::{Asked, Progress};
use super::unreadable;
use crate::charging_profiles::issue::{self, Order, Sent};
use crate::charging_profiles::store::{self, Kind, Relay, Request};
use crate::commands::issue::NotSent;
use crate::sessions::preferences;
use crate::{App, sessions, time_text};

/// How many requests are shown with a session.
const SHOWN: i64 = 50;

/// A request about the charging profile of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    /// Its id.
    pub id: String,
    /// What was asked: `PUT` sets a profile, `DELETE` clears it, `GET` asks what the station intends to do.
    pub kind: Kind,
    /// How far it is.
    pub state: Progress,
    /// The CPO.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// The session.
    #[schema(example = "101")]
    pub session_id: String,
    /// The body, or the query.
    pub request: String,
    /// When it was sent.
    pub sent_at: String,
    /// Until when a result is awaited.
    pub deadline: String,
    /// The CPO's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ChargingProfileResponse>,
    /// Why it could not be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The station's result: ChargingProfileResult, ClearProfileResult or ActiveChargingProfileResult.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_at: Option<String>,
    /// A result that came too late, or another one after the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub later_result: Option<Value>,
    /// The smart charging partner on whose behalf it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// What is known about the charging profile of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileView {
    /// What the station last said that it intends to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<ActiveChargingProfile>,
    /// When it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_received_at: Option<String>,
    /// The requests, the latest first.
    pub requests: Vec<RequestView>,
}

/// How far ahead the station is asked to tell.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadOrder {
    /// In seconds. The shorter, the cheaper for the CPO.
    #[schema(example = 900, minimum = 1, maximum = 86400)]
    pub seconds: u32,
}

/// The preferences that were last sent for a session, and the CPO's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreferencesView {
    /// The preferences.
    pub preferences: ChargingPreferences,
    /// When they were sent.
    pub sent_at: String,
    /// The CPO's answer: `ACCEPTED`, `DEPARTURE_REQUIRED`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ACCEPTED")]
    pub response: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

fn view(app: &App, request: Request) -> Result<RequestView, OperatorError> {
    let response = request.response.as_deref().map(serde_json::from_str::<ChargingProfileResponse>).transpose();
    let response = response.map_err(|_| unreadable("the answer to a request"))?;
    let json = |text: &Option<String>| {
        text.as_deref().map(serde_json::from_str::<Value>).transpose().map_err(|_| unreadable("a result"))
    };
    let asked = Asked {
        accepted: response.as_ref().map(|response| response.result == ChargingProfileResponseType::Accepted),
        failed: request.failure.is_some(),
        done: request.result.is_some(),
        deadline: request.deadline,
    };
    Ok(RequestView {
        state: asked.progress(app.party.clock.wall()),
        result: json(&request.result)?,
        later_result: json(&request.later_result)?,
        response,
        sent_at: time_text(request.created_at),
        deadline: time_text(request.deadline),
        result_at: request.result_at.map(time_text),
        on_behalf_of: Some(request.relay.party).filter(|party| !party.is_empty()),
        id: request.id,
        kind: request.kind,
        party: request.owner,
        session_id: request.session_id,
        request: request.request,
        failure: request.failure,
    })
}

type Created = Result<(StatusCode, Json<RequestView>), OperatorError>;

async fn answer(app: &App, sent: Result<Sent, NotSent>) -> Created {
    let sent = sent.map_err(not_sent)?;
    let request = store::get(&app.party.db, &sent.id).await?.ok_or_else(|| unreadable("a request"))?;
    Ok((StatusCode::CREATED, Json(view(app, request)?)))
}

/// What we send ourselves is held to every rule.
fn strictly<T: Object>(json: Value) -> Result<T, OperatorError> {
    let parsed = ocpi_types::parse::<T>(json);
    let broken: Vec<String> =
        parsed.report.findings.iter().filter(|f| f.rule != Rule::Suspicious).map(ToString::to_string).collect();
    parsed.value.filter(|_| broken.is_empty()).ok_or_else(|| {
        OperatorError::invalid(broken.join("; ")).what_next("correct what the JSON Pointers name and send it again")
    })
}

/// What is known about the charging profile of a session
///
/// Shows what the station last said that it intends to do, and what we have asked of it. Energy managers call it to see whether
/// their limit is in effect.
#[utoipa::path(
    get,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "What is known", body = ProfileView), OperatorErrors)
)]
pub async fn get_profile(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<ProfileView>, OperatorError> {
    let (db, owner) = (&app.party.db, path.owner());
    let active = store::active(db, &owner, &path.id).await?;
    let requests = store::of_session(db, &owner, &path.id, SHOWN).await?;
    if active.is_none() && requests.is_empty() {
        return Err(OperatorError::not_found(format!("nothing was asked about session {:?} of {owner}", path.id))
            .what_next("set a profile with PUT, or ask the station with POST …/charging-profile/read"));
    }
    let parse = |(json, _): &(String, i64)| serde_json::from_str(json).map_err(|_| unreadable("a plan"));
    Ok(Json(ProfileView {
        active: active.as_ref().map(parse).transpose()?,
        active_received_at: active.map(|(_, at)| time_text(at)),
        requests: requests.into_iter().map(|request| view(&app, request)).collect::<Result<_, _>>()?,
    }))
}

/// Limits how fast a session charges
///
/// Sends the CPO a profile, in A on each phase or in W altogether; the answer tells what the CPO said, and the request what the
/// station did. Energy managers call it when power is short or dear.
#[utoipa::path(
    put,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(ObjectPath),
    request_body = ChargingProfile,
    responses((status = 201, description = "Sent", body = RequestView), OperatorErrors)
)]
pub async fn set_profile(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
    OperatorJson(body): OperatorJson<Value>,
) -> Created {
    let profile = strictly::<ChargingProfile>(body)?;
    let sent = issue::send(&app, &path.owner(), &path.id, &Order::Set(profile), Relay::default()).await;
    answer(&app, sent).await
}

/// Lifts our limit of a session
///
/// Asks the CPO to forget the profile that we have set; limits of the CPO and of the site stay. Energy managers call it when the
/// shortage is over.
#[utoipa::path(
    delete,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 201, description = "Sent", body = RequestView), OperatorErrors)
)]
pub async fn clear_profile(_: Operator, State(app): State<App>, Path(path): Path<ObjectPath>) -> Created {
    let sent = issue::send(&app, &path.owner(), &path.id, &Order::Clear, Relay::default()).await;
    answer(&app, sent).await
}

/// Asks what the station intends to do
///
/// Has the CPO ask the station for its plan, which comes later and is then shown with the profile. Energy managers call it before
/// they decide on a limit.
#[utoipa::path(
    post,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile/read",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(ObjectPath),
    request_body = ReadOrder,
    responses((status = 201, description = "Sent", body = RequestView), OperatorErrors)
)]
pub async fn read_plan(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
    OperatorJson(order): OperatorJson<ReadOrder>,
) -> Created {
    if !(1..=86_400).contains(&order.seconds) {
        return Err(OperatorError::invalid("seconds must be between 1 and 86400"));
    }
    let order = Order::Read(i64::from(order.seconds));
    let sent = issue::send(&app, &path.owner(), &path.id, &order, Relay::default()).await;
    answer(&app, sent).await
}

/// One request about a charging profile and its result
///
/// Shows what was asked, what the CPO answered and what the station did. Energy managers call it after a request, until the state
/// is DONE.
#[utoipa::path(
    get,
    path = "/operator/v1/charging-profile-requests/{id}",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "The id of the request",
        example = "7a1f0c1e-4f57-4d0b-9b26-0a4f3c1d9e55")),
    responses((status = 200, description = "The request", body = RequestView), OperatorErrors)
)]
pub async fn get_request(
    _: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<RequestView>, OperatorError> {
    let request = store::get(&app.party.db, &id).await?;
    let request = request.ok_or_else(|| {
        OperatorError::not_found(format!("no request {id:?}")).what_next(
            "GET /operator/v1/sessions/{country_code}/{party_id}/{id}/charging-profile lists those of a session",
        )
    })?;
    view(&app, request).map(Json)
}

/// The preferences that were last sent for a session
///
/// Shows how the driver wants to be charged, and what the CPO answered to that. An app calls it to show its driver what was
/// agreed.
#[utoipa::path(
    get,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/charging-preferences",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "As they were sent", body = PreferencesView), OperatorErrors)
)]
pub async fn get_preferences(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<PreferencesView>, OperatorError> {
    let sent = sessions::store::preferences(&app.party.db, &path.owner(), &path.id).await?;
    let sent = sent.ok_or_else(|| {
        OperatorError::not_found(format!("no preferences were sent for session {:?} of {}", path.id, path.owner()))
            .what_next("send them with PUT")
    })?;
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(Json(PreferencesView {
        preferences: serde_json::from_str(&sent.json).map_err(|_| unreadable("preferences"))?,
        sent_at: time_text(sent.sent_at),
        response: text(sent.response),
        failure: text(sent.failure),
    }))
}

/// Says how the driver wants to be charged
///
/// Sends the preferences to the CPO and shows its answer; where the CPO has tariffs for profile types, another one may be another
/// price. An app calls it when its driver has said when the car is needed.
#[utoipa::path(
    put,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}/charging-preferences",
    tag = "operator: smart charging",
    security(("operator_key" = [])),
    params(ObjectPath),
    request_body = ChargingPreferences,
    responses((status = 200, description = "Sent", body = PreferencesView), OperatorErrors)
)]
pub async fn prefer(
    operator: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
    OperatorJson(body): OperatorJson<Value>,
) -> Result<Json<PreferencesView>, OperatorError> {
    let wish = strictly::<ChargingPreferences>(body)?;
    preferences::send(&app, &path.owner(), &path.id, &wish).await.map_err(not_sent)?;
    get_preferences(operator, State(app), Path(path)).await
}
