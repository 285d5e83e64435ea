//! What an app or a website may show to a driver.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors};
use ocpi_types::Token;
use serde::Deserialize;
use utoipa::IntoParams;

use super::objects::{Filter, ObjectPath};
use super::tokens::BrandQuery;
use super::{Listing, OperatorQuery, Part, failed};
use crate::App;
use crate::locations::shown::ShownLocation;
use crate::locations::store;
use crate::tokens::sender::TypeQuery;
use crate::tokens::{self, token_id};

/// Who is looking.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Viewer {
    /// `Token.uid` of the driver; left out for somebody who is not logged in.
    #[param(example = "demo-app-0001")]
    token_uid: Option<String>,
}

impl Viewer {
    async fn token(&self, app: &App, query: &TypeQuery, brand: &BrandQuery) -> Result<Option<Token>, OperatorError> {
        let Some(uid) = &self.token_uid else { return Ok(None) };
        let id = token_id::<36>(&uid.as_str().into(), &query.token_type().map_err(failed)?);
        let own = tokens::store::get(&app.party.db, &brand.party(app).await?, &id).await?;
        let unknown = || {
            OperatorError::not_found(format!("no token {uid:?} of that type"))
                .what_next("give its type, such as ?type=APP_USER; without it RFID is meant")
        };
        own.map(|own| Some(own.token)).ok_or_else(unknown)
    }
}

/// The locations that a driver is shown
///
/// Lists those that are published, and of the others those that name the driver's token in `publish_allowed_to`; without a token
/// only what is published. Apps and websites call it to draw their map.
#[utoipa::path(
    get,
    path = "/operator/v1/driver/locations",
    tag = "operator: driver",
    security(("operator_key" = [])),
    params(Part, Filter, Viewer, TypeQuery, BrandQuery),
    responses((status = 200, description = "Locations", body = Listing<ShownLocation>), OperatorErrors)
)]
pub async fn list(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
    OperatorQuery(filter): OperatorQuery<Filter>,
    OperatorQuery(viewer): OperatorQuery<Viewer>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
) -> Result<Json<Listing<ShownLocation>>, OperatorError> {
    let token = viewer.token(&app, &query, &brand).await?;
    let owner = filter.party()?;
    let shown = store::shown(&app.party.db, owner.as_ref(), token.as_ref(), part.offset, part.limit()).await;
    let (locations, total) = shown.map_err(failed)?;
    Ok(Json(part.of(locations.into_iter().map(Into::into).collect(), total)))
}

/// One location, if the driver is shown it
///
/// Shows the site with what is free there, or 404 where it is none of the driver's business. Apps call it when a driver has
/// chosen a place on the map.
#[utoipa::path(
    get,
    path = "/operator/v1/driver/locations/{country_code}/{party_id}/{id}",
    tag = "operator: driver",
    security(("operator_key" = [])),
    params(ObjectPath, Viewer, TypeQuery, BrandQuery),
    responses((status = 200, description = "The location", body = ShownLocation), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
    OperatorQuery(viewer): OperatorQuery<Viewer>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
) -> Result<Json<ShownLocation>, OperatorError> {
    let token = viewer.token(&app, &query, &brand).await?;
    let found = store::find_shown(&app.party.db, &path.owner(), &path.id, token.as_ref()).await.map_err(failed)?;
    found.map(|location| Json(location.into())).ok_or_else(|| path.unknown("location for this driver"))
}
