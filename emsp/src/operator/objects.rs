//! What CPOs sent us: locations, tariffs, sessions.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_http::ListQuery;
use ocpi_party::{ObjectTable, Operator, OperatorError, OperatorErrors, Scope};
use ocpi_types::{Location, Object, PartyId, Session, Tariff};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Listing, OperatorQuery, Part, unreadable};
use crate::{App, locations, sessions, tariffs};

/// Whose objects.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those of this CPO, as `NL/TNM`.
    #[param(example = "US/CPO")]
    party: Option<String>,
}

impl Filter {
    pub(super) fn party(&self) -> Result<Option<PartyId>, OperatorError> {
        let read = |text: &String| {
            text.parse().map_err(|error: ocpi_types::NotAParty| OperatorError::invalid(error.to_string()))
        };
        self.party.as_ref().map(read).transpose()
    }
}

/// Which sessions.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionFilter {
    /// Only those with this status.
    #[param(example = "ACTIVE")]
    status: Option<String>,
    /// Only those with this authorization reference.
    authorization_reference: Option<String>,
}

/// Where an object of a CPO is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ObjectPath {
    /// The CPO's country code.
    #[param(example = "US")]
    pub(super) country_code: String,
    /// The CPO's party id.
    #[param(example = "CPO")]
    pub(super) party_id: String,
    /// The object's id.
    #[param(example = "LOC-1001")]
    pub(super) id: String,
}

impl ObjectPath {
    pub(super) fn owner(&self) -> PartyId {
        PartyId::new(self.country_code.as_str(), self.party_id.as_str())
    }

    pub(super) fn unknown(&self, what: &str) -> OperatorError {
        OperatorError::not_found(format!("no {what} {:?} of {}", self.id, self.owner()))
            .what_next("the partner's sync state tells when its lists were last pulled, and what was skipped")
    }
}

async fn list<T: Object>(
    app: &App,
    table: ObjectTable,
    part: Part,
    filter: &Filter,
) -> Result<Json<Listing<T>>, OperatorError> {
    let scope = Scope::everything().owned_by(filter.party()?);
    let query = ListQuery { offset: part.offset, ..ListQuery::default() };
    let page = table.page(&app.party.db, &scope, &query, part.limit()).await?;
    let items: Result<Vec<T>, _> = page.items.iter().map(|json| read(json)).collect();
    Ok(Json(part.of(items?, page.total)))
}

async fn get<T: Object>(app: &App, table: ObjectTable, path: &ObjectPath) -> Result<Json<T>, OperatorError> {
    let stored = table.get(&app.party.db, &path.owner(), &path.id).await?;
    let stored = stored.ok_or_else(|| path.unknown(&T::NAME.to_lowercase()))?;
    read(&stored.json).map(Json)
}

pub(super) fn read<T: Object>(json: &str) -> Result<T, OperatorError> {
    serde_json::from_str(json).map_err(|_| unreadable(T::NAME))
}

/// Locations of all CPOs
///
/// Lists the sites that CPOs have told us about. Apps and maps call it to know where drivers can charge.
#[utoipa::path(
    get,
    path = "/operator/v1/locations",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(Part, Filter),
    responses((status = 200, description = "Locations", body = Listing<Location>), OperatorErrors)
)]
pub async fn list_locations(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
    OperatorQuery(filter): OperatorQuery<Filter>,
) -> Result<Json<Listing<Location>>, OperatorError> {
    list(&app, locations::store::TABLE, part, &filter).await
}

/// One location
///
/// Shows a site with its EVSEs, connectors and their status. Apps call it when a driver has chosen a place.
#[utoipa::path(
    get,
    path = "/operator/v1/locations/{country_code}/{party_id}/{id}",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The location", body = Location), OperatorErrors)
)]
pub async fn get_location(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<Location>, OperatorError> {
    get(&app, locations::store::TABLE, &path).await
}

/// Tariffs of all CPOs
///
/// Lists the price lists that connectors refer to. Apps and accountants call it to know what charging costs.
#[utoipa::path(
    get,
    path = "/operator/v1/tariffs",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(Part, Filter),
    responses((status = 200, description = "Tariffs", body = Listing<Tariff>), OperatorErrors)
)]
pub async fn list_tariffs(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
    OperatorQuery(filter): OperatorQuery<Filter>,
) -> Result<Json<Listing<Tariff>>, OperatorError> {
    list(&app, tariffs::store::TABLE, part, &filter).await
}

/// One tariff
///
/// Shows a price list as the CPO has published it. Apps call it to show the price before a driver starts.
#[utoipa::path(
    get,
    path = "/operator/v1/tariffs/{country_code}/{party_id}/{id}",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The tariff", body = Tariff), OperatorErrors)
)]
pub async fn get_tariff(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<Tariff>, OperatorError> {
    get(&app, tariffs::store::TABLE, &path).await
}

/// Sessions of our drivers, the latest first
///
/// Lists charges that are going on or have ended, with filters for party and status. Apps call it to show a driver
/// what is happening.
#[utoipa::path(
    get,
    path = "/operator/v1/sessions",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(Part, Filter, SessionFilter),
    responses((status = 200, description = "Sessions", body = Listing<Session>), OperatorErrors)
)]
pub async fn list_sessions(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
    OperatorQuery(filter): OperatorQuery<Filter>,
    OperatorQuery(sessions): OperatorQuery<SessionFilter>,
) -> Result<Json<Listing<Session>>, OperatorError> {
    let wanted = sessions::store::Wanted {
        owner: filter.party()?,
        status: sessions.status,
        authorization_reference: sessions.authorization_reference,
    };
    let (found, total) = sessions::store::list(&app.party.db, &wanted, part.offset, part.limit()).await?;
    let items: Result<Vec<Session>, _> = found.iter().map(|json| read(json)).collect();
    Ok(Json(part.of(items?, total)))
}

/// One session
///
/// Shows a charge with its periods and what it costs so far. Apps call it while a driver waits.
#[utoipa::path(
    get,
    path = "/operator/v1/sessions/{country_code}/{party_id}/{id}",
    tag = "operator: received",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The session", body = Session), OperatorErrors)
)]
pub async fn get_session(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<Session>, OperatorError> {
    get(&app, sessions::store::TABLE, &path).await
}
