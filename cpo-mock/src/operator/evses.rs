//! Publishing single EVSEs and Connectors: partners are told of these alone.

use axum::extract::{Path, State};
use http::StatusCode;
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson};
use ocpi_types::{Connector, DateTime, Evse, Location, Object, PartyId, Patch, format_date_time, parse};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::locations::{refused, stamp, unused_uids};
use super::{Json, invalid, party_of};
use crate::App;
use crate::locations::{revise, store};

/// Which EVSE.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EvsePath {
    /// The owner's country.
    #[param(example = "US")]
    country_code: String,
    /// The owner's id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Location.id`.
    #[param(example = "SEA001")]
    id: String,
    /// `EVSE.uid`.
    #[param(example = "SEA001-1")]
    evse_uid: String,
}

/// Which Connector.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ConnectorPath {
    /// The owner's country.
    #[param(example = "US")]
    country_code: String,
    /// The owner's id.
    #[param(example = "CPO")]
    party_id: String,
    /// `Location.id`.
    #[param(example = "SEA001")]
    id: String,
    /// `EVSE.uid`.
    #[param(example = "SEA001-1")]
    evse_uid: String,
    /// `Connector.id`.
    #[param(example = "1")]
    connector_id: String,
}

/// Adds an EVSE to a Location, or replaces one
///
/// `uid` and every `last_updated` may be left out; the uid of an EVSE that was removed, or that another Location has,
/// is refused: uids are used once. Operators call it when a charge point is built or changed; partners get the EVSE,
/// or only its new status where nothing else changed.
#[utoipa::path(
    put, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/evses/{evse_uid}", tag = "operator: objects",
    operation_id = "put_evse",
    security(("operator_key" = [])), params(EvsePath), request_body = Evse,
    responses(
        (status = 200, description = "Replaced", body = Evse),
        (status = 201, description = "New", body = Evse),
        OperatorErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    _: Operator,
    Path(path): Path<EvsePath>,
    OperatorJson(mut body): OperatorJson<Map<String, Value>>,
) -> Result<(StatusCode, Json), OperatorError> {
    name(&mut body, "uid", &path.evse_uid)?;
    stamp(&mut body, app.party.clock.now());
    let evse = strictly::<Evse>(Value::Object(body))?;
    let change = move |location: &mut Location, now| revise::put_evse(location, evse, now).map_err(refused);
    let (created, location) = changed(&app, path.owner()?, path.id, Wrote::Evse(path.evse_uid.clone()), change).await?;
    Ok((status(created), Json(evse_of(&location, &path.evse_uid)?.to_json())))
}

/// Changes some fields of an EVSE
///
/// The body holds the fields that change; `null` takes an optional field away. Operators call it to take an EVSE out
/// of use and back, `{"status": "INOPERATIVE"}` and `{"status": "AVAILABLE"}`; a charge at an EVSE that goes out of
/// use ends.
#[utoipa::path(
    patch, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/evses/{evse_uid}", tag = "operator: objects",
    operation_id = "patch_evse",
    security(("operator_key" = [])), params(EvsePath),
    request_body(content = Value, description = "The fields that change", example = json!({ "status": "INOPERATIVE" })),
    responses((status = 200, description = "Changed", body = Evse), OperatorErrors)
)]
pub async fn patch(
    State(app): State<App>,
    _: Operator,
    Path(path): Path<EvsePath>,
    OperatorJson(mut body): OperatorJson<Map<String, Value>>,
) -> Result<Json, OperatorError> {
    body.insert("last_updated".to_owned(), format_date_time(&app.party.clock.now()).into());
    let fields = Patch::<Evse>::read(Value::Object(body)).map_err(|report| invalid("change of an EVSE", &report))?;
    let uid = path.evse_uid.clone();
    let change = move |location: &mut Location, now| {
        // That a null takes something away is tolerated there; what comes out of it is judged strictly.
        let (evse, _) =
            fields.apply(evse_of(location, &uid)?).map_err(|report| invalid("change of an EVSE", &report))?;
        let evse = strictly::<Evse>(serde_json::to_value(evse).map_err(OperatorError::internal)?)?;
        revise::put_evse(location, evse, now).map_err(refused)
    };
    let (_, location) = changed(&app, path.owner()?, path.id, Wrote::Evse(path.evse_uid.clone()), change).await?;
    Ok(Json(evse_of(&location, &path.evse_uid)?.to_json()))
}

