//! Publishing Locations.

use axum::extract::{Path, State};
use http::StatusCode;
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson, Stored, Tx, Upserted};
use ocpi_types::{
    CiString, DateTime, Finding, Location, Object, Parsed, PartyId, Rule, Severity, format_date_time, parse, pricing,
};
use serde_json::{Map, Value};

use super::{Json, invalid, party_of};
use crate::App;
use crate::locations::revise::{self, Refused};
use crate::locations::store;

/// Publishes a Location, or replaces one
///
/// `country_code`, `party_id`, `id` and every `last_updated` may be left out of the body: they follow from the URL and from
/// what changes. EVSEs that are left out become REMOVED, because nothing of a Location ever disappears, and the uid of an
/// EVSE is never used again, here or at another Location; a charge at an EVSE that is taken out of use ends. Operators call
/// it when a site opens or changes, and EMSPs are told at once.
#[utoipa::path(
    put, path = "/operator/v1/locations/{country_code}/{party_id}/{id}", tag = "operator: objects",
    operation_id = "put_location",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "Location.id", example = "SEA001"),
        ("private" = Option<bool>, Query, description = "true: no partner gets to see it. false, the default: all of them do; \
            whom they may show it to is said by publish and publish_allowed_to"),
    ),
    request_body = Location,
    responses(
        (status = 200, description = "Replaced", body = Location),
        (status = 201, description = "New", body = Location),
        OperatorErrors
    )
)]
pub async fn put(
    State(app): State<App>,
    _: Operator,
    Path((country_code, party_id, id)): Path<(String, String, String)>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    OperatorJson(body): OperatorJson<Map<String, Value>>,
) -> Result<(StatusCode, Json), OperatorError> {
    let party = &app.party;
    let owner = party_of(&country_code, &party_id)?;
    if !party.hosts(&owner).await {
        return Err(OperatorError::not_found(format!("{owner} is not a party of this platform"))
            .what_next("add it with POST /operator/v1/parties"));
    }
    let is_private = visibility(query.as_deref())?;
    let now = party.clock.now();
    let body = completed(body, (&country_code, &party_id, &id), now)?;
    let location = read(body)?;
    let (upserted, json) = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let mut location = location;
                let stored = store::TABLE.get_in(tx, &owner, location.id.as_str()).await?;
                let old = stored.as_ref().map(|stored| serde_json::from_str::<Location>(&stored.json)).transpose();
                let old = old.map_err(OperatorError::internal)?;
                revise::location(&mut location, old.as_ref(), now).map_err(refused)?;
                unused_uids(tx, &owner, old.as_ref(), &location).await?;
                let audience = if is_private { store::PRIVATE } else { "" };
                let same = |stored: &Stored| stored.audience == audience && old.as_ref() == Some(&location);
                if let Some(stored) = stored.filter(same) {
                    return Ok((Upserted::Replaced, stored.json));
                }
                let upserted = store::put(tx, &location, is_private).await?;
                let stored = store::TABLE.get_in(tx, &owner, location.id.as_str()).await?;
                Ok::<_, OperatorError>((upserted, stored.map_or_else(|| location.to_json(), |stored| stored.json)))
            })
        })
        .await?;
    app.simulator.look_around();
    party.nudge();
    let status = if upserted == Upserted::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json)))
}

/// What stands in the way of a change, for the operator.
pub(super) fn refused(refused: Refused) -> OperatorError {
    match refused {
        Refused::Unknown(what) => OperatorError::not_found(what),
        Refused::Conflict(why, what_next) => OperatorError::conflict(why).what_next(what_next),
    }
}

/// Refuses a new EVSE whose uid another Location of the party has.
pub(super) async fn unused_uids(
    tx: &mut Tx,
    owner: &PartyId,
    old: Option<&Location>,
    location: &Location,
) -> Result<(), OperatorError> {
    let known = |uid: &CiString<36>| old.is_some_and(|old| old.evses.iter().any(|evse| evse.uid == *uid));
    let new: Vec<_> = location.evses.iter().map(|evse| &evse.uid).filter(|uid| !known(uid)).collect();
    match store::used_elsewhere(tx, owner, &location.id, &new).await? {
        None => Ok(()),
        Some(other) => {
            Err(OperatorError::conflict(format!("{other} has this uid already: an EVSE's uid is used once"))
                .what_next("give the EVSE another uid"))
        }
    }
}

fn visibility(query: Option<&str>) -> Result<bool, OperatorError> {
    let mut is_private = false;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("private", "true" | "") => is_private = true,
            ("private", "false") => is_private = false,
            _ => return Err(OperatorError::invalid("the only parameter is private=true or private=false")),
        }
    }
    Ok(is_private)
}

/// The body with what follows from the URL and the time. What the body says must agree with the URL.
pub(super) fn completed(
    mut body: Map<String, Value>,
    (country_code, party_id, id): (&str, &str, &str),
    now: DateTime,
) -> Result<Value, OperatorError> {
    for (field, value) in [("country_code", country_code), ("party_id", party_id), ("id", id)] {
        match body.get(field) {
            None => {
                body.insert(field.to_owned(), value.into());
            }
            Some(Value::String(said)) if said.eq_ignore_ascii_case(value) => {}
            Some(said) => {
                return Err(OperatorError::invalid(format!("/{field}: the URL says {value}, the body {said}")));
            }
        }
    }
    stamp(&mut body, now);
    Ok(Value::Object(body))
}

/// Fills in `last_updated` wherever it is missing.
pub(super) fn stamp(object: &mut Map<String, Value>, now: DateTime) {
    for list in ["evses", "connectors"] {
        let children = object.get_mut(list).and_then(Value::as_array_mut);
        for child in children.into_iter().flatten().filter_map(Value::as_object_mut) {
            stamp(child, now);
        }
    }
    object.entry("last_updated").or_insert_with(|| format_date_time(&now).into());
}

/// The Location, if nothing at all is wrong with it: we are strict about what we send.
fn read(body: Value) -> Result<Location, OperatorError> {
    let Parsed { value, mut report } = parse::<Location>(body);
    if let Some(location) = &value
        && pricing::time_zone(location.time_zone.as_str()).is_none()
    {
        report.findings.push(Finding {
            pointer: "/time_zone".to_owned(),
            rule: Rule::Pattern,
            severity: Severity::Violation,
            message: "not a name of the IANA time zone database such as Europe/Amsterdam".to_owned(),
        });
    }
    value.filter(|_| report.is_clean()).ok_or_else(|| invalid("Location", &report))
}
