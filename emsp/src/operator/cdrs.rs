//! The CPOs' bills and what our check says about them.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors};
use ocpi_types::Cdr;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::objects::{Filter, ObjectPath, read};
use super::{Listing, OperatorQuery, Part, failed, unreadable};
use crate::cdrs::check::{CdrFinding, CheckVerdict};
use crate::cdrs::store::{self, StoredCheck};
use crate::{App, time_text};

/// A CDR with its check.
#[derive(Debug, Serialize, ToSchema)]
pub struct CdrView {
    /// The CDR as the CPO sent it.
    pub cdr: Cdr,
    /// What we found.
    pub check: CheckView,
}

/// A check of a CDR against its tariffs, its session and our books.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    /// The worst of the findings.
    pub verdict: CheckVerdict,
    /// Everything that was found.
    pub findings: Vec<CdrFinding>,
    /// When.
    #[schema(example = "2026-05-12T15:31:00Z")]
    pub checked_at: String,
}

/// Which CDRs.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CdrFilter {
    /// Only those with this verdict.
    verdict: Option<CheckVerdict>,
}

fn view(stored: &StoredCheck) -> Result<CheckView, OperatorError> {
    Ok(CheckView {
        verdict: serde_json::from_value(stored.verdict.as_str().into()).map_err(|_| unreadable("a verdict"))?,
        findings: serde_json::from_str(&stored.findings).map_err(|_| unreadable("findings"))?,
        checked_at: time_text(stored.checked_at),
    })
}

/// CDRs with their checks, the latest first
///
/// Lists the bills that CPOs have sent, with what our check says about each. Accountants and their tools call it,
/// with `verdict` to see only those that do not add up.
#[utoipa::path(
    get,
    path = "/operator/v1/cdrs",
    tag = "operator: received", operation_id = "list_cdrs",
    security(("operator_key" = [])),
    params(Part, Filter, CdrFilter),
    responses((status = 200, description = "CDRs with their checks", body = Listing<CdrView>), OperatorErrors)
)]
pub async fn list(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
    OperatorQuery(filter): OperatorQuery<Filter>,
    OperatorQuery(cdrs): OperatorQuery<CdrFilter>,
) -> Result<Json<Listing<CdrView>>, OperatorError> {
    let (found, total) =
        store::list(&app.party.db, filter.party()?.as_ref(), cdrs.verdict, part.offset, part.limit()).await?;
    let items: Result<Vec<CdrView>, OperatorError> =
        found.iter().map(|(json, check)| Ok(CdrView { cdr: read(json)?, check: view(check)? })).collect();
    Ok(Json(part.of(items?, total)))
}

/// One CDR with its check
///
/// Shows a bill, and each finding with the place in it. Accountants call it before they settle a bill with the CPO or
/// dispute it.
#[utoipa::path(
    get,
    path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}",
    tag = "operator: received", operation_id = "get_cdr",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The CDR with its check", body = CdrView), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<CdrView>, OperatorError> {
    let owner = path.owner();
    let stored = store::TABLE.get(&app.party.db, &owner, &path.id).await?.ok_or_else(|| path.unknown("CDR"))?;
    let check = store::stored_check(&app.party.db, &owner, &path.id).await?.ok_or_else(|| path.unknown("CDR"))?;
    Ok(Json(CdrView { cdr: read(&stored.json)?, check: view(&check)? }))
}

/// Checks a CDR again
///
/// Holds the bill against token, session and tariff as they are known now. Operators call it when something has
/// arrived that was missing before.
#[utoipa::path(
    post,
    path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}/check",
    tag = "operator: received", operation_id = "check_cdr_again",
    security(("operator_key" = [])),
    params(ObjectPath),
    responses((status = 200, description = "The new check", body = CheckView), OperatorErrors)
)]
pub async fn check_again(
    _: Operator,
    State(app): State<App>,
    Path(path): Path<ObjectPath>,
) -> Result<Json<CheckView>, OperatorError> {
    let check = store::check_again(&app, path.owner(), path.id.clone())
        .await
        .map_err(failed)?
        .ok_or_else(|| path.unknown("CDR"))?;
    view(&check).map(Json)
}