/// Removes an EVSE
///
/// It stays in its Location with the status REMOVED, because Sessions and CDRs refer to it, and a charge there ends.
/// Operators call it when a charge point is dismantled.
#[utoipa::path(
    delete, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/evses/{evse_uid}", tag = "operator: objects",
    operation_id = "delete_evse",
    security(("operator_key" = [])), params(EvsePath),
    responses((status = 200, description = "Removed", body = Evse), OperatorErrors)
)]
pub async fn delete(State(app): State<App>, _: Operator, Path(path): Path<EvsePath>) -> Result<Json, OperatorError> {
    let uid = path.evse_uid.clone();
    let change = move |location: &mut Location, now: DateTime| {
        revise::remove_evse(location, &uid, now).map(|()| false).map_err(refused)
    };
    let (_, location) = changed(&app, path.owner()?, path.id, Wrote::Evse(path.evse_uid.clone()), change).await?;
    Ok(Json(evse_of(&location, &path.evse_uid)?.to_json()))
}

/// Adds a Connector to an EVSE, or replaces one
///
/// `id` and `last_updated` may be left out, and partners get the Connector alone. Operators call it when a cable or
/// its tariff is changed.
#[utoipa::path(
    put, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/evses/{evse_uid}/connectors/{connector_id}",
    tag = "operator: objects", security(("operator_key" = [])), params(ConnectorPath), request_body = Connector,
    responses(
        (status = 200, description = "Replaced", body = Connector),
        (status = 201, description = "New", body = Connector),
        OperatorErrors
    )
)]
pub async fn put_connector(
    State(app): State<App>,
    _: Operator,
    Path(path): Path<ConnectorPath>,
    OperatorJson(mut body): OperatorJson<Map<String, Value>>,
) -> Result<(StatusCode, Json), OperatorError> {
    name(&mut body, "id", &path.connector_id)?;
    stamp(&mut body, app.party.clock.now());
    let connector = strictly::<Connector>(Value::Object(body))?;
    let uid = path.evse_uid.clone();
    let change =
        move |location: &mut Location, now| revise::put_connector(location, &uid, connector, now).map_err(refused);
    let wrote = Wrote::Connector(path.evse_uid.clone(), path.connector_id.clone());
    let (created, location) = changed(&app, path.owner()?, path.id.clone(), wrote, change).await?;
    let evse = evse_of(&location, &path.evse_uid)?;
    let connector = evse.connectors.iter().find(|connector| connector.id == *path.connector_id);
    let connector = connector.ok_or_else(|| OperatorError::not_found("the EVSE has no such Connector"))?;
    Ok((status(created), Json(connector.to_json())))
}

/// Takes a Connector away from its EVSE
///
/// Connectors have no status of their own: partners get the EVSE without it, and the last one cannot be taken away.
/// Operators call it when a cable is dismantled.
#[utoipa::path(
    delete, path = "/operator/v1/locations/{country_code}/{party_id}/{id}/evses/{evse_uid}/connectors/{connector_id}",
    tag = "operator: objects", security(("operator_key" = [])), params(ConnectorPath),
    responses((status = 200, description = "The EVSE without it", body = Evse), OperatorErrors)
)]
pub async fn delete_connector(
    State(app): State<App>,
    _: Operator,
    Path(path): Path<ConnectorPath>,
) -> Result<Json, OperatorError> {
    let (uid, id) = (path.evse_uid.clone(), path.connector_id.clone());
    let change = move |location: &mut Location, now: DateTime| {
        revise::remove_connector(location, &uid, &id, now).map(|()| false).map_err(refused)
    };
    let (_, location) =
        changed(&app, path.owner()?, path.id.clone(), Wrote::Evse(path.evse_uid.clone()), change).await?;
    Ok(Json(evse_of(&location, &path.evse_uid)?.to_json()))
}

impl EvsePath {
    fn owner(&self) -> Result<PartyId, OperatorError> {
        party_of(&self.country_code, &self.party_id)
    }
}

impl ConnectorPath {
    fn owner(&self) -> Result<PartyId, OperatorError> {
        party_of(&self.country_code, &self.party_id)
    }
}

/// What the operator has written.
enum Wrote {
    Evse(String),
    Connector(String, String),
}

/// Changes a Location and tells the partners of the part that is different afterwards. The answer says whether something
/// was created, and has the Location as it is stored now.
async fn changed<F>(
    app: &App,
    owner: PartyId,
    id: String,
    wrote: Wrote,
    change: F,
) -> Result<(bool, Location), OperatorError>
where
    F: FnOnce(&mut Location, DateTime) -> Result<bool, OperatorError> + Send + 'static,
{
    let now = app.party.clock.now();
    let done = app
        .party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let stored = store::TABLE.get_in(tx, &owner, &id).await?;
                let stored = stored.ok_or_else(|| unknown(&owner, &id))?;
                let old: Location = serde_json::from_str(&stored.json).map_err(OperatorError::internal)?;
                let mut location = old.clone();
                let created = change(&mut location, now)?;
                unused_uids(tx, &owner, Some(&old), &location).await?;
                if let Some(part) = wrote.part(&old, &location) {
                    store::put_part(tx, &location, stored.audience == store::PRIVATE, part).await?;
                }
                let stored = store::TABLE.get_in(tx, &owner, &id).await?.ok_or_else(|| unknown(&owner, &id))?;
                let location = serde_json::from_str(&stored.json).map_err(OperatorError::internal)?;
                Ok::<_, OperatorError>((created, location))
            })
        })
        .await?;
    app.simulator.look_around();
    app.party.nudge();
    Ok(done)
}

impl Wrote {
    /// What is different, if anything is.
    fn part<'a>(&self, old: &Location, new: &'a Location) -> Option<store::Part<'a>> {
        let (Self::Evse(uid) | Self::Connector(uid, _)) = self;
        let evse = new.evses.iter().find(|evse| evse.uid == **uid)?;
        let before = old.evses.iter().find(|evse| evse.uid == **uid);
        if before == Some(evse) {
            return None;
        }
        if let Self::Connector(_, id) = self {
            let connector = evse.connectors.iter().find(|connector| connector.id == **id)?;
            return Some(store::Part::Connector(&evse.uid, &connector.id));
        }
        let status_only = before.is_some_and(|before| {
            Evse { status: evse.status.clone(), last_updated: evse.last_updated, ..before.clone() } == *evse
        });
        Some(if status_only { store::Part::Status(&evse.uid) } else { store::Part::Evse(&evse.uid) })
    }
}

fn unknown(owner: &PartyId, id: &str) -> OperatorError {
    OperatorError::not_found(format!("{owner} has no Location {id} here"))
        .what_next("list what there is with GET /operator/v1/locations")
}

fn status(created: bool) -> StatusCode {
    if created { StatusCode::CREATED } else { StatusCode::OK }
}

fn evse_of<'a>(location: &'a Location, uid: &str) -> Result<&'a Evse, OperatorError> {
    let found = location.evses.iter().find(|evse| evse.uid == *uid);
    found.ok_or_else(|| OperatorError::not_found("the Location has no such EVSE"))
}

/// The id of the URL is that of the body.
fn name(body: &mut Map<String, Value>, field: &str, id: &str) -> Result<(), OperatorError> {
    match body.get(field) {
        None => {
            body.insert(field.to_owned(), id.into());
            Ok(())
        }
        Some(Value::String(said)) if said.eq_ignore_ascii_case(id) => Ok(()),
        Some(said) => Err(OperatorError::invalid(format!("/{field}: the URL says {id}, the body {said}"))),
    }
}

/// The object, if nothing at all is wrong with it: we are strict about what we send.
fn strictly<T: Object>(body: Value) -> Result<T, OperatorError> {
    let parsed = parse::<T>(body);
    parsed.value.filter(|_| parsed.report.is_clean()).ok_or_else(|| invalid(T::NAME, &parsed.report))
}
